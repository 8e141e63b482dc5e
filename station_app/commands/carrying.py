"""`uchastka book export` and `book import`: sync by hand, where there is no link."""

from __future__ import annotations

import argparse
from pathlib import Path

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, CommandParser, Console, read_given
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.sealed_bundle import BUNDLE_BYTES_MAX
from pollbook.store.book import open_book
from pollbook.store.home import StationHome
from sync.carrying import export_bundle, import_bundle


def add_commands(book_group: CommandParser) -> None:
    """The group of the book's commands knows these two."""
    command = book_group.command("export", "write what waits for the register, sealed, to be carried there", _export)
    command.add_argument("file", type=Path, metavar="FILE")
    command = book_group.command("import", "take in the register's answer that was carried back", _import)
    command.add_argument("file", type=Path, metavar="FILE")


def _export(arguments: argparse.Namespace, _console: Console) -> Answer:
    with open_book(StationHome(arguments.home), SystemClock(), writer=True) as book:
        exported = export_bundle(book, book.header.box_key)
    try:
        write_secret(arguments.file, exported.content)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(arguments.file), path=arguments.file) from error
    data = {
        "out": str(arguments.file),
        "requests": exported.requests,
        "entries": exported.entries,
        "left": exported.left,
        "bytes": len(exported.content),
    }
    return Answer(data)


def _import(arguments: argparse.Namespace, _console: Console) -> Answer:
    untrusted = read_given(arguments.file, BUNDLE_BYTES_MAX)
    with open_book(StationHome(arguments.home), SystemClock(), writer=True) as book:
        imported = import_bundle(book, untrusted)
    feed = [
        {"number": item.number, "kind": item.kind.name.lower(), "text": item.text, "entry": item.entry}
        for item in imported.feed
    ]
    return Answer({"acknowledged": imported.acknowledged, "pending": imported.pending, "feed": feed})
