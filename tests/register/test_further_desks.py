"""Several desks of one precinct: each line is issued to one book, whoever comes when, and whatever is revoked."""

from __future__ import annotations

import pytest

from pollbook.failures import Failure, WorldFailed
from pollbook.signing import SigningKey
from register import settling
from register.store import stations
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre, Station, enrol_request, enrolled_station, take_enrolment


def further(centre: Centre, desk: int) -> Station:
    key = SigningKey.generate()
    return take_enrolment(centre, centre.enrol(enrol_request(centre.code(PRECINCT, desk), key)), key)


def revoke(centre: Centre, station: Station) -> None:
    with centre.database.write() as connection:
        found = stations.find_station(connection, station.book)
        assert found is not None
        settling.revoke(connection, found, "lost", int(centre.now.timestamp()))


def refusal(centre: Centre, desk: int) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        centre.code(PRECINCT, desk)
    return caught.value.failure


def test_the_first_book_holds_the_lines_and_further_desks_know_all_voters_and_hold_none(loaded: Centre) -> None:
    first = further(loaded, 1)
    others = [further(loaded, desk) for desk in (2, 3)]
    assert first.slice.header.holds
    for number, other in enumerate(others, 2):
        assert not other.slice.header.holds
        assert other.slice.header.desk == number
        assert other.slice.voters == first.slice.voters


def test_whichever_desk_comes_first_holds_them(loaded: Centre) -> None:
    assert further(loaded, 2).slice.header.holds
    assert not further(loaded, 1).slice.header.holds


def test_a_desk_that_has_a_book_gets_no_second_one(loaded: Centre) -> None:
    further(loaded, 1)
    further(loaded, 2)
    assert [refusal(loaded, desk) for desk in (1, 2)] == [Failure.ALREADY_ENROLLED] * 2


def test_codes_made_before_the_first_desk_was_enrolled_give_no_second_holder(loaded: Centre) -> None:
    codes = {desk: loaded.code(PRECINCT, desk) for desk in (1, 2)}
    holds = []
    for code in codes.values():
        key = SigningKey.generate()
        holds.append(take_enrolment(loaded, loaded.enrol(enrol_request(code, key)), key).slice.header.holds)
    assert holds == [True, False]


def test_a_further_desk_that_comes_late_knows_those_who_are_marked_already(loaded: Centre) -> None:
    first = enrolled_station(loaded, PRECINCT)
    marked = first.slice.voters[0].line
    first.mark(marked)
    first.sync(loaded)
    assert marked in {voter.line for voter in further(loaded, 2).slice.voters}


def test_a_revoked_desk_without_lines_of_its_own_is_followed_by_one_that_holds_none(loaded: Centre) -> None:
    further(loaded, 1)
    revoke(loaded, further(loaded, 2))
    assert not further(loaded, 2).slice.header.holds


def test_after_the_revoked_holder_only_two_officers_let_its_lines_be_issued_again(loaded: Centre) -> None:
    first = further(loaded, 1)
    late_code = loaded.code(PRECINCT, 3)
    further(loaded, 2)
    revoke(loaded, first)
    assert refusal(loaded, 1) is Failure.ALREADY_ENROLLED
    with pytest.raises(WorldFailed):
        loaded.enrol(enrol_request(late_code, SigningKey.generate()))
    loaded.let_reissue(PRECINCT)
    assert further(loaded, 1).slice.header.holds
    assert not further(loaded, 3).slice.header.holds
