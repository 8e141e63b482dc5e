"""The lines that a station was issued, and their order, in which its packed marks name places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from pollbook.packing import SliceOrder
from pollbook.types import LineId
from register.store.stations import Station, packed_lines, unpacked_lines


@dataclass(frozen=True)
class IssuedLines:
    """The lines of a station's slice, read from the database when they are first asked for, once."""

    connection: Connection
    of: Station

    @cached_property
    def packed(self) -> bytes:
        """Their ids, ascending, 8 bytes each, big-endian."""
        return packed_lines(self.connection, self.of.id)

    @cached_property
    def lines(self) -> frozenset[LineId]:
        """All of them."""
        return frozenset(unpacked_lines(self.packed))

    def order_with(self, check: bytes) -> SliceOrder | None:
        """Their order, if this is its check."""
        order = SliceOrder(unpacked_lines(self.packed))
        return order if order.check == check else None
