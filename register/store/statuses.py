"""Which lines each book is still to be told of, and which books look at lines that are no longer theirs.

What is told of a line is looked up when it is told, so that a line that changed thrice between two syncs is told once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Insert, Table, bindparam, delete, select, text
from sqlalchemy.dialects import postgresql, sqlite

from pollbook.types import LineId, PrecinctCode
from register.store.custody import Holding, holding_in
from register.store.schema.lists import line
from register.store.schema.marks import custody, effective_mark, status_due, status_watch
from register.store.statements import Statement, among, joined


def make_due(connection: Connection, station_id: int, lines: Iterable[LineId]) -> None:
    """The station is to be told of these lines; of one that waits already, once."""
    rising = sorted(set(lines))
    if rising and connection.dialect.name == "postgresql":  # one value, however many lines
        literal = "{" + ",".join(map(str, rising)) + "}"
        connection.execute(_MAKE_DUE, {"station_id": station_id, "lines": literal})
    elif rising:
        rows = [{"station": station_id, "line": each} for each in rising]
        _ADD_DUE.run_many(connection, rows)


_ADD_DUE = Statement(sqlite.insert(status_due).on_conflict_do_nothing(), ("station", "line"))
_MAKE_DUE = text(
    "INSERT INTO status_due (station, line) SELECT :station_id, unnest(CAST(:lines AS bigint[])) ON CONFLICT DO NOTHING"
)


def take_due(connection: Connection, station_id: int, lines_max: int) -> list[LineId]:
    """Up to `lines_max` lines of which the station is to be told; they wait no longer."""
    lines = [LineId(row.line) for row in _DUE.all(connection, station_id=station_id, lines_max=lines_max)]
    if lines:
        _NO_LONGER_DUE.run(connection, station_id=station_id, lines=joined(connection, lines))
    return lines


_DUE = Statement(
    select(status_due.c.line)
    .where(status_due.c.station == bindparam("station_id"))
    .order_by(status_due.c.line)
    .limit(bindparam("lines_max"))
)
_NO_LONGER_DUE = among(
    lambda lines: delete(status_due).where(
        status_due.c.station == bindparam("station_id"), status_due.c.line.in_(lines)
    )
)
_WATCHERS = among(lambda lines: select(status_watch).where(status_watch.c.line.in_(lines)))
_PRECINCTS = among(lambda lines: select(line.c.id, line.c.precinct).where(line.c.id.in_(lines)))
_MARKED_BY = among(
    lambda lines: select(effective_mark.c.line, effective_mark.c.station).where(effective_mark.c.line.in_(lines))
)
_HOLDINGS = among(lambda lines: select(custody).where(custody.c.line.in_(lines)))


def watch(connection: Connection, station_id: int, lines: Iterable[LineId]) -> None:
    """The station, which let these lines of another precinct go, is told of them from here on."""
    rows = [{"line": each, "station": station_id} for each in sorted(set(lines))]
    if rows:
        connection.execute(_kept_once(connection, status_watch), rows)


def watchers(connection: Connection, lines: Sequence[LineId]) -> dict[int, list[LineId]]:
    """Which of these lines each station watches."""
    found: dict[int, list[LineId]] = {}
    for row in _WATCHERS.all(connection, lines=joined(connection, lines)) if lines else ():
        found.setdefault(row.station, []).append(LineId(row.line))
    return found


def precincts_of(connection: Connection, lines: Sequence[LineId]) -> dict[LineId, PrecinctCode]:
    """In which precinct's list each line stands; a line that no list has is left out."""
    rows = _PRECINCTS.all(connection, lines=joined(connection, lines)) if lines else ()
    return {LineId(row.id): PrecinctCode(row.precinct) for row in rows}


def marked_by(connection: Connection, lines: Sequence[LineId]) -> dict[LineId, int]:
    """The station whose mark of the line counts, for those that have one."""
    rows = _MARKED_BY.all(connection, lines=joined(connection, lines)) if lines else ()
    return {LineId(row.line): row.station for row in rows}


def holdings(connection: Connection, lines: Sequence[LineId]) -> dict[LineId, Holding]:
    """Where those of the lines are that have ever moved, only to look at."""
    rows = _HOLDINGS.all(connection, lines=joined(connection, lines)) if lines else ()
    return {LineId(row.line): holding_in(row) for row in rows}


def changed_lines(connection: Connection, precinct: PrecinctCode) -> list[LineId]:
    """The precinct's lines that are marked or have moved."""
    has_mark = select(effective_mark.c.line).where(effective_mark.c.line == line.c.id).exists()
    has_moved = select(custody.c.line).where(custody.c.line == line.c.id).exists()
    query = select(line.c.id).where(line.c.precinct == precinct, has_mark | has_moved).order_by(line.c.id)
    return [LineId(each) for each in connection.execute(query).scalars()]


def _kept_once(connection: Connection, table: Table) -> Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
