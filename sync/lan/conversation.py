"""One neighbour: its channel, what it says and what it is answered, and how long it may keep silent. No socket.

1. Nothing is listened to before the other device is proven (`channel`) and its book is welcome (its `Hello`).
2. A neighbour that is not proven in 5 s or says nothing for 15 s, that breaks the form of a message, asks, offers or
   tells too often, is hung up on or refused; the book is not touched for it.
3. A release is offered again until its acceptance is known; who refuses one is offered it more and more rarely.
4. The answer to a question may never come: each has its own deadline. What it would have brought comes as an offer
   later, and is taken then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from pollbook.clock import Clock
from pollbook.failures import Failure, InputInvalid, Refused, UchastkaError, WorldFailed
from pollbook.types import BookName
from sync.lan.channel import Channel
from sync.lan.credentials import Credentials
from sync.lan.messages import (
    Accepted,
    AskLine,
    AskShare,
    Hello,
    LineStanding,
    Message,
    NotAccepted,
    Offer,
    Refusal,
    State,
    Statuses,
    StatusOf,
    Superseded,
    decode_message,
    encode_message,
)
from sync.lan.neighbourly import Neighbourly, Parcel, Taken

PROOF_S = 5.0
SILENCE_S = 15.0
STATE_EVERY_S = 5.0
ANSWER_S = 3.0
"""A book step takes milliseconds; a desk that is written to for longer has a failing disk."""
OFFER_EVERY_S = 2.0
OFFER_EVERY_MAX_S = 300.0
"""A release that was refused is offered again ever more rarely, and never given up (custody rule 2)."""
QUESTIONS_BURST, QUESTIONS_PER_S = 100.0, 50.0
WAITING_BYTES_MAX = 8 * 1024 * 1024
"""A neighbour that does not read what it is sent is hung up on."""

logger = logging.getLogger(__name__)

Answer = Statuses | Refusal | Taken | Failure
"""To a question: what the neighbour says, the lines that came, or why there is no answer."""


class Stage(Enum):
    """How far a conversation is."""

    PROVING = auto()
    GREETING = auto()
    JOINED = auto()
    LEAVING = auto()


@dataclass
class _Asked:
    until_s: float
    tell: Callable[[Answer], None]


@dataclass
class _Offered:
    again_at_s: float
    every_s: float = OFFER_EVERY_S


@dataclass
class _Allowance:
    tokens: float = QUESTIONS_BURST
    at_s: float = 0.0

    def takes_one(self, now_s: float) -> bool:
        self.tokens = min(QUESTIONS_BURST, self.tokens + (now_s - self.at_s) * QUESTIONS_PER_S)
        self.at_s = now_s
        self.tokens = max(0.0, self.tokens - 1) if (may := self.tokens >= 1) else self.tokens
        return may


@dataclass(frozen=True, slots=True)
class Ours:
    """What a conversation needs of its desk.

    `state` is how the desk stands, counted once for all neighbours; `may_share` is asked before one gets a share.
    """

    credentials: Credentials
    book: Neighbourly
    clock: Clock
    state: Callable[[], State]
    may_share: Callable[[int], bool] = field(default=lambda _desk: True)


class Conversation:
    """One end of a connection between desks. Every method raises `WorldFailed` where the connection must end."""

    def __init__(self, ours: Ours, *, connects: bool) -> None:
        self._ours = ours
        self._channel = Channel(ours.credentials, ours.clock, connects=connects)
        now_s = ours.clock.monotonic_s()
        self._began_at_s = self._heard_at_s = self._state_at_s = now_s
        self._stage = Stage.PROVING
        self._hello: Hello | None = None
        self._state: State | None = None
        self._asked: dict[int, _Asked] = {}
        self._offered: dict[bytes, _Offered] = {}
        self._arrived: list[bytes] = []
        self._allowance = _Allowance(at_s=now_s)
        self._number = 0
        self._look_at_s = now_s

    # Who it is with.

    @property
    def stage(self) -> Stage:
        """How far it is."""
        return self._stage

    @property
    def neighbour(self) -> Hello | None:
        """What the neighbour said first, once it is welcome."""
        return self._hello

    @property
    def state(self) -> State | None:
        """How the neighbour stands, as it said last."""
        return self._state

    # Bytes.

    def receive(self, untrusted: bytes) -> None:
        """What came in is answered; the answers wait to be taken out."""
        frames = self._channel.receive(untrusted)
        if self._stage is Stage.PROVING and self._channel.proven is not None:
            self._stage = Stage.GREETING
            self._say(self._ours.book.hello())
        for frame in frames:
            try:
                message = decode_message(frame)
            except InputInvalid as error:
                raise WorldFailed(Failure.NEIGHBOUR_NOT_UNDERSTOOD, str(error)) from error
            self._heard_at_s = self._now_s()
            self._take(message)

    def take_outgoing(self, bytes_max: int) -> bytes:
        """At most so many of the bytes that must go out."""
        return self._channel.take_outgoing(bytes_max)

    def put_back(self, unsent: bytes) -> None:
        """Bytes that did not go out after all."""
        self._channel.put_back(unsent)

    @property
    def waiting_bytes(self) -> int:
        """What must go out."""
        return self._channel.waiting_bytes

    # Time.

    def tick(self) -> None:
        """What is due now is done: deadlines, our state, releases to offer."""
        now_s = self._now_s()
        if self._stage in {Stage.PROVING, Stage.GREETING} and now_s - self._began_at_s > PROOF_S:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "not proven in time")
        if now_s - self._heard_at_s > SILENCE_S:
            raise WorldFailed(Failure.NEIGHBOUR_AWAY, "silent")
        if self.waiting_bytes > WAITING_BYTES_MAX:
            raise WorldFailed(Failure.NEIGHBOUR_AWAY, "does not read")
        for number, asked in list(self._asked.items()):
            if now_s > asked.until_s:
                self._answer(number, Failure.NEIGHBOUR_SLOW)
        if self._stage is Stage.JOINED:
            if now_s - self._state_at_s >= STATE_EVERY_S:
                self._state_at_s = now_s
                self._say(self._ours.state())
            if now_s >= self._look_at_s:
                self.offer_waiting()

    def offer_waiting(self) -> None:
        """Releases to this neighbour that are ready and not known to have arrived are offered, each when it is due."""
        if self._stage is not Stage.JOINED or self._hello is None:
            return
        now_s = self._now_s()
        self._look_at_s = now_s + OFFER_EVERY_S
        self._note_arrived(self._hello.book)
        for parcel in self._ours.book.waiting(self._hello.book):
            self._offer(parcel, 0)

    def ended(self, failure: Failure) -> None:
        """The connection is gone: every question is answered with why."""
        for number in list(self._asked):
            self._answer(number, failure)
        if self._hello is not None:
            with suppress(UchastkaError):  # offered once more, and accepted as before
                self._note_arrived(self._hello.book)

    # Questions of ours.

    def ask(self, question: Callable[[int], Message], tell: Callable[[Answer], None]) -> None:
        """Ask it; `tell` is called exactly once, with the answer or why there is none."""
        self._number += 1
        self._asked[self._number] = _Asked(self._now_s() + ANSWER_S, tell)
        self._say(question(self._number))

    # What the neighbour says.

    def _take(self, message: Message) -> None:
        match message:
            case Hello():
                self._greet(message)
            case Superseded(proof):
                if self._may_touch_the_book():
                    self._ours.book.take_proof(proof)
            case _ if self._stage is Stage.LEAVING:
                return
            case _ if self._stage is Stage.JOINED and self._hello is not None:
                self._take_from(self._hello, message)
            case _:
                raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "speaks before it is welcome")

    def _take_from(self, neighbour: Hello, message: Message) -> None:
        match message:
            case AskLine() | AskShare() | StatusOf():
                self._say(self._reply(message, neighbour))
                if isinstance(message, AskShare):
                    self.offer_waiting()
            case State():
                self._state = message
                if self._may_touch_the_book():
                    self._ours.book.note_state(neighbour.desk, message)
            case Offer() if not self._may_touch_the_book():  # it is offered again, ever more rarely
                self._say(NotAccepted(message.release, Failure.NEIGHBOUR_BUSY))
                self._answer(message.request, Failure.NEIGHBOUR_BUSY)
            case Offer():
                if (against := self._parting_from(neighbour)) is not None:
                    self._say(against)
                else:
                    self._accept(message)
            case Accepted(release, _entry):
                # Kept with the next look at what waits: the disk's time belongs to the next line that is asked for.
                if self._offered.pop(release, None) is not None:
                    self._arrived.append(release)
            case NotAccepted(release, failure):
                self._refused(release, failure)
            case Statuses(request) | Refusal(request):
                self._answer(request, message)
            case Hello() | Superseded():
                raise TypeError(type(message).__name__)

    def _greet(self, untrusted: Hello) -> None:
        proven = self._channel.proven
        if self._stage is not Stage.GREETING or proven is None:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_UNDERSTOOD, "greets twice")
        book = self._ours.book
        if untrusted.book.device != proven.device:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "a book of another device")
        if (refused := book.welcome(untrusted, proven.device)) is not None:
            raise WorldFailed(refused.failure, "not welcome", **refused.facts)
        for proof in untrusted.superseded:
            book.take_proof(proof)
        if (against := self._parting_from(untrusted)) is not None:
            self._say(against)
            return
        self._hello, self._state, self._stage = untrusted, untrusted.state, Stage.JOINED
        book.note_state(untrusted.desk, untrusted.state)
        self.offer_waiting()

    def _parting_from(self, neighbour: Hello) -> Superseded | None:
        """The last word to a book that was taken over, also where that became known after it had joined (rule 9)."""
        against = self._ours.book.proof_against(neighbour.book)
        if against is None:
            return None
        self._stage = Stage.LEAVING
        return Superseded(against)

    def _reply(self, question: AskLine | AskShare | StatusOf, asking: Hello) -> Message:
        if not self._may_touch_the_book():
            return Refusal(question.request, Failure.NEIGHBOUR_BUSY)
        if (against := self._parting_from(asking)) is not None:
            return against
        book = self._ours.book
        try:
            match question:
                case StatusOf(request, lines):
                    return Statuses(request, book.standings(lines))
                case AskLine(request, line):
                    outcome = book.release_line(line, asking.book)
                    if isinstance(outcome, Refused):
                        return Refusal(request, outcome.failure, _first(book.standings((line,))))
                    if outcome is None:
                        return Refusal(request, Failure.NOT_SAFE_YET)
                    return self._offered_as(outcome, request)
                case AskShare(request, count):
                    if not self._ours.may_share(asking.desk):
                        return Refusal(request, Failure.NEIGHBOUR_BUSY)
                    refused = book.share(count, asking.book)
                    return Refusal(request, refused.failure) if refused else Statuses(request, ())
        except UchastkaError as error:  # our own disk or book: the neighbour hears its code, and is not to blame
            logger.warning("event=neighbour_not_served code=%s", error.failure.code)
            return Refusal(question.request, error.failure)

    def _offer(self, parcel: Parcel, request: int) -> None:
        offered = self._offered.get(parcel.release)
        if offered is None or self._now_s() >= offered.again_at_s:
            self._say(self._offered_as(parcel, request))

    def _offered_as(self, parcel: Parcel, request: int) -> Offer:
        offered = self._offered.setdefault(parcel.release, _Offered(0.0))
        offered.again_at_s = self._now_s() + offered.every_s
        return Offer(request, parcel.release, parcel.content)

    def _refused(self, release: bytes, failure: Failure) -> None:
        offered = self._offered.get(release)
        if offered is not None and self._may_touch_the_book():  # nor is the log filled by whoever refuses without end
            logger.warning("event=release_not_accepted release=%s code=%s", release.hex(), failure.code)
            offered.every_s = min(OFFER_EVERY_MAX_S, 2 * offered.every_s)
            offered.again_at_s = self._now_s() + offered.every_s

    def _accept(self, offer: Offer) -> None:
        try:
            taken = self._ours.book.accept(offer.parcel)
        except UchastkaError as error:
            logger.warning("event=release_not_taken code=%s", error.failure.code)
            taken = Refused(error.failure)
        if isinstance(taken, Refused):
            self._say(NotAccepted(offer.release, taken.failure))
            self._answer(offer.request, taken.failure)
        else:
            self._say(Accepted(taken.release, taken.entry))
            self._state_at_s = self._now_s() - STATE_EVERY_S  # where these pages are now is told at the next turn
            self._answer(offer.request, taken)

    def _note_arrived(self, by: BookName) -> None:
        arrived, self._arrived = tuple(self._arrived), []
        if arrived:
            self._ours.book.note_arrived(arrived, by)

    def _answer(self, number: int, answer: Answer) -> None:
        asked = self._asked.pop(number, None)
        if asked is not None:
            asked.tell(answer)

    def _say(self, message: Message) -> None:
        self._channel.send(encode_message(message))

    def _may_touch_the_book(self) -> bool:
        """Whether what the neighbour says now is worth a step on the book, or it says too much."""
        return self._allowance.takes_one(self._now_s())

    def _now_s(self) -> float:
        return self._ours.clock.monotonic_s()


def _first(standings: tuple[LineStanding, ...]) -> LineStanding | None:
    return standings[0] if standings else None
