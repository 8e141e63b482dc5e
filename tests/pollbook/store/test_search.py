from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import collation
from pollbook.store.book import Book
from pollbook.store.records import Found, Tier
from pollbook.types import line_text
from tests.making import make_station, make_voters

PEOPLE = [
    ("Karimov", "Alisher", "Botirovich", date(1979, 3, 12)),
    ("Karimova", "Nodira", "Botirovna", date(1979, 11, 2)),
    ("Каримов", "Ботир", "Алишерович", date(1979, 1, 30)),
    ("Karimov", "Alisher", "Anvar oʻgʻli", date(1990, 3, 12)),
    ("Xudoyberdiyev", "Oʻktam", "Gʻani oʻgʻli", date(1985, 5, 5)),
    ("Qodirov", "Sanʼat", "", date(1970, 6, 6)),
    ("Oʻrinboyev", "Shuhrat", "Choriyevich", date(1988, 8, 8)),
    ("Abdullayeva-Rahimova", "Zilola", "Karim qizi", date(2001, 1, 1)),
    ("Ўктамова", "Гўзал", "Ҳамидовна", date(1999, 9, 9)),
    ("Choriyev", "Chori", "Choriyevich", date(1966, 6, 6)),
    ("Sobirov", "Sobir", "Sobirovich", date(1966, 6, 7)),
    ("Shodiyev", "Shodi", "Shodiyevich", date(1966, 6, 8)),
    ("Zokirov", "Zokir", "Zokirovich", date(1966, 6, 9)),
]


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    voters = tuple(
        replace(voter, surname=surname, given_name=given, patronymic=patronymic, birth_date=born)
        for voter, (surname, given, patronymic, born) in zip(make_voters(len(PEOPLE)), PEOPLE, strict=True)
    )
    with make_station(tmp_path_factory.mktemp("search") / "station", voters=voters).open() as book:
        yield book


def shown(found: Found) -> list[tuple[str, str]]:
    return [(hit.surname, hit.tier.value) for hit in found.hits]


@pytest.mark.parametrize(
    ("typed", "surname", "tier"),
    [
        ("karimov", "Karimov", "canonical"),
        ("КАРИМОВ ботир", "Каримов", "canonical"),
        ("karimov botir", "Каримов", "canonical"),
        ("oktam", "Xudoyberdiyev", "loose"),
        ("O'ktam", "Xudoyberdiyev", "canonical"),
        ("ўктам худой", "Xudoyberdiyev", "canonical"),
        ("Õktam", "Xudoyberdiyev", "canonical"),
        ("KHUDOYBERDIEV", "Xudoyberdiyev", "loose"),
        ("Kadirov", "Qodirov", "skeleton"),
        ("URINBAEV", "Oʻrinboyev", "skeleton"),
        ("sanat qodir", "Qodirov", "loose"),
        ("rahimova zilola", "Abdullayeva-Rahimova", "canonical"),
        ("zilola abdullayeva", "Abdullayeva-Rahimova", "canonical"),
        ("abdullayeva-rahimova", "Abdullayeva-Rahimova", "canonical"),
        ("gozal", "Ўктамова", "loose"),
        ("Gʻani oʻgʻli", "Xudoyberdiyev", "canonical"),
        ("shuxrat", "Oʻrinboyev", "loose"),
        ("rinboy", "Oʻrinboyev", "loose"),
    ],
)
def test_a_name_is_found_in_any_script_order_and_spelling_and_says_by_which_tier(
    listed: Book, typed: str, surname: str, tier: str
) -> None:
    assert (surname, tier) in shown(listed.find(typed, 50))


def test_a_birth_year_or_date_typed_beside_the_name_narrows_the_list(listed: Book) -> None:
    assert len(listed.find("karimov alisher", 50).hits) == 3  # the feminine and Botir's patronymic are others
    assert [hit.birth_date.year for hit in listed.find("karimov alisher 1990", 50).hits] == [1990]
    assert [hit.birth_date.year for hit in listed.find("1990 karimov", 50).hits] == [1990]
    assert [hit.given_name for hit in listed.find("02.11.1979", 50).hits] == ["Nodira"]
    assert [hit.given_name for hit in listed.find("karimova 2.11.1979", 50).hits] == ["Nodira"]
    assert len(listed.find("1979", 50).hits) == 3
    assert listed.find("karimov 1800", 50).hits == ()


