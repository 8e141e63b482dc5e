import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pollbook.names import (
    MARK,
    NAME_CHARACTERS_MAX,
    PATRONYMIC_WORDS,
    TOKEN_CHARACTERS_MAX,
    TOKENS_MAX,
    canonical,
    canonical_prefixes,
    keys,
    loose,
    loose_prefixes,
    required_tokens,
    skeleton,
    skeleton_prefixes,
    tokens,
)
from pollbook.transliteration import APOSTROPHES

# Equal on tier 2: case, script, kind of apostrophe, reform letters, composition.
SAME_CANONICAL = [
    ("Ўктам", "O'ktam"), ("Ўктам", "Õktam"), ("O'ktam", "Oʻktam"), ("O‘ktam", "O’ktam"), ("O`ktam", "O´ktam"),
    ("Oʼktam", "O′ktam"), ("O\u0303ktam", "\u00d5ktam"), ("ÕKTAM", "oʻktam"), ("Ғани", "G'ani"), ("Ğani", "Gʻani"),
    ("G\u0306ani", "Ғани"), ("Ǵani", "G`ani"), ("Şavkat", "Shavkat"), ("S\u0327avkat", "ШАВКАТ"),
    ("Çori", "Chori"), ("C\u0327ori", "Чори"), ("Шаҳло", "SHAHLO"), ("Хуршид", "Xurshid"), ("Қодир", "Qodir"),
    ("Йўлдошев", "Yo'ldoshev"), ("Ёдгор", "Yodgor"), ("Юлдуз", "Yulduz"), ("Яхё", "Yaxyo"), ("Елена", "Yelena"),
    ("Эркин", "Erkin"), ("Алиева", "Aliyeva"), ("Зиёев", "Ziyoyev"), ("Маъруф", "Ma'ruf"), ("Маъруф", "Maʼruf"),
    ("Саъдулла", "Sa’dulla"), ("Исҳоқ", "Isʼhoq"), ("Is'hoq", "Ishoq"), ("Мўъмин", "Mo'min"), ("Игорь", "Igor"),
    ("Боцман", "Botsman"), ("Цой", "Soy"), ("Васильев", "Vasilyev"), ("Жўраев", "Jo‘rayev"), ("Чўлпон", "CHO‘LPON"),
    ("Әжинияз", "Ájiniyaz"), ("Өмирбек", "Ómirbek"), ("Үмит", "Úmit"), ("Таңатар", "Tańatar"), ("Дәўлет", "Dáwlet"),
    ("Аўезов", "Awezov"), ("Жақсылық", "Jaqsılıq"), ("Ўәли", "Wáli"), ("Aʻjiniyaz", "Ájiniyaz"),
    ("  Karimov   Ali ", "karimov ali"), ("Karimov-Aliyev", "Karimov Aliyev"), ("KARIMOV<<ALI<", "Karimov Ali"),
    ("Кари\u0301мов", "Karimov"), ("Ka\u200brimov", "Karimov"), ("Ｋarimov", "Karimov"), ("Каримoв", "Karimov"),
    ("%Karimov%", "Karimov"), ("'Karimov", "Karimov"), ("Karimov😀Ali", "Karimov Ali"),
    ("Karimov\x00Ali", "Karimov Ali"),
    ("Ali o'g'li", "Али ўғли"), ("Vali QIZI", "Вали қизи"), ("Böriev", "Bo'riev"), ("İbrahim", "ibrahim"),
]  # fmt: skip

# Equal on tier 3, not on tier 2.
SAME_LOOSE = [
    ("KHUDOYBERDIEV", "Xudoyberdiyev"), ("KHUDOYBERDIEV", "Худойбердиев"), ("Hudoyberdiyev", "Xudoyberdiyev"),
    ("Khamid", "Hamid"), ("Xamid", "Hamid"), ("Kodir", "Qodir"), ("SODIKOV", "Содиқов"), ("Zhurabek", "Jurabek"),
    ("DJAKHANGIR", "Jahangir"), ("Dzhamshid", "Jamshid"), ("Tsoy", "Soy"), ("Coy", "Цой"), ("Aliev", "Aliyev"),
    ("ALIEV", "Алиев"), ("Elena", "Yelena"), ("Ergashev", "Yergashev"), ("Muhamad", "Muhammad"),
    ("MUKHAMMAD", "Муҳаммад"), ("Alievv", "Aliyev"), ("Oktam", "O'ktam"), ("Maruf", "Ma'ruf"), ("GULOMOV", "Gʻulomov"),
    ("Ghulomov", "Ғуломов"), ("Karimova", "Karimov"), ("КАРИМОВА", "Karimov"), ("Aliyeva", "Aliev"),
    ("Xudoyberdiyeva", "KHUDOYBERDIEV"), ("Pushkina", "Pushkin"), ("Yanovskaya", "Yanovskiy"), ("Яновский", "Yanovski"),
    ("Yanovsky", "Яновская"), ("Shcherbakov", "Щербаков"), ("Vasilev", "Vasilyev"), ("Mariya", "Maria"),
    ("Sofiya", "Sofia"), ("JAKSYLYK", "Жақсылық"), ("DAVLET", "Дәўлет"), ("AVEZOV", "Аўезов"), ("Omirbek", "Өмирбек"),
    ("Yuriy", "Yuri"), ("Yury", "Юрий"), ("Nabiyev", "Nabiev"), ("Toshboev", "Toshboyev"), ("ISKHAKOV", "Isʼhaqov"),
    ("MAKHKAMOV", "Maxkamov"), ("ISHOK", "Исҳоқ"), ("Ilyich", "Ilich"), ("Dmitriy", "Dmitrii"),
]  # fmt: skip

