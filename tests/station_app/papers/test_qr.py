"""Codes are read by another program's decoder, upright, turned and dirty, as a camera would meet them."""

from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from station_app.papers.qr import QUIET_MODULES, QrCode, qr_code
from station_app.papers.release_text import PART_CHARACTERS_MAX, read_release_text, write_release_text

PARCEL = bytes(range(256)) * 6
LONGEST = max(write_release_text(PARCEL), key=len)


def picture(code: QrCode, pixels: int = 4) -> Image.Image:
    whole = code.width + 2 * QUIET_MODULES
    drawn = Image.new("L", (whole, whole), 255)
    for row, column, length in code.runs():
        for dark in range(column, column + length):
            drawn.putpixel((QUIET_MODULES + dark, QUIET_MODULES + row), 0)
    return drawn.resize((whole * pixels, whole * pixels), Image.Resampling.NEAREST)


def read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


def test_a_decoder_reads_a_release_back_from_its_codes() -> None:
    scanned = [read(picture(qr_code(part))) for part in write_release_text(PARCEL)]
    assert read_release_text("\n".join(text for (text,) in scanned)) == PARCEL


def test_a_code_is_read_turned_blurred_and_with_a_corner_of_dirt() -> None:
    seen = picture(qr_code(LONGEST), pixels=6)
    seen.paste(128, (200, 300, 260, 330))
    seen = seen.filter(ImageFilter.GaussianBlur(2)).rotate(11, expand=True, fillcolor=255)
    assert read(seen) == [LONGEST]


def test_the_longest_part_fits_a_code_of_version_19() -> None:
    assert qr_code("A" * PART_CHARACTERS_MAX).width <= 4 * 19 + 17


def test_the_runs_are_the_dark_modules() -> None:
    code = qr_code("UCH1")
    dark = {(row, column + step) for row, column, length in code.runs() for step in range(length)}
    expected = {(r, c) for r, line in enumerate(code.modules) for c, is_dark in enumerate(line) if is_dark}
    assert dark == expected
    assert {len(line) for line in code.modules} == {code.width} == {21}


def test_the_same_text_gives_the_same_code() -> None:
    assert qr_code(LONGEST) == qr_code(LONGEST)


def test_a_text_beyond_every_code_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="Data too large"):
        qr_code("A" * 5000)
