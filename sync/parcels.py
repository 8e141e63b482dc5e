"""Sending parcels: after the entries, in pieces, within the budget; what is acknowledged is never sent again.

The book is held for two short steps a piece, and never while the link is waited for. Killed at any point on either
side, the next try goes on from what the register answers that it has.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from pollbook.clock import Clock
from pollbook.failures import Failure, InputInvalid, UchastkaError, WeFailed, WorldFailed
from pollbook.parcels import PIECE_BYTES_MAX, Piece, PieceAddress, decode_taken, encode_piece
from pollbook.store.book import Book
from pollbook.store.camera_health import queue_camera_health
from pollbook.store.camera_ledger import queue_camera_ledger
from pollbook.store.link import Link
from pollbook.store.parcels import (
    bytes_in_hour,
    next_piece,
    note_bytes,
    note_parcel,
    note_refused_parcel,
    waiting_parcels,
)
from pollbook.store.syncing import sync_status
from sync.budget import OF_PARCEL, ROUND_TRIP_BYTES, Budget, hour_of, on_the_wire
from sync.cycle import BookAccess
from sync.pace import Traffic

PIECE_BYTES_MIN = 512
"""A smaller piece would be mostly envelope; where the budget has less left, the next hour is waited for."""
PIECES_MAX = 50
"""In one go; then the entries have their turn again."""
_ENVELOPE_BYTES = 300

logger = logging.getLogger(__name__)


class ParcelRegister(Protocol):
    """The register as parcels need it."""

    @property
    def traffic(self) -> Traffic:
        """What went over the link so far."""

    def batch_bytes(self) -> int:
        """How many bytes the next request should carry."""

    def piece(self, address: PieceAddress, request: bytes) -> bytes:
        """The answer to a piece, or `WorldFailed`."""


@dataclass(frozen=True, slots=True)
class ParcelReport:
    """What one go did: so many bytes of parcels were acknowledged, so many parcels still wait.

    `is_held_back` tells that the budget of this hour, and not the link, is why they wait.
    """

    acknowledged_bytes: int
    waiting: int
    is_held_back: bool
    failure: Failure | None = None
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class _Going:
    link: Link
    piece: Piece


def send_parcels(access: BookAccess, register: ParcelRegister, clock: Clock, budget: Budget) -> ParcelReport:
    """Send what waits while no entry does and the budget has room: the cameras' health, reports, their ledger, stills.

    Raises:
        UchastkaError: The book itself could not be used.
    """
    sent, failed, is_held_back = 0, None, False
    access.step(queue_camera_health)
    access.step(queue_camera_ledger)
    for _ in range(PIECES_MAX):
        going = access.step(partial(_next, budget=budget, batch_bytes=register.batch_bytes(), clock=clock))
        if going is None:
            is_held_back = access.step(lambda book: bool(waiting_parcels(book)) and not sync_status(book).pending)
            break
        before = register.traffic.copy()
        try:
            acknowledged = _exchange(going, register)
            access.step(partial(_note, going=going, acknowledged=acknowledged))
            sent += max(acknowledged - going.piece.address.offset, 0)
        except InputInvalid as error:
            failed = WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, str(error))
        except WorldFailed as error:
            failed = error
            if error.failure is Failure.REQUEST_NOT_ACCEPTED:
                access.step(partial(_refuse, name=going.piece.address.parcel))
        finally:
            count_traffic(access, budget, clock, register.traffic.since(before))
        if failed is not None and failed.failure is not Failure.REQUEST_NOT_ACCEPTED:
            break
    waiting = access.step(lambda book: len(waiting_parcels(book)))
    if failed is not None:
        logger.info("parcel failed code=%s detail=%s", failed.failure.code, failed.detail)
    return ParcelReport(sent, waiting, is_held_back, failed.failure if failed else None, _retry_after_s(failed))


def count_traffic(access: BookAccess, budget: Budget, clock: Clock, traffic: Traffic) -> None:
    """What went over a metered link is in the book's account of this hour; without a budget nothing is written."""
    if budget.bytes_per_hour is not None and traffic.round_trips:
        hour = hour_of(clock.now().timestamp())
        access.step(lambda book: note_bytes(book, hour, on_the_wire(traffic)))


def _next(book: Book, budget: Budget, batch_bytes: int, clock: Clock) -> _Going | None:
    if sync_status(book).pending:  # somebody was marked meanwhile: that goes first
        return None
    hour = hour_of(clock.now().timestamp())
    spent = bytes_in_hour(book, hour) if budget.bytes_per_hour is not None else 0
    for kind in OF_PARCEL:
        room = budget.room(OF_PARCEL[kind], spent)
        limit = min(batch_bytes, PIECE_BYTES_MAX)
        if room is not None:
            limit = min(limit, room - _ENVELOPE_BYTES - ROUND_TRIP_BYTES)
        if limit < PIECE_BYTES_MIN:
            continue
        piece = next_piece(book, {kind}, limit)
        if piece is not None:
            return _Going(book.link, piece)
    return None


def _exchange(going: _Going, register: ParcelRegister) -> int:
    request = encode_piece(going.piece, going.link.device_key)
    untrusted = register.piece(going.piece.address, request)
    try:
        register_key = going.link.register_key()
    except InputInvalid as error:
        raise WeFailed(Failure.BOOK_DAMAGED, str(error)) from error
    return decode_taken(untrusted, request, register_key)


def _note(book: Book, going: _Going, acknowledged: int) -> None:
    note_parcel(book, going.piece.address.parcel, acknowledged)


def _refuse(book: Book, name: bytes) -> None:
    note_refused_parcel(book, name)


def _retry_after_s(failed: UchastkaError | None) -> int:
    asked = failed.facts.get("retry_after_s", 0) if failed else 0
    return asked if isinstance(asked, int) else 0