# Equal on tier 4, not on tier 3.
SAME_SKELETON = [
    ("Kadirov", "Qodirov"), ("URINBAEV", "Oʻrinboyev"), ("Urunbayeva", "Ўринбоев"), ("TUKHTAEV", "Toʻxtayev"),
    ("YULDASHEV", "Yoʻldoshev"), ("Sabirov", "Sobirov"), ("Rakhmanov", "Rahmonov"), ("USMANOV", "Usmonov"),
    ("Osmanov", "Usmonov"), ("Abdurakhmanov", "Abdurahmonov"), ("JUMANIYAZOV", "Jumaniyozov"), ("Shavkat", "Shovkat"),
    ("BAKHADIR", "Bahodir"), ("Gulyamov", "Gʻulomov"), ("Irgashev", "Ergashev"), ("RUSTAMBAY", "Rustamboy"),
    ("KHUSANOV", "Xasanov"), ("Anvar", "Anvor"), ("MAMADALIEV", "Mamadoliyev"), ("Kurbanov", "Qurbonov"),
]  # fmt: skip

DIFFERENT_CANONICAL = [
    ("Maruf", "Ma'ruf"), ("Oktam", "O'ktam"), ("Gani", "G'ani"), ("Karimov", "Karimova"), ("Xamid", "Hamid"),
    ("Qodir", "Kodir"), ("Aliev", "Aliyev"), ("Muhamad", "Muhammad"), ("Khamid", "Xamid"), ("Savkat", "Shavkat"),
    ("Oysha", "Oysa"), ("Elena", "Yelena"), ("Ali Vali", "Alivali"), ("Ali", "Vali"), ("Sobir", "Sodir"),
    ("Ali", "Ali Ali"),
]  # fmt: skip

DIFFERENT_LOOSE = [
    ("Kadirov", "Qodirov"), ("URINBAEV", "Oʻrinboyev"), ("Amin", "Amina"), ("Ali", "Aliya"), ("Alim", "Alima"),
    ("Salim", "Salima"), ("Nodir", "Nodira"), ("Shahlo", "Salo"), ("Chori", "Sori"), ("Hasan", "Husan"),
    ("Karim", "Karimov"), ("Aliyev", "Aliyor"), ("Jamol", "Kamol"), ("Sobir", "Shobir"), ("Xolida", "Solida"),
    ("Dina", "Din"), ("Alina", "Alin"), ("Zarif", "Jarif"), ("Botir", "Bosir"), ("Yunus", "Unus"),
    ("Davron", "Davlat"), ("Olim", "Alim"), ("Karimov", "Karimovich"), ("Eva", "Ev"),
]  # fmt: skip

DIFFERENT_SKELETON = [
    ("Karimov", "Rahimov"), ("Karimov", "Karimjonov"), ("Sobirov", "Shobirov"), ("Chori", "Sori"),
    ("Aliyev", "Valiyev"),
    ("Olimov", "Olim"), ("Nazarov", "Norov"), ("Rinbayev", "Oʻrinboyev"), ("Hasanov", "Asanov"), ("Jalol", "Jamol"),
    ("Botir", "Bodir"), ("Toshmatov", "Eshmatov"), ("Sherzod", "Behzod"), ("Qodirov", "Qobilov"),
]  # fmt: skip


def loose_of(text: str) -> str:
    return keys(text).loose


def skeleton_of(text: str) -> str:
    return keys(text).skeleton


@pytest.mark.parametrize(("one", "other"), SAME_CANONICAL)
def test_equal_on_the_canonical_tier(one: str, other: str) -> None:
    assert canonical(one) == canonical(other) != ""
    assert keys(one) == keys(other)


