from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

from pollbook import proving
from pollbook.checkpoint import log_origin, open_checkpoint, open_inclusion, write_inclusion
from pollbook.failures import Failure, WorldFailed
from pollbook.merkle import Frontier, append, leaf_commitment
from pollbook.register_entries import AnomalyFound
from pollbook.types import BookName, DeviceId, ElectionId, EntryNumber
from register import log as logs
from register.log import (
    QUARTER_S,
    Log,
    Proven,
    bring_up_to_date,
    keep_log,
    log_of,
    newest_checkpoint,
    prove_consistency,
    prove_entry,
)
from register.log_checking import CheckedLog, check_log
from register.own_ledger import enter
from register.store import log as store
from register.store import own_ledger, stations, versions
from register.store.engine import make_database
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import NOON, OPENING, Centre, Station, enrolled_station

QUARTER = timedelta(seconds=QUARTER_S)
STATION = """
    INSERT INTO station
        (id, device, epoch, public_key, precinct, desk, list_version, line_count, issued_at_s, start_hash)
    VALUES (1, zeroblob(16), 1, zeroblob(32), '1708-0001', 1, 1, 0, 0, zeroblob(32))
"""


LEAVES = OPENING + 1
"""Of a station that has opened its day: its entries, and the register's own that enrolled it."""


@pytest.fixture
def log(centre: Centre) -> Log:
    return log_of(centre.election.id, centre.keys.key)


@pytest.fixture
def logged(loaded: Centre, station: Station, log: Log) -> Centre:
    """A register whose log holds ten entries, nine of them under a published head."""
    for line in station.lines[:6]:
        station.mark(line)
    station.sync(loaded)
    bring_up_to_date(loaded.database, log, NOON)
    bring_up_to_date(loaded.database, log, NOON + QUARTER)
    station.mark(station.lines[6])
    station.sync(loaded)
    bring_up_to_date(loaded.database, log, NOON + QUARTER)
    return loaded


def checked(centre: Centre, log: Log) -> CheckedLog:
    with centre.database.read() as connection:
        return check_log(connection, log)


def size(centre: Centre) -> int:
    with centre.database.read() as connection:
        return store.log_state_of(connection).frontier.size


def published(centre: Centre) -> list[int]:
    with centre.database.read() as connection:
        return [head.size for head in store.heads(connection)]


def proven(centre: Centre, log: Log, book: BookName, number: int) -> Proven:
    with centre.database.read() as connection:
        return prove_entry(connection, log, book, number)


def refusal(centre: Centre, log: Log, book: BookName, number: int) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        proven(centre, log, book, number)
    return caught.value.failure


def test_every_accepted_entry_is_in_the_log_once(loaded: Centre, station: Station, log: Log) -> None:
    station.mark(station.lines[0])
    station.sync(loaded, last=2)
    assert bring_up_to_date(loaded.database, log, NOON) == 2 + 1
    station.sync(loaded)
    station.sync(loaded, first=1)
    assert bring_up_to_date(loaded.database, log, NOON) == LEAVES + 1 - 3
    assert bring_up_to_date(loaded.database, log, NOON) == 0
    assert size(loaded) == LEAVES + 1
    leaves = [log.leaf(station.book, number, entry) for number, entry in enumerate(station.entries, 1)]  # type: ignore[arg-type]
    with loaded.database.read() as connection:
        ((_, enrolled, _),) = own_ledger.own_entries(connection)
        own = log.leaf(log.own_book, EntryNumber(1), enrolled)
        kept = store.log_state_of(connection).frontier
    # Both wait when the log is first brought up to date; which of two that came in one second is first does not matter.
    assert kept in [append(Frontier(), each)[0] for each in ([own, *leaves], [*leaves[:2], own, *leaves[2:]])]


def test_a_quarantined_entry_is_accepted_and_logged_like_any_other(loaded: Centre, station: Station, log: Log) -> None:
    station.mark(station.lines[0])
    station.mark(station.lines[0])
    station.sync(loaded)
    assert bring_up_to_date(loaded.database, log, NOON) == LEAVES + 3  # and that it is an anomaly
    assert checked(loaded, log).faults == ()


def test_what_a_fork_would_replace_stays_in_the_log(loaded: Centre, station: Station, log: Log) -> None:
    station.mark(station.lines[0])
    station.sync(loaded)
    bring_up_to_date(loaded.database, log, NOON)
    station.entries.pop()
    station.mark(station.lines[1])
    station.sync(loaded, first=1)
    assert bring_up_to_date(loaded.database, log, NOON) == 1  # that there is a fork
    assert checked(loaded, log) == CheckedLog(LEAVES + 2, 0, 0, ())


