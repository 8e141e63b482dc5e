"""What desks say to each other once both are proven: one message a frame, deterministic CBOR, each part with a limit.

Releases and proofs travel as the bytes that the book made; whoever receives them lets the book judge them. A question
carries a number that its answer repeats; a release is known by its id (`pollbook/releases.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.clock import BEFORE_ALL, HYBRID_TIME_MAX, HybridTime
from pollbook.failures import Failure, InputInvalid
from pollbook.types import LINE_ID_MAX, BookName, DeviceId, EntryNumber, LineId
from sync.lan.channel import FRAME_BYTES_MAX

DESK_MAX = 99
COUNT_MAX = 1_000_000
LINES_MAX = 1000
"""In one question."""
PARCEL_BYTES_MAX = FRAME_BYTES_MAX - 1024
MEMBERSHIP_BYTES_MAX = 256 * 1024
"""A slice's signed header; the same limit as in `pollbook.slice`."""
PROOF_BYTES_MAX = 16 * 1024
PROOFS_MAX = 16
RUNS_MAX = 1000
RELEASE_ID_BYTES = 8
_REQUEST_MAX = 2**31 - 1


class Kind(IntEnum):
    """The number of each message; numbers are kept forever."""

    HELLO = 1
    STATE = 2
    ASK_LINE = 3
    ASK_SHARE = 4
    OFFER = 5
    ACCEPTED = 6
    NOT_ACCEPTED = 7
    STATUS_OF = 8
    STATUSES = 9
    REFUSED = 10
    SUPERSEDED = 11


@dataclass(frozen=True, slots=True)
class State:
    """How a desk stands: lines it holds, those of them unmarked, and its queue (voters served lately, `sharing`).

    `pages` are the runs (first, last) of the list's pages of which it holds any line: where to send a voter when the
    network is down.
    """

    held: int
    unmarked: int
    queue: int
    pages: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of both sides. `membership` proves that this book belongs to the precinct, as the book made it.

    `superseded` are the proofs that the desk has of books which another has taken over or the register has revoked.
    """

    book: BookName
    desk: int
    membership: bytes
    state: State
    superseded: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class AskLine:
    """Release this line to me, if it is yours and unmarked."""

    request: int
    line: LineId


@dataclass(frozen=True, slots=True)
class AskShare:
    """Release so many unmarked lines to me, by whole pages where you can."""

    request: int
    count: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A release with what the receiver must know of its voters; `request` is 0 where it is sent again or unasked.

    `release` is the id by which it is answered; what it really is stands in the parcel.
    """

    request: int
    release: bytes
    parcel: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The release with this id is entered here under this number; it need not be sent again."""

    release: bytes
    entry: EntryNumber


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """The release with this id is not accepted, and why."""

    release: bytes
    failure: Failure


@dataclass(frozen=True, slots=True)
class StatusOf:
    """How do these lines stand in your book?"""

    request: int
    lines: tuple[LineId, ...]


class Standing(StrEnum):
    """How a line stands in one book, as another desk needs to know it."""

    HELD = "held"
    OPEN = "open"
    MARKED = "marked"
    RELEASED = "released"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LineStanding:
    """One line's standing in a book; `desk` is where a released line went (0: not known), `at` when it was marked."""

    line: LineId
    standing: Standing
    desk: int = 0
    at: HybridTime = BEFORE_ALL


