"""Which sheet lies over the window: one at a time. Each is imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from pollbook.texts import Texts
from pollbook.types import Person, PersonNumber
from station_app.background import BookThread
from station_app.desk import MarkShown, Notice, Station
from station_app.ui.appearance import Appearance
from station_app.ui.sheet import Sheet
from station_app.ui.theme import Theme

if TYPE_CHECKING:
    from station_app.ui.actions_sheet import Action


class Sheets(QObject):
    """Opens the sheets and keeps them in the window's language and look."""

    closed = Signal()

    def __init__(self, window: QWidget, texts: Texts, appearance: Appearance) -> None:
        super().__init__(window)
        self._window, self._texts, self._appearance = window, texts, appearance
        self.current: Sheet | None = None

    @property
    def _theme(self) -> Theme:
        return self._appearance.tokens

    def change(self, texts: Texts, appearance: Appearance) -> None:
        """Speak another language, take other colours or another size."""
        self._texts, self._appearance = texts, appearance
        if self.current is not None:
            self.current.retranslate(texts)
            self.current.restyle(appearance.tokens)

    def close(self) -> None:
        """No sheet lies over the window."""
        if self.current is not None:
            self.current.close_sheet()

    def open_settings(self, chosen: Callable[[Appearance], object]) -> None:
        """Language, theme, text size, sound."""
        from station_app.ui.settings_sheet import SettingsSheet  # noqa: PLC0415 - not needed for the first paint

        if self.current is None:
            sheet = SettingsSheet(self._window, self._appearance, self._texts, self._theme)
            sheet.chosen.connect(chosen)
            self._open(sheet)

    def open_help(self) -> None:
        """The keys and the verdicts' colours."""
        from station_app.ui.help_sheet import HelpSheet  # noqa: PLC0415 - not needed for the first paint

        if self.current is None:
            self._open(HelpSheet(self._window, self._texts, self._theme))

    def open_actions(self, actions: Sequence[Action]) -> None:
        """Everything that can be done now."""
        from station_app.ui.actions_sheet import ActionsSheet  # noqa: PLC0415 - not needed for the first paint

        if self.current is None:
            self._open(ActionsSheet(self._window, actions, self._texts, self._theme))

    def open_messages(self, notices: Sequence[Notice]) -> None:
        """What the centre has told this station."""
        from station_app.ui.messages_sheet import MessagesSheet  # noqa: PLC0415 - not needed for the first paint

        if self.current is None:
            self._open(MessagesSheet(self._window, notices, self._texts, self._theme))

    def open_void(
        self, book: BookThread, station: Station, mark: MarkShown, zone: tzinfo, voided: Callable[[MarkShown], object]
    ) -> None:
        """Two officers undo a mark."""
        from station_app.ui.void_sheet import VoidSheet  # noqa: PLC0415 - not needed for the first paint

        if self.current is None:
            sheet = VoidSheet(self._window, book, station, mark, zone, self._texts, self._theme)
            sheet.acted.connect(voided)
            self._open(sheet)

    def show(self, make: Callable[[QWidget, Texts, Theme], Sheet]) -> Sheet | None:
        """The sheet that `make` makes lies over the window; None where another one does."""
        if self.current is not None:
            return None
        sheet = make(self._window, self._texts, self._theme)
        self._open(sheet)
        return sheet

    def choose_pins(
        self, people: Iterable[Person], chosen: Callable[[Mapping[PersonNumber, str] | None], None]
    ) -> None:
        """Each officer sets a PIN at enrolment; `chosen` is told None where they gave up."""
        from station_app.ui.pin_sheet import PinSheet  # noqa: PLC0415 - once in a station's life

        self.close()
        sheet = PinSheet(self._window, people, self._texts, self._theme)
        sheet.chosen.connect(chosen)
        self._open(sheet)

    def _open(self, sheet: Sheet) -> None:
        self.current = sheet
        sheet.closed.connect(self._forget)
        sheet.open()

    def _forget(self) -> None:
        self.current = None
        self.closed.emit()
