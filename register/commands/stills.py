"""`stills list` and `stills export`: what stations' cameras showed, masked, as files that any program opens."""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pollbook.commanding import Answer, Console, WrongUsage
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.parcels import ParcelKind
from pollbook.stills import Still, decode_still
from register.commands.opening import OpenRegister, moment, open_register
from register.store import parcels
from register.store.engine import Transaction
from register.store.parcels import ListedParcel

MANIFEST = "manifest.json"
_SHOWN_MAX = 50


@dataclass(frozen=True, slots=True)
class _Found:
    """A still with the parcel that brought it; `still` is None where the parcel holds none."""

    parcel: ListedParcel
    still: Still | None


def list_stills(arguments: argparse.Namespace, _console: Console) -> Answer:
    """List the stills that came, oldest first."""
    with open_register(arguments) as register, register.database.read() as connection:
        found = list(_wished(connection, register, arguments))
    rows = [_row(each.parcel, each.still) for each in found if each.still is not None]
    shown = [
        f"{row['precinct']}  {row['camera']}  {row['taken_at']}  {row['bytes']} bytes" for row in rows[-_SHOWN_MAX:]
    ]
    unreadable = sum(each.still is None for each in found)
    return Answer({"stills": rows, "unreadable": unreadable}, "\n".join([f"stills: {len(rows)}", *shown]))


def export_stills(arguments: argparse.Namespace, _console: Console) -> Answer:
    """A new folder holds the stills as JPEG files, a folder a precinct, and a manifest with the hash of each.

    Raises:
        WorldFailed: `OUT_EXISTS`; `STILLS_NONE`: none of this precinct and time came; `FILE_UNREADABLE`.
    """
    out: Path = arguments.out
    if out.exists() or out.is_symlink():
        raise WorldFailed(Failure.OUT_EXISTS, path=out)
    rows, unreadable = [], 0
    try:
        # Made beside it and named at the end: a folder that is there is whole.
        with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".stills-") as made:
            folder = Path(made) / "stills"
            folder.mkdir(mode=0o700)
            with open_register(arguments) as register, register.database.read() as connection:
                for each in _wished(connection, register, arguments):
                    if each.still is None:
                        unreadable += 1
                    else:
                        rows.append(_write(folder, each.parcel, each.still))
            if not rows:
                raise WorldFailed(Failure.STILLS_NONE)
            manifest = {"election": register.election.id, "stills": rows, "unreadable": unreadable}
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
            folder.rename(out)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=out) from error
    data = {"out": str(out), "stills": len(rows), "unreadable": unreadable, "manifest": str(out / MANIFEST)}
    return Answer(data, f"{len(rows)} stills in {out}")


def _wished(connection: Transaction, register: OpenRegister, arguments: argparse.Namespace) -> Iterator[_Found]:
    begins_s, ends_s = (_bound(text, register.election.zone) for text in (arguments.begins, arguments.ends))
    for parcel in parcels.whole_parcels(connection, ParcelKind.STILL, arguments.precinct):
        try:
            still = decode_still(parcels.content_of(connection, parcel.station_id, parcel.name))
        except InputInvalid:
            yield _Found(parcel, None)
            continue
        is_camera = arguments.camera is None or still.camera == arguments.camera
        if is_camera and (begins_s is None or begins_s <= still.at_s) and (ends_s is None or still.at_s < ends_s):
            yield _Found(parcel, still)


def _bound(untrusted: str | None, zone: str) -> float | None:
    if untrusted is None:
        return None
    try:
        found = datetime.fromisoformat(untrusted)
        return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(zone))).timestamp()
    except (ValueError, OverflowError) as error:
        raise WrongUsage(f"{untrusted}: a time is written 2026-12-20T10:00") from error


def _row(parcel: ListedParcel, still: Still) -> dict[str, object]:
    return {
        "parcel": parcel.name.hex(),
        "precinct": parcel.precinct,
        "book": parcel.book,
        "camera": still.camera,
        "taken_at": moment(still.at_s),
        "came_at": moment(parcel.began_at_s),
        "bytes": len(still.jpeg),
    }


def _write(folder: Path, parcel: ListedParcel, still: Still) -> dict[str, object]:
    """The file of one still; its name says whose and when, and never meets another's."""
    try:
        taken = datetime.fromtimestamp(still.at_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, OverflowError, OSError):  # a broken clock's time that no calendar has
        taken = str(still.at_s)
    place = folder / parcel.precinct
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / f"{still.camera}-{taken}-{parcel.name.hex()[:12]}.jpeg"
    with path.open("xb") as file:
        file.write(still.jpeg)
    sha256 = hashlib.sha256(still.jpeg).hexdigest()
    return {"file": f"{parcel.precinct}/{path.name}", **_row(parcel, still), "sha256": sha256}
