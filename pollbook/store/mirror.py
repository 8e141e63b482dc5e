"""The book's mirrors: every entry is on each stick that is plugged in before the operator sees "done" (custody rule 5).

    disk (the mark's transaction) -> mirror (`write`) -> "done"

A mark is never stopped by a mirror: `write` waits for a stick for so long and no longer, and says what is the matter.
The stick is caught up by the next `write`, or piece by piece by `step` when the desk is idle: so a new empty stick is
filled from the beginning while marks go on.

What is read from a stick is compared with the book before anything is written to it (custody rule 8): a stick that
holds entries which the book does not have shows that the book was rolled back, and locks it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pollbook import cbor, ledger
from pollbook.entries import AnnexAdded, KeyBound, LineAccepted, LineReleased, decode_entry
from pollbook.failures import Failure, InputInvalid
from pollbook.ledger import Head
from pollbook.mirror_file import (
    HEADER_NAME,
    MirrorHeader,
    Record,
    RecordKind,
    SealedCode,
    decode_header,
    keys_of,
    mirror_id_of,
    new_code,
    new_key,
    wrap_key,
)
from pollbook.permission import Refusal
from pollbook.sealing import box_key_of
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.store.errands import Errands, Runner
from pollbook.store.follower import AT_ONCE, BEFORE_ALL_ITEMS, Follower, Held, Read
from pollbook.store.media import Seen, choose, folder_name, look_at, media_now
from pollbook.store.records import MirrorState, MirrorStatus, StickStatus
from pollbook.store.stick import Stick, StickFolder
from pollbook.store.succession import pack_takeover
from pollbook.store.superseding import lock_if_superseded
from pollbook.types import EntryNumber

PATIENCE_S = 1.5
"""A mark waits so long for the mirror: a stick syncs in 5 to 200 ms, one that is failing may take half a minute."""
RETRY_AFTER_S = 10.0
"""A stick that failed, or a place without one, is tried again so often."""
_STEPS_OF_A_WRITE = 4
"""Look, read or make, catch up, and once more what was behind."""
_PATIENCE_OF_A_FILL = 20
FRAME_ENTRIES_MAX = 1000
FRAME_CONTENT_BYTES_MAX = 128 * 1024
VOTER_COLUMNS = (
    "line, pinfl, document, surname, given_name, patronymic, birth_date, sex, address, mahalla, district_soato,"
    " page, row, contests"
)


_LET_GO = frozenset({Failure.MIRROR_GONE, Failure.MIRROR_OTHER_BOOK})
"""The place is looked at anew: another stick may be there."""
_TRIED_AGAIN = frozenset({Failure.MIRROR_FULL, Failure.MIRROR_FAILED})
_STILL_THERE = frozenset({Failure.MIRROR_SLOW, Failure.MIRROR_FULL, Failure.MIRROR_FAILED})
"""What the stick took before is on it, and it is plugged in."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """The book's newest entry is on a mirror."""

    number: EntryNumber


@dataclass(frozen=True, slots=True)
class NotMirrored:
    """The book's newest entry is on the disk of this laptop alone, and why."""

    why: Failure


