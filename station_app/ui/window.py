"""The one window and the screen of the moment in it.

What is on the screen follows the desk: opening → two officers → a person → check-in, and back to the person when
the desk is locked or nobody touches it for the election's `lock_after_s`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent

from pollbook.clock import Clock
from pollbook.failures import Failure
from pollbook.texts import LANGUAGES
from pollbook.types import LineId, Person
from station_app.background import BookThread
from station_app.desk import (
    Desk,
    DeskStatus,
    LinkStatus,
    MarkShown,
    MirrorState,
    MirrorStatus,
    Notice,
    Refused,
    Station,
)
from station_app.ui import formats
from station_app.ui.appearance import Appearance
from station_app.ui.checkin import CheckIn
from station_app.ui.faults import failure_of
from station_app.ui.messages import message_text, message_tone
from station_app.ui.moves import Moves
from station_app.ui.passport_desk import PassportDesk
from station_app.ui.shell import Part, Shell
from station_app.ui.sign_in import SignIn
from station_app.ui.stages import Marking

if TYPE_CHECKING:
    from station_app.ui.camera_desk import CameraDesk

TICK_MS = 1000
REFRESH_S = 30
IDLE_S = 1.0
"""Without a key or a click for so long, what the mirror lacks goes to it."""
MIRROR_AGAIN_MS = 50
"""From one piece to the next, while there are more."""
NOTICE_MS = 60_000
"""A word of the register's stays longer than our own."""
NOTICE_CHARACTERS_MAX = 300
"""What fits above the window's foot at 200 %; longer words are read in the list."""
_TOUCHES = {
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
}


