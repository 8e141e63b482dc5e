"""Names as keys: what the search compares, tier by tier, instead of the name as received.

A name comes in Uzbek or Karakalpak, Latin or Cyrillic, with any of a score of apostrophes, in reform letters,
or transliterated as in an MRZ. Each tier forgives more than the one before it and is computed from it:

* tier 2 `canonical`: case, script, kind of apostrophe, reform letters (Ўктам = O'ktam = Õktam);
* tier 3 `loose`: one sound written two ways, missing apostrophes, doubled letters, a surname's feminine -a;
* tier 4 `skeleton`: all but the consonants.

A match on any tier is a candidate to show, never an identity.

**Bounds.** Only the first `NAME_CHARACTERS_MAX` characters of a text are read and a key is no longer than that;
of a token `TOKEN_CHARACTERS_MAX` characters count, and no more than `TOKENS_MAX` tokens; what lies beyond is as
if it weren't there. No text raises. Keys contain letters and digits, U+02BB and single spaces only, so FTS5's
`unicode61` keeps each token whole (with `remove_diacritics 0`) and nothing in a key is LIKE or FTS5 syntax but
the words AND, OR, NOT, NEAR, which are lower-case here.

**Prefixes**, for the search as one types. A token cut short has these keys:

* canonical: a prefix of the whole token's key, but for a typed "s'" before h (`canonical_prefixes` copes) and a
  Cyrillic ў before a vowel that is yet to come (Ў|әли; right again at the next letter);
* loose, skeleton: not always, because a digraph may be cut (k|h, z|h, d|j, t|s, c|h) or a y be undecided;
  of `loose_prefixes` and `skeleton_prefixes` one is always a prefix of the whole token's key.

Source: docs/DOMAIN.md §6.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from pollbook.transliteration import APOSTROPHES, has_cyrillic, to_latin

NAME_CHARACTERS_MAX: Final = 256
TOKENS_MAX: Final = 16
TOKEN_CHARACTERS_MAX: Final = 64
# Distinct tokens whose keys are remembered: most of the names of a 100,000-voter slice.
_TOKENS_REMEMBERED: Final = 16_384

MARK: Final = "\u02bb"  # every apostrophe of a canonical key
SEPARATOR: Final = " "

# "son of" and "daughter of" in canonical form: Uzbek, Karakalpak, as in an MRZ, and as Russian clerks wrote them.
PATRONYMIC_WORDS: Final = frozenset({
    "oʻgʻli", "oʻgli", "ogʻli", "ogli", "ugʻli", "ugli", "oʻgʻlu", "oglu", "ogly", "ugly", "uglu",
    "uli", "uly", "ulu", "qizi", "qizy", "kizi", "kizy", "kyzy", "kyzi", "qyzy", "gizi", "gyzy",
})  # fmt: skip

# Letters of the reform drafts (1993, 2018-2021), of Karakalpak, and diacritics of library transliterations.
_LATIN_VARIANTS: Final = {
    "õöóŏō": "o" + MARK, "ğǵġḡĝǧ": "g" + MARK, "şș": "sh", "ç": "ch", "á": "a" + MARK, "ä": "a" + MARK,
    "ú": "u" + MARK, "ü": "u" + MARK, "ńñ": "n" + MARK, "ıí": "i", "š": "sh", "č": "ch", "ž": "j",
}  # fmt: skip
# Words are transliterated before; these are left over from accented letters of other languages (ѓ, ӓ).
_CYRILLIC_BASES: Final = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_ASCII_KEPT: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


class _Fold(dict[int, str]):
    """A translate table that also answers for characters it doesn't list, without growing."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category[0] == "M" or category == "Cf":  # stray combining marks, joiners, direction marks
            return ""
        if category[0] not in "LN":
            return SEPARATOR
        plain = unicodedata.normalize("NFKD", character).casefold()
        if plain == character:
            return character  # a script of no rule here is still found by its own letters
        return "".join(self[ord(c)] for c in plain)


