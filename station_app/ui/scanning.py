"""What a keyboard-wedge scanner types: a machine readable zone comes as two or three lines with Enter between.

The search box gathers them: a line end inside an unfinished zone is not the operator's Enter. Everything here is
decided from the text in the box alone, so there is no state to get wrong.
"""

from __future__ import annotations

from typing import Final

from devices.emrtd.mrz import looks_like_mrz
from station_app.papers.release_text import is_release_text, look_at_parts

__all__ = ["TYPED_MAX", "asked_text", "ends_a_line", "is_being_scanned", "is_release_text", "is_zone", "parts_read"]

TYPED_MAX: Final = 4000
"""Three codes of a release, each with its line end."""
_LINES: Final = {30: 3, 36: 2, 44: 2}
"""Lines in a zone by their length: TD1, TD2, TD3 (ICAO 9303 parts 5, 6, 4)."""


def is_zone(text: str) -> bool:
    """Whether the text is a whole machine readable zone, in lines or in one run."""
    lines = _lines(text)
    if not looks_like_mrz("\n".join(lines)):
        return False
    if len(lines) == 1:
        return len(lines[0]) in {length * count for length, count in _LINES.items()}
    return len({len(line) for line in lines}) == 1 and _LINES.get(len(lines[0])) == len(lines)


def is_being_scanned(text: str) -> bool:
    """Whether the text is the beginning of a zone: nothing is searched until it is whole or a person presses Enter.

    A filler is enough: no name, number or date has one.
    """
    if is_release_text(text):
        return True
    return ("<" in text or looks_like_mrz("\n".join(_lines(text)))) and not is_zone(text)


def ends_a_line(text: str) -> bool:
    """Whether Enter after this text is a line end inside an unfinished zone, not the operator's."""
    if is_release_text(text):
        return not look_at_parts(text).is_whole
    lines = _lines(text)
    return looks_like_mrz("\n".join(lines)) and not is_zone(text) and all(len(line) in _LINES for line in lines)


def parts_read(text: str) -> tuple[int, int] | None:
    """How many codes of a release are there, and of how many; None for anything else."""
    if not is_release_text(text):
        return None
    seen = look_at_parts(text)
    return (len(seen.there), seen.count) if seen.count else None


def asked_text(text: str) -> str:
    """What to ask the book for: a zone line by line, anything else as typed without the outer spaces."""
    return "\n".join(_lines(text)) if is_zone(text) else " ".join(text.split())


def _lines(text: str) -> list[str]:
    return text.upper().split()
