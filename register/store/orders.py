"""The order of the lines that a station was issued, in which its packed marks name places."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pollbook.messages import untrusted_slice
from pollbook.packing import SliceOrder
from pollbook.slice import issued_lines
from pollbook.types import LineId
from register.store.schema import LinePlace, line, withheld
from register.store.stations import Station, answer_of


def order_with(connection: Connection, of: Station, check: bytes) -> SliceOrder | None:
    """The station's order, if this is its check.

    The lines as they stand now are read first, which is cheap and right for almost all stations; where lists have
    changed since, the slice is read as it was issued.
    """
    for found in (_as_they_stand, _as_issued):
        order = SliceOrder.of(found(connection, of))
        if order.check == check:
            return order
    return None


def _as_they_stand(connection: Connection, of: Station) -> list[LineId]:
    query = select(line.c.id).where(
        line.c.precinct == of.precinct,
        line.c.place == LinePlace.ACTIVE,
        line.c.since_version <= of.list_version,
        ~select(withheld).where(withheld.c.station == of.id, withheld.c.line == line.c.id).exists(),
    )
    return list(connection.execute(query).scalars())


def _as_issued(connection: Connection, of: Station) -> list[LineId]:
    return issued_lines(untrusted_slice(answer_of(connection, of.id)))