@pytest.mark.parametrize(("one", "other"), SAME_LOOSE)
def test_equal_on_the_loose_tier_only_from_there(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)
    assert loose_of(one) == loose_of(other) != ""
    assert skeleton_of(one) == skeleton_of(other)


@pytest.mark.parametrize(("one", "other"), SAME_SKELETON)
def test_equal_on_the_skeleton_tier_only(one: str, other: str) -> None:
    assert loose_of(one) != loose_of(other)
    assert skeleton_of(one) == skeleton_of(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT_CANONICAL)
def test_different_on_the_canonical_tier(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT_LOOSE)
def test_different_on_the_loose_tier(one: str, other: str) -> None:
    assert loose_of(one) != loose_of(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT_SKELETON)
def test_different_on_the_skeleton_tier(one: str, other: str) -> None:
    assert skeleton_of(one) != skeleton_of(other)


@pytest.mark.parametrize("mark", APOSTROPHES)
def test_every_apostrophe_is_the_same_mark(mark: str) -> None:
    assert canonical(f"O{mark}ktam Sa{mark}dulla G{mark}ani") == "oʻktam saʻdulla gʻani"


def test_karimova_finds_karimov_and_karimov_finds_karimova_by_prefix() -> None:
    assert loose("karimova") == loose("karimov")
    assert canonical("Karimova").startswith(canonical("Karimov"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Karimov-Aliyev", ("karimov", "aliyev")),
        ("Karimov – Aliyev", ("karimov", "aliyev")),
        ("Botir oʻgʻli", ("botir", "oʻgʻli")),
        ("BOTIR<QIZI<<<<", ("botir", "qizi")),
        ("A.B. Karimov", ("a", "b", "karimov")),
        ("Robert'); DROP TABLE voters;--", ("robertʻ", "drop", "table", "voters")),
        ("100% _Ali_ *", ("100", "ali")),
        ('"Ali" AND NOT vali*', ("ali", "and", "not", "vali")),
        ("", ()),
        ("''ʻʼ'' - 😀 \x00\t\n", ()),
        ("李 小龙", ("李", "小龙")),
    ],
)
def test_tokens_are(text: str, expected: tuple[str, ...]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "oʻgʻli",
        "o'g'li",
        "ЎҒЛИ",
        "UGLI",
        "o‘gli",
        "Ogli",
        "qizi",
        "ҚИЗИ",
        "KIZI",
        "ogly",
        "қызы",
        "qızı",
        "ulı",
        "улы",
        "kyzy",
    ],
)
def test_patronymic_words_are_recognised(text: str) -> None:
    assert canonical(text) in PATRONYMIC_WORDS


def test_patronymic_words_are_not_required_for_a_match_unless_alone() -> None:
    assert required_tokens("Karimov Ali Vali oʻgʻli") == ("karimov", "ali", "vali")
    assert required_tokens("Каримова Ойша Вали қизи") == ("karimova", "oysha", "vali")
    assert required_tokens("qizi") == ("qizi",)
    assert required_tokens("") == ()


def test_keys_list_every_token_of_every_tier() -> None:
    assert keys("Xudoyberdiyeva O'ktam") == (
        "xudoyberdiyeva oʻktam",
        "hudoyberdiev oktam",
        "hdbrdv aktm",
    )


# ---- bounds and hostile input

hostile = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aeiouyshchkxqgjdzt'ʻ`%_*\"-<> \u0301\u0306\u0303\u0327\u200d\ufdfa"),
        st.sampled_from("ўқғҳшщцъьеёюяәөүңыЎЕ"),
    ),
    max_size=400,
)


@given(hostile)
@example("\ufdfa" * 300)
@example("щ" * 300)
@example("ў " * 300)
def test_any_text_has_bounded_keys_of_letters_and_digits(text: str) -> None:
    found = tokens(text)
    assert len(found) <= TOKENS_MAX
    assert all(0 < len(token) <= TOKEN_CHARACTERS_MAX for token in found)
    for key in keys(text):
        assert len(key) <= NAME_CHARACTERS_MAX
        assert all(c.isalnum() or c in {MARK, " "} for c in key)
        assert not re.search("[A-Z\u0430-\u044f]", key)


@given(hostile)
def test_canonical_of_canonical_is_itself(text: str) -> None:
    assert canonical(canonical(text)) == canonical(text)


@given(hostile)
def test_composition_and_case_make_no_difference(text: str) -> None:
    short = text[:60]
    assert canonical(unicodedata.normalize("NFD", short)) == canonical(unicodedata.normalize("NFC", short))


