"""A refusal or a failure where the eye is: what happened, what to do, the code for the support line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel

from pollbook.texts import Texts
from station_app.desk import Refused
from station_app.ui.icons import show_icon
from station_app.ui.labels import label, set_tone
from station_app.ui.theme import ICON_SMALL, Step, Theme


class FailureLine(QFrame):
    """Empty and out of sight until something is refused."""

    def __init__(self, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self._texts, self._theme = texts, theme
        self._refused: Refused | None = None
        self._about = ""
        self.icon = QLabel()
        self.text = label(Step.BASE, wraps=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.text, 1)
        self.restyle(theme)
        self.hide()

    def show_refusal(self, refused: Refused | None, about: str = "") -> None:
        """Say it, and of whom where `about` names somebody; or say nothing any more."""
        self._refused, self._about = refused, about
        self._say()
        self.setVisible(refused is not None)
        if refused is not None:
            set_tone(self, "stop")
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, self.text.text()))

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self._say()

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        show_icon(self.icon, "fault", theme.icon(ICON_SMALL), theme.colours.stop.text)

    def _say(self) -> None:
        refused = self._refused
        text = str(self._texts.failure(refused.failure, refused.facts)) if refused else ""
        self.text.setText(f"{self._about}: {text}" if self._about else text)
