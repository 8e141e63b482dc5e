from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from station_app.ui.buttons import Button
from station_app.ui.find_panel import SearchBox


def key(kind: QEvent.Type, at_ms: int) -> QKeyEvent:
    """Enter as X11 gives it, not marked as a repeat."""
    event = QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r")
    event.setTimestamp(at_ms)
    return event


@pytest.mark.parametrize("widget", [SearchBox, Button])
def test_a_held_enter_that_qt_takes_for_presses_counts_once(
    qapp: QApplication, widget: type[SearchBox | Button]
) -> None:
    told: list[object] = []
    shown = widget()
    (shown.entered if isinstance(shown, SearchBox) else shown.clicked).connect(lambda *_: told.append(True))
    qapp.sendEvent(shown, key(QEvent.Type.KeyPress, 1000))
    for at_ms in (1300, 1330, 1360):
        qapp.sendEvent(shown, key(QEvent.Type.KeyRelease, at_ms))
        qapp.sendEvent(shown, key(QEvent.Type.KeyPress, at_ms))
    assert len(told) == 1
    qapp.sendEvent(shown, key(QEvent.Type.KeyRelease, 1400))
    qapp.sendEvent(shown, key(QEvent.Type.KeyPress, 1500))
    assert len(told) == 2
