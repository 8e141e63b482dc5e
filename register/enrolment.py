"""Enrolment: a code that works once turns a laptop's own key into a station's.

The key never leaves the laptop; only a hash of the code is kept here. An answer that got lost is asked for again
with the same code and key, and is the same, byte for byte; with another key a used code is worth nothing.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from datetime import datetime, timedelta

from pollbook.election import Election
from pollbook.enrolment_messages import EnrolAnswer, EnrolRequest, decode_enrol_request, encode_enrol_answer
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.ledger import origin
from pollbook.register_entries import Enrolled
from pollbook.signing import device_id
from pollbook.slice import Expected, read_slice
from pollbook.types import BookName, ElectionId, PrecinctCode
from register.authority import RegisterKeys
from register.issuing import check_issuable, issue_slice
from register.own_ledger import enter
from register.statuses import note_new_book
from register.store import spares, stations
from register.store.engine import Transaction
from register.store.spares import Spare, SpareCode
from register.store.stations import Code, Station

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O and U, so that a code can be read out. Source: Crockford's base 32."""
_GROUPS, _GROUP_LETTERS = 5, 4
"""100 random bits: nobody guesses one, so a plain hash keeps it."""

logger = logging.getLogger(__name__)


def make_code(
    connection: Transaction, election: Election, precinct: PrecinctCode, desk: int, now: datetime
) -> tuple[str, datetime]:
    """A new code for this desk and when it ends; earlier unused ones for the desk end now.

    Raises:
        WorldFailed: As `issuing.check_issuable`: what could not be issued is said now, not at the station.
    """
    check_issuable(connection, election, precinct, desk)
    text, ends = _new_code(), now + timedelta(hours=election.code_valid_h)
    code = Code(code_hash(election.id, text), precinct, desk, int(ends.timestamp()), None)
    stations.add_code(connection, code, int(now.timestamp()))
    return text, ends


def make_spare_code(connection: Transaction, election: Election, now: datetime) -> tuple[str, datetime]:
    """A new code for a spare and when it ends; other spares' codes stay as they are."""
    text, ends = _new_code(), now + timedelta(hours=election.code_valid_h)
    spares.add_spare_code(
        connection, SpareCode(code_hash(election.id, text), int(ends.timestamp()), None), int(now.timestamp())
    )
    return text, ends


def _new_code() -> str:
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP_LETTERS)]
    return "-".join("".join(letters[at : at + _GROUP_LETTERS]) for at in range(0, len(letters), _GROUP_LETTERS))


def code_hash(election: ElectionId, untrusted_code: str) -> bytes:
    """What is kept of a code; case, spaces and dashes don't matter, and O, I and L are read as 0, 1 and 1."""
    letters = re.sub(r"[\s-]", "", untrusted_code).upper().translate(str.maketrans("OIL", "011"))
    return hashlib.sha256(f"uchastka code 1\0{election}\0{letters}".encode()).digest()


