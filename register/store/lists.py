"""The lists in the store: loading one within a transaction, its duplicates, and the counts of precincts.

A load is `begin_load`, `add_lines` for each chunk, `finish_load`; all three in one transaction, so that a load that
is broken off anywhere leaves nothing. Indexes that the load would have to keep up row by row are dropped first where
the list is large against what is there, and made again at the end, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    update,
)

from register.store import line_loading
from register.store.line_loading import BY_ID, BY_PINFL, BY_PLACE
from register.store.schema.lists import LinePlace, held_back, import_run, line, precinct
from register.store.schema.stations import station
from register.voter_rows import Reason, VoterRow

_LOADED = 0
"""The place of a line between its load and the end of the load, where the register had lines before."""
_ACTIVE: ColumnElement[int] = literal_column(str(int(LinePlace.ACTIVE)))
"""Written out, since SQLite uses a partial index only where the statement itself says what it holds."""
_REBUILD_FROM = 4
"""Indexes are made anew unless the register holds this many times the lines that come in."""
_ROWS_AT_ONCE = 2000
"""Fetched from a cursor: a file may be wrong in every row, and the import's memory does not grow with it."""

Remark = Callable[[int, Reason], None]
"""Told of a row of the file, by its number, that it was held back or refused."""


@dataclass(frozen=True, slots=True)
class Load:
    """A load under way."""

    run: int
    last_seq: int
    is_first: bool
    dropped: tuple[int, ...]
    place: int
    version: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load came to: how many lines are in place, and how many were held back."""

    imported: int
    held_back: int


@dataclass(frozen=True, slots=True)
class PrecinctCount:
    """A precinct's lines as loaded, and as the official totals have them (None: they do not name it)."""

    code: str
    loaded: int
    official: int | None
    is_accepted: bool

    @property
    def differs(self) -> bool:
        """Whether the two counts differ and nobody accepted it."""
        return self.loaded != self.official and not self.is_accepted


def is_imported(connection: Connection, sha256: bytes) -> bool:
    """Whether a file with this hash was imported before."""
    return connection.execute(select(import_run.c.id).where(import_run.c.sha256 == sha256)).first() is not None


def begin_load(connection: Connection, sha256: bytes, at_s: int, rows_expected: int) -> Load:
    """A load to which `add_lines` may add."""
    run = connection.execute(insert(import_run).values(sha256=sha256, at_s=at_s)).inserted_primary_key
    assert run is not None  # noqa: S101 - an autoincremented key
    last_seq = connection.execute(select(func.coalesce(func.max(line.c.seq), 0))).scalar_one()
    version = next_version(connection)
    is_first = last_seq == 0
    if is_first:
        dropped: tuple[int, ...] = (BY_ID, BY_PLACE, BY_PINFL)
    else:
        dropped = (BY_ID, BY_PLACE) if last_seq < _REBUILD_FROM * rows_expected else ()
    line_loading.drop_indexes(connection, dropped)
    place = int(LinePlace.ACTIVE) if is_first else _LOADED
    return Load(run[0], last_seq, is_first, dropped, place, version)


def add_lines(connection: Connection, load: Load, rows: Sequence[tuple[int, VoterRow]]) -> None:
    """Add rows with their numbers in the file; each gets a random line id."""
    if rows:
        line_loading.load_rows(connection, rows, load.run, load.place, load.version)


def finish_load(connection: Connection, load: Load, remark: Remark) -> Loaded:
    """The loaded lines are in place or held back, indexed and counted; refused rows are gone; `remark` was told both.

    Refused rows are told as `PLACE_TWICE`, by number, before the held-back ones.
    """
    line_loading.create_indexes(connection, [index for index in load.dropped if index != BY_PINFL])
    line_loading.check_ids(connection)
    new = line.c.seq > load.last_seq
    _refuse_same_place(connection, load, new, remark)
    _hold_back(connection, load, new)
    if not load.is_first:
        loaded = and_(new, line.c.place == _LOADED)
        connection.execute(update(line).where(loaded).values(place=LinePlace.ACTIVE))
    line_loading.create_indexes(connection, [index for index in load.dropped if index == BY_PINFL])
    if load.dropped:
        line_loading.note_sizes(connection)
    version = connection.execute(select(line.c.since_version).where(new).limit(1)).scalar()
    counts = connection.execute(select(line.c.precinct, func.count()).where(new).group_by(line.c.precinct)).all()
    for code, count in counts:
        _count_precinct(connection, code, count, version or 1)
    held = 0
    query = (
        select(line.c.source_row, held_back.c.reason)
        .join(line, held_back.c.seq == line.c.seq)
        .where(held_back.c.seq > load.last_seq)
        .order_by(held_back.c.seq)
    )
    for row in _streamed(connection, query):
        held += 1
        remark(row.source_row, Reason(row.reason))
    return Loaded(sum(count for _, count in counts) - held, held)


