"""Documents on real readers as the screens know them: who watches, who reads, and what a reading tells on its way.

Nothing here keeps what a chip said: it is told once, returned once, and gone with the reading.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, tzinfo

from devices.emrtd.face_images import FaceImage, read_dg2
from devices.emrtd.files import File
from devices.emrtd.keys import AccessKey as ChipKey
from devices.emrtd.keys import key_of_mrz
from devices.emrtd.lds import read_dg1, read_dg11
from devices.emrtd.mrz import Mrz
from devices.emrtd.progress import FileRead
from devices.emrtd.progress import Phase as ReadingPhase
from devices.emrtd.progress import Progress as ReadingProgress
from devices.emrtd.reading import ReadingOptions, World
from devices.emrtd.tlv import ContentInvalid
from devices.emrtd.trust import TrustStore
from devices.emrtd.verification import verify
from devices.smartcard import pcsc
from devices.smartcard.faults import CardFault, ServiceAway
from pollbook.failures import Failure, WorldFailed
from station_app import document_reading
from station_app.document_says import ChipDetails, says_of_chip
from station_app.passport_proofs import proofs_shown
from station_app.passports import (
    AccessKey,
    CanKey,
    DataRead,
    PassportRead,
    Phase,
    Photo,
    PhotoRead,
    Progress,
    ProofShown,
    Readers,
    Tell,
    TypedKey,
    ZoneKey,
)

OPTIONS = ReadingOptions(may_downgrade=True)
"""At the desk a chip that opens only in the older way is read and shown as such: its voter must not wait for it."""
_AGAIN_S = 2.0
Decode = Callable[[FaceImage], Photo | None]
Trust = Callable[[], TrustStore]


class PcscPassports:
    """See `passports.Passports`, over the system's smart card service."""

    def __init__(
        self, trust: Trust, decode: Decode, now: Callable[[], datetime], zone: tzinfo, *, is_training: bool
    ) -> None:
        self._trust, self._decode, self._now, self._zone = trust, decode, now, zone
        self._is_training = is_training

    def watch(self, tell: Tell, stop: threading.Event) -> None:
        """Tell the readers now and at each change; a service that is away is asked again."""
        told: Readers | None = None
        while not stop.is_set():
            try:
                for found in pcsc.watch_readers():
                    told = _tell_change(_readers(found), told, tell)
                    if stop.is_set():
                        return
            except ServiceAway:
                told = _tell_change(Readers(failure=Failure.READER_SERVICE_AWAY), told, tell)
                stop.wait(_AGAIN_S)
            except CardFault:
                stop.wait(_AGAIN_S)

    def read(self, reader: str, key: AccessKey, tell: Tell, stop: threading.Event) -> PassportRead:
        """Read what lies on the reader."""
        teller = Teller(key, tell, self._decode, self._now().astimezone(self._zone))
        chip_key = chip_key_of(key)
        reading = document_reading.read_on(reader, chip_key, OPTIONS, World(teller.hear, stop.is_set))
        verification = verify(reading, self._trust(), self._now())
        return teller.result(proofs_shown(reading, verification, is_training=self._is_training))


def _readers(found: tuple[pcsc.Reader, ...]) -> Readers:
    return Readers(tuple(one.name for one in found), tuple(one.name for one in found if one.has_card))


def _tell_change(readers: Readers, before: Readers | None, tell: Tell) -> Readers:
    if readers != before:
        tell(readers)
    return readers


def chip_key_of(key: AccessKey) -> ChipKey:
    """What opens the chip, as the reading takes it.

    Raises:
        WorldFailed: `DOCUMENT_KEY_INVALID`.
    """
    match key:
        case ZoneKey(zone):
            return key_of_mrz(zone)
        case TypedKey(number, birth, expiry):
            return document_reading.key_of_typed(number, birth, expiry)
        case CanKey(digits):
            return document_reading.key_of_access_number(digits)


class Teller:
    """Turns the steps of a reading into what the screens wait for: phases, the voter's data, the photograph."""

    def __init__(self, key: AccessKey, tell: Tell, decode: Decode, now: datetime) -> None:
        self._printed = key.zone if isinstance(key, ZoneKey) else None
        self._tell, self._decode, self._today = tell, decode, now.date()
        self._phase = Phase.ACCESS
        self._zone: Mrz | None = None
        self._details = ChipDetails()
        self._photo: Photo | None = None

    def hear(self, step: ReadingProgress | FileRead) -> None:
        """One step of the reading."""
        if isinstance(step, ReadingProgress):
            self._go_on(step)
            return
        content = step.untrusted_content
        try:
            match step.file:
                case File.DG1:
                    self._zone = read_dg1(content)
                    self._tell_data()
                case File.DG11:
                    self._details = _details(content)
                    self._tell_data()
                case File.DG2:
                    self._photo = self._decode(read_dg2(content).images[0])
                    if self._photo is not None:
                        self._tell(PhotoRead(self._photo))
                case _:
                    pass
        except ContentInvalid:
            return  # what can't be read is not shown; whether it was altered, the proofs say

    def result(self, proofs: tuple[ProofShown, ...]) -> PassportRead:
        """The whole result.

        Raises:
            WorldFailed: `DOCUMENT_BROKE_OFF`: the chip has no data that could be read.
        """
        if self._zone is None:
            raise WorldFailed(Failure.DOCUMENT_BROKE_OFF)
        says = says_of_chip(self._zone, self._details, self._today, self._printed)
        return PassportRead(says, self._photo, proofs)

    def _tell_data(self) -> None:
        if self._zone is not None:
            self._tell(DataRead(says_of_chip(self._zone, self._details, self._today, self._printed)))

    def _go_on(self, step: ReadingProgress) -> None:
        """A phase is never left backwards: a chip that is opened again goes on where it was."""
        phase = _phase_of(step)
        if tuple(Phase).index(phase) >= tuple(Phase).index(self._phase):
            self._phase = phase
            is_long = step.file is File.DG2
            self._tell(Progress(phase, step.bytes_done if is_long else 0, step.bytes_total if is_long else 0))


def _phase_of(step: ReadingProgress) -> Phase:
    match step.phase:
        case ReadingPhase.CARD_ACCESS | ReadingPhase.OPENING | ReadingPhase.REOPENING:
            return Phase.ACCESS
        case ReadingPhase.CHIP_AUTHENTICATION | ReadingPhase.ACTIVE_AUTHENTICATION:
            return Phase.PROOFS
        case ReadingPhase.FILE:
            if step.file in {File.CARD_ACCESS, File.ATR_INFO, File.DIR}:
                return Phase.ACCESS
            if step.file is File.DG1:
                return Phase.DATA
            return Phase.PHOTO if step.file is File.DG2 else Phase.PROOFS


def _details(untrusted: bytes) -> ChipDetails:
    found = read_dg11(untrusted)
    full_name = f"{found.surname}<<{found.given_names}" if found.surname and found.given_names else ""
    born = f"{found.birth_date:%Y%m%d}" if found.birth_date else ""
    return ChipDetails(full_name, found.personal_number, born)
