"""The training reader: made-up documents of made-up voters, on a reader that is not there.

The chip is the emulated one, its State is made anew each time the program starts, and it is trusted on this reader
alone: in a real election there is no such reader.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from cryptography.hazmat.primitives.asymmetric import ec

from devices.emrtd.certificates import read_certificate, read_crl
from devices.emrtd.ciphers import Suite
from devices.emrtd.emulator.authorities import Authority, Scheme, make_authority, make_crl, make_signer
from devices.emrtd.emulator.behaviour import HONEST, Behaviour
from devices.emrtd.emulator.chip import Chip, EmulatedLink
from devices.emrtd.emulator.issuing import ChipKeys, Features, PaceOffer, issue
from devices.emrtd.emulator.personalisation import personalise
from devices.emrtd.emulator.writing import Holder
from devices.emrtd.files import File
from devices.emrtd.mrz import Mrz, parse
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.reading import World, read_document
from devices.emrtd.security_infos import Agreement, PaceMapping
from devices.emrtd.trust import EMPTY, TrustStore
from devices.emrtd.verification import verify
from devices.smartcard.faults import CardFault
from pollbook.failures import Failure, WorldFailed
from pollbook.names import canonical
from pollbook.transliteration import to_latin
from pollbook.voters import Voter
from station_app import document_reading
from station_app.passport_proofs import proofs_shown
from station_app.passport_reading import OPTIONS, Decode, Teller, chip_key_of
from station_app.passports import AccessKey, PassportRead, Passports, Readers, Tell, TrainingKind

READER = "training"
_P256 = 12
_PACE = PaceOffer(Agreement.ECDH, PaceMapping.GENERIC, Suite.AES_128, _P256)
_VALID_DAYS, _EXPIRED_DAYS = 5 * 365, 40
_CAN = "123456"
_ANYBODY = ("ISMOILOVA", "BOSHQA")


@dataclass(frozen=True, slots=True)
class TrainingState:
    """A made-up State with its signer, and what a laptop has to know to trust it."""

    signer: Authority
    trust: TrustStore


class TrainingPassports:
    """See `passports.Passports` and `TrainingReader`; real readers are there beside the training one."""

    def __init__(self, inner: Passports, decode: Decode, now: Callable[[], datetime], zone: tzinfo) -> None:
        self._inner, self._decode, self._now, self._zone = inner, decode, now, zone
        self._state: TrainingState | None = None
        self._chip: Chip | None = None
        self._real = Readers()
        self._tell: Tell | None = None
        self._lock = threading.Lock()

    def watch(self, tell: Tell, stop: threading.Event) -> None:
        """Tell the readers, the training reader first."""
        self._tell = tell
        self._told()
        self._inner.watch(self._real_changed, stop)

    def read(self, reader: str, key: AccessKey, tell: Tell, stop: threading.Event) -> PassportRead:
        """Read what lies on the reader."""
        if reader != READER:
            return self._inner.read(reader, key, tell, stop)
        chip, state = self._chip, self._state
        if chip is None or state is None:
            raise WorldFailed(Failure.DOCUMENT_NOT_THERE)
        teller = Teller(key, tell, self._decode, self._now().astimezone(self._zone))
        try:
            reading = read_document(EmulatedLink(chip), chip_key_of(key), OPTIONS, World(teller.hear, stop.is_set))
        except CardFault as fault:
            raise document_reading.told(fault) from fault
        verification = verify(reading, state.trust, self._now())
        return teller.result(proofs_shown(reading, verification, is_training=True))

    def put(self, voter: Voter, kind: TrainingKind) -> Mrz:
        """A document of this voter lies on the reader; its printed lines come back."""
        with self._lock:
            if self._state is None:
                self._state = make_state(self._now())
            chip, printed = make_chip(voter, kind, self._state.signer, self._now())
        self._chip = chip
        self._told()
        return printed

    def take_away(self) -> None:
        """Nothing lies on it any more; a reading under way ends as with a real one."""
        chip, self._chip = self._chip, None
        if chip is not None:
            chip.is_removed = True
            self._told()

    def _real_changed(self, readers: object) -> None:
        assert isinstance(readers, Readers)  # noqa: S101 - what watchers tell
        self._real = readers
        self._told()

    def _told(self) -> None:
        """Both kinds of readers; a service that is away is no matter where training needs none."""
        if self._tell is not None:
            here = (READER,) if self._chip is not None else ()
            self._tell(Readers((READER, *self._real.names), (*here, *self._real.with_card)))


def make_state(now: datetime) -> TrainingState:
    """A made-up State: a signer of documents, and its authority with a fresh list of withdrawals."""
    authority = make_authority("UZ")
    signer = make_signer(authority, Scheme.ECDSA)
    crl = make_crl(authority, this_update=now - timedelta(days=1))
    trust = EMPTY.with_certificates([read_certificate(authority.certificate)]).with_crl(read_crl(crl))
    return TrainingState(signer, trust)


def make_chip(voter: Voter, kind: TrainingKind, signer: Authority, now: datetime) -> tuple[Chip, Mrz]:
    """The chip of a made-up document of this voter, and its printed lines."""
    holder = _holder(voter, kind, now)
    keys = ChipKeys(
        chip_authentication=ec.generate_private_key(ec.SECP256R1()),
        active_authentication=ec.generate_private_key(ec.SECP256R1()),
    )
    form = Form.TD1 if kind is TrainingKind.CARD else Form.TD3
    document = issue(holder, signer, keys, Features(form=form, pace=(_PACE,)))
    written = personalise(document, can=_CAN)
    behaviour: Behaviour = HONEST
    match kind:
        case TrainingKind.COPY:
            # A copy has the files, which anybody may read, and not the keys, which nobody can.
            copied = replace(
                keys,
                chip_authentication=ec.generate_private_key(ec.SECP256R1()),
                active_authentication=ec.generate_private_key(ec.SECP256R1()),
            )
            written = replace(personalise(replace(document, keys=copied)), files=document.files)
        case TrainingKind.ALTERED:
            photograph = bytearray(document.files[File.DG2])
            photograph[-40] ^= 1
            written = replace(written, files={**document.files, File.DG2: bytes(photograph)})
        case TrainingKind.DOWNGRADE:
            behaviour = Behaviour(pace_fails=True)
        case _:
            pass
    return Chip(written, behaviour), parse(document.mrz)


def _holder(voter: Voter, kind: TrainingKind, now: datetime) -> Holder:
    days = -_EXPIRED_DAYS if kind is TrainingKind.EXPIRED else _VALID_DAYS
    surname, given = (
        _ANYBODY if kind is TrainingKind.DIFFERING else (_printed(voter.surname), _printed(voter.given_name))
    )
    return Holder(
        surname=surname,
        given_names=given,
        document_number=voter.document,
        personal_number=voter.pinfl,
        birth_date=voter.birth_date,
        sex=voter.sex.upper() if voter.sex in {"m", "f"} else "<",
        expiry_date=now.date() + timedelta(days=days),
    )


def _printed(name: str) -> str:
    """A name in the letters of a machine readable zone."""
    plain = canonical(to_latin(name)).upper()
    return "".join(letter for letter in plain if letter == " " or ("A" <= letter <= "Z")) or "X"
