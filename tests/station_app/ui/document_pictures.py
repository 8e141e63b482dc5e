"""Documents for the pictures: emulated chips on a virtual reader, read through a real pcscd by our own code."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from os import environ
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from PySide6.QtCore import Qt

from devices.emrtd.emulator.behaviour import Behaviour
from devices.emrtd.emulator.chip import Chip
from devices.emrtd.emulator.portrait import draw_face
from pollbook.voters import Voter
from station_app.background import Background
from station_app.document_sources import decode
from station_app.face_finder import StationFaces, photo_of
from station_app.passport_reading import PcscPassports
from station_app.passports import Photo, TrainingKind
from station_app.training_passports import TrainingState, make_chip, make_state
from station_app.ui.passport_desk import PassportDesk
from station_app.ui.passport_stages import Failed, Lying, NoReader, Read
from station_app.ui.stages import Shown
from tests.devices.virtual_reader import VirtualReaders
from tests.station_app.ui.demo_desk import ELECTION, START
from tests.station_app.ui.driver import Driver
from tests.station_app.ui.fake_passports import TODAY, FakeFrames

ZONE = ZoneInfo(ELECTION.zone)
_BEFORE_THE_PHOTOGRAPH = 70
_PATIENCE = 6
"""How often the driver's patience is tried: on a busy machine a chip of rather many keys takes its time."""
_RUN = ExitStack()


@cache
def readers() -> VirtualReaders:
    """pcscd with its virtual readers, until the program ends."""
    folder = Path(_RUN.enter_context(tempfile.TemporaryDirectory()))
    environ["PCSCLITE_CSOCK_NAME"] = str(folder / "run" / "pcscd.comm")
    made = VirtualReaders(folder)
    made.start()
    _RUN.callback(made.stop)
    return made


def stop_readers() -> None:
    """The service ends."""
    _RUN.close()


@cache
def state() -> TrainingState:
    return make_state(START)


def at_the_table(seed: int) -> Photo:
    """What a camera sees: a person before a wall."""
    frame = np.full((540, 720, 3), (196, 200, 188), np.uint8)
    face = draw_face(seed)
    frame[9 : 9 + face.shape[0], 150 : 150 + face.shape[1]] = face
    return photo_of(frame)


@dataclass
class Waiting:
    """A chip that stops answering after so many commands until it may go on."""

    chip: Chip
    after: int
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def atr(self) -> bytes:
        return self.chip.atr

    def reset(self) -> None:
        self.chip.reset()

    def exchange(self, raw: bytes) -> bytes:
        if self.chip.commands >= self.after:
            self.go_on.wait(20)
        return self.chip.exchange(raw)


@dataclass
class Table:
    """A desk with a reader, and what is laid on it."""

    driver: Driver
    documents: PassportDesk
    stack: ExitStack

    def voter(self) -> Voter:
        return next(voter for voter in self.driver.desk.voters.values() if voter.surname == "Karimova")

    def read(self, kind: TrainingKind, behaviour: Behaviour | None = None, **changes: object) -> None:
        """A document of the voter is read to its end; `changes` are what the list says otherwise."""
        voter = self.voter()
        chip, printed = make_chip(voter, kind, state().signer, START)
        if behaviour is not None:
            chip = Chip(chip.personalisation, behaviour)
        self.driver.desk.voters[voter.line] = replace(voter, **changes)  # type: ignore[arg-type] - fields by name
        self.stack.enter_context(readers().card(chip))
        self.documents.take_zone(printed)
        for _ in range(_PATIENCE):
            with suppress(AssertionError):
                self.driver.wait(lambda: isinstance(self.documents.stage, Read | Failed))
                break
        self.driver.settle()
        self.driver.wait(lambda: not self.driver.check_in.searching.is_under_way)
        self.driver.settle()

    def see_face(self) -> None:
        self.driver.wait(lambda: self.driver.check_in.verdict.facts.live.has_picture)
        self.driver.settle()


@contextmanager
def table(driver: Driver) -> Iterator[Table]:
    """The reader is there, and a camera that looks at the table."""
    readers()
    background = Background()
    documents = PassportDesk(driver.window, driver.book, background, driver.check_in, lambda: TODAY)
    driver.window.use_documents(documents)
    voter = next(voter for voter in driver.desk.voters.values() if voter.surname == "Karimova")
    seed = sum(voter.document.encode()) + voter.birth_date.toordinal()  # as their document's photograph is drawn
    documents.use_camera(FakeFrames(at_the_table(seed)), StationFaces(Path("/nonexistent")))
    documents.start(PcscPassports(lambda: state().trust, decode, lambda: START, ZONE, is_training=True))
    driver.wait(lambda: not isinstance(documents.stage, NoReader))
    with ExitStack() as stack:
        yield Table(driver, documents, stack)
        documents.stop()
    background.close()


def loading(laid: Table) -> None:
    chip, printed = make_chip(laid.voter(), TrainingKind.GENUINE, state().signer, START)
    card = Waiting(chip, _BEFORE_THE_PHOTOGRAPH)
    laid.stack.enter_context(readers().card(card))
    laid.stack.callback(card.go_on.set)
    laid.documents.take_zone(printed)
    laid.driver.wait(lambda: isinstance(laid.driver.stage, Shown))


def with_face(kind: TrainingKind, **changes: object) -> Callable[[Table], None]:
    def do(laid: Table) -> None:
        laid.read(kind, **changes)
        laid.see_face()

    return do


def failed(laid: Table) -> None:
    laid.read(TrainingKind.GENUINE, Behaviour(pulled_at_byte=9_000))


def key(laid: Table) -> None:
    chip, _ = make_chip(laid.voter(), TrainingKind.GENUINE, state().signer, START)
    laid.driver.show("karimova")
    laid.stack.enter_context(readers().card(chip))
    laid.driver.wait(lambda: isinstance(laid.documents.stage, Lying))
    laid.driver.press_in_window(Qt.Key.Key_F3)


def details(laid: Table) -> None:
    with_face(TrainingKind.GENUINE, document="ZZ9045512", given_name="Nigora")(laid)
    laid.driver.press_in_window(Qt.Key.Key_F3)


DOCUMENTS: dict[str, Callable[[Table], None]] = {
    "document-loading": loading,
    "document-read": with_face(TrainingKind.GENUINE),
    "document-differs": with_face(TrainingKind.GENUINE, document="ZZ9045512", given_name="Nigora"),
    "document-copied": with_face(TrainingKind.COPY),
    "document-downgraded": with_face(TrainingKind.DOWNGRADE),
    "document-expired": with_face(TrainingKind.EXPIRED),
    "document-failed": failed,
    "document-key": key,
    "document-details": details,
}
