"""The order of the lines that a station was issued, in which its packed marks name places."""

from __future__ import annotations

from sqlalchemy import Connection

from pollbook.packing import SliceOrder
from register.store.stations import Station, issued_lines


def order_with(connection: Connection, of: Station, check: bytes) -> SliceOrder | None:
    """The station's order, if this is its check."""
    order = SliceOrder.of(issued_lines(connection, of.id))
    return order if order.check == check else None
