"""What a register that was put back to a backup must not change, each as the shortest interleaving that shows it."""

from __future__ import annotations

import pytest

from pollbook.effects import Anomaly
from pollbook.entries import Outcome
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.store import annex
from pollbook.store.syncing import notices
from pollbook.types import Channel
from register import settling
from register.feed import tell
from register.store import stations
from register.store.versions import HEAD
from tests.simulation.disks import AFTER_COMMIT, Crashed
from tests.simulation.rarities import (
    Envelope,
    as_older,
    as_older_register,
    resolve_envelopes,
    seal_envelope,
)
from tests.simulation.stage import staged
from tests.simulation.station import SimulatedStation
from tests.simulation.test_found import evidence_in, forked, tell_notices
from tests.simulation.world import World


def outcomes(station: SimulatedStation) -> list[Outcome | None]:
    return [each.state.outcome for each in station.do(annex.provisionals) or ()]


@pytest.mark.parametrize("is_marked", [True, False])
def test_an_envelope_that_was_resolved_stays_so_at_a_register_that_forgot_what_it_had_said(is_marked: bool) -> None:
    with staged(0, 2) as world:
        home, at = world.stations
        world.centre.back_up()
        if is_marked:
            assert home.mark(home.prepared.lines[0], Channel.STATION) == "marked"
        seal_envelope(world, Envelope(at, home, 0))
        world.run_s(200)
        resolve_envelopes(world, at)
        assert outcomes(at) == [Outcome.NOT_COUNTED if is_marked else Outcome.COUNTED]
        world.run_s(60)
        home.clock.off_s = 2000  # an anomaly: whatever the register enters from now on has other numbers
        world.centre.roll_back()
        home.want_cycle(0)
        world.run_s(400)
        assert Anomaly.NOT_ADJUDICATED not in world.anomalies_of(at)


def two_histories(world: World) -> tuple[SimulatedStation, SimulatedStation]:
    """A station that the register has heard, and a clone with six marks of its own that it has not."""
    station = max(world.stations, key=lambda each: len(each.prepared.lines))
    clone = forked(world, station, 6)
    world.links[station.name].weather.is_cut = False
    station.want_cycle(0)
    world.run_s(120)
    return station, clone


def hear(world: World, *heard: SimulatedStation) -> None:
    for each in heard:
        world.links[each.name].weather.is_cut = False
        each.want_cycle(0)
        world.run_s(120)


def test_a_second_history_goes_up_again_to_a_register_that_forgot_it_and_nothing_else() -> None:
    with staged(0, 2) as world:
        _, clone = two_histories(world)
        world.centre.back_up()
        hear(world, clone)
        assert set(clone.told) <= evidence_in(world)
        world.centre.roll_back()
        assert not evidence_in(world)
        world.run_s(700)
        assert set(clone.told) <= evidence_in(world)


def test_a_third_history_goes_up_again_too() -> None:
    with staged(0, 2) as world:
        station, clone = two_histories(world)
        third = world.add_station("another clone", station.prepared)
        third.disk.restore(clone.disk.image())
        third.is_suspect = True
        third.told = list(clone.told)
        world.links[third.name].weather.is_cut = True
        third.start()
        for at in range(8, 11):
            third.mark(third.prepared.lines[at], Channel.STATION)
            clone.mark(clone.prepared.lines[-1 - at], Channel.STATION)
        world.centre.back_up()
        hear(world, clone, third)
        for each in (clone, third):
            assert set(each.told) <= evidence_in(world)
        world.centre.roll_back()
        world.run_s(700)
        for each in (clone, third):
            assert set(each.told) <= evidence_in(world)


def test_a_revoked_book_sends_its_second_history_again_over_two_restores() -> None:
    with staged(0, 2) as world:
        station, clone = two_histories(world)
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, station.prepared.book)
            assert found is not None
            settling.revoke(connection, found, "the laptop was lost", 1)
        world.centre.back_up()
        hear(world, clone)
        for _ in range(2):
            assert set(clone.told) <= evidence_in(world)
            world.centre.roll_back()
            assert not evidence_in(world)
            world.run_s(700)
        assert set(clone.told) <= evidence_in(world)


