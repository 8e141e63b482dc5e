import json
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.emrtd.mrz import (
    FILLER,
    Element,
    Fault,
    FieldFailure,
    Mrz,
    MrzInvalid,
    check_digit,
    looks_like_mrz,
    mrz_information,
    parse,
    personal_number,
)
from devices.emrtd.mrz_layouts import Form

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "mrz.json").read_text(encoding="utf-8"))
DOCUMENTS: list[dict[str, Any]] = VECTORS["documents"]
TODAY = date(2026, 10, 25)


def digit(text: str) -> str:
    return text + check_digit(text)


def td3(number: str = "ZZ1234567", pinfl: str = "39010199001238", issuer: str = "UZB") -> tuple[str, str]:
    """Compose a synthetic passport of Uzbekistan."""
    upper = f"P<{issuer}KHUDOYBERDIEV<<UKTAM<BOTIR<UGLI".ljust(44, "<")
    number_place, birth, expiry = digit(number.ljust(9, "<")), digit("900101"), digit("340101")
    optional = digit(pinfl.ljust(14, "<"))
    return upper, digit_over(
        f"{number_place}{issuer}{birth}M{expiry}{optional}", number_place + birth + expiry + optional
    )


def digit_over(line: str, over: str) -> str:
    return line + check_digit(over)


def td1(number_and_optional: str, issuer: str = "UZB") -> tuple[str, str, str]:
    """Compose a synthetic ID card; the argument is positions 6-30 of the upper line."""
    upper = f"I<{issuer}{number_and_optional}".ljust(30, "<")
    birth, expiry = digit("900101"), digit("340101")
    middle = f"{birth}F{expiry}{issuer}".ljust(29, "<")
    composite = upper[5:] + birth + expiry + middle[18:29]
    return upper, digit_over(middle, composite), "KARIMOVA<<OYDIN<BOTIR<KIZI".ljust(30, "<")


ID_CARD = td1(digit("ZZ7654321") + "49010199001235")
PASSPORT = td3()


@pytest.mark.parametrize("vector", VECTORS["check_digits"], ids=lambda v: v["clause"])
def test_check_digits_of_the_standard_are_reproduced(vector: dict[str, str]) -> None:
    assert check_digit(vector["data"]) == vector["check_digit"]


@pytest.mark.parametrize("vector", DOCUMENTS, ids=lambda v: v["name"])
def test_documents_of_the_standard_are_read(vector: dict[str, Any]) -> None:
    mrz = parse("\n".join(vector["lines"]))
    assert mrz.form is Form[vector["form"]]
    assert mrz.lines == tuple(vector["lines"])
    for name in ("document_number", "birth_date", "expiry_date", "surname", "given_names", "optional_data"):
        assert getattr(mrz, name) == vector[name], name
    assert mrz.issuer == "UTO"
    assert mrz.nationality == "UTO"


@pytest.mark.parametrize("vector", DOCUMENTS, ids=lambda v: v["name"])
def test_only_the_two_misprinted_composites_of_the_standard_fail(vector: dict[str, Any]) -> None:
    failed = [(failure.element, failure.fault) for failure in parse("".join(vector["lines"])).failures]
    misprinted = [(Element.COMPOSITE, Fault.CHECK_DIGIT)] if "misprinted_composite" in vector else []
    assert failed == misprinted


@pytest.mark.parametrize("vector", [v for v in DOCUMENTS if "mrz_information" in v], ids=lambda v: v["name"])
def test_mrz_information_of_the_standard_is_reproduced(vector: dict[str, Any]) -> None:
    assert mrz_information(parse("".join(vector["lines"]))) == vector["mrz_information"]


@pytest.mark.parametrize("ending", ["", "\r", "\n", "\r\n", "\t", "\r\n\r\n"])
@pytest.mark.parametrize("lines", [PASSPORT, ID_CARD, tuple(DOCUMENTS[4]["lines"])], ids=["TD3", "TD1", "TD2"])
def test_scanners_line_ends_and_case_make_no_difference(lines: tuple[str, ...], ending: str) -> None:
    expected = parse("".join(lines))
    assert expected.failures == ()
    assert parse(ending.join(lines)) == expected
    assert parse("".join(line + ending for line in lines)) == expected
    assert parse(" " + ending.join(lines).lower() + "\r\n") == expected


def test_passport_of_uzbekistan_gives_its_personal_number() -> None:
    mrz = parse("".join(PASSPORT))
    assert personal_number(mrz) == "39010199001238"
    assert (mrz.document_type, mrz.document_number, mrz.sex) == ("P", "ZZ1234567", "M")
    assert (mrz.surname, mrz.given_names) == ("KHUDOYBERDIEV", "UKTAM BOTIR UGLI")
    assert not mrz.name_fills_field


