"""A laptop becomes a station: its key, the register's answer, the proof of it, the PINs, the book.

    authority (enrol file) -> register's certificate -> answer's signature -> slice's signature -> lines
    authority (enrol file) -> this device's certificate -> the key that was made here

Killed at any moment it may be repeated: the device's key is kept until the book stands, and the register gives the
same answer to the same key. The book is built under another name and put in its place whole.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from cryptography import x509
from filelock import FileLock, Timeout

from pollbook.clock import Clock
from pollbook.commanding import software_name
from pollbook.enrol_file import EnrolFile, SpareFile, read_any_file, read_enrol_file
from pollbook.enrolment_messages import EnrolAnswer, EnrolRequest, decode_enrol_answer, encode_enrol_request
from pollbook.enrolment_messages import untrusted_register_certificate as register_certificate_in
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.files import write_secret
from pollbook.people import PinCost
from pollbook.sealing import box_key_of
from pollbook.signing import REGISTER_SUBJECT, SigningKey, certified_key, device_id
from pollbook.slice import Expected, Slice, SliceHeader, read_slice
from pollbook.store.creation import create_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from pollbook.store.spare import keep_spare
from pollbook.types import BookName, DeviceId, ElectionId, PersonNumber
from sync.client import RegisterClient
from sync.training_pins import made_up_pin, write_training_pins

FIRST_EPOCH = 1
_LOCK_WAIT_S = 2.0


class Stage(Enum):
    """How far an enrolment has come."""

    ASKING = "asking"
    PROVING = "proving"
    PINS = "pins"
    MAKING = "making"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A station that is ready. `pins` are a training election's, by person; empty in a real one."""

    header: SliceHeader
    pins: Mapping[PersonNumber, str]


@dataclass(frozen=True, slots=True)
class SpareEnrolled:
    """A spare that is ready, and for which election."""

    election: ElectionId
    device: DeviceId


ChoosePins = Callable[[SliceHeader], Mapping[PersonNumber, str]]
"""Asks each person for a PIN; two officers at least must choose one. Not asked in a training election."""


def enrol(
    home: StationHome,
    untrusted_file: bytes,
    clock: Clock,
    choose_pins: ChoosePins,
    report: Callable[[Stage], None],
    cost: PinCost | None = None,
) -> Enrolled:
    """`home` holds a book that the register issued to this device, or no book.

    Raises:
        WorldFailed: `ALREADY_ENROLLED`, `ENROL_FILE_INVALID`, what the client and the register name, and
            `ANSWER_NOT_UNDERSTOOD`, `ANSWER_NOT_SIGNED` or a failure of the slice where a proof does not hold.
    """
    _refuse_enrolled(home)
    invited = read_enrol_file(untrusted_file)
    with _alone(home):
        _refuse_enrolled(home)  # by somebody who was faster
        key = _device_key(home, invited)
        report(Stage.ASKING)
        with RegisterClient(invited.url, invited.authority_pem, clock) as client:
            request = EnrolRequest(invited.code, key.public, box_key_of(key).public, software_name())
            untrusted = client.enrol(encode_enrol_request(request, key))
        report(Stage.PROVING)
        answer, register_key = prove(untrusted, invited, key, clock)
        issued = _proven_slice(answer, register_key, invited, key)
        report(Stage.PINS)
        people, is_training = issued.header.people, issued.header.election.training
        pins = {person.number: made_up_pin() for person in people} if is_training else choose_pins(issued.header)
        report(Stage.MAKING)
        if is_training:  # first, so that no training book stands without them
            write_training_pins(home, people, {person.key: pins[person.number] for person in people})
        create_book(home, _link(invited, answer, key), answer.slice, issued, pins, clock, cost or PinCost())
        home.enrolling.unlink(missing_ok=True)
    return Enrolled(issued.header, pins if is_training else {})


def enrol_spare(
    home: StationHome, untrusted_file: bytes, clock: Clock, report: Callable[[Stage], None]
) -> SpareEnrolled:
    """`home` is a spare's of the file's election, or is as it was.

    Raises:
        WorldFailed: `ALREADY_ENROLLED`, `ENROL_FILE_INVALID`, what the client and the register name, and
            `ANSWER_NOT_UNDERSTOOD` or `ANSWER_NOT_SIGNED` where a proof does not hold.
    """
    _refuse_enrolled(home)
    invited = read_any_file(untrusted_file)
    if not isinstance(invited, SpareFile):
        raise WorldFailed(Failure.ENROL_FILE_INVALID, "a station's")
    with _alone(home):
        _refuse_enrolled(home)
        if home.spare.exists():
            raise WorldFailed(Failure.ALREADY_ENROLLED, path=home.path)
        key = _device_key(home, invited)
        report(Stage.ASKING)
        with RegisterClient(invited.url, invited.authority_pem, clock) as client:
            request = EnrolRequest(invited.code, key.public, box_key_of(key).public, software_name())
            untrusted = client.enrol(encode_enrol_request(request, key))
        report(Stage.PROVING)
        answer, _ = prove(untrusted, invited, key, clock)
        if answer.slice:
            raise WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, "a slice for a spare")
        keep_spare(home, _link(invited, answer, key))
        home.enrolling.unlink(missing_ok=True)
    return SpareEnrolled(invited.election, device_id(key.public))


