"""Uzbek written in the other of its two alphabets, for display.

Cyrillic to Latin follows docs/DOMAIN.md §6 letter by letter; the right Latin apostrophes come out (U+02BB
in oʻ gʻ, U+02BC for ъ). Karakalpak letters are carried over by the alphabet of 2016. Nothing here decides
identity, and nothing is ever stored in place of the name as received.

The way from Cyrillic and back loses ц щ ы ь, э after a consonant, й before a vowel, ъ after о or г and in
съҳ, and ў beside a vowel. The way from Latin and back loses c, w, and apostrophes other than the right two.
ts is тс, not ц: Matsaidov is Мат and саид.

Every function takes time linear in the text and never raises.
"""

import re
import unicodedata
from typing import Final

OKINA: Final = "\u02bb"  # ʻ, part of the letters oʻ gʻ
TUTUQ: Final = "\u02bc"  # ʼ, the separating sign

# What people and programs type in place of either: U+0027 and look-alikes of it.
APOSTROPHES: Final = (
    "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u0312\u0313\u0314\u0315\u055a\u1fbd\u1fbf"
    "\u1fef\u1ffd\u1ffe\u2018\u2019\u201a\u201b\u2032\u2035\ua78c\uff07\uff40"
)

_FROM_CYRILLIC: Final = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "j", "з": "z", "и": "i",
    "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "x", "ц": "s", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": TUTUQ, "ы": "i",
    "ь": "", "э": "e", "ю": "yu", "я": "ya", "ў": "o" + OKINA, "қ": "q", "ғ": "g" + OKINA, "ҳ": "h",
    "ә": "á", "ң": "ń", "ө": "ó", "ү": "ú", "і": "i", "ї": "yi", "є": "ye",
}  # fmt: skip
_VOWELS: Final = "аеёиоуўэюяыәөүіїєaeiouáóúı"

# е is ye at the start of a word and after a vowel, ъ or ь; ц is ts after a vowel. ў beside a vowel is the
# consonant w of Karakalpak (Дәўлет, Ўәли): Uzbek ў stands between consonants. сҳ is parted as in Isʼhoq.
_W: Final = re.compile(rf"(?<=[{_VOWELS}])ў|ў(?=[{_VOWELS}])", re.IGNORECASE)
_YE: Final = re.compile(rf"(?:(?<![^\W\d_])|(?<=[{_VOWELS}ъь]))е", re.IGNORECASE)
_TS: Final = re.compile(rf"(?<=[{_VOWELS}])ц", re.IGNORECASE)
_S_H: Final = re.compile("(?<=с)(?=ҳ)", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]+")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")


def _cased(pairs: dict[str, str]) -> dict[int, str]:
    table = {ord(a): b for a, b in pairs.items()}
    table.update({ord(a.upper()): b.capitalize() for a, b in pairs.items() if len(a.upper()) == 1})
    return table


_LETTERS: Final = _cased(_FROM_CYRILLIC)


def has_cyrillic(text: str) -> bool:
    """Tell whether any character of `text` is of the basic Cyrillic block (U+0400 to U+04FF)."""
    return _CYRILLIC.search(text) is not None


def _word_to_latin(word: str) -> str:
    if "ў" in word or "Ў" in word:
        word = _W.sub(lambda m: "w" if m[0] == "ў" else "W", word)
    word = _YE.sub(lambda m: "ye" if m[0] == "е" else "Ye", word)
    word = _TS.sub(lambda m: "ts" if m[0] == "ц" else "Ts", word)
    return _S_H.sub(TUTUQ, word).translate(_LETTERS)


def _any_word_to_latin(match: re.Match[str]) -> str:
    word = match[0]
    if len(word) > 1 and word.isupper():
        return _word_to_latin(word.lower()).upper()
    return _word_to_latin(word)


def to_latin(text: str) -> str:
    """Return `text` with its Cyrillic letters in Uzbek Latin and everything else as it was, in NFC.

    A word in capitals stays in capitals (ШОДИЕВ, SHODIYEV); a single capital is one (Ш., Sh.).

    Source: docs/DOMAIN.md §6, transliteration.
    """
    text = text if text.isascii() else unicodedata.normalize("NFC", text)
    if not has_cyrillic(text):
        return text
    if text.islower():
        return _word_to_latin(text)
    return _WORD.sub(_any_word_to_latin, text)


_TO_CYRILLIC: Final = {
    "a": "а", "b": "б", "c": "ц", "d": "д", "f": "ф", "g": "г", "h": "ҳ", "i": "и", "j": "ж", "k": "к",
    "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "қ", "r": "р", "s": "с", "t": "т", "u": "у",
    "v": "в", "w": "ў", "x": "х", "y": "й", "z": "з", "á": "ә", "ǵ": "ғ", "ı": "ы", "ń": "ң", "ó": "ө",
    "ú": "ү", "õ": "ў", "ğ": "ғ", "ş": "ш", "ç": "ч", TUTUQ: "ъ", "sh": "ш", "ch": "ч", "yo": "ё", "yu": "ю",
    "ya": "я", "o" + OKINA: "ў", "g" + OKINA: "ғ", "s" + TUTUQ + "h": "сҳ",
}  # fmt: skip
_LATIN_UNITS: Final = re.compile(
    rf"[og]{OKINA}|s{TUTUQ}h|sh|ch|yo(?!{OKINA})|y[aue]|[a-záǵıńóúõğşç{TUTUQ}]", re.IGNORECASE
)
_OKINA_TYPED: Final = re.compile(f"(?<=[OoGg])[{APOSTROPHES}]+")
_TUTUQ_TYPED: Final = re.compile(f"(?<=[^\\W\\d_])[{APOSTROPHES}]")
_E_TO_CYRILLIC: Final = {("e", False): "э", ("e", True): "е", ("ye", False): "е", ("ye", True): "ье"}
_CONSONANTS: Final = frozenset("bcdfghjklmnpqrstvwxyzǵńğşç")


def _unit_to_cyrillic(match: re.Match[str]) -> str:
    unit = match[0]
    low = unit.lower()
    if low in {"e", "ye"}:
        before = match.string[max(0, match.start() - 2) : match.start()].lower()
        after_consonant = before[-1:] in _CONSONANTS or before == "g" + OKINA
        out = _E_TO_CYRILLIC[low, after_consonant]
    else:
        out = _TO_CYRILLIC.get(low, unit)
    if unit == TUTUQ:  # as the letters about it: МАЪРУФ, but Аъло
        around = match.string[match.start() - 1 : match.start()] + match.string[match.end() : match.end() + 1]
        return out.upper() if around.isupper() else out
    if unit.isupper():
        return out.upper()
    return out.capitalize() if unit[0].isupper() else out


def to_cyrillic(text: str) -> str:
    """Return `text` with its Latin letters in Uzbek Cyrillic and everything else as it was, in NFC.

    Any apostrophe after o or g makes the letter ў or ғ; after another letter it is ъ. ye after a consonant
    is ье (Vasilyev, Васильев). Reform letters and those of Karakalpak are taken too.

    Source: docs/DOMAIN.md §6, transliteration read backwards.
    """
    text = unicodedata.normalize("NFC", text)
    text = _OKINA_TYPED.sub(OKINA, text)
    text = _TUTUQ_TYPED.sub(lambda m: m[0] if m[0] == OKINA and m.string[m.start() - 1] in "OoGg" else TUTUQ, text)
    return _LATIN_UNITS.sub(_unit_to_cyrillic, text)
