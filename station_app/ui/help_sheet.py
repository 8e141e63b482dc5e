"""F1: the keys, and what the colours of the verdict mean."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pollbook.texts import Texts
from station_app.ui.labels import label
from station_app.ui.sheet import ClosableSheet
from station_app.ui.theme import Step, Theme

KEYS = (
    ("Enter", "help_enter"),
    ("Ctrl+Enter", "help_look_closer"),
    ("Esc", "help_esc"),
    ("\u2191  \u2193", "help_arrows"),
    ("F2", "help_channel"),
    ("F3", "help_passport"),
    ("Ctrl+K", "help_actions"),
    ("F4", "help_marks"),
    ("F6", "help_claims"),
    ("F7", "help_provisional"),
    ("F8", "help_cameras"),
    ("F10", "help_settings"),
    ("Ctrl+L", "help_lock"),
    ("Ctrl +   Ctrl \u2212", "help_size"),
    ("F1", "help_help"),
)
SENTENCES = ("help_search", "help_scan", "help_green", "help_amber", "help_red", "help_support")


class HelpSheet(ClosableSheet):
    """A table of keys and a few sentences."""

    def __init__(self, window: QWidget, texts: Texts, theme: Theme) -> None:
        super().__init__(window, theme)
        grid = QGridLayout()
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        self._meanings: list[tuple[QLabel, str]] = []
        for row, (key, meaning) in enumerate(KEYS):
            name = label(Step.BASE, "strong")
            name.setText(key)
            text = label(Step.BASE, wraps=True)
            self._meanings.append((text, meaning))
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(text, row, 1)
        self.body.addLayout(grid)
        self.body.addSpacing(8)
        for sentence in SENTENCES:
            text = label(Step.BASE, "secondary", wraps=True)
            self._meanings.append((text, sentence))
            self.body.addWidget(text)
        self.body.addStretch(1)
        self.retranslate(texts)

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        super().retranslate(texts)
        self.title.setText(texts("help_title"))
        for text, key in self._meanings:
            text.setText(texts(key))
