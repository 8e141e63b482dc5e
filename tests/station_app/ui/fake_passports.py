"""Readers and chips that do what the test tells them, on the threads where real ones would do it."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date

from devices.emrtd import mrz
from devices.emrtd.mrz import Mrz
from pollbook.failures import Failure, WorldFailed
from pollbook.names import canonical
from pollbook.transliteration import to_latin
from pollbook.voters import Voter
from station_app.background import Cancelled
from station_app.document_says import ChipDetails, read_zone, says_of_chip
from station_app.faces import Box, Models
from station_app.passports import (
    AccessKey,
    DataRead,
    Holds,
    PassportRead,
    Phase,
    Photo,
    PhotoRead,
    Progress,
    Proof,
    ProofShown,
    Readers,
    Tell,
    TrainingKind,
    Why,
    ZoneKey,
)

READER = "Reader 00 00"
TODAY = date(2026, 12, 20)
PATIENCE_S = 10
GENUINE = tuple(ProofShown(proof, Holds.HOLDS, Why.PACE if proof is Proof.CONNECTION else None) for proof in Proof)


def with_proof(proof: Proof, holds: Holds, why: Why | None = None) -> tuple[ProofShown, ...]:
    """All hold but this one."""
    return tuple(ProofShown(proof, holds, why) if each.proof is proof else each for each in GENUINE)


def latin(text: str) -> str:
    """As a passport office prints it: capitals without apostrophes."""
    return canonical(to_latin(text)).replace("\u02bb", "").upper()


def zone_of(voter: Voter, **changes: str) -> Mrz:
    """The printed lines of this voter's passport, with fields changed as the test wants them."""
    fields = {
        "issuer": "UZB",
        "surname": latin(voter.surname),
        "given_name": latin(voter.given_name),
        "number": voter.document,
        "born": f"{voter.birth_date:%y%m%d}",
        "sex": voter.sex.upper(),
        "expiry": "300101",
        "pinfl": voter.pinfl,
        **changes,
    }
    issuer = fields["issuer"].ljust(3, "<")
    first = f"P<{issuer}{fields['surname']}<<{fields['given_name']}".replace(" ", "<").ljust(44, "<")[:44]
    number, born, expiry, pinfl = fields["number"].ljust(9, "<"), fields["born"], fields["expiry"], fields["pinfl"]
    pinfl = pinfl.ljust(14, "<")
    head = number + mrz.check_digit(number) + issuer + born + mrz.check_digit(born) + fields["sex"]
    head += expiry + mrz.check_digit(expiry) + pinfl + mrz.check_digit(pinfl)
    made = read_zone(f"{first}\n{head}{mrz.check_digit(head[0:10] + head[13:20] + head[21:43])}")
    assert made is not None
    return made


def typed_lines(zone: Mrz) -> str:
    """As a scanner types them."""
    return " ".join(zone.lines)


def portrait(shade: int = 120) -> Photo:
    """Something to see: a head and shoulders in two shades."""
    width, height = 48, 64
    pixels = bytearray()
    for y in range(height):
        for x in range(width):
            is_head = (x - 24) ** 2 + (y - 24) ** 2 < 170
            is_body = y > 42 and abs(x - 24) < 10 + (y - 42)
            tone = shade if is_head or is_body else 232
            pixels += bytes((tone, tone, min(255, tone + 12)))
    return Photo(width, height, bytes(pixels))


@dataclass
class FakeChip:
    """A document: what it says, what is proven of it, and how it misbehaves.

    `waits_at` are the phases at which it waits until `go_on` is set: a test sees what is on the screen then.
    """

    zone: Mrz
    proofs: tuple[ProofShown, ...] = GENUINE
    photo: Photo | None = field(default_factory=portrait)
    details: ChipDetails = field(default_factory=ChipDetails)
    failure: Failure | None = None
    fails_at: Phase = Phase.ACCESS
    opens_with: Mrz | None = None
    waits_at: frozenset[Phase] = frozenset()
    go_on: threading.Event = field(default_factory=threading.Event)


