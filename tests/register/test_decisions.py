from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pollbook.failures import Failure, WorldFailed
from pollbook.types import PrecinctCode
from register.checking import check_register
from register.officers import Act, accept_totals, keep_one, make_officers, read_register_officers
from register.store import lists
from register.store.decisions import ListPlace
from tests.register.lists_of_voters import OTHER, PRECINCT, pinfl, voter, voters, write_list, write_totals
from tests.register.stand_in import CHEAP, Centre, enrolled_station

HERE, THERE = ListPlace(PrecinctCode(PRECINCT), 1, 4), ListPlace(PrecinctCode(OTHER), 5, 1)


@pytest.fixture
def disputed(centre: Centre, tmp_path: Path) -> Centre:
    """One PINFL in two precincts, one voter without a PINFL, and one total that differs."""
    rows = [*voters(10), voter(80, OTHER, pinfl=pinfl(3)), *voters(2, OTHER, 81), voter(90, OTHER, pinfl="")]
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=10, p1730_0001=5)
    centre.load(write_list(tmp_path / "voters.csv", rows), totals)
    return centre


def act(centre: Centre, *officers: str, reason: str = "seen the passport", pins: dict[str, str] | None = None) -> Act:
    pins = pins if pins is not None else json.loads(centre.home.training_pins.read_text("utf-8"))
    first, second = officers or ("1", "usmonov anvar")
    return Act(reason, (first, second), lambda name: pins.get(name, ""), centre.now)


def decide(centre: Centre, number: str | None, keep: ListPlace | None, how: Act | None = None) -> int:
    with centre.database.write() as connection:
        return keep_one(connection, centre.election, number, keep, how or act(centre))


def places(centre: Centre) -> dict[str, int]:
    with closing(sqlite3.connect(centre.home.database)) as connection:
        rows = connection.execute("SELECT precinct || ':' || page || ':' || row, place FROM line WHERE place <> 1")
        return dict(rows.fetchall())


def refusal(centre: Centre, number: str | None, keep: ListPlace | None, how: Act | None = None) -> Failure:
    before = places(centre)
    with pytest.raises(WorldFailed) as caught:
        decide(centre, number, keep, how)
    assert places(centre) == before
    return caught.value.failure


def test_the_line_that_two_officers_keep_is_issued_and_the_other_is_not(disputed: Centre) -> None:
    assert places(disputed) == {str(HERE): 2, str(THERE): 2, f"{OTHER}:5:11": 2}
    assert decide(disputed, pinfl(3), HERE) == 2
    assert places(disputed) == {str(THERE): 3, f"{OTHER}:5:11": 2}
    station = enrolled_station(disputed, PRECINCT)
    assert station.slice.header.line_count == 10
    assert station.slice.header.list_version == 2
    assert pinfl(3) in {voter.pinfl for voter in station.slice.voters}
    kept = next(voter.line for voter in station.slice.voters if voter.pinfl == pinfl(3))
    station.mark(kept)
    station.sync(disputed)
    with disputed.database.read() as connection:
        checked = check_register(connection, disputed.election)
    assert (checked.decisions, checked.entries, checked.faults) == (1, 1, ())


def test_two_officers_may_keep_none(disputed: Centre) -> None:
    decide(disputed, pinfl(3), None)
    assert places(disputed) == {str(HERE): 3, str(THERE): 3, f"{OTHER}:5:11": 2}


def test_a_voter_without_pinfl_is_put_in_place_by_the_lists_place(disputed: Centre) -> None:
    assert decide(disputed, None, ListPlace(PrecinctCode(OTHER), 5, 11)) == 1
    assert places(disputed) == {str(HERE): 2, str(THERE): 2}


def test_a_decision_needs_something_to_decide(disputed: Centre) -> None:
    assert refusal(disputed, pinfl(4), HERE) is Failure.NOTHING_TO_DECIDE
    assert refusal(disputed, pinfl(3), ListPlace(PrecinctCode(OTHER), 1, 1)) is Failure.NOTHING_TO_DECIDE
    decide(disputed, pinfl(3), HERE)
    assert refusal(disputed, pinfl(3), THERE) is Failure.NOTHING_TO_DECIDE