def note_load(connection: Connection, load: Load, loaded: Loaded, rejected: int, report: str) -> None:
    """Keep what the load came to."""
    counts = {"imported": loaded.imported, "held_back": loaded.held_back, "rejected": rejected}
    connection.execute(update(import_run).where(import_run.c.id == load.run).values(**counts, report=report))


def next_version(connection: Connection) -> int:
    """The number of the next change to any list: one up with each, so that a slice can say which it has seen."""
    newest = select(func.coalesce(func.max(precinct.c.version), 0))
    return int(connection.execute(newest).scalar_one()) + 1


def set_totals(connection: Connection, totals: Mapping[str, int]) -> None:
    """Keep the official totals; a precinct that only they name stands with no lines, which is a difference."""
    known = set(connection.execute(select(precinct.c.code)).scalars())
    new = [code for code in totals if code not in known]
    if new:
        rows = [{"code": code, "name": code, "version": 0, "loaded": 0} for code in new]
        connection.execute(insert(precinct), rows)
    if totals:
        change = update(precinct).where(precinct.c.code == bindparam("precinct_code"))
        changes = [{"precinct_code": code, "voters": voters} for code, voters in totals.items()]
        connection.execute(change.values(official=bindparam("voters")), changes)


def name_precincts(connection: Connection, district_names: Mapping[str, str]) -> None:
    """Give precincts that have no name yet their district's; a list names none."""
    nameless = connection.execute(select(precinct.c.code).where(precinct.c.name == precinct.c.code)).scalars().all()
    for code in nameless:
        of_precinct = select(line.c.district_soato).where(line.c.precinct == code).limit(1)
        soato = connection.execute(of_precinct).scalar() or ""
        if soato in district_names:
            change = update(precinct).where(precinct.c.code == code)
            connection.execute(change.values(name=f"{code}, {district_names[soato]}"))


def precinct_counts(connection: Connection) -> Iterator[PrecinctCount]:
    """The counts of all precincts by code, as they are read."""
    for row in _streamed(connection, select(precinct).order_by(precinct.c.code)):
        yield _count_of(row)


def precinct_count(connection: Connection, code: str) -> PrecinctCount | None:
    """The counts of one precinct, None where the register has none of this code."""
    row = connection.execute(select(precinct).where(precinct.c.code == code)).first()
    return _count_of(row) if row is not None else None


def precincts_beyond(connection: Connection, lines_max: int) -> Iterator[PrecinctCount]:
    """The precincts with more lines in place than a slice may hold, by code."""
    in_place = select(line.c.precinct).where(line.c.place == LinePlace.ACTIVE)
    beyond = in_place.group_by(line.c.precinct).having(func.count() > lines_max)
    large = precinct.c.loaded > lines_max  # few are, and only their lines need be counted
    counted = beyond.where(line.c.precinct.in_(select(precinct.c.code).where(large)))
    query = select(precinct).where(precinct.c.code.in_(counted)).order_by(precinct.c.code)
    for row in _streamed(connection, query):
        yield _count_of(row)


def differs(connection: Connection, count: PrecinctCount, *, training: bool) -> bool:
    """Whether the precinct's count keeps its slice from being issued.

    A training election that was given no totals at all has nothing to compare with; a real one must have them.
    """
    if training and count.official is None and not _has_totals(connection):
        return False
    return count.differs


def differing_counts(connection: Connection, *, training: bool) -> Iterator[PrecinctCount]:
    """The precincts that `differs` holds for, by code."""
    nothing_to_compare = training and not _has_totals(connection)
    for count in precinct_counts(connection):
        if count.differs and not (nothing_to_compare and count.official is None):
            yield count


def has_lines(connection: Connection) -> bool:
    """Whether any list was imported."""
    return connection.execute(select(line.c.seq).limit(1)).first() is not None


