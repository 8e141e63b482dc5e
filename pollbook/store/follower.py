"""One stick that follows the book: what it holds, the one errand it is on, and what it suffers from.

A stick is read when it is met, and again after anything went wrong: only what was read back or written and synced is
taken as held. A frame that failed half-way is cut off before the next one, also where the system shows it as written:
after a failed sync it may be in the memory alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from pollbook.failures import Failure, InputInvalid
from pollbook.mirror_file import (
    TAIL_BYTES,
    Journal,
    MirrorHeader,
    MirrorKeys,
    Place,
    Record,
    beginning,
    decode_header,
    encode_frame,
    encode_header,
    keys_of,
    mirror_id_of,
    new_mirror_id,
    read_journal,
)
from pollbook.store.errands import Runner
from pollbook.store.stick import Stick, StickChanged, failure_of

AT_ONCE = float("-inf")
"""A failure of so long ago that it may be tried again now."""


BEFORE_ALL_ITEMS = -(2**62)


@dataclass(frozen=True, slots=True)
class Held:
    """What a mirror holds: the entries up to `number` and the feed up to `feed`."""

    number: int = 0
    feed: int = BEFORE_ALL_ITEMS


@dataclass(frozen=True, slots=True)
class Read:
    """A mirror that was read, to be compared with the book before anything is written; `tail` are its last bytes."""

    keys: MirrorKeys
    header: MirrorHeader
    journal: Journal
    tail: bytes


@dataclass(frozen=True, slots=True)
class _Written:
    frame: bytes
    end: Place
    held: Held


@dataclass(frozen=True, slots=True)
class _Known:
    """How a journal stands after the last thing that went well."""

    keys: MirrorKeys
    end: Place
    tail: bytes


class Follower:
    """Belongs to the book's thread; what may wait is done by `runner`."""

    def __init__(self, stick: Stick, runner: Runner, spare: Path) -> None:
        """`spare` is the folder for a new mirror on the same medium, should this one prove damaged."""
        self.stick = stick
        self.spare = spare
        self.held = Held()
        self.failure: Failure | None = None
        self.failed_at_s = 0.0
        self._runner = runner
        self._known: _Known | None = None
        self._attempted = b""
        self._errand: Future[Read | _Written | _Known] | None = None

    @property
    def errand(self) -> Future[Read | _Written | _Known] | None:
        """What it is doing now, None where it is free."""
        return self._errand

    @property
    def is_ready(self) -> bool:
        """Whether a frame can be written now."""
        return self._errand is None and self._known is not None and self.failure is None

    def close(self) -> None:
        """It follows no more."""
        self._runner.close()

    # What it is sent to do.

    def make(self, key: bytes, wrapped_key: bytes, header: MirrorHeader) -> None:
        """Begin a new mirror on the medium."""
        keys = keys_of(key, new_mirror_id())
        content = encode_header(header, keys, wrapped_key)

        def work() -> _Known:
            self.stick.make(content)
            return _Known(keys, beginning(keys), b"")

        self.failure = None
        self._errand = self._runner.start(work)

    def read(self, key: bytes) -> None:
        """Read what the medium holds, and cut what a crash left at its end."""
        known, attempted, stick = self._known, self._attempted, self.stick
        self.failure = None
        self._errand = self._runner.start(lambda: _read(stick, key, known, attempted))

    def append(self, records: Sequence[Record], held: Held) -> None:
        """Write a frame with `records`, after which the mirror holds `held`."""
        known = self._known
        if known is None:
            raise ValueError("a stick that was not read is not written to")
        frame, end = encode_frame(records, known.keys, known.end)
        stick = self.stick

        def work() -> _Written:
            stick.append(known.end.offset, known.tail, frame)
            return _Written(frame, end, held)

        self._attempted = frame
        self._errand = self._runner.start(work)

    # What came of it.

    def settle(self, now_s: float) -> Read | None:
        """Take what the errand brought, where it has ended; what was read is returned, for the book to `accept`."""
        if self._errand is None or not self._errand.done():
            return None
        errand, self._errand = self._errand, None
        try:
            result = errand.result()
        except StickChanged:
            self.fail(Failure.MIRROR_GONE, AT_ONCE)
            return None
        except (OSError, _OtherBook) as error:
            self.fail(Failure.MIRROR_OTHER_BOOK if isinstance(error, _OtherBook) else failure_of(error), now_s)
            return None
        match result:
            case Read():
                return result
            case _Known():
                self._known, self.held = result, Held()
            case _Written(frame, end, held):
                if self._known is not None:
                    self._known = _Known(self._known.keys, end, frame[-TAIL_BYTES:])
                self.held, self._attempted = held, b""
        return None

    def accept(self, read: Read, held: Held) -> None:
        """What was read fits the book: it is followed from here."""
        self._known = _Known(read.keys, read.journal.end, read.tail)
        self._attempted = b""
        self.held = held

    def fail(self, failure: Failure, now_s: float) -> None:
        """It cannot be written to now."""
        self.failure, self.failed_at_s = failure, now_s


class _OtherBook(Exception):
    """The header is not one that this book made."""


def _read(stick: Stick, key: bytes, known: _Known | None, attempted: bytes) -> Read:
    files = stick.read()
    try:
        keys = keys_of(key, mirror_id_of(files.header))
        header = decode_header(files.header, keys)
    except InputInvalid as error:
        raise _OtherBook from error
    content = files.journal
    if known is not None and known.keys.mirror_id == keys.mirror_id:
        left = content[known.end.offset :]
        if left and attempted.startswith(left):
            stick.cut(known.end.offset)
            content = content[: known.end.offset]
    journal = read_journal(content, keys)
    if journal.torn_bytes:
        stick.cut(journal.end.offset)
    return Read(keys, header, journal, content[: journal.end.offset][-TAIL_BYTES:])
