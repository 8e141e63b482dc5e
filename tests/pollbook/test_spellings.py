from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.spellings import contains, is_same_name, is_same_patronymic, without
from pollbook.transliteration import to_cyrillic

# As lists have them, and as documents were printed by Uzbekistan's, ICAO's and the older Russian table.
PRINTED = [
    ("Oʻrinboyev", "URINBAEV"),
    ("Oʻrinboyev", "ORINBOYEV"),
    ("Qodirov", "KADIROV"),
    ("Qodirova", "KODIROVA"),
    ("Xudoyberdiyev", "KHUDOYBERDIEV"),
    ("Xudoyberdiyev", "KHUDAYBERDIEV"),
    ("Gʻaniyeva", "GANIEVA"),
    ("Gʻulomov", "GHULOMOV"),
    ("Joʻrayev", "DJURAEV"),
    ("Yusupov", "IUSUPOV"),
    ("Zaynab", "ZAINAB"),
    ("Saydullayeva", "SAIDULLAEVA"),
    ("Isʼhoqov", "ISKHAKOV"),
    ("Шукурова", "SHUKUROVA"),
    ("Ўктам", "UKTAM"),
    ("Yoʻldosheva", "YULDASHEVA"),
    ("Toʻxtayev", "TUKHTAEV"),
    ("Rahimova-Saidova", "RAHIMOVA SAIDOVA"),
    ("Rahimova-Saidova", "SAIDOVA RAHIMOVA"),
]
OTHERS = [
    ("Hasan", "HUSAN"),
    ("Karimov", "RAHIMOV"),
    ("Rahimov", "RAHMONOV"),
    ("Nodira", "NARGIZA"),
    ("Rahimova-Saidova", "RAHIMOVA"),
    ("Aziz", "AZIZA"),
    ("Ali", "VALI"),
    ("", "KARIMOV"),
    ("Karimov", ""),
    ("", ""),
]
NAMES = st.sampled_from(sorted({listed for listed, _ in PRINTED} | {"Alisher", "Nodira", "Sanʼat", "Chori", "Oysha"}))
TEXTS = st.text(max_size=60)


@pytest.mark.parametrize(("listed", "printed"), PRINTED)
def test_a_name_is_known_as_the_tables_print_it(listed: str, printed: str) -> None:
    assert is_same_name(listed, printed)


@pytest.mark.parametrize(("listed", "printed"), OTHERS)
def test_another_name_is_not(listed: str, printed: str) -> None:
    assert not is_same_name(listed, printed)


@given(NAMES)
def test_a_name_is_itself_in_any_case_and_either_script(name: str) -> None:
    for written in (name, name.upper(), to_cyrillic(name), name.replace("ʻ", "'").replace("ʼ", "’")):
        assert is_same_name(name, written)


@given(NAMES, NAMES)
def test_the_order_of_words_does_not_matter(one: str, other: str) -> None:
    assert is_same_name(f"{one} {other}", f"{other} {one}")


@given(TEXTS, TEXTS, st.booleans())
def test_any_text_is_compared_and_what_fits_uncut_fits_cut(listed: str, said: str, is_cut: bool) -> None:
    for judge in (is_same_name, is_same_patronymic):
        answer = judge(listed, said, is_cut=is_cut)
        assert answer or not judge(listed, said)
    assert contains(said, listed, is_cut=True) or not contains(said, listed)
    assert len(without(said, listed)) <= len(without(said, ""))


@given(NAMES, st.integers(3, 12))
def test_a_name_that_the_zone_cut_is_known_by_its_beginning(name: str, kept: int) -> None:
    beginning = name[:kept].upper().strip("-ʻʼ")
    assert is_same_name(name, beginning, is_cut=True)


def test_a_beginning_is_not_a_name_where_nothing_was_cut() -> None:
    assert not is_same_name("Abdurahmonxoʻjayev", "ABDURAHMON")
    assert is_same_name("Abdurahmonxoʻjayev", "ABDURAHMONKH", is_cut=True)
    assert not is_same_name("Abdurahmonxoʻjayev", "ABDUVALI", is_cut=True)


@pytest.mark.parametrize(
    ("listed", "printed"),
    [
        ("Botirovna", "BOTIR KIZI"),
        ("Oʻktam oʻgʻli", "UKTAM UGLI"),
        ("Oʻktam oʻgʻli", "UKTAMOVICH"),
        ("Anvarovich", "ANVAROVICH"),
        ("Sanʼatovna", "SANATOVNA"),
        ("Ҳамид қизи", "KHAMIDOVNA"),
        ("Ilyich", "ILICH"),
    ],
)
def test_a_patronymic_is_its_father_s_name(listed: str, printed: str) -> None:
    assert is_same_patronymic(listed, printed)


def test_another_father_is_another_patronymic() -> None:
    assert not is_same_patronymic("Botirovna", "ANVAROVNA")
    assert not is_same_patronymic("Hasan qizi", "HUSAN KIZI")
    assert not is_same_patronymic("qizi", "KIZI")


def test_given_names_hold_the_patronymic_too() -> None:
    assert contains("NODIRA BOTIROVNA", "Nodira")
    assert without("NODIRA BOTIROVNA", "Nodira") == "botirovna"
    assert not contains("BOTIROVNA", "Nodira")
