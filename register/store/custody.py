"""Where each line is, by voter: lines that moved, claims for them, and provisional voters.

A line that never moved has no row: it is with the book that was issued it. Rows are written by voter, after a book's
entries were stored by book (`ledgers`), and from them alone; writing one twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select, union_all, update

from pollbook.entries import Outcome
from pollbook.types import BookName, EntryNumber, LineId, parse_book
from register.store.schema.marks import claim, custody, provisional
from register.store.statements import Statement


@dataclass(frozen=True, slots=True)
class Holding:
    """A line that moved.

    Attributes:
        number: Its custody number: how often it has moved.
        holder: The station that holds it, None while it is in flight, 0 where the register holds it.
        receiver: Whom it is in flight to, None where it has arrived.
        release: The id of the release by which it moved last.
        used_by: The provisional line that used the voter's right up, 0 where none did.
    """

    line: LineId
    number: int
    holder: int | None
    receiver: BookName | None
    release: bytes
    used_by: int = 0


REGISTER_HOLDS = 0


def holding_of(connection: Connection, line: LineId) -> Holding | None:
    """Where a line that moved is; None where it never did. Until the transaction ends, nobody else moves it.

    A first move has no row to hold, so on PostgreSQL the line itself is locked by its number.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (line,))
    row = _HOLDING.first(connection, of_line=line)
    return None if row is None else holding_in(row)


def holding_in(row: Any) -> Holding:  # noqa: ANN401 - a row of `custody`
    """What a row of `custody` holds."""
    return Holding(
        LineId(row.line), row.number, row.holder, parse_book(row.receiver), bytes(row.release_id), row.used_by
    )


def save_holding(connection: Connection, holding: Holding) -> None:
    """Keep where the line is now."""
    values = {
        "of_line": holding.line,
        "new_number": holding.number,
        "new_holder": holding.holder,
        "new_receiver": str(holding.receiver or ""),
        "new_release_id": holding.release,
        "new_used_by": holding.used_by,
    }
    if not _MOVE.run(connection, **values):
        _FIRST_MOVE.run(connection, **values)


_OF_LINE: BindParameter[int] = bindparam("of_line")
_MOVED: dict[str, BindParameter[Any]] = {
    name: bindparam(f"new_{name}") for name in ("number", "holder", "receiver", "release_id", "used_by")
}
_HOLDING = Statement(select(custody).where(custody.c.line == _OF_LINE))
_MOVE = Statement(update(custody).where(custody.c.line == _OF_LINE).values(_MOVED))
_FIRST_MOVE = Statement(insert(custody).values(line=_OF_LINE, **_MOVED))


def moved_lines(connection: Connection) -> list[Holding]:
    """Every line that moved, by id."""
    rows = connection.execute(select(custody).order_by(custody.c.line))
    return [holding_in(row) for row in rows]


class ClaimState(StrEnum):
    """What became of a claim."""

    RECALLED = "recalled"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """A claim of a station for a line; 0 is no line."""

    station: int
    id: bytes
    line: int
    state: ClaimState
    at_s: int
    told_kept: bool = False


def find_claim(connection: Connection, station_id: int, claim_id: bytes) -> KeptClaim | None:
    """The station's claim with this id."""
    row = _CLAIM.first(connection, station_id=station_id, claim_id=claim_id)
    return None if row is None else _claim(row)


def add_claim(connection: Connection, new: KeptClaim) -> None:
    """Keep a new claim; whose PINFL it named is not kept (custody rule 15)."""
    row = {
        "station": new.station,
        "id": new.id,
        "line": new.line,
        "state": new.state.value,
        "at_s": new.at_s,
        "told_kept": False,
    }
    connection.execute(insert(claim).values(row))


def set_claim(connection: Connection, of: KeptClaim, state: ClaimState) -> None:
    """The claim is in this state now."""
    same = (claim.c.station == of.station) & (claim.c.id == of.id)
    connection.execute(update(claim).where(same).values(state=state.value))


def note_told_kept(connection: Connection, of: KeptClaim) -> None:
    """The claim's station was told that the line stays where it is for now."""
    same = (claim.c.station == of.station) & (claim.c.id == of.id)
    connection.execute(update(claim).where(same).values(told_kept=True))


def lines_waited_for(connection: Connection) -> set[LineId]:
    """The lines that a claim or a provisional voter waits for; few at any time."""
    return {LineId(row.line) for row in _WAITED_FOR.all(connection)}


_WAITED_FOR = Statement(
    union_all(
        select(claim.c.line).where(claim.c.state == ClaimState.RECALLED.value),
        select(provisional.c.real_line).where(provisional.c.outcome.is_(None), provisional.c.real_line != 0),
    )
)