@dataclass(frozen=True, slots=True)
class Statuses:
    """The answer to `StatusOf`, in the same order."""

    request: int
    standings: tuple[LineStanding, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer to a question that is refused; `standing` tells how the line stands there, where one was asked for."""

    request: int
    failure: Failure
    standing: LineStanding | None = None


@dataclass(frozen=True, slots=True)
class Superseded:
    """A proof that a book has been taken over or revoked; who is named in it locks."""

    proof: bytes


Message = (
    Hello | State | AskLine | AskShare | Offer | Accepted | NotAccepted | StatusOf | Statuses | Refusal | Superseded
)

_FAILURES = {failure.key: failure for failure in Failure}
_STANDINGS = tuple(Standing)


def encode_message(message: Message) -> bytes:
    """The bytes of a message, at most a frame."""
    return cbor.encode(_question_parts(message) or _told_parts(message))


def decode_message(untrusted: bytes) -> Message:
    """The message that these bytes say.

    Raises:
        InputInvalid: Anything else.
    """
    items = cbor.decode(untrusted, FRAME_BYTES_MAX)
    if not isinstance(items, list) or not items or not isinstance(items[0], int) or isinstance(items[0], bool):
        raise InputInvalid("not a message")
    try:
        kind = Kind(items[0])
    except ValueError as error:
        raise InputInvalid(f"a message of the unknown kind {items[0]}") from error
    return _READERS[kind](items[1:])


def _question_parts(message: Message) -> list[object]:
    """The parts of a question or of its answer; none of another message."""
    match message:
        case AskLine(request, line):
            return [int(Kind.ASK_LINE), request, line]
        case AskShare(request, count):
            return [int(Kind.ASK_SHARE), request, count]
        case StatusOf(request, lines):
            return [int(Kind.STATUS_OF), request, list(lines)]
        case Statuses(request, standings):
            return [int(Kind.STATUSES), request, [_standing_parts(standing) for standing in standings]]
        case Refusal(request, failure, standing):
            standings_said = [] if standing is None else [_standing_parts(standing)]
            return [int(Kind.REFUSED), request, failure.key, standings_said]
        case _:
            return []


def _told_parts(message: Message) -> list[object]:
    match message:
        case Hello(book, desk, membership, state, superseded):
            name = [book.device, book.epoch]
            return [int(Kind.HELLO), name, desk, membership, _state_parts(state), list(superseded)]
        case State():
            return [int(Kind.STATE), *_state_parts(message)]
        case Offer(request, release, parcel):
            return [int(Kind.OFFER), request, release, parcel]
        case Accepted(release, entry):
            return [int(Kind.ACCEPTED), release, entry]
        case NotAccepted(release, failure):
            return [int(Kind.NOT_ACCEPTED), release, failure.key]
        case Superseded(proof):
            return [int(Kind.SUPERSEDED), proof]
        case AskLine() | AskShare() | StatusOf() | Statuses() | Refusal():
            raise TypeError(type(message).__name__)


def _ask_line(parts: list[object]) -> AskLine:
    fields = Fields(parts, 2)
    return AskLine(_request(fields), _line(fields))


def _ask_share(parts: list[object]) -> AskShare:
    fields = Fields(parts, 2)
    return AskShare(_request(fields), fields.take_int(1, COUNT_MAX))


def _offer(parts: list[object]) -> Offer:
    fields = Fields(parts, 3)
    return Offer(fields.take_int(0, _REQUEST_MAX), _release(fields), fields.take_bytes(1, PARCEL_BYTES_MAX))


def _accepted(parts: list[object]) -> Accepted:
    fields = Fields(parts, 2)
    return Accepted(_release(fields), EntryNumber(fields.take_int(1)))


def _not_accepted(parts: list[object]) -> NotAccepted:
    fields = Fields(parts, 2)
    return NotAccepted(_release(fields), _failure(fields))


def _status_of(parts: list[object]) -> StatusOf:
    fields = Fields(parts, 2)
    return StatusOf(_request(fields), tuple(_lines(fields.take_array(LINES_MAX))))


def _statuses(parts: list[object]) -> Statuses:
    fields = Fields(parts, 2)
    return Statuses(_request(fields), tuple(_standing(item) for item in fields.take_array(LINES_MAX)))


def _superseded(parts: list[object]) -> Superseded:
    return Superseded(Fields(parts, 1).take_bytes(1, PROOF_BYTES_MAX))


def _hello(parts: list[object]) -> Hello:
    fields = Fields(parts, 5)
    name = Fields(fields.take_array(2), 2)
    book = BookName(DeviceId(name.take_bytes(16, 16)), name.take_int(1))
    desk, membership = fields.take_int(1, DESK_MAX), fields.take_bytes(1, MEMBERSHIP_BYTES_MAX)
    state, proofs = _state(fields.take_array(4)), fields.take_array(PROOFS_MAX)
    return Hello(book, desk, membership, state, tuple(_proof(item) for item in proofs))


def _refusal(parts: list[object]) -> Refusal:
    fields = Fields(parts, 3)
    request, failure = _request(fields), _failure(fields)
    standings = [_standing(item) for item in fields.take_array(1)]
    return Refusal(request, failure, standings[0] if standings else None)


def _state(parts: list[object]) -> State:
    fields = Fields(parts, 4)
    held = fields.take_int(0, COUNT_MAX)
    unmarked, queue = fields.take_int(0, held), fields.take_int(0, COUNT_MAX)
    return State(held, unmarked, queue, tuple(_run(item) for item in fields.take_array(RUNS_MAX)))


def _run(untrusted: object) -> tuple[int, int]:
    fields = Fields(untrusted, 2)
    first = fields.take_int(0, COUNT_MAX)
    return first, fields.take_int(first, COUNT_MAX)


def _state_parts(state: State) -> list[object]:
    return [state.held, state.unmarked, state.queue, [list(run) for run in state.pages]]


def _standing_parts(standing: LineStanding) -> list[object]:
    return [standing.line, _STANDINGS.index(standing.standing), standing.desk, standing.at]


def _standing(untrusted: object) -> LineStanding:
    fields = Fields(untrusted, 4)
    line, standing = _line(fields), _STANDINGS[fields.take_int(0, len(_STANDINGS) - 1)]
    return LineStanding(line, standing, fields.take_int(0, DESK_MAX), HybridTime(fields.take_int(0, HYBRID_TIME_MAX)))


def _request(fields: Fields) -> int:
    return fields.take_int(1, _REQUEST_MAX)


def _line(fields: Fields) -> LineId:
    return LineId(fields.take_int(1, LINE_ID_MAX))


def _lines(untrusted: list[object]) -> list[LineId]:
    fields = Fields(untrusted, len(untrusted))
    return [_line(fields) for _ in untrusted]


def _release(fields: Fields) -> bytes:
    return fields.take_bytes(RELEASE_ID_BYTES, RELEASE_ID_BYTES)


def _failure(fields: Fields) -> Failure:
    """What a newer desk names and this one does not know is "not understood"."""
    return _FAILURES.get(fields.take_text(60), Failure.NEIGHBOUR_NOT_UNDERSTOOD)


def _proof(untrusted: object) -> bytes:
    return Fields([untrusted], 1).take_bytes(1, PROOF_BYTES_MAX)


_READERS: dict[Kind, Callable[[list[object]], Message]] = {
    Kind.HELLO: _hello,
    Kind.STATE: _state,
    Kind.ASK_LINE: _ask_line,
    Kind.ASK_SHARE: _ask_share,
    Kind.OFFER: _offer,
    Kind.ACCEPTED: _accepted,
    Kind.NOT_ACCEPTED: _not_accepted,
    Kind.STATUS_OF: _status_of,
    Kind.STATUSES: _statuses,
    Kind.REFUSED: _refusal,
    Kind.SUPERSEDED: _superseded,
}
