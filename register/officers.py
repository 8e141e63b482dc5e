"""The officers of the register: their PINs and keys, and the acts that two of them sign.

An act has two steps. `prove` opens both officers' keys with their PINs, each try counted on the disk before it is
answered, in transactions of their own: a refused act must not take its tries back. What the act decides is then one
transaction, in which nobody is asked for anything.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pollbook import cbor
from pollbook.clock import Clock
from pollbook.election import Election
from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.people import PinCost, pin_refusal, unwrap, wait_s, wrap
from pollbook.register_entries import Decided
from pollbook.signing import SigningKey, is_signature
from pollbook.slice import TEXT_MAX
from pollbook.types import OFFICERS_OF_AN_ACT, PrecinctCode
from register.issuing import REISSUE, book_to_follow
from register.own_ledger import enter
from register.store import decisions, setup
from register.store.decisions import ListPlace, StoredDecision
from register.store.engine import Database, Transaction
from register.store.setup import Officer
from register.voter_list.columns import find_columns
from register.voter_list.csv_rows import open_csv
from register.voter_list.encoding import survey

TRAINING_OFFICERS = ("Karimova Malika", "Usmonov Anvar", "Nazarova Dilbar")
OFFICERS_MAX = 1000
"""Of one register; a commission has some twenty."""
KEEP_PINFL, ACCEPT_TOTALS = "keep", "accept_totals"
_ACT_PURPOSE = b"uchastka register act 1\0"
_ACT_BYTES_MAX = 1 << 20
"""The places of some 40,000 lines that share one PINFL."""
_PIN_DIGITS = 8
_SUBJECT_CHARACTERS = 120
"""Kept beside a decision for reading; what was signed holds the whole."""

AskPin = Callable[[str], str]
"""Asks the officer with this name for the PIN."""


@dataclass(frozen=True, slots=True)
class Act:
    """Why two officers decide something, and who they say they are, each by name or number."""

    reason: str
    officers: tuple[str, str]
    ask_pin: AskPin
    clock: Clock


Signer = tuple[int, SigningKey]
"""An officer who has proven the PIN: the number, and the key."""


@dataclass(frozen=True, slots=True)
class ProvenAct:
    """An act whose two officers have proven who they are."""

    reason: str
    at_s: int
    first: Signer
    second: Signer


def read_register_officers(path: Path) -> list[str]:
    """The names in a file with the columns `surname,given_name`, in its order.

    Raises:
        WorldFailed: `OFFICERS_UNREADABLE`: fewer than two, two of one name, or a name that is none; `FILE_UNREADABLE`.
    """
    try:
        names = _names_in(path)
    except WorldFailed as error:
        if error.failure is Failure.FILE_UNREADABLE:
            raise
        raise WorldFailed(Failure.OFFICERS_UNREADABLE, error.detail, path=path, where=error.detail) from error
    sound = all(0 < len(name) <= TEXT_MAX // 4 and name.isprintable() for name in names)
    enough = OFFICERS_OF_AN_ACT <= len(names) <= OFFICERS_MAX
    if not sound or not enough or len({name.casefold() for name in names}) < len(names):
        raise WorldFailed(Failure.OFFICERS_UNREADABLE, str(path), path=path, where="register officers")
    return names


def _names_in(path: Path) -> list[str]:
    """The names of the file, whatever they are; of very many, the first ones only."""
    names: list[str] = []
    with open_csv(path, survey(path).encoding) as rows:
        places = find_columns(rows.header, ("surname", "given_name"), {})
        for chunk in rows.chunks():
            rows_filled = filter(None, chunk.rows)
            names += [" ".join(row[place].strip() for place in places if place < len(row)) for row in rows_filled]
            if len(names) > OFFICERS_MAX:
                break
    return names


def make_officers(names: Sequence[str], cost: PinCost) -> tuple[list[Officer], dict[str, str]]:
    """Officers with new keys, and the random PIN of each, which is kept nowhere else."""
    officers: list[Officer] = []
    pins: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        pin = _random_pin()
        key = SigningKey.generate()
        officers.append(Officer(number, name, key.public, wrap(key.seed, cost, pin)))
        pins[name] = pin
    return officers, pins


def prove(database: Database, act: Act) -> ProvenAct:
    """The act, both officers' PINs tried; one that can be refused without them asks for none.

    Raises:
        WorldFailed: `REASON_MISSING`, `REASON_TOO_LONG`, `UNKNOWN_PERSON`, `SAME_OFFICER_TWICE`, `WRONG_PIN`, or
            `TOO_MANY_TRIES` with `wait_s`, the seconds until a PIN is tried again.
    """
    reason = act.reason.strip()
    if not reason:
        raise WorldFailed(Failure.REASON_MISSING)
    if len(reason) > REASON_CHARACTERS_MAX:
        raise WorldFailed(Failure.REASON_TOO_LONG, limit=REASON_CHARACTERS_MAX)
    with database.read() as connection:
        known = setup.officers_of(connection)
    first, second = (_named(known, name, place) for place, name in enumerate(act.officers, 1))
    if first.number == second.number:
        raise WorldFailed(Failure.SAME_OFFICER_TWICE)
    one, other = ((officer.number, _key_of(database, officer, act)) for officer in (first, second))
    return ProvenAct(reason, int(act.clock.now().timestamp()), one, other)


def keep_one(
    connection: Transaction, election: Election, pinfl: str | None, keep: ListPlace | None, act: ProvenAct
) -> int:
    """Two officers decide which of the held-back lines with this PINFL is in place, or that none is.

    With no PINFL, the line without one at `keep` is put in place. Returns how many lines were decided on.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE`.
    """
    lines = decisions.lines_in_question(connection, pinfl, keep)
    subject = ", ".join(str(each.place) for each in lines)
    stored = signed_decision(election, act, KEEP_PINFL, [pinfl or "", subject, str(keep) if keep else ""])
    decisions.settle(connection, lines, keep, decide(connection, stored))
    return len(lines)


def accept_totals(connection: Transaction, election: Election, precinct: PrecinctCode, act: ProvenAct) -> None:
    """Two officers accept that this precinct's count differs from the official one.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE`, `UNKNOWN_PRECINCT`.
    """
    counted = decisions.accept_totals(connection, precinct)
    subject: list[object] = [precinct, counted.loaded, counted.official if counted.official is not None else -1]
    decide(connection, signed_decision(election, act, ACCEPT_TOTALS, subject))


def let_reissue(connection: Transaction, election: Election, precinct: PrecinctCode, act: ProvenAct) -> None:
    """Two officers decide that this precinct gets another book after its revoked one.

    Raises:
        WorldFailed: As `issuing.book_to_follow`.
    """
    subject: list[object] = [precinct, str(book_to_follow(connection, precinct))]
    decide(connection, signed_decision(election, act, REISSUE, subject))


def decide(connection: Transaction, decision: StoredDecision) -> int:
    """The decision is kept, and an entry of the register's ledger; its number."""
    number = decisions.add_decision(connection, decision)
    sha256 = hashlib.sha256(decision.signed).digest()
    enter(connection, Decided(decision.kind, number, sha256), decision.at_s)
    return number


