"""Stories of a laptop that died, and of what it did past its mirror."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pollbook.effects import Anomaly
from pollbook.entries import Outcome
from pollbook.permission import Refusal
from pollbook.release_certificate import seal_certificate
from pollbook.sealing import box_key_of
from pollbook.store import annex, closing, mirror_set_up, moving
from pollbook.store.check import check_book
from pollbook.store.media import folder_name
from pollbook.store.mirror import Mirror
from pollbook.store.moving import Way
from pollbook.types import Channel
from register.checking import check_register
from register.store import anomalies, ledgers, marks, stations
from register.succession import close_tail
from station_app.moving import Accepted
from station_app.station_desk import StationDesk
from tests.crossing.test_annex import outcome, provisional
from tests.crossing.worlds import Laptop, enrol_laptop, enrol_spare, take_over_from
from tests.pollbook.store.sticks import Drawer
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre


class Scene:
    """A mirrored laptop of twenty voters, three of them marked on disk and mirror, and a spare."""

    def __init__(self, centre: Centre, folder: Path) -> None:
        self.centre = centre
        self.old = enrol_laptop(centre, folder / "old", PRECINCT)
        self.drawer = Drawer()
        self.stick = self.drawer.plug_in(folder / "stick")
        self.code = mirror_set_up.set_up(self.old.book).code
        self.following = Mirror(self.old.book, self.drawer.surroundings())
        for at in range(3):
            self.mark(at)
            self.following.write()
        self.spare = enrol_spare(centre, folder / "spare")

    def mark(self, at: int) -> None:
        assert isinstance(self.old.book.mark(self.old.line(at), Channel.STATION, self.old.operator), int)

    def take_over(self) -> Laptop:
        self.following.close()
        return take_over_from(self.old, self.stick / folder_name(PRECINCT, 1), self.code, self.spare)

    def anomalies(self) -> set[str]:
        with self.centre.database.read() as connection:
            return {kind for kind, *_ in anomalies.anomalies(connection)}

    def is_sound(self) -> bool:
        with self.centre.database.read() as connection:
            return check_register(connection, self.centre.centre).faults == ()


@pytest.fixture
def scene(centre: Centre, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(centre, tmp_path)
    yield made
    made.following.close()
    made.old.book.close()


def test_what_the_register_says_of_an_envelope_reaches_the_spare_that_has_it_and_is_resolved_there(
    scene: Scene, there: Laptop
) -> None:
    marked, unmarked = there.voters[:2]
    assert isinstance(there.book.mark(marked.line, Channel.STATION, there.operator), int)
    there.sync()
    lines = [provisional(scene.old, voter, f"E-{at}") for at, voter in enumerate((marked, unmarked))]
    scene.following.write()
    scene.old.sync()  # the first is adjudicated, the other's line is asked for
    assert outcome(scene.old, lines[0]) is Outcome.NOT_COUNTED
    new = scene.take_over()
    assert outcome(new, lines[0]) is None  # the mirror is older than the register's word
    for laptop in (new, there, there, new):
        laptop.sync()
    assert [outcome(new, line) for line in lines] == [Outcome.NOT_COUNTED, Outcome.COUNTED]
    for line in lines:
        assert isinstance(annex.resolve(new.book, line, *new.signers(), new.operator), int)
    assert new.sync().failure is None
    assert Anomaly.NOT_ADJUDICATED not in scene.anomalies()
    assert check_book(new.book).problems == ()
    assert scene.is_sound()
    new.book.close()


def test_a_mark_that_was_voided_past_the_mirror_stands_in_the_successor_and_counts(scene: Scene) -> None:
    scene.old.book.void(scene.old.line(2), "wrong row", *scene.old.signers(), scene.old.operator)
    scene.old.sync()
    new = scene.take_over()
    assert new.sync().failure is None
    assert new.book.line(new.line(2)).mark is not None  # type: ignore[union-attr]
    with scene.centre.database.read() as connection:
        assert marks.effective_marks(connection) == 3
    assert scene.is_sound()
    new.book.close()


def test_a_spare_goes_on_without_the_centre_and_brings_what_the_old_laptop_never_sent(scene: Scene) -> None:
    new = scene.take_over()
    assert new.book.mark(new.line(0), Channel.STATION, new.operator) is Refusal.ALREADY_MARKED
    assert new.book.mark(new.line(5), Channel.STATION, new.operator) is Refusal.LINE_UNPROVEN
    closing.see_row(new.book, new.line(5), *new.signers(), new.operator)
    assert isinstance(new.book.mark(new.line(5), Channel.STATION, new.operator), int)
    report = new.sync()  # the register has never heard of a mark of this precinct
    assert report.failure is None
    assert report.pending == 0
    with scene.centre.database.read() as connection:
        assert marks.effective_marks(connection) == 4
    assert check_book(new.book).problems == ()
    assert scene.is_sound()
    new.book.close()


def test_the_old_laptop_that_comes_back_locks_and_its_later_marks_are_found(scene: Scene) -> None:
    scene.old.sync()
    new = scene.take_over()
    scene.mark(10)  # past the mirror, while the spare goes on
    scene.mark(11)
    closing.see_row(new.book, new.line(10), *new.signers(), new.operator)
    new.book.mark(new.line(10), Channel.STATION, new.operator)
    new.sync()
    scene.old.sync()
    assert scene.old.book.stopped is Refusal.BOOK_SUPERSEDED
    assert scene.old.book.mark(scene.old.line(12), Channel.STATION, scene.old.operator) is Refusal.BOOK_SUPERSEDED
    scene.old.sync()  # it has sent everything, and knows that it is over
    new.sync()
    assert {"second_mark", "marked_after_takeover"} <= scene.anomalies()
    assert new.book.mark(new.line(11), Channel.STATION, new.operator) is Refusal.ALREADY_MARKED
    assert isinstance(new.book.mark(new.line(13), Channel.STATION, new.operator), int)  # proven: the tail is complete
    new.sync()
    with scene.centre.database.read() as connection:
        assert marks.effective_marks(connection) == 6
    assert check_book(new.book).problems == ()
    assert scene.is_sound()
    new.book.close()


def test_a_tail_that_never_comes_is_written_off_by_two_officers_of_the_register(scene: Scene) -> None:
    new = scene.take_over()
    new.sync()
    assert new.book.mark(new.line(7), Channel.STATION, new.operator) is Refusal.LINE_UNPROVEN
    assert moving.may_release_line(new.book, new.line(7), new.book.line(new.line(7))) is Refusal.LINE_UNPROVEN
    with scene.centre.database.write() as connection:
        old = stations.find_station(connection, scene.old.name)
        assert old is not None
        assert close_tail(connection, scene.centre.centre, old, 1, int(scene.centre.now.timestamp()))
        assert not close_tail(connection, scene.centre.centre, old, 1, int(scene.centre.now.timestamp()))
    new.sync()
    assert isinstance(new.book.mark(new.line(7), Channel.STATION, new.operator), int)
    new.sync()
    scene.mark(9)  # what was written off comes all the same
    scene.old.sync()
    assert Anomaly.MARKED_AFTER_TAKEOVER in scene.anomalies()
    new.sync()
    assert new.book.mark(new.line(9), Channel.STATION, new.operator) is Refusal.ALREADY_MARKED
    assert new.sync().failure is None
    assert check_book(new.book).problems == ()
    assert scene.is_sound()
    new.book.close()


def test_a_mirror_copied_to_two_spares_is_a_fork_and_the_second_one_locks(
    scene: Scene, centre: Centre, tmp_path: Path
) -> None:
    import shutil  # noqa: PLC0415 - a thief's tool

    copied = tmp_path / "copied"
    scene.following.close()
    shutil.copytree(scene.stick / folder_name(PRECINCT, 1), copied)
    new = scene.take_over()
    rival = take_over_from(scene.old, copied, scene.code, enrol_spare(centre, tmp_path / "rival"))
    closing.see_row(rival.book, rival.line(9), *rival.signers(), rival.operator)
    rival.book.mark(rival.line(9), Channel.STATION, rival.operator)
    new.sync()
    rival.sync()
    rival.sync()
    assert rival.book.stopped is Refusal.BOOK_SUPERSEDED
    assert "fork" in scene.anomalies()
    with centre.database.read() as connection:
        found = stations.find_station(connection, rival.name)
        assert found is not None
        assert len(list(ledgers.all_entries(connection, found.id))) >= 3  # kept, and nothing of it counts
        assert marks.effective_marks(connection) == 3
    assert scene.is_sound()
    new.book.close()
    rival.book.close()


def test_a_paper_that_was_sealed_to_the_dead_laptop_is_accepted_by_its_successor(
    scene: Scene, centre: Centre, there: Laptop
) -> None:
    there.sync()
    sent = moving.release_lines(there.book, [there.line(2)], scene.old.name, Way.PAPER, there.operator)
    assert not isinstance(sent, Refusal)
    there.sync()
    paper = seal_certificate(
        sent.certificate, box_key_of(scene.old.book.link.device_key).public, there.book.link.device_key
    )
    new = scene.take_over()
    new.sync()
    desk = StationDesk(new.book, new.book.people[new.operator])
    assert isinstance(desk.moving.accept(paper), Accepted)
    new.sync()
    assert isinstance(new.book.mark(there.line(2), Channel.STATION, new.operator), int)
    new.sync()
    assert check_book(new.book).problems == ()
    assert scene.is_sound()
    assert centre.election is not None
    new.book.close()
