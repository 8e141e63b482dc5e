# ruff: noqa: N802 - Qt's own names
"""The installed PySide6 keeps its references to None, True and False (6.12.0 on Python 3.11 does not, and aborts)."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QMetaObject,
    QModelIndex,
    QObject,
    QSize,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
    Slot,
)
from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QApplication, QLineEdit, QTableView, QWidget

CALLS = 300
DRIFT_MAX = 0.3


class Model(QAbstractTableModel):
    def rowCount(self, _parent: object = None) -> int:
        return 9

    def columnCount(self, _parent: object = None) -> int:
        return 3

    def data(self, _index: object, role: int = 0) -> object:
        return None if role else True

    def headerData(self, _section: int, _orientation: object, _role: int = 0) -> object:
        return None

    def setData(self, _index: object, _value: object, _role: int = 2) -> bool:
        return True


class Validator(QValidator):
    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position


class Widget(QWidget):
    anything = Signal(object)
    truth = Signal(bool)

    def eventFilter(self, _watched: QObject, _event: QEvent) -> bool:
        return False

    def event(self, event: QEvent) -> bool:
        return super().event(event)

    def paintEvent(self, _event: object) -> None:
        return None

    def sizeHint(self) -> QSize:
        return QSize(10, 10)

    @Slot(result=bool)
    def invoked(self) -> bool:
        return True


@pytest.fixture
def kinds(qapp: QApplication) -> dict[str, Callable[[], object]]:
    proxy, widget, line, table = QSortFilterProxyModel(), Widget(), QLineEdit(), QTableView()
    model, validator = Model(), Validator()
    proxy.setSourceModel(model)
    line.setValidator(validator)
    line.installEventFilter(widget)
    widget.anything.connect(lambda _: None)
    widget.truth.connect(lambda _: None)
    table.setModel(proxy)
    index: QModelIndex = proxy.index(0, 0)
    kept = (model, validator, table)  # Qt owns none of them

    def single_shot() -> None:
        QTimer.singleShot(0, widget.invoked)
        qapp.processEvents()

    return {
        "data answers None": lambda: (kept, proxy.data(index, 6)),
        "data answers True": lambda: proxy.data(index, 0),
        "headerData": lambda: proxy.headerData(0, Qt.Orientation.Horizontal, 6),
        "setData": lambda: proxy.setData(index, 1),
        "a signal with None": lambda: widget.anything.emit(None),
        "a signal with True": lambda: widget.truth.emit(True),
        "a validator": lambda: line.setText("a"),
        "an event": lambda: QApplication.sendEvent(line, QEvent(QEvent.Type.FocusIn)),
        "painting": widget.grab,
        "an invoked slot": lambda: QMetaObject.invokeMethod(widget, "invoked"),
        "a single shot": single_shot,
        "getters": lambda: (line.isEnabled(), line.parent(), line.validator(), widget.layout()),
    }


def test_twelve_kinds_of_calls_lose_no_references(kinds: dict[str, Callable[[], object]]) -> None:
    assert len(kinds) == 12
    drifts = {}
    for name, call in kinds.items():
        call()
        before = [sys.getrefcount(value) for value in (None, True, False)]
        for _ in range(CALLS):
            call()
        after = [sys.getrefcount(value) for value in (None, True, False)]
        drift = [(later - earlier) / CALLS for earlier, later in zip(before, after, strict=True)]
        if any(abs(change) > DRIFT_MAX for change in drift):
            drifts[name] = drift
    assert drifts == {}
