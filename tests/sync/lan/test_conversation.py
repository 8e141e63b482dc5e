"""Two desks talk without a socket: lines move once whatever is lost, and who lies gets a code and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import pytest

from pollbook import cbor
from pollbook.failures import Failure, WorldFailed
from pollbook.types import EntryNumber, LineId
from sync.lan.channel import Channel
from sync.lan.conversation import (
    ANSWER_S,
    OFFER_EVERY_S,
    PROOF_S,
    QUESTIONS_BURST,
    SILENCE_S,
    STATE_EVERY_S,
    Answer,
    Conversation,
    Ours,
    Stage,
)
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
    Standing,
    State,
    Statuses,
    StatusOf,
    Superseded,
    decode_message,
    encode_message,
)
from sync.lan.neighbourly import Taken
from tests.sync.lan.desks import MemoryDesk, desks
from tests.sync.lan.rooms import Room, book_of

ALL = 1 << 30
M = TypeVar("M", bound=Message)


class Speaker:
    """A proven device that says what the test wants, and keeps what it hears."""

    def __init__(self, room: Room, desk: MemoryDesk) -> None:
        self.desk = desk
        self._channel = Channel(desk.credentials, room.clock, connects=True)
        self._heard: list[Message] = []

    def connect(self, other: Conversation) -> None:
        self.other = other
        for _ in range(3):
            self._exchange()

    def join(self, other: Conversation) -> None:
        self.connect(other)
        self.say(self.desk.hello())
        assert other.stage is Stage.JOINED

    def say(self, message: Message) -> None:
        self.say_bytes(encode_message(message))

    def say_bytes(self, content: bytes) -> None:
        self._channel.send(content)
        self._exchange()

    def heard(self, kind: type[M]) -> list[M]:
        """What it was told of this kind since it last looked."""
        told = [message for message in self._heard if isinstance(message, kind)]
        self._heard.clear()
        return told

    def _exchange(self) -> None:
        self.other.receive(self._channel.take_outgoing(ALL))
        self._heard += [decode_message(frame) for frame in self._channel.receive(self.other.take_outgoing(ALL))]


@pytest.fixture
def room() -> Room:
    return Room()


def conversation(room: Room, desk: MemoryDesk, *, connects: bool, may_share: bool = True) -> Conversation:
    ours = Ours(desk.credentials, desk, room.clock, desk.state, lambda _desk: may_share)
    return Conversation(ours, connects=connects)


def carry(one: Conversation, other: Conversation) -> None:
    while one.waiting_bytes or other.waiting_bytes:
        other.receive(one.take_outgoing(ALL))
        one.receive(other.take_outgoing(ALL))


def joined(room: Room, first: MemoryDesk, second: MemoryDesk) -> tuple[Conversation, Conversation]:
    one, other = conversation(room, first, connects=True), conversation(room, second, connects=False)
    carry(one, other)
    return one, other


def ask(one: Conversation, line: int) -> list[Answer]:
    answers: list[Answer] = []
    one.ask(lambda number: AskLine(number, LineId(line)), answers.append)
    return answers


def test_desks_greet_each_other_and_know_how_the_other_stands(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    one, other = joined(room, first, second)
    assert one.stage is other.stage is Stage.JOINED
    assert one.neighbour is not None
    assert one.neighbour.book == second.place.book
    assert one.state == second.state()
    assert first.heard == {2: second.state()}
    second.marked.add(LineId(21))
    room.clock.advance(STATE_EVERY_S)
    other.tick()
    carry(one, other)
    assert one.state == State(10, 9, 0, ((2, 2), (3, 3)))


def test_a_line_that_is_asked_for_moves_and_both_sides_know_it(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    one, other = joined(room, first, second)
    answers = ask(one, 21)
    carry(one, other)
    assert [type(answer) for answer in answers] == [Taken]
    assert LineId(21) in first.lines
    assert LineId(21) not in second.lines
    other.offer_waiting()
    assert second.arrived == set(second.sent)


@pytest.mark.parametrize(
    ("prepare", "failure", "standing"),
    [
        (lambda desk: desk.marked.add(LineId(21)), Failure.ALREADY_MARKED, Standing.MARKED),
        (lambda desk: desk.opened.add(LineId(21)), Failure.LINE_OPEN, Standing.OPEN),
        (lambda desk: desk.lines.remove(LineId(21)), Failure.LINE_NOT_HELD, Standing.UNKNOWN),
        (lambda desk: setattr(desk, "fails", Failure.DISK_FULL), Failure.DISK_FULL, Standing.HELD),
    ],
)
def test_a_line_that_may_not_move_is_refused_with_how_it_stands(
    room: Room, prepare: Callable[[MemoryDesk], None], failure: Failure, standing: Standing
) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    prepare(second)
    one, other = joined(room, first, second)
    answers = ask(one, 21)
    carry(one, other)
    assert answers == [Refusal(1, failure, LineStanding(LineId(21), standing))]
    assert not second.sent
    assert len(first.lines) == 20


def test_a_line_moves_only_once_its_release_is_safe(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    second.is_safe = False
    one, other = joined(room, first, second)
    answers = ask(one, 21)
    carry(one, other)
    assert answers == [Refusal(1, Failure.NOT_SAFE_YET)]
    assert LineId(21) not in first.lines | second.lines
    second.is_safe = True
    other.offer_waiting()
    carry(one, other)
    assert LineId(21) in first.lines
    other.offer_waiting()
    assert second.arrived == set(second.sent)


def test_a_release_whose_offer_or_acceptance_got_lost_is_sent_again_and_taken_once(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    for lost_at in range(3):
        line = 21 + lost_at
        one, other = joined(room, first, second)
        ask(one, line)
        messages = [one, other, one][: lost_at + 1]
        for sender in messages[:-1]:
            (other if sender is one else one).receive(sender.take_outgoing(ALL))
        one.ended(Failure.NEIGHBOUR_AWAY)  # the cable is pulled with the next message on it
        again, again_other = joined(room, first, second)
        if lost_at == 0:
            assert LineId(line) in second.lines
            continue
        assert LineId(line) in first.lines
        assert LineId(line) not in second.lines
        again_other.offer_waiting()
        assert second.arrived == set(second.sent)
        assert again.stage is again_other.stage is Stage.JOINED
    assert len(first.lines) + len(second.lines) == 30


def test_a_release_is_offered_again_until_it_is_answered_and_more_and_more_rarely_where_it_is_refused(
    room: Room,
) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    speaker = Speaker(room, first)
    speaker.join(conversation(room, second, connects=False))
    speaker.say(AskLine(1, LineId(21)))
    (offer,) = speaker.heard(Offer)
    assert offer.request == 1
    seen: list[float] = []
    for _ in range(60):
        room.clock.advance(OFFER_EVERY_S)
        speaker.say(first.state())
        speaker.other.tick()
        for again in speaker.heard(Offer):
            assert again == Offer(0, offer.release, offer.parcel)
            seen.append(room.clock.passed_s)
            speaker.say(NotAccepted(offer.release, Failure.RELEASE_INVALID))
    waits = [after - before for before, after in pairwise(seen)]
    assert len(seen) >= 4
    assert waits == sorted(waits)
    assert waits[0] < waits[-1]


def test_a_desk_that_shares_gives_what_was_asked_and_no_open_line(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(100, 200))
    second.opened = {LineId(199)}
    one, other = joined(room, first, second)
    answers: list[Answer] = []
    one.ask(lambda number: AskShare(number, 20), answers.append)
    carry(one, other)
    assert answers == [Statuses(1, ())]
    assert len(first.lines) == 20 + 19
    assert LineId(199) in second.lines
    other.offer_waiting()
    assert len(second.arrived) == 1


def test_a_desk_that_may_not_share_gives_nothing(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(100, 200))
    one = conversation(room, first, connects=True)
    other = conversation(room, second, connects=False, may_share=False)
    carry(one, other)
    answers: list[Answer] = []
    one.ask(lambda number: AskShare(number, 20), answers.append)
    carry(one, other)
    assert answers == [Refusal(1, Failure.NEIGHBOUR_BUSY)]
    assert len(second.lines) == 100


def test_the_standing_of_lines_is_told(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    second.marked.add(LineId(22))
    one, other = joined(room, first, second)
    answers: list[Answer] = []
    one.ask(lambda number: StatusOf(number, (LineId(21), LineId(22), LineId(5))), answers.append)
    carry(one, other)
    standings = (Standing.HELD, Standing.MARKED, Standing.UNKNOWN)
    lines = (LineId(21), LineId(22), LineId(5))
    told = tuple(LineStanding(line, standing) for line, standing in zip(lines, standings, strict=True))
    assert answers == [Statuses(1, told)]


def test_a_question_without_an_answer_ends_and_what_comes_late_is_taken(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    one, other = joined(room, first, second)
    answers = ask(one, 21)
    other.receive(one.take_outgoing(ALL))
    room.clock.advance(ANSWER_S + 0.1)
    one.tick()
    assert answers == [Failure.NEIGHBOUR_SLOW]
    carry(one, other)
    assert answers == [Failure.NEIGHBOUR_SLOW]
    assert LineId(21) in first.lines
    other.offer_waiting()
    assert second.arrived == set(second.sent)


def test_when_the_connection_ends_every_question_is_answered_once(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    one, _ = joined(room, first, second)
    answers = ask(one, 21)
    one.ended(Failure.NEIGHBOUR_AWAY)
    one.ended(Failure.NEIGHBOUR_AWAY)
    assert answers == [Failure.NEIGHBOUR_AWAY]


def test_a_superseded_book_is_told_so_with_the_proof_and_hung_up_on(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    second.proofs = {first.place.book: b"over " + first.credentials.device}
    _, other = joined(room, first, second)
    assert first.locked_by
    assert other.stage is Stage.LEAVING
    assert other.neighbour is None


def test_a_desk_tells_what_it_knows_of_others_in_its_first_words(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    second.proofs = {book_of(room.credentials()): b"over " + first.credentials.device}
    joined(room, first, second)
    assert first.locked_by


@pytest.mark.parametrize("word", ["a question", "an offer"])
def test_a_book_that_was_taken_over_after_it_had_joined_is_told_so_at_its_next_word(room: Room, word: str) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    one, other = joined(room, first, second)
    second.proofs = {first.place.book: b"over " + first.credentials.device}
    held = set(second.lines)
    if word == "a question":
        ask(one, 21)
    else:
        one.ask(lambda number: Offer(number, bytes(8), b"parcel"), lambda _answer: None)
    carry(one, other)
    assert len(first.locked_by) == 1
    assert other.stage is Stage.LEAVING
    assert set(second.lines) == held


OFFERS = 400


# --- neighbours who lie: a device that is proven may say anything


def lying(room: Room) -> tuple[Speaker, MemoryDesk, MemoryDesk, Conversation]:
    first, second = desks(room, range(1, 21), range(21, 31))
    return Speaker(room, first), first, second, conversation(room, second, connects=False)


def failure_of(act: Callable[[], object]) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        act()
    return caught.value.failure


def test_a_device_that_speaks_before_it_is_welcome_is_hung_up_on(room: Room) -> None:
    speaker, _, second, other = lying(room)
    speaker.connect(other)
    assert failure_of(lambda: speaker.say(AskLine(1, LineId(21)))) is Failure.NEIGHBOUR_NOT_TRUSTED
    assert LineId(21) in second.lines


def test_a_device_of_another_precinct_is_not_welcome(room: Room) -> None:
    speaker, first, second, other = lying(room)
    del second.members[first.credentials.device]
    speaker.connect(other)
    assert failure_of(lambda: speaker.say(first.hello())) is Failure.NEIGHBOUR_OTHER_PRECINCT
    assert not second.heard


def test_a_device_that_shows_another_books_membership_is_not_welcome(room: Room) -> None:
    speaker, first, second, other = lying(room)
    speaker.connect(other)
    stolen = Hello(second.place.book, 1, b"member", first.state())
    assert failure_of(lambda: speaker.say(stolen)) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_a_desk_that_greets_twice_is_hung_up_on(room: Room) -> None:
    speaker, first, _, other = lying(room)
    speaker.join(other)
    assert failure_of(lambda: speaker.say(first.hello())) is Failure.NEIGHBOUR_NOT_UNDERSTOOD


@pytest.mark.parametrize("content", [b"", b"\x00", cbor.encode([99]), cbor.encode([3, 1, 0]), b"\xff" * 1000])
def test_a_desk_that_speaks_nonsense_is_hung_up_on(room: Room, content: bytes) -> None:
    speaker, _, _, other = lying(room)
    speaker.join(other)
    assert failure_of(lambda: speaker.say_bytes(content)) is Failure.NEIGHBOUR_NOT_UNDERSTOOD


def offered(room: Room, parcel: bytes) -> tuple[MemoryDesk, list[Message]]:
    speaker, _, second, other = lying(room)
    speaker.join(other)
    speaker.heard(Hello)
    speaker.say(Offer(0, bytes(8), parcel))
    return second, list(speaker.heard(NotAccepted))


def test_a_parcel_that_is_none_or_not_signed_by_its_sender_is_not_accepted(room: Room) -> None:
    _, stranger = desks(room, range(0), range(40, 50))
    stranger.release_line(LineId(41), book_of(room.credentials()))
    ((_, genuine),) = stranger.sent.values()
    for parcel in (b"nonsense", genuine[:-1] + bytes([genuine[-1] ^ 1])):
        second, told = offered(room, parcel)
        assert told == [NotAccepted(bytes(8), Failure.RELEASE_INVALID)]
        assert len(second.lines) == 10


def test_a_parcel_for_somebody_else_is_not_accepted(room: Room) -> None:
    speaker, first, second, other = lying(room)
    speaker.join(other)
    first.release_line(LineId(1), book_of(room.credentials()))
    ((_, content),) = first.sent.values()
    speaker.say(Offer(0, bytes(8), content))
    assert speaker.heard(NotAccepted) == [NotAccepted(bytes(8), Failure.RELEASE_OTHER_BOOK)]
    assert len(second.lines) == 10


def test_a_parcel_played_again_is_answered_with_the_same_entry_and_changes_nothing(room: Room) -> None:
    speaker, first, second, other = lying(room)
    speaker.join(other)
    first.release_line(LineId(1), second.place.book)
    ((release, (_, content)),) = first.sent.items()
    for _ in range(3):
        speaker.say(Offer(0, release, content))
    assert speaker.heard(Accepted) == [Accepted(release, EntryNumber(1))] * 3
    assert len(second.lines) == 11


def test_an_acceptance_of_somebody_elses_release_is_not_believed(room: Room) -> None:
    speaker, _, second, other = lying(room)
    speaker.join(other)
    second.release_line(LineId(21), book_of(room.credentials()))
    (release,) = second.sent
    speaker.say(Accepted(release, EntryNumber(1)))
    assert not second.arrived


def test_answers_to_what_was_never_asked_are_ignored(room: Room) -> None:
    speaker, _, second, other = lying(room)
    speaker.join(other)
    speaker.say(Refusal(7, Failure.ALREADY_MARKED))
    speaker.say(Statuses(7, ()))
    speaker.say(NotAccepted(bytes(8), Failure.RELEASE_INVALID))
    assert other.stage is Stage.JOINED
    assert len(second.lines) == 10


def test_a_desk_that_asks_without_end_is_refused_and_the_book_is_not_touched_for_it(room: Room) -> None:
    speaker, _, second, other = lying(room)
    speaker.join(other)
    speaker.heard(Hello)
    for number in range(1, 501):
        speaker.say(AskLine(number, LineId(5000)))
    refusals = [refusal.failure for refusal in speaker.heard(Refusal)]
    assert refusals.count(Failure.LINE_NOT_HELD) == QUESTIONS_BURST
    assert refusals.count(Failure.NEIGHBOUR_BUSY) == 500 - QUESTIONS_BURST
    room.clock.advance(1)
    speaker.say(AskLine(501, LineId(21)))
    assert len(speaker.heard(Offer)) == 1
    assert LineId(21) not in second.lines


def test_a_desk_that_tells_without_end_costs_the_book_no_more_than_one_that_asks(room: Room) -> None:
    speaker, first, second, other = lying(room)
    speaker.join(other)
    speaker.heard(Hello)
    touched: list[object] = []
    second.note_state = lambda *told: touched.append(told)  # type: ignore[method-assign]
    second.take_proof = touched.append  # type: ignore[method-assign]
    for number in range(300):
        speaker.say(first.state())
        speaker.say(Superseded(number.to_bytes(2, "big")))
    assert len(touched) == QUESTIONS_BURST
    assert other.stage is Stage.JOINED


def test_a_desk_that_offers_without_end_is_refused_until_it_has_been_quiet(room: Room) -> None:
    speaker, first, second, other = lying(room)
    speaker.join(other)
    first.release_line(LineId(1), second.place.book)
    ((release, (_, content)),) = first.sent.items()
    for _ in range(OFFERS):
        speaker.say(Offer(0, b"nonsense", b"nothing"))
    refused = [told.failure for told in speaker.heard(NotAccepted)]
    assert refused.count(Failure.NEIGHBOUR_BUSY) == OFFERS - QUESTIONS_BURST
    assert LineId(1) not in second.lines
    room.clock.advance(1)
    speaker.say(Offer(0, release, content))
    assert speaker.heard(Accepted) == [Accepted(release, EntryNumber(1))]


def test_a_device_that_does_not_prove_itself_in_time_is_hung_up_on(room: Room) -> None:
    *_, other = lying(room)
    room.clock.advance(PROOF_S + 0.1)
    assert failure_of(other.tick) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_a_device_that_proves_itself_and_never_greets_is_hung_up_on(room: Room) -> None:
    speaker, *_, other = lying(room)
    speaker.connect(other)
    room.clock.advance(PROOF_S + 0.1)
    assert failure_of(other.tick) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_a_desk_that_falls_silent_is_away(room: Room) -> None:
    speaker, *_, other = lying(room)
    speaker.join(other)
    room.clock.advance(SILENCE_S)
    other.tick()
    room.clock.advance(0.1)
    assert failure_of(other.tick) is Failure.NEIGHBOUR_AWAY


def test_a_desk_that_never_reads_is_hung_up_on(room: Room) -> None:
    first, second = desks(room, range(1, 21), range(21, 31))
    _, other = joined(room, first, second)
    for number in range(1, 2000):
        other.ask(lambda _number, number=number: Offer(number, bytes(8), bytes(5000)), lambda _answer: None)
    assert failure_of(other.tick) is Failure.NEIGHBOUR_AWAY


def test_a_proof_from_a_desk_that_is_leaving_is_the_only_thing_heard(room: Room) -> None:
    speaker, first, second, other = lying(room)
    second.proofs = {first.place.book: b"over " + first.credentials.device}
    speaker.connect(other)
    speaker.say(first.hello())
    assert speaker.heard(Superseded) == [Superseded(b"over " + first.credentials.device)]
    speaker.say(AskLine(1, LineId(21)))
    speaker.say(Superseded(b"over " + second.credentials.device))
    assert LineId(21) in second.lines
    assert second.locked_by
