from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.failures import Failure, WorldFailed
from pollbook.types import PrecinctCode
from register import officers
from register.checking import check_register
from register.officers import (
    TRAINING_OFFICERS,
    Act,
    accept_totals,
    keep_one,
    make_officers,
    prove,
    read_register_officers,
)
from register.store import lists
from register.store.decisions import ListPlace
from tests.register.lists_of_voters import OTHER, PRECINCT, pinfl, voter, voters, write_list, write_totals
from tests.register.stand_in import CHEAP, OPENING, Centre, HandClock, enrolled_station

HERE, THERE = ListPlace(PrecinctCode(PRECINCT), 1, 4), ListPlace(PrecinctCode(OTHER), 5, 1)


@pytest.fixture
def disputed(centre: Centre, tmp_path: Path) -> Centre:
    """One PINFL in two precincts, one voter without a PINFL, and one total that differs."""
    rows = [*voters(10), voter(80, OTHER, pinfl=pinfl(3)), *voters(2, OTHER, 81), voter(90, OTHER, pinfl="")]
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=10, p1730_0001=5)
    centre.load(write_list(tmp_path / "voters.csv", rows), totals)
    return centre


def act(centre: Centre, *who: str, reason: str = "seen the passport", pins: dict[str, str] | None = None) -> Act:
    pins = pins if pins is not None else json.loads(centre.home.training_pins.read_text("utf-8"))
    first, second = who or ("1", "usmonov anvar")
    return Act(reason, (first, second), lambda name: pins.get(name, ""), HandClock(centre.now))


def decide(centre: Centre, number: str | None, keep: ListPlace | None, how: Act | None = None) -> int:
    proven = prove(centre.database, how or act(centre))
    with centre.database.write() as connection:
        return keep_one(connection, centre.election, number, keep, proven)


def accept(centre: Centre, precinct: str) -> None:
    proven = prove(centre.database, act(centre))
    with centre.database.write() as connection:
        accept_totals(connection, centre.election, PrecinctCode(precinct), proven)


def places(centre: Centre) -> dict[str, int]:
    rows = centre.rows("SELECT precinct || ':' || page || ':' || line.row, place FROM line WHERE place <> 1")
    return dict(rows)  # type: ignore[arg-type]


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
        checked = check_register(connection, disputed.centre)
    assert (checked.decisions, checked.entries, checked.faults) == (1, OPENING + 1, ())


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
    ("who", "changes", "failure"),
    [
        (("1", "Karimova Malika"), {}, Failure.SAME_OFFICER_TWICE),
        (("1", "Nobody"), {}, Failure.UNKNOWN_PERSON),
        (("1", "2"), {"reason": "  "}, Failure.REASON_MISSING),
        (("1", "2"), {"reason": "x" * (REASON_CHARACTERS_MAX + 1)}, Failure.REASON_TOO_LONG),
        (("1", "2"), {"pins": {}}, Failure.WRONG_PIN),
    ],
)
def test_an_act_takes_two_officers_who_prove_themselves_and_a_reason(
    disputed: Centre, who: tuple[str, str], changes: dict[str, object], failure: Failure
) -> None:
    how = act(disputed, *who, **changes)  # type: ignore[arg-type]
    assert refusal(disputed, pinfl(3), HERE, how) is failure


def test_a_failure_names_nobody(disputed: Centre) -> None:
    for how in (act(disputed, "1", "Olim Nobody"), act(disputed, pins={})):
        with pytest.raises(WorldFailed) as caught:
            prove(disputed.database, how)
        told = f"{caught.value} {caught.value.detail} {dict(caught.value.facts)}"
        assert not any(name in told for name in ("Nobody", *TRAINING_OFFICERS)), told


def tried(centre: Centre, at: datetime, pins: dict[str, str]) -> tuple[Failure, object] | None:
    """What one act comes to with these PINs at this time: nothing where both are right, else why and the wait."""
    how = replace(act(centre, pins=pins), clock=HandClock(at))
    try:
        prove(centre.database, how)
    except WorldFailed as error:
        return (error.failure, error.facts["wait_s"]) if error.facts["person"] == 1 else None
    return None


