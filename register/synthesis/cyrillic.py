"""Latin names into the Cyrillic that older records keep (DOMAIN §6), for the rows that are left in it."""

import re
from typing import Final

_WORDS: Final = {
    # The soft sign leaves no trace in Latin.
    "Olga": "Ольга",
    "Igor": "Игорь",
    "Natalya": "Наталья",
    "Tatyana": "Татьяна",
    "Darya": "Дарья",
    "Sofya": "Софья",
    "Lyubov": "Любовь",
}

_LETTERS: Final = {
    "yoʻ": "йў", "oʻ": "ў", "gʻ": "ғ", "sʼh": "сҳ", "sh": "ш", "ch": "ч", "ts": "ц",
    "yo": "ё", "yu": "ю", "ya": "я", "ye": "е", "ʼ": "ъ",
    "a": "а", "b": "б", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "ҳ", "i": "и", "j": "ж", "k": "к",
    "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "қ", "r": "р", "s": "с", "t": "т", "u": "у",
    "v": "в", "x": "х", "y": "й", "z": "з",
    "á": "ә", "ǵ": "ғ", "ı": "ы", "ń": "ң", "ó": "ө", "ú": "ү", "w": "ў",
}  # fmt: skip

_TOKEN: Final = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)), re.IGNORECASE)


def to_cyrillic(text: str) -> str:
    """Return Uzbek or Karakalpak Latin text in Cyrillic; digits and punctuation stand as they are."""
    return _WORDS.get(text) or _TOKEN.sub(_letter, text)


def _letter(match: re.Match[str]) -> str:
    latin = match[0]
    starts_word = match.start() == 0 or not match.string[match.start() - 1].isalpha()
    cyrillic = "э" if starts_word and latin in {"e", "E"} else _LETTERS[latin.lower()]
    if not latin[0].isupper():
        return cyrillic
    return cyrillic[0].upper() + cyrillic[1:]
