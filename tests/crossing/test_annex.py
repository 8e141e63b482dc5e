"""Stories of voters who are not in the list, with and without a link."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pollbook.annex_person import AnnexPerson
from pollbook.entries import Outcome
from pollbook.failures import Failure, Refused
from pollbook.line_state import Status
from pollbook.store import annex, asking, closing, figures
from pollbook.store.check import check_book
from pollbook.types import Channel, LineId
from pollbook.voters import Voter
from register.checking import check_register
from tests.crossing.worlds import Laptop, enrol_laptop
from tests.register.lists_of_voters import OTHER
from tests.register.stand_in import Centre


def person(voter: Voter) -> AnnexPerson:
    return AnnexPerson(
        voter.pinfl,
        voter.document,
        voter.surname,
        voter.given_name,
        voter.patronymic,
        voter.birth_date,
        voter.address,
    )


def provisional(laptop: Laptop, voter: Voter, envelope: str) -> LineId:
    number = annex.add_provisional(laptop.book, person(voter), envelope, laptop.operator)
    assert isinstance(number, int), number
    return next(each.line for each in annex.provisionals(laptop.book) if each.envelope == envelope)


def outcome(laptop: Laptop, line: LineId) -> Outcome | None:
    adjudicated = laptop.book.adjudicated(line)
    return None if adjudicated is None else adjudicated[1]


def sound(centre: Centre, *laptops: Laptop) -> bool:
    reports = [laptop.sync() for laptop in laptops]
    books = all(check_book(laptop.book).problems == () for laptop in laptops)
    with centre.database.read() as connection:
        return (
            books and all(r.failure is None for r in reports) and not check_register(connection, centre.centre).faults
        )


def test_a_voter_whose_line_came_is_admitted_to_the_annex_and_marked(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    voter = there.voters[3]
    asking.claim_line(here.book, voter.pinfl, "")
    for laptop in (here, there, there, here, here):
        laptop.sync()
    assert isinstance(annex.admit(here.book, voter.line, here.operator), int)
    assert isinstance(here.book.mark(voter.line, Channel.STATION, here.operator), int)
    assert figures.counts(here.book).annexed == 1
    own = annex.admit(here.book, here.line(0), here.operator)
    assert own == Refused(Failure.LINE_NOT_ARRIVED)
    assert sound(centre, here, there)


def test_an_envelope_counts_once_the_line_is_the_register_s(centre: Centre, here: Laptop, there: Laptop) -> None:
    voter = there.voters[0]
    line = provisional(here, voter, "E-1")
    assert here.book.line(line).status is Status.PROVISIONAL  # type: ignore[union-attr]
    here.sync()  # the register asks the home station for the line
    assert outcome(here, line) is None
    assert annex.resolve(here.book, line, *here.signers(), here.operator) == Refused(Failure.NOT_ADJUDICATED)
    there.sync()
    there.sync()
    here.sync()
    assert outcome(here, line) is Outcome.COUNTED
    assert isinstance(annex.resolve(here.book, line, *here.signers(), here.operator), int)
    assert there.book.line(voter.line).status is Status.RELEASED  # type: ignore[union-attr]
    asking.claim_line(there.book, voter.pinfl, "")
    there.sync()
    assert str(asking.claims(there.book)[-1].answer.answer) == "already_marked"  # type: ignore[union-attr]
    assert sound(centre, here, there)


def test_an_envelope_of_a_voter_who_was_marked_at_home_stays_closed(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    voter = there.voters[1]
    line = provisional(here, voter, "E-2")
    there.book.mark(voter.line, Channel.STATION, there.operator)
    here.sync()
    there.sync()
    here.sync()
    assert outcome(here, line) is Outcome.NOT_COUNTED
    assert sound(centre, here, there)


def test_rule_13_one_envelope_a_person_whatever_the_stations(
    centre: Centre, here: Laptop, there: Laptop, tmp_path: Path
) -> None:
    voter = there.voters[2]
    assert annex.add_provisional(here.book, person(voter), " ", here.operator) == Refused(
        Failure.ENVELOPE_MISSING, {"limit": 20}
    )
    first = provisional(here, voter, "E-3")
    assert annex.add_provisional(here.book, person(voter), "E-4", here.operator) == Refused(Failure.ALREADY_PROVISIONAL)
    second_desk = enrol_laptop(centre, tmp_path / "second", OTHER, desk=2)
    second = provisional(second_desk, voter, "E-5")
    closing.close_book(there.book, *there.signers())  # with the line unmarked
    for laptop in (here, second_desk, there, here, second_desk):
        laptop.sync()
    verdicts = {outcome(here, first), outcome(second_desk, second)}
    assert verdicts == {Outcome.COUNTED, Outcome.NOT_COUNTED}
    assert sound(centre, here, second_desk, there)
    second_desk.book.close()


def test_a_stranger_whom_no_list_has_waits_for_people_and_is_not_counted(centre: Centre, here: Laptop) -> None:
    stranger = replace(here.voters[0], pinfl="31508859999999", document="ZZ9999999")
    line = provisional(here, stranger, "E-6")
    here.sync()
    here.sync()
    assert outcome(here, line) is None
    assert sound(centre, here)


def test_a_further_desk_knows_every_line_and_holds_none_until_it_is_given_some(
    centre: Centre, there: Laptop, tmp_path: Path
) -> None:
    desk = enrol_laptop(centre, tmp_path / "desk2", OTHER, desk=2)
    assert (figures.counts(desk.book).lines, len(desk.voters)) == (0, 20)
    assert str(desk.book.mark(desk.line(0), Channel.STATION, desk.operator)) == "line_not_held"
    assert desk.book.find(desk.voters[0].pinfl, 3).hits[0].status is Status.ELSEWHERE
    assert sound(centre, desk, there)
    desk.book.close()
