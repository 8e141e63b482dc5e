"""Desks of one precinct and the register: what moved between them isn't issued to a third book."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pollbook.permission import Refusal
from pollbook.store import desks, moving
from pollbook.store.moving import Way
from pollbook.types import Channel
from register import settling
from register.store import stations
from tests.crossing.worlds import Laptop, enrol_laptop
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre


@pytest.fixture
def second(centre: Centre, here: Laptop, tmp_path: Path) -> Iterator[Laptop]:
    """Desk 2, beside `here`."""
    assert here.book.header.holds
    laptop = enrol_laptop(centre, tmp_path / "second", PRECINCT, 2)
    yield laptop
    laptop.book.close()


def revoke(centre: Centre, laptop: Laptop) -> None:
    with centre.database.write() as connection:
        found = stations.find_station(connection, laptop.name)
        assert found is not None
        settling.revoke(connection, found, "lost", int(centre.now.timestamp()))
    centre.let_reissue(PRECINCT)


def let_go(laptop: Laptop, places: range, to: Laptop) -> bytes:
    lines = [laptop.line(place) for place in places]
    sent = moving.release_lines(laptop.book, lines, to.name, Way.LAN, laptop.operator)
    assert not isinstance(sent, Refusal)
    return sent.certificate


def test_the_book_after_a_revoked_one_holds_neither_what_another_desk_has_nor_what_is_in_flight(
    centre: Centre, here: Laptop, second: Laptop, tmp_path: Path
) -> None:
    assert desks.holdings(second.book).held == 0
    parcel = let_go(here, range(5), second)
    let_go(here, range(5, 8), second)
    assert isinstance(here.book.mark(here.line(8), Channel.STATION, here.operator), int)
    assert here.sync().failure is None
    assert isinstance(moving.accept_release(second.book, parcel, second.operator), int)
    assert second.sync().failure is None
    revoke(centre, here)
    third = enrol_laptop(centre, tmp_path / "third", PRECINCT)
    try:
        assert third.book.header.holds
        issued = {voter.line for voter in third.voters}
        assert issued == {here.line(place) for place in range(9, 20)}
        assert isinstance(second.book.mark(second.line(0), Channel.STATION, second.operator), int)
        assert isinstance(third.book.mark(here.line(9), Channel.STATION, third.operator), int)
        for laptop in (second, third):
            assert laptop.sync().failure is None
        # What was in flight has come to desk 2 by the register meanwhile.
        assert [desks.holdings(laptop.book).held for laptop in (second, third)] == [8, 11]
        assert centre.rows("SELECT count(*) FROM anomaly") == [(0,)]
    finally:
        third.book.close()


def test_a_line_that_came_back_to_the_revoked_book_is_issued_again(
    centre: Centre, here: Laptop, second: Laptop, tmp_path: Path
) -> None:
    parcel = let_go(here, range(2), second)
    assert here.sync().failure is None
    assert isinstance(moving.accept_release(second.book, parcel, second.operator), int)
    assert second.sync().failure is None
    back = let_go(second, range(1), here)
    assert second.sync().failure is None
    moving.accept_release(here.book, back, here.operator)
    assert here.sync().failure is None
    revoke(centre, here)
    third = enrol_laptop(centre, tmp_path / "third", PRECINCT)
    third.book.close()
    assert {here.line(0), here.line(1)} & {voter.line for voter in third.voters} == {here.line(0)}
