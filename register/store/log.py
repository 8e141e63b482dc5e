"""The log of accepted entries in the store: what waits for it, its leaves' places, its tiles and its signed heads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from pollbook.merkle import HASH_BYTES, TILE_WIDTH, Frontier, Hashes, Stored
from pollbook.types import BookName, DeviceId, EntryNumber
from register.store.schema.centre import log_book, log_head, log_run, log_state, log_tile, own_entry, own_head
from register.store.schema.ledgers import book, entry
from register.store.schema.stations import station

OWN = 0
"""In a station's place: the register's own ledger."""
_TILES_KEPT = 512
"""Of a reader, 4 MiB; a proof looks into a dozen."""


@dataclass(frozen=True, slots=True)
class LogState:
    """Where the log stands, and the last quarter of an hour in which a head was published or would have been."""

    frontier: Frontier
    quarter: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Accepted entries of one book that are not in the log yet."""

    station_id: int
    book: BookName
    first: EntryNumber
    last: EntryNumber
    start: EntryNumber


@dataclass(frozen=True, slots=True)
class Run:
    """The leaves from `first` (from 0) on are `length` entries of one book, from `number` on.

    The book's ledger begins after `start`.
    """

    first: int
    station_id: int
    book: BookName
    number: EntryNumber
    length: int
    start: EntryNumber


@dataclass(frozen=True, slots=True)
class KeptHead:
    """A published head: the tree's size, the quarter of an hour since 1970, and the signed note."""

    size: int
    quarter: int
    note: bytes


def hold_log(connection: Connection) -> LogState:
    """The log's state; until the transaction ends nobody else appends."""
    return _state(connection, is_held=True)


def log_state_of(connection: Connection) -> LogState:
    """The log's state, as far as this transaction sees it."""
    return _state(connection, is_held=False)


def save_log(connection: Connection, state: LogState) -> None:
    """Keep the log's state."""
    values = {"size": state.frontier.size, "frontier": b"".join(state.frontier.hashes), "quarter": state.quarter}
    connection.execute(update(log_state).where(log_state.c.id == 1).values(values))


def waiting(connection: Connection, own: BookName, books_max: int) -> list[Waiting]:
    """What waits for the log: of the register's own ledger, whose name is `own`, and of at most `books_max` books.

    Books stand in the order in which the first entry of each came.
    """
    logged = _logged()
    query = (
        select(
            book.c.station,
            station.c.device,
            station.c.epoch,
            logged.label("logged"),
            book.c.acknowledged,
            station.c.start_number,
        )
        .select_from(book)
        .join(station, station.c.id == book.c.station)
        .outerjoin(log_book, log_book.c.station == book.c.station)
        .join(entry, (entry.c.station == book.c.station) & (entry.c.number == logged + 1))
        .where(book.c.acknowledged > logged)
        .order_by(entry.c.received_at_s, book.c.station)
        .limit(books_max)
    )
    logged_here, newest = _own_logged(connection), _own_newest(connection)
    ours = [Waiting(OWN, own, EntryNumber(logged_here + 1), EntryNumber(newest), EntryNumber(0))]
    return ours * (newest > logged_here) + [
        Waiting(
            row.station,
            BookName(DeviceId(bytes(row.device)), row.epoch),
            EntryNumber(row.logged + 1),
            EntryNumber(row.acknowledged),
            EntryNumber(row.start_number),
        )
        for row in connection.execute(query)
    ]


def count_waiting(connection: Connection) -> int:
    """How many accepted entries are not in the log yet."""
    logged = _logged()
    query = (
        select(func.coalesce(func.sum(book.c.acknowledged - logged), 0))
        .select_from(book)
        .join(station, station.c.id == book.c.station)
        .outerjoin(log_book, log_book.c.station == book.c.station)
        .where(book.c.acknowledged > logged)
    )
    return int(connection.execute(query).scalar_one()) + _own_newest(connection) - _own_logged(connection)


def accepted_entries(connection: Connection, station_id: int, first: int, last: int) -> list[bytes]:
    """The stored entries of a book, or of the register itself (`OWN`), from `first` to `last` in order."""
    if station_id == OWN:
        ours = select(own_entry.c.bytes).where(own_entry.c.number.between(first, last)).order_by(own_entry.c.number)
        return [bytes(content) for content in connection.execute(ours).scalars()]
    query = (
        select(entry.c.bytes)
        .where(entry.c.station == station_id, entry.c.number.between(first, last))
        .order_by(entry.c.number)
    )
    return [bytes(content) for content in connection.execute(query).scalars()]


def add_run(connection: Connection, run: Run) -> None:
    """The entries of this run have their places in the log."""
    connection.execute(
        insert(log_run).values(first=run.first, station=run.station_id, number=run.number, length=run.length)
    )
    logged = run.number + run.length - 1
    same = log_book.c.station == run.station_id
    if not connection.execute(update(log_book).where(same).values(logged=logged)).rowcount:
        connection.execute(insert(log_book).values(station=run.station_id, logged=logged))