class FakePassports:
    """See `station_app.passports.Passports` and `TrainingReader`."""

    def __init__(self) -> None:
        self.readers = Readers((READER,))
        self.chip: FakeChip | None = None
        self.keys: list[AccessKey] = []
        self.readers_asked: list[str] = []
        self.calls: list[str] = []
        self._tell: Tell | None = None
        self._changed = threading.Condition()

    def watch(self, tell: Tell, stop: threading.Event) -> None:
        self._tell = tell
        tell(self.readers)
        stop.wait(PATIENCE_S)

    def plug(self, readers: Readers) -> None:
        """The readers are these now."""
        self.readers = readers
        if self._tell is not None:
            self._tell(readers)

    def lay(self, chip: FakeChip) -> None:
        """A document lies on the reader."""
        self.chip = chip
        self.plug(replace(self.readers, with_card=(READER,)))

    def take_away(self) -> None:
        self.calls.append("take_away")
        self.chip = None
        self.plug(replace(self.readers, with_card=()))

    def put(self, voter: Voter, kind: TrainingKind) -> Mrz:
        self.calls.append(f"put {kind}")
        zone = zone_of(voter)
        copied = with_proof(Proof.CHIP, Holds.FAILS)
        self.lay(FakeChip(zone, copied if kind is TrainingKind.COPY else GENUINE))
        return zone

    def read(self, reader: str, key: AccessKey, tell: Tell, stop: threading.Event) -> PassportRead:
        self.readers_asked.append(reader)
        self.keys.append(key)
        chip = self.chip
        if chip is None:
            raise WorldFailed(Failure.DOCUMENT_NOT_THERE)
        self._pass(chip, Phase.ACCESS, tell, stop)
        opens_with = chip.opens_with or chip.zone
        if isinstance(key, ZoneKey) and key.zone.lines != opens_with.lines:
            raise WorldFailed(Failure.DOCUMENT_KEY_WRONG)
        printed = key.zone if isinstance(key, ZoneKey) else None
        says = says_of_chip(chip.zone, chip.details, TODAY, printed)
        self._pass(chip, Phase.DATA, tell, stop)
        tell(DataRead(says))
        self._pass(chip, Phase.PROOFS, tell, stop)
        self._pass(chip, Phase.PHOTO, tell, stop)
        if chip.photo is not None:
            tell(PhotoRead(chip.photo))
        return PassportRead(says, chip.photo, chip.proofs)

    def _pass(self, chip: FakeChip, phase: Phase, tell: Tell, stop: threading.Event) -> None:
        tell(Progress(phase, 0, 16_000 if phase is Phase.PHOTO else 0))
        if phase in chip.waits_at:
            if phase is Phase.PHOTO:
                tell(Progress(phase, 8_000, 16_000))
            assert chip.go_on.wait(PATIENCE_S)
        if stop.is_set():
            raise Cancelled
        if chip.failure is not None and chip.fails_at is phase:
            raise WorldFailed(chip.failure)


class FakeFrames:
    """A camera that shows this picture."""

    def __init__(self, frame: Photo | None) -> None:
        self.frame = frame

    def watching(self) -> AbstractContextManager[None]:
        return nullcontext()

    def latest(self) -> Photo | None:
        return self.frame


class FakeFinder:
    """Finds the face where the test says it is."""

    def __init__(self, box: Box | None = (12, 12, 24, 26), alike: float | None = None) -> None:
        self.box, self.alike = box, alike

    @property
    def models(self) -> Models:
        return Models.ABSENT if self.alike is None else Models.READY

    def find(self, photo: Photo) -> Box | None:
        assert photo.width > 0
        return self.box

    def similarity(self, one: Photo, other: Photo) -> float | None:
        assert one.height > 0
        assert other.height > 0
        return self.alike
