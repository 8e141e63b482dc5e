"""`log head`, `log prove`, `log consistency` and `log export`: what observers keep and are shown (docs/guide)."""

from __future__ import annotations

import argparse
import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pollbook.checkpoint import verifier_key, write_inclusion
from pollbook.commanding import Answer, Console
from pollbook.failures import Failure, WorldFailed
from register.authority import load_keys
from register.commands.opening import OpenRegister, open_register
from register.commands.stations import book_named
from register.log import (
    Log,
    bring_up_to_date,
    log_of,
    newest_checkpoint,
    prove_consistency,
    prove_entry,
)
from register.log_export import export_log
from register.store import log as store


def head(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Tell the newest published head, and how much of the log is not covered by it yet."""
    with _open_log(arguments) as (register, log), register.database.read() as connection:
        checkpoint, note = newest_checkpoint(connection, log)
        size = store.log_state_of(connection).frontier.size
    data = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": _text(checkpoint.root),
        "logged": size,
        "register": str(log.own_book),
        "verifier_key": verifier_key(log.origin, log.key.public),
        "note": note.decode(),
    }
    return Answer(data, note.decode().removesuffix("\n"))


def prove(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Prove that one accepted entry stands in the newest published head."""
    book = book_named(arguments.book)
    if book is None:
        raise WorldFailed(Failure.LOG_ENTRY_UNKNOWN, arguments.book)
    with _open_log(arguments) as (register, log), register.database.read() as connection:
        proven = prove_entry(connection, log, book, arguments.number)
    if arguments.out is not None:
        try:
            arguments.out.write_bytes(write_inclusion(proven.inclusion))
        except OSError as error:
            raise WorldFailed(Failure.FILE_UNREADABLE, str(arguments.out), path=arguments.out) from error
    data = {
        "book": str(proven.book),
        "number": proven.number,
        "entry_sha256": proven.entry_sha256.hex(),
        "leaf_key": proven.inclusion.extra.hex(),
        "leaf": proven.leaf.hex(),
        "index": proven.inclusion.index,
        "size": proven.checkpoint.size,
        "root": _text(proven.checkpoint.root),
        "proof": _texts(proven.inclusion.proof),
        "note": proven.inclusion.note.decode(),
    }
    return Answer(data, write_inclusion(proven.inclusion).decode().removesuffix("\n"))


def consistency(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Prove that the log at one size is how it begins at another."""
    first, second = arguments.first, arguments.second
    with _open_log(arguments) as (register, log), register.database.read() as connection:
        proven = prove_consistency(connection, log, first, second)
    data = {
        "first": {"size": first, "root": _text(proven.first_root)},
        "second": {"size": second, "root": _text(proven.second_root)},
        "proof": _texts(proven.proof),
    }
    return Answer(data)


def export(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Write the log as files that other tools read."""
    with _open_log(arguments) as (register, log), register.database.read() as connection:
        checkpoint, written = export_log(connection, log, arguments.folder)
    data = {"out": str(arguments.folder), "size": checkpoint.size, "files": written}
    return Answer(data, f"{arguments.folder}: {checkpoint.size} leaves, {written} files written")


@contextmanager
def _open_log(arguments: argparse.Namespace) -> Iterator[tuple[OpenRegister, Log]]:
    with open_register(arguments) as register:
        log = log_of(register.election.id, load_keys(register.home).key)
        bring_up_to_date(register.database, log, register.clock.now())
        yield register, log


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _texts(raw: Iterable[bytes]) -> list[str]:
    return [_text(each) for each in raw]
