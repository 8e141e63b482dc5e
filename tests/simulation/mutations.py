"""Deliberate bugs: each replaces one rule of the product by a broken variant while a world lives.

They prove the simulation, not the product: a world in which a rule is broken must break a promise within a bounded
number of seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

import pollbook.store.book as book_module
import register.evidence as evidence_module
import register.ingest as ingest_module
import register.moving as register_moving
import sync.cycle as cycle_module
from pollbook import acts, book_view, custody, effects, ledger, line_state, permission, signing
from pollbook.asks import Ask
from pollbook.clock import COUNTER_BITS, HybridTime
from pollbook.effects import LineChanged
from pollbook.entries import LineAccepted, LineReleased, MarkVoided, ProvisionalResolved
from pollbook.feed_items import FeedItem
from pollbook.ledger import Head
from pollbook.line_state import Place
from pollbook.statuses import LINES_IN_STATUSES_MAX
from pollbook.store import engine, moving, syncing
from pollbook.store.book import Book
from pollbook.store.syncing import sync_status
from pollbook.sync_answer import SyncAnswer
from pollbook.sync_request import Address, SyncRequest
from pollbook.types import EntryNumber, LineId
from register.store import statuses
from register.store.engine import Transaction
from register.store.stations import Station
from tests.simulation.centre import SimulatedCentre
from tests.simulation.kernel import seconds
from tests.simulation.replacing import replaced

Mutation = Callable[[], AbstractContextManager[object]]


def _both(
    first: AbstractContextManager[object], second: AbstractContextManager[object]
) -> AbstractContextManager[object]:
    stack = ExitStack()
    stack.enter_context(first)
    stack.enter_context(second)
    return stack


def marks_a_marked_line() -> AbstractContextManager[object]:
    """A line that is marked already may be marked once more, by the rules of both sides."""

    def may_mark(state: line_state.LineState | None, *_dates: object) -> permission.Refusal | None:
        return permission.Refusal.LINE_NOT_HELD if state is None else None

    def marked(view: book_view.BookView, line: LineId, mark: line_state.Mark) -> effects.Effect | effects.Anomaly:
        state = view.line(line)
        return effects.Anomaly.UNKNOWN_LINE if state is None else LineChanged(line, replace(state, mark=mark))

    return _both(replaced(permission, may_mark=may_mark), replaced(custody, _marked=marked))


def voids_change_nothing() -> AbstractContextManager[object]:
    """A void is entered, and the line stays marked."""

    def voided(view: book_view.BookView, number: object, fact: MarkVoided) -> effects.Effect | effects.Anomaly:
        del number
        state = view.line(fact.line)
        return effects.Anomaly.UNKNOWN_LINE if state is None else LineChanged(fact.line, state)

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

    def project(connection: Connection, number: EntryNumber, effect: effects.Effect) -> None:
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

        def write_later(life: int) -> None:
            if centre.lives == life:
                centre.survives(lambda: original(centre, address, request))

        try:
            with centre.database().write() as connection:
                answers.append(kept(connection, centre.centre, request, address, centre.clock.now()))
                raise Answered
        except Answered:
            centre.scheduler.after(seconds(10), write_later, centre.lives)
            return answers[0]
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the honest way says so
            return original(centre, address, request)

    return replaced(SimulatedCentre, take=take)


Compared = tuple[tuple[bytes, ...], EntryNumber | None]


def takes_entries_twice() -> AbstractContextManager[object]:
    """Ingest is not idempotent: what was sent again is entered again."""

    def compare(_connection: Transaction, _station: Station, stored: Head, request: SyncRequest) -> Compared:
        return (() if request.first > stored.number + 1 else request.entries), None

    return replaced(ingest_module, compare_entries=compare)


def overlooks_forks() -> AbstractContextManager[object]:
    """Entries under numbers that are taken are skipped without a look at them."""

    def compare(_connection: Transaction, _station: Station, stored: Head, request: SyncRequest) -> Compared:
        if request.first > stored.number + 1:
            return (), None
        return request.entries[stored.number - request.first + 1 :], None

    return replaced(ingest_module, compare_entries=compare)


def sends_nothing_again() -> AbstractContextManager[object]:
    """What was acknowledged once is never sent again, also where the register lost it."""
    original = cycle_module.take_answer

    def take_answer(book: Book, answer: SyncAnswer, asks: tuple[Ask, ...] = ()) -> tuple[FeedItem, ...]:
        before = sync_status(book).acknowledged
        taken = original(book, answer, asks)
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


def marks_without_holding() -> AbstractContextManager[object]:
    """A line that this book let go, or never had, may be marked here, by the rules of both sides."""

    def may_mark(state: line_state.LineState | None, *_rest: object) -> permission.Refusal | None:
        return permission.Refusal.ALREADY_MARKED if state is not None and state.mark is not None else None

    def marked(view: book_view.BookView, line: LineId, mark: line_state.Mark) -> effects.Effect | effects.Anomaly:
        state = view.line(line) or line_state.UNMARKED
        return effects.Anomaly.SECOND_MARK if state.mark else LineChanged(line, replace(state, mark=mark))

    return _both(replaced(permission, may_mark=may_mark), replaced(custody, _marked=marked))


def releases_twice() -> AbstractContextManager[object]:
    """A line that was let go, or marked, may be let go once more."""

    def may_release(*_line: object) -> None:
        return None

    def released(view: book_view.BookView, fact: LineReleased) -> effects.Effect | effects.Anomaly:
        states = ((moved, view.line(moved.line) or line_state.UNMARKED) for moved in fact.lines)
        return effects.LinesChanged(
            tuple(
                (moved.line, replace(state, place=Place.RELEASED, custody=moved.custody, released_to=fact.receiver))
                for moved, state in states
            )
        )

    return _both(replaced(permission, may_release=may_release), replaced(custody, _released=released))


def accepts_what_is_addressed_to_others() -> AbstractContextManager[object]:
    """A release is taken by whoever sees it first."""

    def is_addressed(_identity: book_view.Identity, _receiver: object) -> bool:
        return True

    def released(view: book_view.BookView, fact: LineReleased) -> effects.Effect | effects.Anomaly:
        with replaced(book_view.Identity, is_addressed=addressed):
            return original(view, fact)

    original, addressed = custody._released, book_view.Identity.is_addressed
    stack = ExitStack()
    stack.enter_context(replaced(custody, _released=released))
    stack.enter_context(replaced(moving, release_lines=_with(moving.release_lines, addressed)))
    stack.enter_context(replaced(book_view.Identity, is_addressed=is_addressed))
    return stack


def _with(action: Callable[..., object], addressed: object) -> Callable[..., object]:
    def honest(*given: object) -> object:
        with replaced(book_view.Identity, is_addressed=addressed):
            return action(*given)

    return honest


def accepts_a_release_again_and_again() -> AbstractContextManager[object]:
    """A custody number may be used twice: a paper brings the line back each time it is shown."""

    def accepted(view: book_view.BookView, number: EntryNumber, fact: LineAccepted) -> effects.Effect:
        states = ((moved, view.line(moved.line) or line_state.ELSEWHERE) for moved in fact.release.lines)
        return effects.LinesChanged(
            tuple(
                (moved.line, replace(state, place=Place.HERE, custody=moved.custody, since=number, released_to=None))
                for moved, state in states
            )
        )

    def may_accept(*_asked: object) -> None:
        return None

    def accepted_as(book: Book, release_id: bytes) -> None:
        book.connection.exec_driver_sql("DELETE FROM accepted_release WHERE id = ?", (release_id,))

    stack = ExitStack()
    stack.enter_context(replaced(custody, _accepted=accepted))
    stack.enter_context(replaced(moving, may_accept=may_accept, accepted_as=accepted_as))
    return stack


def moves_lines_by_time_out() -> AbstractContextManager[object]:
    """A release that nobody acknowledged within 20 s is taken for lost: the line is held here again."""
    original = moving.ready_releases
    seen: dict[bytes, float] = {}

    def ready_releases(book: Book) -> tuple[moving.SentRelease, ...]:
        waiting = original(book)
        for sent in waiting:
            if book.clock.monotonic_s() - seen.setdefault(sent.id, book.clock.monotonic_s()) > 20:
                with book.writing():
                    book.connection.exec_driver_sql("UPDATE line_state SET place = 0 WHERE place = 2")
        return waiting

    return replaced(moving, ready_releases=ready_releases)


def releases_what_a_team_has() -> AbstractContextManager[object]:
    """A lock keeps no line at home."""

    def lock_of(*_line: object) -> None:
        return None

    return replaced(moving, lock_of=lock_of)


def gives_up_sending() -> AbstractContextManager[object]:
    """A release is sent once over the LAN and never by the register; who did not get it then does not get it."""
    original = moving.ready_releases
    sent: set[bytes] = set()

    def ready_releases(book: Book) -> tuple[moving.SentRelease, ...]:
        fresh = tuple(each for each in original(book) if each.id not in sent or each.way is not moving.Way.LAN)
        sent.update(each.id for each in fresh)
        return fresh

    def pass_on(*_release: object) -> None:
        """The register keeps to itself what was released."""

    stack = ExitStack()
    stack.enter_context(replaced(moving, ready_releases=ready_releases))
    stack.enter_context(replaced(register_moving, pass_on=pass_on))
    return stack


def keeps_other_books_marks_to_itself() -> AbstractContextManager[object]:
    """The register tells no book where the lines that it let go were marked."""

    def tell_statuses(connection: Transaction, station: Station, _at_s: int) -> None:
        statuses.take_due(connection, station.id, LINES_IN_STATUSES_MAX)

    return replaced(ingest_module, tell_statuses=tell_statuses)


def keeps_evidence_to_itself() -> AbstractContextManager[object]:
    """A book of which the register has another ledger is locked, and sends nothing of its own history."""

    def is_evidence_due(_book: Book) -> bool:
        return False

    def evidence_since(_book: Book) -> None:
        return None

    stack = ExitStack()
    stack.enter_context(replaced(cycle_module, is_evidence_due=is_evidence_due))
    stack.enter_context(replaced(syncing, _evidence_since=evidence_since))
    return stack


def compares_feeds_by_their_numbers_alone() -> AbstractContextManager[object]:
    """What a restored register told under numbers that the book had seen is taken for seen."""

    def compare_feeds(*_asked: object) -> None:
        """Nothing is compared."""

    return replaced(ingest_module, compare_feeds=compare_feeds)


def believes_its_tables_of_envelopes_alone() -> AbstractContextManager[object]:
    """What officers did with an envelope must be what the register's tables say now, whatever it signed before."""
    original = custody._resolved

    def resolved(view: book_view.BookView, fact: ProvisionalResolved) -> effects.Effect | effects.Anomaly:
        return original(view, replace(fact, word=b""))

    return replaced(custody, _resolved=resolved)


def says_that_all_evidence_is_kept() -> AbstractContextManager[object]:
    """A book with a second history is told that the register has all of it, whatever the register has."""

    def is_kept(*_asked: object) -> bool:
        return True

    stack = ExitStack()
    stack.enter_context(replaced(evidence_module, is_kept=is_kept))
    stack.enter_context(replaced(ingest_module, is_kept=is_kept))
    return stack


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
        marks_without_holding,
        releases_twice,
        accepts_what_is_addressed_to_others,
        accepts_a_release_again_and_again,
        moves_lines_by_time_out,
        releases_what_a_team_has,
        gives_up_sending,
        keeps_other_books_marks_to_itself,
        keeps_evidence_to_itself,
        compares_feeds_by_their_numbers_alone,
        believes_its_tables_of_envelopes_alone,
        says_that_all_evidence_is_kept,
    )
}
