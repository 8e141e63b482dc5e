"""The mark that counts of each line, by voter; the books' own states are in `states`.

An ingest writes by book, this is written by voter, from what it stored: nothing here is known that the books' ledgers
do not say, and doing it twice changes nothing. The first mark that arrives counts; a later one of another book is kept
beside it as disputed, and counts once the first is voided.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, union_all, update
from sqlalchemy.dialects import sqlite

from pollbook.types import EntryNumber, LineId
from register.store import rows, states
from register.store.schema.ledgers import book, line_state
from register.store.schema.marks import disputed_mark, effective_mark
from register.store.schema.stations import OF_STATION
from register.store.statements import Statement, among, joined


@dataclass(frozen=True, slots=True)
class Kept:
    """The mark that counts of a line, and whose book's it is."""

    line: LineId
    station: int
    number: EntryNumber


def add(connection: Connection, station_id: int, marks: Mapping[LineId, EntryNumber]) -> list[Kept]:
    """Each of these marks of one book counts, unless another's does already; returns those others.

    The lines are taken in rising order, so that two books that mark the same ones wait for each other in one order.
    """
    ordered = sorted(marks.items())
    if not ordered or _insert(connection, station_id, ordered) == len(ordered):
        return []
    kept = _kept(connection, [line for line, _ in ordered])
    others = [each for each in kept if each.station != station_id]
    for own in kept:
        if own.station == station_id and own.number != marks[own.line]:
            same = effective_mark.c.line == own.line
            connection.execute(update(effective_mark).where(same).values(number=marks[own.line]))
    for other in others:
        _forget_disputed(connection, station_id, other.line)
        disputed = insert(disputed_mark).values(line=other.line, station=station_id, number=marks[other.line])
        connection.execute(disputed)
    return others


def remove(connection: Connection, station_id: int, lines: Iterable[LineId]) -> list[Kept]:
    """These lines have no mark of this book any more; where another book marked one too, that mark counts now.

    Returns the marks that are undisputed from here on: those whose only rivals these were.
    """
    settled: list[Kept] = []
    for line in sorted(lines):
        mine = (effective_mark.c.line == line) & (effective_mark.c.station == station_id)
        was_disputed = bool(_forget_disputed(connection, station_id, line))
        if connection.execute(delete(effective_mark).where(mine)).rowcount:
            waiting = select(disputed_mark).where(disputed_mark.c.line == line).order_by(disputed_mark.c.station)
            if (row := connection.execute(waiting.limit(1)).first()) is not None:
                was_disputed = True
                _forget_disputed(connection, row.station, line)
                connection.execute(insert(effective_mark).values(line=line, station=row.station, number=row.number))
        if was_disputed and len(left := marks_on(connection, line)) == 1:
            settled += [Kept(line, station, number) for station, number in left.items()]
    return settled


def tells_free(connection: Connection) -> bool:
    """Whether `add_free` may succeed on this store."""
    return connection.dialect.name == "postgresql"


def add_free(
    connection: Connection, station_id: int, lines: Sequence[int] | NDArray[Any], numbers: Sequence[int] | NDArray[Any]
) -> bool:
    """All these marks of one book count, where no line of them has a mark; False, and nothing done, where one has.

    On SQLite never, where looking out for other marks costs as little.
    """
    if not tells_free(connection):
        return False
    try:
        with connection.begin_nested():
            rows.add_effective_marks(connection, station_id, lines, numbers)
    except UniqueViolation:
        return False
    return True


def inherit(connection: Connection, old_station: int, new_station: int, last: int) -> None:
    """The old book's marks up to entry `last` are its successor's from here on."""
    states.write_out(connection, old_station)
    for table in (effective_mark, disputed_mark):
        theirs = (table.c.station == old_station) & (table.c.number <= last)
        connection.execute(update(table).where(theirs).values(station=new_station))


def marks_on(connection: Connection, line_id: LineId) -> dict[int, EntryNumber]:
    """The marks on this line by station, that which counts and the disputed ones."""
    found: dict[int, EntryNumber] = {}
    for table in (effective_mark, disputed_mark):
        for row in connection.execute(select(table).where(table.c.line == line_id)):
            found[row.station] = EntryNumber(row.number)
    return found


def disputed_lines(connection: Connection) -> list[LineId]:
    """Every line that more than one book marked."""
    query = select(disputed_mark.c.line).distinct().order_by(disputed_mark.c.line)
    return [LineId(each) for each in connection.execute(query).scalars()]


