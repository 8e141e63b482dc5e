"""The station's cameras as the book keeps them: addresses and passwords under its encryption, masks, signed-off views.

A mask is a rectangle of the picture that nobody but the recording sees: left, top, width, height, in thousandths of
the picture, so that it holds for every size of stream. A view that was signed off is signed by the chair's own key
over the camera, the masks, the still and the time, so that it can be proven without this program's word.
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

CAMERAS_MAX = 8
MASKS_MAX = 12
MASK_SCALE = 1000
STILL_BYTES_MAX = 512 * 1024
_PURPOSE = "camera view 1"

MaskFields = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class KeptCamera:
    """One camera. The text form shows neither user nor password.

    Attributes:
        name: As its folder of recordings is called.
        address: Where it is, without user and password.
        view: Where its smaller stream is; empty where there is none.
        device: The name that a USB camera had when it was chosen.
        masks: What others never see of it; empty where nobody has drawn any.
    """

    name: str
    address: str
    view: str = ""
    device: str = ""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    masks: tuple[MaskFields, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedView:
    """The chair saw this still and these masks, and signed."""

    camera: str
    at_s: int
    person: PersonNumber
    masks: tuple[MaskFields, ...]
    still: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def kept_cameras(book: Book) -> tuple[KeptCamera, ...]:
    """The station's cameras, by name."""
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT * FROM camera ORDER BY name").all()
    return tuple(
        KeptCamera(row.name, row.address, row.view, row.device, row.user, row.password, _read_masks(row.masks))
        for row in rows
    )


def keep_camera(book: Book, camera: KeptCamera) -> Refused | None:
    """The book has this camera, in place of an earlier one of that name; masks of another place are not kept."""
    kept = {each.name: each for each in kept_cameras(book)}
    earlier = kept.get(camera.name)
    if earlier is None and len(kept) >= CAMERAS_MAX:
        return Refused(Failure.CAMERAS_TOO_MANY, {"limit": CAMERAS_MAX})
    same_place = earlier is not None and (earlier.address, earlier.device) == (camera.address, camera.device)
    masks = earlier.masks if earlier is not None and same_place and not camera.masks else camera.masks
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT OR REPLACE INTO camera VALUES (?, ?, ?, ?, ?, ?, ?)",
            (camera.name, camera.address, camera.view, camera.device, camera.user, camera.password, _text(masks)),
        )
    return None


def forget_camera(book: Book, name: str) -> None:
    """The book has no camera of that name; what it recorded, and the views that were signed off, stay."""
    with book.writing():
        book.connection.exec_driver_sql("DELETE FROM camera WHERE name = ?", (name,))


def keep_masks(book: Book, name: str, masks: tuple[MaskFields, ...]) -> None:
    """These are the camera's masks.

    Raises:
        ValueError: More than `MASKS_MAX`, or one that is not in the picture.
    """
    _check_masks(masks)
    with book.writing():
        book.connection.exec_driver_sql("UPDATE camera SET masks = ? WHERE name = ?", (_text(masks), name))


def sign_view(book: Book, camera: str, still: bytes, chair: tuple[PersonNumber, str]) -> SignedView | Refused:
    """The chair signs what the camera's recording sees, with the masks that it has now; on the disk when it returns.

    Args:
        book: An open book.
        camera: Its name.
        still: A JPEG of the whole field of view, at most `STILL_BYTES_MAX`.
        chair: The person and the PIN.
    """
    kept = next((each for each in kept_cameras(book) if each.name == camera), None)
    if kept is None:
        return Refused(Failure.CAMERA_UNKNOWN)
    if not 0 < len(still) <= STILL_BYTES_MAX:
        raise ValueError(f"a still of {len(still)} bytes")
    number, pin = chair
    if number not in book.people or book.people[number].role not in {Role.CHAIR, Role.DEPUTY_CHAIR}:
        return Refused(Failure.CHAIR_SIGNS)
    key = try_pin(book, number, pin)
    if isinstance(key, Refused):
        return key
    at_s = int(book.clock.now().timestamp())
    signature = sign_for(_PURPOSE, _context(book), _payload(camera, at_s, kept.masks, still), key)
    with book.writing():
        book.connection.exec_driver_sql(
            "INSERT INTO camera_view (camera, at_s, person, masks, still, signature) VALUES (?, ?, ?, ?, ?, ?)",
            (camera, at_s, number, _text(kept.masks), still, signature),
        )
    return SignedView(camera, at_s, number, kept.masks, still, signature)


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
    masks = _read_masks(row.masks)
    payload = _payload(camera, row.at_s, masks, row.still)
    if key is None or not is_signed_for(_PURPOSE, _context(book), payload, row.signature, key):
        raise WeFailed(Failure.BOOK_DAMAGED, "a signed view of a camera")
    return SignedView(camera, row.at_s, PersonNumber(row.person), masks, row.still, row.signature)


def _context(book: Book) -> bytes:
    return cbor.encode([book.election.id, book.name.device, book.name.epoch])


def _payload(camera: str, at_s: int, masks: tuple[MaskFields, ...], still: bytes) -> bytes:
    return cbor.encode([camera, at_s, [list(mask) for mask in masks], hashlib.sha256(still).digest()])


def _text(masks: tuple[MaskFields, ...]) -> str:
    return json.dumps([list(mask) for mask in masks], separators=(",", ":"))


def _read_masks(text: str) -> tuple[MaskFields, ...]:
    masks = tuple((int(left), int(top), int(width), int(height)) for left, top, width, height in json.loads(text))
    _check_masks(masks)
    return masks


def _check_masks(masks: tuple[MaskFields, ...]) -> None:
    if len(masks) > MASKS_MAX:
        raise ValueError(f"{len(masks)} masks")
    for left, top, width, height in masks:
        is_inside = left >= 0 and top >= 0 and left + width <= MASK_SCALE and top + height <= MASK_SCALE
        if not is_inside or width < 1 or height < 1:
            raise ValueError("a mask that is not in the picture")
