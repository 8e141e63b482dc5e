from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.emrtd.emulator.portrait import HEIGHT_PX, WIDTH_PX, codestream_of, draw_face, jp2_of, jpeg_of_bytes
from devices.emrtd.emulator.writing import Face, write_dg2, write_dg2_39794
from devices.emrtd.face_images import (
    DG2_BYTES_MAX,
    FACES_MAX,
    FaceImage,
    FaceImageInvalid,
    ImageFormat,
    Standard,
    pixel_size,
    read_dg2,
)
from devices.emrtd.tlv import encode, read_one


@cache
def images() -> dict[ImageFormat, bytes]:
    jp2 = jp2_of(draw_face(1), 20)
    return {
        ImageFormat.JPEG: jpeg_of_bytes(draw_face(1), 16_000),
        ImageFormat.JP2: jp2,
        ImageFormat.J2K: codestream_of(jp2),
    }


WRITERS = {Standard.ISO_19794_5: write_dg2, Standard.ISO_39794_5: write_dg2_39794}


def face(kind: ImageFormat, seed: int | None = None) -> Face:
    image = images()[kind] if seed is None else jpeg_of_bytes(draw_face(seed), 9000)
    return Face(image, WIDTH_PX, HEIGHT_PX)


@pytest.mark.parametrize("kind", ImageFormat)
@pytest.mark.parametrize("standard", WRITERS)
def test_a_photograph_of_each_format_comes_back_from_either_standard(kind: ImageFormat, standard: Standard) -> None:
    write = WRITERS[standard]
    found = read_dg2(write([face(kind)]))
    assert (found.standard, len(found.images)) == (standard, 1)
    assert (found.images[0].format, found.images[0].image) == (kind, images()[kind])


@pytest.mark.parametrize("standard", WRITERS)
def test_of_several_faces_the_first_is_the_holders(standard: Standard) -> None:
    faces = [face(ImageFormat.JPEG, seed) for seed in range(3)]
    found = read_dg2(WRITERS[standard](faces))
    assert [one.image for one in found.images] == [one.image for one in faces]


def test_no_more_faces_are_kept_than_the_limit() -> None:
    small = Face(b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xd9", 16, 16)
    for write in (write_dg2, write_dg2_39794):
        assert len(read_dg2(write([small] * 20)).images) == FACES_MAX


@pytest.mark.parametrize("off", [off for off in range(-8, 9) if off])
@pytest.mark.parametrize("kind", [ImageFormat.JPEG, ImageFormat.J2K])
def test_a_record_whose_length_is_off_by_up_to_eight_is_read(off: int, kind: ImageFormat) -> None:
    faces = [face(kind), face(ImageFormat.JPEG, 5)]
    whole = write_dg2(faces)
    claimed = 32 + len(faces[0].image)
    altered = whole.replace(claimed.to_bytes(4), (claimed + off).to_bytes(4), 1)
    assert altered != whole
    found = read_dg2(altered)
    assert [one.image for one in found.images] == [one.image for one in faces]


@pytest.mark.parametrize("off", [off for off in range(-8, 9) if off])
def test_a_block_whose_length_is_off_by_up_to_eight_is_read(off: int) -> None:
    image = images()[ImageFormat.J2K]
    whole = write_dg2([face(ImageFormat.J2K)])
    at = whole.index(b"\x5f\x2e\x82") + 3
    claimed = int.from_bytes(whole[at : at + 2]) + off
    altered = whole[:at] + claimed.to_bytes(2) + whole[at + 2 :]
    found = read_dg2(altered).images[0].image
    # what a length cut off is lost, and decoders do without the last bytes
    assert found[: len(image) - 8] == image[: len(image) - 8]


@pytest.mark.parametrize("off", range(1, 9))
def test_bytes_after_the_image_are_not_part_of_it(off: int) -> None:
    image = images()[ImageFormat.JPEG]
    found = read_dg2(write_dg2([Face(image + bytes(off), WIDTH_PX, HEIGHT_PX)]))
    assert found.images[0].image == image


def test_feature_points_before_the_image_are_passed_over() -> None:
    whole = write_dg2([face(ImageFormat.JPEG)])
    points = bytes(range(16))
    block = whole[whole.index(b"FAC\0") :]
    record = block[14:18] + b"\x00\x02" + block[20:34]
    rebuilt = block[:14] + record + points + block[34:]
    template = encode(0x7F60, encode(0xA1), encode(0x5F2E, rebuilt))
    found = read_dg2(encode(0x75, encode(0x7F61, encode(0x02, b"\x01"), template)))
    assert found.images[0].image == images()[ImageFormat.JPEG]


def test_a_photograph_in_a_structure_of_somebodys_own_is_found_by_its_mark() -> None:
    found = read_dg2(encode(0x75, b"whatever it may be" + images()[ImageFormat.JP2] + b"\0\0"))
    assert (found.standard, found.images[0].format) == (Standard.UNKNOWN, ImageFormat.JP2)
    assert found.images[0].image == images()[ImageFormat.JP2]


@pytest.mark.parametrize("untrusted", [b"", b"\x75\x00", encode(0x75, b"no picture"), bytes(DG2_BYTES_MAX + 1)])
def test_a_file_without_a_photograph_is_refused(untrusted: bytes) -> None:
    with pytest.raises(FaceImageInvalid):
        read_dg2(untrusted)


def test_nesting_without_end_is_refused() -> None:
    nested = b"\xff\xd8\xff\xd9"
    for _ in range(40):
        nested = encode(0xA1, nested)
    template = encode(0x7F60, encode(0x7F2E, nested))
    assert read_dg2(encode(0x75, encode(0x7F61, template))).standard is Standard.UNKNOWN


def test_as_many_elements_as_fit_are_given_up_on() -> None:
    template = encode(0x7F60, encode(0x7F2E, encode(0xA1, b"".join(encode(0xA0, b"\x80\x00" * 60) for _ in range(60)))))
    with pytest.raises(FaceImageInvalid):
        read_dg2(encode(0x75, encode(0x7F61, template)))


@pytest.mark.parametrize("kind", ImageFormat)
def test_the_size_is_read_before_anything_is_decoded(kind: ImageFormat) -> None:
    assert pixel_size(FaceImage(images()[kind], kind)) == (WIDTH_PX, HEIGHT_PX)


@settings(max_examples=200)
@given(st.data())
def test_any_changed_bytes_are_photographs_or_refused(data: st.DataObject) -> None:
    write = data.draw(st.sampled_from([write_dg2, write_dg2_39794]))
    small = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00\xff\xd9"
    whole = bytearray(write([Face(small, 16, 16)] * data.draw(st.integers(1, 3))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        for one in read_dg2(bytes(whole)).images:
            pixel_size(one)
    except FaceImageInvalid:
        return


def test_no_photograph_is_printed() -> None:
    found = read_dg2(write_dg2([face(ImageFormat.JPEG)]))
    assert repr(found.images[0]) == f"FaceImage(JPEG, {len(images()[ImageFormat.JPEG])} bytes)"
    assert read_one(write_dg2([face(ImageFormat.JPEG)])).tag == 0x75