def test_numbers_find_exactly_the_one_they_belong_to(listed: Book) -> None:
    hits = listed.find("Qodirov", 1).hits
    voter = listed.voter(hits[0].line)
    assert voter is not None
    for typed in (
        voter.pinfl,
        f" {voter.pinfl[:4]} {voter.pinfl[4:]} ",
        voter.document,
        voter.document.lower(),
        f"{voter.document[:2]} {voter.document[2:]}",
        f"{voter.page}/{voter.row}",
        f"{voter.page}-{voter.row}",
        line_text(voter.line),
    ):
        found = listed.find(typed, 50)
        assert [(hit.line, hit.tier) for hit in found.hits] == [(voter.line, Tier.EXACT)], typed


def test_a_pinfl_is_found_while_it_is_still_typed(listed: Book) -> None:
    voter = listed.voter(listed.find("Qodirov", 1).hits[0].line)
    assert voter is not None
    for length in range(5, 15):
        assert voter.line in [hit.line for hit in listed.find(voter.pinfl[:length], 50).hits]


def test_hits_come_in_uzbek_order_within_each_tier(listed: Book) -> None:
    found = listed.find("1966", 50)
    assert [hit.surname for hit in found.hits] == ["Sobirov", "Zokirov", "Shodiyev", "Choriyev"]


def test_a_surname_comes_before_a_patronymic_that_begins_alike(listed: Book) -> None:
    found = listed.find("karim", 50)
    assert [hit.surname for hit in found.hits if hit.tier is Tier.CANONICAL] == [
        "Karimov",
        "Karimov",
        "Karimova",
        "Каримов",
        "Abdullayeva-Rahimova",
    ]
    first = listed.find("alisher karimov", 50).hits[0]
    assert (first.surname, first.given_name) == ("Karimov", "Alisher")


def test_better_tiers_come_first_and_nobody_twice(listed: Book) -> None:
    found = listed.find("karimov", 50)
    order = [list(Tier).index(hit.tier) for hit in found.hits]
    assert order == sorted(order)
    assert len({hit.line for hit in found.hits}) == len(found.hits)


def test_a_list_that_is_cut_says_so(listed: Book) -> None:
    assert listed.find("karimov", 2).more
    assert len(listed.find("karimov", 2).hits) == 2
    assert not listed.find("qodirov", 2).more


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "😀",
        "%",
        "'",
        "''",
        '"',
        "*",
        "-",
        "NEAR(",
        "AND",
        "a" * 300,
        "\0",
        "_",
        "%%%'",
        "NOT",
        ")",
        "x" * 100_000,
    ],
)
def test_odd_input_finds_nobody_and_breaks_nothing(listed: Book, typed: str) -> None:
    assert listed.find(typed, 50).hits == ()


@given(st.text(max_size=60))
def test_no_text_breaks_the_search_and_every_hit_is_in_the_list(listed: Book, typed: str) -> None:
    for hit in listed.find(typed, 50).hits:
        assert listed.voter(hit.line) is not None


@given(st.data())
def test_every_voter_is_found_by_any_beginnings_of_the_names_in_any_order(listed: Book, data: st.DataObject) -> None:
    surname, given_name, _, born = data.draw(st.sampled_from(PEOPLE))
    parts = [part[: data.draw(st.integers(2, len(part)))] for part in (surname, given_name)]
    typed = " ".join(data.draw(st.permutations(parts)))
    assert born in [hit.birth_date for hit in listed.find(typed, 50).hits]


@given(st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=5))
def test_the_order_of_the_list_is_the_collation_s(people: list[tuple[str, str, str, date]]) -> None:
    ordered = sorted(people, key=lambda person: collation.sort_key(*person[:3]))
    assert sorted(ordered, key=lambda person: collation.sort_key(*person[:3])) == ordered