def test_books_stand_in_the_order_in_which_their_entries_came(loaded: Centre, station: Station, log: Log) -> None:
    loaded.now = NOON + timedelta(seconds=5)
    station.sync(loaded)
    loaded.now = NOON
    with loaded.database.write() as connection:
        connection.execute(text("UPDATE station SET revoked_at_s = 1, revoked_reason = 'lost'"))
    loaded.let_reissue(PRECINCT)
    other = enrolled_station(loaded, PRECINCT)
    other.sync(loaded)
    bring_up_to_date(loaded.database, log, NOON)
    with loaded.database.read() as connection:
        runs = [run.book for run in store.runs(connection, log.own_book)]
    assert [book for book in runs if book != log.own_book] == [other.book, station.book]


def test_what_waits_is_taken_in_short_transactions(
    loaded: Centre, station: Station, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ENTRIES_AT_ONCE", 4)
    for line in station.lines[:20]:
        station.mark(line)
    station.sync(loaded)
    with loaded.database.write() as connection:
        assert logs.advance(connection, log, int(NOON.timestamp())) == 4
    assert bring_up_to_date(loaded.database, log, NOON) == LEAVES + 20 - 4
    assert checked(loaded, log).faults == ()


def test_a_transaction_that_is_undone_leaves_the_log_as_it_was(loaded: Centre, station: Station, log: Log) -> None:
    station.sync(loaded)
    with pytest.raises(KeyboardInterrupt), loaded.database.write() as connection:  # noqa: PT012 - the block is the point
        assert logs.advance(connection, log, int(NOON.timestamp())) == LEAVES
        raise KeyboardInterrupt
    assert size(loaded) == 0
    assert bring_up_to_date(loaded.database, log, NOON) == LEAVES
    assert checked(loaded, log).faults == ()


def test_tiles_grow_over_their_edges(loaded: Centre, station: Station, log: Log) -> None:
    for round_number in range(3):
        for number in range(110):
            station.mark(station.lines[number % 40])
        station.sync(loaded)
        bring_up_to_date(loaded.database, log, NOON + round_number * QUARTER)
    with loaded.database.read() as connection:
        assert [len(store.tile(connection, level, place)) // 32 for level, place in ((0, 0), (0, 1), (1, 0))] == [
            256,
            LEAVES + 330 + 3 - 256,  # that marks came a second time is an entry of each of three requests
            1,
        ]
    assert checked(loaded, log) == CheckedLog(LEAVES + 330 + 3, 2, 0, ())


def test_a_head_is_published_once_a_quarter_and_covers_what_was_there_when_it_began(
    loaded: Centre, station: Station, log: Log
) -> None:
    def tick(at: datetime) -> list[int]:
        station.mark(station.lines[0])
        station.sync(loaded)
        bring_up_to_date(loaded.database, log, at)
        return published(loaded)

    assert tick(NOON) == []
    assert tick(NOON + QUARTER - timedelta(seconds=1)) == []
    # One mark and, from the second tick on, that it is an anomaly.
    assert tick(NOON + QUARTER) == [LEAVES + 3]
    assert tick(NOON + QUARTER + timedelta(seconds=1)) == [LEAVES + 3]
    assert tick(NOON + 5 * QUARTER) == [LEAVES + 3, LEAVES + 7]
    assert tick(NOON), "a clock that goes back publishes nothing"
    assert published(loaded) == [LEAVES + 3, LEAVES + 7]
    assert checked(loaded, log).faults == ()


def test_a_quarter_without_news_publishes_nothing(logged: Centre, log: Log) -> None:
    bring_up_to_date(logged.database, log, NOON + 2 * QUARTER)
    assert published(logged) == [LEAVES + 6, LEAVES + 7]
    bring_up_to_date(logged.database, log, NOON + 9 * QUARTER)
    assert published(logged) == [LEAVES + 6, LEAVES + 7]


def test_a_head_says_neither_when_nor_whose(logged: Centre, log: Log, station: Station) -> None:
    with logged.database.read() as connection:
        checkpoint, note = newest_checkpoint(connection, log)
    assert open_checkpoint(note, log_origin(logged.election.id), logged.keys.key.public) == checkpoint
    assert len(note.decode().splitlines()) == 5
    assert station.book.device.hex() not in note.decode()


def test_a_proof_holds_and_opens_its_own_leaf(logged: Centre, log: Log, station: Station) -> None:
    for number in range(1, OPENING + 7):
        told = proven(logged, log, station.book, number)
        entry = station.entries[number - 1]
        assert told.entry_sha256 == hashlib.sha256(entry).digest()
        leaf = leaf_commitment(told.inclusion.extra, told.book, told.number, told.entry_sha256)
        assert leaf == told.leaf
        proof = list(told.inclusion.proof)
        assert proving.is_included(leaf, told.inclusion.index, told.checkpoint.size, proof, told.checkpoint.root)
        written = write_inclusion(told.inclusion)
        assert open_inclusion(written, leaf, log.origin, logged.keys.key.public) == told.checkpoint


def test_a_leafs_key_opens_no_other_leaf(logged: Centre, log: Log, station: Station) -> None:
    one, two = (proven(logged, log, station.book, number) for number in (4, 5))
    assert one.inclusion.extra != two.inclusion.extra
    assert leaf_commitment(one.inclusion.extra, two.book, two.number, two.entry_sha256) != two.leaf


def test_what_no_head_covers_yet_is_told_apart_from_what_is_unknown(logged: Centre, log: Log, station: Station) -> None:
    assert refusal(logged, log, station.book, OPENING + 7) is Failure.LOG_NOT_PUBLISHED
    assert refusal(logged, log, station.book, OPENING + 8) is Failure.LOG_ENTRY_UNKNOWN
    stranger = BookName(DeviceId(bytes(16)), 1)
    assert refusal(logged, log, stranger, 1) is Failure.LOG_ENTRY_UNKNOWN


def test_before_the_first_head_nothing_is_proven(loaded: Centre, log: Log, station: Station) -> None:
    station.sync(loaded)
    bring_up_to_date(loaded.database, log, NOON)
    assert refusal(loaded, log, station.book, 1) is Failure.LOG_NOT_PUBLISHED
    with loaded.database.read() as connection, pytest.raises(WorldFailed) as caught:
        prove_consistency(connection, log, 1, 1)
    assert caught.value.failure is Failure.LOG_NOT_PUBLISHED


def test_any_two_published_sizes_are_proven_consistent(logged: Centre, log: Log) -> None:
    with logged.database.read() as connection:
        for second in range(1, OPENING + 7):
            for first in range(1, second + 1):
                told = prove_consistency(connection, log, first, second)
                assert proving.is_consistent(first, told.first_root, second, told.second_root, told.proof)


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5), (1, LEAVES + 7), (1, 2**63 - 1)])
def test_sizes_that_are_not_published_are_refused(logged: Centre, log: Log, first: int, second: int) -> None:
    with logged.database.read() as connection, pytest.raises(WorldFailed) as caught:
        prove_consistency(connection, log, first, second)
    assert caught.value.failure is Failure.LOG_SIZE_UNKNOWN
    assert caught.value.facts == {"limit": LEAVES + 6}


