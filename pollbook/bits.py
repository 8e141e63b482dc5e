"""Bytes and bits as packing writes and reads them: varints, columns of fixed width, and Rice codes; pure.

A Rice code of a number is its quotient by 2^k in ones, a zero, and the `k` bits of the rest; `QUOTIENT_MAX` ones
announce the number itself in 32 bits. A column ends with zero bits up to a whole byte. Reading believes nothing.

Source: Rice and Plaunt, "Adaptive Variable-Length Coding for Efficient Compression of Spacecraft Television Data",
IEEE Transactions on Communication Technology, 1971.
"""

from __future__ import annotations

from collections.abc import Sequence

from pollbook.failures import InputInvalid

QUOTIENT_MAX = 24
WHOLE_BITS = 32
K_MAX = 31
_VARINT_BYTES_MAX = 9


class Reader:
    """Bytes read from left to right; every method raises `InputInvalid` where there are too few."""

    def __init__(self, untrusted: bytes) -> None:
        self._bytes, self._place = untrusted, 0

    @property
    def is_at_end(self) -> bool:
        """Whether nothing follows."""
        return self._place == len(self._bytes)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        taken = self._bytes[self._place : self._place + count]
        if len(taken) != count:
            raise InputInvalid("cut short")
        self._place += count
        return taken

    def varint(self) -> int:
        """A number in groups of 7 bits, the lowest first, in its shortest form."""
        number = 0
        for index in range(_VARINT_BYTES_MAX):
            byte = self.take(1)[0]
            number |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                if byte == 0 and index:
                    raise InputInvalid("a number that is not in its shortest form")
                return number
        raise InputInvalid("a number beyond 63 bits")

    def numbers(self, count: int, width: int) -> list[int]:
        """A column of `count` numbers of `width` bits each, up to a whole byte."""
        if not width:
            return [0] * count
        bits = self._coming_bits(count * width)
        if len(bits) < count * width:
            raise InputInvalid("a column that is cut short")
        self._skip_bits(bits, count * width)
        return [int(bits[at : at + width], 2) for at in range(0, count * width, width)]

    def rice_codes(self, count: int, k: int) -> list[int]:
        """A column of `count` Rice codes, up to a whole byte."""
        bits = self._coming_bits(count * (QUOTIENT_MAX + WHOLE_BITS))
        numbers, place, length, find = [], 0, len(bits), bits.find
        for _ in range(count):
            zero = find("0", place, place + QUOTIENT_MAX)
            if zero < 0:
                start, quotient, place = place + QUOTIENT_MAX, 0, place + QUOTIENT_MAX + WHOLE_BITS
            else:
                start, quotient, place = zero + 1, zero - place << k, zero + 1 + k
            if place > length:
                raise InputInvalid("a column of codes that is cut short")
            numbers.append(quotient | int(bits[start:place], 2) if place > start else quotient)
        self._skip_bits(bits, place)
        return numbers

    def _coming_bits(self, count: int) -> str:
        """The bits that follow, as many as there are in the bytes that hold the next `count`."""
        coming = self._bytes[self._place : self._place + (count + 7) // 8]
        return f"{int.from_bytes(coming, 'big'):0{8 * len(coming)}b}" if coming else ""

    def _skip_bits(self, bits: str, count: int) -> None:
        """`count` of the coming `bits` were used; those that fill the last byte are zero."""
        whole = (count + 7) // 8
        if "1" in bits[count : 8 * whole]:
            raise InputInvalid("bits after a column's end")
        self._place += whole


def varint(number: int) -> bytes:
    """`number`, from 0, in groups of 7 bits, the lowest first."""
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def zigzag(number: int) -> int:
    """A number of either sign as one from 0: 0, -1, 1 and -2 become 0, 1, 2 and 3."""
    return 2 * number if number >= 0 else -2 * number - 1


def unzigzag(number: int) -> int:
    """What `zigzag` was given."""
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


def column(numbers: Sequence[int], width: int) -> bytes:
    """Numbers of `width` bits each."""
    return _whole_bytes("".join(f"{number:0{width}b}" for number in numbers)) if width else b""


def rice_column(numbers: Sequence[int], k: int) -> bytes:
    """Numbers from 0, below 2^32, as Rice codes."""
    return _whole_bytes("".join(_rice(number, k) for number in numbers))


def best_k(numbers: Sequence[int]) -> int:
    """The `k` with which these numbers take the fewest bits, or nearly."""
    guess = max(sum(numbers) // max(len(numbers), 1), 1).bit_length() - 1
    near = range(max(guess - 2, 0), min(guess + 2, K_MAX) + 1)
    return min(near, key=lambda k: sum(_rice_bits(number, k) for number in numbers))


def _rice_bits(number: int, k: int) -> int:
    quotient = number >> k
    return quotient + 1 + k if quotient < QUOTIENT_MAX else QUOTIENT_MAX + WHOLE_BITS


def _rice(number: int, k: int) -> str:
    quotient = number >> k
    if quotient >= QUOTIENT_MAX:
        return "1" * QUOTIENT_MAX + f"{number:0{WHOLE_BITS}b}"
    return "1" * quotient + (f"0{number & ((1 << k) - 1):0{k}b}" if k else "0")


def _whole_bytes(bits: str) -> bytes:
    padded = bits + "0" * (-len(bits) % 8)
    return int(padded, 2).to_bytes(len(padded) // 8, "big") if padded else b""
