"""The certificate as it comes out of a printer, and its codes as a camera finds them on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from pathlib import Path

import pytest
from PIL import ImageFilter

from pollbook.texts import LANGUAGES, load_paper_texts
from pollbook.types import LineId, PrecinctCode, line_text
from pollbook.voters import Voter
from station_app.papers.release_certificate import PrecinctPlace, ReleasePaper, release_certificate
from station_app.papers.release_text import PARCEL_BYTES_MAX, read_release_text
from tests.making import training_election
from tests.station_app.papers.seeing import codes_in, picture_of, texts_of, words_of

GOLDEN = Path(__file__).with_name("golden")
VOTER = Voter(
    line=LineId(123_456_789_012_345_678),
    pinfl="31210799000017",
    document="ZZ0000001",
    surname="Oʻrinboyev",
    given_name="Sanʼat",
    patronymic="Gʻani oʻgʻli",
    birth_date=date(1979, 10, 12),
    sex="m",
    address="Bogʻ koʻchasi, 4-uy",
    mahalla="Zargarlik",
    district_soato="1708201",
    page=7,
    row=13,
    contests=("legislative_single",),
)
PAPER = ReleasePaper(
    election=training_election(),
    voter=VOTER,
    issuer=PrecinctPlace(PrecinctCode("1708-0001"), "Jizzax, 12-maktab"),
    receiver=PrecinctPlace(PrecinctCode("3510-0142"), "Nukus, 4-litsey", "Nukus shahri, Dosnazarov koʻchasi, 98"),
    released_at=datetime(2026, 12, 14, 6, 5, tzinfo=UTC),
    parcel=bytes(index * 7 % 251 for index in range(900)),
)
LONGEST = replace(
    PAPER,
    voter=replace(
        VOTER,
        surname="Xudoyberdiyeva-Abdurahmonxoʻjayeva",
        given_name="Muhammadsodiqbek-Abdurashid",
        patronymic="Sayfiddinxoʻja oʻgʻli Abdurahmonjonovich",
    ),
    receiver=PrecinctPlace(
        PrecinctCode("3510-0142"),
        "284-umumiy oʻrta taʼlim maktabi, Qoraqalpogʻiston Respublikasi, Toʻrtkoʻl tumani",
        "Qoraqalpogʻiston Respublikasi, Toʻrtkoʻl tumani, Abdulla Qodiriy nomidagi MFY, Navoiy koʻchasi, 128-uy",
    ),
    parcel=bytes(PARCEL_BYTES_MAX),
)
BEYOND_REASON = replace(
    LONGEST,
    voter=replace(VOTER, surname="Щ" * 400, given_name="Ў" * 400, patronymic="Ж ж " * 100),
    issuer=PrecinctPlace(PrecinctCode("1708-0001"), "Ю" * 400, "Ш" * 400),
    receiver=PrecinctPlace(PrecinctCode("3510-0142"), "Ы" * 400, "Ф" * 400),
)
CHOICES = [*((language,) for language in LANGUAGES), *permutations(LANGUAGES, 2)]


@pytest.mark.parametrize("languages", CHOICES, ids="-".join)
def test_it_is_what_was_looked_at_and_found_good(languages: tuple[str, ...]) -> None:
    (page,) = texts_of(release_certificate(PAPER, languages))
    if len(languages) == 1:
        golden = GOLDEN / f"certificate.{languages[0]}.txt"
        assert "\n".join(map(str, page)) + "\n" == golden.read_text("utf-8")
    assert any(line_text(VOTER.line) in seen.text for seen in page)


@pytest.mark.parametrize("paper", [PAPER, LONGEST, BEYOND_REASON], ids=["usual", "longest", "beyond-reason"])
@pytest.mark.parametrize("languages", CHOICES, ids="-".join)
def test_everything_is_on_one_page_and_nothing_stands_on_anything_else(
    paper: ReleasePaper, languages: tuple[str, ...]
) -> None:
    (page,) = texts_of(release_certificate(paper, languages))
    assert [
        seen for seen in page if not (seen.left > 5 and seen.right < 205 and 0 < seen.top < seen.bottom < 297)
    ] == []
    overlapping = [(one.text, other.text) for one in page for other in page if one is not other and one.overlaps(other)]
    assert overlapping == []


@pytest.mark.parametrize("paper", [PAPER, LONGEST], ids=["usual", "longest"])
@pytest.mark.parametrize("languages", CHOICES, ids="-".join)
def test_there_is_room_for_the_signatures(paper: ReleasePaper, languages: tuple[str, ...]) -> None:
    (page,) = texts_of(release_certificate(paper, languages))
    officer = load_paper_texts(languages[0])("officer")
    (signed,) = (seen.top for seen in page if seen.text == officer)
    above = max(seen.bottom for seen in page if seen.bottom < signed)
    assert signed - above > 9


@pytest.mark.parametrize("paper", [PAPER, LONGEST], ids=["usual", "longest"])
def test_a_scan_of_the_page_gives_the_release_back(paper: ReleasePaper) -> None:
    scan = picture_of(release_certificate(paper, ("kaa", "ru")), dots_per_inch=200)
    worn = scan.rotate(3, fillcolor=255).filter(ImageFilter.GaussianBlur(1.2))
    for seen in (scan, worn):
        assert read_release_text("\n".join(codes_in(seen))) == paper.parcel


def test_printing_it_again_gives_the_same_bytes() -> None:
    assert release_certificate(LONGEST, ("uz_Latn", "ru")) == release_certificate(LONGEST, ("uz_Latn", "ru"))


def test_the_voter_is_named_in_both_scripts_and_his_number_is_masked() -> None:
    words = words_of(release_certificate(PAPER, ("en",)))
    assert "Oʻrinboyev Sanʼat Gʻani oʻgʻli" in words
    assert "Ўринбоев Санъат Ғани ўғли" in words
    assert VOTER.pinfl not in words
    assert "••••••••••0017" in words
    cyrillic = replace(PAPER, voter=replace(VOTER, surname="Ўринбоев", given_name="Санъат", patronymic=""))
    assert "Oʻrinboyev Sanʼat" in words_of(release_certificate(cyrillic, ("en",)))


def test_it_says_when_in_the_stations_own_time() -> None:
    words = words_of(release_certificate(PAPER, ("en",)))
    assert "14.12.2026 11:05" in words
    assert "On 20.12.2026, between 08:00 and 20:00, come to precinct 3510-0142" in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_training_is_called_one_on_both_edges_and_a_real_election_never(language: str) -> None:
    real = replace(PAPER, election=replace(PAPER.election, training=False))
    (trained,), (meant,) = (texts_of(release_certificate(paper, (language,))) for paper in (PAPER, real))
    edges = [seen for seen in trained if seen.bottom < 8 or seen.top > 289]
    assert len(edges) == 2
    assert edges[0].text == edges[1].text
    assert [seen for seen in meant if seen.text == edges[0].text] == []


def test_a_precinct_whose_address_is_unknown_is_named_without_one() -> None:
    words = words_of(release_certificate(replace(PAPER, receiver=replace(PAPER.receiver, address="")), ("en",)))
    assert "3510-0142 · Nukus, 4-litsey" in words


@pytest.mark.parametrize("languages", [(), ("en", "ru", "kaa")])
def test_it_speaks_one_language_or_two(languages: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="languages"):
        release_certificate(PAPER, languages)


def test_a_release_that_fits_no_page_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="parcel"):
        release_certificate(replace(PAPER, parcel=bytes(PARCEL_BYTES_MAX + 1)), ("en",))


def write_golden() -> None:
    """`python -m tests.station_app.papers.test_release_certificate`, after the pages were looked at."""
    GOLDEN.mkdir(exist_ok=True)
    for language in LANGUAGES:
        (page,) = texts_of(release_certificate(PAPER, (language,)))
        (GOLDEN / f"certificate.{language}.txt").write_text("\n".join(map(str, page)) + "\n", "utf-8")


if __name__ == "__main__":
    write_golden()