Outcome = Mirrored | NotMirrored


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a mirror meets: how sticks are found, written, run aside and waited for."""

    media: Callable[[], tuple[Path, ...]] = media_now
    runner: Callable[[], Runner] = Errands
    stick: Callable[[Path], Stick] = StickFolder
    patience_s: float = PATIENCE_S


def set_up(book: Book, code: str | None = None) -> SealedCode:
    """The book has a new mirror key; the code that opens it is told this once, for the sealed envelope.

    `code` is one that lies in an envelope already: a successor's mirrors open by its predecessor's. Mirrors made under
    an earlier key stay as they are; new ones are begun beside them.
    """
    key, code = new_key(), code or new_code()
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT OR REPLACE INTO mirror_key VALUES (1, ?, ?)", (key, wrap_key(key, code))
        )
    header = book.header
    return SealedCode(header.election.id, header.precinct, header.precinct_name, header.desk, str(book.name), code)


def is_set_up(book: Book) -> bool:
    """Whether this book is to be mirrored."""
    return _keys(book) is not None


def name_place(book: Book, root: Path) -> None:
    """The mirror is kept on this medium or in this folder as well, whatever else is there."""
    with book.writing():
        book.connection.exec_driver_sql("INSERT OR IGNORE INTO mirror_place VALUES (?)", (os.fspath(root),))


def forget_places(book: Book) -> None:
    """No place is named for the mirror any more."""
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM mirror_place")


def named_places(book: Book) -> tuple[Path, ...]:
    """The places that a person named for the mirror."""
    with engine.translated():
        paths = book.connection.exec_driver_sql("SELECT path FROM mirror_place ORDER BY path").scalars().all()
    return tuple(Path(path) for path in paths)


def is_own_folder(book: Book, folder: Path) -> bool:
    """Whether the mirror in `folder` is one that this book made under its present code."""
    keys = _keys(book)
    try:
        header = (folder / HEADER_NAME).read_bytes()
    except OSError:
        return False
    return keys is not None and _is_ours(keys.key, header)


def stop_mirroring(book: Book) -> None:
    """The book is mirrored no more; what is on the sticks stays there, and its code opens it still."""
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM mirror_key")
        book.connection.exec_driver_sql("DELETE FROM mirror_place")


class Mirror:
    """The sticks that follow an open book. Belongs to the book's thread."""

    def __init__(self, book: Book, surroundings: Surroundings | None = None) -> None:
        self._book = book
        self._around = surroundings or Surroundings()
        self._sites: dict[Path, _Site] = {}

    def close(self) -> None:
        """Nothing is followed any more; what is on its way ends by itself."""
        for site in self._sites.values():
            site.runner.close()
        self._sites.clear()

    def write(self) -> Outcome:
        """The newest entry is on a mirror, or why it is not; waits `patience_s` at most for each thing to be done."""
        keys = _keys(self._book)
        if keys is None:
            return NotMirrored(Failure.MIRROR_OFF)
        if not self._sites:
            self._look_around(keys)
        for _ in range(_STEPS_OF_A_WRITE):
            self._advance(keys, is_idle=False)
            waiting = [errand for site in self._sites.values() if (errand := site.errand) and not site.is_slow]
            if not waiting:
                break
            _, late = wait(waiting, self._around.patience_s)
            for site in self._sites.values():
                site.is_slow = site.is_slow or site.errand in late
        self._advance(keys, is_idle=False)
        status = self.status()
        self._book.note_mirrored(status.mirrored)
        if status.mirrored == self._book.head.number:
            return Mirrored(status.mirrored)
        return NotMirrored(status.failure or Failure.MIRROR_BEHIND)

    def step(self) -> MirrorStatus:
        """One piece of what can wait: sticks are looked for, read and filled. Never waits; called while idle."""
        keys = _keys(self._book)
        if keys is not None:
            self._look_around(keys)
            self._advance(keys, is_idle=True)
        status = self.status()
        self._book.note_mirrored(status.mirrored)
        return status

    def fill(self, report: Callable[[MirrorStatus], object] = lambda _status: None) -> MirrorStatus:
        """Every stick that takes it holds the whole book, for a command that waits; `report` hears how far it is."""
        while True:
            report(status := self.step())
            errands = [errand for site in self._sites.values() if (errand := site.errand) and not site.is_slow]
            if not errands:
                return status
            _, late = wait(errands, self._around.patience_s * _PATIENCE_OF_A_FILL)
            for site in self._sites.values():
                site.is_slow = site.is_slow or site.errand in late

    def status(self) -> MirrorStatus:
        """How the sticks stand."""
        entries = self._book.head.number
        sticks = tuple(
            StickStatus(site.follower.stick.folder, EntryNumber(site.follower.held.number), site.failure)
            for site in self._sites.values()
            if site.follower is not None
        )
        failures = [failure for site in self._sites.values() if (failure := site.failure)]
        mirrored = max((stick.mirrored for stick in sticks if stick.failure in {None, *_STILL_THERE}), default=0)
        if not is_set_up(self._book):
            return MirrorStatus(MirrorState.OFF, EntryNumber(0), entries, None, ())
        if any(stick.failure is None for stick in sticks):
            state = MirrorState.FOLLOWING if mirrored == entries else MirrorState.FILLING
            failure = failures[0] if failures else None
        else:
            state, failure = MirrorState.AWAY, failures[0] if failures else Failure.MIRROR_GONE
        return MirrorStatus(state, EntryNumber(mirrored), entries, failure, sticks)

    def _look_around(self, keys: _Keys) -> None:
        """Media that came are looked at, and those that went are let go."""
        named = named_places(self._book)
        roots = (*self._around.media(), *named)
        for root in set(self._sites) - set(roots):
            self._sites.pop(root).runner.close()
        now_s = self._book.clock.monotonic_s()
        name = folder_name(self._book.header.precinct, self._book.header.desk)
        for root in roots:
            site = self._sites.setdefault(root, _Site(self._around.runner()))
            if site.follower is None and site.looking is None and now_s - site.looked_at_s >= RETRY_AFTER_S:
                site.looked_at_s = now_s
                site.looking = site.runner.start(partial(look_at, root, name, partial(_is_ours, keys.key)))

    def _advance(self, keys: _Keys, *, is_idle: bool) -> None:
        """What has ended is taken, and what can begin begins."""
        now_s = self._book.clock.monotonic_s()
        for site in self._sites.values():
            if site.looking is not None and site.looking.done():
                looking, site.looking, site.is_slow = site.looking, None, False
                self._meet(site, looking.result(), keys)
            follower = site.follower
            if follower is None:
                continue
            if follower.errand is not None and follower.errand.done():
                site.is_slow = False
                if (read := follower.settle(now_s)) is not None:
                    self._compare(site, follower, read, keys)
            self._go_on(site, keys, is_idle=is_idle)

    def _meet(self, site: _Site, seen: Seen | None, keys: _Keys) -> None:
        if seen is None:
            return
        for chosen in choose([seen], named_places(self._book), is_set_up=True):
            site.follower = Follower(self._around.stick(chosen.folder), site.runner, seen.unused)
            if chosen.is_new:
                self._make(site.follower, keys)
            else:
                site.follower.read(keys.key)

    def _make(self, follower: Follower, keys: _Keys) -> None:
        follower.make(keys.key, keys.wrapped, header_of(self._book))

    def _compare(self, site: _Site, follower: Follower, read: Read, keys: _Keys) -> None:
        """What the stick holds and what the book holds are one ledger, or the book is locked (rule 8)."""
        records = read.journal.records
        now_s = self._book.clock.monotonic_s()
        mirrored = [record.content for record in records if record.kind is RecordKind.ENTRY]
        numbers = [record.number for record in records if record.kind is RecordKind.ENTRY]
        if read.journal.damaged_at is not None or numbers != list(range(1, len(numbers) + 1)):
            log.error("event=mirror_damaged entries=%s at=%s", len(numbers), read.journal.damaged_at)
            site.follower = Follower(self._around.stick(follower.spare), site.runner, follower.spare)
            self._make(site.follower, keys)
            return
        proofs = [record.content for record in records if record.kind is RecordKind.SUPERSEDED]
        if any(lock_if_superseded(self._book, proof) is not None for proof in proofs):
            follower.fail(Failure.MIRROR_TAKEN_OVER, now_s)
            return
        if mirrored != _entries(self._book, len(mirrored)):
            log.error("event=book_rolled_back mirrored=%s entries=%s", len(mirrored), self._book.head.number)
            self._book.stop(Refusal.BOOK_ROLLED_BACK)
            follower.fail(Failure.BOOK_ROLLED_BACK, now_s)
            return
        feed = max((record.number for record in records if record.kind is RecordKind.FEED), default=BEFORE_ALL_ITEMS)
        follower.accept(read, Held(len(mirrored), feed))

    def _go_on(self, site: _Site, keys: _Keys, *, is_idle: bool) -> None:
        follower, now_s = site.follower, self._book.clock.monotonic_s()
        if follower is None or follower.errand is not None:
            return
        if follower.failure is not None:
            if follower.failure in _LET_GO:
                site.follower, site.lost = None, follower.failure
            elif follower.failure in _TRIED_AGAIN and now_s - follower.failed_at_s >= RETRY_AFTER_S:
                follower.read(keys.key)
            return
        if not follower.is_ready:
            return
        site.lost = None
        records, held = _records_after(self._book, follower.held)
        # While somebody waits for a mark, only what brings the stick up to it in one piece is begun.
        if records and (is_idle or held.number == self._book.head.number):
            follower.append(records, held)


