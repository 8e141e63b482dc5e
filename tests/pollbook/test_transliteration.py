import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pollbook.transliteration import APOSTROPHES, has_cyrillic, to_cyrillic, to_latin

# Cyrillic, Latin; each way is the other's way back.
BOTH_WAYS = [
    ("Ўктам", "Oʻktam"),
    ("Ғайрат", "Gʻayrat"),
    ("Қодиров", "Qodirov"),
    ("Ҳамид", "Hamid"),
    ("Хуршид", "Xurshid"),
    ("Чўлпон", "Choʻlpon"),
    ("Жўраев", "Joʻrayev"),
    ("Йўлдошев", "Yoʻldoshev"),
    ("Ёдгор", "Yodgor"),
    ("Юсуф", "Yusuf"),
    ("Яхё", "Yaxyo"),
    ("Елена", "Yelena"),
    ("Эркин", "Erkin"),
    ("Алиева", "Aliyeva"),
    ("Поэма", "Poema"),
    ("Маъруф", "Maʼruf"),
    ("МАЪРУФ АЪЗАМ", "MAʼRUF AʼZAM"),
    ("Аъзам", "Aʼzam"),
    ("Исҳоқ", "Isʼhoq"),
    ("ИСҲОҚ", "ISʼHOQ"),
    ("Шаҳло", "Shahlo"),
    ("ШАҲЛО", "SHAHLO"),
    ("ЙЎЛДОШЕВА ЎҒИЛОЙ", "YOʻLDOSHEVA OʻGʻILOY"),
    ("Ш. Ё. Ўринов", "Sh. Yo. Oʻrinov"),
    ("Васильев", "Vasilyev"),
    ("ВАСИЛЬЕВ", "VASILYEV"),
    ("Дәўлет", "Dáwlet"),
    ("Аўезов", "Awezov"),
    ("Ўәли", "Wáli"),
    ("Ғарғабай", "Gʻargʻabay"),
    ("Али Вали-ўғли, 5-уй", "Ali Vali-oʻgʻli, 5-uy"),
]


@pytest.mark.parametrize(("cyrillic", "latin"), BOTH_WAYS)
def test_names_are_written_in_the_other_alphabet_and_back(cyrillic: str, latin: str) -> None:
    assert to_latin(cyrillic) == latin
    assert to_cyrillic(latin) == cyrillic


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [("Цой", "Soy"), ("Боцман", "Botsman"), ("Щербаков", "Sherbakov"), ("Рысқул", "Risqul"), ("Игорь", "Igor")],
)
def test_russian_letters_have_a_way_there_only(cyrillic: str, latin: str) -> None:
    assert to_latin(cyrillic) == latin


@pytest.mark.parametrize("mark", APOSTROPHES)
def test_any_apostrophe_is_understood(mark: str) -> None:
    assert to_cyrillic(f"G{mark}ani Sa{mark}dulla O{mark}ktam") == "Ғани Саъдулла Ўктам"


@pytest.mark.parametrize(
    ("latin", "cyrillic"), [("Õktam", "Ўктам"), ("Ğani", "Ғани"), ("Şavkat", "Шавкат"), ("Çori", "Чори")]
)
def test_reform_letters_are_understood(latin: str, cyrillic: str) -> None:
    assert to_cyrillic(latin) == cyrillic


LATIN_LETTERS = (
    "a", "b", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v",
    "x", "y", "z", "oʻ", "gʻ", "sh", "ch", "yo", "yu", "ya", "ye", "sʼh", "nʼ", "rʼ",
)  # fmt: skip
# oʻ beside a vowel is read as the Karakalpak w on the way back.
OU_BESIDE_A_VOWEL = re.compile("[aeiouʻ]oʻ|oʻ[aeiou]|oʻy[aoue]")


@given(st.lists(st.sampled_from(LATIN_LETTERS), min_size=1, max_size=12), st.sampled_from([str.lower, str.upper]))
def test_latin_words_come_back_from_cyrillic(letters: list[str], case: Callable[[str], str]) -> None:
    word = "".join(letters)
    assume(len(to_cyrillic(word)) > 1)  # of one letter, SH and Sh are the same
    assume(not OU_BESIDE_A_VOWEL.search(word))
    assert to_latin(to_cyrillic(case(word))) == case(word)


@given(st.text("абвгдежзиклмнопрстуфхчшюяқғҳ", min_size=1, max_size=12), st.booleans())
def test_cyrillic_words_come_back_from_latin(word: str, capitals: bool) -> None:
    assume(len(word) > 1)
    word = word.upper() if capitals else word.capitalize()
    assert to_cyrillic(to_latin(word)) == word


@given(st.text())
def test_no_text_raises_and_latin_has_no_uzbek_cyrillic_left(text: str) -> None:
    to_cyrillic(text)
    assert not re.search("[а-яёўқғҳ]", to_latin(text), re.IGNORECASE)


@given(st.text(st.characters(max_codepoint=0x3FF)))
def test_text_without_cyrillic_stays_as_it_is_in_nfc(text: str) -> None:
    assert not has_cyrillic(text)
    assert to_latin(to_latin(text)) == to_latin(text)


def test_a_million_characters_take_linear_time() -> None:
    assert to_latin("ўе'ц" * 250_000) == "we's" * 250_000
    assert to_cyrillic("shoʻ" * 250_000) == "шў" * 250_000
