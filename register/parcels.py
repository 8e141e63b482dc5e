"""Taking in parcels: one piece, one transaction; what is answered is on the disk.

A piece is proven as a sync is: the book is one of ours, and its key signed the piece for this place in this parcel. A
revoked book's parcels are taken too: late reports are always kept. No parcel changes anything a rule looks at. Of the
cameras' health the newest is also kept by itself, for `status`.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from pollbook.camera_health import decode_health
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.parcels import ParcelKind, Piece, PieceAddress, decode_piece, encode_taken
from pollbook.signing import SigningKey
from register.store import books, camera_health, parcels, stations
from register.store.engine import Transaction
from register.store.parcels import StoredParcel
from register.store.stations import Station

STATION_BYTES_MAX: Final = 256 * 1024 * 1024
"""Of all parcels of one station: a disk is not filled by one book."""

logger = logging.getLogger(__name__)


def take_piece(
    connection: Transaction, key: SigningKey, untrusted: bytes, address: PieceAddress, now: datetime
) -> bytes:
    """The sealed answer that says up to where the parcel is stored here; a piece that is not next changes nothing.

    Raises:
        WorldFailed: `REQUEST_NOT_ACCEPTED`: not one of our books, a signature that does not hold, another parcel under
            the same name, pieces that do not make what was named, or more than a station may keep here.
    """
    try:
        station, piece = _proven(connection, untrusted, address)
        acknowledged = _take(connection, station, piece, int(now.timestamp()))
    except InputInvalid as error:
        raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, str(error)) from error
    return encode_taken(acknowledged, untrusted, key)


def prove_piece(connection: Transaction, untrusted: bytes, address: PieceAddress) -> None:
    """Nothing, where `take_piece` would look at the piece.

    Raises:
        WorldFailed: `REQUEST_NOT_ACCEPTED`.
    """
    try:
        _proven(connection, untrusted, address)
    except InputInvalid as error:
        raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, str(error)) from error


def _proven(connection: Transaction, untrusted: bytes, address: PieceAddress) -> tuple[Station, Piece]:
    station = stations.find_station(connection, address.book)
    if station is None:
        raise InputInvalid("not a book of this election")
    return station, decode_piece(untrusted, address, station.public_key)


def _take(connection: Transaction, station: Station, piece: Piece, at_s: int) -> int:
    books.hold_book(connection, station.id)  # so that two pieces of one book do not come at once
    stored = parcels.find_parcel(connection, station.id, piece.address.parcel)
    if stored is None:
        if parcels.bytes_of_station(connection, station.id) + piece.size > STATION_BYTES_MAX:
            raise InputInvalid("more parcels than a station may keep here")
        stored = StoredParcel(station.id, piece.address.parcel, piece.kind, piece.size, piece.sha256, 0)
        parcels.add_parcel(connection, stored, at_s)
    if (stored.kind, stored.size, stored.sha256) != (piece.kind, piece.size, piece.sha256):
        raise InputInvalid("another parcel under the same name")
    fresh = piece.content[max(stored.acknowledged - piece.address.offset, 0) :]
    if piece.address.offset > stored.acknowledged or not fresh:
        return stored.acknowledged
    stored = parcels.add_piece(connection, stored, fresh)
    if stored.acknowledged == stored.size and not parcels.is_what_it_says(connection, stored):
        raise InputInvalid("the pieces are not what was named")
    if stored.acknowledged == stored.size and stored.kind is ParcelKind.CAMERA_HEALTH:
        health = decode_health(parcels.content_of(connection, station.id, stored.name))
        camera_health.keep_health(connection, station.id, health, at_s)
    logger.info("parcel book=%s acknowledged=%s size=%s", station.book, stored.acknowledged, stored.size)
    return stored.acknowledged
