"""Whether two spellings can be one name: as the list has it, and as a document's machine readable zone writes it.

A zone has no apostrophes, is transliterated by one of several tables (Uzbekistan's own, ICAO's for Cyrillic, a
Russian one before 1995), and may cut a long name. What those tables do is forgiven here; what they don't is not, so
that twins called Hasan and Husan stay two people. Equal spellings never decide identity: the PINFL does.

Forgiven beyond `names.loose` (digraphs, doubled letters, missing apostrophes, the feminine -a):

* oʻ is o or u (URINBAEV, Oʻrinboyev); a stands for o (KADIROV, Qodirov); e stands for i;
* a vowel's y is i (ZAINAB, Zaynab; IUSUPOV, Yusupov);
* a patronymic is its father's name, whether -ovich, -ovna, oʻgʻli or qizi follows.

Source: docs/DOMAIN.md §6; ICAO 9303-3 §6.
"""

import re
from typing import Final

from pollbook.names import MARK, PATRONYMIC_WORDS, loose, loose_prefixes, tokens

_O_MARK: Final = "o" + MARK
_SAME_VOWELS: Final = frozenset({("a", "o"), ("o", "a"), ("e", "i"), ("i", "e")})
_Y_AFTER_VOWEL: Final = re.compile("(?<=[aeou])y(?![aeou])")
_I_FOR_Y: Final = re.compile("(?:^|(?<=[aeou]))i(?=[aou])")
_FATHERS_NAME: Final = re.compile("(?<=..)(?:ov|ev|yev)(?:ich|na)$|(?<=..)(?:y?ich|ichna|inichna)$")


def is_same_name(listed: str, untrusted: str, *, is_cut: bool = False) -> bool:
    """Whether the words of a name in a document can be those in the list, in any order.

    `is_cut`: the zone ended before the name did, so its last word may be the beginning of one, and words may be
    missing. Two names without a word are never the same.
    """
    return _fits(tokens(listed), tokens(untrusted), is_cut=is_cut)


def is_same_patronymic(listed: str, untrusted: str, *, is_cut: bool = False) -> bool:
    """Whether two patronymics name one father."""
    return _fits(_fathers(listed), _fathers(untrusted), is_cut=is_cut)


def without(untrusted: str, listed: str) -> str:
    """The document's words less those of the list: after the given name, the patronymic."""
    left = list(tokens(untrusted))
    for wanted in tokens(listed):
        found = next((word for word in left if _is_same_word(wanted, word)), None)
        if found is not None:
            left.remove(found)
    return " ".join(left)


def contains(untrusted: str, listed: str, *, is_cut: bool = False) -> bool:
    """Whether each word of the list is among the document's words, which may hold the patronymic as well."""
    left = list(tokens(untrusted))
    for wanted in tokens(listed):
        last = len(left) - 1
        found = next(
            (place for place, word in enumerate(left) if _is_same_word(wanted, word, is_cut=is_cut and place == last)),
            None,
        )
        if found is None:
            return is_cut and not left and bool(tokens(untrusted))
        del left[found]
    return bool(tokens(listed))


def _fits(listed: tuple[str, ...], said: tuple[str, ...], *, is_cut: bool) -> bool:
    if not listed or not said or (len(said) > len(listed) if is_cut else len(said) != len(listed)):
        return False
    left = list(listed)
    for place, word in enumerate(said):
        cut = is_cut and place == len(said) - 1
        found = next((each for each in left if _is_same_word(each, word, is_cut=cut)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _fathers(text: str) -> tuple[str, ...]:
    words = tuple(word for word in tokens(text) if word not in PATRONYMIC_WORDS)
    return tuple(_FATHERS_NAME.sub("", word) for word in words)


def _is_same_word(listed: str, said: str, *, is_cut: bool = False) -> bool:
    if is_cut:
        beginnings = {_plain(key) for key in loose_prefixes(said)}
        return any(
            _is_same_sound(whole[: len(beginning)], beginning) for whole in _ways(listed) for beginning in beginnings
        )
    return any(_is_same_sound(one, other) for one in _ways(listed) for other in _ways(said))


def _ways(token: str) -> tuple[str, ...]:
    """The loose keys of a token with its oʻ written o, and written u."""
    ways = (token, token.replace(_O_MARK, "u")) if _O_MARK in token else (token,)
    return tuple(_plain(loose(way)) for way in ways)


def _plain(key: str) -> str:
    return _I_FOR_Y.sub("y", _Y_AFTER_VOWEL.sub("i", key))


def _is_same_sound(one: str, other: str) -> bool:
    return len(one) == len(other) and all(a == b or (a, b) in _SAME_VOWELS for a, b in zip(one, other, strict=True))
