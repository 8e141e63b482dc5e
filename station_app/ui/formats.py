"""How dates, times, numbers and names are written on the screens."""

from __future__ import annotations

import colorsys
from datetime import date, datetime, tzinfo

from pollbook.texts import Texts
from pollbook.transliteration import has_cyrillic, to_cyrillic, to_latin
from pollbook.types import Person

NO_BREAK_SPACE = "\u00a0"


def number(value: int, language: str) -> str:
    """The number in groups of three, parted as the language does."""
    return f"{value:,}" if language == "en" else f"{value:,}".replace(",", NO_BREAK_SPACE)


def day(value: date) -> str:
    """DD.MM.YYYY."""
    return value.strftime("%d.%m.%Y")


def time_of_day(value: datetime, zone: tzinfo) -> str:
    """HH:MM at the station."""
    return value.astimezone(zone).strftime("%H:%M")


def moment(value: datetime, now: datetime, zone: tzinfo) -> str:
    """HH:MM, with the day before it where that is not today's."""
    local = value.astimezone(zone)
    return local.strftime("%H:%M" if local.date() == now.astimezone(zone).date() else "%d.%m %H:%M")


def age(seconds: float, texts: Texts) -> str:
    """How long ago, in whole minutes or hours."""
    minutes = max(0, int(seconds)) // 60
    if minutes < 1:
        return texts("age_now")
    if minutes < 120:
        return texts("age_minutes", count=minutes)
    return texts("age_hours", count=minutes // 60)


def in_other_script(text: str) -> str:
    """A name in the other of the two alphabets."""
    return to_latin(text) if has_cyrillic(text) else to_cyrillic(text)


def person(who: Person, texts: Texts) -> str:
    """A member of the commission by name and office."""
    return f"{who.surname} {who.given_name}, {texts('role_' + who.role.value)}"


_HUES = ((20, "red"), (45, "orange"), (70, "yellow"), (170, "green"), (255, "blue"), (320, "violet"), (361, "red"))


def colour_name(colour: str, texts: Texts) -> str:
    """The ballot paper's colour in a word, for those who cannot tell colours apart."""
    red, green, blue = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    hue, lightness, _ = colorsys.rgb_to_hls(red, green, blue)
    if max(red, green, blue) - min(red, green, blue) < 0.08:
        return texts("colour_white" if lightness > 0.93 else "colour_grey")
    return texts("colour_" + next(name for bound, name in _HUES if hue * 360 < bound))
