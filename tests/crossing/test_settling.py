"""What two officers of the register settle, with real books on the other side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pollbook.failures import Failure, WorldFailed
from pollbook.permission import Refusal
from pollbook.store.check import check_book
from pollbook.types import Channel
from register import settling
from register.checking import check_register
from register.officers import Act, ProvenAct, prove
from register.store import anomalies, marks, own_ledger, stations
from tests.crossing.test_takeovers import Scene
from tests.crossing.worlds import Laptop
from tests.making import FakeClock
from tests.register.stand_in import Centre


def act(centre: Centre) -> ProvenAct:
    pins = json.loads(centre.home.training_pins.read_text("utf-8"))
    return prove(centre.database, Act("as agreed", ("1", "2"), pins.__getitem__, FakeClock(centre.now)))


def faults(centre: Centre) -> tuple[object, ...]:
    with centre.database.read() as connection:
        return check_register(connection, centre.centre).faults


def test_rule_12_changed_data_reach_the_station_and_move_nothing(centre: Centre, here: Laptop) -> None:
    voter = here.voters[3]
    here.book.mark(voter.line, Channel.STATION, here.operator)
    here.sync()
    agreed = act(centre)
    with centre.database.write() as connection:
        settling.change_voter(connection, centre.centre, voter.pinfl, {"surname": "Oʻzgargan"}, "ministry", agreed)
    here.sync()
    changed = here.book.voter(voter.line)
    assert changed is not None
    assert (changed.surname, changed.page, changed.row) == ("Oʻzgargan", voter.page, voter.row)
    assert here.book.find("ozgargan", 3).hits[0].line == voter.line
    assert here.book.mark(voter.line, Channel.STATION, here.operator) is Refusal.ALREADY_MARKED
    assert here.sync().failure is None
    assert check_book(here.book).problems == ()
    assert faults(centre) == ()


@pytest.mark.parametrize("changes", [{}, {"pinfl": "1"}, {"precinct": "1708-0002"}, {"birth_date": "yesterday"}])
def test_a_change_of_anything_else_is_refused(centre: Centre, here: Laptop, changes: dict[str, str]) -> None:
    agreed = act(centre)
    with pytest.raises(WorldFailed) as caught, centre.database.write() as connection:
        settling.change_voter(connection, centre.centre, here.voters[0].pinfl, changes, "ministry", agreed)
    assert caught.value.failure is Failure.LIST_COLUMNS_MISSING


def test_rule_11_a_register_that_was_rolled_back_grants_nothing_until_two_officers_say_so(
    centre: Centre, here: Laptop
) -> None:
    agreed = act(centre)
    with pytest.raises(WorldFailed), centre.database.write() as connection:
        settling.note_recovered(connection, centre.centre, agreed)
    here.sync()
    here.book.connection.exec_driver_sql("UPDATE sync_state SET feed_cursor = 9")  # as if it had seen more
    here.sync()
    with centre.database.write() as connection:
        assert own_ledger.is_behind(connection)
        settling.note_recovered(connection, centre.centre, agreed)
        assert not own_ledger.is_behind(connection)
    assert faults(centre) == ()


def test_a_dispute_is_settled_and_both_records_stay(centre: Centre, tmp_path: Path) -> None:
    scene = Scene(centre, tmp_path)
    new = scene.take_over()
    scene.mark(10)
    scene.old.book.sign_head()
    from pollbook.store import closing  # noqa: PLC0415 - one story's need

    closing.see_row(new.book, new.line(10), *new.signers(), new.operator)
    new.book.mark(new.line(10), Channel.STATION, new.operator)
    new.sync()
    scene.old.sync()
    agreed = act(centre)
    with centre.database.write() as connection:
        old = stations.find_station(connection, scene.old.name)
        assert old is not None
        assert len(marks.marks_on(connection, new.line(10))) == 2
        settling.resolve_dispute(connection, centre.centre, new.line(10), old, agreed)
        assert list(marks.marks_on(connection, new.line(10)))[0] == old.id  # noqa: RUF015 - the first one counts
        assert len(marks.marks_on(connection, new.line(10))) == 2
        with pytest.raises(WorldFailed):
            settling.resolve_dispute(connection, centre.centre, new.line(12), old, agreed)
    new.sync()
    assert check_book(new.book).problems == ()
    assert faults(centre) == ()
    with centre.database.read() as connection:
        assert {kind for kind, *_ in anomalies.anomalies(connection)} >= {"second_mark"}
    scene.old.book.close()
    new.book.close()
