"""The fields of view of cameras that the chair signed off: what a recording sees, and what others never see of it.

A mask is a rectangle of the picture that nobody but the recording sees: left, top, width, height, in thousandths of
the picture, so that it holds for every size of stream. The chair's own key signs over the camera, the masks, the still
and the time, so that it can be proven without this program's word. Views are only added to.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from pollbook import cbor
from pollbook.failures import Failure, Refused, WeFailed
from pollbook.signing import is_signed_for, sign_for
from pollbook.store import engine
from pollbook.store.book import Book
from pollbook.store.sign_in import try_pin
from pollbook.types import PersonNumber, Role

STILL_BYTES_MAX = 512 * 1024
_PURPOSE = "camera view 1"

MaskFields = tuple[int, int, int, int]
"""Left, top, width and height, in thousandths of the picture."""


@dataclass(frozen=True, slots=True)
class SignedView:
    """The chair saw this still and these masks, and signed."""

    camera: str
    at_s: int
    person: PersonNumber
    masks: tuple[MaskFields, ...]
    still: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SeenView:
    """What the chair is to sign: the camera's name, its masks, a JPEG of its whole field of view."""

    camera: str
    masks: tuple[MaskFields, ...]
    still: bytes = field(repr=False)


def sign_view(book: Book, seen: SeenView, person: PersonNumber, pin: str) -> SignedView | Refused:
    """The chair, or the deputy, signs what the camera's recording sees; it is on the disk when this returns."""
    if not 0 < len(seen.still) <= STILL_BYTES_MAX:
        raise ValueError(f"a still of {len(seen.still)} bytes")
    if person not in book.people or book.people[person].role not in {Role.CHAIR, Role.DEPUTY_CHAIR}:
        return Refused(Failure.CHAIR_SIGNS)
    key = try_pin(book, person, pin)
    if isinstance(key, Refused):
        return key
    at_s = int(book.clock.now().timestamp())
    signature = sign_for(_PURPOSE, _context(book), _payload(seen, at_s), key)
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT INTO camera_view (camera, at_s, person, masks, still, signature) VALUES (?, ?, ?, ?, ?, ?)",
            (seen.camera, at_s, person, json.dumps(seen.masks), seen.still, signature),
        )
    return SignedView(seen.camera, at_s, person, seen.masks, seen.still, signature)


def signed_view(book: Book, camera: str) -> SignedView | None:
    """The newest view of the camera that was signed off; whether it still holds, its masks tell.

    Raises:
        WeFailed: `BOOK_DAMAGED`: the signature under it does not hold.
    """
    with engine.translated():
        row = book.connection.exec_driver_sql(
            "SELECT * FROM camera_view WHERE camera = ? ORDER BY id DESC LIMIT 1", (camera,)
        ).one_or_none()
        if row is None:
            return None
        key = book.connection.exec_driver_sql(
            "SELECT public_key FROM bound_key WHERE person = ?", (row.person,)
        ).scalar_one_or_none()
    masks = tuple((int(left), int(top), int(width), int(height)) for left, top, width, height in json.loads(row.masks))
    payload = _payload(SeenView(camera, masks, row.still), row.at_s)
    if key is None or not is_signed_for(_PURPOSE, _context(book), payload, row.signature, key):
        raise WeFailed(Failure.BOOK_DAMAGED, "a signed view of a camera")
    return SignedView(camera, row.at_s, PersonNumber(row.person), masks, row.still, row.signature)


def _context(book: Book) -> bytes:
    return cbor.encode([book.election.id, book.name.device, book.name.epoch])


def _payload(seen: SeenView, at_s: int) -> bytes:
    return cbor.encode([seen.camera, at_s, [list(mask) for mask in seen.masks], hashlib.sha256(seen.still).digest()])