@dataclass
class _Site:
    """A place where a stick is, or may be: who looks there, who follows there, and what was lost there."""

    runner: Runner
    follower: Follower | None = None
    looking: Future[Seen | None] | None = None
    looked_at_s: float = AT_ONCE
    is_slow: bool = False
    lost: Failure | None = None

    @property
    def errand(self) -> Future[Any] | None:
        """What is being done there now."""
        return self.looking or (self.follower.errand if self.follower else None)

    @property
    def failure(self) -> Failure | None:
        """What is the matter there."""
        if self.is_slow:
            return Failure.MIRROR_SLOW
        return self.follower.failure or self.lost if self.follower else self.lost


@dataclass(frozen=True, slots=True)
class _Keys:
    key: bytes
    wrapped: bytes


def header_of(book: Book) -> MirrorHeader:
    """What a spare needs of this book besides its journal."""
    with engine.translated():
        slice_bytes = book.connection.exec_driver_sql("SELECT slice FROM issued").scalar_one()
        earlier_seeds = book.connection.exec_driver_sql("SELECT seed FROM earlier_box ORDER BY epoch DESC").scalars()
    link = book.link
    return MirrorHeader(
        slice=slice_bytes,
        url=link.url,
        authority_pem=link.authority_pem,
        register_certificate=link.register_certificate,
        device_key=link.device_key.public,
        device_certificate=link.device_certificate,
        box_seeds=(box_key_of(link.device_key).seed, *earlier_seeds),
        made_at_s=int(book.clock.now().timestamp()),
        succession=tuple(pack_takeover(takeover) for takeover in book.chain.takeovers),
    )


