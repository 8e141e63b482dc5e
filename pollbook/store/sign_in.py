"""Who may act: PINs tried against the wrapped keys, with a growing wait, and the session of the commands.

A person's PIN opens that person's own signing key; nothing else proves it. Wrong tries are counted on the disk
before the answer is given, so that ending the program does not buy another try.
"""

from __future__ import annotations

from datetime import timedelta

from pollbook.acts import Signer, key_bytes, sign_act
from pollbook.entries import KeyBound
from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.people import PinCost, pin_refusal, unwrap, wait_s, wrap
from pollbook.signing import SigningKey
from pollbook.store import engine, keys
from pollbook.store.book import Book
from pollbook.types import MACHINE, Person, PersonNumber


def set_first_pin(book: Book, person: PersonNumber, pin: str, cost: PinCost) -> None:
    """`person` has a new signing key under this PIN, bound in the ledger; only for one who has none yet.

    Raises:
        WorldFailed: `PIN_TOO_SIMPLE`.
    """
    _set_pin(book, person, pin, cost, None)


def replace_pin(
    book: Book,
    person: PersonNumber,
    pin: str,
    officers: tuple[tuple[PersonNumber, str], tuple[PersonNumber, str]],
    cost: PinCost,
) -> Refused | None:
    """`person` has a new key and PIN by the act of two officers (each a number and PIN); also for a forgotten one.

    Raises:
        WorldFailed: `PIN_TOO_SIMPLE`.
    """
    signers = two_signers(book, officers[0], officers[1])
    if isinstance(signers, Refused):
        return signers
    _set_pin(book, person, pin, cost, signers)
    if book.people[person].is_officer:
        pins = {book.people[number].key: given for number, given in officers} | {book.people[person].key: pin}
        keys.add_officer(book.home, book.people[person].key, pins, cost)
    return None


def try_pin(book: Book, person: PersonNumber, pin: str) -> SigningKey | Refused:
    """The person's key where the PIN is right; else why not, with `wait_s` where trying again must wait."""
    if person not in book.people:
        return Refused(Failure.UNKNOWN_PERSON)
    with engine.translated():
        rows = engine.look(
            book.connection, "SELECT wrapped_key, wrong_tries, wrong_at_s FROM pin WHERE person = ?", (person,)
        )
    if not rows:
        return Refused(Failure.PIN_NOT_SET)
    ((wrapped_key, wrong_tries, wrong_at_s),) = rows
    now_s = int(book.clock.now().timestamp())
    if now_s < wrong_at_s:
        # A clock that was set back must not lengthen the wait beyond its measure: it is counted from now.
        with book.writing():
            book.connection.exec_driver_sql("UPDATE pin SET wrong_at_s = ? WHERE person = ?", (now_s, person))
    left = wait_s(wrong_tries) - max(0, now_s - wrong_at_s)
    if left > 0:
        return Refused(Failure.TOO_MANY_TRIES, {"wait_s": left})
    with book.writing():
        book.connection.exec_driver_sql(
            "UPDATE pin SET wrong_tries = wrong_tries + 1, wrong_at_s = ? WHERE person = ?", (now_s, person)
        )
    seed = unwrap(wrapped_key, pin)
    if seed is None:
        return Refused(Failure.WRONG_PIN, {"wait_s": wait_s(wrong_tries + 1)})
    with book.writing():
        book.connection.exec_driver_sql("UPDATE pin SET wrong_tries = 0, wrong_at_s = 0 WHERE person = ?", (person,))
    return SigningKey.from_seed(seed)


def two_signers(
    book: Book, first: tuple[PersonNumber, str], second: tuple[PersonNumber, str]
) -> tuple[Signer, Signer] | Refused:
    """Both officers' signers, each proven by PIN; `SAME_OFFICER_TWICE` and `NOT_AN_OFFICER` before any PIN is tried."""
    if first[0] == second[0]:
        return Refused(Failure.SAME_OFFICER_TWICE)
    for number, _ in (first, second):
        if number not in book.people:
            return Refused(Failure.UNKNOWN_PERSON)
        if not book.people[number].is_officer:
            return Refused(Failure.NOT_AN_OFFICER)
    signers: list[Signer] = []
    for number, pin in (first, second):
        key = try_pin(book, number, pin)
        if isinstance(key, Refused):
            return Refused(key.failure, {**key.facts, "person": number})
        signers.append((number, key.sign))
    return signers[0], signers[1]


def begin_session(book: Book, person: PersonNumber) -> None:
    """The commands act as `person` until the election's idle time has passed without one."""
    until = book.clock.now() + timedelta(seconds=book.election.lock_after_s)
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT OR REPLACE INTO session VALUES (1, ?, ?)", (person, int(until.timestamp()))
        )


def end_session(book: Book) -> None:
    """Nobody is signed in for the commands."""
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM session")


def session(book: Book) -> Person | None:
    """Who is signed in for the commands now."""
    with engine.translated():
        row = book.connection.exec_driver_sql("SELECT person, until_s FROM session").one_or_none()
    if row is None or row.until_s < book.clock.now().timestamp():
        return None
    return book.people.get(PersonNumber(row.person))


def people_with_pin(book: Book) -> frozenset[PersonNumber]:
    """Who can sign in."""
    with engine.translated():
        return frozenset(PersonNumber(row.person) for row in book.connection.exec_driver_sql("SELECT person FROM pin"))


def _set_pin(book: Book, person: PersonNumber, pin: str, cost: PinCost, officers: tuple[Signer, Signer] | None) -> None:
    if (failure := pin_refusal(pin)) is not None:
        raise WorldFailed(failure)
    key = SigningKey.generate()
    wrapped_key = wrap(key.seed, cost, pin)
    with book.writing():
        signed = None if officers is None else sign_act(key_bytes(book.start, person, key.public), *officers)
        book.connection.exec_driver_sql("INSERT OR REPLACE INTO pin VALUES (?, ?, 0, 0)", (person, wrapped_key))
        book.enter(MACHINE, KeyBound(person, key.public, signed))
