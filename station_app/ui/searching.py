"""Asks the book what was typed, on each keystroke: only the newest question is answered, and waiting is shown."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from pollbook.documents import DocumentSays
from station_app.background import BookThread
from station_app.desk import FoundVoters
from station_app.ui.find_panel import FindPanel

BUSY_AFTER_MS = 60
"""Under the tenth of a second within which waiting must be seen (SCREENS); quicker answers don't flicker."""
_CHANNEL, _DOCUMENT = "search", "document"
"""Two, because a card that opens ends a search, and what a chip says after that must still be compared."""


class Searching(QObject):
    """Between the box and the book."""

    found = Signal(object, bool)
    document_found = Signal(object)
    failed = Signal(object)

    def __init__(self, book: BookThread, panel: FindPanel) -> None:
        super().__init__(panel)
        self._book, self._panel = book, panel
        self._opens_when_found = False
        self.is_under_way = False
        self._busy = QTimer(self, singleShot=True, interval=BUSY_AFTER_MS)
        self._busy.timeout.connect(lambda: panel.show_busy(is_busy=True))

    def ask(self, text: str, *, opens: bool = False) -> None:
        """Ask for voters; `opens`: Enter was pressed, the only hit is wanted on the screen."""
        self.is_under_way = True
        self._opens_when_found = opens
        self._busy.start()
        self._book.ask(self, lambda desk: desk.find(text), self._answered, self._broke, _CHANNEL)

    def ask_document(self, says: DocumentSays) -> None:
        """Ask for the voter of a document whose chip was read; what was typed is no longer asked for."""
        self.forget()
        self.is_under_way = True
        self._busy.start()
        self._book.ask(self, lambda desk: desk.find_document(says), self._document_answered, self._broke, _DOCUMENT)

    def forget_document(self) -> None:
        """Nothing is asked about a document any more."""
        self._book.drop(_DOCUMENT)

    def open_when_found(self) -> None:
        """Enter was pressed before the answer came."""
        self._opens_when_found = True

    def show_waiting(self) -> None:
        """Something else is asked for: show that too, if it takes long."""
        self._busy.start()

    def forget(self) -> None:
        """Nothing is asked for any more."""
        self._book.drop(_CHANNEL)
        self.is_under_way = self._opens_when_found = False
        self._busy.stop()
        self._panel.show_busy(is_busy=False)

    def _answered(self, found: FoundVoters) -> None:
        opens = self._opens_when_found
        self.forget()
        self._panel.show_found(found)
        self.found.emit(found, opens)

    def _document_answered(self, found: FoundVoters) -> None:
        self.forget()
        self._panel.show_found(found)
        self.document_found.emit(found)

    def _broke(self, error: Exception) -> None:
        self.forget()
        self._panel.show_found(None)
        self.failed.emit(error)
