"""A still of each camera for the centre, every few minutes, where the link has room for it and no mark waits.

Stills go as parcels: `sync.parcels` sends them after the ledger and within the hour's bytes. What is queued here is
made to fit what is left of them, and nothing is queued while an earlier still waits: an old picture is worth nothing,
and a link that comes back has marks to carry.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from devices.camera.values import Pixels
from pollbook.clock import Clock
from pollbook.parcels import ParcelKind
from pollbook.stills import Still, encode_still
from pollbook.store.book import Book
from pollbook.store.parcels import bytes_in_hour, queue_parcel, waiting_parcels
from pollbook.store.syncing import sync_status
from station_app.live.outgoing import DELAY_S, EVERY_S, Outgoing, Sent
from station_app.live.room import Room
from sync.budget import ROUND_TRIP_BYTES, Budget, Priority, hour_of
from sync.cycle import BookAccess

STILL_EVERY_S: Final = 900
STILL_BYTES_MAX: Final = 12_000
STILL_BYTES_MIN: Final = 1_500
"""Less shows nothing that anybody could judge."""
STILL_WIDTH: Final = 320
_QUALITIES: Final = (60, 45, 30, 18, 10)
_ENVELOPE_BYTES: Final = 400

Encode = Callable[[Pixels, int, int], bytes]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Centre:
    """What the stills for the centre need: the book's thread, the link's budget, an encoder, the clock."""

    access: BookAccess
    budget: Budget
    encode: Encode
    clock: Clock


def send_stills(room: Room, centre: Centre, stop: threading.Event, every_s: float = STILL_EVERY_S) -> None:
    """Queue a still of each camera every `every_s`, the first after that long, until `stop`."""
    while not stop.wait(every_s):
        queue_stills(room, centre, lambda: stop.wait(EVERY_S), time.monotonic)


def queue_stills(room: Room, centre: Centre, wait: Callable[[], object], now_s: Callable[[], float]) -> int:
    """One round: of each camera that others may see, a still is queued where there is room; how many were.

    It takes `DELAY_S`, as every picture for others does.
    """
    room_bytes = centre.access.step(lambda book: bytes_for_stills(book, centre.budget, centre.clock))
    names = [camera.name for camera in room.cameras()]
    if not names or room_bytes // len(names) < STILL_BYTES_MIN:
        return 0
    limit = min(STILL_BYTES_MAX, room_bytes // len(names))
    outgoing = Outgoing(room, lambda pixels: fitted(pixels, limit, centre.encode))
    until_s = now_s() + DELAY_S + 2 * EVERY_S
    outgoing.step(now_s())
    while now_s() < until_s:
        wait()
        outgoing.step(now_s())
    queued = 0
    for name in names:
        sent = outgoing.newest(name)
        if isinstance(sent, Sent) and sent.jpeg:
            content = encode_still(Still(name, sent.at_ms // 1000, sent.jpeg))
            queued += centre.access.step(lambda book, content=content: _queue(book, content))  # type: ignore[misc]
    log.info("event=stills queued=%s of=%s", queued, len(names))
    return queued


def bytes_for_stills(book: Book, budget: Budget, clock: Clock) -> int:
    """What may be queued now: nothing while a mark or an earlier still waits, else what the hour leaves for stills."""
    if sync_status(book).pending or any(each.kind is ParcelKind.STILL for each in waiting_parcels(book)):
        return 0
    spent = bytes_in_hour(book, hour_of(clock.now().timestamp())) if budget.bytes_per_hour is not None else 0
    left = budget.room(Priority.STILL, spent)
    if left is None:
        return STILL_BYTES_MAX * 8
    return max(left - ROUND_TRIP_BYTES - _ENVELOPE_BYTES, 0)


def fitted(pixels: Pixels, bytes_max: int, encode: Encode) -> bytes:
    """The best JPEG of at most `bytes_max`; none where even the poorest is larger."""
    for quality in _QUALITIES:
        jpeg = encode(pixels, STILL_WIDTH, quality)
        if len(jpeg) <= bytes_max:
            return jpeg
    return b""


def _queue(book: Book, content: bytes) -> int:
    if sync_status(book).pending:  # somebody was marked meanwhile
        return 0
    queue_parcel(book, ParcelKind.STILL, content)
    return 1