def _keys(book: Book) -> _Keys | None:
    with engine.translated():
        row = book.connection.exec_driver_sql("SELECT key, wrapped FROM mirror_key").one_or_none()
    return None if row is None else _Keys(row.key, row.wrapped)


def _is_ours(key: bytes, untrusted_header: bytes) -> bool:
    try:
        decode_header(untrusted_header, keys_of(key, mirror_id_of(untrusted_header)))
    except InputInvalid:
        return False
    return True


def _entries(book: Book, count: int) -> list[bytes]:
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT bytes FROM entry WHERE number <= ? ORDER BY number", (count,))
        return list(rows.scalars())


def _records_after(book: Book, held: Held) -> tuple[list[Record], Held]:
    """The next piece that a mirror with `held` does not have, and what it holds with it; no records where it has all.

    With an entry goes what was kept with it: the key that it binds, wrapped under the PIN. The piece ends with the
    book's signature over the head there.
    """
    with engine.translated():
        rows = book.connection.exec_driver_sql(
            "SELECT number, bytes, hash FROM entry WHERE number > ? ORDER BY number LIMIT ?",
            (held.number, FRAME_ENTRIES_MAX),
        ).all()
        items = book.connection.exec_driver_sql(
            "SELECT * FROM feed WHERE number > ? ORDER BY number LIMIT ?", (held.feed, FRAME_ENTRIES_MAX)
        ).all()
    records: list[Record] = []
    size, feed, head = 0, held.feed, None
    for item in items:
        record = Record(RecordKind.FEED, item.number, cbor.encode(list(item)))
        size += len(record.content)
        if records and size > FRAME_CONTENT_BYTES_MAX:
            break
        records.append(record)
        feed = item.number
    for row in rows:
        piece = [Record(RecordKind.ENTRY, row.number, row.bytes), *_beside(book, row.number, row.bytes)]
        size += sum(len(record.content) for record in piece)
        if head is not None and size > FRAME_CONTENT_BYTES_MAX:
            break
        records += piece
        head = Head(EntryNumber(row.number), row.hash)
    if head is None:
        return records, Held(held.number, feed)
    # Not kept in the book: its own signed heads cost a transaction each, and this one is on the stick.
    signature = ledger.sign_head(book.start, head, book.link.device_key).signature
    records.append(Record(RecordKind.HEAD, head.number, signature))
    return records, Held(head.number, feed)


def _beside(book: Book, number: int, entry: bytes) -> Iterator[Record]:
    """What the book keeps with this entry and a successor could not make again."""
    fact = decode_entry(entry).fact
    match fact:
        case KeyBound(person):
            yield from _rows(book, RecordKind.PIN, person, "SELECT wrapped_key FROM pin WHERE person = ?", person)
        case LineReleased():
            query = "SELECT id, way, certificate FROM sent_release WHERE entry = ?"
            yield from _rows(book, RecordKind.RELEASE, number, query, number)
        case AnnexAdded(line):
            query = "SELECT person, envelope FROM annex WHERE line = ?"
            yield from _rows(book, RecordKind.ANNEX, line, query, line)
        case LineAccepted(release):
            # Those of the slice are in the header; they come first in the table.
            query = f"SELECT {VOTER_COLUMNS} FROM voter WHERE line = ? AND id > {book.header.line_count}"  # noqa: S608
            for moved in release.lines:
                yield from _rows(book, RecordKind.VOTER, moved.line, query, moved.line)
        case _:
            pass


def _rows(book: Book, kind: RecordKind, number: int, query: str, key: int) -> Iterator[Record]:
    with engine.translated():
        rows = book.connection.exec_driver_sql(query, (key,)).all()
    for row in rows:
        yield Record(kind, number, cbor.encode(list(row)))
