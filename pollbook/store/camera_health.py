"""What a station last knew of its cameras' health, as a file that whoever records writes and whoever syncs queues.

It is apart from the book's database, as the camera ledger is: neither waits for the other's writer. Queued is only what
the centre would learn something from, at most once a minute; a newer one takes the place of one that still waits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pollbook.camera_health import StationHealth, decode_health, encode_health
from pollbook.failures import InputInvalid
from pollbook.files import write_secret
from pollbook.parcels import ParcelKind
from pollbook.store.book import Book
from pollbook.store.parcels import drop_unbegun, queue_parcel

TOLD_EVERY_S: Final = 60
"""A camera that comes and goes must not fill a thin link with the news of it."""


def write_health(path: Path, health: StationHealth) -> None:
    """The file says this; whoever reads meanwhile sees it whole, or what it said before.

    Raises:
        OSError: The disk.
    """
    write_secret(path, encode_health(health))


def read_health(path: Path) -> StationHealth | None:
    """What the file says; None where there is none, or none that can be read."""
    try:
        return decode_health(path.read_bytes())
    except (OSError, InputInvalid):
        return None


def queue_camera_health(book: Book) -> bool:
    """Whether the cameras' health waits as a parcel now: the centre was told something else before."""
    told_at = book.home.camera_health_told(book.name)
    now, told = read_health(book.home.camera_health(book.name)), read_health(told_at)
    if now is None or (told is not None and now.is_like(told)):
        return False
    if told is not None and 0 <= book.clock.now().timestamp() - told.at_s < TOLD_EVERY_S:
        return False
    drop_unbegun(book, ParcelKind.CAMERA_HEALTH)
    queue_parcel(book, ParcelKind.CAMERA_HEALTH, encode_health(now))
    write_health(told_at, now)
    return True