def runs(connection: Connection, own: BookName, first: int = 0) -> Iterator[Run]:
    """All runs in the log's order, from the one on that holds leaf `first`; `own` is the register's own name."""
    begin = select(func.coalesce(func.max(log_run.c.first), 0)).where(log_run.c.first <= first).scalar_subquery()
    query = (
        select(log_run, station.c.device, station.c.epoch, station.c.start_number)
        .outerjoin(station, station.c.id == log_run.c.station)
        .where(log_run.c.first >= begin)
        .order_by(log_run.c.first)
    )
    for row in connection.execute(query):
        name = own if row.station == OWN else BookName(DeviceId(bytes(row.device)), row.epoch)
        start = EntryNumber(row.start_number or 0)
        yield Run(row.first, row.station, name, EntryNumber(row.number), row.length, start)


def logged_of(connection: Connection) -> dict[int, int]:
    """How far each station's entries are in the log."""
    return {row.station: row.logged for row in connection.execute(select(log_book))}


def leaf_of(connection: Connection, station_id: int, number: int) -> int | None:
    """The place from 0 of an entry in the log, None where it has none."""
    query = (
        select(log_run)
        .where(log_run.c.station == station_id, log_run.c.number <= number)
        .order_by(log_run.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None or number >= row.number + row.length:
        return None
    return int(row.first + number - row.number)


def add_hashes(connection: Connection, stored: Iterable[Stored]) -> None:
    """Keep new hashes of the tree in their tiles; `stored` is in the order in which `merkle.append` gives them."""
    ordered = sorted(stored, key=lambda each: (each.level, each.place))
    for (level, place), group in groupby(ordered, key=lambda each: (each.level, each.place // TILE_WIDTH)):
        new = list(group)
        joined = b"".join(each.hash for each in new)
        begin = new[0].place % TILE_WIDTH
        if begin == 0:
            connection.execute(insert(log_tile).values(level=level, place=place, hashes=joined))
            continue
        same = (log_tile.c.level == level) & (log_tile.c.place == place)
        before = bytes(connection.execute(select(log_tile.c.hashes).where(same)).scalar_one())
        connection.execute(update(log_tile).where(same).values(hashes=before[: begin * HASH_BYTES] + joined))


def tile(connection: Connection, level: int, place: int) -> bytes:
    """The hashes of a tile, none where it is not there."""
    query = select(log_tile.c.hashes).where(log_tile.c.level == level, log_tile.c.place == place)
    found = connection.execute(query).scalar_one_or_none()
    return b"" if found is None else bytes(found)


def count_tiles(connection: Connection) -> int:
    """How many tiles there are."""
    return int(connection.execute(select(func.count()).select_from(log_tile)).scalar_one())


def hashes_of(connection: Connection) -> Hashes:
    """Reads the stored hashes for proofs, each tile once.

    Raises:
        LookupError: From the reader, where the tiles do not hold what is asked for.
    """
    kept: dict[tuple[int, int], bytes] = {}

    def read(level: int, first: int, count: int) -> list[bytes]:
        place, begin = divmod(first, TILE_WIDTH)
        joined = kept.get((level, place))
        if joined is None:
            if len(kept) >= _TILES_KEPT:
                kept.clear()
            joined = kept[level, place] = tile(connection, level, place)
        if len(joined) < (begin + count) * HASH_BYTES:
            raise LookupError(f"the log's tile {level}/{place} is shorter than the tree")
        return [joined[at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(begin, begin + count)]

    return read


def heads(connection: Connection) -> Sequence[KeptHead]:
    """All published heads, the smallest first."""
    rows = connection.execute(select(log_head).order_by(log_head.c.size))
    return [KeptHead(row.size, row.quarter, bytes(row.note)) for row in rows]


def newest_head(connection: Connection) -> KeptHead | None:
    """The head that was published last."""
    row = connection.execute(select(log_head).order_by(log_head.c.size.desc()).limit(1)).first()
    return None if row is None else KeptHead(row.size, row.quarter, bytes(row.note))


def add_head(connection: Connection, head: KeptHead) -> None:
    """A further head is published."""
    connection.execute(insert(log_head).values(size=head.size, quarter=head.quarter, note=head.note))


def _own_newest(connection: Connection) -> int:
    return connection.execute(select(own_head.c.number).where(own_head.c.id == 1)).scalar_one_or_none() or 0


def _own_logged(connection: Connection) -> int:
    return connection.execute(select(log_book.c.logged).where(log_book.c.station == OWN)).scalar_one_or_none() or 0


def _logged() -> ColumnElement[int]:
    """How far a book is in the log; one that took over begins where the ledger before it ended."""
    return func.coalesce(log_book.c.logged, station.c.start_number)


def _state(connection: Connection, *, is_held: bool) -> LogState:
    query = select(log_state).where(log_state.c.id == 1)
    row = connection.execute(query.with_for_update() if is_held else query).one()
    joined = bytes(row.frontier)
    hashes = tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))
    return LogState(Frontier(row.size, hashes), row.quarter)
