"""What the simulation has found, each as the shortest interleaving that shows it."""

from __future__ import annotations

from pathlib import Path

from pollbook.effects import Anomaly
from pollbook.failures import Failure
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.permission import Refusal
from pollbook.store import annex, asking
from pollbook.store.moving import SentRelease, Way
from pollbook.store.syncing import notices
from pollbook.types import Channel
from register import settling
from register.feed import tell
from register.store import own_ledger, stations
from tests.simulation.disks import AFTER_COMMIT, Crashed
from tests.simulation.moves import release
from tests.simulation.rarities import Envelope, as_older, seal_envelope
from tests.simulation.stage import staged
from tests.simulation.station import SimulatedStation
from tests.simulation.takeovers import die, mark_and_mirror, mirrored, spare_takes_over
from tests.simulation.world import World, heal


def test_a_grant_whose_answer_was_committed_right_before_a_crash_is_still_accepted() -> None:
    with staged(0, 2) as world:
        home, at = world.stations
        line = home.prepared.lines[0]
        at.do(lambda book: asking.claim_line(book, home.prepared.pinfls[0], home.prepared.documents[0]))

        def moment(when: str) -> None:
            granted = at.disk.look("SELECT 1 FROM feed WHERE kind = ?", int(FeedKind.GRANTED))
            if when is AFTER_COMMIT and granted:
                at.is_dying = True
            if at.is_dying:
                raise Crashed

        at.disk.database.moment = moment
        for station in (at, home, at):
            station.want_cycle(0)
            world.run_s(30)
        assert at.lives > 1
        world.run_s(200)
        assert at.mark(line, Channel.STATION) == "marked"


def test_what_a_restored_register_tells_has_numbers_that_the_book_has_not_seen() -> None:
    with staged(0, 2) as world:
        home = world.stations[0]
        world.centre.back_up()
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, home.prepared.book)
            assert found is not None
            for number in range(3):
                tell(connection, found.id, FeedItem(0, FeedKind.NOTICE, f"notice {number}"), 1)
        world.run_s(60)
        world.centre.roll_back()
        home.clock.off_s = 2000
        world.run_s(60)
        told = {item.text for item in home.do(notices) or ()}
        assert {"notice 2", Anomaly.CLOCK_SKEWED, Anomaly.REGISTER_ROLLED_BACK} <= told


def test_what_a_restored_register_lost_of_a_revoked_book_is_sent_again() -> None:
    with staged(0, 2) as world:
        home = world.stations[0]
        world.links[home.name].weather.is_cut = True
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, home.prepared.book)
            assert found is not None
            settling.revoke(connection, found, "the laptop was lost", 1)
        home.is_revoked = True
        world.centre.back_up()
        assert home.mark(home.prepared.lines[0], Channel.STATION) == "marked"
        world.links[home.name].weather.is_cut = False
        world.run_s(600)
        assert home.mark(home.prepared.lines[1], Channel.STATION) == "book_revoked"
        world.centre.roll_back()
        world.run_s(600)


def test_a_register_put_back_to_before_a_takeover_learns_of_the_successor_again(tmp_path: Path) -> None:
    with staged(0, 2) as world:
        old = world.stations[0]
        stick = mirrored(world, old, tmp_path / "stick")
        assert mark_and_mirror(stick, old.prepared.lines[0])[0] == "marked"
        stick.following.close()
        world.centre.back_up()
        die(old)
        new = spare_takes_over(world, stick.folder, stick.code, old, 0, tmp_path / "spare")
        world.run_s(120)
        assert new.last_failure is None
        world.centre.roll_back()
        world.run_s(700)
        assert new.last_failure is None
        with world.centre.database().read() as connection:
            assert stations.find_station(connection, new.prepared.book) is not None
        old.is_broken = False
        old.start()


