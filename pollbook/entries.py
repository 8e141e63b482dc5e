"""The entries of a ledger: what a book can say, and the one encoding of each.

An entry is a deterministic CBOR array `[kind, hybrid time, actor, body]` and holds nothing that can be derived:
no number, no hash, no book. Kinds keep their numbers forever. Kinds beside those that the design names:
`KeyBound` ties a person to a key, `DayOpened` is the act of the two who opened (docs/adr/0003); `RowSeen` and
`TailReceived` prove lines that were taken over (docs/adr/0009). A `ProvisionalResolved` has two forms: since the
register signs what it adjudicates, its signature is in the entry, under a kind of its own. The register's own ledger
has kinds of its own, from 32 on (`register_entries.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.clock import HYBRID_TIME_MAX, HybridTime
from pollbook.failures import InputInvalid
from pollbook.ledger import HEAD_BYTES, Head
from pollbook.releases import (
    KEY_BYTES,
    LINES_MAX,
    SIGNATURE_BYTES,
    MovedLine,
    Release,
    pack_book,
    pack_lines,
    pack_release,
    take_book,
    take_lines,
    take_release,
)
from pollbook.tails import TAIL_LINES_MAX, TailLine, pack_tail, take_tail
from pollbook.two_officers import PERSON_NUMBER_MAX, TwoOfficers, officers_of, pack_officers, take_officers
from pollbook.types import CHANNELS, LINE_ID_MAX, MACHINE, BookName, Channel, EntryNumber, LineId, PersonNumber

ENTRY_BYTES_MAX = 4096
REASON_CHARACTERS_MAX = 300
ENVELOPE_CHARACTERS_MAX = 20
SEALED_BYTES_MAX = 2048
SHA256_BYTES = 32


class Kind(IntEnum):
    """The number of each kind of entry in a book's ledger."""

    MARKED = 1
    MARK_VOIDED = 2
    SLICE_RECEIVED = 3
    LINE_RELEASED = 4
    LINE_ACCEPTED = 5
    ANNEX_ADDED = 6
    PROVISIONAL_RESOLVED = 7
    TOOK_OVER = 8
    BOOK_CLOSED = 9
    KEY_BOUND = 16
    DAY_OPENED = 17
    ROW_SEEN = 18
    TAIL_RECEIVED = 19
    PROVISIONAL_RESOLVED_PROVEN = 20


class Outcome(IntEnum):
    """What became of a provisional ballot: its envelope goes into the box, or stays closed."""

    NOT_COUNTED = 0
    COUNTED = 1


@dataclass(frozen=True, slots=True)
class Marked:
    """The voter of this line received ballots."""

    line: LineId
    channel: Channel


@dataclass(frozen=True, slots=True)
class MarkVoided:
    """The mark with number `mark` is undone by two officers, who say why."""

    line: LineId
    mark: EntryNumber
    reason: str
    officers: TwoOfficers


@dataclass(frozen=True, slots=True)
class SliceReceived:
    """The first entry of a book that was issued a slice; `holds` tells whether its lines are this book's."""

    slice_sha256: bytes
    line_count: int
    holds: bool


@dataclass(frozen=True, slots=True)
class LineReleased:
    """These lines are let go to `receiver`; `signature` is the release's own (`releases.sign_release`)."""

    receiver: BookName
    lines: tuple[MovedLine, ...]
    signature: bytes

    def release(self, sender: BookName) -> Release:
        """The release, in whose book this entry stands."""
        return Release(sender, self.receiver, self.lines, self.signature)


@dataclass(frozen=True, slots=True)
class LineAccepted:
    """The lines of `release` are held here from now on; `sender_key` is the key that signed it."""

    release: Release
    sender_key: bytes


@dataclass(frozen=True, slots=True)
class AnnexAdded:
    """A voter of the annex: one whose line came here, or a provisional one.

    For a provisional voter `line` is a new random number, `envelope` what is written on the sealed envelope, and
    `sealed` who the voter says to be, sealed to the register. For an admitted one both are empty.
    """

    line: LineId
    is_provisional: bool
    envelope: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ProvisionalResolved:
    """Two officers did with the envelope what the register's entry number `adjudication` says.

    `word` is the register's signature under that (`acts.adjudication_bytes`), by which this entry proves itself, also
    to a register that was put back to a backup from before; empty where an earlier release gave none.
    """

    line: LineId
    outcome: Outcome
    adjudication: EntryNumber
    officers: TwoOfficers
    word: bytes = b""


@dataclass(frozen=True, slots=True)
class TookOver:
    """The first entry of a successor: two officers took over from the mirror of `predecessor`, which ends at `head`.

    `signature` is the predecessor's under that head.
    """

    predecessor: BookName
    head: Head
    signature: bytes
    officers: TwoOfficers


