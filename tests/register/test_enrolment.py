from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pollbook.election import Election
from pollbook.enrolment_messages import EnrolRequest, encode_enrol_request
from pollbook.failures import Failure, WorldFailed
from pollbook.signing import SigningKey
from register import settling
from register.store import stations
from register.store.schema.stations import enrolment_code
from tests.register.lists_of_voters import OTHER, PRECINCT, pinfl, voter, voters, write_list, write_totals
from tests.register.stand_in import Centre, Station, enrol_request, enrolled_station, make_centre, take_enrolment


def refusal(centre: Centre, request: bytes) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        centre.enrol(request)
    return caught.value.failure


def no_code(centre: Centre, precinct: str) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        centre.code(precinct)
    return caught.value.failure


def revoke(centre: Centre, station: Station) -> None:
    with centre.database.write() as connection:
        found = stations.find_station(connection, station.book)
        assert found is not None
        settling.revoke(connection, found, "lost", int(centre.now.timestamp()))
    centre.let_reissue(PRECINCT)


def test_a_code_gives_a_certificate_and_the_signed_slice(loaded: Centre) -> None:
    station = enrolled_station(loaded, PRECINCT)
    header = station.slice.header
    assert (header.precinct, header.desk, header.line_count, header.list_version) == (PRECINCT, 1, 40, 1)
    assert header.precinct_name == "1708-0001, Arnasoy tumani"
    assert [(voter.page, voter.row) for voter in station.slice.voters] == sorted(
        (voter.page, voter.row) for voter in station.slice.voters
    )
    assert station.slice.voters[3].pinfl == pinfl(3)
    assert sum(person.is_officer for person in header.people) == 3
    assert [person.number for person in header.people] == list(range(1, 8))


def test_the_peoples_file_names_the_precincts_people(centre: Centre, tmp_path: Path) -> None:
    officers = tmp_path / "officers.csv"
    officers.write_text(
        "precinct,person,surname,given_name,role\n"
        f"{PRECINCT},{PRECINCT}-01,Ўринбоев,Али,chair\n{PRECINCT},{PRECINCT}-02,B,C,secretary\n",
        "utf-8",
    )
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=3)
    centre.load(write_list(tmp_path / "voters.csv", voters(3)), totals, officers)
    people = enrolled_station(centre, PRECINCT).slice.header.people
    assert [(person.surname, person.role.value) for person in people] == [("Ўринбоев", "chair"), ("B", "secretary")]


def test_the_same_code_with_the_same_key_gives_the_same_answer(loaded: Centre) -> None:
    request = enrol_request(loaded.code(PRECINCT), SigningKey.generate())
    first = loaded.enrol(request)
    loaded.now += timedelta(days=40)
    assert loaded.enrol(request) == first


def test_a_used_code_is_worth_nothing_with_another_key(loaded: Centre) -> None:
    code = loaded.code(PRECINCT)
    loaded.enrol(enrol_request(code, SigningKey.generate()))
    assert refusal(loaded, enrol_request(code, SigningKey.generate())) is Failure.CODE_USED


def test_a_wrong_code_and_an_expired_one_are_told_apart(loaded: Centre) -> None:
    key = SigningKey.generate()
    assert refusal(loaded, enrol_request("AAAA-BBBB-CCCC-DDDD-EEEE", key)) is Failure.CODE_WRONG
    code = loaded.code(PRECINCT)
    loaded.now += timedelta(hours=loaded.election.code_valid_h)
    assert refusal(loaded, enrol_request(code, key)) is Failure.CODE_EXPIRED


def test_a_newer_code_for_the_desk_ends_the_older(loaded: Centre) -> None:
    older, newer = loaded.code(PRECINCT), loaded.code(PRECINCT)
    key = SigningKey.generate()
    assert refusal(loaded, enrol_request(older, key)) is Failure.CODE_EXPIRED
    take_enrolment(loaded, loaded.enrol(enrol_request(newer, key)), key)


def test_a_code_may_be_typed_in_small_letters_without_its_dashes(loaded: Centre) -> None:
    key = SigningKey.generate()
    code = loaded.code(PRECINCT).replace("-", " ").lower().replace("0", "o").replace("1", "i")
    take_enrolment(loaded, loaded.enrol(enrol_request(code, key)), key)


def test_a_code_is_kept_as_a_hash_only(loaded: Centre) -> None:
    code = loaded.code(PRECINCT)
    kept = b"".join(path.read_bytes() for path in loaded.home.path.glob("register.db*"))
    assert code.encode() not in kept
    assert code.replace("-", "").encode() not in kept
    assert len(code.replace("-", "")) * 5 >= 80


@pytest.mark.parametrize("request_bytes", [b"", b"garbage", b"\x28\xb5\x2f\xfd garbage", b"\x00" * 5000])
def test_a_garbled_request_is_refused(loaded: Centre, request_bytes: bytes) -> None:
    assert refusal(loaded, request_bytes) is Failure.REQUEST_NOT_ACCEPTED


