"""Everything that the centre has told this station, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pollbook.texts import Texts
from station_app.desk import Notice
from station_app.ui.icons import show_icon
from station_app.ui.labels import label, set_tone
from station_app.ui.messages import message_place, message_text, message_tone
from station_app.ui.theme import ICON_SMALL, Step, Theme
from station_app.ui.told_rows import RowsSheet, ToldRow

_ICONS = {"stop": "stop", "closer": "closer", "plain": "paper"}


class MessageRow(ToldRow):
    """One message: a sign, its words, and the numbers by which the support line finds it."""

    def __init__(self, notice: Notice, texts: Texts, theme: Theme) -> None:
        super().__init__()
        self._notice = notice
        self.icon = QLabel()
        self.text = label(Step.BASE, wraps=True)
        self.place = label(Step.SMALL, wraps=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.icon, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.text, 0, 1)
        grid.addWidget(self.place, 1, 1)
        set_tone(self, message_tone(notice))
        self.retranslate(texts)
        self.restyle(theme)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self.text.setText(message_text(self._notice, texts))
        self.place.setText(message_place(self._notice, texts))

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        tone = message_tone(self._notice)
        show_icon(self.icon, _ICONS[tone], theme.icon(ICON_SMALL), theme.colours.tone(tone).text)


class MessagesSheet(RowsSheet):
    """The centre's own words stay as they came, whatever the language."""

    def __init__(self, window: QWidget, notices: Sequence[Notice], texts: Texts, theme: Theme) -> None:
        newest_first = sorted(notices, key=lambda notice: notice.number, reverse=True)
        super().__init__(
            window,
            ("notices_title", "notices_none"),
            [MessageRow(notice, texts, theme) for notice in newest_first],
            texts,
            theme,
        )
