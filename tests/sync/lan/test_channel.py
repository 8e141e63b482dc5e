"""Two desks prove themselves to each other; anybody else gets nothing, and what was changed doesn't open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.failures import Failure, WorldFailed
from pollbook.signing import SigningKey, device_id
from pollbook.types import ElectionId, PrecinctCode
from sync.lan.channel import FRAME_BYTES_MAX, Channel
from sync.lan.credentials import Credentials
from sync.lan.handshake import Initiator, Responder
from tests.making import Authority
from tests.sync.lan.rooms import Room, talk

ALL = 1 << 30
ROOM = Room()
PAIR = (ROOM.credentials(), ROOM.credentials())


@pytest.fixture(scope="module")
def room() -> Room:
    return Room()


def joined(room: Room) -> tuple[Channel, Channel]:
    one, other = room.channels(room.credentials(), room.credentials())
    talk(one, other)
    return one, other


def failure_of(act: Callable[[], object]) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        act()
    return caught.value.failure


def is_refused(channel: Channel, untrusted: bytes) -> bool:
    """Whether the channel refuses these bytes by its own error; what it takes must give no frame."""
    try:
        frames = channel.receive(untrusted)
    except WorldFailed as error:
        return error.failure.name.startswith("NEIGHBOUR_")
    assert frames == ()
    return False


def test_two_desks_learn_each_others_device_and_talk_both_ways(room: Room) -> None:
    first, second = room.credentials(), room.credentials()
    one, other = room.channels(first, second)
    talk(one, other)
    assert one.proven
    assert other.proven
    assert (one.proven.device, one.proven.certificate) == (second.device, second.certificate)
    assert (other.proven.device, other.proven.certificate) == (first.device, first.certificate)
    one.send(b"line?")
    one.send(b"")
    other.send(b"here")
    assert talk(one, other) == ([b"here"], [b"line?", b""])


def test_bytes_that_arrive_one_by_one_make_the_same_frames(room: Room) -> None:
    one, other = room.channels(room.credentials(), room.credentials())
    for _ in range(3):
        for sender, receiver in ((one, other), (other, one)):
            for byte in sender.take_outgoing(ALL):
                assert receiver.receive(bytes([byte])) == ()
    one.send(b"x" * 3000)
    frames = [frame for byte in one.take_outgoing(ALL) for frame in other.receive(bytes([byte]))]
    assert frames == [b"x" * 3000]


def test_nothing_is_sent_before_the_other_side_is_proven(room: Room) -> None:
    one, _ = room.channels(room.credentials(), room.credentials())
    assert failure_of(lambda: one.send(b"x")) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_what_crosses_the_wire_shows_neither_what_is_said_nor_who_connected(room: Room) -> None:
    first = room.credentials()
    one, other = room.channels(first, room.credentials())
    wire = bytearray()
    for _ in range(3):
        for sender, receiver in ((one, other), (other, one)):
            sent = sender.take_outgoing(ALL)
            wire += sent
            receiver.receive(sent)
    one.send(b"a voter's name")
    wire += one.take_outgoing(ALL)
    assert len(wire) > 1000
    assert b"a voter's name" not in wire
    assert first.device not in wire
    assert first.certificate not in wire


def strangers(room: Room) -> dict[str, Credentials]:
    key, mine = SigningKey.generate(), room.credentials()
    return {
        "another authority": room.credentials(by=Authority()),
        "another device's certificate": room.credentials(certificate=mine.certificate),
        "a certificate for another name": room.credentials(
            key=key, certificate=room.authority.certify("register", key.public)
        ),
        "no certificate at all": room.credentials(certificate=b"\x30\x00"),
        "a name that is not the key's": room.credentials(
            key=key, certificate=room.authority.certify(device_id(SigningKey.generate().public).hex(), key.public)
        ),
    }


KINDS = sorted(strangers(ROOM))


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_who_connects_is_not_let_in(room: Room, kind: str) -> None:
    one, other = room.channels(strangers(room)[kind], room.credentials())
    assert failure_of(lambda: talk(one, other)) is Failure.NEIGHBOUR_NOT_TRUSTED
    assert other.proven is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_who_listens_is_told_nothing(room: Room, kind: str) -> None:
    one, other = room.channels(room.credentials(), strangers(room)[kind])
    other.receive(one.take_outgoing(ALL))
    assert failure_of(lambda: one.receive(other.take_outgoing(ALL))) is Failure.NEIGHBOUR_NOT_TRUSTED
    assert one.proven is None
    assert one.take_outgoing(ALL) == b""


@pytest.mark.parametrize("days", [-301, 301])
def test_a_certificate_out_of_its_days_is_refused(days: int) -> None:
    room = Room()
    first, second = room.credentials(), room.credentials()
    room.clock.at += timedelta(days=days)
    one, other = room.channels(first, second)
    assert failure_of(lambda: talk(one, other)) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_our_own_device_is_no_neighbour(room: Room) -> None:
    own = room.credentials()
    assert failure_of(lambda: talk(*room.channels(own, own))) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_another_election_and_another_precinct_are_named(room: Room) -> None:
    other_election = room.credentials(election=ElectionId("other-2026"))
    other_precinct = room.credentials(precinct=PrecinctCode("1708-0002"))
    ours = room.credentials()
    assert failure_of(lambda: talk(*room.channels(other_election, ours))) is Failure.NEIGHBOUR_OTHER_ELECTION
    assert failure_of(lambda: talk(*room.channels(other_precinct, ours))) is Failure.NEIGHBOUR_OTHER_PRECINCT


def test_what_a_desk_said_to_one_cannot_be_played_to_another(room: Room) -> None:
    one, other = room.channels(room.credentials(), room.credentials())
    hello = one.take_outgoing(ALL)
    other.receive(hello)
    one.receive(other.take_outgoing(ALL))
    third = one.take_outgoing(ALL)
    victim = Channel(room.credentials(), room.clock, connects=False)
    victim.receive(hello)
    assert failure_of(lambda: victim.receive(third)) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_what_a_desk_said_cannot_be_sent_back_to_it(room: Room) -> None:
    one = Initiator(room.credentials(), room.clock)
    second = Responder(room.credentials(), room.clock).answer(one.first)
    third, _ = one.finish(second)
    again = Initiator(room.credentials(), room.clock)
    assert failure_of(lambda: again.finish(second)) is Failure.NEIGHBOUR_NOT_TRUSTED
    assert failure_of(lambda: one.finish(second[:32] + third)) is Failure.NEIGHBOUR_NOT_TRUSTED


@pytest.mark.parametrize("public", [bytes(32), b"\x01" + bytes(31), b"", b"x" * 31, b"x" * 40])
def test_a_fresh_key_that_is_none_is_refused(room: Room, public: bytes) -> None:
    first = cbor.encode([1, "test-2026", "1708-0001", public])
    responder = Responder(room.credentials(), room.clock)
    assert failure_of(lambda: responder.answer(first)) is Failure.NEIGHBOUR_NOT_UNDERSTOOD


def test_a_third_message_before_the_second_is_refused(room: Room) -> None:
    responder = Responder(room.credentials(), room.clock)
    assert failure_of(lambda: responder.finish(b"x")) is Failure.NEIGHBOUR_NOT_UNDERSTOOD


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2), st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_anywhere_in_the_handshake_lets_nobody_in(which: int, place: int, change: int) -> None:
    one, other = ROOM.channels(*PAIR)
    for number, sender in enumerate((one, other, one)):
        sent = bytearray(sender.take_outgoing(ALL))
        if number == which:
            sent[4 + place % (len(sent) - 4)] ^= change
        receiver = other if sender is one else one
        if is_refused(receiver, bytes(sent)):
            assert receiver.proven is None
            return
    pytest.fail("a changed handshake was believed")


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
def test_whatever_a_stranger_sends_is_refused_or_waited_for(untrusted: bytes) -> None:
    for connects in (True, False):
        channel = Channel(PAIR[0], ROOM.clock, connects=connects)
        is_refused(channel, untrusted)
        assert channel.proven is None


def test_a_stranger_who_announces_a_huge_message_is_refused_before_it_is_read(room: Room) -> None:
    channel = Channel(room.credentials(), room.clock, connects=False)
    assert failure_of(lambda: channel.receive((8193).to_bytes(4, "big"))) is Failure.NEIGHBOUR_NOT_UNDERSTOOD


def test_a_neighbour_who_announces_a_huge_frame_is_refused_before_it_is_read(room: Room) -> None:
    _, other = joined(room)
    too_long = (FRAME_BYTES_MAX + 17).to_bytes(4, "big")
    assert failure_of(lambda: other.receive(too_long)) is Failure.NEIGHBOUR_NOT_UNDERSTOOD


def test_an_empty_message_is_refused(room: Room) -> None:
    _, other = joined(room)
    assert failure_of(lambda: other.receive(bytes(4))) is Failure.NEIGHBOUR_NOT_UNDERSTOOD


def test_the_largest_frame_arrives(room: Room) -> None:
    one, other = joined(room)
    one.send(bytes(FRAME_BYTES_MAX))
    assert talk(one, other) == ([], [bytes(FRAME_BYTES_MAX)])


@pytest.mark.parametrize("what", ["changed", "doubled", "lost", "swapped", "sent back"])
def test_a_frame_that_is_not_the_next_one_unchanged_ends_the_connection(room: Room, what: str) -> None:
    one, other = joined(room)
    one.send(b"first")
    first = one.take_outgoing(ALL)
    one.send(b"after")
    after = one.take_outgoing(ALL)
    changed = first[:-1] + bytes([first[-1] ^ 1])
    arrives = {"changed": changed, "doubled": first + first, "lost": after, "swapped": after + first}
    receiver = one if what == "sent back" else other
    assert failure_of(lambda: receiver.receive(arrives.get(what, first))) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_bytes_put_back_go_out_first(room: Room) -> None:
    one, other = joined(room)
    one.send(b"frame")
    taken = one.take_outgoing(10)
    one.put_back(taken[4:])
    assert other.receive(taken[:4] + one.take_outgoing(ALL)) == (b"frame",)
