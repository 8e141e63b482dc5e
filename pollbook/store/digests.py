"""The digests of a book's lines, kept up in memory with each entry: a sync without news looks at no line."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection

from pollbook.effects import Effect, LinesChanged
from pollbook.line_state import DIGEST_BYTES, ELSEWHERE, UNMARKED, line_digest
from pollbook.store import engine
from pollbook.types import LineId

_ROWS_SQL = "SELECT line, coalesce(mark, 0), custody, place, proof, annexed, outcome, voids FROM line_state"
_FOUR = struct.Struct(">QQQQ")
_MODULUS = 1 << 8 * DIGEST_BYTES
_UNTOUCHED = frozenset(int(state.place) for state in (UNMARKED, ELSEWHERE))


class LineDigests:
    """Each touched line's digest, and their sum; as of the newest entry that was entered or read."""

    def __init__(self, connection: Connection) -> None:
        """What the tables say now."""
        with engine.translated():
            rows = connection.exec_driver_sql(_ROWS_SQL).all()
        self._by_line = {LineId(row[0]): _digest(*row) for row in rows}
        self._total = sum(self._by_line.values())

    @property
    def whole(self) -> bytes:
        """The digest over all lines (`line_state.digest`)."""
        return (self._total % _MODULUS).to_bytes(DIGEST_BYTES, "big")

    @property
    def by_line(self) -> Mapping[LineId, int]:
        """The digest of each line that was ever touched."""
        return MappingProxyType(self._by_line)

    def change(self, effect: Effect) -> None:
        """An entry had this effect."""
        if isinstance(effect, LinesChanged):
            for line, state in effect.states:
                now = line_digest(line, state)
                self._total += now - self._by_line.get(line, 0)
                self._by_line[line] = now


def _digest(
    line: int, mark: int, custody: int, place: int, proof: int, annexed: int, outcome: int | None, voids: str
) -> int:
    """`line_state.line_digest` of a row, without an object a line; a test holds the two together."""
    flags = place | proof << 2 | annexed << 4 | (0 if outcome is None else 1 + outcome) << 5
    if flags in _UNTOUCHED and not (mark or custody or voids):
        return 0
    numbers = _FOUR.pack(line, mark, custody, flags)
    if voids:
        numbers += b"".join(int(number).to_bytes(8, "big") for number in voids.split(","))
    return int.from_bytes(hashlib.sha256(numbers).digest(), "big")
