"""One pass over a file before it is read: its hash, and which of the two encodings it is written in.

UTF-8 is decided on the whole file, not on its beginning: a list that is Latin for a million rows and Cyrillic in the
last one is read rightly. Where some lines are not UTF-8, the majority of the lines that are not ASCII decides, and
the others are reported row by row as written in a mixed encoding.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pollbook.failures import Failure, WorldFailed

UTF_8 = "utf-8-sig"
WINDOWS_1251 = "cp1251"
_BLOCK_BYTES = 1 << 20
_ZIP_MAGIC = b"PK\x03\x04"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over the bytes told."""

    sha256: bytes
    size: int
    encoding: str
    is_zip: bool


def survey(path: Path) -> Survey:
    """The file's hash, size and encoding, read in blocks of 1 MiB.

    Raises:
        WorldFailed: `FILE_UNREADABLE`, or `LIST_UNREADABLE` where it is empty or UTF-16.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return _survey(file)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error


def _survey(file: IO[bytes]) -> Survey:
    digest, size = hashlib.sha256(), 0
    utf_8_lines = other_lines = 0
    carry, start = b"", b""
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
        size += len(block)
        start = start or block[:4]
        whole, carry = _whole_lines(carry + block)
        utf_8, other = _count(whole)
        utf_8_lines, other_lines = utf_8_lines + utf_8, other_lines + other
    utf_8, other = _count(carry)
    if not size:
        raise WorldFailed(Failure.LIST_UNREADABLE, "the file is empty")
    if start.startswith(_UTF_16_MARKS):
        raise WorldFailed(Failure.LIST_UNREADABLE, "UTF-16; save it as UTF-8")
    is_utf_8 = utf_8_lines + utf_8 >= other_lines + other
    return Survey(digest.digest(), size, UTF_8 if is_utf_8 else WINDOWS_1251, start == _ZIP_MAGIC)


def _whole_lines(block: bytes) -> tuple[bytes, bytes]:
    """The lines that end in `block`, and the beginning of the next one; a line beyond 4 MiB is cut where it may be."""
    end = block.rfind(b"\n") + 1
    if not end and len(block) > 4 * _BLOCK_BYTES:
        end = len(block)
        while end > len(block) - 4 and block[end - 1] & 0xC0 == 0x80:
            end -= 1
        end -= block[end - 1] >= 0xC0
    return block[:end], block[end:]


def _count(lines: bytes) -> tuple[int, int]:
    """How many lines hold letters beyond ASCII in UTF-8, and how many bytes that are not UTF-8."""
    if lines.isascii():
        return 0, 0
    utf_8 = other = 0
    for line in lines.split(b"\n"):
        if not line.isascii():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                other += 1
            else:
                utf_8 += 1
    return utf_8, other
