"""The officers of the register: their PINs and keys, and the acts that two of them sign."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pollbook import cbor
from pollbook.election import Election
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.people import PinCost, pin_refusal, unwrap, wrap
from pollbook.signing import SigningKey, is_signature
from pollbook.slice import TEXT_MAX
from pollbook.types import PrecinctCode
from register.store import decisions, lists, setup
from register.store.decisions import ListPlace, StoredDecision
from register.store.engine import Transaction
from register.store.setup import Officer
from register.voter_list.columns import find_columns
from register.voter_list.csv_rows import open_csv
from register.voter_list.encoding import survey

TRAINING_OFFICERS = ("Karimova Malika", "Usmonov Anvar", "Nazarova Dilbar")
OFFICERS_MIN = 2
REASON_CHARACTERS_MAX = 300
KEEP_PINFL, ACCEPT_TOTALS = "keep", "accept_totals"
_ACT_PURPOSE = b"uchastka register act 1\0"
_ACT_BYTES_MAX = 4096
_PIN_DIGITS = 8

AskPin = Callable[[str], str]
"""Asks the officer with this name for the PIN."""


@dataclass(frozen=True, slots=True)
class Act:
    """What two officers decide, and why."""

    reason: str
    officers: tuple[str, str]
    ask_pin: AskPin
    at: datetime


def read_register_officers(path: Path) -> list[str]:
    """The names in a file with the columns `surname,given_name`, in its order.

    Raises:
        WorldFailed: `OFFICERS_UNREADABLE`: fewer than two, two of one name, or a name that is none.
    """
    names: list[str] = []
    with open_csv(path, survey(path).encoding) as rows:
        places = find_columns(rows.header, ("surname", "given_name"), {})
        for chunk in rows.chunks():
            rows_filled = filter(None, chunk.rows)
            names += [" ".join(row[place].strip() for place in places if place < len(row)) for row in rows_filled]
    sound = all(0 < len(name) <= TEXT_MAX // 4 and name.isprintable() for name in names)
    if not sound or len(names) < OFFICERS_MIN or len({name.casefold() for name in names}) < len(names):
        raise WorldFailed(Failure.OFFICERS_UNREADABLE, str(path), path=path, where="register officers")
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


def keep_one(connection: Transaction, election: Election, pinfl: str | None, keep: ListPlace | None, act: Act) -> int:
    """Two officers decide which of the held-back lines with this PINFL is in place, or that none is.

    With no PINFL, the line without one at `keep` is put in place. Returns how many lines were decided on.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE`, `REASON_MISSING`, or as `_sign`.
    """
    lines = decisions.lines_in_question(connection, pinfl, keep)
    subject = ", ".join(str(each.place) for each in lines)
    stored = _sign(connection, election, act, KEEP_PINFL, [pinfl or "", subject, str(keep) if keep else ""])
    decisions.settle(connection, lines, keep, decisions.add_decision(connection, stored))
    return len(lines)


def accept_totals(connection: Transaction, election: Election, precinct: PrecinctCode, act: Act) -> None:
    """Two officers accept that this precinct's count differs from the official one.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE`, `UNKNOWN_PRECINCT`, `REASON_MISSING`, or as `_sign`.
    """
    decisions.accept_totals(connection, precinct)
    counted = lists.precinct_counts(connection, only=[precinct])[0]
    subject: list[object] = [precinct, counted.loaded, counted.official if counted.official is not None else -1]
    decisions.add_decision(connection, _sign(connection, election, act, ACCEPT_TOTALS, subject))


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


def _sign(connection: Transaction, election: Election, act: Act, kind: str, subject: list[object]) -> StoredDecision:
    """The act with both officers' signatures.

    Raises:
        WorldFailed: `REASON_MISSING`, `UNKNOWN_PERSON`, `SAME_OFFICER_TWICE`, `WRONG_PIN`.
    """
    reason = act.reason.strip()
    if not reason or len(reason) > REASON_CHARACTERS_MAX:
        raise WorldFailed(Failure.REASON_MISSING)
    known = setup.officers_of(connection)
    first, second = (_named(known, name) for name in act.officers)
    if first.number == second.number:
        raise WorldFailed(Failure.SAME_OFFICER_TWICE)
    at_s = int(act.at.timestamp())
    message = _ACT_PURPOSE + cbor.encode([election.id, kind, *subject, reason, at_s])
    one, other = ((officer.number, _key_of(officer, act.ask_pin).sign(message)) for officer in (first, second))
    return StoredDecision(
        kind, str(subject[0] if kind == ACCEPT_TOTALS else subject[1])[:120], message, at_s, one, other
    )


def _named(officers: Sequence[Officer], name: str) -> Officer:
    wanted = name.strip().casefold()
    for officer in officers:
        if wanted in {officer.name.casefold(), str(officer.number)}:
            return officer
    raise WorldFailed(Failure.UNKNOWN_PERSON, person=name)


def _key_of(officer: Officer, ask_pin: AskPin) -> SigningKey:
    seed = unwrap(officer.wrapped_key, ask_pin(officer.name))
    if seed is None:
        raise WorldFailed(Failure.WRONG_PIN, person=officer.name)
    return SigningKey.from_seed(seed)


def _random_pin() -> str:
    while True:
        pin = f"{secrets.randbelow(10**_PIN_DIGITS):0{_PIN_DIGITS}}"
        if pin_refusal(pin) is None:
            return pin