def test_id_card_of_uzbekistan_gives_its_personal_number() -> None:
    mrz = parse("".join(ID_CARD))
    assert mrz.failures == ()
    assert personal_number(mrz) == "49010199001235"
    assert (mrz.document_type, mrz.document_number, mrz.sex) == ("I", "ZZ7654321", "F")


@pytest.mark.parametrize(
    "mrz",
    [
        parse("".join(td3(issuer="KGZ"))),  # 14 digits too, but of another State
        parse("".join(td3(pinfl=""))),
        parse("".join(td3(pinfl="3901019900123"))),
        parse("".join(td3(pinfl="3901019900123A"))),
        parse("".join(DOCUMENTS[4]["lines"])),
    ],
    ids=["another State", "none", "13 digits", "a letter", "TD2"],
)
def test_no_personal_number_is_none(mrz: Mrz) -> None:
    assert personal_number(mrz) is None


def test_empty_personal_number_may_have_filler_or_zero_as_check_digit() -> None:
    upper, lower = td3(pinfl="")
    with_filler = lower[:42] + "<"
    over = with_filler[:10] + with_filler[13:20] + with_filler[21:43]
    assert parse(upper + lower).failures == ()
    assert parse(upper + with_filler + check_digit(over)).failures == ()


def test_filler_as_check_digit_of_a_personal_number_fails() -> None:
    upper, lower = PASSPORT
    failures = parse(upper + lower[:42] + "<" + lower[43:]).failures
    assert FieldFailure(Element.OPTIONAL_DATA, Fault.CHECK_DIGIT, 2, 43) in failures


@pytest.mark.parametrize("length", range(10, 23))
def test_td1_document_number_of_ten_to_twenty_two_characters_is_read_whole(length: int) -> None:
    number = "ZZ34567890ABCDEFGHIJKLMN"[:length]
    mrz = parse("".join(td1(number[:9] + "<" + number[9:] + check_digit(number) + "<")))
    assert mrz.document_number == number
    assert mrz.optional_data == ""
    assert mrz.failures == ()
    assert personal_number(mrz) is None


def test_optional_data_after_a_long_document_number_is_kept() -> None:
    number = "ZZ345678901"
    mrz = parse("".join(td1(number[:9] + "<" + number[9:] + check_digit(number) + "<XY7")))
    assert (mrz.document_number, mrz.optional_data, mrz.failures) == (number, "XY7", ())


def test_wrong_check_digit_of_a_long_document_number_is_located_behind_it() -> None:
    number = "ZZ345678901"
    wrong = str((int(check_digit(number)) + 1) % 10)
    mrz = parse("".join(td1(number[:9] + "<" + number[9:] + wrong + "<")))
    assert mrz.failures == (FieldFailure(Element.DOCUMENT_NUMBER, Fault.CHECK_DIGIT, 1, 18),)


def test_filler_as_check_digit_with_no_rest_of_the_number_fails() -> None:
    mrz = parse("".join(td1("ZZ1234567<")))
    assert mrz.document_number == "ZZ1234567"
    assert mrz.failures == (FieldFailure(Element.DOCUMENT_NUMBER, Fault.CHECK_DIGIT, 1, 15),)


def test_fillers_inside_a_document_number_stay() -> None:
    mrz = parse("".join(td1(digit("ZZ<12<345"))))
    assert (mrz.document_number, mrz.failures) == ("ZZ<12<345", ())


def test_passport_has_no_long_document_number() -> None:
    upper, lower = PASSPORT
    mrz = parse(upper + lower[:9] + "<" + lower[10:])
    assert mrz.document_number == "ZZ1234567"
    assert FieldFailure(Element.DOCUMENT_NUMBER, Fault.CHECK_DIGIT, 2, 10) in mrz.failures


@pytest.mark.parametrize(
    ("column", "wrong", "failure"),
    [
        (5, "7", FieldFailure(Element.DOCUMENT_NUMBER, Fault.CHECK_DIGIT, 2, 10)),
        (16, "7", FieldFailure(Element.BIRTH_DATE, Fault.CONTENT, 2, 14)),
        (20, "<", FieldFailure(Element.BIRTH_DATE, Fault.CHECK_DIGIT, 2, 20)),
        (21, "X", FieldFailure(Element.SEX, Fault.CONTENT, 2, 21)),
        (22, "0", FieldFailure(Element.EXPIRY_DATE, Fault.CHECK_DIGIT, 2, 28)),
        (26, "O", FieldFailure(Element.EXPIRY_DATE, Fault.CONTENT, 2, 22)),
        (30, "4", FieldFailure(Element.OPTIONAL_DATA, Fault.CHECK_DIGIT, 2, 43)),
        (44, "A", FieldFailure(Element.COMPOSITE, Fault.CHECK_DIGIT, 2, 44)),
        (11, "0", FieldFailure(Element.NATIONALITY, Fault.CONTENT, 2, 11)),
    ],
)
def test_misread_character_of_the_lower_line_is_located(column: int, wrong: str, failure: FieldFailure) -> None:
    upper, lower = PASSPORT
    assert lower[column - 1] != wrong
    assert failure in parse(upper + lower[: column - 1] + wrong + lower[column:]).failures


