"""Drawing on A4 in millimetres from the upper left corner; the one home of reportlab.

The same calls give the same bytes: the file holds no time, and no identifier that is drawn at random.
"""

from __future__ import annotations

import io
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from pollbook.bundle import resource_path
from station_app.papers.qr import QUIET_MODULES, QrCode

WIDTH_MM: Final = A4[0] / mm
HEIGHT_MM: Final = A4[1] / mm
LINE_HEIGHT: Final = 1.24
"""From one line to the next, in the font's size."""
ELLIPSIS: Final = "…"
_ASCENT: Final = 0.76
_STRIPE_MM: Final = 7.0
_GREYS: Final = {"ink": 0.0, "quiet": 0.35}


class Face(Enum):
    """The fonts of `resources/fonts`."""

    PLAIN = "DejaVuSans"
    BOLD = "DejaVuSans-Bold"
    NARROW = "DejaVuSansCondensed"


class Align(Enum):
    """Which side of a text stands at its place."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is written: `size_pt` in points, `quiet` in grey."""

    face: Face = Face.PLAIN
    size_pt: float = 9.0
    quiet: bool = False

    @property
    def line_mm(self) -> float:
        """From one line to the next."""
        return self.size_pt * LINE_HEIGHT / mm

    def sized(self, size_pt: float) -> Style:
        """The same in another size."""
        return Style(self.face, size_pt, self.quiet)