def test_an_untouched_log_holds_together(logged: Centre, log: Log) -> None:
    assert checked(logged, log) == CheckedLog(LEAVES + 7, 1, 0, ())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE entry SET bytes = (SELECT bytes FROM entry WHERE number = 6) WHERE number = 5", "tile 0/0"),
        ("DELETE FROM entry WHERE number = 5", "is missing"),
        ("UPDATE log_run SET first = first + 1 WHERE first > 1", f"leaf {LEAVES + 6} is missing"),
        ("DELETE FROM log_run WHERE first = 0", "leaf 0 is missing"),
        ("UPDATE log_run SET number = number + 1 WHERE first > 1", f"leaf {LEAVES + 6} is not the next entry"),
        ("UPDATE log_run SET length = length - 1 WHERE first = 0", "is missing"),
        ("UPDATE log_tile SET hashes = zeroblob(320)", "tile 0/0"),
        ("DELETE FROM log_tile", "tile 0/0"),
        ("INSERT INTO log_tile VALUES (0, 1, zeroblob(32))", "other tiles"),
        ("UPDATE log_state SET frontier = zeroblob(64)", "the tree's end"),
        ("UPDATE log_state SET size = 2", "the tree's end"),
        ("UPDATE log_book SET logged = 2", "how far each book"),
        ("DELETE FROM log_book", "how far each book"),
        ("UPDATE log_head SET note = zeroblob(200)", "not a note"),
        ("UPDATE log_head SET size = 8", "the head of 8 leaves is not the tree's"),
        ("UPDATE log_head SET size = 12", "the head of 12 leaves is not the tree's"),
    ],
)
def test_what_was_changed_behind_the_programs_back_is_found(logged: Centre, log: Log, change: str, found: str) -> None:
    logged.change(change)
    faults = checked(logged, log).faults
    assert any(found in fault for fault in faults), faults


