"""Real sockets on loopback: desks find each other, a line moves by itself, and whoever lies or vanishes is got over."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event, Thread

import pytest

from pollbook.clock import SystemClock
from pollbook.failures import Failure
from pollbook.types import DeviceId, EntryNumber, LineId
from sync.lan import peer as peer_module
from sync.lan.asking import Fetched, NotFetched
from sync.lan.discovery import Ignored
from sync.lan.peer import Neighbour, Peer
from sync.lan.sharing import Moved
from sync.lan.sockets import LOOPBACK, Network, connect
from tests.sync.lan.desks import MemoryDesk, desks
from tests.sync.lan.rooms import Room

WITHIN_S = 10.0
TURN_S = 0.01


def network(*others: Peer, taken: int = 0) -> Network:
    return replace(LOOPBACK, udp_port=taken, others=tuple(("127.0.0.1", other.udp_port) for other in others))


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def peers(room: Room, *of: MemoryDesk) -> Iterator[list[Peer]]:
    """A peer a desk, each announcing to all others; turned by the test, no thread of their own."""
    ports = [free_udp_port() for _ in of]
    everywhere = tuple(("127.0.0.1", port) for port in ports)
    made: list[Peer] = []
    try:
        for desk, port in zip(of, ports, strict=True):
            its = replace(LOOPBACK, udp_port=port, others=everywhere)
            made.append(Peer(desk.place, desk.credentials, desk, room.clock, its))
            made[-1].open()
        yield made
    finally:
        for each in made:
            each.close()


def turn_until(room: Room, each: list[Peer], is_done: Callable[[], bool], passes_s: float = 0.0) -> None:
    """Turn the peers until it is done; time passes by `passes_s` a turn."""
    for _ in range(int(WITHIN_S / TURN_S)):
        if is_done():
            return
        room.clock.advance(passes_s)
        for one in each:
            one.turn(TURN_S / len(each))
    pytest.fail("it was never done")


def all_joined(each: list[Peer]) -> bool:
    return all(len([n for n in one.neighbours if n.is_joined]) == len(each) - 1 for one in each)


@pytest.fixture
def room() -> Room:
    return Room()


def test_three_desks_find_each_other_and_each_gets_a_line_from_the_one_that_holds_it(room: Room) -> None:
    three = desks(room, range(1, 21), range(21, 31), range(31, 41))
    with peers(room, *three) as each:
        turn_until(room, each, lambda: all_joined(each))
        assert each[0].neighbours == tuple(Neighbour(desk.desk, desk.place.book, is_joined=True) for desk in three[1:])
        answers = [each[0].fetch(LineId(35)), each[1].fetch(LineId(5)), each[2].fetch(LineId(25))]
        turn_until(room, each, lambda: all(answer.done() for answer in answers))
        assert [answer.result() for answer in answers] == [
            Fetched(LineId(35), EntryNumber(1), 3),
            Fetched(LineId(5), EntryNumber(1), 1),
            Fetched(LineId(25), EntryNumber(1), 2),
        ]
        turn_until(room, each, lambda: all(desk.arrived == set(desk.sent) for desk in three), 0.1)
    assert {LineId(35)} <= three[0].lines
    assert sum(len(desk.lines) for desk in three) == 40


def outcome_of(room: Room, each: list[Peer], line: int) -> Fetched | NotFetched:
    answer = each[0].fetch(LineId(line))
    turn_until(room, each, answer.done)
    return answer.result()


def test_a_line_marked_at_another_desk_is_refused_with_that_desk(room: Room) -> None:
    three = desks(room, range(1, 21), range(21, 31), range(31, 41))
    three[2].marked.add(LineId(35))
    with peers(room, *three) as each:
        turn_until(room, each, lambda: all_joined(each))
        outcome = outcome_of(room, each, 35)
    assert isinstance(outcome, NotFetched)
    assert outcome.refused.failure is Failure.ALREADY_MARKED
    assert outcome.refused.facts == {"desk": 3}


def test_a_line_open_at_another_desk_is_refused_with_that_desk(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    two[1].opened.add(LineId(25))
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
        outcome = outcome_of(room, each, 25)
    assert isinstance(outcome, NotFetched)
    assert (outcome.refused.failure, outcome.desk) == (Failure.LINE_OPEN_ELSEWHERE, 2)


def test_with_the_network_down_the_operator_is_told_which_desk_held_the_page(room: Room) -> None:
    three = desks(room, range(1, 21), range(21, 31), range(31, 41))
    with ExitStack() as stack:
        each = stack.enter_context(peers(room, *three))
        turn_until(room, each, lambda: all_joined(each))
        each[2].close()
        turn_until(room, each[:2], lambda: len([n for n in each[0].neighbours if n.is_joined]) == 1)
        outcome = outcome_of(room, each[:2], 35)
    assert isinstance(outcome, NotFetched)
    assert outcome.refused.failure is Failure.NEIGHBOUR_AWAY
    assert outcome.refused.facts == {"desk": 3}


def test_a_line_that_nobody_here_has_is_not_held(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
        outcome = outcome_of(room, each, 777)
    assert isinstance(outcome, NotFetched)
    assert outcome.refused.failure is Failure.LINE_NOT_HELD


def test_a_desk_alone_answers_at_once(room: Room) -> None:
    (one,) = desks(room, range(1, 21))
    with peers(room, one) as each:
        outcome = outcome_of(room, each, 777)
    assert isinstance(outcome, NotFetched)
    assert outcome.refused.failure is Failure.LINE_NOT_HELD


def test_a_desk_that_takes_the_question_and_never_answers_is_slow_and_named(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
        answer = each[0].fetch(LineId(25))
        turn_until(room, each[:1], answer.done, passes_s=0.1)
        outcome = answer.result()
        assert isinstance(outcome, NotFetched)
        assert outcome.refused.failure is Failure.NEIGHBOUR_SLOW
        turn_until(room, each, lambda: LineId(25) in two[0].lines, passes_s=0.001)
        turn_until(room, each, lambda: two[1].arrived == set(two[1].sent), 0.1)
    assert LineId(25) not in two[1].lines


def test_a_desk_that_comes_back_gets_the_releases_made_before_it_left(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
    two[1].release_line(LineId(25), two[0].place.book)  # entered on the disk, and the program was killed
    with peers(room, *two) as each:
        turn_until(room, each, lambda: LineId(25) in two[0].lines)
        turn_until(room, each, lambda: bool(two[1].arrived), 0.1)


def test_a_release_that_becomes_safe_leaves_at_the_next_wake(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    two[1].is_safe = False
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
        outcome = outcome_of(room, each, 25)
        assert isinstance(outcome, NotFetched)
        assert outcome.refused.failure is Failure.NOT_SAFE_YET
        two[1].is_safe = True
        each[1].wake()
        turn_until(room, each, lambda: LineId(25) in two[0].lines)


def test_a_quiet_desk_gets_lines_of_a_busy_one_and_both_rest_afterwards(room: Room) -> None:
    two = desks(room, range(100, 200), range(1000, 1200))
    two[1].queue = 40
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
        turn_until(room, each, lambda: len(two[0].lines) > 100, passes_s=0.5)
        assert len(two[0].lines) == 150
        before = len(two[0].lines)
        for _ in range(200):
            room.clock.advance(0.5)
            for one in each:
                one.turn(0.001)
        assert len(two[0].lines) == before
        assert [type(moved) for moved in each[1]._evening_out._moved] == [Moved]


def test_a_superseded_book_is_told_so_by_a_desk_that_has_the_proof(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    two[1].proofs[two[0].place.book] = b"over " + two[0].credentials.device
    with peers(room, *two) as each:
        turn_until(room, each, lambda: bool(two[0].locked_by))
        turn_until(room, each, lambda: Failure.BOOK_SUPERSEDED in each[1].hung_up)
        assert not any(neighbour.is_joined for neighbour in each[1].neighbours)


def test_a_desk_that_joined_before_it_was_taken_over_is_told_at_its_next_word_and_hung_up_on(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
        two[1].proofs[two[0].place.book] = b"over " + two[0].credentials.device
        each[0].fetch(LineId(21))
        turn_until(room, each, lambda: bool(two[0].locked_by))
        turn_until(room, each, lambda: Failure.BOOK_SUPERSEDED in each[1].hung_up)
        assert LineId(21) in two[1].lines


# --- strangers and liars


def test_a_device_of_another_election_is_not_listened_to(room: Room) -> None:
    ours, theirs = desks(room, range(1, 21), range(21, 31))
    stranger = MemoryDesk(room, 3, {LineId(99)}, Room().credentials(), {})
    with peers(room, ours, theirs, stranger) as each:
        turn_until(room, each, lambda: all_joined(each[:2]))
        turn_until(room, each, lambda: Ignored.NOT_TRUSTED in each[0].ignored)
        assert [neighbour.desk for neighbour in each[0].neighbours] == [2]


def test_a_desk_that_is_no_member_is_hung_up_on_by_the_other(room: Room) -> None:
    ours, theirs = desks(room, range(1, 21), range(21, 31))
    theirs.members = {}
    with peers(room, ours, theirs) as each:
        turn_until(room, each, lambda: Failure.NEIGHBOUR_OTHER_PRECINCT in each[1].hung_up)
        assert not any(neighbour.is_joined for neighbour in each[1].neighbours)


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 10_000, bytes(100)])
def test_noise_on_the_port_is_hung_up_on_and_neighbours_stay(room: Room, noise: bytes) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    with peers(room, *two) as each, socket.create_connection(("127.0.0.1", each[0].tcp_port)) as stranger:
        turn_until(room, each, lambda: all_joined(each))
        stranger.sendall(noise)
        turn_until(room, each, lambda: Failure.NEIGHBOUR_NOT_UNDERSTOOD in each[0].hung_up)
        assert isinstance(outcome_of(room, each, 25), Fetched)


def test_a_hundred_connections_that_say_nothing_do_not_keep_a_neighbour_out(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    with ExitStack() as stack:
        each = stack.enter_context(peers(room, *two))
        for number in range(100):
            target = each[number % 2].tcp_port
            stack.enter_context(socket.create_connection(("127.0.0.1", target)))
            for one in each:
                one.turn(0)
        assert len(each[0]._connections) <= peer_module.UNPROVEN_MAX + 1
        turn_until(room, each, lambda: all_joined(each), passes_s=0.05)


def test_one_computer_that_connects_without_end_hangs_up_on_nobody_but_itself(room: Room) -> None:
    (one,) = desks(room, range(1, 21))
    with ExitStack() as stack:
        (peer,) = stack.enter_context(peers(room, one))
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        ours = connect("127.0.0.1", silent.getsockname()[1])
        peer._add(ours, connects=True, device=DeviceId(bytes(16)))
        port = ("127.0.0.1", peer.tcp_port)
        stack.enter_context(socket.create_connection(port, source_address=("127.0.0.2", 0)))
        peer.turn(0.1)
        for _ in range(5 * peer_module.UNPROVEN_MAX):
            stack.enter_context(socket.create_connection(port))
            peer.turn(0.1)
        assert peer._connections[0].socket is ours
        came = [each.address for each in peer._connections[1:]]
        assert came[0] == "127.0.0.2"
        assert came[1:] == ["127.0.0.1"] * (peer_module.UNPROVEN_MAX - 1)


def test_a_second_connection_to_one_book_takes_the_place_of_the_first(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    with peers(room, *two) as each:
        turn_until(room, each, lambda: all_joined(each))
        ((_, first),) = each[0]._joined()
        heard = each[0]._neighbourhood.present()[0]
        each[0]._connect(heard)
        turn_until(room, each, lambda: [now for _, now in each[0]._joined()] not in ([first], []))
        turn_until(room, each, lambda: len(each[1]._joined()) == 1)
        assert isinstance(outcome_of(room, each, 25), Fetched)


def test_datagrams_of_noise_are_counted_and_nothing_else(room: Room) -> None:
    (one,) = desks(room, range(1, 21))
    with peers(room, one) as each, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for _ in range(30):
            stranger.sendto(b"noise" * 300, ("127.0.0.1", each[0].udp_port))
        turn_until(room, each, lambda: sum(each[0].ignored.values()) >= 31)
        assert each[0].ignored[Ignored.NOT_UNDERSTOOD] > 0
        assert each[0].ignored[Ignored.TOO_MANY] > 0
        assert each[0].neighbours == ()


def test_a_port_that_is_taken_is_told() -> None:
    room = Room()
    one, other = desks(room, range(1), range(1, 2))
    with peers(room, one) as each:
        taken = replace(LOOPBACK, udp_port=each[0].udp_port)
        with pytest.raises(peer_module.UchastkaError) as caught:
            Peer(other.place, other.credentials, other, room.clock, taken)
        assert caught.value.failure is Failure.PORT_TAKEN


def test_on_its_own_thread_it_works_and_ends_when_told(room: Room) -> None:
    two = desks(room, range(1, 21), range(21, 31))
    ports = [free_udp_port(), free_udp_port()]
    everywhere = tuple(("127.0.0.1", port) for port in ports)
    stop, clock = Event(), SystemClock()
    room.clock.at = clock.now()
    made = [
        Peer(desk.place, desk.credentials, desk, clock, replace(LOOPBACK, udp_port=port, others=everywhere))
        for desk, port in zip(two, ports, strict=True)
    ]
    threads = [Thread(target=each.run, args=(stop,)) for each in made]
    for thread in threads:
        thread.start()
    try:
        outcome: Fetched | NotFetched | None = None
        while not isinstance(outcome, Fetched):
            outcome = made[0].fetch(LineId(25)).result(WITHIN_S)
    finally:
        stop.set()
        for each in made:
            each.wake()
        for thread in threads:
            thread.join(WITHIN_S)
    assert not any(thread.is_alive() for thread in threads)
    assert LineId(25) in two[0].lines
    late = made[0].fetch(LineId(26))
    assert isinstance(late.result(0), NotFetched)
