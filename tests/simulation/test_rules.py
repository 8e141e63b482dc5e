"""Each rule of custody (DESIGN §1) in an interleaving of its own, on links from good to bad; then every promise."""

from __future__ import annotations

import pytest

from pollbook import custody, effects, permission
from pollbook.entries import Marked
from pollbook.feed_items import FeedItem, FeedKind, ListChanged, encode_content
from pollbook.permission import Lock
from pollbook.store import moving
from pollbook.store.book import Book
from pollbook.store.moving import SentRelease, Way
from pollbook.types import MACHINE, Channel, LineId
from register import settling
from register.feed import tell
from register.store import stations
from tests.simulation.moves import accept, release
from tests.simulation.mutations import replaced
from tests.simulation.stage import SEEDS, staged
from tests.simulation.station import SimulatedStation
from tests.simulation.world import World

DAY_S = 86_400.0
every_weather = pytest.mark.parametrize("seed", SEEDS)


def let_go(world: World, home: SimulatedStation, line: LineId, to: SimulatedStation) -> bytes:
    """The line is released on paper, and the paper is out."""
    released = release(home, line, to.prepared.book, Way.PAPER)
    assert isinstance(released, SentRelease)
    for _ in range(60):
        if any(each.id == released.id for each in home.do(moving.ready_releases) or ()):
            return released.certificate
        world.run_s(10)
    raise AssertionError("the release never became safe")


def cut(world: World, station: SimulatedStation, *, is_cut: bool = True) -> None:
    world.links[station.name].weather.is_cut = is_cut


def marked_in_time(world: World, station: SimulatedStation, line: LineId) -> str:
    """What a voter is told who waits up to ten minutes."""
    said = station.mark(line, Channel.STATION)
    for _ in range(60):
        if said not in {"line_arriving", "failed"}:
            break
        world.run_s(10)
        said = station.mark(line, Channel.STATION)
    return said


@every_weather
def test_rule_1_a_person_has_one_line_and_a_book_knows_only_its_own(seed: int) -> None:
    with staged(seed) as world:
        home, other, third = world.stations
        line = home.prepared.lines[0]
        assert [station.mark(line, Channel.STATION) for station in (other, third, home, home)] == [
            "line_not_held",
            "line_not_held",
            "marked",
            "already_marked",
        ]
        pinfls = [pinfl for station in world.prepared.stations for pinfl in station.pinfls]
        assert len(pinfls) == len(set(pinfls))
        assert not set(world.prepared.held_back) & set(pinfls)


@every_weather
def test_rule_2_a_line_never_moves_by_time_out(seed: int) -> None:
    with staged(seed) as world:
        home, to, _ = world.stations
        line = home.prepared.lines[0]
        cut(world, to)  # else the register would bring what the paper brings
        certificate = let_go(world, home, line, to)
        for clocks in (DAY_S, -2 * DAY_S):  # days go by, and come back, as far as the machines can tell
            for station in world.stations:
                station.clock.off_s += clocks
            world.run_s(120)
            assert home.mark(line, Channel.STATION) == "line_released"
            assert to.mark(line, Channel.STATION) == "line_not_held"
        assert accept(to, certificate) == "accepted"
        cut(world, to, is_cut=False)
        assert marked_in_time(world, to, line) == "marked"
        assert home.mark(line, Channel.STATION) == "line_released"


