"""What the register has for one book, numbered: the kinds of feed items and what each carries.

A feed item is `FeedItem(number, kind, text, entry, content)`. The first kinds speak by `text` and `entry` alone; the
others carry one of the values below as the deterministic CBOR of `content`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor
from pollbook.asks import ASK_ID_BYTES, ClaimAnswer
from pollbook.cbor import Fields
from pollbook.differences import (
    BUCKETS,
    DIGEST_BYTES,
    LINES_COMPARED_MAX,
    LinesCompared,
    pack_compared,
    unpack_compared,
)
from pollbook.entries import Outcome
from pollbook.failures import InputInvalid
from pollbook.ledger import HEAD_BYTES, Head
from pollbook.release_certificate import CERTIFICATE_OF_RELEASE_BYTES_MAX
from pollbook.releases import KEY_BYTES, RELEASE_ID_BYTES, SIGNATURE_BYTES, pack_book, take_book
from pollbook.slice import pack_voters, unpack_voters
from pollbook.statuses import Statuses, pack_groups, take_statuses
from pollbook.tails import TAIL_LINES_MAX, TailLine, pack_tail, take_tail
from pollbook.types import LINE_ID_MAX, BookName, EntryNumber, LineId, PrecinctCode, is_precinct_code
from pollbook.voters import Voter

CONTENT_BYTES_MAX = CERTIFICATE_OF_RELEASE_BYTES_MAX + 1024
LINES_IN_ITEM_MAX = 1000
FEED_TEXT_MAX = 2000
FEED_CHECK_BYTES = 4
"""A feed that was rolled back is mistaken for the one that was seen once in four thousand million times."""
_ADDRESS_CHARACTERS_MAX = 400
_SOURCE_CHARACTERS_MAX = 100


class FeedKind(IntEnum):
    """What a feed item tells the book."""

    ANOMALY = 1
    NOTICE = 2
    REVOKED = 3
    RECALLED = 4
    GRANTED = 5
    CLAIM_ANSWERED = 6
    SUPERSEDED = 7
    LIST_CHANGED = 8
    ADJUDICATED = 9
    TAIL = 10
    INTAKE = 11
    STATUSES = 12
    DISPUTED = 13
    DISPUTE_RESOLVED = 14
    ARRIVED = 15
    LINES_COMPARED = 16


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One numbered thing the register has for one book: its kind and the fields that belong to it.

    ANOMALY carries the anomaly's name and the entry number (0: the whole book); NOTICE a text for the commission;
    REVOKED the reason; the others a `content`.
    """

    number: int
    kind: FeedKind
    text: str
    entry: int = 0
    content: bytes = b""


def next_feed_check(before: bytes, item: FeedItem) -> bytes:
    """The check of a feed that ends with this item, after one whose check is `before` (empty before the first)."""
    content = cbor.encode([item.number, int(item.kind), item.text[:FEED_TEXT_MAX], item.entry, item.content])
    return hashlib.sha256(before + content).digest()[:FEED_CHECK_BYTES]


@dataclass(frozen=True, slots=True)
class Recalled:
    """The register asks for this line, for `receiver`, by its own entry `entry`."""

    line: LineId
    receiver: BookName
    claim: bytes


@dataclass(frozen=True, slots=True)
class Granted:
    """A release certificate that is addressed to this book; `claim` is the id of the claim, or zeros."""

    claim: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class ClaimAnswered:
    """What became of a claim; the precinct where the line stands and when its book was last heard, where known."""

    claim: bytes
    answer: ClaimAnswer
    precinct: str = ""
    address: str = ""
    heard_at_s: int = 0


@dataclass(frozen=True, slots=True)
class Superseded:
    """Another book took over from this one at `head`."""

    successor: BookName
    head: Head


@dataclass(frozen=True, slots=True)
class ListChanged:
    """A voter's data as they are now; the line, its holder and its mark are untouched (custody rule 12)."""

    voter: Voter
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Adjudicated:
    """The register's word on a provisional line, by its own entry `number`.

    `word` is its signature under that, for the book with the envelope; empty for the book with the voter's own line,
    and from a register of an earlier release.
    """

    line: LineId
    outcome: Outcome
    number: EntryNumber
    word: bytes = b""


@dataclass(frozen=True, slots=True)
class Tail:
    """What `entries.TailReceived` is made of."""

    head: Head
    lines: tuple[TailLine, ...]
    is_complete: bool
    signature: bytes


@dataclass(frozen=True, slots=True)
class Intake:
    """The book that takes in lines for a precinct, its certificate and its key for what is sealed to it."""

    precinct: PrecinctCode
    address: str
    book: BookName
    box_key: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """A release of this book has been accepted by its receiver."""

    release: bytes


@dataclass(frozen=True, slots=True)
class LinesNamed:
    """Lines by id: those in dispute, or whose dispute people resolved."""

    lines: tuple[LineId, ...]


Content = (
    Recalled
    | Granted
    | ClaimAnswered
    | Superseded
    | ListChanged
    | Adjudicated
    | Tail
    | Intake
    | Statuses
    | Arrived
    | LinesNamed
    | LinesCompared
)