def prove(untrusted: bytes, invited: EnrolFile | SpareFile, key: SigningKey, clock: Clock) -> tuple[EnrolAnswer, bytes]:
    """The answer that the election's register gave to this device, and the register's key.

    Raises:
        WorldFailed: `ANSWER_NOT_UNDERSTOOD`; `REGISTER_NOT_TRUSTED`: a certificate is not of this authority, for
            another or out of its days; `ANSWER_NOT_SIGNED`.
    """
    authority = x509.load_pem_x509_certificate(invited.authority_pem)
    try:
        untrusted_certificate = register_certificate_in(untrusted)
    except InputInvalid as error:
        raise WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, str(error)) from error
    try:
        register_key = certified_key(untrusted_certificate, authority, REGISTER_SUBJECT, clock.now())
    except InputInvalid as error:
        raise WorldFailed(Failure.REGISTER_NOT_TRUSTED, str(error)) from error
    try:
        answer = decode_enrol_answer(untrusted, register_key)
    except InputInvalid as error:
        raise WorldFailed(Failure.ANSWER_NOT_SIGNED, str(error)) from error
    subject = device_id(key.public).hex()
    try:
        ours = certified_key(answer.device_certificate, authority, subject, clock.now())
    except InputInvalid as error:
        raise WorldFailed(Failure.REGISTER_NOT_TRUSTED, str(error)) from error
    if ours != key.public:
        raise WorldFailed(Failure.REGISTER_NOT_TRUSTED, "a certificate for another key")
    return answer, register_key


def _proven_slice(answer: EnrolAnswer, register_key: bytes, invited: EnrolFile, key: SigningKey) -> Slice:
    book = BookName(device_id(key.public), FIRST_EPOCH)
    issued = read_slice(answer.slice, register_key, Expected(invited.election, book, invited.precinct))
    if issued.header.desk != invited.desk:
        raise WorldFailed(Failure.SLICE_OTHER_BOOK, found=issued.header.desk, expected=invited.desk)
    return issued


def _link(invited: EnrolFile | SpareFile, answer: EnrolAnswer, key: SigningKey) -> Link:
    return Link(
        url=invited.url,
        authority_pem=invited.authority_pem.decode("ascii"),
        register_certificate=answer.register_certificate,
        device_certificate=answer.device_certificate,
        device_key=key,
    )


def _device_key(home: StationHome, invited: EnrolFile | SpareFile) -> SigningKey:
    """This device's key for this invitation: that of an enrolment which was broken off, or a new one on the disk.

    Another invitation gets another key, since the register may have given the first one a book already.
    """
    invitation = hashlib.sha256(invited.code.encode()).digest()
    kept = home.enrolling.read_bytes() if home.enrolling.exists() else b""
    if len(kept) == 2 * len(invitation) and kept.startswith(invitation):
        return SigningKey.from_seed(kept[len(invitation) :])
    key = SigningKey.generate()
    write_secret(home.enrolling, invitation + key.seed)
    return key


def _refuse_enrolled(home: StationHome) -> None:
    if home.exists():
        home.enrolling.unlink(missing_ok=True)  # where the program ended right before it would have
        raise WorldFailed(Failure.ALREADY_ENROLLED, path=home.path)


@contextmanager
def _alone(home: StationHome) -> Iterator[None]:
    """Nobody else enrols in `home` as long as the block lasts; what the disk refuses is told as such."""
    try:
        home.make()
        with FileLock(home.lock, timeout=_LOCK_WAIT_S):
            yield
    except Timeout as error:
        raise WorldFailed(Failure.BOOK_IN_USE, path=home.path) from error
    except OSError as error:
        failure = Failure.DISK_FULL if error.errno == errno.ENOSPC else Failure.DISK_FAILED
        raise WorldFailed(failure, f"errno {error.errno}", path=home.path) from error