@every_weather
def test_rule_3_only_the_named_receiver_accepts_a_release_and_once(seed: int) -> None:
    with staged(seed) as world:
        home, to, other = world.stations
        line = home.prepared.lines[0]
        cut(world, to)
        certificate = let_go(world, home, line, to)
        reprinted = release(home, line, to.prepared.book, Way.PAPER)
        assert isinstance(reprinted, SentRelease)
        assert reprinted.certificate == certificate
        assert release(home, line, other.prepared.book, Way.PAPER) == "line_released"
        assert accept(other, certificate) == "release_other_book"
        for at in range(0, len(certificate), 7):
            changed = certificate[:at] + bytes([certificate[at] ^ 1]) + certificate[at + 1 :]
            assert accept(to, changed) in {"release_invalid", "release_other_book"}
        before = to.do(lambda book: book.head.number)
        assert accept(to, certificate) == "accepted"
        assert accept(to, certificate) == "accepted"
        assert to.do(lambda book: book.head.number) == before + 1
        cut(world, to, is_cut=False)
        world.run_s(200)
        onward = let_go(world, to, line, other)
        assert accept(to, certificate) == "accepted"  # told so, and nothing is entered for it
        assert to.mark(line, Channel.STATION) == "line_released"
        assert accept(other, onward) == "accepted"


@every_weather
def test_rule_4_nothing_leaves_and_nothing_that_came_is_marked_before_it_is_safe(seed: int) -> None:
    with staged(seed) as world:
        home, to, _ = world.stations
        first, second = home.prepared.lines[:2]
        cut(world, to)
        certificate = let_go(world, home, first, to)
        cut(world, home)
        world.run_s(30)
        released = release(home, second, to.prepared.book, Way.PAPER)
        assert isinstance(released, SentRelease)
        assert accept(to, certificate) == "accepted"
        world.run_s(300)
        assert released.id not in {each.id for each in home.do(moving.ready_releases) or ()}
        assert to.mark(first, Channel.STATION) == "line_arriving"
        assert to.mark(to.prepared.lines[0], Channel.STATION) == "marked"
        cut(world, home, is_cut=False)
        cut(world, to, is_cut=False)
        world.run_s(400)
        assert marked_in_time(world, to, first) == "marked"
        assert marked_in_time(world, to, second) == "marked"  # it left as soon as it was safe


@every_weather
def test_rule_6_a_line_that_is_open_or_with_a_team_or_on_paper_is_not_released(seed: int) -> None:
    with staged(seed) as world:
        home, to, _ = world.stations
        book, line = to.prepared.book, home.prepared.lines[0]
        for lock, refusal in ((Lock.OPEN, "line_open"), (Lock.TEAM, "line_with_team")):
            home.do(lambda of, lock=lock: moving.set_lock(of, line, lock))
            assert release(home, line, book, Way.LAN) == refusal
            home.do(lambda of: moving.set_lock(of, line, None))
        home.do(lambda of: moving.set_paper(of, is_on_paper=True))
        home.clock.off_s += 3700
        assert release(home, line, book, Way.LAN) == "on_paper"
        assert home.mark(home.prepared.lines[1], Channel.STATION) == "marked"
        home.do(lambda of: moving.set_paper(of, is_on_paper=False))
        home.clock.off_s -= 3700
        assert isinstance(release(home, line, book, Way.LAN), SentRelease)


@every_weather
def test_rule_7_only_the_book_that_marked_voids_and_the_line_stays_until_that_is_acknowledged(seed: int) -> None:
    with staged(seed) as world:
        home, to, _ = world.stations
        line = home.prepared.lines[0]
        assert home.mark(line, Channel.STATION) == "marked"
        assert to.void(line) == "line_not_held"
        cut(world, home)
        world.run_s(30)
        assert home.void(line) == "voided"
        assert release(home, line, to.prepared.book, Way.LAN) == "void_waits"
        cut(world, home, is_cut=False)
        world.run_s(400)
        assert isinstance(release(home, line, to.prepared.book, Way.LAN), SentRelease)


@every_weather
def test_rule_8_a_book_that_was_rolled_back_locks_itself(seed: int) -> None:
    with staged(seed) as world:
        home = world.stations[0]
        image = home.disk.image()
        for line in home.prepared.lines[:3]:
            assert home.mark(line, Channel.STATION) == "marked"
        world.run_s(300)
        home.roll_back(image)
        world.run_s(400)
        assert home.mark(home.prepared.lines[5], Channel.STATION) == "ledger_broken"


