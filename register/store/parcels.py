"""Parcels in the store: pieces as they came, in their order and without a gap."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from pollbook.parcels import ParcelKind
from register.store.schema.ledgers import parcel, parcel_piece
from register.store.schema.stations import station


@dataclass(frozen=True, slots=True)
class StoredParcel:
    """A parcel and how far it has come."""

    station_id: int
    name: bytes
    kind: ParcelKind
    size: int
    sha256: bytes
    acknowledged: int


@dataclass(frozen=True, slots=True)
class ListedParcel:
    """A parcel as the centre's commands list it."""

    station_id: int
    name: bytes
    book: str
    precinct: str
    kind: ParcelKind
    size: int
    acknowledged: int
    began_at_s: int


def find_parcel(connection: Connection, station_id: int, name: bytes) -> StoredParcel | None:
    """The station's parcel with this name."""
    row = connection.execute(select(parcel).where(parcel.c.station == station_id, parcel.c.name == name)).first()
    if row is None:
        return None
    return StoredParcel(station_id, name, ParcelKind(row.kind), row.size, bytes(row.sha256), row.acknowledged)


def add_parcel(connection: Connection, begun: StoredParcel, at_s: int) -> None:
    """A parcel of which nothing has come yet."""
    connection.execute(
        insert(parcel).values(
            station=begun.station_id,
            name=begun.name,
            kind=int(begun.kind),
            size=begun.size,
            sha256=begun.sha256,
            acknowledged=0,
            began_at_s=at_s,
        )
    )


def add_piece(connection: Connection, stored: StoredParcel, content: bytes) -> StoredParcel:
    """The parcel goes on with this."""
    same = {"station": stored.station_id, "name": stored.name}
    connection.execute(insert(parcel_piece).values(**same, start=stored.acknowledged, bytes=content))
    acknowledged = stored.acknowledged + len(content)
    change = update(parcel).where(parcel.c.station == stored.station_id, parcel.c.name == stored.name)
    connection.execute(change.values(acknowledged=acknowledged))
    return replace(stored, acknowledged=acknowledged)


def content_of(connection: Connection, station_id: int, name: bytes) -> bytes:
    """What has come of a parcel."""
    same = (parcel_piece.c.station == station_id) & (parcel_piece.c.name == name)
    query = select(parcel_piece.c.bytes).where(same).order_by(parcel_piece.c.start)
    return b"".join(bytes(row.bytes) for row in connection.execute(query))


def is_what_it_says(connection: Connection, stored: StoredParcel) -> bool:
    """Whether the pieces together are what the book named."""
    return hashlib.sha256(content_of(connection, stored.station_id, stored.name)).digest() == stored.sha256


def bytes_of_station(connection: Connection, station_id: int) -> int:
    """The sizes of all parcels that the station has begun."""
    total = select(func.coalesce(func.sum(parcel.c.size), 0)).where(parcel.c.station == station_id)
    return int(connection.execute(total).scalar_one())


def all_parcels(connection: Connection) -> list[ListedParcel]:
    """Every parcel, oldest first."""
    return _listed(connection, _PARCELS)


def whole_parcels(connection: Connection, kind: ParcelKind, precinct: str | None) -> list[ListedParcel]:
    """The parcels of this kind that have come whole, oldest first: of one precinct, or of all."""
    query = _PARCELS.where(parcel.c.kind == int(kind), parcel.c.acknowledged == parcel.c.size)
    return _listed(connection, query if precinct is None else query.where(station.c.precinct == precinct))


_PARCELS = (
    select(parcel, station.c.device, station.c.epoch, station.c.precinct)
    .join(station, station.c.id == parcel.c.station)
    .order_by(parcel.c.began_at_s, parcel.c.station, parcel.c.name)
)


def _listed(connection: Connection, query: Select[Any]) -> list[ListedParcel]:
    return [
        ListedParcel(
            row.station,
            bytes(row.name),
            f"{bytes(row.device).hex()}.{row.epoch}",
            row.precinct,
            ParcelKind(row.kind),
            row.size,
            row.acknowledged,
            row.began_at_s,
        )
        for row in connection.execute(query)
    ]
