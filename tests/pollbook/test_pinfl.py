from datetime import date, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.pinfl import (
    Disagreement,
    birth_date,
    check_digit,
    disagreements,
    has_right_check_digit,
    is_well_formed,
    mask,
    sex,
)

OFFICIAL_EXAMPLES = ("31210632040244", "31210932040247", "40201902050010")  # docs/DOMAIN.md §6

days = st.dates(date(1800, 1, 1), date(2099, 12, 31))
sexes = st.sampled_from(["m", "f"])
serials = st.text("0123456789", min_size=6, max_size=6)


def compose(born: date, bearer: str, serial: str) -> str:
    century = 1 + 2 * (born.year // 100 - 18) + (bearer == "f")
    first13 = f"{century}{born:%d%m}{born.year % 100:02d}{serial}"
    return f"{first13}{check_digit(first13)}"


@pytest.mark.parametrize("pinfl", OFFICIAL_EXAMPLES)
def test_official_examples_have_the_right_check_digit(pinfl: str) -> None:
    assert has_right_check_digit(pinfl)


def test_official_examples_tell_birth_date_and_sex() -> None:
    assert [birth_date(p) for p in OFFICIAL_EXAMPLES] == [
        date(1963, 10, 12),
        date(1993, 10, 12),
        date(1990, 1, 2),
    ]
    assert [sex(p) for p in OFFICIAL_EXAMPLES] == ["m", "m", "f"]


@given(days, sexes, serials)
def test_what_a_pinfl_is_composed_of_is_read_back(born: date, bearer: Literal["m", "f"], serial: str) -> None:
    pinfl = compose(born, bearer, serial)
    assert has_right_check_digit(pinfl)
    assert birth_date(pinfl) == born
    assert sex(pinfl) == bearer
    assert disagreements(pinfl, born, bearer) == ()
    assert disagreements(pinfl, None, None) == ()


@given(st.text("0123456789", min_size=13, max_size=13))
def test_check_digit_is_the_sum_weighted_7_3_1(first13: str) -> None:
    plain = sum(int(d) * w for d, w in zip(first13, (7, 3, 1) * 4 + (7,), strict=True)) % 10
    assert check_digit(first13) == plain


@given(days, sexes, serials, st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(born: date, bearer: str, serial: str, place: int, change: int) -> None:
    pinfl = compose(born, bearer, serial)
    wrong = pinfl[:place] + str((int(pinfl[place]) + change) % 10) + pinfl[place + 1 :]
    assert not has_right_check_digit(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3121063204024",
        "312106320402440",
        "3121063204024A",
        "01210632040244",
        "71210632040244",
        "٣١٢١٠٦٣٢٠٤٠٢٤٤",
        "3121063204024²",
        " 1210632040244",
        "-1210632040244",
        "3121063204024\n",
    ],
)
def test_malformed_states_nothing_and_is_reported_alone(text: str) -> None:
    assert not is_well_formed(text)
    assert not has_right_check_digit(text)
    assert birth_date(text) is None
    assert sex(text) is None
    assert disagreements(text, date(1963, 10, 12), "m") == (Disagreement.MALFORMED,)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    is_well_formed(text)
    has_right_check_digit(text)
    birth_date(text)
    sex(text)
    disagreements(text, date(2000, 1, 1), "f")
    assert len(mask(text)) == len(text)


@pytest.mark.parametrize("text", ["", "121063204024", "31210632040244", "312106320402A", "3121063 04024"])
def test_check_digit_of_anything_but_13_digits_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="13 digits"):
        check_digit(text)


def test_thirtieth_of_february_is_no_birth_date() -> None:
    first13 = "3300263204024"
    pinfl = f"{first13}{check_digit(first13)}"
    assert is_well_formed(pinfl)
    assert birth_date(pinfl) is None
    assert disagreements(pinfl, date(1963, 2, 28), "m") == (Disagreement.IMPOSSIBLE_DATE,)


def test_each_disagreement_is_told_beside_the_others() -> None:
    assert disagreements("31210632040245", date(1963, 12, 10), "f") == (
        Disagreement.CHECK_DIGIT,
        Disagreement.BIRTH_DATE,
        Disagreement.SEX,
    )


@given(days, sexes, serials, st.integers(1, 40_000))
def test_another_birth_date_disagrees(born: date, bearer: str, serial: str, days_later: int) -> None:
    other = born + timedelta(days_later)
    assert disagreements(compose(born, bearer, serial), other, None) == (Disagreement.BIRTH_DATE,)


def test_mask_shows_the_last_four_and_nothing_of_a_short_text() -> None:
    assert mask("31210632040244") == "••••••••••0244"
    assert mask("12345") == "•2345"
    assert mask("1234") == "••••"
    assert mask("") == ""
