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
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pollbook.failures import Failure
from pollbook.mirror_file import RecordKind
from pollbook.permission import Refusal
from pollbook.store.book import Book
from pollbook.store.errands import Errands, Runner
from pollbook.store.follower import AT_ONCE, BEFORE_ALL_ITEMS, Follower, Held, Read
from pollbook.store.media import Seen, choose, folder_name, look_at, media_now
from pollbook.store.mirror_records import first_entries, header_of, records_after
from pollbook.store.mirror_set_up import MirrorKeys, is_set_up, is_under, mirror_keys, named_places
from pollbook.store.records import MirrorState, MirrorStatus, StickStatus
from pollbook.store.stick import Stick, StickFolder
from pollbook.store.superseding import lock_if_superseded
from pollbook.types import EntryNumber

PATIENCE_S = 1.5
"""A mark waits so long for the mirror: a stick syncs in 5 to 200 ms, one that is failing may take half a minute."""
RETRY_AFTER_S = 10.0
"""A stick that failed, or a place without one, is tried again so often."""
_STEPS_OF_A_WRITE = 4
"""Look, read or make, catch up, and once more what was behind."""
_PATIENCE_OF_A_FILL = 20


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
        keys = mirror_keys(self._book)
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
        keys = mirror_keys(self._book)
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

    def _look_around(self, keys: MirrorKeys) -> None:
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
                site.looking = site.runner.start(partial(look_at, root, name, partial(is_under, keys.key)))

    def _advance(self, keys: MirrorKeys, *, is_idle: bool) -> None:
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

    def _meet(self, site: _Site, seen: Seen | None, keys: MirrorKeys) -> None:
        if seen is None:
            return
        for chosen in choose([seen], named_places(self._book), is_set_up=True):
            site.follower = Follower(self._around.stick(chosen.folder), site.runner, seen.unused)
            if chosen.is_new:
                self._make(site.follower, keys)
            else:
                site.follower.read(keys.key)

    def _make(self, follower: Follower, keys: MirrorKeys) -> None:
        follower.make(keys.key, keys.wrapped, header_of(self._book))

    def _compare(self, site: _Site, follower: Follower, read: Read, keys: MirrorKeys) -> None:
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
        if mirrored != first_entries(self._book, len(mirrored)):
            log.error("event=book_rolled_back mirrored=%s entries=%s", len(mirrored), self._book.head.number)
            self._book.stop(Refusal.BOOK_ROLLED_BACK)
            follower.fail(Failure.BOOK_ROLLED_BACK, now_s)
            return
        feed = max((record.number for record in records if record.kind is RecordKind.FEED), default=BEFORE_ALL_ITEMS)
        follower.accept(read, Held(len(mirrored), feed))

    def _go_on(self, site: _Site, keys: MirrorKeys, *, is_idle: bool) -> None:
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
        records, held = records_after(self._book, follower.held)
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
