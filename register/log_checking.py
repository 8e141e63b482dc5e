"""Proving the log: every leaf from its entry, every tile, and every head that was ever published."""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.checkpoint import open_checkpoint
from pollbook.failures import InputInvalid
from pollbook.merkle import HASH_BYTES, TILE_WIDTH, Frontier, Stored, append, tiles_of
from pollbook.types import EntryNumber
from register.log import Log
from register.store import log as store
from register.store.engine import Transaction
from register.store.log import KeptHead, Run

_ENTRIES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class CheckedLog:
    """What was looked at: leaves and heads; how many accepted entries wait; and what does not hold."""

    leaves: int
    heads: int
    waiting: int
    faults: tuple[str, ...]


def check_log(connection: Transaction, log: Log) -> CheckedLog:
    """The log made again from the accepted entries, and compared with what is stored and was published."""
    state = store.log_state_of(connection)
    heads = list(store.heads(connection))
    rebuilt = _Rebuilt(connection, heads)
    faults = rebuilt.take_runs(log)
    if not faults:
        if rebuilt.frontier != state.frontier:
            faults.append("the tree's end is not that of its leaves")
        if rebuilt.logged != store.logged_of(connection):
            faults.append("how far each book is in the log does not follow from the log")
        faults += rebuilt.check_last_tiles(state.frontier.size)
        faults += rebuilt.check_heads(log)
    return CheckedLog(rebuilt.frontier.size, len(heads), store.count_waiting(connection), tuple(faults))


class _Rebuilt:
    """The tree made again leaf by leaf; its full tiles are compared as they come about, and let go."""

    def __init__(self, connection: Transaction, heads: list[KeptHead]) -> None:
        self._connection, self._heads = connection, heads
        self._sizes = sorted(head.size for head in heads)
        self._roots: dict[int, bytes] = {}
        self._tiles: dict[tuple[int, int], bytearray] = {}
        self.frontier = Frontier()
        self.logged: dict[int, int] = {}

    def take_runs(self, log: Log) -> list[str]:
        """Append every run's entries; what does not hold ends it, since nothing after it can be compared."""
        for run in store.runs(self._connection, log.own_book):
            if run.first != self.frontier.size:
                return [f"leaf {self.frontier.size} is missing"]
            if run.number != self.logged.get(run.station_id, run.start) + 1:
                return [f"leaf {run.first} is not the next entry of {run.book}"]
            for begin in range(0, run.length, _ENTRIES_AT_ONCE):
                faults = self._take(log, run, begin, min(run.length, begin + _ENTRIES_AT_ONCE))
                if faults:
                    return faults
            self.logged[run.station_id] = run.number + run.length - 1
        return []

    def _take(self, log: Log, run: Run, begin: int, end: int) -> list[str]:
        first = run.number + begin
        entries = store.accepted_entries(self._connection, run.station_id, first, run.number + end - 1)
        if len(entries) != end - begin:
            return [f"an entry of {run.book} that leaf {run.first + begin} or one after it stands for is missing"]
        leaves = [log.leaf(run.book, EntryNumber(number), entry) for number, entry in enumerate(entries, first)]
        while leaves:
            room = next((size for size in self._sizes if size > self.frontier.size), None)
            now = leaves if room is None else leaves[: room - self.frontier.size]
            leaves = leaves[len(now) :]
            self.frontier, stored = append(self.frontier, now)
            if self.frontier.size == room:
                self._roots[room] = self.frontier.root
            faults = self._compare(stored)
            if faults:
                return faults
        return []

    def _compare(self, stored: list[Stored]) -> list[str]:
        for each in stored:
            key = each.level, each.place // TILE_WIDTH
            joined = self._tiles.setdefault(key, bytearray())
            joined += each.hash
            is_full = len(joined) == TILE_WIDTH * HASH_BYTES
            if is_full and store.tile(self._connection, *key) != bytes(self._tiles.pop(key)):
                return [f"tile {key[0]}/{key[1]} is not that of its leaves"]
        return []

    def check_last_tiles(self, size: int) -> list[str]:
        """The tiles that are not full yet, and that there are no others."""
        faults = [
            f"tile {level}/{place} is not that of its leaves"
            for (level, place), joined in self._tiles.items()
            if store.tile(self._connection, level, place) != bytes(joined)
        ]
        if store.count_tiles(self._connection) != len(tiles_of(size)):
            faults.append("there are other tiles than the tree has")
        return faults

    def check_heads(self, log: Log) -> list[str]:
        """Every published head is signed, and is the tree's as it was."""
        faults = []
        for head in self._heads:
            try:
                checkpoint = open_checkpoint(head.note, log.origin, log.key.public)
            except InputInvalid as error:
                faults.append(f"the head of {head.size} leaves: {error}")
                continue
            if checkpoint.size != head.size or checkpoint.root != self._roots.get(head.size):
                faults.append(f"the head of {head.size} leaves is not the tree's")
        return faults