@pytest.mark.parametrize(("column", "element"), [(2, Element.DOCUMENT_CODE), (3, Element.ISSUER), (8, Element.NAME)])
def test_digit_in_the_upper_line_is_located_though_no_check_digit_covers_it(column: int, element: Element) -> None:
    upper, lower = PASSPORT
    failures = parse(upper[: column - 1] + "0" + upper[column:] + lower).failures
    assert [(f.element, f.fault, f.line) for f in failures] == [(element, Fault.CONTENT, 1)]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("P<UZB", 5),
        ("".join(PASSPORT)[:-1], 87),
        ("".join(PASSPORT) + "<", 89),
        ("".join(PASSPORT)[:50] + "*" + "".join(PASSPORT)[51:], 50),
        ("".join(PASSPORT)[:50] + " " + "".join(PASSPORT)[51:], 50),
        ("".join(PASSPORT)[:50] + "\x00" + "".join(PASSPORT)[51:], 50),
        ("".join(PASSPORT)[:50] + "Б" + "".join(PASSPORT)[51:], 50),
        ("".join(PASSPORT)[:50] + "٣" + "".join(PASSPORT)[51:], 50),
        (PASSPORT[0][:43] + "\n" + PASSPORT[0][43:] + PASSPORT[1], 43),
        ("\n".join([*PASSPORT, "<"]), 89),
        (f"{PASSPORT[0]}\n{PASSPORT[1][:20]}\n{PASSPORT[1][20:]}", 64),
        ("V" + "".join(PASSPORT)[1:], 0),
        ("<" * 129, 129),
        ("x" * 1_000_000, 1_000_000),
    ],
)
def test_what_is_no_mrz_is_refused_with_its_position(text: str, position: int) -> None:
    with pytest.raises(MrzInvalid) as refused:
        parse(text)
    assert refused.value.position == position


def test_sharp_s_that_grows_in_upper_case_is_an_mrz_of_nothing() -> None:
    with pytest.raises(MrzInvalid):
        parse("ß" * 128)


@given(st.one_of(st.text(max_size=140), st.text("AIPV<0129Z\r\n", min_size=86, max_size=92)))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    looks_like_mrz(text)
    with suppress(MrzInvalid):
        parse(text)


