"""Documents with a chip at the desk: what lies on the reader, what opens it, what was read; and when it is forgotten.

1. What opens the chip is scanned or typed once; whichever of key and document comes last begins the reading.
2. The voter is found as soon as the data page is read; photograph and proofs fill their places when they come.
3. What failed says what to try next. A document taken away is read again when it lies there again; a wrong key is
   asked for again, and after `KEY_TRIES_MAX` the search by name is advised. Nothing here refuses a voter.
4. When the voter leaves the screen, nothing of the document is left: key, photograph and result are dropped, and
   what a reading under way still tells is not heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from devices.emrtd.mrz import Mrz
from pollbook.failures import Failure
from pollbook.texts import Texts
from pollbook.voters import Voter
from station_app.background import Background, BookThread, Task
from station_app.desk import Refused
from station_app.faces import FaceFinder, FaceSeen, Frames, keep_looking
from station_app.passports import (
    AccessKey,
    DataRead,
    PassportRead,
    Passports,
    Phase,
    Photo,
    PhotoRead,
    Progress,
    Readers,
    TrainingKind,
    TrainingReader,
    ZoneKey,
)
from station_app.ui.checkin import CheckIn
from station_app.ui.document_words import words_in_box, words_of_voter
from station_app.ui.faults import failure_of
from station_app.ui.passport_stages import (
    Empty,
    Failed,
    Lying,
    NoReader,
    PassportStage,
    Read,
    Reading,
    has_place_for_photo,
    photo_of,
)
from station_app.ui.passport_words import words_of
from station_app.ui.shell import Shell
from station_app.ui.stages import Shown
from station_app.ui.theme import Theme

if TYPE_CHECKING:
    from station_app.ui.actions_sheet import Action
    from station_app.ui.passport_sheet import PassportSheet

KEY_TRIES_MAX = 3
"""Wrong keys for one document before the advice changes; chips slow down with each."""


class PassportDesk(QObject):
    """Joins the readers to the check-in screen; holds the one stage of the document."""

    def __init__(
        self, window: Shell, book: BookThread, background: Background, check_in: CheckIn, today: Callable[[], date]
    ) -> None:
        super().__init__(window)
        self._window, self._book, self._background = window, book, background
        self._check_in, self._today, self._texts = check_in, today, window.texts
        self._passports: Passports | None = None
        self._training: TrainingReader | None = None
        self._frames: Frames | None = None
        self._finder: FaceFinder | None = None
        self.stage: PassportStage = NoReader()
        self._readers = Readers()
        self._had_reader = False
        self._reader = ""
        self._key: AccessKey | None = None
        self._wrong_keys = 0
        self._ticket = 0
        self._reading: Task | None = None
        self._watching: Task | None = None
        self._looking: Task | None = None
        self._face: FaceSeen | None = None
        self._sheet: PassportSheet | None = None
        check_in.zone_scanned.connect(self.take_zone)
        check_in.left.connect(self.forget)
        check_in.document.details_asked.connect(self.open)
        self._draw()

    def start(self, passports: Passports, training: TrainingReader | None = None) -> None:
        """Watch the readers until the program ends."""
        self._passports, self._training = passports, training
        self._watching = self._background.start("readers", passports.watch)
        self._watching.reported.connect(self._readers_changed)
        self._watching.failed.connect(self._watch_failed)

    def stop(self) -> None:
        """Nothing is read, watched or looked at any more: the window closes."""
        self._drop_reading()
        if self._watching is not None:
            self._watching.cancel()
        for task in (self._watching, self._looking):
            if task is not None:
                task.reported.disconnect()

    def use_camera(self, frames: Frames | None, finder: FaceFinder) -> None:
        """The camera that sees the person at the table, and what finds a face in its picture."""
        self._frames, self._finder = frames, finder

    # What lies on the readers

    def _readers_changed(self, readers: Readers) -> None:
        before, self._readers = self._readers, readers
        self._had_reader = self._had_reader or bool(readers.names)
        arrived = [name for name in readers.with_card if name not in before.with_card]
        if arrived:
            self._reader, self._wrong_keys = arrived[0], 0
            self._begin()
        elif self._reader not in readers.with_card:
            self._reader = readers.with_card[0] if readers.with_card else ""
            if not isinstance(self.stage, (Reading, Read, Failed)):
                self._set_stage(self._idle())

    def _watch_failed(self, error: Exception) -> None:
        self._readers = Readers(failure=failure_of(error).failure)
        self._set_stage(self._idle())

    def _idle(self, *, is_done: bool = False) -> PassportStage:
        """The stage while nothing is read."""
        readers = self._readers
        if readers.failure is not None or not readers.names:
            return NoReader(readers.failure or Failure.READER_AWAY, self._had_reader)
        return Lying(is_done) if readers.with_card else Empty(self._key is not None)

    # What opens them

    def take_zone(self, zone: Mrz) -> None:
        """The printed lines were scanned; scanned twice they are read once."""
        known = self._key
        is_known = isinstance(known, ZoneKey) and known.zone.lines == zone.lines
        if not (is_known and isinstance(self.stage, (Reading, Read))):
            self.take_key(ZoneKey(zone))

    def take_key(self, key: AccessKey) -> None:
        """The document is read now, or as soon as it lies on a reader."""
        self._drop_reading()
        self._key = key
        self._begin()

    def _begin(self) -> None:
        if isinstance(self.stage, (Reading, Read)):
            return
        if self._key is None or not self._reader or self._passports is None:
            self._set_stage(self._idle())
            return
        self._ticket += 1
        passports, reader, key, ticket = self._passports, self._reader, self._key, self._ticket
        self._set_stage(Reading(Progress(Phase.ACCESS)))
        task = self._background.start("passport", lambda report, stop: passports.read(reader, key, report, stop))
        task.reported.connect(partial(self._told, ticket))
        task.done.connect(partial(self._done, ticket))
        task.failed.connect(partial(self._failed, ticket))
        self._reading = task

    # What is read

    def _told(self, ticket: int, what: object) -> None:
        stage = self.stage
        if ticket != self._ticket or not isinstance(stage, Reading):
            return
        match what:
            case Progress():
                self._set_stage(replace(stage, progress=what))
            case DataRead(says):
                self._set_stage(replace(stage, says=says))
                self._check_in.show_document(says)
            case PhotoRead(photo):
                self._set_stage(replace(stage, photo=photo))
                self._look()

    def _done(self, ticket: int, result: PassportRead) -> None:
        stage = self.stage
        if ticket != self._ticket or not isinstance(stage, Reading):
            return
        self._reading = None
        self._wrong_keys = 0
        self._set_stage(Read(result))
        said = replace(result.says, doubts=(*result.says.doubts, *result.doubts))
        if said != stage.says:
            self._check_in.show_document(said)
        self._look()

    def _failed(self, ticket: int, error: Exception) -> None:
        if ticket != self._ticket:
            return
        self._reading = None
        refused = failure_of(error)
        if refused.failure is Failure.DOCUMENT_KEY_WRONG:
            self._key = None
            self._wrong_keys += 1
            if self._wrong_keys >= KEY_TRIES_MAX:
                refused = Refused(Failure.DOCUMENT_KEY_TRIES, {"limit": KEY_TRIES_MAX})
        self._stop_looking()
        self._set_stage(Failed(refused))

    def forget(self) -> None:
        """The voter is gone from the screen: so is everything of the document."""
        had = isinstance(self.stage, (Reading, Read, Failed)) or self.stage == Lying(is_done=True)
        self._drop_reading()
        self._key = None
        self._set_stage(self._idle(is_done=had))

    def _drop_reading(self) -> None:
        self._ticket += 1
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        self._stop_looking()
        if self._sheet is not None:
            self._window.sheets.close()
        if isinstance(self.stage, (Reading, Read, Failed)):
            self.stage = Lying()

    # The person at the table

    def _look(self) -> None:
        """A picture of the person beside the photograph, where a camera sees one."""
        finder, frames = self._finder, self._frames
        if finder is None or frames is None or self._looking is not None or photo_of(self.stage) is None:
            return
        photo = partial(self._photo_now, self._ticket)
        self._looking = self._background.start(
            "face", lambda report, stop: keep_looking(frames, finder, photo, report, stop)
        )
        self._looking.reported.connect(partial(self._seen, self._ticket))

    def _photo_now(self, ticket: int) -> Photo | None:
        return photo_of(self.stage) if ticket == self._ticket else None

    def _seen(self, ticket: int, seen: FaceSeen) -> None:
        if ticket != self._ticket:
            return
        self._face = seen
        self._check_in.verdict.facts.show_face(seen)
        if self._sheet is not None:
            self._sheet.show_face(seen)

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._face = None
        self._check_in.verdict.facts.show_face(None)

    # F3

    def open(self) -> None:
        """Everything of the document that was read; before that, what opens it."""
        match self.stage:
            case Read(result):
                self._open_result(result)
            case NoReader(failure):
                self._window.toast.say(str(self._texts.failure(failure)), "closer")
            case Reading():
                pass
            case _:
                self._open_key()

    def _open_key(self) -> None:
        from station_app.ui.passport_key_sheet import PassportKeySheet  # noqa: PLC0415 - not needed for the first paint

        stage = self._check_in.stage
        words = (
            words_of_voter(stage.card.voter) if isinstance(stage, Shown) else words_in_box(self._check_in.finder.text)
        )
        sheet = self._window.sheets.show(
            lambda window, texts, theme: PassportKeySheet(window, self._book, words, texts, theme)
        )
        if isinstance(sheet, PassportKeySheet):
            sheet.chosen.connect(self.take_key)

    def _open_result(self, result: PassportRead) -> None:
        from station_app.ui.passport_sheet import PassportSheet  # noqa: PLC0415 - not needed for the first paint

        stage = self._check_in.stage
        beside = stage.card.beside if isinstance(stage, Shown) else None
        sheet = self._window.sheets.show(
            lambda window, texts, theme: PassportSheet(window, result, beside, self._today(), texts, theme)
        )
        if isinstance(sheet, PassportSheet):
            self._sheet = sheet
            sheet.closed.connect(self._sheet_closed)
            if self._face is not None:
                sheet.show_face(self._face)

    def _sheet_closed(self) -> None:
        self._sheet = None

    # Training

    def actions(self) -> list[Action]:
        """What can be done now, for the list of all actions."""
        from station_app.ui.actions_sheet import Action  # noqa: PLC0415 - not needed for the first paint

        made = [Action("action_passport", "F3", self.open)]
        stage = self._check_in.stage
        if self._training is not None:
            if isinstance(stage, Shown):
                voter = stage.card.voter
                made += [Action(f"action_training_{kind}", "", partial(self.put, voter, kind)) for kind in TrainingKind]
            made.append(Action("action_training_take_away", "", self._training.take_away))
        return made

    def put(self, voter: Voter, kind: TrainingKind) -> None:
        """A made-up document of this voter lies on the training reader, and its lines were scanned."""
        training = self._training
        if training is None:
            return
        self._drop_reading()
        training.take_away()
        task = self._background.start("training", lambda _report, _stop: training.put(voter, kind))
        task.done.connect(self.take_zone)
        task.failed.connect(lambda error: self._set_stage(Failed(failure_of(error))))

    # Drawing

    def retranslate(self, texts: Texts) -> None:
        """Speak another language."""
        self._texts = texts
        self._draw()

    def restyle(self, _theme: Theme) -> None:
        """Take other colours or another size; the panel has done so."""
        self._draw()

    def _set_stage(self, stage: PassportStage) -> None:
        self.stage = stage
        self._draw()

    def _draw(self) -> None:
        self._check_in.document.show_words(words_of(self.stage, self._texts, self._today()))
        facts = self._check_in.verdict.facts
        facts.show_photo(photo_of(self.stage), is_awaited=has_place_for_photo(self.stage))