def test_a_request_signed_with_another_key_is_refused(loaded: Centre) -> None:
    request = EnrolRequest(loaded.code(PRECINCT), SigningKey.generate().public, bytes(32), "x")
    assert refusal(loaded, encode_enrol_request(request, SigningKey.generate())) is Failure.REQUEST_NOT_ACCEPTED


def test_nothing_is_issued_for_unknown_precincts_or_before_a_list(centre: Centre, tmp_path: Path) -> None:
    assert no_code(centre, PRECINCT) is Failure.NOTHING_IMPORTED
    centre.load(write_list(tmp_path / "voters.csv", voters(3)))
    assert no_code(centre, OTHER) is Failure.UNKNOWN_PRECINCT


def test_nothing_is_issued_while_totals_differ(centre: Centre, tmp_path: Path) -> None:
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=4, p1730_0001=2)
    centre.load(write_list(tmp_path / "voters.csv", [*voters(3), *voters(2, OTHER, 3)]), totals)
    assert no_code(centre, PRECINCT) is Failure.TOTALS_DIFFER
    enrolled_station(centre, OTHER)


def test_held_back_voters_count_for_the_totals(centre: Centre, tmp_path: Path) -> None:
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=4)
    centre.load(write_list(tmp_path / "voters.csv", [*voters(3), voter(3, pinfl=pinfl(1))]), totals)
    assert enrolled_station(centre, PRECINCT).slice.header.line_count == 2


def test_a_precinct_of_more_lines_than_the_election_allows_is_refused(tmp_path: Path, election: Election) -> None:
    centre = make_centre(tmp_path / "register", election)
    centre.load(write_list(tmp_path / "voters.csv", [*voters(3001), *voters(3000, OTHER, 3001)]))
    assert no_code(centre, PRECINCT) is Failure.SLICE_TOO_LARGE
    assert enrolled_station(centre, OTHER).slice.header.line_count == 3000
    centre.database.close()


def test_a_precinct_has_one_station_until_it_is_revoked(loaded: Centre) -> None:
    spare = loaded.code(PRECINCT)
    first = enrolled_station(loaded, PRECINCT)
    with loaded.database.write() as connection:  # as if the older code had not been ended by the newer one
        connection.execute(enrolment_code.update().where(enrolment_code.c.station.is_(None)).values(expires_at_s=2**40))
    assert no_code(loaded, PRECINCT) is Failure.ALREADY_ENROLLED
    assert refusal(loaded, enrol_request(spare, SigningKey.generate())) is Failure.ALREADY_ENROLLED
    revoke(loaded, first)
    assert enrolled_station(loaded, PRECINCT).book != first.book


def test_the_station_after_a_revoked_one_does_not_get_the_lines_that_were_marked(loaded: Centre) -> None:
    first = enrolled_station(loaded, PRECINCT)
    first.mark(first.lines[4])
    first.sync(loaded)
    revoke(loaded, first)
    second = enrolled_station(loaded, PRECINCT)
    assert set(second.lines) == set(first.lines) - {first.lines[4]}


def test_a_revoked_laptop_comes_back_as_a_new_epoch(loaded: Centre) -> None:
    key = SigningKey.generate()
    first = enrolled_station(loaded, PRECINCT, key)
    revoke(loaded, first)
    again = enrolled_station(loaded, PRECINCT, key, epoch=2)
    assert (again.book.device, again.book.epoch) == (first.book.device, 2)


def test_an_enrolled_laptop_gets_no_second_book(loaded: Centre, tmp_path: Path) -> None:
    loaded.load(write_list(tmp_path / "other.csv", voters(3, OTHER, 50)))
    key = SigningKey.generate()
    enrolled_station(loaded, PRECINCT, key)
    assert refusal(loaded, enrol_request(loaded.code(OTHER), key)) is Failure.ALREADY_ENROLLED


def test_a_real_election_needs_totals_and_officers(tmp_path: Path, real_election: Election) -> None:
    (tmp_path / "register.csv").write_text("surname,given_name\nA,B\nC,D\n", "utf-8")
    centre = make_centre(tmp_path / "real", real_election, tmp_path / "register.csv")
    rows = [voter(number, pinfl=f"3150885123{number:03}0", document=f"AA{number:07}") for number in range(3)]
    centre.load(write_list(tmp_path / "voters.csv", rows))
    assert no_code(centre, PRECINCT) is Failure.TOTALS_DIFFER
    totals = write_totals(tmp_path / "totals.csv", p1708_0001=4)
    centre.load(write_list(tmp_path / "more.csv", [replaced(rows[0])]), totals)
    assert no_code(centre, PRECINCT) is Failure.OFFICERS_UNREADABLE
    centre.database.close()


def replaced(row: dict[str, str]) -> dict[str, str]:
    return row | {"pinfl": "31508851239990", "document": "AA9999999", "page": "77"}