def enrol(connection: Transaction, keys: RegisterKeys, election: Election, untrusted: bytes, now: datetime) -> bytes:
    """The sealed answer to an enrol request: the station's certificate, the register's, and the slice.

    Raises:
        WorldFailed: `REQUEST_NOT_ACCEPTED`, `CODE_WRONG`, `CODE_EXPIRED`, `CODE_USED`, `BOOK_REVOKED`, or as
            `issuing.check_issuable`.
    """
    request, code = _proven(connection, election, untrusted)
    if isinstance(code, SpareCode):
        return _enrol_spare(connection, keys, code, request, now)
    if code.station is not None:
        return _answer_again(connection, code.station, request)
    earlier, device = _may_enrol(connection, code, request, now), device_id(request.public_key)
    book = BookName(device, earlier.book.epoch + 1 if earlier else 1)
    issued = issue_slice(connection, election, code.precinct, code.desk, book, keys.key, now)
    content = read_slice(issued.content, keys.key.public, Expected(election.id, book, code.precinct))
    header = content.header
    certificate = keys.authority.certify_device(request.public_key, now)
    answer = encode_enrol_answer(EnrolAnswer(certificate, keys.certificate, issued.content), keys.key)
    new = Station(
        id=0,
        book=book,
        public_key=request.public_key,
        precinct=code.precinct,
        desk=code.desk,
        list_version=issued.list_version,
        line_count=issued.line_count,
        issued_at_s=header.issued_at_s,
        start=origin(election.id, book, header.sha256),
        revoked_at_s=None,
        revoked_reason=None,
        slice_sha256=header.sha256,
        holds=header.holds,
        certificate=certificate,
        box_key=request.box_key,
    )
    station_id = stations.add_station(connection, new, answer, (voter.line for voter in content.voters))
    stations.use_code(connection, code, station_id)
    note_new_book(connection, station_id, code.precinct)
    at_s = int(now.timestamp())
    enter(connection, Enrolled(book, code.precinct, code.desk, request.public_key, header.sha256), at_s)
    logger.info("enrolled book=%s precinct=%s lines=%s", book, code.precinct, issued.line_count)
    return answer


def _enrol_spare(
    connection: Transaction, keys: RegisterKeys, code: SpareCode, request: EnrolRequest, now: datetime
) -> bytes:
    """The sealed answer to a spare: both certificates and no slice."""
    device = device_id(request.public_key)
    if code.device is not None:
        known = spares.find_spare(connection, code.device)
        if known is None or known.public_key != request.public_key:
            raise WorldFailed(Failure.CODE_USED)
        return known.answer
    _may_enrol(connection, code, request, now)
    if spares.find_spare(connection, device) is not None:
        raise WorldFailed(Failure.ALREADY_ENROLLED, device.hex())
    certificate = keys.authority.certify_device(request.public_key, now)
    answer = encode_enrol_answer(EnrolAnswer(certificate, keys.certificate, b""), keys.key)
    new = Spare(device, request.public_key, request.box_key, certificate, answer, int(now.timestamp()))
    spares.use_spare_code(connection, code, new)
    logger.info("enrolled spare=%s", device.hex())
    return answer


def _may_enrol(connection: Transaction, code: Code | SpareCode, request: EnrolRequest, now: datetime) -> Station | None:
    """The device's earlier book, which is revoked, or None; a code out of its time or a living book is refused."""
    if int(now.timestamp()) >= code.expires_at_s:
        raise WorldFailed(Failure.CODE_EXPIRED)
    earlier = stations.newest_epoch(connection, device_id(request.public_key))
    if earlier is not None and earlier.revoked_at_s is None:
        raise WorldFailed(Failure.ALREADY_ENROLLED, str(earlier.book), precinct=earlier.precinct)
    return earlier


def prove_enrolment(connection: Transaction, election: Election, untrusted: bytes) -> None:
    """Nothing, where `enrol` would look further: a request that its own key signed, with a code of this register.

    Raises:
        WorldFailed: `REQUEST_NOT_ACCEPTED`, `CODE_WRONG`.
    """
    _proven(connection, election, untrusted)


def _proven(connection: Transaction, election: Election, untrusted: bytes) -> tuple[EnrolRequest, Code | SpareCode]:
    try:
        request = decode_enrol_request(untrusted)
    except InputInvalid as error:
        raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, str(error)) from error
    kept = code_hash(election.id, request.code)
    code = stations.find_code(connection, kept) or spares.find_spare_code(connection, kept)
    if code is None:
        raise WorldFailed(Failure.CODE_WRONG)
    return request, code


def _answer_again(connection: Transaction, station_id: int, request: EnrolRequest) -> bytes:
    station = stations.station_by_id(connection, station_id)
    if station is None or station.public_key != request.public_key:
        raise WorldFailed(Failure.CODE_USED)
    if station.revoked_at_s is not None:
        raise WorldFailed(Failure.BOOK_REVOKED, str(station.book))
    return stations.answer_of(connection, station_id)
