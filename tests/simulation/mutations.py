"""Deliberate bugs: each replaces one rule of the product by a broken variant while a world lives.

They prove the simulation, not the product: a world in which a rule is broken must break a promise within a bounded
number of seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from types import ModuleType

from sqlalchemy import Connection

import pollbook.store.book as book_module
import register.ingest as ingest_module
import sync.cycle as cycle_module
from pollbook import acts, custody, ledger, signing
from pollbook.clock import COUNTER_BITS, HybridTime
from pollbook.custody import LineChanged
from pollbook.entries import MarkVoided
from pollbook.ledger import Head
from pollbook.messages import FeedItem, SyncAnswer, SyncRequest
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.store.syncing import sync_status
from pollbook.types import EntryNumber
from register.ingest import Address
from register.store.engine import Transaction
from register.store.stations import Station
from tests.simulation.centre import SimulatedCentre
from tests.simulation.kernel import seconds

Mutation = Callable[[], AbstractContextManager[object]]


@contextmanager
def replaced(owner: ModuleType | type, **variants: object) -> Iterator[None]:
    """Names of a module or class mean something else inside."""
    kept = {name: owner.__dict__[name] for name in variants}
    for name, variant in variants.items():
        setattr(owner, name, variant)
    try:
        yield
    finally:
        for name, original in kept.items():
            setattr(owner, name, original)


def marks_a_marked_line() -> AbstractContextManager[object]:
    """A line that is marked already may be marked once more, by the rules of both sides."""

    def may_mark(state: custody.LineState | None, *_dates: object) -> custody.Refusal | None:
        return custody.Refusal.LINE_NOT_HELD if state is None else None

    def marked(view: custody.BookView, line: custody.LineId, mark: custody.Mark) -> custody.Effect | custody.Anomaly:
        state = view.line(line)
        return custody.Anomaly.UNKNOWN_LINE if state is None else LineChanged(line, replace(state, mark=mark))

    return replaced(custody, may_mark=may_mark, _marked=marked)


def voids_change_nothing() -> AbstractContextManager[object]:
    """A void is entered, and the line stays marked."""

    def voided(view: custody.BookView, number: object, fact: MarkVoided) -> custody.Effect | custody.Anomaly:
        del number
        state = view.line(fact.line)
        return custody.Anomaly.UNKNOWN_LINE if state is None else LineChanged(fact.line, state)

    return replaced(custody, _voided=voided)


def says_done_before_the_disk_has_it() -> AbstractContextManager[object]:
    """The book commits an entry only when it begins the next transaction."""

    @contextmanager
    def transaction(connection: Connection, *, writing: bool = True) -> Iterator[None]:
        del writing
        database = connection.connection.dbapi_connection
        with engine.translated():
            if database is not None and database.in_transaction:
                connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield

    return replaced(engine, transaction=transaction)


def projects_in_a_transaction_of_its_own() -> AbstractContextManager[object]:
    """The entry is committed before what it changes."""
    original = book_module.project

    def project(connection: Connection, number: EntryNumber, effect: custody.Effect) -> None:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        original(connection, number, effect)

    return replaced(book_module, project=project)


def acknowledges_before_the_register_has_it() -> AbstractContextManager[object]:
    """The register answers first and writes a moment later."""
    original = SimulatedCentre.take

    class Answered(Exception):
        pass

    def take(centre: SimulatedCentre, address: Address, request: bytes) -> bytes:
        answers: list[bytes] = []
        kept = ingest_module.ingest

        def write_later() -> None:
            if centre.is_up:
                centre.survives(lambda: original(centre, address, request))

        try:
            with centre.database().write() as connection:
                answers.append(kept(connection, centre.centre, request, address, centre.clock.now()))
                raise Answered
        except Answered:
            centre.scheduler.after(seconds(2), write_later)
            return answers[0]
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the honest way says so
            return original(centre, address, request)

    return replaced(SimulatedCentre, take=take)


Compared = tuple[tuple[bytes, ...], EntryNumber | None]


def takes_entries_twice() -> AbstractContextManager[object]:
    """Ingest is not idempotent: what was sent again is entered again."""

    def compare(_connection: Transaction, _station: Station, stored: Head, request: SyncRequest) -> Compared:
        return (() if request.first > stored.number + 1 else request.entries), None

    return replaced(ingest_module, _compare=compare)


def overlooks_forks() -> AbstractContextManager[object]:
    """Entries under numbers that are taken are skipped without a look at them."""

    def compare(_connection: Transaction, _station: Station, stored: Head, request: SyncRequest) -> Compared:
        if request.first > stored.number + 1:
            return (), None
        return request.entries[stored.number - request.first + 1 :], None

    return replaced(ingest_module, _compare=compare)


def sends_nothing_again() -> AbstractContextManager[object]:
    """What was acknowledged once is never sent again, also where the register lost it."""
    original = cycle_module.take_answer

    def take_answer(book: Book, answer: SyncAnswer) -> tuple[FeedItem, ...]:
        before = sync_status(book).acknowledged
        taken = original(book, answer)
        with book.writing():
            book.connection.exec_driver_sql("UPDATE sync_state SET acknowledged = max(acknowledged, ?)", (before,))
        return taken

    return replaced(cycle_module, take_answer=take_answer)


def believes_its_clock() -> AbstractContextManager[object]:
    """The time of an entry is the wall clock's, wherever that stands."""

    def tick(_last: HybridTime, now: datetime) -> HybridTime:
        return HybridTime(int(now.timestamp()) << COUNTER_BITS)

    return replaced(book_module, tick=tick)


@contextmanager
def believes_every_signature() -> Iterator[None]:
    """No signature is looked at."""

    def is_signature(_key: bytes, _message: bytes, _signature: bytes) -> bool:
        return True

    with ExitStack() as stack:
        for module in (signing, acts, ledger):
            stack.enter_context(replaced(module, is_signature=is_signature))
        yield


def never_notices_a_skewed_clock() -> AbstractContextManager[object]:
    """No clock is too far off."""
    return replaced(ingest_module, SKEW_MAX_S=10**9)


MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        marks_a_marked_line,
        voids_change_nothing,
        says_done_before_the_disk_has_it,
        projects_in_a_transaction_of_its_own,
        acknowledges_before_the_register_has_it,
        takes_entries_twice,
        overlooks_forks,
        sends_nothing_again,
        believes_its_clock,
        believes_every_signature,
        never_notices_a_skewed_clock,
    )
}