def test_a_history_written_anew_does_not_fit_the_published_head(logged: Centre, log: Log, station: Station) -> None:
    """Somebody who has the whole database and the keys, and makes everything fit but what was published before."""
    kept = OPENING + 2
    logged.change(
        *(f"DELETE FROM {table}" for table in ("log_run", "log_book", "log_tile")),  # noqa: S608 - names from above
        "UPDATE log_state SET size = 0, frontier = zeroblob(0)",
        f"DELETE FROM entry WHERE number > {kept}",  # noqa: S608 - a number from above
    )
    head = station.acknowledged
    station.entries = station.entries[:kept]
    for line in station.lines[20:24]:
        station.mark(line)
    with logged.database.write() as connection:
        for number, entry in enumerate(station.entries[kept:], kept + 1):
            values = {"number": number, "bytes": entry}
            insert = "INSERT INTO entry (station, number, received_at_s, bytes) VALUES (1, :number, 0, :bytes)"
            connection.execute(text(insert), values)
        connection.execute(text("UPDATE book SET acknowledged = :head"), {"head": OPENING + 6})
    assert head == OPENING + 7
    bring_up_to_date(logged.database, log, NOON + QUARTER)
    assert checked(logged, log).faults == (f"the head of {LEAVES + 6} leaves is not the tree's",)


def test_another_registers_key_makes_another_log(logged: Centre, log: Log) -> None:
    other = log_of(ElectionId("other-2026"), logged.keys.key)
    assert other.secret == log.secret
    assert any("not a checkpoint of this log" in fault for fault in checked(logged, other).faults)


def test_an_older_register_logs_what_it_had_accepted(tmp_path: Path, log: Log) -> None:
    path = tmp_path / "older.db"
    with make_engine(path) as connection:
        for change in (
            "INSERT INTO precinct (code, name, version, loaded) VALUES ('1708-0001', '', 1, 0)",
            STATION,
            "INSERT INTO book VALUES (1, 2, zeroblob(32), NULL, zeroblob(32), 0, NULL, NULL, 0, '', 0)",
            "INSERT INTO entry VALUES (1, 1, 0, NULL, x'01'), (1, 2, 0, NULL, x'02')",
        ):
            connection.execute(text(change))
    database = make_database(path)
    assert bring_up_to_date(database, log, NOON) == 2
    with database.read() as connection:
        assert check_log(connection, log) == CheckedLog(2, 0, 0, ())
        (station,) = stations.all_stations(connection)
        assert (station.slice_sha256, station.certificate, station.box_key) == (b"", b"", b"")
    database.close()


def test_a_book_that_took_over_is_logged_from_where_it_begins(loaded: Centre, station: Station, log: Log) -> None:
    """Its entries go on with the numbers of the ledger before it (custody rule 9)."""
    station.sync(loaded)
    loaded.change("UPDATE station SET start_number = 2", "DELETE FROM entry WHERE number <= 2")
    assert bring_up_to_date(loaded.database, log, NOON) == LEAVES - 2
    assert checked(loaded, log) == CheckedLog(LEAVES - 2, 0, 0, ())


@contextmanager
def make_engine(path: Path) -> Iterator[Connection]:
    """A database as the first release made it."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(versions.__file__).with_name("migrations")))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        yield connection
    engine.dispose()


def test_what_the_register_does_itself_is_logged_and_proven(logged: Centre, log: Log, station: Station) -> None:
    before = size(logged)
    for number in (1, 2):
        with logged.database.write() as connection:
            enter(connection, AnomalyFound(station.book, "fork", number, 1), int(NOON.timestamp()))
        station.mark(station.lines[30 + number])
        station.sync(logged)
        assert bring_up_to_date(logged.database, log, NOON + QUARTER) == 2
    bring_up_to_date(logged.database, log, NOON + 2 * QUARTER)
    assert checked(logged, log) == CheckedLog(before + 4, 2, 0, ())
    told = proven(logged, log, log.own_book, 3)
    assert open_inclusion(write_inclusion(told.inclusion), told.leaf, log.origin, logged.keys.key.public)
    assert refusal(logged, log, log.own_book, 4) is Failure.LOG_ENTRY_UNKNOWN
    logged.change("DELETE FROM own_entry WHERE number = 3")
    assert any("is missing" in fault for fault in checked(logged, log).faults)


def test_a_logs_text_form_shows_no_secret(log: Log) -> None:
    assert "secret" not in repr(log)
    assert log.key.seed.hex() not in repr(log)


def test_the_keeper_goes_on_until_it_is_stopped(loaded: Centre, station: Station, log: Log) -> None:
    station.sync(loaded)
    stop = threading.Event()
    turns: list[datetime] = []

    def now() -> datetime:
        turns.append(NOON)
        if len(turns) == 1:
            raise WorldFailed(Failure.REGISTER_IN_USE)
        if len(turns) == 2:
            raise RuntimeError
        stop.set()
        return NOON

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "TICK_S", 0)
        keep_log(loaded.database, log, now, stop)
    assert len(turns) == 3
    assert size(loaded) == LEAVES
