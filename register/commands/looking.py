"""`status`, `line` and `check`: what the register knows, and whether it holds together."""

from __future__ import annotations

import argparse
from dataclasses import replace

from pollbook.camera_health import LIGHTS
from pollbook.commanding import Answer, Console
from pollbook.failures import Exit, Failure, WorldFailed
from pollbook.types import line_text
from register.authority import load_keys
from register.centre import Centre
from register.checking import Fault, check_register
from register.commands.opening import OpenRegister, moment, open_register
from register.commands.voters import differing
from register.disputes import listed_anomalies
from register.log import log_of
from register.log_checking import check_log
from register.standing import holder, standing
from register.store import books, decisions, lists, marks, stations, voters
from register.store.camera_health import KeptHealth, all_health
from register.store.engine import Transaction
from register.store.holders import where_is
from register.store.schema.lists import LinePlace
from register.store.stations import Station
from register.store.voters import LineRecord

_SHOWN_MAX = 50
"""Stations, anomalies and waiting lines listed on the screen; the JSON answer has them all."""


def status(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Tell turnout, stations, what waits and what is wrong."""
    with open_register(arguments) as register:
        data = _status(register)
    return Answer(data, _status_text(data))


def line(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Tell one voter's line: its state, its holder, and what befell it."""
    with open_register(arguments) as register, register.database.read() as connection:
        found = voters.lines_with_pinfl(connection, arguments.pinfl)
        if not found:
            raise WorldFailed(Failure.UNKNOWN_VOTER)
        record = found[0]
        held_by = voters.stations_with(connection, record) if record.place is LinePlace.ACTIVE else []
        visited = voters.stations_visited(connection, record, held_by)
        events, states = voters.history(connection, record, held_by, visited)
        held_now = _held_now(connection, record, held_by)
    custody = [
        {
            "event": event.event,
            "book": event.book,
            "at": moment(event.at_s),
            **({"entry": event.entry} if event.entry else {}),
            **({"channel": event.channel} if event.channel else {}),
            **({"quarantined": event.quarantined} if event.quarantined else {}),
        }
        for event in events
    ]
    place = {"precinct": record.precinct, "page": record.page, "row": record.row}
    told = {"state": standing(record, states), **held_now}
    return Answer({"line": line_text(record.line), **place, **told, "custody": custody})


def _held_now(connection: Transaction, record: LineRecord, held_by: list[Station]) -> dict[str, str | None]:
    """The book that holds the line now, `register` where that is the register; and to whom it is on its way."""
    held = where_is(connection, record.line) if record.place is LinePlace.ACTIVE else None
    if held is None or held.holding is None:  # it never moved
        issued = holder(held_by)
        return {"holder": str(issued.book) if issued else None}
    if held.receiver is not None:
        return {"holder": None, "on_its_way_to": str(held.receiver)}
    return {"holder": "register" if held.station is None else str(held.station.book)}


def check(arguments: argparse.Namespace, console: Console) -> Answer:
    """Prove the register."""
    with open_register(arguments) as register, register.database.read() as connection:
        keys = load_keys(register.home)
        checked = check_register(connection, Centre(register.election, keys))
        log = check_log(connection, log_of(register.election.id, keys.key))
    checked = replace(checked, faults=(*checked.faults, *(Fault("log", what) for what in log.faults)))
    faults = [{"where": fault.where, "what": fault.what} for fault in checked.faults]
    for fault in checked.faults:
        console.tell_failure(Failure.LEDGER_BROKEN, {"book": fault.where}, f"{fault.where}: {fault.what}")
    counts = {"entries": checked.entries, "books": checked.books, "decisions": checked.decisions}
    counts |= {"leaves": log.leaves, "heads": log.heads}
    text = f"{checked.entries} entries of {checked.books} books, {log.leaves} leaves under {log.heads} heads: " + (
        "all holds" if not faults else "NOT all holds"
    )
    return Answer({"ok": not faults, **counts, "faults": faults}, text, Exit.FAULT if faults else Exit.DONE)


def _status(register: OpenRegister) -> dict[str, object]:
    with register.database.read() as connection:
        marked = marks.marks_by_station(connection)
        rows: list[dict[str, object]] = []
        told = all_health(connection)
        for station in stations.all_stations(connection):
            record = books.load_book(connection, station.id)
            rows.append(
                {
                    "precinct": station.precinct,
                    "desk": station.desk,
                    "book": str(station.book),
                    "lines": station.line_count,
                    "entries": record.head.number,
                    "acknowledged": record.head.number,
                    "pending": record.pending,
                    "marks": marked.get(station.id, 0),
                    "last_heard_at": moment(record.last_heard_at_s),
                    "software": record.software,
                    "revoked": station.revoked_at_s is not None,
                    "quarantined": record.forked,
                    **({"cameras": _cameras(told[station.id])} if station.id in told else {}),
                }
            )
        waiting = decisions.waiting_places(connection)
        return {
            "election": register.election.id,
            "training": register.election.training,
            "marks": marks.effective_marks(connection),
            "lines": lists.active_lines(connection),
            "held_back": len(waiting),
            "stations": rows,
            "cameras_in_alarm": _in_alarm(rows),
            "anomalies": [
                {
                    "kind": each.found.kind,
                    "book": each.found.book,
                    "entry": each.found.entry,
                    "at": moment(each.found.at_s),
                    "settled": each.is_settled,
                    **({"lines": [line_text(line) for line in each.lines]} if each.lines else {}),
                }
                for each in listed_anomalies(connection)
            ],
            "totals": [
                differing(count) for count in lists.precinct_counts(connection) if count.loaded != count.official
            ],
            "waiting": [{"place": str(each.place), "reason": each.reason, "group": each.group} for each in waiting],
        }


def _cameras(kept: KeptHealth) -> dict[str, object]:
    """How a station's cameras are, since when by its own clock; none listed: none runs."""
    cameras = [
        {
            "camera": each.camera,
            "light": LIGHTS[each.light],
            "alarms": {alarm: moment(since_s) for alarm, since_s in each.alarms.items()},
        }
        for each in kept.health.cameras
    ]
    return {"told_at": moment(kept.health.at_s), "came_at": moment(kept.came_at_s), "cameras": cameras}


def _in_alarm(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Every alarm of every camera, the longest first."""
    found = [
        {"precinct": row["precinct"], "desk": row["desk"], "camera": each["camera"], "alarm": alarm, "since": since}
        for row in rows
        if isinstance(told := row.get("cameras"), dict)
        for each in told["cameras"]
        for alarm, since in each["alarms"].items()
    ]
    return sorted(found, key=lambda each: str(each["since"]))


def _status_text(data: dict[str, object]) -> str:
    texts = [f"{key}: {data[key]}" for key in ("election", "lines", "marks", "held_back")]
    for key in ("stations", "cameras_in_alarm", "anomalies", "totals", "waiting"):
        rows = data[key]
        assert isinstance(rows, list)  # noqa: S101 - made by `_status`
        texts.append(f"{key}: {len(rows)}")
        texts += [
            "  " + "  ".join(f"{name}={value}" for name, value in row.items() if name != "cameras")
            for row in rows[:_SHOWN_MAX]
        ]
    # What a station says of itself must not move the cursor of whoever looks.
    return "\n".join("".join(sign if sign.isprintable() else "?" for sign in text) for text in texts)
