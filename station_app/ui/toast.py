"""A sentence at the window's foot for what concerns no place on the screen; goes by itself, or by Esc."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from station_app.ui.labels import label, set_tone
from station_app.ui.theme import Step

SHOWN_MS = 8000
_WIDTH, _LEFT, _ABOVE_FOOT, _BORDER = 720, 24, 64, 1
_SHARE = 0.4
"""Of the window's width: beside the main button, which stands on the right."""


class Toast(QFrame):
    """One at a time; the newest replaces the one before."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.setObjectName("toast")
        self.text = label(Step.BASE, wraps=True)
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(20, 12, 20, 12)
        row.addWidget(self.text)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def say(self, text: str, tone: str = "plain", shown_ms: int = SHOWN_MS) -> None:
        """Show a sentence for so long."""
        self.text.setText(text)
        set_tone(self, tone)
        self.place()
        self.show()
        self.raise_()
        self._timer.start(shown_ms)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def place(self) -> None:
        """Keep to the window's foot, on the left."""
        window = self._window
        width = min(_WIDTH, round(window.width() * _SHARE))
        self.setFixedWidth(width)
        height = max(48, self._row.heightForWidth(width - 2 * _BORDER) + 2 * _BORDER)
        self.setGeometry(_LEFT, window.height() - height - _ABOVE_FOOT, width, height)
