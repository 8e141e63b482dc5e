"""A spare took over desk 1: the other desks know it by its proof, and the old laptop locks at its first word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pollbook.failures import Failure
from pollbook.permission import Refusal
from pollbook.store import mirror_set_up
from pollbook.store.mirror import Mirror, Mirrored
from pollbook.store.takeover import TakenOver, look_into, take_over
from pollbook.types import Channel
from sync.lan.asking import NotFetched
from tests.making import CHEAP, OPERATOR, Station
from tests.pollbook.store.sticks import Drawer
from tests.pollbook.store.test_takeover import NAME, OFFICERS, make_spare
from tests.station_app.neighbours.precinct import make_desks, running
from tests.station_app.neighbours.test_neighbours import fetch, join, room_of
from tests.sync.lan.test_peer import turn_until


@dataclass
class Scene:
    """Desk 1 with its old laptop and the spare that took over, and desk 2."""

    old: Station
    new: Station
    second: Station


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    old, second = make_desks(tmp_path, 2)
    drawer = Drawer()
    stick = drawer.plug_in(tmp_path / "stick")
    with old.open() as book:
        code = mirror_set_up.set_up(book).code
        assert isinstance(book.mark(old.voters[0].line, Channel.STATION, OPERATOR), int)
        assert isinstance(Mirror(book, drawer.surroundings()).write(), Mirrored)
    spare = make_spare(tmp_path / "spare", old.authority)
    taken = take_over(spare, look_into(spare, stick / NAME, code), *OFFICERS, old.clock, CHEAP)
    assert isinstance(taken, TakenOver)
    return Scene(old, replace(old, home=spare), second)


def test_the_successor_is_a_neighbour_and_the_old_laptop_locks_at_its_first_word_with_it(scene: Scene) -> None:
    with running([scene.new, scene.second]) as each:
        join(each)
        assert each[1].neighbour.proof_against(each[0].book.chain.takeovers[0].predecessor) is not None
    with running([scene.new, scene.old]) as each:
        peers = [desk.peer for desk in each]
        turn_until(room_of(each[0]), peers, lambda: each[1].book.stopped is Refusal.BOOK_SUPERSEDED)
        assert each[0].book.stopped is None
        line = scene.old.voters[5].line
        assert each[1].book.mark(line, Channel.STATION, OPERATOR) is Refusal.BOOK_SUPERSEDED
    with scene.old.open() as book:
        assert book.stopped is Refusal.BOOK_SUPERSEDED


def test_desk_two_that_met_the_successor_locks_the_old_laptop_too(scene: Scene) -> None:
    with running([scene.new, scene.second, scene.old]) as each:
        join(each[:2])
        each[0].peer.close()  # the successor is off again; only desk 2 can tell
        peers = [desk.peer for desk in each[1:]]
        turn_until(room_of(each[1]), peers, lambda: each[2].book.stopped is Refusal.BOOK_SUPERSEDED)
        assert not any(neighbour.is_joined for neighbour in each[1].peer.neighbours)


def test_unproven_lines_of_a_successor_stay_with_it(scene: Scene) -> None:
    with running([scene.new, scene.second]) as each:
        join(each)
        outcome = fetch(each, each[1], scene.old.voters[5].line)
        assert isinstance(outcome, NotFetched)
        assert (outcome.refused.failure, outcome.desk) == (Failure.LINE_UNPROVEN, 1)


def test_what_the_old_laptop_shows_is_no_membership_once_it_was_taken_over(scene: Scene) -> None:
    with running([scene.new, scene.second]) as each:
        join(each)
        with scene.old.open() as old:
            assert each[1].neighbour.proof_against(old.name) is not None
            assert old.name != each[0].book.name
