"""What the simulation has found, each as the shortest interleaving that shows it."""

from __future__ import annotations

from pollbook.custody import Anomaly
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.store import asking
from pollbook.store.moving import SentRelease, Way
from pollbook.store.syncing import notices
from pollbook.types import Channel
from register.feed import tell
from register.store import stations
from tests.simulation.disks import AFTER_COMMIT, Crashed
from tests.simulation.moves import release
from tests.simulation.stage import staged


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
