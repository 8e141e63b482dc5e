"""A band under the training band while the desk is not as it usually is: stopped, closed, or on paper."""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from pollbook.failures import Failure
from pollbook.texts import Texts
from station_app.moving import Standing
from station_app.ui.formats import time_of_day
from station_app.ui.icons import show_icon
from station_app.ui.labels import label, set_tone
from station_app.ui.theme import ICON_SMALL, Step, Theme


class StateBand(QFrame):
    """A sign and a sentence; out of sight on an ordinary day."""

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("state_band")
        self._texts, self._theme = texts, theme
        self._standing = Standing()
        self._zone: tzinfo | None = None
        self.icon = QLabel()
        self.text = label(Step.BASE, "strong", wraps=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 6, 24, 6)
        row.setSpacing(10)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.text, 1)
        self.hide()

    def show_standing(self, standing: Standing, zone: tzinfo) -> None:
        """How the desk stands now."""
        self._standing, self._zone = standing, zone
        self._say()

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        self._theme = theme
        self._say()

    def _say(self) -> None:
        texts, standing = self._texts, self._standing
        if standing.stopped is not None:
            said = texts.failure(standing.stopped)
            tone, icon = "stop", "closed" if standing.stopped is Failure.BOOK_CLOSED else "stop"
            self.text.setText(f"{said.cause} ({said.code})")
        elif standing.paper_since is not None and self._zone is not None:
            tone, icon = "closer", "paper"
            self.text.setText(texts("band_paper", time=time_of_day(standing.paper_since, self._zone)))
        else:
            self.hide()
            return
        set_tone(self, tone)
        show_icon(self.icon, icon, self._theme.icon(ICON_SMALL), self._theme.colours.tone(tone).text)
        self.setAccessibleName(self.text.text())
        self.show()
