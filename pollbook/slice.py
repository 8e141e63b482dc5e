"""A slice: the lines, voters and people a book is issued, under one signature of the register.

On disk and on the wire a slice is `[header envelope, lines]`: the signed header names the election, precinct,
desk and book and carries the SHA-256 of the lines' compressed bytes, so one changed byte anywhere is seen. The
lines are packed column by column and compressed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.election import Election, decode_election
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.releases import KEY_BYTES
from pollbook.signing import SigningKey, read_envelope, seal
from pollbook.types import (
    LINE_ID_MAX,
    BookName,
    DeviceId,
    ElectionId,
    LineId,
    Person,
    PersonNumber,
    PrecinctCode,
    Role,
    is_precinct_code,
)
from pollbook.voters import Voter

SLICE_SCHEMA = 2
"""Given up by one when an older program could no longer read a slice."""
SLICE_BYTES_MAX = 32 * 1024 * 1024
LINES_BYTES_MAX = 128 * 1024 * 1024
LINES_MAX = 1_000_000
PEOPLE_MAX = 99
TEXT_MAX = 400
_PURPOSE = "slice 1"
_HEADER_BYTES_MAX = 256 * 1024
_EPOCH = date(1800, 1, 1).toordinal()
_COLUMNS = 14


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """What a slice is: for which election and book, with how many lines and which people.

    `holds` tells whether the lines are this book's; a further desk of a precinct knows them all and gets its share
    from the first one. `box_key` is the register's public key for what is sealed to it. `sha256` is the hash of the
    header's signed bytes, from which the book's ledger starts.
    """

    election: Election
    precinct: PrecinctCode
    precinct_name: str
    desk: int
    book: BookName
    list_version: int
    issued_at_s: int
    line_count: int
    people: tuple[Person, ...]
    holds: bool = True
    box_key: bytes = bytes(KEY_BYTES)
    sha256: bytes = b""


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice whose signature and counts were proven."""

    header: SliceHeader
    voters: tuple[Voter, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the receiver knows of the slice it waits for; None where it takes what comes."""

    election: ElectionId
    book: BookName
    precinct: PrecinctCode | None = None


def encode_slice(header: SliceHeader, voters: Sequence[Voter], key: SigningKey) -> bytes:
    """The slice's bytes, signed by the register's `key`; `header.line_count` and `sha256` are filled in here."""
    lines = compression.compress(cbor.encode(pack_voters(voters)))
    people = [[person.number, person.key, person.surname, person.given_name, person.role] for person in header.people]
    book = [header.book.device, header.book.epoch]
    place = [header.precinct, header.precinct_name, header.desk]
    counts = [header.list_version, header.issued_at_s, len(voters), int(header.holds)]
    sha256 = hashlib.sha256(lines).digest()
    body = cbor.encode([SLICE_SCHEMA, header.election.encode(), place, book, counts, people, header.box_key, sha256])
    return cbor.encode([seal(_PURPOSE, body, key), lines])


def read_slice(untrusted: bytes, register_key: bytes, expected: Expected) -> Slice:
    """The slice that the holder of `register_key` issued for `expected`.

    Raises:
        WorldFailed: `SLICE_INVALID`, `SLICE_OTHER_VERSION`, `SLICE_OTHER_ELECTION`, `SLICE_OTHER_BOOK` or
            `SLICE_TOO_LARGE`; nothing of it may be used.
    """
    try:
        header, lines_sha256, lines = _header(untrusted, register_key)
        _expect(header, expected)
        if hashlib.sha256(lines).digest() != lines_sha256:
            raise InputInvalid("the lines are not those that were signed")
        columns = cbor.decode(compression.decompress(lines, LINES_BYTES_MAX), LINES_BYTES_MAX)
        voters = unpack_voters(columns, header.line_count)
    except InputInvalid as error:
        raise WorldFailed(Failure.SLICE_INVALID, str(error)) from error
    return Slice(header, voters)


def issued_lines(slice_bytes: bytes) -> list[LineId]:
    """The lines of a slice that was proven before.

    Raises:
        InputInvalid: Not a slice.
    """
    outer = Fields(cbor.decode(slice_bytes, SLICE_BYTES_MAX), 2)
    outer.take_bytes(0, _HEADER_BYTES_MAX)
    columns = cbor.decode(
        compression.decompress(outer.take_bytes(0, SLICE_BYTES_MAX), LINES_BYTES_MAX), LINES_BYTES_MAX
    )
    lines = Fields(columns, _COLUMNS).take_array(LINES_MAX)
    if not all(type(line) is int and 0 < line <= LINE_ID_MAX for line in lines):
        raise InputInvalid("a number out of its bounds")
    return cast("list[LineId]", lines)


def open_header(untrusted: bytes, register_key: bytes) -> SliceHeader:
    """The header of a slice that the holder of `register_key` issued; its lines are not looked at.

    Raises:
        InputInvalid: Not such a slice.
        WorldFailed: `SLICE_OTHER_VERSION`.
    """
    return _header(untrusted, register_key)[0]


def _header(untrusted: bytes, register_key: bytes) -> tuple[SliceHeader, bytes, bytes]:
    outer = Fields(cbor.decode(untrusted, SLICE_BYTES_MAX), 2)
    envelope = read_envelope(outer.take_bytes(0, _HEADER_BYTES_MAX), _HEADER_BYTES_MAX)
    lines = outer.take_bytes(0, SLICE_BYTES_MAX)
    body = envelope.open_with(_PURPOSE, register_key)
    decoded = cbor.decode(body, _HEADER_BYTES_MAX)
    if isinstance(decoded, list) and decoded and decoded[0] != SLICE_SCHEMA:
        raise WorldFailed(Failure.SLICE_OTHER_VERSION, found=decoded[0], known=SLICE_SCHEMA)
    fields = Fields(decoded, 8)
    fields.take_int()
    election = decode_election(fields.take_bytes(0, _HEADER_BYTES_MAX))
    place, book, counts = (Fields(fields.take_array(4), size) for size in (3, 2, 4))
    precinct, precinct_name, desk = place.take_text(9), place.take_text(TEXT_MAX), place.take_int(1, 99)
    if not is_precinct_code(precinct):
        raise InputInvalid("not a precinct's code")
    people = tuple(_person(Fields(item, 5), number) for number, item in enumerate(fields.take_array(PEOPLE_MAX), 1))
    header = SliceHeader(
        election=election,
        precinct=PrecinctCode(precinct),
        precinct_name=precinct_name,
        desk=desk,
        book=BookName(DeviceId(book.take_bytes(16, 16)), book.take_int(1)),
        list_version=counts.take_int(),
        issued_at_s=counts.take_int(),
        line_count=counts.take_int(0, LINES_MAX),
        people=people,
        holds=bool(counts.take_int(0, 1)),
        box_key=fields.take_bytes(KEY_BYTES, KEY_BYTES),
        sha256=hashlib.sha256(body).digest(),
    )
    return header, fields.take_bytes(32, 32), lines


def _expect(header: SliceHeader, expected: Expected) -> None:
    if header.election.id != expected.election:
        raise WorldFailed(Failure.SLICE_OTHER_ELECTION, found=header.election.id, expected=expected.election)
    if header.book != expected.book or (expected.precinct is not None and header.precinct != expected.precinct):
        raise WorldFailed(Failure.SLICE_OTHER_BOOK, found=header.precinct, expected=expected.precinct)
    if header.line_count > header.election.lines_max:
        raise WorldFailed(Failure.SLICE_TOO_LARGE, found=header.line_count, limit=header.election.lines_max)


def _person(fields: Fields, number: int) -> Person:
    fields.take_int(number, number)
    key, surname, given_name = fields.take_text(40), fields.take_text(TEXT_MAX), fields.take_text(TEXT_MAX)
    try:
        role = Role(fields.take_text(20))
    except ValueError as error:
        raise InputInvalid("a person without a known role") from error
    return Person(PersonNumber(number), key, surname, given_name, role)


def pack_voters(voters: Sequence[Voter]) -> list[list[object]]:
    """The voters column by column, as a CBOR array."""
    return [
        [voter.line for voter in voters],
        [voter.pinfl for voter in voters],
        [voter.document for voter in voters],
        [voter.surname for voter in voters],
        [voter.given_name for voter in voters],
        [voter.patronymic for voter in voters],
        [voter.birth_date.toordinal() - _EPOCH for voter in voters],
        [voter.sex for voter in voters],
        [voter.address for voter in voters],
        [voter.mahalla for voter in voters],
        [voter.district_soato for voter in voters],
        [voter.page for voter in voters],
        [voter.row for voter in voters],
        [";".join(voter.contests) for voter in voters],
    ]


def unpack_voters(untrusted: object, count: int) -> tuple[Voter, ...]:
    """The `count` voters that `pack_voters` made these columns of.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(untrusted, _COLUMNS)
    columns = [fields.take_array(count) for _ in range(_COLUMNS)]
    if any(len(column) != count for column in columns):
        raise InputInvalid("columns of different lengths")
    numbers, texts = (0, 6, 11, 12), (1, 2, 3, 4, 5, 7, 8, 9, 10, 13)
    if not all(type(item) is int and 0 <= item <= LINE_ID_MAX for index in numbers for item in columns[index]):
        raise InputInvalid("a number out of its bounds")
    if not all(type(item) is str and len(item) <= TEXT_MAX for index in texts for item in columns[index]):
        raise InputInvalid("a text out of its bounds")
    lines = cast("list[int]", columns[0])
    if len(set(lines)) != count or not all(lines):
        raise InputInvalid("two lines with one id")
    try:
        return tuple(_voter(row) for row in zip(*columns, strict=True))
    except (ValueError, OverflowError) as error:
        raise InputInvalid("a birth date out of its bounds") from error


def _voter(row: tuple[object, ...]) -> Voter:
    line, pinfl, document, surname, given_name, patronymic, born, sex, *rest = row
    address, mahalla, district, page, place, contests = rest
    return Voter(
        LineId(cast("int", line)),
        cast("str", pinfl),
        cast("str", document),
        cast("str", surname),
        cast("str", given_name),
        cast("str", patronymic),
        date.fromordinal(cast("int", born) + _EPOCH),
        cast("str", sex),
        cast("str", address),
        cast("str", mahalla),
        cast("str", district),
        cast("int", page),
        cast("int", place),
        tuple(code for code in cast("str", contests).split(";") if code),
    )