@every_weather
def test_rule_10_a_revoked_book_is_frozen_and_its_late_entries_are_stored(seed: int) -> None:
    with staged(seed) as world:
        home, to, _ = world.stations
        cut(world, home)
        world.run_s(5)
        first, second = home.prepared.lines[:2]
        assert home.mark(first, Channel.STATION) == "marked"
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, home.prepared.book)
            assert found is not None
            settling.revoke(connection, found, "the laptop was lost", 1)
        home.is_revoked = True
        cut(world, home, is_cut=False)
        world.run_s(600)
        assert home.mark(second, Channel.STATION) == "book_revoked"
        assert release(home, second, to.prepared.book, Way.LAN) == "book_revoked"
        assert to.mark(second, Channel.STATION) == "line_not_held"


@every_weather
def test_rule_11_what_a_restored_register_lost_is_sent_again(seed: int) -> None:
    with staged(seed) as world:
        home, to, _ = world.stations
        world.centre.back_up()
        certificate = let_go(world, home, home.prepared.lines[0], to)
        assert accept(to, certificate) == "accepted"
        assert home.mark(home.prepared.lines[1], Channel.STATION) == "marked"
        world.run_s(300)
        world.centre.roll_back()
        world.run_s(300)


@every_weather
def test_rule_12_a_changed_list_alters_data_and_never_a_line(seed: int) -> None:
    with staged(seed) as world:
        home = world.stations[0]
        marked, unmarked = home.prepared.lines[:2]
        assert home.mark(marked, Channel.STATION) == "marked"
        voters = {line: home.do(lambda book, of=line: book.voter(of)) for line in (marked, unmarked)}
        with world.centre.database().write() as connection:
            found = stations.find_station(connection, home.prepared.book)
            assert found is not None
            for voter in voters.values():
                changed = ListChanged(custody.replace(voter, surname="Oʻzgargan"), "ministry", "a misprint")
                item = FeedItem(0, FeedKind.LIST_CHANGED, "", 0, encode_content(changed))
                tell(connection, found.id, item, 1)
        world.run_s(300)
        assert home.do(lambda book: book.voter(unmarked)).surname == "Oʻzgargan"
        assert home.mark(marked, Channel.STATION) == "already_marked"
        assert home.mark(unmarked, Channel.STATION) == "marked"


@every_weather
def test_rule_14_a_poisoned_entry_keeps_its_number_and_marking_goes_on(seed: int) -> None:
    with staged(seed) as world:
        home = world.stations[0]
        line = home.prepared.lines[0]
        assert home.mark(line, Channel.STATION) == "marked"
        home.is_suspect = home.is_poisoned = True

        def poison(book: Book) -> int:
            def apply(*_entry: object) -> effects.NothingChanged:
                return effects.NothingChanged()

            with replaced(custody, apply=apply), book.writing():
                return book.enter(home.prepared.operators[0], Marked(line, Channel.STATION))

        assert home.do(poison)
        assert home.mark(home.prepared.lines[1], Channel.STATION) == "marked"
        world.run_s(300)
        assert home.mark(home.prepared.lines[2], Channel.STATION) == "marked"
        world.run_s(300)
        assert effects.Anomaly.SECOND_MARK in world.anomalies_of(home)


@every_weather
def test_rule_15_marking_needs_a_person_and_a_day_that_two_officers_opened(seed: int) -> None:
    with staged(seed) as world:
        home = world.stations[0]
        line = home.prepared.lines[0]
        assert home.do(lambda book: book.mark(line, Channel.STATION, MACHINE)) == permission.Refusal.NOT_SIGNED_IN
        closed = world.add_station("a laptop before the day", world.stations[1].prepared)
        closed.start()
        assert closed.mark(closed.prepared.lines[0], Channel.STATION) == "day_not_open"
        world.stations.remove(closed)
        closed.end()