class Window(Shell):
    """Shows the screens and leads from one to the next."""

    opened = Signal()
    marked = Signal()
    line_wanted = Signal(object)
    divide_asked = Signal()
    enrolment_asked = Signal()
    cameras_wanted = Signal()

    def __init__(
        self, book: BookThread, clock: Clock, appearance: Appearance, save: Callable[[Appearance], object]
    ) -> None:
        super().__init__(appearance, save)
        self._book, self._clock = book, clock
        self._station: Station | None = None
        self._person: Person | None = None
        self._zone: tzinfo = UTC
        self._notices: tuple[Notice, ...] = ()
        self._told: set[int] = set()
        self._neighbours = 0
        self._touched_at_s = self._refreshed_at_s = clock.monotonic_s()
        self.sign_in: SignIn | None = None
        self.check_in: CheckIn | None = None
        self.moves: Moves | None = None
        self.documents: PassportDesk | None = None
        self.cameras: CameraDesk | None = None
        self.notice.enrolment_asked.connect(self.enrolment_asked)
        self.header.lock_asked.connect(self.lock)
        self.header.settings_asked.connect(self.open_settings)
        self.header.help_asked.connect(self.sheets.open_help)
        self.sheets.closed.connect(self._sheet_closed)
        self.status_line.messages_asked.connect(self.open_messages)
        self.status_line.cameras.asked.connect(self.open_cameras)
        self.bind_keys(
            {
                "F1": self.sheets.open_help,
                "F2": self.choose_next_channel,
                "F3": self.open_document,
                "F4": self.focus_marks,
                "F6": partial(self._move, Moves.open_claims),
                "F7": partial(self._move, Moves.open_provisional),
                "F8": self.open_cameras,
                "F10": self.open_settings,
                "Ctrl+K": self.open_actions,
                "Ctrl+L": self.lock,
                "Ctrl++": partial(self.change_scale, 1),
                "Ctrl+=": partial(self.change_scale, 1),
                "Ctrl+-": partial(self.change_scale, -1),
            }
        )
        self._filling = QTimer(self, singleShot=True, interval=MIRROR_AGAIN_MS)
        self._filling.timeout.connect(self._follow_mirror)
        self._ticks = QTimer(self, interval=TICK_MS)
        self._ticks.timeout.connect(self.tick)
        self._ticks.start()
        self.tick()

    def parts(self) -> Iterator[Part]:
        """Everything that has words and colours."""
        yield from super().parts()
        yield from (part for part in (self.sign_in, self.check_in, self.documents) if part is not None)
        if self.cameras is not None:
            yield self.cameras.screen

    def apply(self, appearance: Appearance) -> None:
        """Change language, theme, size and sound while everything stays where it is."""
        if self.check_in is not None:
            self.check_in.has_sound = appearance.sound
        super().apply(appearance)

    # The book

    def open_book(self) -> None:
        """Open the desk on its thread; the notice says so until it answers."""
        self.notice.show_opening()
        self.pages.setCurrentWidget(self.notice)
        self._book.start(self, self._opened, self._not_opened)

    def _opened(self, _desk: Desk) -> None:
        self._book.ask(self, lambda desk: (desk.station, desk.is_day_open()), self._begin, self._not_opened)

    def _not_opened(self, error: Exception) -> None:
        refused = failure_of(error)
        self.notice.show_failure(refused, is_enrolment_missing=refused.failure is Failure.NOT_ENROLLED)
        self.pages.setCurrentWidget(self.notice)

    def _begin(self, answer: tuple[Station, bool]) -> None:
        station, is_day_open = answer
        self._station = station
        self._zone = ZoneInfo(station.election.zone)
        self.band.setVisible(station.election.training)
        self.header.show_station(station)
        self.status_line.set_zone(self._zone)
        theme = self.appearance.tokens
        self.sign_in = SignIn(self._book, station, self.texts, theme)
        self.check_in = CheckIn(self._book, self._clock, station, self._zone, self.texts, theme)
        self.check_in.has_sound = self.appearance.sound
        for page in (self.sign_in, self.check_in):
            self.pages.addWidget(page)
        self.sign_in.day_opened.connect(lambda: self.header.day.show_step("vote"))
        self.sign_in.day_not_open.connect(lambda: self.header.day.show_step("open"))
        self.sign_in.signed_in.connect(self._take_desk)
        self.check_in.undo_asked.connect(self.open_void)
        self.check_in.line_wanted.connect(self.line_wanted)
        self.check_in.changed.connect(self.refresh)
        self.check_in.changed.connect(self.marked)
        self.moves = Moves(self, self._book, station, self._zone, self.check_in)
        self.moves.changed.connect(self.refresh)
        self.moves.changed.connect(self.marked)
        self.header.day.show_step("vote" if is_day_open else "open")
        self.pages.setCurrentWidget(self.sign_in)
        if is_day_open:
            self.sign_in.ask_person()
        else:
            self.sign_in.ask_officers()
        self.refresh()
        self.opened.emit()

    def refresh(self) -> None:
        """Fetch the counters and the newest marks."""
        self._refreshed_at_s = self._clock.monotonic_s()
        self._book.ask(
            self, lambda desk: (desk.status(), desk.recent_marks()), self._show_status, self._refresh_failed, "status"
        )

    def _show_status(self, answer: tuple[DeskStatus, tuple[MarkShown, ...]]) -> None:
        status, marks = answer
        self.status_line.show_status(status)
        self.state_band.show_standing(status.standing, self._zone)
        if self.moves is not None:
            self.moves.show_status(status)
        if status.standing.stopped is Failure.BOOK_CLOSED:
            self.header.day.show_step("count")
        self._show_notices(status.notices)
        if self.check_in is not None:
            self.check_in.show_counts(status, marks)

    def _show_notices(self, notices: tuple[Notice, ...]) -> None:
        """What has not been told yet is told once; all of it stays in the list."""
        self._notices = notices
        fresh = [notice for notice in notices if notice.number not in self._told]
        if not fresh:
            return
        self._told.update(notice.number for notice in fresh)
        self.status_line.show_messages(has_unread=True)
        tone = "stop" if "stop" in map(message_tone, fresh) else "closer"
        text = message_text(fresh[-1], self.texts)
        if len(fresh) > 1 or len(text) > NOTICE_CHARACTERS_MAX:
            text = self.texts("notices_new", count=formats.number(len(fresh), self.texts.language))
        self.toast.say(text, tone, NOTICE_MS)

    def _refresh_failed(self, error: Exception) -> None:
        self.say_failure(failure_of(error))

    def say_failure(self, refused: Refused) -> None:
        """Say a failure that concerns no place on the screen."""
        self.toast.say(str(self.texts.failure(refused.failure, refused.facts)), "stop")

    def show_link(self, link: LinkStatus) -> None:
        """The sync engine's newest word; what it brought may change the counters."""
        self.status_line.show_link(link)
        if self._station is not None:
            self.refresh()

    # The cameras

    def use_cameras(self, make: Callable[[Station, tzinfo], CameraDesk]) -> CameraDesk | None:
        """The cameras have a screen of their own, and a place at the foot; None before the book is open."""
        if self._station is None:
            return None
        desk = self.cameras = make(self._station, self._zone)
        self.pages.addWidget(desk.screen)
        desk.screen.left.connect(self.leave_cameras)
        desk.changed.connect(self.status_line.cameras.show_cameras)
        return desk

    def open_cameras(self) -> None:
        """F8: the cameras, and back to the desk; the voter on the desk's screen stays there."""
        if self._person is None or self.sheets.current is not None:
            return
        self.cameras_wanted.emit()
        if self.cameras is None:
            return
        if self.pages.currentWidget() is self.cameras.screen:
            self.leave_cameras()
        else:
            self.pages.setCurrentWidget(self.cameras.screen)
            self.cameras.screen.focus_first()

    def leave_cameras(self) -> None:
        """Back to the desk, where it stood."""
        if self.check_in is not None and self._person is not None:
            self.pages.setCurrentWidget(self.check_in)
            self.check_in.focus_box()

    # The other desks

    def show_neighbours(self, count: int) -> None:
        """So many other desks of the station are there."""
        self._neighbours = count
        if self.check_in is not None:
            self.check_in.show_neighbours(has_neighbours=count > 0)

    def show_fetched(self, line: LineId, refused: Refused | None) -> None:
        """What became of a line that was asked of the other desks."""
        if self.check_in is not None:
            self.check_in.show_fetched(line, refused)

    def show_divided(self, lines: int, desks: int) -> None:
        """The list was divided: so many lines went to so many other desks."""
        self.toast.say(self.texts("divide_done", lines=formats.number(lines, self.texts.language), desks=desks))
        self.refresh()

    # Who is at the desk

    def _take_desk(self, who: Person) -> None:
        self._person = who
        self.header.show_person(who)
        if self.check_in is not None:
            self.pages.setCurrentWidget(self.check_in)
            self.check_in.focus_box()

    def lock(self) -> None:
        """Nobody is at the desk; what was on the screen is gone."""
        if self._person is None or self.check_in is None or self.sign_in is None:
            return
        if isinstance(self.check_in.stage, Marking):
            return
        who, self._person = self._person, None
        self._book.ask(self, lambda desk: desk.sign_out(), lambda _: None, self._refresh_failed)
        self.sheets.close()
        self.check_in.clear()
        self.toast.hide()
        self.header.show_person(None)
        self.pages.setCurrentWidget(self.sign_in)
        self.sign_in.ask_person(who.number, is_locked=True)

    def tick(self) -> None:
        """Once a second: the time, the lock, what can wait."""
        self.status_line.show_time(self._clock.now())
        now_s = self._clock.monotonic_s()
        station = self._station
        if station is None:
            return
        if self._person is not None and now_s - self._touched_at_s >= station.election.lock_after_s:
            self.lock()
        if now_s - self._refreshed_at_s >= REFRESH_S:
            self.refresh()
            self._book.ask(self, lambda desk: desk.keep(), lambda _: None, self._refresh_failed, "keep")
        self._follow_mirror()

    def _follow_mirror(self) -> None:
        """While nobody types: one more piece of the book is on its way to the sticks that lack it."""
        if self._clock.monotonic_s() - self._touched_at_s >= IDLE_S:
            # What fails here is told with the counters, and not once a second.
            self._book.ask(self, lambda desk: desk.follow_mirror(), self._mirror_followed, lambda _: None, "mirror")

    def _mirror_followed(self, mirror: MirrorStatus | None) -> None:
        self.status_line.show_mirror(mirror)
        if mirror is not None and mirror.state is MirrorState.FILLING:
            self._filling.start()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in _TOUCHES:
            self._touched_at_s = self._clock.monotonic_s()
        return False

    # Sheets

    def open_actions(self) -> None:
        """Everything that can be done now."""
        from station_app.ui.actions_sheet import Action  # noqa: PLC0415 - not needed for the first paint

        at_desk = [Action("action_marks", "F4", self.focus_marks), Action("button_lock", "Ctrl+L", self.lock)]
        at_desk.append(Action("action_cameras", "F8", self.open_cameras))
        if self._neighbours:
            at_desk.append(Action("action_divide", "", self.divide_asked.emit))
        self.sheets.open_actions(
            [
                *(at_desk if self._person else ()),
                *(self.moves.actions() if self._person and self.moves else ()),
                *(self.documents.actions() if self._person and self.documents else ()),
                Action("action_notices", "", self.open_messages),
                Action("button_settings", "F10", self.open_settings),
                Action("button_help", "F1", self.sheets.open_help),
                Action("action_theme", "", self.change_theme),
                Action("action_larger", "Ctrl++", lambda: self.change_scale(1)),
                Action("action_smaller", "Ctrl+\u2212", lambda: self.change_scale(-1)),
                *(Action(f"language_{name}", "", partial(self.change_language, name)) for name in LANGUAGES),
            ]
        )

    def open_messages(self) -> None:
        """What the centre has told this station; opening the list is reading it."""
        self.toast.hide()
        self.status_line.show_messages(has_unread=False)
        self.sheets.open_messages(self._notices)

    def open_void(self, mark: MarkShown) -> None:
        """Two officers undo a mark."""
        if self._station is not None and self._person is not None:
            self.sheets.open_void(self._book, self._station, mark, self._zone, self._voided)

    def choose_enrolment_file(self) -> Path | None:
        """The file that IT staff brought, or None where nobody chose one."""
        from PySide6.QtWidgets import QFileDialog  # noqa: PLC0415 - once in a station's life

        name, _ = QFileDialog.getOpenFileName(self, self.texts("choose_file_title"))
        return Path(name) if name else None

    def choose_next_channel(self) -> None:
        """Where the voter on the screen receives the ballots."""
        if self.check_in is not None and self._person is not None and self.sheets.current is None:
            self.check_in.choose_next_channel()

    def use_documents(self, documents: PassportDesk) -> None:
        """From now on documents with a chip are read here."""
        self.documents = documents

    def open_document(self) -> None:
        """What is known of the document on the reader, or what opens its chip."""
        if self.documents is not None and self._person is not None and self.sheets.current is None:
            self.documents.open()

    def focus_marks(self) -> None:
        """Put the focus into the newest marks, where Enter undoes one."""
        if self.check_in is not None and self._person is not None and self.sheets.current is None:
            self.check_in.marks.list.setFocus()

    def _move(self, move: Callable[[Moves], object]) -> None:
        """A key that works only while somebody is at the desk."""
        if self.moves is not None and self._person is not None and self.sheets.current is None:
            move(self.moves)

    def _voided(self, mark: MarkShown) -> None:
        self.toast.say(self.texts("void_done", page=mark.page, row=mark.row))
        self.refresh()
        self.marked.emit()
        if self.check_in is not None:
            self.check_in.refresh_card()

    def _sheet_closed(self) -> None:
        page = self.pages.currentWidget()
        if page is self.check_in and self.check_in is not None:
            self.check_in.offer_next()
        elif page is self.sign_in and self.sign_in is not None:
            self.sign_in.focus_pin()
        elif self.cameras is not None and page is self.cameras.screen:
            self.cameras.screen.focus_first()

    # Qt

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if (handle := self.windowHandle()) is not None:
            handle.removeEventFilter(self)
            handle.installEventFilter(self)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._ticks.stop()
        super().closeEvent(event)
