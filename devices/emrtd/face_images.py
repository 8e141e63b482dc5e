"""The photographs in EF.DG2: ISO/IEC 19794-5 as most chips have it, and ISO/IEC 39794-5 as new ones do.

Issuers' lengths are off by a few bytes, so a record is found by its structure and its image by the mark that an
encoded image begins with; where the structure makes no sense, by that mark alone (FACTS §4, row 14). The first
photograph is the holder's.

Source: ICAO 9303-10 §4.7.2, ISO/IEC 19794-5:2005 §5, ISO/IEC 39794-5:2019 §7.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final

from devices.emrtd.files import File
from devices.emrtd.tlv import ContentInvalid, Limits, Objects, Tlv, TlvInvalid, read_header, read_objects

DG2_BYTES_MAX: Final = 1 << 20
FACES_MAX: Final = 8
"""More photographs of one holder are passed over."""
_LIMITS: Final = Limits(value_bytes_max=DG2_BYTES_MAX, depth_max=20, siblings_max=64)
_OFF_BYTES_MAX: Final = 8
_NODES_MAX: Final = 2048
_BLOCKS_MAX: Final = 16
_FACIAL_INFORMATION_BYTES: Final = 20
_FEATURE_POINT_BYTES: Final = 8
_IMAGE_INFORMATION_BYTES: Final = 12
_END_OF_IMAGE: Final = b"\xff\xd9"  # of JPEG, and of a JPEG 2000 codestream


class FaceImageInvalid(ContentInvalid):
    """The file has no photograph that could be shown."""


class ImageFormat(Enum):
    """How a photograph is encoded; the value is what it begins with."""

    JPEG = b"\xff\xd8\xff"
    JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
    J2K = b"\xff\x4f\xff\x51"

    @classmethod
    def of(cls, image: bytes, start: int = 0) -> "ImageFormat | None":
        """Return the format of an image by its mark; None if it has none of these."""
        return next((one for one in cls if image.startswith(one.value, start)), None)


class Standard(Enum):
    """Which standard the file follows."""

    ISO_19794_5 = "ISO/IEC 19794-5"
    ISO_39794_5 = "ISO/IEC 39794-5"
    UNKNOWN = "unknown"
    """Only the images' marks were found."""


@dataclass(frozen=True, slots=True, repr=False)
class FaceImage:
    """One photograph, encoded; never printed."""

    image: bytes
    format: ImageFormat

    def __repr__(self) -> str:
        return f"FaceImage({self.format.name}, {len(self.image)} bytes)"


@dataclass(frozen=True, slots=True)
class FaceImages:
    """The photographs of a document, the holder's first."""

    standard: Standard
    images: tuple[FaceImage, ...]


def _lenient(untrusted: bytes) -> Objects:
    """Objects beside each other, of which the last may claim a few bytes more than there are."""
    try:
        return read_objects(untrusted, _LIMITS)
    except TlvInvalid:
        found: list[Tlv] = []
        at = 0
        while at < len(untrusted) and len(found) < _LIMITS.siblings_max:
            try:
                header = read_header(untrusted, at, _LIMITS)
            except TlvInvalid:
                break  # a few bytes that belong to nothing
            end = at + header.total_bytes
            if end > len(untrusted) + _OFF_BYTES_MAX:
                break
            found.append(Tlv(header.tag, untrusted[at + header.header_bytes : end], untrusted[at:end]))
            at = end
        return Objects(found)


def _trimmed(block: bytes, start: int, end: int) -> FaceImage | None:
    """The image at `start`, ended by its own mark where that lies near the claimed `end`."""
    kind = ImageFormat.of(block, start)
    if kind is None:
        return None
    end = min(end, len(block))
    mark = block.rfind(_END_OF_IMAGE, max(start, end - _OFF_BYTES_MAX - 2), end + _OFF_BYTES_MAX + 2)
    return FaceImage(block[start : mark + 2 if mark >= 0 else end], kind)


def _aligned(block: bytes, expected: int) -> tuple[int, int, int] | None:
    """Where a facial record near `expected` begins, where its image does, and where it claims to end."""
    for off in sorted(range(-_OFF_BYTES_MAX, _OFF_BYTES_MAX + 1), key=abs):
        start = expected + off
        if start < 0 or start + _FACIAL_INFORMATION_BYTES > len(block):
            continue
        features = int.from_bytes(block[start + 4 : start + 6])
        image = start + _FACIAL_INFORMATION_BYTES + features * _FEATURE_POINT_BYTES + _IMAGE_INFORMATION_BYTES
        found = _mark_near(block, image)
        if found is not None:
            return start, found, start + int.from_bytes(block[start : start + 4])
    return None