def test_a_grant_that_a_restored_register_made_before_its_receiver_was_heard_again_still_arrives() -> None:
    with staged(0, 2) as world:
        home, to = world.stations
        world.centre.back_up()
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, to.prepared.book)
            assert found is not None
            for number in range(3):
                tell(connection, found.id, FeedItem(0, FeedKind.NOTICE, f"notice {number}"), 1)
        world.run_s(60)
        world.centre.roll_back()
        world.links[to.name].weather.is_cut = True
        line = home.prepared.lines[0]
        assert isinstance(release(home, line, to.prepared.book, Way.PAPER), SentRelease)  # a paper that gets lost
        world.run_s(60)
        world.links[to.name].weather.is_cut = False
        world.run_s(200)
        assert to.mark(line, Channel.STATION) == "marked"


def forked(world: World, station: SimulatedStation, marks: int) -> SimulatedStation:
    """A clone that goes on beside its original, each offline, with so many marks each."""
    clone = world.add_station(f"clone of {station.name}", station.prepared)
    clone.disk.restore(station.disk.image())
    station.is_suspect = clone.is_suspect = True
    for each in (station, clone):
        world.links[each.name].weather.is_cut = True
    clone.start()
    for at in range(marks):
        station.mark(station.prepared.lines[at], Channel.STATION)
        clone.mark(clone.prepared.lines[-1 - at], Channel.STATION)
    return clone


def evidence_in(world: World) -> set[tuple[int, bytes]]:
    rows = world.centre.disk.look("SELECT number, bytes FROM fork_entry")
    return {(number, bytes(content)) for number, content in rows}


def test_every_entry_of_the_second_history_reaches_the_register_also_past_the_first_batch_and_the_other_s_head() -> (
    None
):
    with staged(0, 2) as world:
        station = max(world.stations, key=lambda each: len(each.prepared.lines))
        clone = forked(world, station, 5)
        for at in range(5, 9):
            clone.mark(clone.prepared.lines[-1 - at], Channel.STATION)
        world.links[station.name].weather.is_cut = False
        world.run_s(120)
        world.links[clone.name].weather.is_cut = False
        assert clone.register is not None
        clone.register.pace.note_failure()  # small batches
        clone.want_cycle(0)
        world.run_s(900)
        assert clone.book is not None
        assert clone.book.stopped is Refusal.LEDGER_BROKEN
        assert len(clone.told) == 9
        assert set(clone.told) <= evidence_in(world)


def test_a_fork_is_found_where_the_register_was_restored_before_the_second_history_came() -> None:
    with staged(0, 2) as world:
        station = max(world.stations, key=lambda each: len(each.prepared.lines))
        world.centre.back_up()
        station.mark(station.prepared.lines[0], Channel.STATION)
        world.run_s(60)  # acknowledged
        clone = forked(world, station, 3)
        world.centre.roll_back()  # and forgotten
        world.links[clone.name].weather.is_cut = False
        clone.want_cycle(0)
        world.run_s(120)
        world.links[station.name].weather.is_cut = False
        station.want_cycle(0)
        world.run_s(600)
        assert Anomaly.FORK in world.anomalies_of(station)


def test_a_locked_book_whose_very_head_a_restored_register_has_again_asks_once_a_cycle() -> None:
    with staged(0, 2) as world:
        station, other = world.stations
        world.links[other.name].weather.is_cut = True
        clone = forked(world, station, 0)
        world.centre.back_up()
        for line in clone.prepared.lines[:3]:
            clone.mark(line, Channel.STATION)
        for each in (clone, station):
            world.links[each.name].weather.is_cut = False
            each.want_cycle(0)
            world.run_s(120)
        assert station.book is not None
        assert station.book.stopped is Refusal.LEDGER_BROKEN
        world.links[clone.name].weather.is_cut = True
        world.centre.roll_back()
        asked, cycles = world.centre.ingests, station.cycles
        world.run_s(400)
        assert 0 < world.centre.ingests - asked <= 2 + station.cycles - cycles


def test_a_grant_is_not_lost_where_a_restored_register_has_told_as_much_as_the_book_had_seen() -> None:
    with staged(0, 2) as world:
        home, to = world.stations
        world.centre.back_up()
        tell_notices(world, to, 3)
        world.run_s(60)
        world.centre.roll_back()
        world.links[to.name].weather.is_cut = True
        line = home.prepared.lines[0]
        assert isinstance(release(home, line, to.prepared.book, Way.PAPER), SentRelease)  # a paper that gets lost
        world.run_s(60)
        tell_notices(world, to, 5)  # now the register's newest number is past the book's cursor
        world.links[to.name].weather.is_cut = False
        world.run_s(200)
        assert to.mark(line, Channel.STATION) == "marked"
        assert Anomaly.REGISTER_ROLLED_BACK in world.anomalies_of(to)