def test_a_locked_book_whose_history_a_restored_register_took_for_the_first_asks_once_a_cycle() -> None:
    with staged(0, 2) as world:
        world.centre.back_up()
        station, clone = two_histories(world)
        hear(world, clone)
        world.links[station.name].weather.is_cut = True
        world.centre.roll_back()
        world.run_s(700)
        assert clone.register is not None
        before = clone.register.traffic.round_trips
        clone.want_cycle(0)
        world.run_s(30)
        assert 0 < clone.register.traffic.round_trips - before <= 4
        world.links[station.name].weather.is_cut = False


@pytest.mark.parametrize("is_older", [True, False])
def test_a_disk_put_back_to_before_its_program_was_upgraded_is_no_sign_of_a_restored_register(is_older: bool) -> None:
    with staged(0, 2) as world:
        station = world.stations[0]
        tell_notices(world, station, 3)
        world.run_s(90)
        image = station.disk.image()
        tell_notices(world, station, 2)
        world.run_s(90)
        station.killed()
        station.disk.restore(as_older(station.disk.image()))  # upgraded
        world.run_s(200)
        tell_notices(world, station, 2)
        world.run_s(200)
        station.roll_back(as_older(image) if is_older else image)
        for count in (4, 1):
            world.run_s(200)
            tell_notices(world, station, count)
        world.run_s(200)
        assert Anomaly.REGISTER_ROLLED_BACK not in world.anomalies_of(station)


def told(world: World, station: SimulatedStation, *texts: str) -> None:
    with world.centre.database().write() as connection:
        found = stations.find_station(connection, station.prepared.book)
        assert found is not None
        for text in texts:
            tell(connection, found.id, FeedItem(0, FeedKind.NOTICE, text), 1)


def test_what_a_restored_register_told_under_numbers_that_an_upgraded_book_had_seen_is_told_again() -> None:
    with staged(0, 2) as world:
        station = world.stations[0]
        told(world, station, "one")
        world.run_s(90)
        world.centre.back_up()
        told(world, station, "lost")
        world.run_s(90)
        world.links[station.name].weather.is_cut = True
        station.killed()
        station.disk.restore(as_older(station.disk.image()))  # upgraded: it has no chain to show
        world.centre.roll_back()
        told(world, station, "two", "three")
        world.links[station.name].weather.is_cut = False
        world.run_s(200)
        assert {"two", "three"} <= {item.text for item in station.do(notices) or ()}


def test_a_chain_that_begins_late_hides_no_item_that_a_restored_register_told_before_it() -> None:
    with staged(0, 2) as world:
        station = world.stations[0]

        told(world, station, "one", "two")
        world.run_s(90)
        world.centre.back_up()
        told(world, station, "lost")
        world.run_s(90)
        station.killed()
        station.disk.restore(as_older(station.disk.image()))  # upgraded: the chain begins here
        world.run_s(200)
        told(world, station, "four")
        world.run_s(90)
        world.centre.roll_back()
        told(world, station, "three", "four")  # the fourth is the one that the book has seen
        world.run_s(200)
        assert "three" in {item.text for item in station.do(notices) or ()}


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_register_killed_as_it_is_upgraded_comes_back_with_all_that_it_had(is_committed: bool) -> None:
    with staged(0, 2) as world:
        station = world.stations[0]
        assert station.mark(station.prepared.lines[0], Channel.STATION) == "marked"
        tell_notices(world, station, 2)
        world.run_s(90)
        world.centre.upgrade(as_older_register(world.centre.disk.image()), None)
        begun = 0

        def moment(when: str) -> None:
            nonlocal begun
            begun += "CREATE TABLE" in when
            if begun and (when is AFTER_COMMIT) is is_committed:
                world.centre.is_dying = True
            if world.centre.is_dying:
                raise Crashed

        world.centre.disk.database.moment = moment
        lives = world.centre.lives
        world.run_s(90)
        assert begun
        assert world.centre.lives > lives
        assert world.centre.disk.look("SELECT version_num FROM alembic_version") == [(HEAD,)]
        assert station.mark(station.prepared.lines[1], Channel.STATION) == "marked"
        world.run_s(90)
        assert Anomaly.REGISTER_ROLLED_BACK not in world.anomalies_of(station)
