"""Stations in the store: one-time codes, who was enrolled with which slice, and who was revoked."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, insert, select, update

from pollbook.ledger import HEAD_BYTES, Head
from pollbook.line_state import DIGEST_BYTES, ELSEWHERE, UNMARKED, LineState
from pollbook.types import BookName, DeviceId, EntryNumber, LineId, PrecinctCode
from pollbook.voters import Voter
from register.store.schema.ledgers import book
from register.store.schema.lists import LinePlace, line, precinct
from register.store.schema.marks import custody, effective_mark
from register.store.schema.stations import OF_STATION, enrolment_code, issued, station
from register.store.statements import Statement

_ISSUED = (
    *("id", "pinfl", "document", "surname", "given_name", "patronymic"),
    *("sex", "address", "mahalla", "district_soato", "page", "row"),
)


@dataclass(frozen=True, slots=True)
class Station:
    """One enrolled book: its key, its place, what it was issued, and the origin of its ledger."""

    id: int
    book: BookName
    public_key: bytes
    precinct: PrecinctCode
    desk: int
    list_version: int
    line_count: int
    issued_at_s: int
    start: Head
    revoked_at_s: int | None
    revoked_reason: str | None
    slice_sha256: bytes
    holds: bool
    certificate: bytes
    box_key: bytes
    predecessor: int | None = None

    @property
    def unmoved(self) -> LineState:
        """The state of a line of the slice to which nothing happened."""
        return UNMARKED if self.holds else ELSEWHERE


@dataclass(frozen=True, slots=True)
class Code:
    """A one-time code as it is kept: only its hash; `station` once it was used."""

    hash: bytes
    precinct: PrecinctCode
    desk: int
    expires_at_s: int
    station: int | None


def add_code(connection: Connection, code: Code, made_at_s: int) -> None:
    """Keep a new code; earlier ones for the same desk that nobody used end now."""
    same_desk = (enrolment_code.c.precinct == code.precinct) & (enrolment_code.c.desk == code.desk)
    earlier = update(enrolment_code).where(
        same_desk, enrolment_code.c.station.is_(None), enrolment_code.c.expires_at_s > made_at_s
    )
    connection.execute(earlier.values(expires_at_s=made_at_s))
    row = {"hash": code.hash, "precinct": code.precinct, "desk": code.desk, "expires_at_s": code.expires_at_s}
    connection.execute(insert(enrolment_code).values(**row, made_at_s=made_at_s))


def find_code(connection: Connection, code_hash: bytes) -> Code | None:
    """The code with this hash."""
    row = connection.execute(select(enrolment_code).where(enrolment_code.c.hash == code_hash)).first()
    if row is None:
        return None
    return Code(row.hash, PrecinctCode(row.precinct), row.desk, row.expires_at_s, row.station)


def use_code(connection: Connection, code: Code, station_id: int) -> None:
    """The code belongs to this station from now on."""
    used = update(enrolment_code).where(enrolment_code.c.hash == code.hash)
    connection.execute(used.values(station=station_id))


def add_station(connection: Connection, new: Station, answer: bytes, lines: Iterable[LineId]) -> int:
    """Keep a new station with the answer it gets and the lines in it, its ledger still empty; returns its id."""
    row = {
        "device": new.book.device,
        "epoch": new.book.epoch,
        "public_key": new.public_key,
        "precinct": new.precinct,
        "desk": new.desk,
        "list_version": new.list_version,
        "line_count": new.line_count,
        "issued_at_s": new.issued_at_s,
        "start_hash": new.start.hash,
        "start_number": new.start.number,
        "slice_sha256": new.slice_sha256,
        "holds": new.holds,
        "certificate": new.certificate,
        "box_key": new.box_key,
        "predecessor": new.predecessor,
    }
    key = connection.execute(insert(station).values(row)).inserted_primary_key
    assert key is not None  # noqa: S101 - an autoincremented key
    ordered = sorted(lines)
    packed = struct.pack(f">{len(ordered)}q", *ordered)
    connection.execute(insert(issued).values(station=key[0], answer=answer, lines=packed))
    connection.execute(
        insert(book).values(
            station=key[0],
            acknowledged=new.start.number,
            head_hash=new.start.hash,
            digest=bytes(DIGEST_BYTES),
            last_at=0,
            pending=0,
            software="",
            forked=False,
            closed=False,
            adjudicated=new.start.number,
            feed_floor=0,
            tail_told=0,
            tail_complete=False,
        )
    )
    return int(key[0])


def packed_lines(connection: Connection, station_id: int) -> bytes:
    """The lines that the station was issued, ascending, 8 bytes each, big-endian."""
    return bytes(_PACKED_LINES.one(connection, station_id=station_id).lines)


def issued_lines(connection: Connection, station_id: int) -> frozenset[LineId]:
    """The lines that the station was issued, whatever became of them."""
    return frozenset(unpacked_lines(packed_lines(connection, station_id)))


def unpacked_lines(packed: bytes) -> tuple[LineId, ...]:
    """The lines that `packed_lines` gave."""
    return struct.unpack(f">{len(packed) // 8}q", packed)


_STANDING_AT = select(station).where(station.c.precinct == bindparam("precinct"), station.c.revoked_at_s.is_(None))
_LATER = station.alias("later")
_NEWEST = Statement(select(func.coalesce(func.max(station.c.id), 0).label("id")))
_STANDING = Statement(_STANDING_AT)
_CURRENT = Statement(_STANDING_AT.where(~select(_LATER.c.id).where(_LATER.c.predecessor == station.c.id).exists()))
_NAMED = Statement(
    select(station).where(station.c.device == bindparam("device"), station.c.epoch == bindparam("epoch"))
)
_ALL = Statement(select(station).order_by(station.c.precinct, station.c.desk, station.c.id))
_BY_ID = Statement(select(station).where(station.c.id == OF_STATION))
_SUCCESSOR = Statement(select(station).where(station.c.predecessor == OF_STATION).order_by(station.c.id).limit(1))
_NEWEST_EPOCH = select(station).where(station.c.device == bindparam("device")).order_by(station.c.epoch.desc()).limit(1)
_PACKED_LINES = Statement(select(issued.c.lines).where(issued.c.station == OF_STATION))


def find_station(connection: Connection, name: BookName) -> Station | None:
    """The station whose book has this name."""
    row = _NAMED.first(connection, device=name.device, epoch=name.epoch)
    return _station(row) if row else None


def successor_of(connection: Connection, station_id: int) -> Station | None:
    """The first book that took over from this station's; a later one is a fork."""
    row = _SUCCESSOR.first(connection, station_id=station_id)
    return _station(row) if row else None


