"""What the chair signed of a camera's field of view, and what is found when that was changed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pollbook.failures import Failure, Refused, WeFailed
from pollbook.store.book import Book
from pollbook.store.camera_views import SeenView, SignedView, sign_view, signed_view
from tests.making import CHAIR, DEPUTY, OPERATOR, PINS

SEEN = SeenView("hall", ((600, 200, 300, 500),), b"a still")


def test_the_chair_signs_what_the_camera_sees_with_its_masks(book: Book) -> None:
    signed = sign_view(book, SEEN, CHAIR, PINS[CHAIR])
    assert isinstance(signed, SignedView)
    assert (signed.person, signed.masks, signed.still) == (CHAIR, SEEN.masks, b"a still")
    assert signed_view(book, "hall") == signed
    assert signed_view(book, "yard") is None


def test_the_newest_view_counts_and_the_deputy_may_sign_it(book: Book) -> None:
    sign_view(book, SEEN, CHAIR, PINS[CHAIR])
    later = sign_view(book, replace(SEEN, masks=()), DEPUTY, PINS[DEPUTY])
    assert signed_view(book, "hall") == later


def test_an_operator_and_a_wrong_pin_sign_nothing(book: Book) -> None:
    assert sign_view(book, SEEN, OPERATOR, PINS[OPERATOR]) == Refused(Failure.CHAIR_SIGNS)
    wrong = sign_view(book, SEEN, CHAIR, "000000")
    assert isinstance(wrong, Refused)
    assert wrong.failure is Failure.WRONG_PIN
    assert signed_view(book, "hall") is None


def test_a_view_without_a_still_is_signed_by_nobody(book: Book) -> None:
    with pytest.raises(ValueError, match="still"):
        sign_view(book, replace(SEEN, still=b""), CHAIR, PINS[CHAIR])


@pytest.mark.parametrize(
    "change", ["still = x'00'", "at_s = at_s + 1", "masks = '[]'", "person = 2", "camera = 'yard'"]
)
def test_a_signed_view_that_was_changed_is_found(book: Book, change: str) -> None:
    sign_view(book, SEEN, CHAIR, PINS[CHAIR])
    with book.writing():
        book.connection.exec_driver_sql(f"UPDATE camera_view SET {change}")  # noqa: S608 - constants
    with pytest.raises(WeFailed, match="signed view"):
        signed_view(book, "yard" if "yard" in change else "hall")
