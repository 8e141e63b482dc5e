"""Rows that tell of one thing each, and a sheet that is nothing but such rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pollbook.texts import Texts
from station_app.ui.buttons import Button
from station_app.ui.labels import label, set_tone
from station_app.ui.sheet import ClosableSheet
from station_app.ui.theme import Step, Theme


class ToldRow(QFrame):
    """One thing, in the colours of its tone."""

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        raise NotImplementedError

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        raise NotImplementedError


class ActionRow(ToldRow):
    """A sign, a name, a sentence, and the one thing to do about it."""

    def __init__(self, tone: str) -> None:
        super().__init__()
        self.icon = QLabel()
        self.name = label(Step.BASE, "strong", wraps=True)
        self.text = label(Step.BASE, wraps=True)
        self.button = Button()
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.name)
        words.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        row.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        set_tone(self, tone)


class RowsSheet(ClosableSheet):
    """The rows, or the sentence that there is none; `keys` are those of its title and of that sentence."""

    def __init__(
        self, window: QWidget, keys: tuple[str, str], rows: Sequence[ToldRow], texts: Texts, theme: Theme
    ) -> None:
        super().__init__(window, theme)
        self._title, self._none = keys
        self.rows = tuple(rows)
        self.nothing = label(Step.BASE, wraps=True)
        for row in self.rows:
            self.body.addWidget(row)
        if not self.rows:
            self.body.addWidget(self.nothing)
        self.body.addStretch(1)
        self.retranslate(texts)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self.title.setText(texts(self._title))
        self.nothing.setText(texts(self._none))
        for row in self.rows:
            row.retranslate(texts)

    def restyle(self, theme: Theme) -> None:
        """Take other colours or another size."""
        for row in self.rows:
            row.restyle(theme)
        super().restyle(theme)