def prefer(connection: Connection, line_id: LineId, station_id: int) -> None:
    """The mark of this station's book counts, and that which did is disputed."""
    every = marks_on(connection, line_id)
    now = connection.execute(select(effective_mark.c.station).where(effective_mark.c.line == line_id)).scalar_one()
    if now == station_id:
        return
    _forget_disputed(connection, station_id, line_id)
    connection.execute(
        update(effective_mark)
        .where(effective_mark.c.line == line_id)
        .values(station=station_id, number=every[station_id])
    )
    connection.execute(insert(disputed_mark).values(line=line_id, station=now, number=every[now]))


def numbers_on(connection: Connection, station_id: int, lines: Collection[LineId]) -> dict[LineId, EntryNumber]:
    """The marks of one book on these lines, those that count and the disputed ones."""
    values = joined(connection, sorted(lines))
    rows = _NUMBERS.all(connection, station_id=station_id, lines=values) if lines else ()
    return {LineId(row.line): EntryNumber(row.number) for row in rows}


_NUMBERS = among(
    lambda lines: union_all(
        *(
            select(table.c.line, table.c.number).where(table.c.station == OF_STATION, table.c.line.in_(lines))
            for table in (effective_mark, disputed_mark)
        )
    )
)


def count(connection: Connection) -> int:
    """How many marks stand here, those that count and the disputed ones."""
    tables = (effective_mark, disputed_mark)
    return sum(int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in tables)


def marks_by_station(connection: Connection) -> dict[int, int]:
    """How many lines each station's book has marked."""
    with_rows = select(line_state.c.station).where(line_state.c.mark.is_not(None))
    plain = [
        select(table.c.station).where(
            ~exists().where(line_state.c.station == table.c.station, line_state.c.line == table.c.line)
        )
        for table in (effective_mark, disputed_mark)
    ]
    every = union_all(with_rows, *plain).subquery()
    query = select(every.c.station, func.count()).group_by(every.c.station)
    return {row[0]: row[1] for row in connection.execute(query)}


def effective_marks(connection: Connection) -> int:
    """How many lines are marked; one that two books marked counts once, and is an anomaly beside."""
    return int(connection.execute(select(func.count()).select_from(effective_mark)).scalar_one())


def are_complete(connection: Connection) -> bool:
    """Whether every stored entry's effect stands here; False while some wait to be brought here."""
    behind = select(book.c.station).where(book.c.adjudicated < book.c.acknowledged).limit(1)
    return connection.execute(behind).first() is None


def _insert(connection: Connection, station_id: int, ordered: Sequence[tuple[LineId, EntryNumber]]) -> int:
    """Insert those whose line has no mark yet; returns how many.

    Almost always that is all of them: copied in one go, they cost half of what looking out for others does. The
    statement that looks out names no column: where partitions lie on other nodes, only they have the key.
    """
    if connection.dialect.name == "postgresql":
        if add_free(connection, station_id, *zip(*ordered, strict=True)):
            return len(ordered)
        lines = ",".join(str(line) for line, _ in ordered)
        numbers = ",".join(str(number) for _, number in ordered)
        statement = (
            "INSERT INTO effective_mark (line, station, number)"
            " SELECT line, %s, number FROM unnest(%s::bigint[], %s::integer[]) AS new (line, number)"
            " ON CONFLICT DO NOTHING"
        )
        return connection.exec_driver_sql(statement, (station_id, f"{{{lines}}}", f"{{{numbers}}}")).rowcount
    new = [{"line": line, "station": station_id, "number": number} for line, number in ordered]
    return _ADD_NEW.run_many(connection, new)


_ADD_NEW = Statement(sqlite.insert(effective_mark).on_conflict_do_nothing(), ("line", "station", "number"))


def _kept(connection: Connection, lines: Sequence[LineId]) -> list[Kept]:
    rows = _KEPT.all(connection, lines=joined(connection, lines))
    return [Kept(LineId(row.line), row.station, EntryNumber(row.number)) for row in rows]


_KEPT = among(
    lambda lines: select(effective_mark).where(effective_mark.c.line.in_(lines)).order_by(effective_mark.c.line)
)


def _forget_disputed(connection: Connection, station_id: int, line: LineId) -> int:
    return _FORGET_DISPUTED.run(connection, of_line=line, station_id=station_id)


_FORGET_DISPUTED = Statement(
    delete(disputed_mark).where(disputed_mark.c.line == bindparam("of_line"), disputed_mark.c.station == OF_STATION)
)