def station_by_id(connection: Connection, station_id: int) -> Station | None:
    """The station with this id."""
    row = _BY_ID.first(connection, station_id=station_id)
    return _station(row) if row else None


def enrolled_about(connection: Connection) -> int:
    """How many stations there ever were, or a few more: the newest number, which is looked up at once."""
    return int(_NEWEST.one(connection).id)


def all_stations(connection: Connection) -> list[Station]:
    """Every station that was ever enrolled, by precinct, desk and age."""
    return [_station(row) for row in _ALL.all(connection)]


def stations_at(connection: Connection, code: PrecinctCode) -> list[Station]:
    """The precinct's stations that are not revoked."""
    return [_station(row) for row in _STANDING.all(connection, precinct=code)]


def current_at(connection: Connection, code: PrecinctCode) -> list[Station]:
    """The precinct's stations that are neither revoked nor taken over."""
    return [_station(row) for row in _CURRENT.all(connection, precinct=code)]


def newest_holder_at(connection: Connection, code: PrecinctCode) -> Station | None:
    """The station that was enrolled last for the precinct with its lines, revoked or not."""
    query = select(station).where(station.c.precinct == code, station.c.holds).order_by(station.c.id.desc()).limit(1)
    row = connection.execute(query).first()
    return _station(row) if row else None


