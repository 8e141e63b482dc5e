"""`parcels list` and `parcels read`: what stations sent besides their ledgers."""

from __future__ import annotations

import argparse

from pollbook.commanding import Answer, Console
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from register.commands.opening import moment, open_register
from register.store import parcels
from register.store.parcels import ListedParcel

_SHOWN_MAX = 50
_NAME_LETTERS_MIN = 8


def list_parcels(arguments: argparse.Namespace, _console: Console) -> Answer:
    """List every parcel, oldest first."""
    with open_register(arguments) as register, register.database.read() as connection:
        every = parcels.all_parcels(connection)
    rows = [
        {
            "parcel": each.name.hex(),
            "kind": each.kind.name.lower(),
            "book": each.book,
            "precinct": each.precinct,
            "bytes": each.size,
            "complete": each.acknowledged == each.size,
            "at": moment(each.began_at_s),
        }
        for each in every
    ]
    shown = [f"{row['parcel']}  {row['kind']}  {row['precinct']}  {row['bytes']} bytes" for row in rows[-_SHOWN_MAX:]]
    return Answer({"parcels": rows}, "\n".join([f"parcels: {len(rows)}", *shown]))


def read_parcel(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Write a parcel's content to a file.

    Raises:
        WorldFailed: `PARCEL_UNKNOWN`: none has this name, several have, or not all of it has come.
    """
    with open_register(arguments) as register, register.database.read() as connection:
        parcel = _named(parcels.all_parcels(connection), arguments.parcel)
        content = parcels.content_of(connection, parcel.station_id, parcel.name)
    try:
        write_secret(arguments.out, content)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=arguments.out) from error
    data = {"parcel": parcel.name.hex(), "kind": parcel.kind.name.lower(), "bytes": len(content)}
    return Answer({**data, "out": str(arguments.out)}, f"{len(content)} bytes in {arguments.out}")


def _named(every: list[ListedParcel], untrusted_name: str) -> ListedParcel:
    wanted = untrusted_name.strip().lower()
    found = [each for each in every if each.name.hex().startswith(wanted)]
    if len(wanted) < _NAME_LETTERS_MIN or len(found) != 1 or found[0].acknowledged != found[0].size:
        raise WorldFailed(Failure.PARCEL_UNKNOWN, untrusted_name[:64], found=untrusted_name[:64])
    return found[0]
