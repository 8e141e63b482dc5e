"""A book made from a slice: built under another name and put in its place whole, so that a crash leaves none or all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pollbook import collation
from pollbook.clock import Clock
from pollbook.entries import SliceReceived
from pollbook.failures import Failure, WorldFailed
from pollbook.files import sync_folder, write_secret
from pollbook.people import PinCost, pin_refusal
from pollbook.slice import Slice
from pollbook.store import engine, migrating, search_index
from pollbook.store.book import Book
from pollbook.store.home import StationHome
from pollbook.store.keys import make_keys
from pollbook.store.link import Link, write_link
from pollbook.store.projection import VOTER_SQL, voter_row
from pollbook.store.sign_in import set_first_pin
from pollbook.types import MACHINE, OFFICERS_OF_AN_ACT, PersonNumber
from pollbook.voters import Voter


@dataclass(frozen=True, slots=True)
class Lists:
    """The slice as it came, and the voters in the order of their places, those of the slice first."""

    slice: bytes
    voters: tuple[Voter, ...]


def create_book(
    home: StationHome,
    link: Link,
    slice_bytes: bytes,
    issued: Slice,
    pins: Mapping[PersonNumber, str],
    clock: Clock,
    cost: PinCost,
) -> None:
    """`home` holds a book with all lines of `issued`, whose people in `pins` can sign in; or it holds none.

    `slice_bytes` is the slice as it came: it is kept, so that `check` can prove the lines again. `pins` holds one PIN
    a person; at least two officers must be among them.

    Raises:
        WorldFailed: `ALREADY_ENROLLED`, `PIN_TOO_SIMPLE`, `NOT_AN_OFFICER` (fewer than two), `DISK_FULL`.
    """
    if home.exists():
        raise WorldFailed(Failure.ALREADY_ENROLLED, path=home.path)
    _check_pins(issued, pins)
    beside = make_beside(home)
    people = {person.number: person for person in issued.header.people}
    officers = {people[number].key: pin for number, pin in pins.items() if people[number].is_officer}
    key = make_keys(beside, officers, cost)
    fill(beside, key, link, Lists(slice_bytes, tuple(sorted(issued.voters, key=sort_key))))
    with Book(beside, key, clock, writer=True) as book:
        with book.writing():
            book.enter(MACHINE, SliceReceived(book.header.sha256, book.header.line_count, book.header.holds))
        for number, pin in pins.items():
            set_first_pin(book, number, pin, cost)
        book.tidy()
    put_in_place(beside, home)


def make_beside(home: StationHome) -> StationHome:
    """An empty home inside `home`, for a book that is being made; it is of the same machine."""
    home.make()
    beside = StationHome(home.path / "being-made")
    _clear(beside)
    beside.make()
    if home.machine_key.exists():
        write_secret(beside.machine_key, home.machine_key.read_bytes())
    return beside


def put_in_place(beside: StationHome, home: StationHome) -> None:
    """The book made beside is the home's; a crash leaves a home without a book, or with the whole one."""
    # The database comes last: a home without it is simply not enrolled yet.
    for name in (beside.machine_key.name, beside.keys.name, beside.book.name):
        if (beside.path / name).exists():
            (beside.path / name).replace(home.path / name)
    sync_folder(home.path)
    _clear(beside)


def _check_pins(issued: Slice, pins: Mapping[PersonNumber, str]) -> None:
    for pin in pins.values():
        if (failure := pin_refusal(pin)) is not None:
            raise WorldFailed(failure)
    officers = [person for person in issued.header.people if person.is_officer and person.number in pins]
    if len(officers) < OFFICERS_OF_AN_ACT:
        raise WorldFailed(Failure.NOT_AN_OFFICER, found=len(officers), limit=OFFICERS_OF_AN_ACT)


def fill(home: StationHome, key: bytes, link: Link, lists: Lists) -> None:
    """The database of `home` is a book's with these voters, in which nothing has happened yet."""
    connection = engine.connect(home, key, writer=True)
    try:
        migrating.make(connection)
        with engine.transaction(connection):
            connection.exec_driver_sql("INSERT INTO issued VALUES (1, ?)", (lists.slice,))
            write_link(connection, link)
            connection.exec_driver_sql(
                "INSERT INTO sync_state (id, acknowledged, feed_cursor, mirrored, clock_ahead_s) VALUES (1, 0, 0, 0, 0)"
            )
            rows = [voter_row(number, voter) for number, voter in enumerate(lists.voters, 1)]
            if rows:
                connection.exec_driver_sql(VOTER_SQL, rows)
            search_index.fill(connection, lists.voters)
    finally:
        connection.close()


def sort_key(voter: Voter) -> tuple[object, ...]:
    """The place of a voter in the list's order: Uzbek collation of the names, then birth date, page, row and line."""
    names = collation.sort_key(voter.surname, voter.given_name, voter.patronymic)
    return (names, voter.birth_date, voter.page, voter.row, voter.line)


def _clear(beside: StationHome) -> None:
    if beside.path.exists():
        for left in beside.path.iterdir():
            left.unlink()
        beside.path.rmdir()