def newest_epoch(connection: Connection, device: DeviceId) -> Station | None:
    """The device's newest book."""
    row = connection.execute(_NEWEST_EPOCH, {"device": device}).first()
    return _station(row) if row else None


def answer_of(connection: Connection, station_id: int) -> bytes:
    """The sealed answer that the station's enrolment got."""
    return bytes(connection.execute(select(issued.c.answer).where(issued.c.station == station_id)).scalar_one())


def revoke(connection: Connection, station_id: int, reason: str, at_s: int) -> None:
    """The station is revoked: its lines stay where they are, and what it still sends is stored (custody rule 10)."""
    change = update(station).where(station.c.id == station_id, station.c.revoked_at_s.is_(None))
    connection.execute(change.values(revoked_at_s=at_s, revoked_reason=reason))


def precinct_row(connection: Connection, code: PrecinctCode) -> tuple[str, int] | None:
    """The precinct's name and list version, or None where no list names it."""
    row = connection.execute(select(precinct.c.name, precinct.c.version).where(precinct.c.code == code)).first()
    return (row.name, row.version) if row else None


def lines_to_hold(connection: Connection, code: PrecinctCode, before: Station | None) -> Iterator[Voter]:
    """The precinct's lines by page and row that its next book is to hold, after the revoked one `before`.

    Not those that another of its books has marked already, nor those that have moved: what a desk got from the revoked
    book stays with that desk, and what is in flight is held by nobody until it arrives (custody rule 2).
    """
    with_before = before.id if before else -1
    is_gone = custody.c.holder.is_distinct_from(with_before)
    has_moved = select(custody.c.line).where(custody.c.line == line.c.id, is_gone).exists()
    return _voters(connection, select(line).where(_in_place(code), ~_is_marked(), ~has_moved))


def lines_to_know(connection: Connection, code: PrecinctCode) -> Iterator[Voter]:
    """All of the precinct's lines by page and row, for a desk that holds none of them yet."""
    return _voters(connection, select(line).where(_in_place(code)))


def _voters(connection: Connection, query: Select[Any]) -> Iterator[Voter]:
    # Read at once and by place, not by name: a slice has thousands of rows, and an officer waits for it.
    columns = (line.c.birth_date, line.c.contests, *(line.c[name] for name in _ISSUED))
    rows = connection.execute(query.with_only_columns(*columns).order_by(line.c.page, line.c.row)).all()
    for born, contests, id_, pinfl, *texts, page, row in rows:
        document, surname, given_name, patronymic, sex, address, mahalla, district_soato = texts
        yield Voter(
            LineId(id_),
            pinfl or "",
            document,
            surname,
            given_name,
            patronymic,
            date.fromisoformat(born),
            sex,
            address,
            mahalla,
            district_soato,
            page,
            row,
            tuple(contests.split(";")),
        )


def _in_place(code: PrecinctCode) -> ColumnElement[bool]:
    return and_(line.c.precinct == code, line.c.place == LinePlace.ACTIVE)


def _is_marked() -> ColumnElement[bool]:
    return select(effective_mark.c.line).where(effective_mark.c.line == line.c.id).exists()


def _station(row: Any) -> Station:  # noqa: ANN401 - a row of `station`, by a statement or by SQLAlchemy
    start_hash = bytes(row.start_hash)
    assert len(start_hash) == HEAD_BYTES  # noqa: S101 - written by `add_station` only
    return Station(
        id=row.id,
        book=BookName(DeviceId(bytes(row.device)), row.epoch),
        public_key=bytes(row.public_key),
        precinct=PrecinctCode(row.precinct),
        desk=row.desk,
        list_version=row.list_version,
        line_count=row.line_count,
        issued_at_s=row.issued_at_s,
        start=Head(EntryNumber(row.start_number), start_hash),
        revoked_at_s=row.revoked_at_s,
        revoked_reason=row.revoked_reason,
        slice_sha256=bytes(row.slice_sha256),
        holds=row.holds,
        certificate=bytes(row.certificate),
        box_key=bytes(row.box_key),
        predecessor=row.predecessor,
    )
