"""How each station's cameras are, as it told last."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from pollbook.camera_health import StationHealth, decode_health, encode_health
from register.store.schema.ledgers import camera_health


@dataclass(frozen=True, slots=True)
class KeptHealth:
    """What a station told, and when it came here (Unix time in s)."""

    health: StationHealth
    came_at_s: int


def keep_health(connection: Connection, station_id: int, health: StationHealth, came_at_s: int) -> None:
    """This is how the station's cameras are; what it told before is in its parcels."""
    connection.execute(delete(camera_health).where(camera_health.c.station == station_id))
    connection.execute(
        insert(camera_health).values(station=station_id, came_at_s=came_at_s, bytes=encode_health(health))
    )


def all_health(connection: Connection) -> dict[int, KeptHealth]:
    """The newest of each station that told any."""
    rows = connection.execute(select(camera_health))
    return {row.station: KeptHealth(decode_health(bytes(row.bytes)), row.came_at_s) for row in rows}
