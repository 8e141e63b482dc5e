"""`uchastka-register line` of a voter whose line moved, and the parcels that the centre reads."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from pollbook.commanding import Answer
from pollbook.failures import Failure, WorldFailed
from pollbook.parcels import ParcelKind, PieceAddress, encode_piece
from pollbook.permission import Refusal
from pollbook.store import asking, moving, parcels
from pollbook.store.moving import Way
from pollbook.types import Channel, LineId
from register.commands import looking
from register.commands import parcels as reading
from register.parcels import take_piece
from tests.crossing.worlds import Laptop
from tests.register.stand_in import Centre


def told(centre: Centre, line: LineId, laptop: Laptop) -> Answer:
    voter = next(voter for voter in laptop.voters if voter.line == line)
    arguments = argparse.Namespace(home=centre.home.path, pinfl=voter.pinfl)
    return looking.line(arguments, None)  # type: ignore[arg-type]


def test_a_line_that_moved_is_with_the_book_that_accepted_it(centre: Centre, here: Laptop, there: Laptop) -> None:
    line = there.line(3)
    assert told(centre, line, there).data["holder"] == str(there.name)
    sent = moving.release_lines(there.book, [line], here.name, Way.PAPER, there.operator)
    assert not isinstance(sent, Refusal)
    there.sync()
    on_its_way = told(centre, line, there).data
    assert (on_its_way["holder"], on_its_way["on_its_way_to"]) == (None, str(here.name))
    here.sync()
    here.sync()
    arrived = told(centre, line, there).data
    assert (arrived["holder"], arrived["state"]) == (str(here.name), "held")
    assert isinstance(here.book.mark(line, Channel.STATION, here.operator), int)
    here.sync()
    marked = told(centre, line, there).data
    assert (marked["holder"], marked["state"]) == (str(here.name), "marked")
    events = [(event["event"], event["book"]) for event in marked["custody"]]  # type: ignore[attr-defined]
    assert events == [
        ("issued", str(there.name)),
        ("released", str(there.name)),
        ("accepted", str(here.name)),
        ("marked", str(here.name)),
    ]


def test_parcels_are_listed_and_read_by_the_beginning_of_their_names(
    centre: Centre, here: Laptop, tmp_path: Path
) -> None:
    content = b'{"digest": "agreed"}\n'
    parcels.queue_parcel(here.book, ParcelKind.REPORT, content)
    arguments = argparse.Namespace(home=centre.home.path)
    assert reading.list_parcels(arguments, None).data == {"parcels": []}  # type: ignore[arg-type]
    piece = parcels.next_piece(here.book, [ParcelKind.REPORT], 1000)
    assert piece is not None
    sent = encode_piece(piece, here.book.link.device_key)
    with centre.database.write() as connection:
        take_piece(connection, centre.keys.key, sent, PieceAddress(here.name, piece.address.parcel, 0), centre.now)
    (row,) = reading.list_parcels(arguments, None).data["parcels"]  # type: ignore[arg-type,misc]
    assert (row["kind"], row["book"], row["bytes"], row["complete"]) == ("report", str(here.name), len(content), True)
    named = argparse.Namespace(home=centre.home.path, parcel=row["parcel"][:8], out=tmp_path / "report")
    assert reading.read_parcel(named, None).data["bytes"] == len(content)  # type: ignore[arg-type]
    assert (tmp_path / "report").read_bytes() == content
    for wrong in ("", row["parcel"][:7], "0" * 16):
        named.parcel = wrong
        with pytest.raises(WorldFailed) as caught:
            reading.read_parcel(named, None)  # type: ignore[arg-type]
        assert caught.value.failure is Failure.PARCEL_UNKNOWN
    assert asking.claims(here.book) == ()