def test_an_officers_wrong_pins_cost_a_growing_wait(disputed: Centre) -> None:
    right: dict[str, str] = json.loads(disputed.home.training_pins.read_text("utf-8"))
    wrong = right | {TRAINING_OFFICERS[0]: "735194"}
    at = disputed.now
    assert [tried(disputed, at, wrong) for _ in range(4)] == [
        (Failure.WRONG_PIN, 0),
        (Failure.WRONG_PIN, 0),
        (Failure.WRONG_PIN, 30),
        (Failure.TOO_MANY_TRIES, 30),
    ]
    assert tried(disputed, at + timedelta(seconds=29), right) == (Failure.TOO_MANY_TRIES, 1)
    assert tried(disputed, at + timedelta(seconds=30), wrong) == (Failure.WRONG_PIN, 60)
    assert tried(disputed, at - timedelta(days=9), right) == (Failure.TOO_MANY_TRIES, 60)
    assert tried(disputed, at + timedelta(seconds=90), right) is None
    assert tried(disputed, at + timedelta(seconds=90), wrong) == (Failure.WRONG_PIN, 0)


def test_a_try_is_counted_on_the_disk_before_it_is_answered(disputed: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_wrapped: bytes, _pin: str) -> bytes:
        assert disputed.rows("SELECT wrong_tries FROM register_officer WHERE number = 1") == [(1,)]
        raise KeyboardInterrupt

    monkeypatch.setattr(officers, "unwrap", killed)
    with pytest.raises(KeyboardInterrupt):
        prove(disputed.database, act(disputed))


def test_nobody_is_asked_for_a_pin_that_would_not_be_tried(disputed: Centre) -> None:
    for _ in range(3):
        assert tried(disputed, disputed.now, {}) is not None
    asked: list[str] = []

    def ask(name: str) -> str:
        asked.append(name)
        return ""

    for how in (act(disputed, "1", "1"), act(disputed, reason=" "), act(disputed)):
        with pytest.raises(WorldFailed):
            prove(disputed.database, replace(how, ask_pin=ask))
    assert asked == []


def test_an_act_about_very_many_lines_is_proven_all_the_same(centre: Centre, tmp_path: Path) -> None:
    rows = [voter(number, pinfl=pinfl(1)) for number in range(400)]
    centre.load(write_list(tmp_path / "voters.csv", rows))
    assert decide(centre, pinfl(1), None) == 400
    with centre.database.read() as connection:
        assert not check_register(connection, centre.centre).faults


def test_an_accepted_difference_lets_the_slice_out_until_the_counts_change(disputed: Centre, tmp_path: Path) -> None:
    with pytest.raises(WorldFailed):
        disputed.code(OTHER)
    accept(disputed, OTHER)
    disputed.code(OTHER)
    with disputed.database.read() as connection:
        counted = lists.precinct_count(connection, OTHER)
        assert counted is not None
        assert not counted.differs
        assert not check_register(connection, disputed.centre).faults
    disputed.load(write_list(tmp_path / "more.csv", voters(2, OTHER, 200)))
    with pytest.raises(WorldFailed) as caught:
        disputed.code(OTHER)
    assert caught.value.failure is Failure.TOTALS_DIFFER


def test_a_total_that_agrees_has_nothing_to_accept(disputed: Centre) -> None:
    for precinct, failure in ((PRECINCT, Failure.NOTHING_TO_DECIDE), ("1703-0001", Failure.UNKNOWN_PRECINCT)):
        with pytest.raises(WorldFailed) as caught:
            accept(disputed, precinct)
        assert caught.value.failure is failure


def test_the_registers_officers_are_named_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "officers.csv"
    path.write_text("surname,given_name\nКаримова,Малика\nOʻktamov,Ali\n", "utf-8")
    names = read_register_officers(path)
    made, pins = make_officers(names, CHEAP)
    assert names == ["Каримова Малика", "Oʻktamov Ali"]
    assert [officer.name for officer in made] == list(pins)
    assert all(len(pin) == 8 for pin in pins.values())


@pytest.mark.parametrize("text", ["surname,given_name\nA,B\n", "surname,given_name\nA,B\na,b\n", "surname,name\nA,B\n"])
def test_an_officers_file_without_two_people_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "officers.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(WorldFailed):
        read_register_officers(path)
