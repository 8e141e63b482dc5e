"""QR codes as modules, to be drawn on paper or on a screen; the one home of segno.

Source: ISO/IEC 18004:2015.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import segno

QUIET_MODULES: Final = 4
"""The empty border that a reader needs, in modules. Source: ISO/IEC 18004 §9.1."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code without its quiet border: `modules[row][column]` is True where it is dark; square, 21 to 177 wide."""

    text: str
    modules: tuple[tuple[bool, ...], ...]

    @property
    def width(self) -> int:
        """Modules from edge to edge, without the quiet border."""
        return len(self.modules)

    def runs(self) -> Iterator[tuple[int, int, int]]:
        """The dark modules as runs within rows: row, first column, length; few rectangles instead of many squares."""
        for row, line in enumerate(self.modules):
            begin = None
            for column, is_dark in enumerate((*line, False)):
                if is_dark and begin is None:
                    begin = column
                elif not is_dark and begin is not None:
                    yield row, begin, column - begin
                    begin = None


def qr_code(text: str) -> QrCode:
    """The smallest code that holds `text` at level M (15 % may be dirt), a higher level where it costs no size.

    The same text gives the same code.

    Raises:
        ValueError: The text fits no QR code.
    """
    made = _made(text)
    return QrCode(text, tuple(tuple(bool(module) for module in row) for row in made.matrix))


def _made(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", boost_error=True)
