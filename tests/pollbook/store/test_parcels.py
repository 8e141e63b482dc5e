from __future__ import annotations

import pytest

from pollbook.failures import InputInvalid
from pollbook.parcels import PARCEL_BYTES_MAX, ParcelKind
from pollbook.store.book import Book
from pollbook.store.parcels import (
    bytes_in_hour,
    next_piece,
    note_bytes,
    note_parcel,
    note_refused_parcel,
    queue_parcel,
    waiting_parcels,
)

BOTH = frozenset(ParcelKind)


def test_reports_go_before_stills_and_each_kind_in_its_order(book: Book) -> None:
    still, first = queue_parcel(book, ParcelKind.STILL, b"still"), queue_parcel(book, ParcelKind.REPORT, b"first")
    second = queue_parcel(book, ParcelKind.REPORT, b"second")
    assert [parcel.id for parcel in waiting_parcels(book)] == [first, second, still]


def test_a_parcel_goes_on_from_where_it_was_acknowledged_until_it_is_whole(book: Book) -> None:
    name = queue_parcel(book, ParcelKind.REPORT, b"0123456789")
    sent = b""
    while (piece := next_piece(book, BOTH, 4)) is not None:
        assert (piece.address.parcel, piece.address.offset) == (name, len(sent))
        sent += piece.content
        note_parcel(book, name, len(sent))
    assert sent == b"0123456789"
    assert waiting_parcels(book) == ()


def test_what_was_acknowledged_whole_is_neither_kept_nor_sent_again(book: Book) -> None:
    name = queue_parcel(book, ParcelKind.REPORT, b"0123456789")
    note_parcel(book, name, 10)
    note_parcel(book, name, 3)
    assert queue_parcel(book, ParcelKind.REPORT, b"0123456789") == name
    assert next_piece(book, BOTH, 100) is None
    assert book.connection.exec_driver_sql("SELECT bytes FROM parcel").scalar_one() is None


def test_a_register_that_lost_a_part_gets_it_again_while_the_parcel_is_not_whole(book: Book) -> None:
    name = queue_parcel(book, ParcelKind.REPORT, b"0123456789")
    note_parcel(book, name, 6)
    note_parcel(book, name, 2)
    piece = next_piece(book, BOTH, 100)
    assert piece is not None
    assert (piece.address.offset, piece.content) == (2, b"23456789")


def test_the_same_content_is_queued_once_and_another_kind_is_another_parcel(book: Book) -> None:
    assert queue_parcel(book, ParcelKind.REPORT, b"x") == queue_parcel(book, ParcelKind.REPORT, b"x")
    assert queue_parcel(book, ParcelKind.STILL, b"x") != queue_parcel(book, ParcelKind.REPORT, b"x")
    assert len(waiting_parcels(book)) == 2


def test_a_parcel_that_the_register_does_not_want_lets_the_next_one_through(book: Book) -> None:
    bad, good = queue_parcel(book, ParcelKind.REPORT, b"bad"), queue_parcel(book, ParcelKind.REPORT, b"good")
    note_refused_parcel(book, bad)
    assert [parcel.id for parcel in waiting_parcels(book)] == [good]


@pytest.mark.parametrize("acknowledged", [-1, 11])
def test_more_of_a_parcel_than_there_is_is_not_believed(book: Book, acknowledged: int) -> None:
    name = queue_parcel(book, ParcelKind.REPORT, b"0123456789")
    with pytest.raises(InputInvalid):
        note_parcel(book, name, acknowledged)
    with pytest.raises(InputInvalid):
        note_parcel(book, bytes(16), 1)


@pytest.mark.parametrize("size", [0, PARCEL_BYTES_MAX + 1])
def test_a_parcel_beyond_its_size_is_not_queued(book: Book, size: int) -> None:
    with pytest.raises(ValueError, match="parcel"):
        queue_parcel(book, ParcelKind.REPORT, bytes(size))


def test_the_bytes_of_an_hour_add_up_and_old_hours_are_forgotten(book: Book) -> None:
    note_bytes(book, 1000, 7)
    note_bytes(book, 1000, 5)
    assert (bytes_in_hour(book, 1000), bytes_in_hour(book, 1001)) == (12, 0)
    note_bytes(book, 1025, 1)
    assert bytes_in_hour(book, 1000) == 0
