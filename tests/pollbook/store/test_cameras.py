"""The station's cameras in the book: what is kept, what is not said, what the chair signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pollbook.failures import Failure, Refused, WeFailed
from pollbook.store.book import Book
from pollbook.store.cameras import (
    CAMERAS_MAX,
    MASKS_MAX,
    KeptCamera,
    SignedView,
    forget_camera,
    keep_camera,
    keep_masks,
    kept_cameras,
    sign_view,
    signed_view,
)
from tests.making import CHAIR, OPERATOR, PINS, Station

HALL = KeptCamera("hall", "rtsp://192.168.7.20/main", "rtsp://192.168.7.20/sub", "", "viewer", "s3cret-word")
BOOTH = ((600, 200, 300, 500),)


def test_a_camera_is_kept_with_its_password_and_says_it_nowhere(book: Book) -> None:
    assert keep_camera(book, HALL) is None
    (kept,) = kept_cameras(book)
    assert kept == HALL
    assert kept.password == "s3cret-word"
    assert "s3cret" not in repr(kept)
    assert "viewer" not in repr(kept)


def test_what_is_on_the_disk_holds_no_password_in_clear(book: Book, station: Station) -> None:
    keep_camera(book, HALL)
    files = [path for path in station.home.path.rglob("*") if path.is_file()]
    assert not any(b"s3cret-word" in path.read_bytes() for path in files)


def test_masks_stay_with_a_camera_whose_password_changes_and_go_with_one_that_is_another(book: Book) -> None:
    keep_camera(book, HALL)
    keep_masks(book, "hall", BOOTH)
    keep_camera(book, replace(HALL, password="new"))
    assert kept_cameras(book)[0].masks == BOOTH
    keep_camera(book, replace(HALL, address="rtsp://192.168.7.21/main"))
    assert kept_cameras(book)[0].masks == ()


def test_a_camera_that_is_forgotten_is_gone(book: Book) -> None:
    keep_camera(book, HALL)
    forget_camera(book, "hall")
    assert kept_cameras(book) == ()


def test_more_cameras_than_a_laptop_carries_are_refused(book: Book) -> None:
    for number in range(CAMERAS_MAX):
        assert keep_camera(book, replace(HALL, name=f"hall-{number}")) is None
    refused = keep_camera(book, replace(HALL, name="one-more"))
    assert refused == Refused(Failure.CAMERAS_TOO_MANY, {"limit": CAMERAS_MAX})
    assert keep_camera(book, replace(HALL, name="hall-0", password="x")) is None


@pytest.mark.parametrize("mask", [(-1, 0, 10, 10), (0, 0, 0, 10), (0, 0, 10, 0), (900, 0, 101, 10), (0, 990, 10, 11)])
def test_a_mask_outside_the_picture_is_refused(book: Book, mask: tuple[int, int, int, int]) -> None:
    keep_camera(book, HALL)
    with pytest.raises(ValueError, match="not in the picture"):
        keep_masks(book, "hall", (mask,))


def test_more_masks_than_anybody_draws_are_refused(book: Book) -> None:
    keep_camera(book, HALL)
    with pytest.raises(ValueError, match="masks"):
        keep_masks(book, "hall", ((0, 0, 10, 10),) * (MASKS_MAX + 1))


def test_the_chair_signs_what_the_camera_sees_with_its_masks(book: Book) -> None:
    keep_camera(book, HALL)
    keep_masks(book, "hall", BOOTH)
    signed = sign_view(book, "hall", b"a still", (CHAIR, PINS[CHAIR]))
    assert isinstance(signed, SignedView)
    assert (signed.person, signed.masks, signed.still) == (CHAIR, BOOTH, b"a still")
    assert signed_view(book, "hall") == signed
    assert signed_view(book, "yard") is None


def test_an_operator_a_wrong_pin_and_an_unknown_camera_sign_nothing(book: Book) -> None:
    keep_camera(book, HALL)
    assert sign_view(book, "hall", b"a still", (OPERATOR, PINS[OPERATOR])) == Refused(Failure.CHAIR_SIGNS)
    wrong = sign_view(book, "hall", b"a still", (CHAIR, "000000"))
    assert isinstance(wrong, Refused)
    assert wrong.failure is Failure.WRONG_PIN
    assert sign_view(book, "yard", b"a still", (CHAIR, PINS[CHAIR])) == Refused(Failure.CAMERA_UNKNOWN)
    assert signed_view(book, "hall") is None


@pytest.mark.parametrize(
    "change", ["still = x'00'", "at_s = at_s + 1", "masks = '[]'", "person = 2", "camera = 'yard'"]
)
def test_a_signed_view_that_was_changed_is_found(book: Book, change: str) -> None:
    keep_camera(book, HALL)
    keep_masks(book, "hall", BOOTH)
    sign_view(book, "hall", b"a still", (CHAIR, PINS[CHAIR]))
    with book.writing():
        book.connection.exec_driver_sql(f"UPDATE camera_view SET {change}")  # noqa: S608 - constants
    with pytest.raises(WeFailed, match="signed view"):
        signed_view(book, "yard" if "yard" in change else "hall")
