"""The register's side of parcels, on both databases: proven, resumed, never twice, never more than a station may."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from pollbook.failures import Failure, WorldFailed
from pollbook.parcels import ParcelKind, Piece, PieceAddress, decode_taken, encode_piece, parcel_id
from pollbook.signing import SigningKey
from pollbook.types import BookName
from register import parcels as taking
from register import settling
from register.parcels import prove_piece, take_piece
from register.store import parcels, stations
from register.store.engine import open_database
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre, Station

CONTENT = bytes(range(256)) * 9


def piece(station: Station, begin: int, end: int, content: bytes = CONTENT) -> Piece:
    sha256 = hashlib.sha256(content).digest()
    address = PieceAddress(station.book, parcel_id(ParcelKind.REPORT, sha256), begin)
    return Piece(address, ParcelKind.REPORT, len(content), sha256, content[begin:end])


def send(centre: Centre, station: Station, sent: Piece, key: SigningKey | None = None) -> int:
    request = encode_piece(sent, key or station.key)
    with centre.database.read() as connection:
        prove_piece(connection, request, sent.address)
    work = functools.partial(take_piece, key=centre.keys.key, untrusted=request, address=sent.address, now=centre.now)
    return decode_taken(centre.database.change_book(work), request, centre.keys.key.public)


def content(centre: Centre) -> bytes:
    with centre.database.read() as connection:
        (listed,) = parcels.all_parcels(connection)
        return parcels.content_of(connection, listed.station_id, listed.name)


def test_a_parcel_comes_in_pieces_and_is_what_was_sent(loaded: Centre, station: Station) -> None:
    places = [send(loaded, station, piece(station, begin, begin + 500)) for begin in range(0, len(CONTENT), 500)]
    assert places == [500, 1000, 1500, 2000, len(CONTENT)]
    assert content(loaded) == CONTENT


def test_a_piece_sent_again_changes_nothing_and_one_that_overlaps_adds_what_is_new(
    loaded: Centre, station: Station
) -> None:
    assert send(loaded, station, piece(station, 0, 1000)) == 1000
    assert send(loaded, station, piece(station, 0, 1000)) == 1000
    assert send(loaded, station, piece(station, 500, 1500)) == 1500
    assert content(loaded) == CONTENT[:1500]


def test_after_a_gap_nothing_is_taken_and_the_answer_says_where_to_go_on(loaded: Centre, station: Station) -> None:
    assert send(loaded, station, piece(station, 1000, 2000)) == 0
    assert send(loaded, station, piece(station, 0, 10)) == 10
    assert send(loaded, station, piece(station, 1000, 2000)) == 10
    assert content(loaded) == CONTENT[:10]


def test_a_register_that_was_killed_goes_on_from_what_it_acknowledged(loaded: Centre, station: Station) -> None:
    send(loaded, station, piece(station, 0, 700))
    loaded.database.close()
    loaded.database = open_database(loaded.home)
    assert send(loaded, station, piece(station, 700, len(CONTENT))) == len(CONTENT)
    assert content(loaded) == CONTENT


def test_what_another_key_signed_or_for_another_book_is_refused(loaded: Centre, station: Station) -> None:
    with pytest.raises(WorldFailed) as caught:
        send(loaded, station, piece(station, 0, 10), SigningKey.generate())
    assert caught.value.failure is Failure.REQUEST_NOT_ACCEPTED
    unknown = piece(station, 0, 10)
    unknown = replace(unknown, address=replace(unknown.address, book=BookName(station.book.device, 9)))
    with pytest.raises(WorldFailed, match="not a book"):
        send(loaded, station, unknown)


def test_pieces_that_do_not_make_what_was_named_are_refused_at_the_last(loaded: Centre, station: Station) -> None:
    send(loaded, station, piece(station, 0, 1000))
    wrong = replace(piece(station, 1000, len(CONTENT)), content=bytes(len(CONTENT) - 1000))
    with pytest.raises(WorldFailed, match="not what was named"):
        send(loaded, station, wrong)
    assert send(loaded, station, piece(station, 1000, len(CONTENT))) == len(CONTENT)


def test_a_station_may_not_fill_the_disk(loaded: Centre, station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "STATION_BYTES_MAX", len(CONTENT) + 1)
    assert send(loaded, station, piece(station, 0, 1)) == 1
    with pytest.raises(WorldFailed, match="more parcels"):
        send(loaded, station, piece(station, 0, 2, b"another"))
    assert send(loaded, station, piece(station, 1, len(CONTENT))) == len(CONTENT)


def test_a_revoked_station_s_report_is_kept_too(loaded: Centre, station: Station) -> None:
    with loaded.database.write() as connection:
        found = stations.find_station(connection, station.book)
        assert found is not None
        settling.revoke(connection, found, "lost", int(loaded.now.timestamp()))
    assert send(loaded, station, piece(station, 0, len(CONTENT))) == len(CONTENT)


def test_the_centre_lists_parcels_with_their_precinct_and_how_far_they_have_come(
    loaded: Centre, station: Station
) -> None:
    send(loaded, station, piece(station, 0, 100))
    loaded.now += timedelta(minutes=5)
    send(loaded, station, piece(station, 0, 5, b"later"))
    with loaded.database.read() as connection:
        first, second = parcels.all_parcels(connection)
    assert (first.precinct, first.book, first.acknowledged, first.size) == (PRECINCT, str(station.book), 100, 2304)
    assert second.began_at_s - first.began_at_s == 300
