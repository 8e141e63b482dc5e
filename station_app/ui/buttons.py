"""Buttons: one main button a screen, quiet ones beside it; a held key presses once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton

from station_app.ui.held_keys import HeldKeys

_PRESSES = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}


class Button(QPushButton):
    """Pressed by Enter as well as by Space, once a press; `kind` is main, quiet or empty."""

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self._held = HeldKeys()
        self.setProperty("kind", kind)
        self.setAutoDefault(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _PRESSES:
            super().keyPressEvent(event)
        elif not self._held.is_repeat(event):
            self.click()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._held.note_release(event)
        super().keyReleaseEvent(event)


def with_key(key: str, text: str) -> str:
    """A button's text with the key that presses it before it."""
    return f"{key}   {text}"