@given(st.integers(0, 42), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"))
def test_no_changed_character_of_the_lower_line_changes_the_holder_unseen(place: int, other: str) -> None:
    upper, lower = PASSPORT
    changed = parse(upper + lower[:place] + other + lower[place + 1 :])
    sound = parse(upper + lower)
    same_value = (int(lower[place], 36) - int(other, 36)) % 10 == 0 if "<" not in {lower[place], other} else True
    if lower[place] != other and not same_value and place not in {10, 11, 12, 20}:
        assert changed.failures
    elif lower[place] == other:
        assert changed == sound


def test_neither_repr_nor_refusal_shows_contents() -> None:
    text = "".join(PASSPORT)
    assert repr(parse(text)) == "Mrz(TD3, failures=0)"
    with pytest.raises(MrzInvalid) as refused:
        parse(text[:-1] + "?")
    assert "KHUDOYBERDIEV" not in str(refused.value)
    assert "ZZ1234567" not in repr(refused.value)


def with_dates(birth: str, expiry: str) -> Mrz:
    upper, lower = PASSPORT
    return parse(upper + lower[:13] + digit(birth) + "M" + digit(expiry) + lower[28:])


@pytest.mark.parametrize(
    ("yymmdd", "expected"),
    [
        ("900101", date(1990, 1, 1)),
        ("080229", date(2008, 2, 29)),
        ("261025", date(2026, 10, 25)),
        ("261026", date(1926, 10, 26)),
        ("270101", date(1927, 1, 1)),
        ("000229", date(2000, 2, 29)),
        ("90<<<<", None),
        ("9001<<", None),
        ("<<<<<<", None),
    ],
)
def test_birth_date_is_the_latest_that_is_not_after_today(yymmdd: str, expected: date | None) -> None:
    mrz = with_dates(yymmdd, "340101")
    assert mrz.birth_day(TODAY) == expected
    assert [f for f in mrz.failures if f.fault is Fault.CONTENT] == []


@pytest.mark.parametrize(
    ("yymmdd", "expected"),
    [
        ("340101", date(2034, 1, 1)),
        ("260101", date(2026, 1, 1)),
        ("991231", date(1999, 12, 31)),
        ("751231", date(2075, 12, 31)),
        ("760101", date(1976, 1, 1)),
        ("<<<<<<", None),
    ],
)
def test_expiry_is_within_fifty_years_of_today(yymmdd: str, expected: date | None) -> None:
    assert with_dates("900101", yymmdd).expiry_day(TODAY) == expected


@given(st.dates(date(1926, 10, 26), TODAY))
def test_birth_dates_of_the_last_hundred_years_are_read_back(born: date) -> None:
    assert with_dates(f"{born:%y%m%d}", "340101").birth_day(TODAY) == born


@pytest.mark.parametrize("yymmdd", ["901301", "900001", "900132", "900100", "900230", "910229", "9O0101", "9<0101"])
def test_impossible_birth_date_fails_in_content_and_is_none(yymmdd: str) -> None:
    mrz = with_dates(yymmdd, "340101")
    assert FieldFailure(Element.BIRTH_DATE, Fault.CONTENT, 2, 14) in mrz.failures
    assert mrz.birth_day(TODAY) is None


@pytest.mark.parametrize(
    ("name", "surname", "given_names", "fills"),
    [
        ("ARKFREITH", "ARKFREITH", "", False),
        ("SATRIYA<SUDARPA", "SATRIYA SUDARPA", "", False),
        ("SMITH<JONES<<SUSIE<MARGARET", "SMITH JONES", "SUSIE MARGARET", False),
        ("PAPANDROPOULOUS<<JONATHON<WARREN<TREVOR", "PAPANDROPOULOUS", "JONATHON WARREN TREVOR", True),
        ("ADOLAT<<<OYDIN", "ADOLAT", "OYDIN", False),
    ],
)
def test_names_are_split_as_the_standards_examples(name: str, surname: str, given_names: str, fills: bool) -> None:
    upper = ("P<UTO" + name).ljust(44, "<")
    mrz = parse(upper + PASSPORT[1])
    assert (mrz.surname, mrz.given_names, mrz.name_fills_field) == (surname, given_names, fills)


@pytest.mark.parametrize("lines", [PASSPORT, ID_CARD, tuple(DOCUMENTS[0]["lines"]), tuple(DOCUMENTS[4]["lines"])])
def test_whole_mrz_looks_like_one_in_any_form(lines: tuple[str, ...]) -> None:
    for ending in ("", "\n", "\r\n", "\t"):
        assert looks_like_mrz(ending.join(lines))
        assert looks_like_mrz(ending.join(lines).lower() + ending)


def test_documents_of_uzbekistan_look_like_an_mrz_from_the_fifth_character() -> None:
    for text in ("".join(PASSPORT), "".join(ID_CARD), "IDUZB" + "".join(ID_CARD)[5:], "PPUZBALIEV<<VALI"):
        assert [looks_like_mrz(text[:n]) for n in range(5)] == [False] * 5
        assert all(looks_like_mrz(text[:n]) for n in range(5, len(text)))


def test_document_of_another_state_looks_like_one_at_its_first_filler() -> None:
    assert not looks_like_mrz("IDUTOZZ12345678")
    assert looks_like_mrz("IDUTOZZ12345678<")
    assert looks_like_mrz("P<UTO")


@pytest.mark.parametrize(
    "text",
    [
        "", "P", "Karimova", "Pulatov", "PULATOVA", "Pulatov 1979", "pulatov1979", "Abdurahmonov19790101",
        "Ayuzbekov", "Ibragimov Vali", "Ahmedov", "Axmedov'", "31210632040244", "AA1234567", "AC1234567", "IP", "P<",
        "A<script>alert(1)</script>", "IDEAL%", "Ikromjon2026", "Ikrom1234567890123", "<<<<<<", "C++", "P\nUZB",
    ],
)  # fmt: skip
def test_what_operators_type_never_looks_like_an_mrz(text: str) -> None:
    assert not looks_like_mrz(text)


def test_an_expiry_date_of_fillers_may_have_a_filler_or_a_zero_for_its_check_digit() -> None:
    for digit in "<0":
        born = "870325" + check_digit("870325")
        lower = f"ZZ1234567{check_digit('ZZ1234567')}UZB{born}F<<<<<<{digit}" + FILLER * 15
        composite = check_digit(lower[:10] + lower[13:20] + lower[21:43])
        mrz = parse("P<UZBUMAROVA<<DILNOZA".ljust(44, FILLER) + lower + composite)
        assert (mrz.failures, mrz.expiry_day(date(2026, 11, 26))) == ((), None)
    refused = parse("P<UZBUMAROVA<<DILNOZA".ljust(44, FILLER) + "ZZ1234567<UZB8703252F3305016" + FILLER * 15 + "0")
    assert FieldFailure(Element.DOCUMENT_NUMBER, Fault.CHECK_DIGIT, 2, 10) in refused.failures
