"""The entries of the register's own ledger: what the centre did, so that it too can be audited.

The form is that of a book's entries, `[kind, hybrid time, actor, body]`, with kinds from 32 on; the actor is 0, and an
act of people carries the officers' decision by its number. The chain is the same (`ledger`), from an origin of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.clock import HYBRID_TIME_MAX, HybridTime
from pollbook.entries import ENTRY_BYTES_MAX, Outcome
from pollbook.failures import InputInvalid
from pollbook.ledger import HEAD_BYTES, Head
from pollbook.releases import KEY_BYTES, Release, pack_book, pack_release, take_book, take_release
from pollbook.types import LINE_ID_MAX, MACHINE, BookName, EntryNumber, LineId, PrecinctCode, is_precinct_code

SHA256_BYTES = 32
_REASON_MAX, _SOURCE_MAX, _KIND_MAX = 300, 100, 40


class RegisterKind(IntEnum):
    """The number of each kind of entry in the register's ledger."""

    GRANTED = 32
    RECALLED = 33
    SUPERSEDED = 34
    LIST_CHANGED = 35
    ENROLLED = 36
    REVOKED = 37
    ADJUDICATED = 38
    ANOMALY_FOUND = 39
    DISPUTE_RESOLVED = 40
    TAIL_CLOSED = 41
    DECIDED = 42


@dataclass(frozen=True, slots=True)
class Granted:
    """A release was passed on to its receiver; where the register itself held the line, it is the register's own."""

    release: Release


@dataclass(frozen=True, slots=True)
class Recalled:
    """The line was asked of `holder`, for `receiver`."""

    line: LineId
    holder: BookName
    receiver: BookName


@dataclass(frozen=True, slots=True)
class Superseded:
    """`successor` took over from `book` at `head`."""

    book: BookName
    successor: BookName
    head: Head


@dataclass(frozen=True, slots=True)
class ListChanged:
    """The data of a line's voter changed; their bytes as the feed carries them have this hash."""

    line: LineId
    sha256: bytes
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device became this precinct's book, with this slice."""

    book: BookName
    precinct: PrecinctCode
    desk: int
    public_key: bytes
    slice_sha256: bytes


@dataclass(frozen=True, slots=True)
class Revoked:
    """The book was revoked."""

    book: BookName
    reason: str


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """What is to become of a provisional ballot; `real_line` is the voter's own line, 0 where there is none."""

    book: BookName
    line: LineId
    outcome: Outcome
    real_line: int


@dataclass(frozen=True, slots=True)
class AnomalyFound:
    """An anomaly was found at `entry` of `book` (0: the whole book), and `count - 1` more of its kind with it."""

    book: BookName
    kind: str
    entry: int
    count: int


@dataclass(frozen=True, slots=True)
class DisputeResolved:
    """Two officers of the register settled which mark of a line counts: that of `book`, by decision `decision`."""

    line: LineId
    book: BookName
    mark: EntryNumber
    decision: int


@dataclass(frozen=True, slots=True)
class TailClosed:
    """Nothing more will come of this book's ledger past `head`; `decision` is 0, or that which wrote the rest off."""

    book: BookName
    head: Head
    decision: int


@dataclass(frozen=True, slots=True)
class Decided:
    """Two officers of the register decided something; `sha256` is that of the bytes that they signed."""

    kind: str
    number: int
    sha256: bytes


