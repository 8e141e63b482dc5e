from __future__ import annotations

import pytest

from register.checking import Checked, check_register
from tests.register.stand_in import Centre, Station

A_STATE = "(station, line, mark, channel, at, actor, voids) SELECT 1, line, 7, 'home', 9, 3, ''"


def checked(centre: Centre) -> Checked:
    with centre.database.read() as connection:
        return check_register(connection, centre.centre)


@pytest.fixture
def used(loaded: Centre, station: Station) -> Centre:
    for line in station.lines[:5]:
        station.mark(line)
    station.void(station.lines[0])
    station.sync(loaded)
    return loaded


def test_an_untouched_register_holds_together(used: Centre) -> None:
    assert checked(used) == Checked(1, 10, 0, ())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE number = 6) WHERE number = 5", "chain"),
        ("DELETE FROM entry WHERE number = 5", "entry 5 is missing"),
        ("DELETE FROM entry WHERE number = 10", "chain"),
        ("UPDATE book SET head_signature = zeroblob(64)", "signature"),
        ("UPDATE line_state SET voids = ''", "states"),
        ("DELETE FROM line_state", "states"),
        (f"INSERT INTO line_state {A_STATE} FROM effective_mark WHERE number = 7", "states"),
        ("UPDATE entry SET quarantined = 'second_mark' WHERE number = 7", "entry 7"),
        ("UPDATE book_key SET public_key = zeroblob(32) WHERE person = 1", "keys"),
        ("UPDATE book SET digest = zeroblob(32)", "digest"),
        ("UPDATE book SET day = '2026-12-19'", "day"),
        ("DELETE FROM effective_mark WHERE number = 7", "count"),
        ("UPDATE effective_mark SET number = 8 WHERE number = 7", "count"),
        ("UPDATE effective_mark SET line = 99 WHERE number = 7", "count"),
        ("INSERT INTO effective_mark VALUES (99, 1, 7)", "none of the books"),
        ("INSERT INTO disputed_mark SELECT line, 1, 9 FROM effective_mark WHERE number = 7", "count"),
    ],
)
def test_what_was_changed_behind_the_programs_back_is_found(used: Centre, change: str, found: str) -> None:
    used.change(change)
    faults = checked(used).faults
    assert any(found in fault.what for fault in faults), faults
