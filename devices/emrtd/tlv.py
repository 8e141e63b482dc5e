"""Data objects of tag, length and value (BER-TLV), as a chip's files and answers hold them.

A tag is a number as its bytes are written, so 0x5F1F is the two bytes 5F 1F. Lengths are definite; BER's longer forms
are read, and the shortest is written. Every length, depth and count is bounded by `Limits`: what a hostile chip sends
costs no more than its own size.

Nothing here prints or logs a value: neither `repr(Tlv)` nor an exception's message has any.

Source: ISO/IEC 7816-4 §6.3, ISO/IEC 8825-1.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

_CONSTRUCTED: Final = 0x20
_TAG_FOLLOWS: Final = 0x1F
_MORE: Final = 0x80
# ISO/IEC 7816-4 §6.3: a tag has at most three bytes, a length at most five.
_TAG_BYTES_MAX: Final = 3
_LENGTH_BYTES_MAX: Final = 5
# ISO/IEC 7816-4 §6.3: bytes 00 before, between or after objects
_MEANING_NOTHING: Final = re.compile(rb"\0*")
_END_OF_CONTENTS: Final = b"\0\0"
HEADER_BYTES_MAX: Final = _TAG_BYTES_MAX + _LENGTH_BYTES_MAX


class ContentInvalid(Exception):
    """Bytes of a document that are not what its standard says; each parser's own error is one of these.

    Attributes:
        reason: What is wrong, without the bytes.
        position: Where, counted from 0 in the bytes given.
    """

    def __init__(self, reason: str, position: int = 0) -> None:
        super().__init__(f"{reason}, position {position}")
        self.reason = reason
        self.position = position


class TlvInvalid(ContentInvalid):
    """The bytes are no data objects, or exceed a limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader of untrusted data objects bears.

    Attributes:
        value_bytes_max: Of one value. A DG2 with a large photograph has 100 KB; a file of a chip never has a megabyte.
        depth_max: Of objects within objects; ISO 39794-5 comes to 15.
        siblings_max: Of objects beside each other in one value.
    """

    value_bytes_max: int = 1 << 20
    depth_max: int = 24
    siblings_max: int = 512


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Header:
    """A tag and a length, read from the first bytes of an object whose value may not be there yet."""

    tag: int
    header_bytes: int
    value_bytes: int

    @property
    def total_bytes(self) -> int:
        return self.header_bytes + self.value_bytes


@dataclass(frozen=True, slots=True, repr=False)
class Tlv:
    """One data object.

    Attributes:
        tag: As written, for example 0x7F61.
        value: Its content.
        raw: Tag, length and content as they came: what a hash or a signature was made over.
        depth: 0 for one that was read by itself; its children have 1.
    """

    tag: int
    value: bytes
    raw: bytes
    depth: int = 0

    def __repr__(self) -> str:
        return f"Tlv({self.tag:X}, {len(self.value)} bytes)"

    @property
    def is_constructed(self) -> bool:
        return bool(_first_byte(self.tag) & _CONSTRUCTED)

    def children(self, limits: Limits = LIMITS) -> "Objects":
        """Return the objects inside this one, whatever its tag says about having any.

        Raises:
            TlvInvalid: The value is no run of objects, or exceeds a limit.
        """
        return _read(self.value, self.depth + 1, limits)


class Objects(tuple[Tlv, ...]):
    """Objects beside each other, in the order they came."""

    __slots__ = ()

    def first(self, tag: int) -> Tlv | None:
        """Return the first object of this tag, or None."""
        return next((one for one in self if one.tag == tag), None)

    def only(self, tag: int) -> Tlv:
        """Return the one object of this tag.

        Raises:
            TlvInvalid: There is none, or several.
        """
        found = self.all(tag)
        if len(found) != 1:
            raise TlvInvalid(f"{len(found)} objects {tag:X} instead of one")
        return found[0]

    def all(self, tag: int) -> Self:
        """Return all objects of this tag."""
        return type(self)(one for one in self if one.tag == tag)


def _first_byte(tag: int) -> int:
    return tag >> 8 * max(0, (tag.bit_length() - 1) // 8)


def _read_tag(untrusted: bytes, start: int) -> tuple[int, int]:
    """The tag at `start` and where its length begins."""
    at = start
    if at >= len(untrusted):
        raise TlvInvalid("ends before a tag", at)
    more = untrusted[at] & _TAG_FOLLOWS == _TAG_FOLLOWS
    at += 1
    while more:
        if at - start == _TAG_BYTES_MAX:
            raise TlvInvalid("a tag of over three bytes", start)
        if at >= len(untrusted):
            raise TlvInvalid("ends within a tag", at)
        more = bool(untrusted[at] & _MORE)
        at += 1
    return int.from_bytes(untrusted[start:at]), at


def read_header(untrusted: bytes, start: int = 0, limits: Limits = LIMITS) -> Header:
    """Return the tag and length at `start`; at most `HEADER_BYTES_MAX` bytes are needed, the value need not be there.

    Raises:
        TlvInvalid: The bytes end within it, the length is indefinite or exceeds the limit, or the tag has over three
            bytes.
    """
    tag, at = _read_tag(untrusted, start)
    if at >= len(untrusted):
        raise TlvInvalid("ends before a length", at)
    length = untrusted[at]
    at += 1
    if length >= _MORE:
        count = length - _MORE
        if not 0 < count < _LENGTH_BYTES_MAX:
            raise TlvInvalid("a length that is indefinite or of over four bytes", at - 1)
        if at + count > len(untrusted):
            raise TlvInvalid("ends within a length", at)
        length = int.from_bytes(untrusted[at : at + count])
        at += count
    if length > limits.value_bytes_max:
        raise TlvInvalid("a length over the limit", at - 1)
    return Header(tag, at - start, length)


def _read_at(untrusted: bytes, start: int, depth: int, limits: Limits) -> Tlv:
    header = read_header(untrusted, start, limits)
    end = start + header.total_bytes
    if end > len(untrusted):
        raise TlvInvalid("a value longer than what is there", start)
    return Tlv(header.tag, untrusted[start + header.header_bytes : end], untrusted[start:end], depth)


def _objects(untrusted: bytes, depth: int, limits: Limits) -> Iterator[Tlv]:
    at = count = 0
    while at < len(untrusted):
        if untrusted[at] == 0:
            at = _MEANING_NOTHING.search(untrusted, at).end()  # type: ignore[union-attr] # it matches anywhere
            continue
        count += 1
        if count > limits.siblings_max:
            raise TlvInvalid("more objects beside each other than the limit", at)
        one = _read_at(untrusted, at, depth, limits)
        at += len(one.raw)
        yield one


def _read(untrusted: bytes, depth: int, limits: Limits) -> Objects:
    if depth > limits.depth_max:
        raise TlvInvalid("objects nested deeper than the limit")
    return Objects(_objects(untrusted, depth, limits))


def read_objects(untrusted: bytes, limits: Limits = LIMITS) -> Objects:
    """Return the objects that `untrusted` is a run of; bytes 00 between them are passed over.

    Raises:
        TlvInvalid: It is no such run, or exceeds a limit.
    """
    return _read(untrusted, 0, limits)


def read_one(untrusted: bytes, limits: Limits = LIMITS) -> Tlv:
    """Return the object that opens `untrusted`; what follows it, such as a file's unused end, is left alone.

    Raises:
        TlvInvalid: There is none, it isn't whole, or exceeds a limit.
    """
    return _read_at(untrusted, 0, 0, limits)


def read_file(untrusted: bytes, tag: int, limits: Limits = LIMITS) -> Tlv:
    """Return the object of a file, which must have `tag`.

    Raises:
        TlvInvalid: It has another tag, or isn't whole.
    """
    one = read_one(untrusted, limits)
    if one.tag != tag:
        raise TlvInvalid(f"the tag is {one.tag:X} instead of {tag:X}")
    return one


def with_definite_lengths(untrusted: bytes, limits: Limits = LIMITS) -> bytes:
    """Return the object that opens `untrusted` with every indefinite length written out; all else stays as it came.

    Signed data are written with indefinite lengths by issuers who stream them (ISO/IEC 8825-1 §8.1.3.6).

    Raises:
        TlvInvalid: It isn't whole, or exceeds a limit.
    """
    if len(untrusted) > limits.value_bytes_max:
        raise TlvInvalid("a length over the limit")
    return _definite(untrusted, 0, 0, limits)[0]


def _definite(untrusted: bytes, start: int, depth: int, limits: Limits) -> tuple[bytes, int]:
    """The object at `start` and where it ends; one of definite length is taken whole, whatever is in it."""
    tag, at = _read_tag(untrusted, start)
    if untrusted[at : at + 1] != b"\x80":
        one = _read_at(untrusted, start, depth, limits)
        return one.raw, start + len(one.raw)
    if depth > limits.depth_max or not _first_byte(tag) & _CONSTRUCTED:
        raise TlvInvalid("objects nested deeper than the limit, or an endless primitive one", start)
    at += 1
    inside: list[bytes] = []
    while untrusted[at : at + 2] != _END_OF_CONTENTS:
        if len(inside) == limits.siblings_max:
            raise TlvInvalid("more objects beside each other than the limit", at)
        one_inside, at = _definite(untrusted, at, depth + 1, limits)
        inside.append(one_inside)
    return encode(tag, *inside), at + 2


def encode(tag: int, *values: bytes) -> bytes:
    """Return the object of this tag whose value is `values` one after the other; the length in its shortest form.

    Args:
        tag: As written: 0x04, 0x7F61.
        values: Under 4 GiB together.
    """
    value_bytes = sum(len(value) for value in values)
    return b"".join((tag.to_bytes(max(1, (tag.bit_length() + 7) // 8)), encode_length(value_bytes), *values))


def encode_all(objects: Iterable[tuple[int, bytes]]) -> bytes:
    """Return objects one after the other, each given by its tag and value."""
    return b"".join(encode(tag, value) for tag, value in objects)


def encode_length(value_bytes: int) -> bytes:
    """Return a length in its shortest form, which DER asks for."""
    if value_bytes < _MORE:
        return bytes([value_bytes])
    count = (value_bytes.bit_length() + 7) // 8
    return bytes([_MORE | count]) + value_bytes.to_bytes(count)