def clean(text: str) -> str:
    """The text as it can be printed: composed letters, one space where there was any white space, no control signs."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(letter for letter in composed if letter == " " or letter.isprintable())


def width_mm(text: str, style: Style) -> float:
    """How wide the text is in one line."""
    return pdfmetrics.stringWidth(text, _font(style.face), style.size_pt) / mm


def wrap(text: str, room_mm: float, style: Style, lines_max: int = 99) -> list[str]:
    """The text in lines of at most `room_mm`; a word that is wider is broken; what is beyond the last line is "…"."""
    lines: list[str] = []
    line = ""
    for word in _fitting_words(clean(text), room_mm, style):
        longer = f"{line} {word}" if line else word
        if line and width_mm(longer, style) > room_mm:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > lines_max:
        kept = lines[lines_max - 1]
        while kept and width_mm(kept + ELLIPSIS, style) > room_mm:
            kept = kept[:-1]
        lines = [*lines[: lines_max - 1], kept.rstrip() + ELLIPSIS]
    return lines


def fitting(text: str, room_mm: float, style: Style, least_pt: float) -> Style:
    """The style with the largest size down to `least_pt`, in halves of a point, in which the text is one line."""
    size_pt = style.size_pt
    while size_pt > least_pt and width_mm(clean(text), style.sized(size_pt)) > room_mm:
        size_pt -= 0.5
    return style.sized(max(size_pt, least_pt))


def fitting_block(text: str, room_mm: float, style: Style, lines_max: int, least_pt: float) -> Style:
    """The style with the largest size down to `least_pt`, in halves of a point, in which `lines_max` lines hold it."""
    size_pt = style.size_pt
    while size_pt > least_pt and len(wrap(text, room_mm, style.sized(size_pt))) > lines_max:
        size_pt -= 0.5
    return style.sized(max(size_pt, least_pt))


def height_mm(text: str, room_mm: float, style: Style) -> float:
    """How high the text is as a block."""
    return len(wrap(text, room_mm, style)) * style.line_mm


class Sheet:
    """A PDF of A4 sheets that is being drawn; `y_mm` of a text is the top of its first line."""

    def __init__(self, title: str, *, stripe: str | None) -> None:
        """A first, empty sheet; with a `stripe` every sheet has it in black along its upper and lower edge."""
        self._file = io.BytesIO()
        self._canvas = Canvas(self._file, pagesize=A4, invariant=1, pageCompression=1)
        self._canvas.setTitle(clean(title))
        self._canvas.setCreator("uchastka")
        self._stripe = stripe
        self._begin()

    def next(self) -> None:
        """A further, empty sheet."""
        self._canvas.showPage()
        self._begin()

    def finish(self) -> bytes:
        """The PDF; nothing may be drawn after it."""
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()

    def line_of_text(self, x_mm: float, y_mm: float, text: str, style: Style, align: Align = Align.LEFT) -> None:
        """One line of text."""
        self._canvas.setFont(_font(style.face), style.size_pt)
        self._canvas.setFillGray(_GREYS["quiet" if style.quiet else "ink"])
        x_pt, y_pt = x_mm * mm, (HEIGHT_MM - y_mm) * mm - _ASCENT * style.size_pt
        draw: Callable[[float, float, str], object] = {
            Align.LEFT: self._canvas.drawString,
            Align.CENTRE: self._canvas.drawCentredString,
            Align.RIGHT: self._canvas.drawRightString,
        }[align]
        draw(x_pt, y_pt, clean(text))

    def block(self, x_mm: float, y_mm: float, room_mm: float, text: str, style: Style, *, lines_max: int = 99) -> float:
        """The text in as many lines as it takes; returns where the next thing may stand, in mm from the top."""
        for line in wrap(text, room_mm, style, lines_max):
            self.line_of_text(x_mm, y_mm, line, style)
            y_mm += style.line_mm
        return y_mm

    def rule(self, x_mm: float, y_mm: float, length_mm: float, width_pt: float = 0.5) -> None:
        """A horizontal line."""
        self._canvas.setStrokeGray(0)
        self._canvas.setLineWidth(width_pt)
        self._canvas.line(x_mm * mm, (HEIGHT_MM - y_mm) * mm, (x_mm + length_mm) * mm, (HEIGHT_MM - y_mm) * mm)

    def upright(self, x_mm: float, y_mm: float, length_mm: float, width_pt: float = 0.5) -> None:
        """A vertical line, down from `y_mm`."""
        self._canvas.setStrokeGray(0)
        self._canvas.setLineWidth(width_pt)
        bottom_mm = HEIGHT_MM - y_mm - length_mm
        self._canvas.line(x_mm * mm, bottom_mm * mm, x_mm * mm, (bottom_mm + length_mm) * mm)

    def frame(self, x_mm: float, y_mm: float, size_mm: tuple[float, float], width_pt: float = 1.0) -> None:
        """An empty rectangle, `size_mm` wide and high."""
        self._canvas.setStrokeGray(0)
        self._canvas.setLineWidth(width_pt)
        self._canvas.rect(
            x_mm * mm, (HEIGHT_MM - y_mm - size_mm[1]) * mm, size_mm[0] * mm, size_mm[1] * mm, stroke=1, fill=0
        )

    def code(self, x_mm: float, y_mm: float, side_mm: float, code: QrCode) -> None:
        """A QR code whose quiet border is within the square of `side_mm`."""
        module = side_mm * mm / (code.width + 2 * QUIET_MODULES)
        left, top = x_mm * mm + QUIET_MODULES * module, (HEIGHT_MM - y_mm) * mm - QUIET_MODULES * module
        path = self._canvas.beginPath()
        for row, column, length in code.runs():
            path.rect(left + column * module, top - (row + 1) * module, length * module, module)
        self._canvas.setFillGray(0)
        self._canvas.drawPath(path, stroke=0, fill=1)

    def _begin(self) -> None:
        if self._stripe is None:
            return
        style = fitting(self._stripe, WIDTH_MM - 20, Style(Face.BOLD, 12), 6)
        for top_mm in (0.0, HEIGHT_MM - _STRIPE_MM):
            self._canvas.setFillGray(0)
            self._canvas.rect(
                0, (HEIGHT_MM - top_mm - _STRIPE_MM) * mm, WIDTH_MM * mm, _STRIPE_MM * mm, stroke=0, fill=1
            )
            self._canvas.setFont(_font(style.face), style.size_pt)
            self._canvas.setFillGray(1)
            baseline_mm = HEIGHT_MM - top_mm - _STRIPE_MM / 2 - style.size_pt * 0.36 / mm
            self._canvas.drawCentredString(WIDTH_MM * mm / 2, baseline_mm * mm, clean(self._stripe))


def _fitting_words(text: str, room_mm: float, style: Style) -> list[str]:
    words: list[str] = []
    for whole in text.split(" "):
        word = whole
        while word and width_mm(word, style) > room_mm:
            end = _letters_that_fit(word, room_mm, style)
            words.append(word[:end])
            word = word[end:]
        words.append(word)
    return words


def _letters_that_fit(word: str, room_mm: float, style: Style) -> int:
    """The length of the longest beginning that fits, one letter at least; a longer one is never narrower."""
    return max(1, bisect_right(range(1, len(word)), room_mm, key=lambda end: width_mm(word[:end], style)))


@cache
def _font(face: Face) -> str:
    # reportlab knows fonts by name, for the whole process; each is read once.
    pdfmetrics.registerFont(TTFont(face.value, str(resource_path("fonts", f"{face.value}.ttf"))))
    return face.value