def test_an_old_request_that_is_played_again_after_a_recovery_rolls_nothing_back() -> None:
    with staged(0, 2) as world:
        station = world.stations[0]
        world.centre.back_up()
        tell_notices(world, station, 3)
        world.run_s(90)
        assert station.register is not None
        old = station.register.sent[-1]
        world.centre.roll_back()
        world.run_s(120)
        with world.centre.database().write() as connection:
            assert own_ledger.is_behind(connection)
            own_ledger.set_behind(connection, None)
        world.centre.serve(*old, lambda _answer: None)
        world.run_s(60)
        with world.centre.database().read() as connection:
            assert not own_ledger.is_behind(connection)


def test_a_book_that_fetched_items_before_it_kept_a_chain_is_no_sign_of_a_restored_register() -> None:
    with staged(0, 2) as world:
        station = world.stations[0]
        tell_notices(world, station, 3)
        world.run_s(90)
        for count in (2, 4):  # told before the upgraded book is heard, and upgraded once more
            station.killed()
            station.disk.restore(as_older(station.disk.image()))
            tell_notices(world, station, count)
            world.run_s(300)
            tell_notices(world, station, 1)
            world.run_s(90)
        told = {item.text for item in station.do(notices) or ()}
        assert {"notice 3 of 4", "notice 0 of 1"} <= told
        assert Anomaly.REGISTER_ROLLED_BACK not in world.anomalies_of(station)


def test_a_restored_register_is_known_also_by_a_book_that_began_its_chain_late() -> None:
    with staged(0, 2) as world:
        station = world.stations[0]
        tell_notices(world, station, 2)
        world.run_s(90)
        station.killed()
        station.disk.restore(as_older(station.disk.image()))
        world.run_s(300)
        world.centre.back_up()
        tell_notices(world, station, 2)
        world.run_s(90)
        world.centre.roll_back()
        tell_notices(world, station, 5)  # other items under the numbers that the book has seen, and past them
        world.run_s(120)
        assert Anomaly.REGISTER_ROLLED_BACK in world.anomalies_of(station)


def test_a_locked_book_is_not_at_rest_before_it_has_reached_the_register() -> None:
    with staged(0, 2) as world:
        station = world.stations[0]
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, station.prepared.book)
            assert found is not None
            settling.revoke(connection, found, "the laptop was lost", 1)
        station.is_revoked = True
        world.run_s(120)
        assert station.mark(station.prepared.lines[0], Channel.STATION) == "book_revoked"
        world.links[station.name].weather.is_cut = True  # as of a register that is still starting
        station.heal()
        world.run_s(60)
        assert station.last_failure is Failure.REGISTER_UNREACHABLE
        assert not station.is_at_rest()
        heal(world)
        assert station.last_failure is Failure.BOOK_REVOKED
        assert station.is_at_rest()


def test_what_an_envelope_of_a_revoked_book_comes_to_reaches_that_book_too() -> None:
    with staged(0, 2) as world:
        home, at = world.stations
        seal_envelope(world, Envelope(at, home, 0))
        world.links[home.name].weather.is_cut = True
        world.run_s(90)
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, at.prepared.book)
            assert found is not None
            settling.revoke(connection, found, "the laptop was lost", 1)
        at.is_revoked = True
        world.run_s(400)
        assert at.last_failure is Failure.BOOK_REVOKED
        world.links[home.name].weather.is_cut = False
        home.want_cycle(0)
        heal(world)
        (known,) = at.do(annex.provisionals) or ()
        assert known.adjudicated is not None
        assert known.state.outcome is None  # nothing more is entered there


def tell_notices(world: World, station: SimulatedStation, count: int) -> None:
    with world.centre.database().write() as connection:
        found = stations.find_station(connection, station.prepared.book)
        assert found is not None
        for number in range(count):
            tell(connection, found.id, FeedItem(0, FeedKind.NOTICE, f"notice {number} of {count}"), 1)