def test_a_line_that_comes_later_cannot_replace_one_in_place(disputed: Centre, tmp_path: Path) -> None:
    enrolled_station(disputed, PRECINCT)
    disputed.load(write_list(tmp_path / "later.csv", [voter(4, OTHER, page="70")]))
    later = ListPlace(PrecinctCode(OTHER), 70, 5)
    assert refusal(disputed, pinfl(4), later) is Failure.NOTHING_TO_DECIDE
    decide(disputed, pinfl(4), ListPlace(PrecinctCode(PRECINCT), 1, 5))
    assert places(disputed)[str(later)] == 3


def test_a_decided_pinfl_that_comes_once_more_is_held_back_once_more(disputed: Centre, tmp_path: Path) -> None:
    decide(disputed, pinfl(3), None)
    done = disputed.load(write_list(tmp_path / "later.csv", [voter(3, OTHER, page="70")]))
    assert (done.imported, done.held_back) == (0, 1)


@pytest.mark.parametrize(
    ("officers", "changes", "failure"),
    [
        (("1", "Karimova Malika"), {}, Failure.SAME_OFFICER_TWICE),
        (("1", "Nobody"), {}, Failure.UNKNOWN_PERSON),
        (("1", "2"), {"reason": "  "}, Failure.REASON_MISSING),
        (("1", "2"), {"pins": {}}, Failure.WRONG_PIN),
    ],
)
def test_an_act_takes_two_officers_who_prove_themselves_and_a_reason(
    disputed: Centre, officers: tuple[str, str], changes: dict[str, object], failure: Failure
) -> None:
    how = act(disputed, *officers, **changes)  # type: ignore[arg-type]
    assert refusal(disputed, pinfl(3), HERE, how) is failure


def test_an_accepted_difference_lets_the_slice_out_until_the_counts_change(disputed: Centre, tmp_path: Path) -> None:
    with pytest.raises(WorldFailed):
        disputed.code(OTHER)
    with disputed.database.write() as connection:
        accept_totals(connection, disputed.election, PrecinctCode(OTHER), act(disputed))
    disputed.code(OTHER)
    with disputed.database.read() as connection:
        assert not lists.precinct_counts(connection, only=[OTHER])[0].differs
        assert not check_register(connection, disputed.election).faults
    disputed.load(write_list(tmp_path / "more.csv", voters(2, OTHER, 200)))
    with pytest.raises(WorldFailed) as caught:
        disputed.code(OTHER)
    assert caught.value.failure is Failure.TOTALS_DIFFER


def test_a_total_that_agrees_has_nothing_to_accept(disputed: Centre) -> None:
    for precinct, failure in ((PRECINCT, Failure.NOTHING_TO_DECIDE), ("1703-0001", Failure.UNKNOWN_PRECINCT)):
        with pytest.raises(WorldFailed) as caught, disputed.database.write() as connection:
            accept_totals(connection, disputed.election, PrecinctCode(precinct), act(disputed))
        assert caught.value.failure is failure


def test_the_registers_officers_are_named_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "officers.csv"
    path.write_text("surname,given_name\nКаримова,Малика\nOʻktamov,Ali\n", "utf-8")
    names = read_register_officers(path)
    officers, pins = make_officers(names, CHEAP)
    assert names == ["Каримова Малика", "Oʻktamov Ali"]
    assert [officer.name for officer in officers] == list(pins)
    assert all(len(pin) == 8 for pin in pins.values())


@pytest.mark.parametrize("text", ["surname,given_name\nA,B\n", "surname,given_name\nA,B\na,b\n", "surname,name\nA,B\n"])
def test_an_officers_file_without_two_people_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "officers.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(WorldFailed):
        read_register_officers(path)