def is_proven(decision: StoredDecision, officers: Sequence[Officer], election: Election) -> bool:
    """Whether two different officers of this register signed the decision for this election."""
    keys = {officer.number: officer.public_key for officer in officers}
    signatures = (decision.first, decision.second)
    try:
        signed = cbor.decode(decision.signed.removeprefix(_ACT_PURPOSE), _ACT_BYTES_MAX)
    except InputInvalid:
        return False
    return (
        isinstance(signed, list)
        and signed[:2] == [election.id, decision.kind]
        and decision.signed.startswith(_ACT_PURPOSE)
        and decision.first[0] != decision.second[0]
        and all(
            number in keys and is_signature(keys[number], decision.signed, signature)
            for number, signature in signatures
        )
    )


def signed_decision(election: Election, act: ProvenAct, kind: str, subject: list[object]) -> StoredDecision:
    """What both officers sign of a decision of this kind; the second of `subject` is kept beside it for reading."""
    message = _ACT_PURPOSE + cbor.encode([election.id, kind, *subject, act.reason, act.at_s])
    one, other = ((number, key.sign(message)) for number, key in (act.first, act.second))
    shown = str(subject[0] if kind == ACCEPT_TOTALS else subject[1])[:_SUBJECT_CHARACTERS]
    return StoredDecision(kind, shown, message, act.at_s, one, other)


def _named(officers: Sequence[Officer], name: str, place: int) -> Officer:
    wanted = name.strip().casefold()
    for officer in officers:
        if wanted in {officer.name.casefold(), str(officer.number)}:
            return officer
    # What was typed may be anybody's name, so the failure says which of the two it was.
    raise WorldFailed(Failure.UNKNOWN_PERSON, f"officer {place} of {OFFICERS_OF_AN_ACT}", officer=place)


def _key_of(database: Database, officer: Officer, act: Act) -> SigningKey:
    with database.read() as connection:  # nobody types a PIN that will not be tried
        _check_wait(connection, officer, act.clock)
    pin = act.ask_pin(officer.name)
    with database.write() as connection:
        tries = _check_wait(connection, officer, act.clock) + 1
        setup.set_wrong_tries(connection, officer.number, tries, int(act.clock.now().timestamp()))
    seed = unwrap(officer.wrapped_key, pin)
    if seed is None:
        raise WorldFailed(Failure.WRONG_PIN, person=officer.number, wait_s=wait_s(tries))
    with database.write() as connection:
        setup.set_wrong_tries(connection, officer.number, 0, 0)
    return SigningKey.from_seed(seed)


def _check_wait(connection: Transaction, officer: Officer, clock: Clock) -> int:
    """The officer's wrong tries so far, where one more is let in now (the rule of the stations too)."""
    tries, latest_s = setup.wrong_tries(connection, officer.number)
    # A clock that was set back must not lengthen the wait beyond its measure.
    waited_s = max(0, int(clock.now().timestamp()) - latest_s)
    left_s = wait_s(tries) - waited_s
    if left_s > 0:
        raise WorldFailed(Failure.TOO_MANY_TRIES, person=officer.number, wait_s=left_s)
    return tries


def _random_pin() -> str:
    while True:
        pin = f"{secrets.randbelow(10**_PIN_DIGITS):0{_PIN_DIGITS}}"
        if pin_refusal(pin) is None:
            return pin
