"""Spares in the store: their one-time codes, and the devices that came of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from pollbook.types import DeviceId
from register.store.schema.stations import spare


@dataclass(frozen=True, slots=True)
class SpareCode:
    """A one-time code for a spare, as it is kept: only its hash; `device` once it was used."""

    hash: bytes
    expires_at_s: int
    device: DeviceId | None


@dataclass(frozen=True, slots=True)
class Spare:
    """A laptop with a key and a certificate and no list. `answer` is what its enrolment got."""

    device: DeviceId
    public_key: bytes
    box_key: bytes
    certificate: bytes
    answer: bytes
    enrolled_at_s: int


def add_spare_code(connection: Connection, code: SpareCode, made_at_s: int) -> None:
    """Keep a new code; any number of spares may wait at once."""
    row = {"code": code.hash, "made_at_s": made_at_s, "expires_at_s": code.expires_at_s}
    connection.execute(insert(spare).values(**row))


def find_spare_code(connection: Connection, code_hash: bytes) -> SpareCode | None:
    """The code with this hash."""
    row = connection.execute(select(spare).where(spare.c.code == code_hash)).first()
    if row is None:
        return None
    return SpareCode(bytes(row.code), row.expires_at_s, None if row.device is None else DeviceId(bytes(row.device)))


def use_spare_code(connection: Connection, code: SpareCode, new: Spare) -> None:
    """The code has become this spare."""
    change = update(spare).where(spare.c.code == code.hash)
    connection.execute(
        change.values(
            device=new.device,
            public_key=new.public_key,
            box_key=new.box_key,
            certificate=new.certificate,
            answer=new.answer,
            enrolled_at_s=new.enrolled_at_s,
        )
    )


def find_spare(connection: Connection, device: DeviceId) -> Spare | None:
    """The spare that is this device, whether it has taken over a book or not."""
    row = connection.execute(select(spare).where(spare.c.device == device)).first()
    return None if row is None else _spare(row)


def all_spares(connection: Connection) -> list[Spare]:
    """Every spare that was enrolled, oldest first."""
    query = select(spare).where(spare.c.device.is_not(None)).order_by(spare.c.enrolled_at_s, spare.c.device)
    return [_spare(row) for row in connection.execute(query)]


def _spare(row: Row[tuple[object, ...]]) -> Spare:
    return Spare(
        DeviceId(bytes(row.device)),
        bytes(row.public_key),
        bytes(row.box_key),
        bytes(row.certificate),
        bytes(row.answer),
        row.enrolled_at_s,
    )