def encode_content(content: Content) -> bytes:
    """The bytes of a feed item's content."""
    match content:
        case Recalled(line, receiver, claim):
            body: list[object] = [line, pack_book(receiver), claim]
        case Granted(claim, certificate):
            body = [claim, certificate]
        case ClaimAnswered(claim, answer, precinct, address, heard_at_s):
            body = [claim, answer.value, precinct, address, heard_at_s]
        case Superseded(successor, head):
            body = [pack_book(successor), head.number, head.hash]
        case ListChanged(voter, source, reason):
            body = [pack_voters([voter]), source, reason]
        case Adjudicated(line, outcome, number, word):
            body = [line, int(outcome), number, word]
        case Tail(head, lines, is_complete, signature):
            body = [head.number, head.hash, pack_tail(lines), int(is_complete), signature]
        case Intake(precinct, address, book, box_key):
            body = [precinct, address, pack_book(book), box_key]
        case Statuses():
            body = pack_groups(content)
        case Arrived(release):
            body = [release]
        case LinesNamed(lines):
            body = [list(lines)]
        case LinesCompared():
            body = pack_compared(content)
    return cbor.encode(body)


def decode_content(kind: FeedKind, untrusted: bytes) -> Content | None:
    """What an item of this kind carries; None for a kind that carries nothing of these.

    Raises:
        InputInvalid: Not the content of such an item.
    """
    size = _SIZES.get(kind)
    if size is None:
        return None
    value = cbor.decode(untrusted, CONTENT_BYTES_MAX)
    fields = Fields(_with_word(value) if kind is FeedKind.ADJUDICATED else value, size)
    match kind:
        case FeedKind.RECALLED:
            return Recalled(_line(fields), take_book(fields.take_array(2)), _claim(fields))
        case FeedKind.GRANTED:
            return Granted(_claim(fields), fields.take_bytes(1, CERTIFICATE_OF_RELEASE_BYTES_MAX))
        case FeedKind.CLAIM_ANSWERED:
            claim, answer = _claim(fields), fields.take_text(40)
            if answer not in set(ClaimAnswer):
                raise InputInvalid("an unknown answer to a claim")
            precinct, address = fields.take_text(9), fields.take_text(_ADDRESS_CHARACTERS_MAX)
            return ClaimAnswered(claim, ClaimAnswer(answer), precinct, address, fields.take_int())
        case FeedKind.SUPERSEDED:
            return Superseded(take_book(fields.take_array(2)), _head(fields))
        case FeedKind.LIST_CHANGED:
            (voter,) = unpack_voters(fields.take_array(32), 1)
            return ListChanged(voter, fields.take_text(_SOURCE_CHARACTERS_MAX), fields.take_text(400))
        case FeedKind.ADJUDICATED:
            line, outcome = _line(fields), Outcome(fields.take_int(0, 1))
            return Adjudicated(line, outcome, EntryNumber(fields.take_int(1)), _word(fields))
        case FeedKind.TAIL:
            head, lines = _head(fields), take_tail(fields.take_array(TAIL_LINES_MAX))
            complete = bool(fields.take_int(0, 1))
            return Tail(head, lines, complete, fields.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES))
        case FeedKind.INTAKE:
            precinct = fields.take_text(9)
            if not is_precinct_code(precinct):
                raise InputInvalid("not a precinct's code")
            address, book = fields.take_text(_ADDRESS_CHARACTERS_MAX), take_book(fields.take_array(2))
            return Intake(PrecinctCode(precinct), address, book, fields.take_bytes(KEY_BYTES, KEY_BYTES))
        case FeedKind.STATUSES:
            return take_statuses(fields)
        case FeedKind.ARRIVED:
            return Arrived(fields.take_bytes(RELEASE_ID_BYTES, RELEASE_ID_BYTES))
        case FeedKind.LINES_COMPARED:
            number, buckets = fields.take_int(), fields.take_bytes(0, BUCKETS)
            compared_lines = fields.take_bytes(0, DIGEST_BYTES * LINES_COMPARED_MAX)
            return unpack_compared(
                number, buckets, compared_lines, fields.take_bytes(0, DIGEST_BYTES * LINES_COMPARED_MAX)
            )
        case _:
            lines_named = fields.take_array(LINES_IN_ITEM_MAX)
            each = Fields(lines_named, len(lines_named))
            return LinesNamed(tuple(_line(each) for _ in lines_named))


_SIZES = {
    FeedKind.RECALLED: 3,
    FeedKind.GRANTED: 2,
    FeedKind.CLAIM_ANSWERED: 5,
    FeedKind.SUPERSEDED: 3,
    FeedKind.LIST_CHANGED: 3,
    FeedKind.ADJUDICATED: 4,
    FeedKind.TAIL: 5,
    FeedKind.INTAKE: 4,
    FeedKind.STATUSES: 3,
    FeedKind.DISPUTED: 1,
    FeedKind.DISPUTE_RESOLVED: 1,
    FeedKind.ARRIVED: 1,
    FeedKind.LINES_COMPARED: 4,
}
"""How many fields each content has."""
_UNSIGNED_ADJUDICATED = 3
"""How many an adjudication had that the register did not sign; books keep such."""


def _line(fields: Fields) -> LineId:
    return LineId(fields.take_int(1, LINE_ID_MAX))


def _with_word(untrusted: object) -> object:
    if isinstance(untrusted, list) and len(untrusted) == _UNSIGNED_ADJUDICATED:
        return [*untrusted, b""]
    return untrusted


def _word(fields: Fields) -> bytes:
    word = fields.take_bytes(0, SIGNATURE_BYTES)
    if len(word) not in {0, SIGNATURE_BYTES}:
        raise InputInvalid("a signature of another length")
    return word


def _claim(fields: Fields) -> bytes:
    return fields.take_bytes(ASK_ID_BYTES, ASK_ID_BYTES)


def _head(fields: Fields) -> Head:
    return Head(EntryNumber(fields.take_int()), fields.take_bytes(HEAD_BYTES, HEAD_BYTES))
