"""The mirror: on it before "done", and whatever happens to a stick never stops a mark."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Event

import pytest

from pollbook import cbor, ledger
from pollbook.cbor import Fields
from pollbook.failures import Failure
from pollbook.ledger import Head, SignedHead
from pollbook.mirror_file import (
    HEADER_NAME,
    JOURNAL_NAME,
    Journal,
    MirrorHeader,
    Record,
    RecordKind,
    decode_header,
    keys_of,
    mirror_id_of,
    open_key,
    read_journal,
)
from pollbook.people import unwrap
from pollbook.permission import Refusal
from pollbook.sealing import box_key_of
from pollbook.store import mirror as mirrors
from pollbook.store import mirror_records, mirror_set_up, sign_in
from pollbook.store.book import Book
from pollbook.store.errands import Errands
from pollbook.store.media import folder_name
from pollbook.store.mirror import Mirror, Mirrored, NotMirrored, Surroundings
from pollbook.store.records import MirrorState
from pollbook.types import Channel, EntryNumber
from tests.making import CHAIR, CHEAP, DEPUTY, OPERATOR, PINS, Station, make_station
from tests.pollbook.store.sticks import Drawer

NAME = folder_name("1708-0001", 1)


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


@pytest.fixture
def stick(tmp_path: Path, drawer: Drawer) -> Path:
    return drawer.plug_in(tmp_path / "stick")


@pytest.fixture
def code(book: Book) -> str:
    return mirror_set_up.set_up(book).code


@pytest.fixture
def mirror(book: Book, drawer: Drawer, code: str) -> Iterator[Mirror]:
    assert code
    opened = Mirror(book, drawer.surroundings())
    yield opened
    opened.close()


def mark(book: Book, station: Station, index: int) -> EntryNumber:
    number = book.mark(station.voters[index].line, Channel.STATION, OPERATOR)
    assert not isinstance(number, Refusal)
    return number


def on_stick(folder: Path, code: str) -> tuple[MirrorHeader, Journal]:
    header = (folder / HEADER_NAME).read_bytes()
    key = open_key(header, code)
    assert key is not None
    keys = keys_of(key, mirror_id_of(header))
    return decode_header(header, keys), read_journal((folder / JOURNAL_NAME).read_bytes(), keys)


def of_kind(journal: Journal, kind: RecordKind) -> list[Record]:
    return [record for record in journal.records if record.kind is kind]


def wrapped_in(content: bytes) -> bytes:
    return Fields(cbor.decode(content, 4096), 1).take_bytes(1, 512)


def entries_on(folder: Path, code: str) -> list[bytes]:
    return [record.content for record in of_kind(on_stick(folder, code)[1], RecordKind.ENTRY)]


def entries_of(book: Book) -> list[bytes]:
    return list(book.connection.exec_driver_sql("SELECT bytes FROM entry ORDER BY number").scalars())


def test_a_mark_is_on_the_stick_when_write_says_so(
    station: Station, book: Book, mirror: Mirror, stick: Path, code: str
) -> None:
    for index in range(3):
        number = mark(book, station, index)
        assert mirror.write() == Mirrored(number)
        assert entries_on(stick / NAME, code) == entries_of(book)


def test_what_a_spare_needs_is_there_and_the_signing_key_is_not(
    station: Station, book: Book, mirror: Mirror, stick: Path, code: str
) -> None:
    mark(book, station, 0)
    mirror.write()
    header, journal = on_stick(stick / NAME, code)
    assert header.slice == station.slice_bytes
    assert (header.url, header.authority_pem) == (book.link.url, book.link.authority_pem)
    assert header.device_key == station.device_key.public
    assert header.box_seeds == (box_key_of(station.device_key).seed,)
    assert station.device_key.seed not in repr((header.slice, header.box_seeds)).encode()
    assert station.device_key.seed not in header.slice + header.box_seeds[0] + header.device_certificate
    head = of_kind(journal, RecordKind.HEAD)[-1]
    signed = SignedHead(Head(EntryNumber(head.number), book.head.hash), head.content)
    assert ledger.is_signed_head(book.start, signed, station.device_key.public)
    pins = {record.number: record.content for record in of_kind(journal, RecordKind.PIN)}
    assert set(pins) == set(PINS)
    assert all(unwrap(wrapped_in(pins[person]), PINS[person]) is not None for person in pins)


def test_nothing_of_a_voter_can_be_read_on_the_stick(station: Station, book: Book, mirror: Mirror, stick: Path) -> None:
    mark(book, station, 0)
    mirror.write()
    whole = b"".join(file.read_bytes() for file in (stick / NAME).iterdir())
    for voter in station.voters:
        assert voter.pinfl.encode() not in whole
        assert voter.surname.encode() not in whole


def test_a_pin_that_is_changed_goes_with_the_entry_that_binds_its_key(
    book: Book, mirror: Mirror, stick: Path, code: str
) -> None:
    mirror.write()
    officers = ((CHAIR, PINS[CHAIR]), (DEPUTY, PINS[DEPUTY]))
    assert sign_in.replace_pin(book, OPERATOR, "864209", officers, CHEAP) is None
    mirror.write()
    newest = [
        record for record in of_kind(on_stick(stick / NAME, code)[1], RecordKind.PIN) if record.number == OPERATOR
    ]
    assert unwrap(wrapped_in(newest[-1].content), "864209") is not None
    assert unwrap(wrapped_in(newest[-1].content), PINS[OPERATOR]) is None


def test_without_a_mirror_a_mark_goes_on_and_says_so(station: Station, book: Book) -> None:
    mark(book, station, 0)
    off = Mirror(book, Drawer().surroundings())
    assert off.write() == NotMirrored(Failure.MIRROR_OFF)
    assert off.status().state is MirrorState.OFF
    mirror_set_up.set_up(book)
    assert off.write() == NotMirrored(Failure.MIRROR_GONE)
    assert off.status().state is MirrorState.AWAY


def test_a_stick_that_is_pulled_out_warns_and_catches_up_when_it_is_back(
    station: Station, book: Book, mirror: Mirror, drawer: Drawer, stick: Path, code: str
) -> None:
    mark(book, station, 0)
    mirror.write()
    drawer.pull(stick)
    for index in range(1, 4):
        mark(book, station, index)
        assert mirror.write() == NotMirrored(Failure.MIRROR_GONE)
    assert mirror.status().failure is Failure.MIRROR_GONE
    drawer.broken.clear()
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.step()
    number = mark(book, station, 4)
    assert mirror.write() == Mirrored(number)
    assert entries_on(stick / NAME, code) == entries_of(book)
    assert mirror.status().failure is None


def test_a_stick_whose_folder_was_removed_is_begun_anew(
    station: Station, book: Book, mirror: Mirror, stick: Path, code: str
) -> None:
    mirror.write()
    shutil.rmtree(stick / NAME)
    mark(book, station, 0)
    assert mirror.write() == NotMirrored(Failure.MIRROR_GONE)
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.fill()
    assert entries_on(stick / NAME, code) == entries_of(book)


def test_a_full_stick_warns_and_another_one_is_filled_while_marks_go_on(
    station: Station, book: Book, mirror: Mirror, drawer: Drawer, tmp_path: Path, stick: Path, code: str
) -> None:
    mark(book, station, 0)
    mirror.write()
    held = (stick / NAME / JOURNAL_NAME).stat().st_size
    drawer.room_bytes[stick] = held + 40
    mark(book, station, 1)
    assert mirror.write() == NotMirrored(Failure.MIRROR_FULL)
    assert mirror.status().failure is Failure.MIRROR_FULL
    second = drawer.plug_in(tmp_path / "second")
    mirror.fill()
    number = mark(book, station, 2)
    assert mirror.write() == Mirrored(number)
    assert entries_on(second / NAME, code) == entries_of(book)
    # The full one holds what it held, and takes the rest once there is room.
    assert entries_on(stick / NAME, code) == entries_of(book)[:-2]
    del drawer.room_bytes[stick]
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.fill()
    assert entries_on(stick / NAME, code) == entries_of(book)
    assert mirror.status().failure is None


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (errno.EROFS, Failure.MIRROR_FAILED),
        (errno.EACCES, Failure.MIRROR_FAILED),
        (errno.EIO, Failure.MIRROR_FAILED),
        (errno.ENOSPC, Failure.MIRROR_FULL),
        (errno.EFBIG, Failure.MIRROR_FULL),
        (errno.ENODEV, Failure.MIRROR_GONE),
    ],
)
def test_whatever_a_stick_fails_with_the_mark_stands_and_the_stick_recovers(
    station: Station, book: Book, mirror: Mirror, drawer: Drawer, stick: Path, number: int, failure: Failure
) -> None:
    mirror.write()
    drawer.broken[stick] = number
    marked = mark(book, station, 0)
    assert mirror.write() == NotMirrored(failure)
    assert book.head.number == marked
    drawer.broken.clear()
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.step()
    assert mirror.write() == Mirrored(marked)


def test_a_stick_that_hangs_is_waited_for_once_and_catches_up_when_it_answers(
    station: Station, book: Book, mirror: Mirror, drawer: Drawer, stick: Path, code: str
) -> None:
    mirror.write()
    drawer.hanging.add(stick)
    for index in range(3):
        mark(book, station, index)
        assert mirror.write() == NotMirrored(Failure.MIRROR_SLOW)
    assert mirror.status().failure is Failure.MIRROR_SLOW
    drawer.unhang()
    mirror.step()
    number = mark(book, station, 3)
    assert mirror.write() == Mirrored(number)
    assert entries_on(stick / NAME, code) == entries_of(book)


def test_a_thread_that_hangs_is_not_waited_for_longer_than_the_patience(station: Station, book: Book) -> None:
    gate = Event()
    errands = Errands()
    hung: Future[bool] = errands.start(gate.wait)

    class Hung:
        def start(self, _work: object) -> Future[bool]:
            return hung

        def close(self) -> None:
            errands.close()

    mirror_set_up.set_up(book)
    around = Surroundings(lambda: (station.home.path,), Hung, patience_s=0.01)  # type: ignore[arg-type]
    assert Mirror(book, around).write() == NotMirrored(Failure.MIRROR_SLOW)
    gate.set()
    assert hung.result(10) is True


def test_errands_are_done_in_order_and_carry_their_faults() -> None:
    errands = Errands()
    done: list[int] = []
    futures = [errands.start(lambda number=number: done.append(number)) for number in range(5)]  # type: ignore[misc]
    failed = errands.start(lambda: int("no number"))
    with pytest.raises(ValueError, match="invalid literal"):
        failed.result(10)
    assert all(future.done() for future in futures)
    assert done == [0, 1, 2, 3, 4]
    errands.close()


def test_two_sticks_both_hold_everything_and_one_is_enough(
    station: Station, book: Book, mirror: Mirror, drawer: Drawer, tmp_path: Path, stick: Path, code: str
) -> None:
    second = drawer.plug_in(tmp_path / "second")
    number = mark(book, station, 0)
    assert mirror.write() == Mirrored(number)
    assert entries_on(stick / NAME, code) == entries_on(second / NAME, code) == entries_of(book)
    drawer.pull(stick)
    number = mark(book, station, 1)
    assert mirror.write() == Mirrored(number)
    status = mirror.status()
    assert (status.state, status.failure) == (MirrorState.FOLLOWING, Failure.MIRROR_GONE)
    assert mirror_id_of((stick / NAME / HEADER_NAME).read_bytes()) != mirror_id_of(
        (second / NAME / HEADER_NAME).read_bytes()
    )


def test_a_new_empty_stick_is_filled_piece_by_piece_while_marks_go_on(
    station: Station, book: Book, mirror: Mirror, stick: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror_records, "FRAME_ENTRIES_MAX", 4)
    for index in range(10):
        mark(book, station, index)
    assert mirror.write() == NotMirrored(Failure.MIRROR_BEHIND)
    progress = [mirror.step()]
    marked = 10
    while progress[-1].state is not MirrorState.FOLLOWING:
        mark(book, station, marked)
        marked += 1
        mirror.write()
        progress.append(mirror.step())
    assert [status.mirrored for status in progress] == sorted({status.mirrored for status in progress})
    assert MirrorState.FILLING in {status.state for status in progress}
    assert entries_on(stick / NAME, code) == entries_of(book)


def test_a_stick_of_another_book_is_left_alone_and_a_mirror_begun_beside_it(
    station: Station, book: Book, mirror: Mirror, stick: Path, code: str, tmp_path: Path
) -> None:
    other = make_station(tmp_path / "other", 5)
    with other.open() as other_book:
        mirror_set_up.set_up(other_book)
        around = Drawer()
        around.plug_in(stick)
        Mirror(other_book, around.surroundings()).fill()
    before = (stick / NAME / JOURNAL_NAME).read_bytes()
    mark(book, station, 0)
    # A stick that is not empty is taken only where a person says so.
    assert mirror.write() == NotMirrored(Failure.MIRROR_GONE)
    mirror_set_up.name_place(book, stick)
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.fill()
    assert (stick / NAME / JOURNAL_NAME).read_bytes() == before
    assert entries_on(stick / f"{NAME}.2", code) == entries_of(book)


def test_a_stick_with_other_things_on_it_is_not_written_to_unasked(book: Book, mirror: Mirror, stick: Path) -> None:
    (stick / "photos").mkdir()
    assert mirror.write() == NotMirrored(Failure.MIRROR_GONE)
    assert [entry.name for entry in stick.iterdir()] == ["photos"]
    mirror_set_up.name_place(book, stick)
    opened = Mirror(book, Surroundings(lambda: (), mirror._around.runner, mirror._around.stick, 0.0))
    assert isinstance(opened.write(), Mirrored)


def test_the_mirror_is_followed_again_after_the_program_was_ended(
    station: Station, tmp_path: Path, drawer: Drawer
) -> None:
    stick = drawer.plug_in(tmp_path / "stick")
    with station.open() as book:
        code = mirror_set_up.set_up(book).code
        mark(book, station, 0)
        Mirror(book, drawer.surroundings()).write()
    with station.open() as book:
        number = mark(book, station, 1)
        assert Mirror(book, drawer.surroundings()).write() == Mirrored(number)
        assert entries_on(stick / NAME, code) == entries_of(book)
    assert [entry.name for entry in stick.iterdir()] == [NAME]


def test_cut_at_every_byte_the_stick_is_caught_up_again(station: Station, tmp_path: Path, drawer: Drawer) -> None:
    stick = drawer.plug_in(tmp_path / "stick")
    with station.open() as book:
        code = mirror_set_up.set_up(book).code
        Mirror(book, drawer.surroundings()).write()
        start = (stick / NAME / JOURNAL_NAME).stat().st_size
        mark(book, station, 0)
        Mirror(book, drawer.surroundings()).write()
        whole = (stick / NAME / JOURNAL_NAME).read_bytes()
        for length in range(start, len(whole)):
            (stick / NAME / JOURNAL_NAME).write_bytes(whole[:length])
            assert Mirror(book, drawer.surroundings()).write() == Mirrored(book.head.number)
            assert entries_on(stick / NAME, code) == entries_of(book)


def test_a_frame_that_the_system_shows_as_written_after_a_failed_sync_is_written_again(
    station: Station, book: Book, mirror: Mirror, drawer: Drawer, stick: Path, code: str
) -> None:
    mirror.write()
    journal = stick / NAME / JOURNAL_NAME
    before = journal.stat().st_size
    mark(book, station, 0)
    drawer.sync_fails.add(stick)
    assert mirror.write() == NotMirrored(Failure.MIRROR_FAILED)
    assert journal.stat().st_size > before
    drawer.sync_fails.clear()
    shown = journal.read_bytes()
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.step()
    assert mirror.write() == Mirrored(book.head.number)
    assert journal.read_bytes() != shown
    assert entries_on(stick / NAME, code) == entries_of(book)


def test_a_damaged_mirror_is_kept_and_a_new_one_begun_beside_it(
    station: Station, tmp_path: Path, drawer: Drawer
) -> None:
    stick = drawer.plug_in(tmp_path / "stick")
    with station.open() as book:
        code = mirror_set_up.set_up(book).code
        for index in range(3):
            mark(book, station, index)
            Mirror(book, drawer.surroundings()).write()
        journal = stick / NAME / JOURNAL_NAME
        damaged = bytearray(journal.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        journal.write_bytes(damaged)
        Mirror(book, drawer.surroundings()).fill()
        assert journal.read_bytes() == damaged
        assert entries_on(stick / f"{NAME}.2", code) == entries_of(book)
        number = mark(book, station, 4)
        assert Mirror(book, drawer.surroundings()).write() == Mirrored(number)
        assert entries_on(stick / f"{NAME}.2", code) == entries_of(book)


def test_rule_8_a_book_behind_its_mirror_locks_and_leaves_the_mirror_as_it_is(
    station: Station, tmp_path: Path, drawer: Drawer
) -> None:
    stick = drawer.plug_in(tmp_path / "stick")
    with station.open() as book:
        mirror_set_up.set_up(book)
        mark(book, station, 0)
        Mirror(book, drawer.surroundings()).write()
    shutil.copytree(station.home.path, tmp_path / "backup")
    with station.open() as book:
        mark(book, station, 1)
        Mirror(book, drawer.surroundings()).write()
    shutil.rmtree(station.home.path)
    shutil.copytree(tmp_path / "backup", station.home.path)
    before = (stick / NAME / JOURNAL_NAME).read_bytes()
    with station.open() as book:
        Mirror(book, drawer.surroundings()).step()
        assert isinstance(book.mark(station.voters[1].line, Channel.STATION, OPERATOR), Refusal)
        assert book.stopped is not None
    assert (stick / NAME / JOURNAL_NAME).read_bytes() == before


def test_rule_8_a_book_that_went_another_way_than_its_mirror_locks(
    station: Station, tmp_path: Path, drawer: Drawer
) -> None:
    """Rolled back without its stick, it marked others meanwhile: as many entries, and not the same."""
    stick = drawer.plug_in(tmp_path / "stick")
    with station.open() as book:
        mirror_set_up.set_up(book)
    shutil.copytree(station.home.path, tmp_path / "backup")
    with station.open() as book:
        mark(book, station, 1)
        Mirror(book, drawer.surroundings()).write()
    shutil.rmtree(station.home.path)
    shutil.copytree(tmp_path / "backup", station.home.path)
    with station.open() as book:
        for index in (2, 3):
            mark(book, station, index)
        outcome = Mirror(book, drawer.surroundings()).write()
        assert isinstance(outcome, NotMirrored)
        assert book.stopped is not None
    assert stick.exists()


def test_a_new_code_begins_new_mirrors_and_the_old_one_opens_the_old(
    station: Station, book: Book, mirror: Mirror, drawer: Drawer, stick: Path, code: str
) -> None:
    mirror.write()
    mirror_set_up.name_place(book, stick)
    newer = mirror_set_up.set_up(book).code
    mark(book, station, 0)
    Mirror(book, drawer.surroundings()).fill()
    assert entries_on(stick / NAME, code) == entries_of(book)[:-1]
    assert entries_on(stick / f"{NAME}.2", newer) == entries_of(book)


def test_mirroring_stopped_writes_nothing_more(station: Station, book: Book, mirror: Mirror, stick: Path) -> None:
    mirror.write()
    before = (stick / NAME / JOURNAL_NAME).read_bytes()
    mirror_set_up.stop_mirroring(book)
    mark(book, station, 0)
    assert mirror.write() == NotMirrored(Failure.MIRROR_OFF)
    assert (stick / NAME / JOURNAL_NAME).read_bytes() == before
    assert not mirror_set_up.is_set_up(book)


def test_a_crash_while_a_mirror_is_begun_leaves_nothing_that_counts(
    book: Book, drawer: Drawer, stick: Path, code: str
) -> None:
    (stick / NAME).mkdir()
    (stick / NAME / JOURNAL_NAME).write_bytes(b"")
    mirror_set_up.name_place(book, stick)
    assert isinstance(Mirror(book, drawer.surroundings()).write(), Mirrored)
    assert entries_on(stick / NAME, code) == entries_of(book)
