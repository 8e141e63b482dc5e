"""What a book asks of the register beside sending its entries; each goes up with every sync until it is answered.

An ask is known by its random id, so that asking again is harmless. Answers come in the feed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from pollbook.cbor import Fields
from pollbook.differences import BUCKETS_BYTES, LINES_NAMED_MAX, pack_digests, pack_lines, unpack_buckets, unpack_lines
from pollbook.failures import InputInvalid
from pollbook.permission import Refusal
from pollbook.types import LINE_ID_MAX, EntryNumber, LineId, PrecinctCode, is_precinct_code

ASK_ID_BYTES = 8
ASKS_MAX = 32
DOCUMENT_CHARACTERS_MAX = 40
PINFL_CHARACTERS_MAX = 14


class AskKind(IntEnum):
    """The number of each kind of ask on the wire."""

    CLAIM = 1
    WITHDRAW_CLAIM = 2
    INTAKE = 3
    KEEP_LINE = 4
    COMPARE_LINES = 5
    NAME_LINES = 6


class ClaimAnswer(StrEnum):
    """What the register says to a claim."""

    RECALLED = "recalled"
    GRANTED = "granted"
    ALREADY_MARKED = "already_marked"
    HELD_BACK = "held_back"
    DISPUTED = "disputed"
    UNKNOWN_VOTER = "unknown_voter"
    HELD_HERE = "held_here"
    IN_FLIGHT = "in_flight"
    KEPT = "kept"
    TOO_MANY = "too_many"
    WITHDRAWN = "withdrawn"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True)
class Claim:
    """A voter with a document stands here, and the line is somewhere else."""

    id: bytes
    pinfl: str
    document: str


@dataclass(frozen=True, slots=True)
class WithdrawClaim:
    """The voter of the claim with this id has left: the line need not come."""

    id: bytes


@dataclass(frozen=True, slots=True)
class IntakeAsk:
    """Which book takes in lines for this precinct, and with which keys?"""

    id: bytes
    precinct: PrecinctCode


@dataclass(frozen=True, slots=True)
class KeepLine:
    """A line that was recalled is not let go now, and why (custody rule 6)."""

    id: bytes
    line: LineId
    why: Refusal


@dataclass(frozen=True, slots=True)
class CompareLines:
    """Where do the lines differ, whose buckets have these digests at the book's entry `number` (`differences`)?"""

    id: bytes
    number: EntryNumber
    buckets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NameLines:
    """The lines that were found to differ at the book's entry `number`; nothing is asked, the register is told."""

    id: bytes
    number: EntryNumber
    lines: tuple[LineId, ...]


Ask = Claim | WithdrawClaim | IntakeAsk | KeepLine | CompareLines | NameLines


def pack_ask(ask: Ask) -> list[object]:
    """The ask as a CBOR array."""
    match ask:
        case Claim(ask_id, pinfl, document):
            return [int(AskKind.CLAIM), ask_id, pinfl, document]
        case WithdrawClaim(ask_id):
            return [int(AskKind.WITHDRAW_CLAIM), ask_id]
        case IntakeAsk(ask_id, precinct):
            return [int(AskKind.INTAKE), ask_id, precinct]
        case KeepLine(ask_id, line, why):
            return [int(AskKind.KEEP_LINE), ask_id, line, why.value]
        case CompareLines(ask_id, number, buckets):
            return [int(AskKind.COMPARE_LINES), ask_id, number, pack_digests(buckets)]
        case NameLines(ask_id, number, lines):
            return [int(AskKind.NAME_LINES), ask_id, number, pack_lines(lines)]


def take_ask(untrusted: object) -> Ask:
    """The ask that `pack_ask` made this array of.

    Raises:
        InputInvalid: Anything else.
    """
    if not isinstance(untrusted, list) or not untrusted:
        raise InputInvalid("not an ask")
    fields = Fields(untrusted, len(untrusted))
    kind = fields.take_int(1, 255)
    if kind not in _SIZES or len(untrusted) != _SIZES[AskKind(kind)]:
        raise InputInvalid("not an ask of a known kind")
    ask_id = fields.take_bytes(ASK_ID_BYTES, ASK_ID_BYTES)
    match AskKind(kind):
        case AskKind.CLAIM:
            return Claim(ask_id, fields.take_text(PINFL_CHARACTERS_MAX), fields.take_text(DOCUMENT_CHARACTERS_MAX))
        case AskKind.WITHDRAW_CLAIM:
            return WithdrawClaim(ask_id)
        case AskKind.INTAKE:
            precinct = fields.take_text(9)
            if not is_precinct_code(precinct):
                raise InputInvalid("not a precinct's code")
            return IntakeAsk(ask_id, PrecinctCode(precinct))
        case AskKind.KEEP_LINE:
            line = LineId(fields.take_int(1, LINE_ID_MAX))
            try:
                return KeepLine(ask_id, line, Refusal(fields.take_text(40)))
            except ValueError as error:
                raise InputInvalid("an unknown reason") from error
        case AskKind.COMPARE_LINES:
            number = EntryNumber(fields.take_int())
            return CompareLines(ask_id, number, unpack_buckets(fields.take_bytes(BUCKETS_BYTES, BUCKETS_BYTES)))
        case AskKind.NAME_LINES:
            number = EntryNumber(fields.take_int())
            named = fields.take_bytes(0, 8 * LINES_NAMED_MAX)
            return NameLines(ask_id, number, unpack_lines(named, LINES_NAMED_MAX))


_SIZES = {
    AskKind.CLAIM: 4,
    AskKind.WITHDRAW_CLAIM: 2,
    AskKind.INTAKE: 3,
    AskKind.KEEP_LINE: 4,
    AskKind.COMPARE_LINES: 4,
    AskKind.NAME_LINES: 4,
}
