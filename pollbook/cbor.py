"""Deterministic CBOR with limits; the one home of cbor2.

Only null, booleans, integers of 64 bits, byte and text strings, arrays and maps with text keys pass, in the one
encoding that RFC 8949 §4.2.1 gives each value: what decodes here encodes again to the same bytes.
"""

from __future__ import annotations

import re
from datetime import date
from typing import cast

import cbor2

from pollbook.failures import InputInvalid

DEPTH_MAX = 12
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INTEGER_MIN, _INTEGER_MAX = -(2**63), 2**63 - 1


def encode(value: object) -> bytes:
    """The one deterministic encoding of `value`. Source: RFC 8949 §4.2.1."""
    return cbor2.dumps(value, canonical=True)


def decode(untrusted: bytes, bytes_max: int) -> object:
    """The value that `untrusted` encodes deterministically.

    Raises:
        InputInvalid: Longer than `bytes_max`, deeper than 12, not CBOR, not deterministic, or of a type that is
            not used here.
    """
    if len(untrusted) > bytes_max:
        raise InputInvalid(f"{len(untrusted)} bytes where at most {bytes_max} are read")
    try:
        value = cbor2.loads(
            untrusted,
            max_depth=DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            tag_hook=_no_tag,
            semantic_decoders=_NO_TAGS,
        )
    except InputInvalid:
        raise
    except Exception as error:  # cbor2 lets errors of several families through
        raise InputInvalid("not CBOR") from error
    _plain(value)
    if encode(value) != untrusted:
        raise InputInvalid("not the deterministic encoding")
    return cast("object", value)


def _no_tag(*_: object) -> object:
    raise InputInvalid("a tag where none is used")


# cbor2's own decoders for these would build dates, fractions, patterns and shared values before they are refused.
_NO_TAGS = dict.fromkeys((*range(64), 100, 256, 258, 260, 261, 1004, 43000, 55799), _no_tag)


def _plain(value: object) -> None:
    """Refuse what is not used here; level by level, for most values are flat."""
    level = [value]
    while level:
        deeper: list[object] = []
        for item in level:
            kind = item.__class__
            if kind in _ALWAYS_PLAIN:
                continue
            if kind is int:
                if not _INTEGER_MIN <= item <= _INTEGER_MAX:  # type: ignore[operator]
                    raise InputInvalid("an integer beyond 64 bits")
            elif isinstance(item, list):
                deeper += item
            elif isinstance(item, dict):
                if not all(isinstance(key, str) for key in item):
                    raise InputInvalid("a map key that is not text")
                deeper += item.values()
            else:
                raise InputInvalid("a type that is not used")
        level = deeper


_ALWAYS_PLAIN = frozenset({bytes, str, bool, type(None)})


class Fields:
    """A decoded array read from left to right, each item as the type it must be.

    `Fields(value, 3)` refuses anything but an array of exactly 3 items; each `take_…` returns the next one.

    Raises:
        InputInvalid: From every method, where the item is not what is asked for.
    """

    def __init__(self, untrusted: object, count: int) -> None:
        if not isinstance(untrusted, list) or len(untrusted) != count:
            raise InputInvalid(f"not an array of {count}")
        self._items = iter(untrusted)

    def take_int(self, low: int = 0, high: int = _INTEGER_MAX) -> int:
        """The next item, an integer from `low` to `high`."""
        item = next(self._items)
        if not isinstance(item, int) or isinstance(item, bool) or not low <= item <= high:
            raise InputInvalid(f"not an integer from {low} to {high}")
        return item

    def take_bytes(self, low: int, high: int) -> bytes:
        """The next item, a byte string of `low` to `high` bytes."""
        item = next(self._items)
        if not isinstance(item, bytes) or not low <= len(item) <= high:
            raise InputInvalid(f"not a byte string of {low} to {high} bytes")
        return item

    def take_text(self, characters_max: int) -> str:
        """The next item, text of at most `characters_max` characters."""
        item = next(self._items)
        if not isinstance(item, str) or len(item) > characters_max:
            raise InputInvalid(f"not a text of at most {characters_max} characters")
        return item

    def take_date(self) -> date:
        """The next item, a date written YYYY-MM-DD."""
        text = self.take_text(10)
        if not _DATE.fullmatch(text):
            raise InputInvalid("not a date")
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise InputInvalid("not a date") from error

    def take_array(self, count_max: int) -> list[object]:
        """The next item, an array of at most `count_max` items."""
        item = next(self._items)
        if not isinstance(item, list) or len(item) > count_max:
            raise InputInvalid(f"not an array of at most {count_max}")
        return item