_FOLD: Final = _Fold({ord(c): c for c in _ASCII_KEPT})
_FOLD.update({code: SEPARATOR for code in range(128) if chr(code) not in _ASCII_KEPT})
_FOLD.update({ord(c): MARK for c in APOSTROPHES})
_FOLD.update({ord(c): to_latin(c).translate(_FOLD) for c in _CYRILLIC_BASES})
_FOLD.update({ord(c): folded for variants, folded in _LATIN_VARIANTS.items() for c in variants})

# A mark counts once, not at a token's start, and not between s and h, where Cyrillic сҳ has none.
_NEEDLESS_MARKS: Final = re.compile(f"(?<![^ ]){MARK}+|(?<=s){MARK}+(?=h)|(?<={MARK}){MARK}+")


def tokens(text: str) -> tuple[str, ...]:
    """Return the canonical tokens of a name in their order, at most `TOKENS_MAX`.

    Anything but a letter, a digit or an apostrophe separates tokens: spaces, the hyphen of a double surname, the
    filler of an MRZ, signs, emoji, control characters. Combining marks and invisible joiners separate nothing.
    """
    lowered = text[:NAME_CHARACTERS_MAX].lower()
    if not lowered.isascii():
        lowered = unicodedata.normalize("NFC", lowered)
        if has_cyrillic(lowered):
            lowered = to_latin(lowered)
    folded = lowered.translate(_FOLD)
    if MARK in folded:
        folded = _NEEDLESS_MARKS.sub("", folded)
    if len(folded) <= TOKEN_CHARACTERS_MAX:
        return tuple(folded.split()[:TOKENS_MAX])
    found = folded[:NAME_CHARACTERS_MAX].split()
    return tuple(token[:TOKEN_CHARACTERS_MAX] for token in found[:TOKENS_MAX])


def canonical(text: str) -> str:
    """Return the tier 2 key of a name: its `tokens`, with a space between.

    Equal for spellings that differ in case, script, kind of apostrophe, reform letters or composition. A missing
    apostrophe, and the feminine -a, still differ. Idempotent.
    """
    return SEPARATOR.join(tokens(text))


_MARKLESS: Final = {ord(MARK): ""}
# Digraphs before single letters; S and C stand for sh and ch until the end.
_SOUNDS: Final = re.compile("shch|sch|sh|ch|dzh|zh|dj|kh|gh|ts")
_SOUND_OF: Final = {
    "shch": "S", "sch": "S", "sh": "S", "ch": "C", "dzh": "j", "zh": "j", "dj": "j", "kh": "h", "gh": "g",
    "ts": "s",
}  # fmt: skip
_LETTER_OF: Final = str.maketrans({"x": "h", "q": "k", "w": "v", "c": "s"})
_SPELT: Final = str.maketrans({"S": "sh", "C": "ch"})
_IY: Final = re.compile("(?<=i)y+")
_YE: Final = re.compile("y+(?=[ei])")
_Y_VOWEL: Final = re.compile("(?<=[bcdfghjklmnpqrstvwxzSC])y(?![aou])")
_DOUBLED: Final = re.compile(r"([^SC])\1+")
_FEMININE: Final = re.compile("(?:(?<=..[oe]v)|(?<=.{4}in))a$|(?<=..sk)(?:ay?|aya|i)$")