def _mark_near(block: bytes, expected: int) -> int | None:
    """Where an image begins at most eight bytes from `expected`; the nearest."""
    first = max(0, expected - _OFF_BYTES_MAX)
    starts = []
    for kind in ImageFormat:
        at = block.find(kind.value, first, expected + _OFF_BYTES_MAX + len(kind.value))
        starts += [at] if at >= 0 else []
    return min(starts, key=lambda start: abs(start - expected), default=None)


def _iso_19794(block: bytes) -> Iterator[FaceImage]:
    """The images of a facial record header and its records (§5.4 to §5.8)."""
    count = int.from_bytes(block[12:14])
    expected = 14
    for number in range(min(count, FACES_MAX)):
        record = _aligned(block, expected)
        if record is None:
            return
        _, start, expected = record
        is_last = number + 1 == count
        image = _trimmed(block, start, len(block) if is_last or expected <= start else expected)
        if image is not None:
            yield image


def _iso_39794(block: Tlv, seen: list[int]) -> Iterator[FaceImage]:
    """The images among the elements of a tagged block: primitive ones that begin with an image's mark."""
    seen[0] += 1
    if seen[0] > _NODES_MAX:
        return
    if not block.is_constructed:
        kind = ImageFormat.of(block.value)
        if kind is not None:
            yield FaceImage(block.value, kind)
        return
    for one in block.children(_LIMITS):
        yield from _iso_39794(one, seen)


def _by_mark(untrusted: bytes) -> Iterator[FaceImage]:
    """The first image that begins anywhere in these bytes."""
    starts = [at for kind in ImageFormat if (at := untrusted.find(kind.value)) >= 0]
    # a JPEG 2000 file holds a codestream: the earlier mark is the whole
    if starts:
        image = _trimmed(untrusted, min(starts), len(untrusted))
        if image is not None:
            yield image


def _blocks(untrusted: bytes) -> Iterator[Tlv]:
    """The biometric data blocks of all templates in the file."""
    for whole in _lenient(untrusted).all(File.DG2.tag):
        for group in _lenient(whole.value).all(0x7F61):
            for template in _lenient(group.value).all(0x7F60):
                yield from (one for one in _lenient(template.value) if one.tag in {0x5F2E, 0x7F2E})


def _images_of(block: Tlv) -> tuple[Standard, list[FaceImage]]:
    if block.value.startswith(b"FAC\x00"):
        return Standard.ISO_19794_5, list(_iso_19794(block.value))
    try:
        found = [image for one in read_objects(block.value, _LIMITS) for image in _iso_39794(one, [0])]
    except TlvInvalid:
        found = []
    return Standard.ISO_39794_5, found[:FACES_MAX]


def read_dg2(untrusted: bytes) -> FaceImages:
    """Return the photographs of EF.DG2, at most eight.

    Raises:
        FaceImageInvalid: There is none, or the file is over a megabyte.
    """
    if len(untrusted) > DG2_BYTES_MAX:
        raise FaceImageInvalid("a file over a megabyte")
    standard, images = Standard.UNKNOWN, list[FaceImage]()
    for block in islice(_blocks(untrusted), _BLOCKS_MAX):
        its_standard, found = _images_of(block)
        if found and not images:
            standard = its_standard
        images += found
    if not images:
        standard, images = Standard.UNKNOWN, list(_by_mark(untrusted))
    if not images:
        raise FaceImageInvalid("no photograph")
    return FaceImages(standard, tuple(images[:FACES_MAX]))


def pixel_size(image: FaceImage) -> tuple[int, int]:
    """Return width and height as the image's own header claims them, before anything is decoded.

    Raises:
        FaceImageInvalid: The header claims none.

    Source: ISO/IEC 10918-1 §B.2.2 (frame header), 15444-1 §A.5.1 (SIZ).
    """
    if image.format is ImageFormat.JPEG:
        return _jpeg_size(image.image)
    start = image.image.find(ImageFormat.J2K.value)
    # SOC, SIZ, its length and capabilities: then the size and offset of the reference grid
    grid = image.image[start + 8 : start + 24]
    if start < 0 or len(grid) < 16:
        raise FaceImageInvalid("a JPEG 2000 image without a size")
    right, bottom, left, top = (int.from_bytes(grid[at : at + 4]) for at in range(0, 16, 4))
    if right <= left or bottom <= top:
        raise FaceImageInvalid("a JPEG 2000 image without a size")
    return right - left, bottom - top


_NO_FRAME: Final = {0xC4, 0xC8, 0xCC}  # among C0 to CF these are no start of a frame


def _jpeg_size(image: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(image) and image[at] == 0xFF:
        marker = image[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            height, width = int.from_bytes(image[at + 5 : at + 7]), int.from_bytes(image[at + 7 : at + 9])
            if not width or not height:
                break
            return width, height
        else:
            at += 2 + int.from_bytes(image[at + 2 : at + 4])
    raise FaceImageInvalid("a JPEG without a size")
