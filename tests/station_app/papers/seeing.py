"""Papers as a printer sees them: PDFium draws the pages and tells which text stands where."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pypdfium2
import zxingcpp
from PIL import Image

MM_PT = 72 / 25.4


@dataclass(frozen=True)
class Seen:
    """A run of text within one line and the box around it, in mm from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float
    text: str

    def overlaps(self, other: Seen) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0.1 and down > 0.1

    def __str__(self) -> str:
        return f"{self.left:3.0f} {self.top:3.0f}  {self.text}"


@contextmanager
def opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def texts_of(pdf: bytes) -> list[list[Seen]]:
    """The texts of each page, from top to bottom."""
    pages = []
    with opened(pdf) as document:
        for page in document:
            text, height = page.get_textpage(), page.get_height()
            seen = []
            for index in range(text.count_rects()):
                left, bottom, right, top = text.get_rect(index)
                words = text.get_text_bounded(left, bottom, right, top).strip()
                box = (left / MM_PT, (height - top) / MM_PT, right / MM_PT, (height - bottom) / MM_PT)
                seen.append(Seen(*box, words))
            pages.append(sorted(seen, key=lambda one: (round(one.top), one.left)))
    return pages


def picture_of(pdf: bytes, dots_per_inch: int) -> Image.Image:
    """The first page as a scan in grey."""
    with opened(pdf) as document:
        return document[0].render(scale=dots_per_inch / 72, grayscale=True).to_pil()


def codes_in(picture: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def words_of(pdf: bytes) -> str:
    """All text, page by page, with one space where there was any."""
    with opened(pdf) as document:
        return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in document)
