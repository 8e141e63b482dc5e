"""The printed list: every line once, in the order of the paper list, with the marks of the moment."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from pollbook.texts import LANGUAGES, load_paper_texts
from pollbook.types import PrecinctCode
from pollbook.voters import Voter
from station_app.papers.printed_list import ROWS_MAX, ListPaper, ListRow, Standing, printed_list
from tests.making import START, make_voters, training_election
from tests.station_app.papers.seeing import texts_of, words_of

VOTERS = make_voters(60)


def paper(voters: tuple[Voter, ...] = VOTERS, standings: tuple[Standing, ...] = ()) -> ListPaper:
    stand = dict(zip(voters, standings, strict=False))
    return ListPaper(
        election=training_election(),
        precinct=PrecinctCode("1708-0001"),
        precinct_name="Jizzax, 12-maktab",
        desk=2,
        rows=tuple(ListRow(voter, stand.get(voter, Standing.OPEN)) for voter in voters),
        as_of=START + timedelta(hours=5, minutes=42),
        heard_at=START + timedelta(hours=5),
    )


def test_each_page_of_the_paper_list_has_its_sheet_and_each_voter_his_row() -> None:
    pages = texts_of(printed_list(paper(tuple(reversed(VOTERS))), "en"))
    assert len(pages) == 3
    for number, page in enumerate(pages, 1):
        words = [seen.text for seen in page]
        assert f"Page {number} of the paper list" in words
        assert f"sheet {number} of 3" in words
        listed = [voter for voter in VOTERS if voter.page == number]
        assert [text for text in words if text in {voter.full_name for voter in VOTERS}] == [
            voter.full_name for voter in listed
        ]


def test_the_marks_stand_in_the_rows_of_their_voters() -> None:
    (page,) = texts_of(printed_list(paper(VOTERS[:20], tuple(Standing)), "en"))
    rows = {seen.text: seen.top for seen in page}
    said = load_paper_texts("en")
    for voter, standing in zip(VOTERS, Standing, strict=False):
        if standing is not Standing.OPEN:
            assert rows[said(f"mark_{standing}")] == pytest.approx(rows[voter.full_name], abs=1.5)
    marks = [seen.text for seen in page if seen.text[0] in "✓→!"]
    assert len(marks) == len(Standing) - 1


def test_it_says_how_old_its_marks_are_and_when_the_register_was_heard() -> None:
    words = words_of(printed_list(paper(standings=(Standing.STATION, Standing.EARLY, Standing.DISPUTED)), "en"))
    assert words.count("As of 20.12.2026 13:42: 2 of 60 voters marked") == 3
    assert words.count("last talk with the register: 20.12.2026 13:00") == 3
    assert words.count("Marks made after 13:42 are not on this paper.") == 3
    never = words_of(printed_list(replace(paper(), heard_at=None), "en"))
    assert "has not talked with the register yet" in never


def test_no_time_of_a_mark_and_no_whole_number_of_a_person_is_printed() -> None:
    words = words_of(printed_list(paper(standings=(Standing.STATION,) * 60), "ru"))
    assert set(re.findall(r"\b\d\d:\d\d\b", words)) == {"13:42", "13:00"}
    assert not any(voter.pinfl in words for voter in VOTERS)
    assert all(voter.pinfl[-4:] in words for voter in VOTERS)


def test_a_page_too_long_for_a_sheet_goes_on_on_the_next() -> None:
    voters = tuple(replace(voter, page=5, row=row) for row, voter in enumerate(VOTERS, 1))
    pages = texts_of(printed_list(paper(voters), "en"))
    assert len(pages) == -(-60 // ROWS_MAX)
    assert "Page 5 of the paper list" in [seen.text for seen in pages[0]]
    assert "Page 5 of the paper list, continued" in [seen.text for seen in pages[1]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_longest_names_stay_in_their_cells(language: str) -> None:
    voters = tuple(
        replace(voter, surname="Abdurahmonxoʻjayeva-" * 9, patronymic="Щ" * 400, address="Navoiy koʻchasi, " * 20)
        for voter in VOTERS[:20]
    )
    (page,) = texts_of(printed_list(paper(voters, (Standing.EARLY, Standing.ELSEWHERE) * 10), language))
    assert [(one.text, other.text) for one in page for other in page if one is not other and one.overlaps(other)] == []
    assert all(seen.right < 204 for seen in page)


def test_a_training_is_called_one_on_every_sheet() -> None:
    stripe = load_paper_texts("en")("training")
    assert words_of(printed_list(paper(), "en")).count(stripe) == 6
    real = replace(paper(), election=replace(training_election(), training=False))
    assert stripe not in words_of(printed_list(real, "en"))


def test_an_empty_book_gives_an_empty_sheet() -> None:
    assert "0 of 0 voters marked" in words_of(printed_list(paper(()), "en"))


def test_the_same_marks_give_the_same_bytes() -> None:
    assert printed_list(paper(), "kaa") == printed_list(paper(), "kaa")