RegisterFact = (
    Granted
    | Recalled
    | Superseded
    | ListChanged
    | Enrolled
    | Revoked
    | Adjudicated
    | AnomalyFound
    | DisputeResolved
    | TailClosed
    | Decided
)


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One fact of the register and when it was entered."""

    at: HybridTime
    fact: RegisterFact


def encode_register_entry(entry: RegisterEntry) -> bytes:
    """The bytes of `entry`, which are stored once and never made again."""
    kind, body = _body(entry.fact)
    return cbor.encode([int(kind), entry.at, MACHINE, body])


def decode_register_entry(untrusted: bytes) -> RegisterEntry:
    """The entry that these bytes say.

    Raises:
        InputInvalid: Not an entry of a kind and form that this release knows, in its one encoding.
    """
    fields = Fields(cbor.decode(untrusted, 4 * ENTRY_BYTES_MAX), 4)
    number, at = fields.take_int(0, 255), HybridTime(fields.take_int(0, HYBRID_TIME_MAX))
    fields.take_int(MACHINE, MACHINE)
    try:
        kind = RegisterKind(number)
    except ValueError as error:
        raise InputInvalid(f"an entry of the unknown kind {number}") from error
    return RegisterEntry(at, _fact(kind, Fields(fields.take_array(8), _SIZES[kind])))


def _body(fact: RegisterFact) -> tuple[RegisterKind, list[object]]:
    match fact:
        case Granted(release):
            return RegisterKind.GRANTED, [pack_release(release)]
        case Recalled(line, holder, receiver):
            return RegisterKind.RECALLED, [line, pack_book(holder), pack_book(receiver)]
        case Superseded(book, successor, head):
            return RegisterKind.SUPERSEDED, [pack_book(book), pack_book(successor), head.number, head.hash]
        case ListChanged(line, sha256, source, reason):
            return RegisterKind.LIST_CHANGED, [line, sha256, source[:_SOURCE_MAX], reason[:_REASON_MAX]]
        case Enrolled(book, precinct, desk, public_key, slice_sha256):
            return RegisterKind.ENROLLED, [pack_book(book), precinct, desk, public_key, slice_sha256]
        case Revoked(book, reason):
            return RegisterKind.REVOKED, [pack_book(book), reason[:_REASON_MAX]]
        case Adjudicated(book, line, outcome, real_line):
            return RegisterKind.ADJUDICATED, [pack_book(book), line, int(outcome), real_line]
        case AnomalyFound(book, name, entry, count):
            return RegisterKind.ANOMALY_FOUND, [pack_book(book), name, entry, count]
        case DisputeResolved(line, book, mark, decision):
            return RegisterKind.DISPUTE_RESOLVED, [line, pack_book(book), mark, decision]
        case TailClosed(book, head, decision):
            return RegisterKind.TAIL_CLOSED, [pack_book(book), head.number, head.hash, decision]
        case Decided(name, number, sha256):
            return RegisterKind.DECIDED, [name, number, sha256]


def _fact(kind: RegisterKind, fields: Fields) -> RegisterFact:
    match kind:
        case RegisterKind.GRANTED:
            return Granted(take_release(fields.take_array(4)))
        case RegisterKind.RECALLED:
            return Recalled(_line(fields), _book(fields), _book(fields))
        case RegisterKind.SUPERSEDED:
            return Superseded(_book(fields), _book(fields), _head(fields))
        case RegisterKind.LIST_CHANGED:
            line, sha256 = _line(fields), _sha256(fields)
            return ListChanged(line, sha256, fields.take_text(_SOURCE_MAX), fields.take_text(_REASON_MAX))
        case RegisterKind.ENROLLED:
            book, precinct = _book(fields), fields.take_text(9)
            if not is_precinct_code(precinct):
                raise InputInvalid("not a precinct's code")
            desk, key = fields.take_int(1, 99), fields.take_bytes(KEY_BYTES, KEY_BYTES)
            return Enrolled(book, PrecinctCode(precinct), desk, key, _sha256(fields))
        case RegisterKind.REVOKED:
            return Revoked(_book(fields), fields.take_text(_REASON_MAX))
        case RegisterKind.ADJUDICATED:
            book, line, outcome = _book(fields), _line(fields), Outcome(fields.take_int(0, 1))
            return Adjudicated(book, line, outcome, fields.take_int(0, LINE_ID_MAX))
        case RegisterKind.ANOMALY_FOUND:
            return AnomalyFound(_book(fields), fields.take_text(_KIND_MAX), fields.take_int(), fields.take_int(1))
        case RegisterKind.DISPUTE_RESOLVED:
            line, book, mark = _line(fields), _book(fields), EntryNumber(fields.take_int(1))
            return DisputeResolved(line, book, mark, fields.take_int(1))
        case RegisterKind.TAIL_CLOSED:
            return TailClosed(_book(fields), _head(fields), fields.take_int())
        case RegisterKind.DECIDED:
            return Decided(fields.take_text(_KIND_MAX), fields.take_int(1), _sha256(fields))


_SIZES = {
    RegisterKind.GRANTED: 1,
    RegisterKind.RECALLED: 3,
    RegisterKind.SUPERSEDED: 4,
    RegisterKind.LIST_CHANGED: 4,
    RegisterKind.ENROLLED: 5,
    RegisterKind.REVOKED: 2,
    RegisterKind.ADJUDICATED: 4,
    RegisterKind.ANOMALY_FOUND: 4,
    RegisterKind.DISPUTE_RESOLVED: 4,
    RegisterKind.TAIL_CLOSED: 4,
    RegisterKind.DECIDED: 3,
}
"""How many items the body of each kind has."""


def _line(fields: Fields) -> LineId:
    return LineId(fields.take_int(1, LINE_ID_MAX))


def _book(fields: Fields) -> BookName:
    return take_book(fields.take_array(2))


def _head(fields: Fields) -> Head:
    return Head(EntryNumber(fields.take_int()), fields.take_bytes(HEAD_BYTES, HEAD_BYTES))


def _sha256(fields: Fields) -> bytes:
    return fields.take_bytes(SHA256_BYTES, SHA256_BYTES)
