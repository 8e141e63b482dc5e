from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.emrtd.emulator.portrait import (
    HEIGHT_PX,
    WIDTH_PX,
    codestream_of,
    draw_face,
    jp2_of,
    jpeg_of_bytes,
)
from devices.pictures import PictureInvalid, claimed_size, decode_picture

FACE = draw_face(3)
JPEG = jpeg_of_bytes(FACE, 16_000)
JP2 = jp2_of(FACE)
STREAM = codestream_of(JP2)


@pytest.mark.parametrize("image", [JPEG, JP2, STREAM], ids=["JPEG", "JP2", "codestream"])
def test_each_format_of_a_document_is_decoded_with_its_colours(image: bytes) -> None:
    picture = decode_picture(image)
    assert (picture.width, picture.height, len(picture.rgb)) == (WIDTH_PX, HEIGHT_PX, WIDTH_PX * HEIGHT_PX * 3)
    middle = (HEIGHT_PX // 2 * WIDTH_PX + WIDTH_PX // 2) * 3
    red, _, blue = picture.rgb[middle : middle + 3]
    assert red > blue  # skin, not a face in blue
    assert claimed_size(image) == (WIDTH_PX, HEIGHT_PX)


def test_a_large_photograph_is_made_smaller_in_its_proportions() -> None:
    picture = decode_picture(JPEG, height_max=100)
    assert (picture.width, picture.height) == (round(WIDTH_PX * 100 / HEIGHT_PX), 100)


def test_a_picture_that_claims_gigabytes_is_refused_before_it_is_decoded() -> None:
    at = JPEG.index(HEIGHT_PX.to_bytes(2) + WIDTH_PX.to_bytes(2))
    huge = JPEG[:at] + b"\xff\xff\xff\xff" + JPEG[at + 4 :]
    with pytest.raises(PictureInvalid, match="65535 x 65535"):
        decode_picture(huge)
    at = STREAM.index(b"\xff\x51") + 6
    with pytest.raises(PictureInvalid):
        decode_picture(STREAM[:at] + b"\x7f\xff\xff\xff" * 2 + STREAM[at + 8 :])


@pytest.mark.parametrize("image", [b"", b"\xff\xd8", b"GIF89a", b"\xff\xd8\xff\xe0\x00\x00", JPEG[:200], STREAM[:40]])
def test_what_is_no_whole_picture_is_refused(image: bytes) -> None:
    with pytest.raises(PictureInvalid):
        decode_picture(image)


@settings(max_examples=60)
@given(st.binary(max_size=300), st.sampled_from([JPEG[:300], STREAM[:200], b"\xff\xd8\xff\xc0"]))
def test_any_bytes_are_decoded_or_refused(tail: bytes, head: bytes) -> None:
    try:
        picture = decode_picture(head + tail)
    except PictureInvalid:
        return
    assert len(picture.rgb) == picture.width * picture.height * 3


def test_nothing_of_a_picture_is_printed() -> None:
    assert repr(decode_picture(JPEG)) == f"Picture({WIDTH_PX} x {HEIGHT_PX})"
