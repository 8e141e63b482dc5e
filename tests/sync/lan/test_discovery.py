"""Who is in the room: announcements of our own precinct's desks are heard, all others are counted and forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.failures import InputInvalid
from pollbook.signing import SigningKey, seal
from pollbook.types import ElectionId, PrecinctCode
from sync.lan.credentials import Credentials
from sync.lan.discovery import (
    ANNOUNCEMENT_BYTES_MAX,
    AWAY_AFTER_S,
    FORGOTTEN_AFTER_S,
    NEIGHBOURS_MAX,
    Announcement,
    Heard,
    Ignored,
    Neighbourhood,
    encode_announcement,
    read_announcement,
)
from tests.making import Authority
from tests.sync.lan.rooms import Room, book_of

ADDRESS = "192.0.2.7"


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def neighbourhood(room: Room) -> Neighbourhood:
    return Neighbourhood(room.credentials(), room.clock)


def announced(room: Room, credentials: Credentials, desk: int = 2, port: int = 40_001, epoch: int = 1) -> Announcement:
    at_ms = int(room.clock.now().timestamp() * 1000)
    return Announcement(credentials.election, credentials.precinct, desk, book_of(credentials, epoch), port, at_ms)


def datagram(room: Room, credentials: Credentials, desk: int = 2) -> bytes:
    return encode_announcement(announced(room, credentials, desk), credentials.certificate, credentials.key)


def test_a_desk_of_our_precinct_is_heard_with_its_port(room: Room, neighbourhood: Neighbourhood) -> None:
    desk = room.credentials()
    heard = neighbourhood.hear(datagram(room, desk), ADDRESS)
    assert isinstance(heard, Heard)
    assert heard.announcement == announced(room, desk)
    assert heard.address == ADDRESS
    assert neighbourhood.present() == (heard,)
    assert not neighbourhood.ignored


def test_an_announcement_fits_one_datagram(room: Room) -> None:
    assert len(datagram(room, room.credentials(election=ElectionId("x" * 100)))) <= ANNOUNCEMENT_BYTES_MAX


def test_a_desk_not_heard_for_fifteen_seconds_is_away_and_comes_back(room: Room, neighbourhood: Neighbourhood) -> None:
    desk = room.credentials()
    neighbourhood.hear(datagram(room, desk), ADDRESS)
    room.clock.advance(AWAY_AFTER_S)
    assert neighbourhood.present() == ()
    neighbourhood.hear(datagram(room, desk), ADDRESS)
    assert len(neighbourhood.present()) == 1


def test_neighbours_are_told_by_desk(room: Room, neighbourhood: Neighbourhood) -> None:
    for desk in (3, 2, 4):
        neighbourhood.hear(datagram(room, room.credentials(), desk), ADDRESS)
    assert [heard.announcement.desk for heard in neighbourhood.present()] == [2, 3, 4]


def forged(room: Room) -> bytes:
    victim, forger = room.credentials(), room.credentials()
    body = cbor.decode(datagram(room, victim), 2000)
    assert isinstance(body, list)
    return cbor.encode([*body[:3], forger.key.sign(b"anything")])


def lies(room: Room, own: Credentials) -> dict[Ignored, bytes]:
    other_election, other_precinct = ElectionId("other-2026"), PrecinctCode("1708-0002")
    return {
        Ignored.OTHER_ELECTION: datagram(room, room.credentials(election=other_election)),
        Ignored.OTHER_PRECINCT: datagram(room, room.credentials(precinct=other_precinct)),
        Ignored.OWN: datagram(room, own),
        Ignored.NOT_UNDERSTOOD: b"\x84hello",
        Ignored.NOT_TRUSTED: forged(room),
    }


def test_each_lie_is_ignored_and_counted_by_its_reason(room: Room, neighbourhood: Neighbourhood) -> None:
    for reason, untrusted in lies(room, neighbourhood.credentials).items():
        assert neighbourhood.hear(untrusted, ADDRESS) is reason
    assert set(neighbourhood.ignored.values()) == {1}
    assert neighbourhood.present() == ()


def test_another_authoritys_certificate_is_not_trusted(room: Room, neighbourhood: Neighbourhood) -> None:
    untrusted = datagram(room, room.credentials(by=Authority()))
    assert neighbourhood.hear(untrusted, ADDRESS) is Ignored.NOT_TRUSTED


def test_a_certificate_out_of_its_days_is_not_trusted(room: Room, neighbourhood: Neighbourhood) -> None:
    desk = room.credentials()
    room.clock.at += timedelta(days=301)
    assert neighbourhood.hear(datagram(room, desk), ADDRESS) is Ignored.NOT_TRUSTED


def test_one_device_cannot_announce_another(room: Room, neighbourhood: Neighbourhood) -> None:
    desk, victim = room.credentials(), room.credentials()
    announcement = replace(announced(room, desk), book=book_of(victim))
    untrusted = encode_announcement(announcement, desk.certificate, desk.key)
    assert neighbourhood.hear(untrusted, ADDRESS) is Ignored.NOT_UNDERSTOOD


def test_an_announcement_for_another_purpose_is_not_trusted(room: Room, neighbourhood: Neighbourhood) -> None:
    desk = room.credentials()
    body = cbor.decode(datagram(room, desk), 2000)
    assert isinstance(body, list)
    assert neighbourhood.hear(seal("sync 1", body[2], desk.key), ADDRESS) is Ignored.NOT_TRUSTED


def test_an_announcement_played_again_is_ignored_until_the_desk_is_forgotten(
    room: Room, neighbourhood: Neighbourhood
) -> None:
    desk = room.credentials()
    old = datagram(room, desk)
    neighbourhood.hear(old, ADDRESS)
    assert neighbourhood.hear(old, "192.0.2.66") is Ignored.PLAYED_AGAIN
    room.clock.advance(3)
    neighbourhood.hear(datagram(room, desk), ADDRESS)
    assert neighbourhood.hear(old, "192.0.2.66") is Ignored.PLAYED_AGAIN
    assert neighbourhood.present()[0].address == ADDRESS
    room.clock.advance(FORGOTTEN_AFTER_S)
    assert isinstance(neighbourhood.hear(old, ADDRESS), Heard)


def test_an_older_epoch_does_not_take_the_place_of_a_newer_one(room: Room, neighbourhood: Neighbourhood) -> None:
    desk = room.credentials()
    newer = announced(room, desk, epoch=2)
    neighbourhood.hear(encode_announcement(newer, desk.certificate, desk.key), ADDRESS)
    room.clock.advance(1)
    assert neighbourhood.hear(datagram(room, desk), ADDRESS) is Ignored.PLAYED_AGAIN


def test_who_sends_too_much_is_not_listened_to_and_others_still_are(room: Room, neighbourhood: Neighbourhood) -> None:
    outcomes = [neighbourhood.hear(b"noise", "192.0.2.66") for _ in range(1000)]
    assert outcomes.count(Ignored.NOT_UNDERSTOOD) == 20
    assert neighbourhood.ignored[Ignored.TOO_MANY] == 980
    assert isinstance(neighbourhood.hear(datagram(room, room.credentials()), ADDRESS), Heard)
    room.clock.advance(1)
    assert neighbourhood.hear(b"noise", "192.0.2.66") is Ignored.NOT_UNDERSTOOD


def test_noise_from_ever_new_addresses_keeps_no_more_memory(neighbourhood: Neighbourhood) -> None:
    for number in range(1000):
        neighbourhood.hear(b"noise", f"192.0.{number // 250}.{number % 250}")
    assert len(neighbourhood._allowances) <= 64


def test_more_neighbours_than_there_is_room_for_are_ignored_until_one_is_away(
    room: Room, neighbourhood: Neighbourhood
) -> None:
    for number in range(NEIGHBOURS_MAX):
        neighbourhood.hear(datagram(room, room.credentials()), f"192.0.2.{number}")
    late = room.credentials()
    assert neighbourhood.hear(datagram(room, late), ADDRESS) is Ignored.NO_ROOM
    room.clock.advance(AWAY_AFTER_S)
    assert isinstance(neighbourhood.hear(datagram(room, late), ADDRESS), Heard)


ROOM = Room()
DESK = ROOM.credentials()
SAID = datagram(ROOM, DESK)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(SAID) - 1), st.integers(1, 255))
@example(100, 128)  # the certificate's serial number becomes negative, of which the library only warns
def test_a_changed_byte_anywhere_makes_an_announcement_ignored(place: int, change: int) -> None:
    neighbourhood = Neighbourhood(ROOM.credentials(), ROOM.clock)
    untrusted = bytearray(SAID)
    untrusted[place] ^= change
    assert isinstance(neighbourhood.hear(bytes(untrusted), ADDRESS), Ignored)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_datagram_is_read_or_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        read_announcement(untrusted)


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("wrong", [None, -1, {}, "x" * 101, b"", 2**40])
def test_an_announcement_with_a_wrong_field_is_refused(place: int, wrong: object) -> None:
    key = SigningKey.generate()
    desk = ROOM.credentials(key=key)
    announcement = announced(ROOM, desk)
    said = read_body(encode_announcement(announcement, desk.certificate, key))
    if place == 6 and wrong == 2**40:
        wrong = -(2**40)  # a time of day that is far off is one that a laptop can have
    said[place] = wrong
    with pytest.raises(InputInvalid):
        read_announcement(seal("announce 1", cbor.encode(said), key))


def read_body(untrusted: bytes) -> list[object]:
    envelope = cbor.decode(untrusted, 2000)
    assert isinstance(envelope, list)
    body = cbor.decode(envelope[2], 2000)
    assert isinstance(body, list)
    return body
