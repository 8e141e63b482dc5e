"""Decisions of two officers in the store, and what they change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from pollbook.failures import Failure, WorldFailed
from pollbook.types import PrecinctCode
from register.store.lists import PrecinctCount, next_version, precinct_count
from register.store.schema.centre import decision
from register.store.schema.lists import LinePlace, held_back, line, precinct


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where a voter stands in the paper list."""

    precinct: PrecinctCode
    page: int
    row: int

    def __str__(self) -> str:
        return f"{self.precinct}:{self.page}:{self.row}"


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision with both signatures under `signed`."""

    kind: str
    subject: str
    signed: bytes
    at_s: int
    first: tuple[int, bytes]
    second: tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line that waits for a decision, or the one in place that it stands against."""

    seq: int
    place: ListPlace
    is_held_back: bool


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A line that waits for two officers; lines of one `group` have one PINFL, which is not told here."""

    place: ListPlace
    reason: str
    group: int


def add_decision(connection: Connection, new: StoredDecision) -> int:
    """Keep a decision; returns its number."""
    key = connection.execute(
        insert(decision).values(
            kind=new.kind,
            subject=new.subject,
            signed=new.signed,
            at_s=new.at_s,
            first_officer=new.first[0],
            first_signature=new.first[1],
            second_officer=new.second[0],
            second_signature=new.second[1],
        )
    ).inserted_primary_key
    assert key is not None  # noqa: S101 - an autoincremented key
    return int(key[0])


def has_decision(connection: Connection, kind: str, subject: str) -> bool:
    """Whether two officers decided this."""
    query = select(decision.c.id).where(decision.c.kind == kind, decision.c.subject == subject).limit(1)
    return connection.execute(query).first() is not None


def all_decisions(connection: Connection) -> Iterable[StoredDecision]:
    """Every decision, oldest first."""
    for row in connection.execute(select(decision).order_by(decision.c.id)):
        yield StoredDecision(
            row.kind,
            row.subject,
            bytes(row.signed),
            row.at_s,
            (row.first_officer, bytes(row.first_signature)),
            (row.second_officer, bytes(row.second_signature)),
        )


def lines_in_question(connection: Connection, pinfl: str | None, keep: ListPlace | None) -> list[Waiting]:
    """The lines that a decision is about: all with this PINFL, or the one without any at `keep`.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE` where none of them waits, or `keep` is none of them.
    """
    columns = (line.c.seq, line.c.precinct, line.c.page, line.c.row, line.c.place)
    waits = (line.c.place == LinePlace.HELD_BACK) & held_back.c.decision.is_(None)
    query = select(*columns).join(held_back, held_back.c.seq == line.c.seq).where(waits)
    if pinfl is None and keep is not None:
        query = query.where(line.c.precinct == keep.precinct, line.c.page == keep.page, line.c.row == keep.row)
        query = query.where(held_back.c.pinfl.is_(None))
    else:
        query = query.where(held_back.c.pinfl == pinfl)
    rows = list(connection.execute(query))
    if pinfl is not None:
        in_place = select(*columns).where(line.c.pinfl == pinfl, line.c.place == LinePlace.ACTIVE)
        rows += list(connection.execute(in_place))
    found = [
        Waiting(row.seq, ListPlace(PrecinctCode(row.precinct), row.page, row.row), row.place == LinePlace.HELD_BACK)
        for row in rows
    ]
    # A line that stands already, issued perhaps, can be confirmed, but nothing can be put in its place.
    may_stay = [each.place for each in found if not each.is_held_back] or [each.place for each in found]
    if not any(each.is_held_back for each in found) or (keep is not None and keep not in may_stay):
        raise WorldFailed(Failure.NOTHING_TO_DECIDE, str(keep) if keep else "")
    return found


def settle(connection: Connection, lines: Iterable[Waiting], keep: ListPlace | None, decision_id: int) -> None:
    """Of the waiting lines the one at `keep` is in place from now on, the others are decided against."""
    version = next_version(connection)
    for each in lines:
        if not each.is_held_back:
            continue
        is_kept = each.place == keep
        place = LinePlace.ACTIVE if is_kept else LinePlace.REMOVED
        change = update(line).where(line.c.seq == each.seq)
        connection.execute(change.values(place=place, **({"since_version": version} if is_kept else {})))
        connection.execute(update(held_back).where(held_back.c.seq == each.seq).values(decision=decision_id))
        if is_kept:
            of_line = update(precinct).where(precinct.c.code == each.place.precinct)
            connection.execute(of_line.values(version=version))


def accept_totals(connection: Connection, code: PrecinctCode) -> PrecinctCount:
    """The precinct's present difference is accepted; returns it.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE` where its counts don't differ, `UNKNOWN_PRECINCT`.
    """
    count = precinct_count(connection, code)
    if count is None:
        raise WorldFailed(Failure.UNKNOWN_PRECINCT, code, precinct=code)
    if not count.differs:
        raise WorldFailed(Failure.NOTHING_TO_DECIDE, code, precinct=code)
    accepted = {"accepted_loaded": count.loaded, "accepted_official": count.official or 0}
    connection.execute(update(precinct).where(precinct.c.code == code).values(accepted))
    return count


def waiting_places(connection: Connection) -> list[HeldBack]:
    """All held-back lines, those with one PINFL together."""
    query = (
        select(held_back.c.pinfl, held_back.c.reason, line.c.precinct, line.c.page, line.c.row)
        .join(line, held_back.c.seq == line.c.seq)
        .where(held_back.c.decision.is_(None))
        .order_by(held_back.c.pinfl, held_back.c.seq)
    )
    found: list[HeldBack] = []
    group, last = 0, ""
    for row in connection.execute(query):
        if row.pinfl is None or row.pinfl != last:
            group += 1
        last = row.pinfl or ""
        found.append(HeldBack(ListPlace(PrecinctCode(row.precinct), row.page, row.row), row.reason, group))
    return found
