"""The order of names in lists: Uzbek Latin, then Uzbek Cyrillic, as their alphabets run.

Latin follows CLDR `uz`: oʻ < gʻ < sh < ch after z. CLDR has no rule for Uzbek in Cyrillic (its root order would
file ў with у and ё with е), so Cyrillic rows follow the national alphabet, which CLDR itself quotes: а б в г
д е ё … ш ъ э ю я ў қ ғ ҳ, with щ ы ь in their Russian places and Karakalpak ә ң ө ү after а н о у. Latin
rows stand before Cyrillic ones, digits before letters, spaces and hyphens before digits.

Ours beyond CLDR: any apostrophe after o or g makes the letter oʻ or gʻ, reform letters stand with what they
replace (Õ Ğ Ş Ç), and any other apostrophe counts only between names that are otherwise alike, as do case, accents
and other signs. So Isʼhoq isn't a name in sh.

Source: unicode-org/cldr common/collation/uz.xml; common/transforms/uz_Cyrl-uz_Latn (the alphabet).
"""

import unicodedata
from typing import Final

from pollbook.transliteration import APOSTROPHES

# Below every other character of a key, and storable as SQLite text.
_END: Final = "\x01"
_CYRILLIC_ORDER: Final = "аәбвгдеёжзийклмнңоөпрстуүфхцчшщъыьэюяўқғҳ"
# Where the listed letters are put; lower-case letters not listed here (і ј ѓ) come after them as they are.
_CYRILLIC_START: Final = 0x400
# The four characters that follow z in ASCII are the four letters that follow it in Uzbek.
_O, _G, _SH, _CH = "{", "|", "}", "~"
_REFORM: Final = {"õ": _O, "ğ": _G, "ş": _SH, "ç": _CH}
_APOSTROPHE: Final = "'"


class _Order(dict[int, str]):
    """A translate table that also answers for characters it doesn't list, without growing."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        base = unicodedata.normalize("NFKD", character)[0]
        if base != character:
            return self[ord(base)]
        return character if code > 127 and unicodedata.category(character)[0] in "LN" else ""


_ORDER: Final = _Order(dict.fromkeys(range(128), ""))
_ORDER.update({ord(c): c for c in "abcdefghijklmnopqrstuvwxyz0123456789 -"})
_ORDER.update({ord(c): " " for c in "\t\n\v\f\r\xa0"})
_ORDER.update({ord(c): _APOSTROPHE for c in APOSTROPHES})
_ORDER.update({ord(c): letter for c, letter in _REFORM.items()})
_ORDER.update({ord(c): chr(_CYRILLIC_START + place) for place, c in enumerate(_CYRILLIC_ORDER)})
_ORDER[ord("ı")] = "i"


def _letters(lowered: str) -> str:
    key = lowered.translate(_ORDER).replace("sh", _SH).replace("ch", _CH)
    if _APOSTROPHE in key:
        key = key.replace("o'", _O).replace("g'", _G).replace(_APOSTROPHE, "")
    return key


def sort_key(*names: str) -> str:
    """Return a key whose order by code point (Python's `<`, SQLite's BINARY) is the order of the names.

    Args:
        names: The parts in their order of weight, as surname, given name, patronymic. Keys of as many parts
            are compared with each other.

    All parts' letters weigh before any part's apostrophes, accents, case and signs, so a surname that is spelt
    with two kinds of apostrophe is one run in the list. Different names have different keys as long as
    none has a U+0001 in it: the order is total. No text raises; a key takes time linear in it.
    """
    lowered = _END.join(names).lower()
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFC", lowered)
    letters = [_letters(part) for part in lowered.split(_END)] if len(names) > 1 else [_letters(lowered)]
    return _END.join((*letters, lowered, *names))