@dataclass(frozen=True, slots=True)
class BookClosed:
    """Two officers closed the book: nothing is marked or moved here any more."""

    officers: TwoOfficers


@dataclass(frozen=True, slots=True)
class RowSeen:
    """Two officers saw the row of this unproven line unsigned in the paper list (custody rule 9)."""

    line: LineId
    officers: TwoOfficers


@dataclass(frozen=True, slots=True)
class TailReceived:
    """The register's word on the predecessor's ledger past the mirror, signed by it (`acts.tail_bytes`).

    `is_complete`: nothing more will come of that ledger, so that what is not named here is proven.
    """

    head: Head
    lines: tuple[TailLine, ...]
    is_complete: bool
    signature: bytes


@dataclass(frozen=True, slots=True)
class KeyBound:
    """From here on this person signs with this key: two officers say so, but of a first key before the first day."""

    person: PersonNumber
    public_key: bytes
    officers: TwoOfficers | None = None


@dataclass(frozen=True, slots=True)
class DayOpened:
    """Two officers opened the station's day; `day` is the local date, YYYY-MM-DD."""

    day: str
    officers: TwoOfficers


Fact = (
    Marked
    | MarkVoided
    | SliceReceived
    | LineReleased
    | LineAccepted
    | AnnexAdded
    | ProvisionalResolved
    | TookOver
    | BookClosed
    | KeyBound
    | DayOpened
    | RowSeen
    | TailReceived
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact, when it was entered and who was at the desk."""

    at: HybridTime
    actor: PersonNumber
    fact: Fact


def encode_entry(entry: Entry) -> bytes:
    """The bytes of `entry`, which are stored once and never made again."""
    kind, body = _body(entry.fact)
    return cbor.encode([int(kind), entry.at, entry.actor, body])


def decode_entry(untrusted: bytes) -> Entry:
    """The entry that these bytes say.

    Raises:
        InputInvalid: Not an entry of a kind and form that this release knows, in its one encoding.
    """
    fields = Fields(cbor.decode(untrusted, ENTRY_BYTES_MAX), 4)
    number = fields.take_int(0, 255)
    at = HybridTime(fields.take_int(0, HYBRID_TIME_MAX))
    actor = PersonNumber(fields.take_int(MACHINE, PERSON_NUMBER_MAX))
    try:
        kind = Kind(number)
    except ValueError as error:
        raise InputInvalid(f"an entry of the unknown kind {number}") from error
    return Entry(at, actor, _fact(kind, fields.take_array(8)))


def lines_of(fact: Fact) -> tuple[LineId, ...]:
    """The lines that a fact is about."""
    match fact:
        case Marked() | MarkVoided() | AnnexAdded() | ProvisionalResolved() | RowSeen():
            return (fact.line,)
        case LineReleased():
            return tuple(moved.line for moved in fact.lines)
        case LineAccepted():
            return tuple(moved.line for moved in fact.release.lines)
        case TailReceived():
            return tuple(each.line for each in fact.lines)
        case SliceReceived() | TookOver() | BookClosed() | KeyBound() | DayOpened():
            return ()


def _body(fact: Fact) -> tuple[Kind, list[object]]:
    match fact:
        case Marked(line, channel):
            return Kind.MARKED, [line, CHANNELS.index(channel)]
        case MarkVoided(line, mark, reason, officers):
            return Kind.MARK_VOIDED, [line, mark, reason, pack_officers(officers)]
        case SliceReceived(slice_sha256, line_count, holds):
            return Kind.SLICE_RECEIVED, [slice_sha256, line_count, int(holds)]
        case LineReleased(receiver, lines, signature):
            return Kind.LINE_RELEASED, [pack_book(receiver), pack_lines(lines), signature]
        case LineAccepted(release, sender_key):
            return Kind.LINE_ACCEPTED, [pack_release(release), sender_key]
        case AnnexAdded(line, is_provisional, envelope, sealed):
            return Kind.ANNEX_ADDED, [line, int(is_provisional), envelope, sealed]
        case ProvisionalResolved(line, outcome, adjudication, officers, word):
            resolved: list[object] = [line, int(outcome), adjudication, pack_officers(officers)]
            if not word:
                return Kind.PROVISIONAL_RESOLVED, resolved
            return Kind.PROVISIONAL_RESOLVED_PROVEN, [*resolved, word]
        case TookOver(predecessor, head, signature, officers):
            body = [pack_book(predecessor), head.number, head.hash, signature, pack_officers(officers)]
            return Kind.TOOK_OVER, body
        case BookClosed(officers):
            return Kind.BOOK_CLOSED, [pack_officers(officers)]
        case KeyBound(person, key, officers):
            return Kind.KEY_BOUND, [person, key, pack_officers(officers) if officers else []]
        case DayOpened(day, officers):
            return Kind.DAY_OPENED, [day, pack_officers(officers)]
        case RowSeen(line, officers):
            return Kind.ROW_SEEN, [line, pack_officers(officers)]
        case TailReceived(head, lines, is_complete, signature):
            return Kind.TAIL_RECEIVED, [head.number, head.hash, pack_tail(lines), int(is_complete), signature]


def _fact(kind: Kind, body: list[object]) -> Fact:
    fields = Fields(body, _SIZES[kind])
    match kind:
        case Kind.MARKED:
            return Marked(_line(fields), CHANNELS[fields.take_int(0, len(CHANNELS) - 1)])
        case Kind.MARK_VOIDED:
            line, mark = _line(fields), EntryNumber(fields.take_int(1))
            return MarkVoided(line, mark, fields.take_text(REASON_CHARACTERS_MAX), take_officers(fields))
        case Kind.SLICE_RECEIVED:
            sha256 = fields.take_bytes(SHA256_BYTES, SHA256_BYTES)
            return SliceReceived(sha256, fields.take_int(), bool(fields.take_int(0, 1)))
        case Kind.LINE_RELEASED:
            receiver, lines = take_book(fields.take_array(2)), take_lines(fields.take_array(LINES_MAX))
            return LineReleased(receiver, lines, _signature(fields))
        case Kind.LINE_ACCEPTED:
            return LineAccepted(take_release(fields.take_array(4)), fields.take_bytes(KEY_BYTES, KEY_BYTES))
        case Kind.ANNEX_ADDED:
            line, is_provisional = _line(fields), bool(fields.take_int(0, 1))
            envelope, sealed = fields.take_text(ENVELOPE_CHARACTERS_MAX), fields.take_bytes(0, SEALED_BYTES_MAX)
            if is_provisional != bool(envelope and sealed):
                raise InputInvalid("an envelope and who it is of belong to a provisional voter")
            return AnnexAdded(line, is_provisional, envelope, sealed)
        case Kind.PROVISIONAL_RESOLVED | Kind.PROVISIONAL_RESOLVED_PROVEN:
            line, outcome = _line(fields), Outcome(fields.take_int(0, 1))
            adjudication, officers = EntryNumber(fields.take_int(1)), take_officers(fields)
            word = _signature(fields) if kind is Kind.PROVISIONAL_RESOLVED_PROVEN else b""
            return ProvisionalResolved(line, outcome, adjudication, officers, word)
        case Kind.TOOK_OVER:
            return TookOver(take_book(fields.take_array(2)), _head(fields), _signature(fields), take_officers(fields))
        case Kind.BOOK_CLOSED:
            return BookClosed(take_officers(fields))
        case Kind.KEY_BOUND:
            person = PersonNumber(fields.take_int(1, PERSON_NUMBER_MAX))
            key, signatures = fields.take_bytes(KEY_BYTES, KEY_BYTES), fields.take_array(2)
            return KeyBound(person, key, officers_of(signatures) if signatures else None)
        case Kind.DAY_OPENED:
            return DayOpened(fields.take_date().isoformat(), take_officers(fields))
        case Kind.ROW_SEEN:
            return RowSeen(_line(fields), take_officers(fields))
        case Kind.TAIL_RECEIVED:
            head = _head(fields)
            tail = take_tail(fields.take_array(TAIL_LINES_MAX))
            return TailReceived(head, tail, bool(fields.take_int(0, 1)), _signature(fields))


_SIZES = {
    Kind.MARKED: 2,
    Kind.MARK_VOIDED: 4,
    Kind.SLICE_RECEIVED: 3,
    Kind.LINE_RELEASED: 3,
    Kind.LINE_ACCEPTED: 2,
    Kind.ANNEX_ADDED: 4,
    Kind.PROVISIONAL_RESOLVED: 4,
    Kind.TOOK_OVER: 5,
    Kind.BOOK_CLOSED: 1,
    Kind.KEY_BOUND: 3,
    Kind.DAY_OPENED: 2,
    Kind.ROW_SEEN: 2,
    Kind.TAIL_RECEIVED: 5,
    Kind.PROVISIONAL_RESOLVED_PROVEN: 5,
}
"""How many items the body of each kind has."""


def _line(fields: Fields) -> LineId:
    return LineId(fields.take_int(1, LINE_ID_MAX))


def _head(fields: Fields) -> Head:
    return Head(EntryNumber(fields.take_int()), fields.take_bytes(HEAD_BYTES, HEAD_BYTES))


def _signature(fields: Fields) -> bytes:
    return fields.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES)
