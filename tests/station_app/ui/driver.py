"""A person at the window: types, presses, looks. Waits for what must happen, never for time to pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QDeadlineTimer, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from station_app.background import BookThread
from station_app.ui.appearance import Appearance
from station_app.ui.checkin import CheckIn
from station_app.ui.sign_in import SignIn
from station_app.ui.stages import Done, Shown, Stage
from station_app.ui.window import Window
from tests.station_app.ui.demo_desk import PIN, DemoDesk, FakeClock

PATIENCE_MS = 5000
GLANCE_MS = 10
"""How often at least it is looked whether something happened: not everything that happens is an event."""


class Driver:
    def __init__(self, desk: DemoDesk, clock: FakeClock, appearance: Appearance) -> None:
        self.desk, self.clock = desk, clock
        self.saved: list[Appearance] = []
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setStyle("Fusion")
        self.book = BookThread(desk.opened)
        self.window = Window(self.book, clock, appearance, self.saved.append)
        self.window.show()
        self.window.activateWindow()
        self.wait(self.window.isActiveWindow)
        self.window.open_book()
        self.wait(lambda: self.window.sign_in is not None)
        self.settle()

    def close(self) -> None:
        if self.desk.gate is not None:
            self.desk.gate.set()
        self.window.close()
        self.book.close()
        self.settle()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    @property
    def check_in(self) -> CheckIn:
        assert self.window.check_in is not None
        return self.window.check_in

    @property
    def sign_in(self) -> SignIn:
        assert self.window.sign_in is not None
        return self.window.sign_in

    @property
    def stage(self) -> Stage:
        return self.check_in.stage

    @property
    def title(self) -> str:
        return self.check_in.verdict.strip.title.text()

    @property
    def is_box_focused(self) -> bool:
        return QApplication.focusWidget() is self.check_in.finder.box

    def take_desk(self) -> None:
        for pin in (PIN, PIN):
            self.type(pin)
            self.press(Qt.Key.Key_Return)
        self.wait(self.sign_in.operator.isVisible)
        self.type(PIN)
        self.press(Qt.Key.Key_Return)
        self.wait(lambda: self.window.pages.currentWidget() is self.check_in)
        self.settle()

    def find(self, text: str) -> None:
        self.type(text)
        self.wait(lambda: not self.check_in.searching.is_under_way)

    def show(self, text: str) -> None:
        """Find exactly one voter and open the card; a person then reads it for a second."""
        self.find(text)
        self.press(Qt.Key.Key_Return)
        self.wait(lambda: isinstance(self.stage, Shown))
        self.clock.advance(1)

    def mark(self, text: str) -> None:
        self.show(text)
        self.press(Qt.Key.Key_Return)
        self.wait(lambda: isinstance(self.stage, Done))
        self.settle()

    def type(self, text: str) -> None:
        # qtbot.keyClicks aborts the process on Cyrillic.
        for letter in text:
            self.press(Qt.Key.Key_unknown, letter)

    def press(
        self,
        key: Qt.Key,
        text: str = "",
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
        *,
        is_repeat: bool = False,
    ) -> None:
        target = QApplication.focusWidget() or self.window
        QApplication.sendEvent(target, QKeyEvent(QEvent.Type.KeyPress, key, modifiers, text, is_repeat))
        if not is_repeat:
            QApplication.sendEvent(target, QKeyEvent(QEvent.Type.KeyRelease, key, modifiers, text))

    def press_in_window(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """As the window system does it: shortcuts hear it too."""
        QTest.keyClick(self.window.windowHandle(), key, modifiers)
        self.settle()

    def look(self, **changes: object) -> None:
        self.window.apply(replace(self.window.appearance, **changes))
        self.settle()

    def settle(self) -> None:
        """Whatever is due now has happened, answers of the book included."""
        arrived: list[bool] = []
        if self.desk.gate is None and not self.book._is_closed:
            self.book.ask(self.window, lambda _desk: True, arrived.append, lambda _error: arrived.append(False))
            self.wait(lambda: bool(arrived))
        for _ in range(5):
            QApplication.processEvents()

    def wait(self, happened: Callable[[], bool]) -> None:
        assert has_come(happened), "what was waited for did not happen"


def has_come(happened: Callable[[], bool], patience_ms: int = PATIENCE_MS) -> bool:
    """Whether it happens before the patience ends. Until then this thread sleeps from event to event.

    With a time given to it, `processEvents` does not wait for any event (Qt's documentation), and the book's thread
    would have to share the processor with one that asks again and again.
    """
    until, glance = QDeadlineTimer(patience_ms), QTimer()
    glance.start(GLANCE_MS)
    while not (is_there := happened()) and not until.hasExpired():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    glance.stop()
    return is_there


def visible(root: QWidget, kind: type[QWidget]) -> list[QWidget]:
    return [widget for widget in root.findChildren(kind) if widget.isVisible()]
