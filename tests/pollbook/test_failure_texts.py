"""The texts of failures hold together: five languages, one set of keys and places, and the page of codes."""

import re
import string
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from pollbook.bundle import resource_path
from pollbook.failures import Failure
from pollbook.texts import LANGUAGES, FailureText, Texts

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "failure-codes.md"
ROW = re.compile(
    r"\| (?P<code>[A-Z]\d\d) \| `(?P<name>\w+)` \| (?P<who>[^|]+) \| (?P<cause>[^|]+) \| (?P<todo>[^|]+) \|"
)

PLACES = {"wait_s", "found", "expected", "least", "limit", "path", "precinct", "known", "loaded", "official", "desk"}
"""The facts that failures are raised with; a place for another one would always show as an ellipsis."""

LATIN = set(string.ascii_letters)
CYRILLIC = set("абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ")
LETTERS = {
    "uz_Latn": (LATIN - set("wW")) | {"\u02bb", "\u02bc"},
    "uz_Cyrl": (CYRILLIC - set("щыЩЫ")) | set("ўқғҳЎҚҒҲ"),
    "kaa": LATIN | set("áǵıńóúÁǴÍŃÓÚ"),
    "ru": CYRILLIC,
    "en": LATIN,
}
"""The letters each language is written with. Uzbek Latin has U+02BB in oʻ gʻ and U+02BC, never an apostrophe."""
APOSTROPHES = set("'\u2018\u2019\u00b4\u2032\u0060")
NOT_FOR_PEOPLE = re.compile(r"\berrors?\b|ошибк|\bxato|\bхато|\bqátelik", re.IGNORECASE)


def read(language: str) -> dict[str, dict[str, str]]:
    text = resource_path("translations", f"failures.{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def prose(text: str) -> str:
    """`text` without its places and without what is to be typed as it stands (`in backticks`)."""
    return re.sub(r"`[^`]*`|\{\w+\}", "", text)


def places(table: dict[str, str]) -> Counter[str]:
    """How often each place stands in a failure's two texts."""
    fields = (field for text in table.values() for _, field, _, _ in string.Formatter().parse(text))
    return Counter(field for field in fields if field is not None)


def page() -> list[re.Match[str]]:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| [A-Z]\d", line)]
    matches = [ROW.fullmatch(row) for row in rows]
    assert all(matches), "a row of docs/failure-codes.md has another form"
    return [match for match in matches if match]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_failure_has_a_cause_and_an_instruction(language: str) -> None:
    tables = read(language)

    assert list(tables) == [failure.key for failure in Failure]
    for key, table in tables.items():
        assert set(table) == {"cause", "instruction"}, key
        for text in table.values():
            assert text.strip() == text, key
            assert text.endswith("."), key
            assert "  " not in text, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_places(language: str) -> None:
    english = read("en")

    for key, table in read(language).items():
        assert places(table) == places(english[key]), key
        assert set(places(table)) <= PLACES, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_to_be_typed_is_the_same_in_all_languages(language: str) -> None:
    def typed(table: dict[str, str]) -> set[str]:
        return set(re.findall(r"`([^`]*)`", table["cause"] + table["instruction"]))

    english = read("en")
    for key, table in read(language).items():
        assert typed(table) == typed(english[key]), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_written_with_the_letters_of_their_language(language: str) -> None:
    for key, table in read(language).items():
        for text in table.values():
            strange = {letter for letter in prose(text) if letter.isalpha()} - LETTERS[language]
            assert not strange, f"{key}: {sorted(strange)}"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_apostrophe_stands_in_for_a_letter(language: str) -> None:
    for key, table in read(language).items():
        assert not APOSTROPHES & set(prose("".join(table.values()))), key


def test_uzbek_latin_letters_stand_where_they_belong() -> None:
    for key, table in read("uz_Latn").items():
        text = prose(" ".join(table.values()))
        assert not re.search("(?<![OoGg])\u02bb", text), key
        assert not re.search("[Cc](?!h)", text), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_speaks_of_an_error(language: str) -> None:
    for key, table in read(language).items():
        assert not NOT_FOR_PEOPLE.search(" ".join(table.values())), key


def test_codes_are_unique() -> None:
    codes = [failure.code for failure in Failure]

    assert len(set(codes)) == len(codes)


def test_the_page_has_every_failure_once_in_order_of_code() -> None:
    rows = [(row["code"], row["name"]) for row in page()]

    assert rows == sorted((failure.code, failure.key) for failure in Failure)


def test_the_page_says_what_the_screens_say_in_english() -> None:
    english = read("en")

    for row in page():
        assert {"cause": row["cause"], "instruction": row["todo"]} == english[row["name"]], row["code"]
        assert row["who"].strip(), row["code"]


def test_a_fact_that_is_missing_shows_as_an_ellipsis() -> None:
    texts = Texts("en", {}, read("en"))

    shown = texts.failure(Failure.TOO_MANY_TRIES)

    assert shown == FailureText("P04", "There were too many wrong tries.", "Wait … seconds, then try again.")
    assert "Wait 30 seconds" in texts.failure(Failure.TOO_MANY_TRIES, {"wait_s": 30}).instruction