def active_lines(connection: Connection, code: str | None = None) -> int:
    """How many lines are in place, in all or in one precinct."""
    query = select(func.count()).where(line.c.place == LinePlace.ACTIVE)
    if code is not None:
        query = query.where(line.c.precinct == code)
    return int(connection.execute(query).scalar_one())


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    """The rows of the query, of which only a few are held at a time."""
    yield from connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE))


def _has_totals(connection: Connection) -> bool:
    return (
        connection.execute(select(precinct.c.code).where(precinct.c.official.is_not(None)).limit(1)).first() is not None
    )


def _count_of(row: Row[Any]) -> PrecinctCount:
    is_accepted = row.accepted_loaded == row.loaded and row.accepted_official == (row.official or 0)
    return PrecinctCount(row.code, row.loaded, row.official, is_accepted=is_accepted)


def _refuse_same_place(connection: Connection, load: Load, new: ColumnElement[bool], remark: Remark) -> None:
    """Remove loaded rows whose page and row another line has: two voters would sign in one place."""
    places = (line.c.precinct, line.c.page, line.c.row)
    concerned = true() if load.is_first else line.c.precinct.in_(select(line.c.precinct).where(new).distinct())
    first = func.min(line.c.seq).label("first")
    twice = select(*places, first).where(concerned).group_by(*places).having(func.count() > 1).subquery()
    same = and_(*(column == twice.c[column.name] for column in places))
    later = select(line.c.seq, line.c.source_row).join(twice, same).where(new, line.c.seq != twice.c.first)
    any_later = False
    for row in _streamed(connection, later.order_by(line.c.seq)):
        any_later = True
        remark(row.source_row, Reason.PLACE_TWICE)
    if any_later:
        # The same once more, by a window: PostgreSQL expects hardly a row of the join, and would walk through all of
        # them for each line.
        ranked = select(
            line.c.seq, new.label("is_new"), func.min(line.c.seq).over(partition_by=places).label("first")
        ).where(concerned)
        placed = ranked.subquery()
        refused = select(placed.c.seq).where(placed.c.is_new, placed.c.seq != placed.c.first)
        connection.execute(delete(line).where(line.c.seq.in_(refused)))


def _hold_back(connection: Connection, load: Load, new: ColumnElement[bool]) -> None:
    """Hold back the lines without a PINFL, and those whose PINFL stands twice (custody rule 1).

    A line that a station was issued already cannot be taken back here; then only the newcomer is held back.
    """
    columns = ["seq", "pinfl", "reason"]
    without = select(line.c.seq, line.c.pinfl, literal(Reason.NO_PINFL.value)).where(new, line.c.pinfl.is_(None))
    connection.execute(insert(held_back).from_select(columns, without))
    among_new = (
        select(line.c.pinfl).where(new, line.c.pinfl.is_not(None)).group_by(line.c.pinfl).having(func.count() > 1)
    )
    twice = [new & line.c.pinfl.in_(among_new)]
    if not load.is_first:
        before = line.alias("before")
        is_active = and_(before.c.pinfl == line.c.pinfl, before.c.place == _ACTIVE)
        newcomer = exists().where(is_active) | exists().where(held_back.c.pinfl == line.c.pinfl)
        unissued = ~exists().where(
            station.c.precinct == line.c.precinct, station.c.list_version >= line.c.since_version
        )
        of_new = select(line.c.pinfl).where(new, line.c.pinfl.is_not(None))
        # The newcomers last: their test looks at the lines that stand, and those of before must not be lost to it.
        twice += [(line.c.place == _ACTIVE) & line.c.pinfl.in_(of_new) & unissued, new & newcomer]
    for condition in twice:
        same = select(line.c.seq, line.c.pinfl, literal(Reason.PINFL_TWICE.value)).where(
            condition, ~exists().where(held_back.c.seq == line.c.seq)
        )
        connection.execute(insert(held_back).from_select(columns, same))
    waiting = select(held_back.c.seq).where(held_back.c.decision.is_(None))
    connection.execute(update(line).where(line.c.seq.in_(waiting)).values(place=LinePlace.HELD_BACK))


def _count_precinct(connection: Connection, code: str, count: int, version: int) -> None:
    change = update(precinct).where(precinct.c.code == code)
    changed = connection.execute(change.values(loaded=precinct.c.loaded + count, version=version))
    if not changed.rowcount:
        connection.execute(insert(precinct).values(code=code, name=code, version=version, loaded=count))
