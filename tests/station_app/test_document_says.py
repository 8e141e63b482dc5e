from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.emrtd import mrz
from devices.emrtd.mrz import Mrz
from pollbook.documents import NameSaid, Remark
from station_app.document_says import ChipDetails, read_zone, says_of_chip, says_of_zone

TODAY = date(2026, 12, 20)
PINFL = "40211799000012"


def zone(*, issuer: str = "UZB", pinfl: str = PINFL, name: str = "KARIMOVA<<NODIRA") -> Mrz:
    first = f"P<{issuer}{name}".ljust(44, "<")
    number, born, expiry = "ZZ1000001", "791102", "250101"
    head = number + mrz.check_digit(number) + issuer.ljust(3, "<") + born + mrz.check_digit(born) + "F"
    head += expiry + mrz.check_digit(expiry) + pinfl + mrz.check_digit(pinfl)
    made = read_zone(f"{first}\n{head}{mrz.check_digit(head[0:10] + head[13:20] + head[21:43])}")
    assert made is not None
    return made


def test_the_printed_lines_say_who_the_holder_is_and_until_when() -> None:
    said = says_of_zone(zone(), TODAY)
    assert (said.issuer, said.number, said.pinfl, said.sex) == ("UZB", "ZZ1000001", PINFL, "f")
    assert said.names == (NameSaid("KARIMOVA", "NODIRA"),)
    assert (said.birth_dates, said.expires_on, said.doubts) == (("791102",), date(2025, 1, 1), ())


def test_a_misread_digit_is_a_doubt() -> None:
    lines = zone().lines
    misread = read_zone(f"{lines[0]}\n{lines[1].replace('791102', '791103')}")
    assert misread is not None
    assert says_of_zone(misread, TODAY).doubts == (Remark.CHECK_DIGIT,)


def test_the_chip_adds_its_full_name_and_birth_date() -> None:
    details = ChipDetails("Karimova<<Nodira<Botirovna", PINFL, "19791102")
    said = says_of_chip(zone(), details, TODAY, printed=zone())
    assert said.names == (NameSaid("KARIMOVA", "NODIRA"), NameSaid("Karimova", "Nodira Botirovna"))
    assert said.birth_dates == ("19791102", "791102")
    assert said.doubts == ()


@pytest.mark.parametrize("full_name", ["", "<<", "Karimova", "KARIMOVA NODIRA", "<<NODIRA"])
def test_a_full_name_without_parts_is_compared_with_nothing(full_name: str) -> None:
    assert says_of_chip(zone(), ChipDetails(full_name), TODAY).names == (NameSaid("KARIMOVA", "NODIRA"),)


def test_printed_lines_that_the_chip_does_not_confirm_contradict_it() -> None:
    said = says_of_chip(zone(), ChipDetails(), TODAY, printed=zone(name="KARIMOVA<<NARGIZA"))
    assert said.doubts == (Remark.CONTRADICTS_ITSELF,)


def test_two_files_with_two_pinfls_contradict_each_other() -> None:
    said = says_of_chip(zone(), ChipDetails(personal_number="31203799000017"), TODAY)
    assert (said.pinfl, said.doubts) == (PINFL, (Remark.CONTRADICTS_ITSELF,))


def test_the_pinfl_is_taken_from_the_details_where_the_zone_has_none_and_the_state_is_uzbekistan() -> None:
    details = ChipDetails(personal_number=PINFL)
    assert says_of_chip(zone(pinfl="<" * 14), details, TODAY).pinfl == PINFL
    assert says_of_chip(zone(pinfl="<" * 14, issuer="UTO"), details, TODAY).pinfl == ""
    assert says_of_chip(zone(pinfl="<" * 14), ChipDetails(personal_number="1234"), TODAY).pinfl == ""


@given(st.text(max_size=100), st.text(max_size=20), st.text(max_size=10))
def test_any_details_are_taken_and_told_in_no_repr(full_name: str, number: str, born: str) -> None:
    details = ChipDetails(full_name, number, born)
    said = says_of_chip(zone(), details, TODAY)
    assert said.pinfl == PINFL
    assert PINFL not in repr(said)
    assert PINFL not in repr(details)


def test_what_is_no_zone_is_none() -> None:
    for text in ("karimov 1979", PINFL, "P<UZBKARIMOV<<ALI", ""):
        assert read_zone(text) is None
