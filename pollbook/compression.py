"""Zstandard with a limit on what comes out, and with the shipped dictionary for messages; the one home of zstandard.

A message's payload begins with one byte: 0 where it follows as it is, else the number of the dictionary with which it
is compressed (`resources/wire/N.dictionary`). A dictionary never changes; a better one gets the next number, and the
older ones stay for whoever still uses them.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache

import zstandard

from pollbook.bundle import resource_path
from pollbook.failures import InputInvalid

MESSAGE_LEVEL = 12
"""Messages are small: this takes 2 ms for 70 kB, and 0.1 ms for the usual ones."""
NEWEST_DICTIONARY = 1
_MAGIC = zstandard.FRAME_HEADER
_PLAIN = 0
LEVEL = 9
"""A slice of 2,000 lines takes 20 ms at this level; higher ones win little."""


def compress(plain: bytes) -> bytes:
    """One zstd frame that names its content's size."""
    return zstandard.ZstdCompressor(level=LEVEL, write_content_size=True).compress(plain)


def decompress(untrusted: bytes, bytes_max: int) -> bytes:
    """The content of one zstd frame.

    Raises:
        InputInvalid: Not one whole frame, or one that gives or claims more than `bytes_max` bytes.
    """
    return _whole_frame(untrusted, bytes_max, zstandard.ZstdDecompressor())


def compress_message(plain: bytes) -> bytes:
    """A message's payload in the smaller of both forms."""
    frame = _compressor().compress(plain)[len(_MAGIC) :]
    return bytes([NEWEST_DICTIONARY]) + frame if len(frame) < len(plain) else bytes([_PLAIN]) + plain


def decompress_message(untrusted: bytes, bytes_max: int) -> bytes:
    """What `compress_message` was given.

    Raises:
        InputInvalid: Anything else, an unknown dictionary, or more than `bytes_max` bytes.
    """
    if not untrusted:
        raise InputInvalid("nothing")
    number, content = untrusted[0], untrusted[1:]
    if number == _PLAIN:
        if len(content) > bytes_max:
            raise InputInvalid(f"{len(content)} bytes where at most {bytes_max} are read")
        return content
    if number > NEWEST_DICTIONARY:
        raise InputInvalid(f"compressed with the dictionary {number}, which is not known here")
    return _whole_frame(_MAGIC + content, bytes_max, zstandard.ZstdDecompressor(dict_data=_dictionary(number)))


def train(samples: Sequence[bytes], bytes_max: int) -> bytes:
    """A dictionary for messages like `samples`, the same for the same samples."""
    return zstandard.train_dictionary(
        bytes_max, list(samples), dict_id=NEWEST_DICTIONARY, level=MESSAGE_LEVEL
    ).as_bytes()


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(resource_path("wire", f"{number}.dictionary").read_bytes())


_kept = threading.local()


def _compressor() -> zstandard.ZstdCompressor:
    """This thread's own: none may be used by two at once, and making one takes 20 times as long as using it."""
    made: zstandard.ZstdCompressor | None = getattr(_kept, "compressor", None)
    if made is None:
        made = _kept.compressor = zstandard.ZstdCompressor(
            level=MESSAGE_LEVEL, dict_data=_dictionary(NEWEST_DICTIONARY), write_content_size=True, write_dict_id=False
        )
    return made


def _whole_frame(untrusted: bytes, bytes_max: int, decompressor: zstandard.ZstdDecompressor) -> bytes:
    try:
        size = zstandard.frame_content_size(untrusted)
        if not 0 <= size <= bytes_max:
            raise InputInvalid(f"a frame of {size} bytes where at most {bytes_max} are read")
        plain = decompressor.decompress(untrusted, max_output_size=bytes_max, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise InputInvalid("not a zstd frame") from error
    if len(plain) != size:
        raise InputInvalid("a zstd frame that is not whole")
    return plain