@lru_cache(_TOKENS_REMEMBERED)
def loose(canonical_token: str) -> str:
    """Return the tier 3 key of one canonical token: KHUDOYBERDIEV = Xudoyberdiyev = Худойбердиев.

    In this order: apostrophes go; kh x are h, gh g, q k, zh dj dzh j, ts c s, shch sch sh, w v; iy is i, ye e,
    yi i, and y after a consonant is i unless a, o or u follows; a doubled letter is one (not sh and ch). Then the
    surname's ending: -ova -eva lose the -a (two letters at least before them), so does -ina of seven letters or
    more (Pushkina, but Amina and Alina stay), and -skaya, -skiy are -sk. The rule can't know a token's part of the
    name, so given names in -ova, -ina lose the -a as well; it is the same on both sides of a comparison.
    """
    key = canonical_token.translate(_MARKLESS) if MARK in canonical_token else canonical_token
    key = _SOUNDS.sub(lambda m: _SOUND_OF[m[0]], key).translate(_LETTER_OF)
    if "y" in key:
        key = _Y_VOWEL.sub("i", _YE.sub("", _IY.sub("", key)))
    key = _DOUBLED.sub(r"\1", key)
    if key[-1:] in {"a", "i", "y"}:
        key = _FEMININE.sub("", key)
    return key.translate(_SPELT)


_VOWELS_AT_START: Final = re.compile("^[aeiouy]+")
_CONSONANTS_ONLY: Final = str.maketrans({"a": "", "e": "", "i": "", "o": "", "u": "", "y": "", "A": "a"})


def _consonants(loose_key: str) -> str:
    key = loose_key.replace("sh", "w").replace("ch", "c")
    key = _VOWELS_AT_START.sub("A", key)
    return key.translate(_CONSONANTS_ONLY)


@lru_cache(_TOKENS_REMEMBERED)
def skeleton(canonical_token: str) -> str:
    """Return the tier 4 key of one canonical token: Kadirov = Qodirov, URINBAEV = Oʻrinboyev.

    The consonants of its loose key, sh as w and ch as c; the vowels that it begins with, y among them, are one
    "a". Short keys say little: the search should ask for three characters at least.
    """
    return _consonants(loose(canonical_token))


class NameKeys(NamedTuple):
    """One name's keys, its tokens' in their order with a space between."""

    canonical: str
    loose: str
    skeleton: str


def keys(text: str) -> NameKeys:
    """Return the keys of all tiers of one name, each empty if the text has no letter or digit."""
    found = tokens(text)
    return NameKeys(
        SEPARATOR.join(found),
        SEPARATOR.join(map(loose, found)),
        SEPARATOR.join(map(skeleton, found)),
    )


def required_tokens(text: str) -> tuple[str, ...]:
    """Return the tokens that a match must have: all but oʻgʻli, qizi and their like, unless there are no others."""
    found = tokens(text)
    return tuple(token for token in found if token not in PATRONYMIC_WORDS) or found


def canonical_prefixes(canonical_token: str) -> tuple[str, ...]:
    """Return the tier 2 prefixes to search for a token that may go on; the token itself is the first."""
    if canonical_token.endswith("s" + MARK):  # Isʼ, with h to come: the whole is Ishoq
        return canonical_token, canonical_token[:-1]
    return (canonical_token,)


# What may come next and change the key of a token that ends so.
_COMPLETIONS: Final = {"k": "h", "z": "h", "c": "h", "d": "j", "t": "s", "y": "ei"}


def loose_prefixes(canonical_token: str) -> tuple[str, ...]:
    """Return the tier 3 prefixes to search for a token that may go on, 1 to 4, its own key the first.

    However the token goes on, one of them is a prefix of the whole token's loose key.
    """
    own = loose(canonical_token)
    bare = canonical_token.translate(_MARKLESS)
    last = bare[-1:]
    found = [own, *(loose(bare + more) for more in _COMPLETIONS.get(last, ""))]
    if last == "y" and own.endswith("i"):
        found.append(own[:-1] + "y")  # a, o or u to come: a consonant y
    return tuple(dict.fromkeys(found))


def skeleton_prefixes(canonical_token: str) -> tuple[str, ...]:
    """Return the tier 4 prefixes to search for a token that may go on, its own key the first.

    However the token goes on, one of them is a prefix of the whole token's skeleton.
    """
    found: list[str] = []
    for key in loose_prefixes(canonical_token):
        found.append(_consonants(key))
        if key.endswith("s"):
            found.append(_consonants(key + "h"))
    return tuple(dict.fromkeys(found))