def waiting_claims(connection: Connection, line: LineId) -> list[KeptClaim]:
    """The claims for this line that still wait, oldest first."""
    return [_claim(row) for row in _WAITING.all(connection, of_line=line)]


_CLAIM = Statement(select(claim).where(claim.c.station == bindparam("station_id"), claim.c.id == bindparam("claim_id")))
_WAITING = Statement(
    select(claim)
    .where(claim.c.line == _OF_LINE, claim.c.state == ClaimState.RECALLED.value)
    .order_by(claim.c.at_s, claim.c.station, claim.c.id)
)


def claims_since(connection: Connection, station_id: int, at_s: int) -> int:
    """How many claims the station has made since then."""
    query = select(func.count()).select_from(claim).where(claim.c.station == station_id, claim.c.at_s >= at_s)
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class KeptProvisional:
    """A provisional voter: at which station, the voter's own line (0: none is known), and the verdict so far."""

    line: LineId
    station: int
    entry: EntryNumber
    real_line: int
    outcome: Outcome | None
    adjudication: int
    at_s: int
    asked_of: int = 0


def add_provisional(connection: Connection, new: KeptProvisional) -> bool:
    """Keep a new provisional voter; False where this one is known."""
    if find_provisional(connection, new.line) is not None:
        return False
    row = {
        "line": new.line,
        "station": new.station,
        "entry": new.entry,
        "real_line": new.real_line,
        "outcome": None,
        "adjudication": 0,
        "asked_of": 0,
        "at_s": new.at_s,
    }
    connection.execute(insert(provisional).values(row))
    return True


def find_provisional(connection: Connection, line: LineId) -> KeptProvisional | None:
    """The provisional voter with this line."""
    row = connection.execute(select(provisional).where(provisional.c.line == line)).first()
    return None if row is None else _provisional(row)


def provisionals_of(connection: Connection, real_line: LineId) -> list[KeptProvisional]:
    """Every provisional voter who is the voter of this line, oldest first."""
    return [_provisional(row) for row in _PROVISIONALS.all(connection, of_line=real_line)]


_PROVISIONALS = Statement(
    select(provisional).where(provisional.c.real_line == _OF_LINE).order_by(provisional.c.at_s, provisional.c.line)
)


def open_provisionals(connection: Connection) -> list[KeptProvisional]:
    """Every provisional voter who waits for a verdict, oldest first."""
    query = select(provisional).where(provisional.c.outcome.is_(None))
    return [_provisional(row) for row in connection.execute(query.order_by(provisional.c.at_s, provisional.c.line))]


def adjudicated(connection: Connection) -> list[KeptProvisional]:
    """Every provisional voter who has a verdict."""
    rows = connection.execute(select(provisional).where(provisional.c.outcome.is_not(None)))
    return [_provisional(row) for row in rows]


def adjudications_at(connection: Connection, station_id: int) -> dict[LineId, tuple[EntryNumber, Outcome]]:
    """What the register said of the provisional voters of this station."""
    rows = _ADJUDICATED_AT.all(connection, station_id=station_id)
    return {LineId(row.line): (EntryNumber(row.adjudication), Outcome(row.outcome)) for row in rows}


_ADJUDICATED_AT = Statement(
    select(provisional).where(provisional.c.station == bindparam("station_id"), provisional.c.outcome.is_not(None))
)


def note_asked(connection: Connection, line: LineId, station_id: int) -> None:
    """That station was asked for the line of this provisional voter."""
    connection.execute(update(provisional).where(provisional.c.line == line).values(asked_of=station_id))


def set_outcome(connection: Connection, line: LineId, outcome: Outcome, adjudication: EntryNumber) -> None:
    """The register's entry `adjudication` says this of the provisional voter."""
    change = update(provisional).where(provisional.c.line == line, provisional.c.outcome.is_(None))
    connection.execute(change.values(outcome=int(outcome), adjudication=adjudication))


def take_word_back(connection: Connection, line: LineId, outcome: Outcome, adjudication: EntryNumber) -> None:
    """The provisional voter's verdict is this one, which two officers acted on, whatever was said since."""
    change = update(provisional).where(provisional.c.line == line)
    connection.execute(change.values(outcome=int(outcome), adjudication=adjudication))


def _claim(row: Any) -> KeptClaim:  # noqa: ANN401 - a row of `claim`
    return KeptClaim(row.station, bytes(row.id), row.line, ClaimState(row.state), row.at_s, row.told_kept)


def _provisional(row: Any) -> KeptProvisional:  # noqa: ANN401 - a row of `provisional`
    outcome = None if row.outcome is None else Outcome(row.outcome)
    return KeptProvisional(
        LineId(row.line),
        row.station,
        EntryNumber(row.entry),
        row.real_line,
        outcome,
        row.adjudication,
        row.at_s,
        row.asked_of,
    )
