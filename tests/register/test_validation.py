from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.election import Election
from pollbook.pinfl import check_digit
from pollbook.slice import TEXT_MAX
from register.making import training_election
from register.voter_list.encoding import UTF_8, WINDOWS_1251
from register.voter_list.validation import Flawed, Validator
from register.voter_rows import COLUMNS, Reason, Severity, VoterRow
from tests.register.lists_of_voters import pinfl, voter

TRAINING = training_election()


def judged(encoding: str = UTF_8, election: Election = TRAINING, **changes: str) -> VoterRow | Flawed:
    row = voter(7, **changes)
    return Validator(election, encoding)([row[column] for column in COLUMNS])


def reasons(found: VoterRow | Flawed) -> set[tuple[str, str]]:
    return {(fault.field, fault.reason.value) for fault in found.faults} if isinstance(found, Flawed) else set()


def test_a_sound_row_is_taken_as_received() -> None:
    row = judged()
    assert isinstance(row, VoterRow)
    assert row.surname == "Toʻrayev"
    assert row.birth_date == "1985-08-15"
    assert (row.page, row.row, row.sex) == (1, 8, "m")


@pytest.mark.parametrize(
    "name", ["O'ktam", "Oʻktam", "O‘ktam", "O`ktam", "O´ktam", "O′ktam", "Õktam", "Ўктам", "Ótegen"]
)
def test_names_in_either_script_with_any_apostrophe_stay_as_they_came(name: str) -> None:
    row = judged(given_name=name)
    assert isinstance(row, VoterRow)
    assert row.given_name == name


def test_a_decomposed_letter_is_composed() -> None:
    row = judged(given_name="И\u0306ўл")
    assert isinstance(row, VoterRow)
    assert row.given_name == "Йўл"


@pytest.mark.parametrize("written", ["15.08.1985", "1985-08-15", " 15.08.1985 "])
def test_both_forms_of_a_date_are_read(written: str) -> None:
    row = judged(birth_date=written)
    assert isinstance(row, VoterRow)
    assert row.birth_date == "1985-08-15"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("pinfl", "3150885900007", "malformed"),
        ("pinfl", "71508859000071", "malformed"),
        ("pinfl", "3150885900007x", "malformed"),
        ("pinfl", "٣١٥٠٨٨٥٩٠٠٠٠٧٥", "malformed"),
        ("document", "Z1234567", "malformed"),
        ("surname", "", "missing"),
        ("surname", "  ", "missing"),
        ("given_name", "A" * (TEXT_MAX + 1), "too_long"),
        ("given_name", "Ali\x00", "control_character"),
        ("given_name", "Ali\nVali", "control_character"),
        ("given_name", "\u202eila", "control_character"),
        ("patronymic", "Ali\udcd0", "mixed_encoding"),
        ("birth_date", "", "missing"),
        ("birth_date", "31.02.1985", "not_a_date"),
        ("birth_date", "19850815", "not_a_date"),
        ("birth_date", "15/08/1985", "not_a_date"),
        ("birth_date", "15.08.1785", "out_of_range"),
        ("birth_date", "15.08.2085", "out_of_range"),
        ("sex", "x", "unknown"),
        ("sex", "", "missing"),
        ("district_soato", "17-08", "malformed"),
        ("precinct", "", "missing"),
        ("precinct", "17080001", "malformed"),
        ("page", "0", "out_of_range"),
        ("page", "one", "malformed"),
        ("row", "", "missing"),
        ("row", "-1", "malformed"),
        ("contests", "", "missing"),
        ("contests", ";", "missing"),
        ("contests", "mayor", "unknown"),
    ],
)
def test_a_bad_field_is_named_with_its_reason(field: str, value: str, reason: str) -> None:
    found = judged(UTF_8, TRAINING, **{field: value})
    assert isinstance(found, Flawed)
    assert found.row is None
    assert (field, reason) in reasons(found)


def test_every_bad_field_of_a_row_is_named() -> None:
    assert reasons(judged(surname="", page="x", sex="?")) == {
        ("surname", "missing"),
        ("page", "malformed"),
        ("sex", "unknown"),
    }


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"pinfl": pinfl(7)[:13] + str((int(pinfl(7)[13]) + 1) % 10)}, Reason.CHECK_DIGIT),
        ({"birth_date": "16.08.1985"}, Reason.BIRTH_DATE),
        ({"sex": "f"}, Reason.SEX),
    ],
)
def test_what_a_pinfl_contradicts_is_a_warning(changes: dict[str, str], reason: Reason) -> None:
    found = judged(UTF_8, TRAINING, **changes)
    assert isinstance(found, Flawed)
    assert found.row is not None
    assert [(fault.reason, fault.severity) for fault in found.faults] == [(reason, Severity.WARNING)]


def test_a_voter_without_pinfl_is_taken_to_be_held_back() -> None:
    row = judged(pinfl="")
    assert isinstance(row, VoterRow)
    assert row.pinfl == ""


def test_a_voter_without_any_number_is_refused() -> None:
    assert reasons(judged(pinfl="", document="")) == {("pinfl", "missing")}


def test_contests_come_in_the_elections_order() -> None:
    row = judged(contests="legislative_party; legislative_single;")
    assert isinstance(row, VoterRow)
    assert row.contests == "legislative_single;legislative_party"


def test_real_and_synthetic_voters_do_not_mix() -> None:
    real = replace(TRAINING, training=False)
    assert reasons(judged(election=real)) == {("row", "synthetic")}
    first13 = "3150885123456"
    true_pinfl = f"{first13}{check_digit(first13)}"
    assert reasons(judged(pinfl=true_pinfl)) == {("row", "not_synthetic")}
    assert isinstance(judged(election=real, pinfl=true_pinfl, document="AA1234567"), VoterRow)


def test_utf_8_read_as_windows_1251_is_seen() -> None:
    misread = "Каримов".encode().decode("cp1251")
    assert ("surname", "mixed_encoding") in reasons(judged(WINDOWS_1251, surname=misread))
    assert isinstance(judged(WINDOWS_1251, surname="ТЎРАЕВ"), VoterRow)


@given(st.lists(st.text(max_size=30), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_no_text_makes_the_validator_fail(cells: list[str]) -> None:
    found = Validator(TRAINING, UTF_8)(cells)
    assert isinstance(found, VoterRow) or found.faults


@given(
    st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=50),
    st.text(string.ascii_letters + "ʻʼ'‘’`´ -", max_size=50),
    st.integers(0, 99_999),
)
def test_a_row_of_letters_is_always_taken_and_the_quick_look_agrees_with_the_thorough_one(
    surname: str, address: str, number: int
) -> None:
    row = voter(number, surname=surname, address=address)
    cells = [row[column] for column in COLUMNS]
    validator = Validator(TRAINING, UTF_8)
    found = validator(cells)
    assert isinstance(found, VoterRow)
    assert validator._take_apart(cells) == found
    assert Validator(TRAINING, UTF_8)(cells) == found