@given(st.text("abvgdeyojziklmnprstufxhcqwʻ' -", max_size=60))
def test_upper_case_makes_no_difference(text: str) -> None:
    assert keys(text.upper()) == keys(text)


def test_what_lies_beyond_the_bounds_is_as_if_absent() -> None:
    assert canonical("Karimov " * 200) == " ".join(["karimov"] * TOKENS_MAX)
    assert canonical("a" * 300) == "a" * TOKEN_CHARACTERS_MAX
    assert canonical(" " * NAME_CHARACTERS_MAX + "Karimov") == ""
    assert len(canonical("щ" * 1_000_000)) == TOKEN_CHARACTERS_MAX


# ---- prefixes as one types

syllables = st.sampled_from([
    "a", "e", "i", "o", "u", "y", "kh", "zh", "dzh", "dj", "ts", "sh", "ch", "shch", "sch", "gh", "x", "h", "w", "q",
    "k", "g", "l", "m", "n", "r", "s", "t", "v", "z", "d", "c", "b", "ʻ", "ll", "iy", "ye", "ya", "yy", "ii",
])  # fmt: skip
endings = st.sampled_from(
    ["", "", "ov", "ova", "yev", "yeva", "in", "ina", "skiy", "skaya", "sky", "ski", "ska", "iya"]
)
whole_tokens = (
    st.tuples(st.lists(syllables, max_size=6), endings)
    .map(lambda parts: canonical("".join(parts[0]) + parts[1]))
    .filter(bool)
)


@given(whole_tokens, st.integers(1, 20))
@example("xudoyberdiyev", 5)
@example("khudoyberdiev", 1)
@example("shcherbakova", 3)
@example("yanovskaya", 8)
@example("ismoilskaya", 10)
@example("zulfya", 5)
@example("yigitali", 1)
def test_some_loose_prefix_of_a_cut_token_opens_the_whole_tokens_key(token: str, cut: int) -> None:
    prefixes = loose_prefixes(token[:cut])
    assert 1 <= len(prefixes) <= 4
    assert any(loose(token).startswith(prefix) for prefix in prefixes)


@given(whole_tokens, st.integers(1, 20))
@example("sharof", 1)
@example("tshebekov", 1)
@example("isxoqov", 2)
def test_some_skeleton_prefix_of_a_cut_token_opens_the_whole_tokens_key(token: str, cut: int) -> None:
    prefixes = skeleton_prefixes(token[:cut])
    assert 1 <= len(prefixes) <= 5
    assert any(skeleton(token).startswith(prefix) for prefix in prefixes)


@given(st.text("abdeghiklmnoqrsuvxyz'ʻʼ’OGSH", min_size=1, max_size=20), st.integers(1, 20))
@example("Is'hoq", 3)
@example("O'ktam", 1)
def test_some_canonical_prefix_of_a_cut_latin_name_opens_the_whole_names_key(text: str, cut: int) -> None:
    typed = canonical(text[:cut])
    assert any(canonical(text).startswith(prefix) for prefix in canonical_prefixes(typed))


@given(st.text("абвгдеёжзийклмнопрстуфхцчшщъыьэюяқғҳ", min_size=1, max_size=20), st.integers(1, 20))
def test_cut_cyrillic_name_opens_the_whole_names_key(text: str, cut: int) -> None:
    typed = canonical(text[:cut])
    assert any(canonical(text).startswith(prefix) for prefix in canonical_prefixes(typed))


@given(whole_tokens)
def test_first_prefix_is_the_tokens_own_key(token: str) -> None:
    assert canonical_prefixes(token)[0] == token
    assert loose_prefixes(token)[0] == loose(token)
    assert skeleton_prefixes(token)[0] == skeleton(token)


def test_cut_digraph_is_searched_both_ways() -> None:
    assert loose_prefixes("k") == ("k", "h")
    assert loose_prefixes("maz") == ("maz", "maj")
    assert loose_prefixes("d") == ("d", "j")
    assert loose_prefixes("t") == ("t", "s")
    assert loose_prefixes("c") == ("s", "ch")
    assert loose_prefixes("bay") == ("bay", "bae", "bai")
    assert skeleton_prefixes("s") == ("s", "w")
    assert canonical_prefixes("isʻ") == ("isʻ", "is")


def test_enough_hard_pairs_are_held() -> None:
    assert len(SAME_CANONICAL) + len(SAME_LOOSE) + len(SAME_SKELETON) >= 80
    assert len(DIFFERENT_CANONICAL) + len(DIFFERENT_LOOSE) + len(DIFFERENT_SKELETON) >= 40
