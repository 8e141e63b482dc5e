"""Proving what the centre did: its ledger's chain, and that nothing of what it says is missing beside it, or more."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable

from pollbook.register_entries import (
    Adjudicated,
    AnomalyFound,
    Decided,
    Enrolled,
    Granted,
    RegisterFact,
    Revoked,
    Superseded,
)
from register.centre import Centre
from register.own_ledger import check_own_ledger
from register.store import anomalies, books, custody, decisions, stations
from register.store.engine import Transaction


def check_own(connection: Transaction, centre: Centre) -> list[str]:
    """What does not hold of the register's own ledger and of the tables that follow from it."""
    entries, faults = check_own_ledger(connection, centre)
    facts = [entry.fact for entry in entries]
    faults += _compare("station", _stations(connection), (_enrolled(fact) for fact in facts))
    revoked = (str(each.book) for each in stations.all_stations(connection) if each.revoked_at_s is not None)
    faults += _compare("revocation", revoked, (str(f.book) if isinstance(f, Revoked) else None for f in facts))
    decided = ((each.kind, hashlib.sha256(each.signed).hexdigest()) for each in decisions.all_decisions(connection))
    said = ((f.kind, f.sha256.hex()) if isinstance(f, Decided) else None for f in facts)
    faults += _compare("decision", decided, said)
    outcomes = ((each.line, int(each.outcome or 0)) for each in custody.adjudicated(connection))
    # What two officers acted on stands, also where the register, put back to a backup, had said something else since.
    said_of = {f.line: int(f.outcome) for f in facts if isinstance(f, Adjudicated)}
    faults += _compare("adjudication", outcomes, said_of.items())
    return faults + _anomalies(connection, facts) + _grants(connection, facts)


def _stations(connection: Transaction) -> Iterable[object]:
    return ((str(each.book), each.slice_sha256) for each in stations.all_stations(connection) if not each.predecessor)


def _enrolled(fact: RegisterFact) -> object:
    return (str(fact.book), fact.slice_sha256) if isinstance(fact, Enrolled) else None


def _anomalies(connection: Transaction, facts: Iterable[RegisterFact]) -> list[str]:
    said: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        if isinstance(fact, AnomalyFound):
            said[str(fact.book), fact.kind] += fact.count
    kept = Counter((book, kind) for kind, book, *_ in anomalies.anomalies(connection))
    return [
        f"anomalies of {book}: {kept[book, kind]} of {kind} where {count} were found"
        for (book, kind), count in (said | kept).items()
        if said[book, kind] != kept[book, kind]
    ]


def _grants(connection: Transaction, facts: Iterable[RegisterFact]) -> list[str]:
    """Every successor and every line on its way is one that the register said."""
    superseded = {str(fact.successor) for fact in facts if isinstance(fact, Superseded)}
    granted = {fact.release.id for fact in facts if isinstance(fact, Granted)}
    faults = [
        f"successor {each.book}: nothing says that it took over"
        for each in stations.all_stations(connection)
        if each.predecessor and not books.load_book(connection, each.id).forked and str(each.book) not in superseded
    ]
    return faults + [
        "a line is on its way by a release that was never passed on"
        for each in custody.moved_lines(connection)
        if each.receiver is not None and each.release not in granted
    ]


def _compare(what: str, kept: Iterable[object], said: Iterable[object]) -> list[str]:
    has, should = Counter(kept), Counter(each for each in said if each is not None)
    missing, beyond = sum((should - has).values()), sum((has - should).values())
    faults = [f"{what}: {missing} that the ledger says are not kept"] if missing else []
    return faults + ([f"{what}: {beyond} that the ledger does not say"] if beyond else [])
