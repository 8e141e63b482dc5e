from __future__ import annotations

import pytest

from pollbook.clock import BEFORE_ALL
from pollbook.line_state import UNMARKED, LineState, Mark
from pollbook.types import Channel, EntryNumber, LineId, PersonNumber, PrecinctCode
from register.standing import Standing, standing
from register.store.schema.lists import LinePlace
from register.store.voters import LineRecord

MARKED = LineState(Mark(EntryNumber(4), Channel.STATION, BEFORE_ALL, PersonNumber(6)))


@pytest.mark.parametrize(
    ("place", "states", "expected"),
    [
        (LinePlace.ACTIVE, [], Standing.HELD),
        (LinePlace.ACTIVE, [UNMARKED], Standing.HELD),
        (LinePlace.ACTIVE, [UNMARKED, MARKED], Standing.MARKED),
        (LinePlace.ACTIVE, [MARKED, MARKED], Standing.DISPUTED),
        (LinePlace.HELD_BACK, [], Standing.HELD_BACK),
        (LinePlace.REMOVED, [], Standing.REMOVED),
    ],
)
def test_a_line_stands_where_the_list_and_all_books_have_it(
    place: LinePlace, states: list[LineState], expected: Standing
) -> None:
    record = LineRecord(LineId(1), PrecinctCode("1708-0001"), 1, 1, place, 1)
    assert standing(record, states) is expected
