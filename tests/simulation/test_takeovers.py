"""The rules about mirrors, takeovers and envelopes, each in an interleaving of its own; then every promise."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pollbook.annex_person import AnnexPerson
from pollbook.effects import Anomaly
from pollbook.entries import Outcome
from pollbook.store import annex, closing
from pollbook.store.mirror import Mirrored, NotMirrored
from pollbook.types import Channel, EntryNumber, LineId
from tests.simulation.stage import staged
from tests.simulation.station import SimulatedStation
from tests.simulation.takeovers import die, mark_and_mirror, mirrored, spare_takes_over

every_weather = pytest.mark.parametrize("seed", range(2))


def see_row(station: SimulatedStation, line: LineId) -> None:
    def act(book: object) -> object:
        return closing.see_row(book, line, *station._signers(book), station.prepared.operators[0])

    done = station.do(act)
    assert isinstance(done, int), done


@every_weather
def test_rule_5_disk_then_mirror_then_done_and_the_mirror_catches_up_before_the_next_mark(
    seed: int, tmp_path: Path
) -> None:
    with staged(seed, 2) as world:
        home = world.stations[0]
        world.links[home.name].weather.is_cut = True
        stick = mirrored(world, home, tmp_path / "stick")
        lines = home.prepared.lines
        said, outcome = mark_and_mirror(stick, lines[0])
        assert said == "marked"
        assert outcome == Mirrored(home.book.head.number)
        stick.drawer.pull(stick.root)
        said, outcome = mark_and_mirror(stick, lines[1])
        assert said == "marked", "no stick stops a mark"
        assert isinstance(outcome, NotMirrored)
        assert home.mark(lines[2], Channel.STATION) == "marked"
        home.killed()  # between the disk and the mirror
        world.run_s(60)
        stick.drawer.broken.clear()
        stick.follow_anew()
        home.do(lambda _book: stick.following.fill())
        said, outcome = mark_and_mirror(stick, lines[3])
        assert said == "marked"
        assert outcome == Mirrored(home.book.head.number)
        stick.following.close()


@every_weather
def test_rule_9_what_a_spare_took_over_is_unproven_until_the_old_ledger_is_complete(seed: int, tmp_path: Path) -> None:
    with staged(seed, 2) as world:
        old = world.stations[0]
        world.links[old.name].weather.is_cut = True
        stick = mirrored(world, old, tmp_path / "stick")
        lines = old.prepared.lines
        assert mark_and_mirror(stick, lines[0])[0] == "marked"
        stick.drawer.pull(stick.root)
        assert mark_and_mirror(stick, lines[1])[0] == "marked"  # past the mirror
        stick.following.close()
        stick.drawer.broken.clear()
        die(old)
        new = spare_takes_over(world, stick.folder, stick.code, old, 0, tmp_path / "spare")
        world.run_s(90)
        assert new.mark(lines[0], Channel.STATION) == "already_marked"
        assert new.mark(lines[1], Channel.STATION) == "line_unproven"
        assert new.mark(lines[2], Channel.STATION) == "line_unproven"
        see_row(new, lines[2])
        assert new.mark(lines[2], Channel.STATION) == "marked"
        world.run_s(90)
        old.is_broken = False  # mended, and on the network again
        old.start()
        world.links[old.name].weather.is_cut = False
        world.run_s(600)
        assert old.mark(lines[5], Channel.STATION) == "book_superseded"
        assert new.mark(lines[1], Channel.STATION) == "already_marked"
        assert Anomaly.MARKED_AFTER_TAKEOVER in world.anomalies_of(old) | world.anomalies_of(new)


def test_rule_9_of_two_spares_with_copies_of_one_mirror_one_alone_goes_on(tmp_path: Path) -> None:
    with staged(0, 2) as world:
        old = world.stations[0]
        stick = mirrored(world, old, tmp_path / "stick")
        assert mark_and_mirror(stick, old.prepared.lines[0])[0] == "marked"
        stick.following.close()
        copy = stick.copied(tmp_path / "copy")
        die(old)
        first = spare_takes_over(world, stick.folder, stick.code, old, 0, tmp_path / "one")
        second = spare_takes_over(world, copy, stick.code, old, 1, tmp_path / "other")
        line = old.prepared.lines[3]
        for new in (first, second):
            see_row(new, line)
            assert new.mark(line, Channel.STATION) == "marked"
        world.run_s(300)
        assert [new.mark(old.prepared.lines[4], Channel.STATION) for new in (first, second)].count(
            "book_superseded"
        ) == 1
        old.is_broken = False
        old.start()
        world.run_s(300)


@every_weather
@pytest.mark.parametrize("is_marked_at_home", [False, True])
def test_rule_13_an_envelope_counts_only_where_the_voter_was_marked_nowhere(seed: int, is_marked_at_home: bool) -> None:
    with staged(seed, 2) as world:
        home, at = world.stations
        world.links[home.name].weather.is_cut = True
        person = AnnexPerson(
            home.prepared.pinfls[0], home.prepared.documents[0], "A", "B", "C", date(1985, 8, 15), "here"
        )
        added = at.do(lambda book: annex.add_provisional(book, person, "E-1", at.prepared.operators[0]))
        assert isinstance(added, int)
        at.acknowledged(EntryNumber(added))
        if is_marked_at_home:
            assert home.mark(home.prepared.lines[0], Channel.STATION) == "marked"
        world.run_s(200)
        (waiting,) = at.do(annex.provisionals)
        assert waiting.adjudicated is None
        world.links[home.name].weather.is_cut = False
        assert home.close() == "done"
        world.run_s(600)
        (known,) = at.do(annex.provisionals)
        assert known.adjudicated is not None
        assert known.adjudicated[1] is (Outcome.NOT_COUNTED if is_marked_at_home else Outcome.COUNTED)

        def act(book: object) -> object:
            return annex.resolve(book, known.line, *at._signers(book), at.prepared.operators[0])

        resolved = at.do(act)
        assert isinstance(resolved, int)
        at.acknowledged(EntryNumber(resolved))
