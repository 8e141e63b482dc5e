"""The log as files that any tool for C2SP tlog-tiles reads, to be put on a web server or a stick as they are.

What is there already and can't change is left alone, so a later export into the same folder only adds. The checkpoint
comes last: whoever reads it finds everything that it covers.

Source: C2SP tlog-tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pollbook.checkpoint import Checkpoint, verifier_key
from pollbook.failures import Failure, WorldFailed
from pollbook.merkle import HASH_BYTES, TILE_WIDTH, entries_path, tile_path, tiles_of
from pollbook.types import EntryNumber
from register.log import Log, newest_checkpoint
from register.store import log as store
from register.store.engine import Transaction


def export_log(connection: Transaction, log: Log, folder: Path) -> tuple[Checkpoint, int]:
    """The newest published head with all that it covers is in `folder`; tells how many files were written.

    Raises:
        WorldFailed: `LOG_NOT_PUBLISHED`; `FILE_UNREADABLE` where the folder takes no file.
    """
    checkpoint, note = newest_checkpoint(connection, log)
    hashes = store.hashes_of(connection)
    written = 0
    for level, place, width in tiles_of(checkpoint.size):
        path = folder / tile_path(level, place, width)
        if not path.exists():
            written += _write(path, b"".join(hashes(level, place * TILE_WIDTH, width)))
        if level == 0:
            path = folder / entries_path(place, width)
            if not path.exists():
                written += _write(path, b"".join(_bundle(connection, log, place * TILE_WIDTH, width)))
    written += _write(folder / "key", f"{verifier_key(log.origin, log.key.public)}\n".encode("ascii"))
    written += _write(folder / "checkpoint", note)
    return checkpoint, written


def _bundle(connection: Transaction, log: Log, first: int, width: int) -> Iterator[bytes]:
    """The leaves of one tile, each after its length. Source: C2SP tlog-tiles, "Log entries"."""
    end = first + width
    for run in store.runs(connection, log.own_book, first):
        if run.first >= end:
            return
        begin = max(first, run.first)
        until = min(end, run.first + run.length)
        number = run.number + begin - run.first
        entries = store.accepted_entries(connection, run.station_id, number, number + until - begin - 1)
        for at, entry in enumerate(entries, number):
            yield HASH_BYTES.to_bytes(2, "big") + log.leaf(run.book, EntryNumber(at), entry)


def _write(path: Path, content: bytes) -> int:
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error
    return 1
