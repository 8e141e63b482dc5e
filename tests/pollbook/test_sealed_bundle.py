from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.failures import Failure, WorldFailed
from pollbook.sealed_bundle import (
    BUNDLE_BYTES_MAX,
    Answered,
    Carried,
    Requests,
    read_answers,
    read_requests,
    write_answers,
    write_requests,
)
from pollbook.sealing import BoxKey, box_key_of, seal_to
from pollbook.signing import SigningKey, device_id, seal
from pollbook.sync_request import Address
from pollbook.types import BookName, ElectionId, EntryNumber

ELECTION, OTHER_ELECTION = ElectionId("test-2026"), ElectionId("other-2026")
REGISTER = SigningKey.from_seed(bytes(range(32)))
DEVICE = SigningKey.from_seed(bytes(range(1, 33)))
STRANGER = SigningKey.from_seed(bytes(range(2, 34)))
REGISTER_BOX, DEVICE_BOX, STRANGER_BOX = box_key_of(REGISTER), box_key_of(DEVICE), box_key_of(STRANGER)
BOOK = BookName(device_id(DEVICE.public), 1)
HEAD_BYTES = len(b"uchastka bundle\n") + 1


def carried(*requests: bytes) -> tuple[Carried, ...]:
    return tuple(Carried(Address(BOOK, EntryNumber(number)), request) for number, request in enumerate(requests, 1))


REQUESTS = Requests(ELECTION, BOOK, DEVICE_BOX.public, carried(b"one", b"two"))
ANSWERED = tuple(Answered(each, b"answer to " + each.request) for each in REQUESTS.carried)
SENT = write_requests(REQUESTS, REGISTER_BOX.public, DEVICE)
BACK = write_answers(REQUESTS, ANSWERED, REGISTER)


def known(book: BookName) -> bytes | None:
    return DEVICE.public if book == BOOK else None


def opened(untrusted: bytes) -> Requests:
    return read_requests(untrusted, ELECTION, REGISTER_BOX, known)


def back(untrusted: bytes) -> tuple[Answered, ...]:
    return read_answers(untrusted, ELECTION, BOOK, DEVICE_BOX, REGISTER.public)


def why(read: Callable[[], object]) -> WorldFailed:
    with pytest.raises(WorldFailed) as caught:
        read()
    return caught.value


def made(
    inner: list[object], outer: list[object] | None = None, key: SigningKey = DEVICE, to: BoxKey = REGISTER_BOX
) -> bytes:
    """A bundle of any content, sealed and signed rightly."""
    cover = inner[:4] if outer is None else outer
    sealed = seal_to(to.public, "bundle 1", seal("bundle 1", cbor.encode(inner), key), key.seed)
    return SENT[:HEAD_BYTES] + cbor.encode([*cover, sealed])


def content(way: int = 1, receiver: bytes = REGISTER_BOX.public) -> list[object]:
    book: list[object] = [BOOK.device, BOOK.epoch]
    return [ELECTION, way, receiver, book, DEVICE_BOX.public, [[1, b"one"]]]


def test_what_a_book_writes_the_register_reads() -> None:
    assert opened(SENT) == REQUESTS
    assert opened(made(content())) == replace(REQUESTS, carried=carried(b"one"))


def test_what_the_register_answers_the_book_reads() -> None:
    assert back(BACK) == ANSWERED


@given(requests=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5))
def test_any_requests_travel_as_they_are(requests: list[bytes]) -> None:
    sent = replace(REQUESTS, carried=carried(*requests))
    assert opened(write_requests(sent, REGISTER_BOX.public, DEVICE)) == sent


def test_writing_it_again_gives_the_same_file() -> None:
    assert write_requests(REQUESTS, REGISTER_BOX.public, DEVICE) == SENT
    assert write_answers(REQUESTS, ANSWERED, REGISTER) == BACK


def test_whoever_carries_it_reads_nothing_of_what_is_inside() -> None:
    secret = b"a request that tells much"
    sent = write_requests(replace(REQUESTS, carried=carried(secret)), REGISTER_BOX.public, DEVICE)
    assert secret not in sent
    assert DEVICE_BOX.public not in sent


def test_another_election_is_told_from_the_cover() -> None:
    error = why(lambda: read_requests(SENT, OTHER_ELECTION, REGISTER_BOX, known))
    assert error.failure is Failure.BUNDLE_OTHER_ELECTION
    assert error.facts == {"found": ELECTION, "expected": OTHER_ELECTION}
    error = why(lambda: read_answers(BACK, OTHER_ELECTION, BOOK, DEVICE_BOX, REGISTER.public))
    assert error.failure is Failure.BUNDLE_OTHER_ELECTION


def test_another_register_cannot_open_it_and_is_told_so() -> None:
    error = why(lambda: read_requests(SENT, ELECTION, STRANGER_BOX, known))
    assert error.failure is Failure.BUNDLE_OTHER_REGISTER


def test_another_book_or_epoch_is_told_so() -> None:
    for book, key in (
        (BookName(BOOK.device, 2), DEVICE_BOX),
        (BookName(device_id(STRANGER.public), 1), STRANGER_BOX),
        (BOOK, STRANGER_BOX),
    ):
        error = why(lambda book=book, key=key: read_answers(BACK, ELECTION, book, key, REGISTER.public))  # type: ignore[misc]
        assert error.failure is Failure.BUNDLE_OTHER_BOOK


def test_a_file_that_goes_the_other_way_is_told_so() -> None:
    assert why(lambda: opened(BACK)).failure is Failure.BUNDLE_OTHER_WAY
    assert why(lambda: back(SENT)).failure is Failure.BUNDLE_OTHER_WAY


def test_a_book_that_is_not_ours_signed_nothing_here() -> None:
    error = why(lambda: read_requests(SENT, ELECTION, REGISTER_BOX, lambda _: None))
    assert error.failure is Failure.BUNDLE_NOT_SIGNED


def test_somebody_elses_signature_is_told_so() -> None:
    assert why(lambda: opened(made(content(), key=STRANGER))).failure is Failure.BUNDLE_NOT_SIGNED
    forged = made(content(2, DEVICE_BOX.public), key=STRANGER, to=DEVICE_BOX)
    assert why(lambda: back(forged)).failure is Failure.BUNDLE_NOT_SIGNED


def test_a_cover_that_is_not_the_signed_one_is_told_so() -> None:
    inner = content()
    inner[3] = [BOOK.device, 2]
    assert why(lambda: opened(made(inner, content()[:4]))).failure is Failure.BUNDLE_NOT_SIGNED


def test_another_version_is_told_so() -> None:
    changed = SENT[: HEAD_BYTES - 1] + b"\x02" + SENT[HEAD_BYTES:]
    assert why(lambda: opened(changed)).failure is Failure.BUNDLE_OTHER_VERSION


@given(length=st.integers(0, len(SENT) - 1))
def test_a_file_cut_short_is_unreadable(length: int) -> None:
    assert why(lambda: opened(SENT[:length])).failure is Failure.BUNDLE_UNREADABLE


@given(length=st.integers(0, len(BACK) - 1))
def test_an_answer_cut_short_is_unreadable(length: int) -> None:
    assert why(lambda: back(BACK[:length])).failure is Failure.BUNDLE_UNREADABLE


@given(at=st.integers(0, len(SENT) - 1), by=st.integers(1, 255))
def test_a_changed_byte_is_never_taken(at: int, by: int) -> None:
    changed = bytearray(SENT)
    changed[at] ^= by
    error = why(lambda: opened(bytes(changed)))
    assert error.failure.code.startswith("K")


@given(untrusted=st.binary(max_size=300))
def test_any_bytes_are_refused(untrusted: bytes) -> None:
    assert why(lambda: opened(untrusted)).failure is Failure.BUNDLE_UNREADABLE
    assert why(lambda: opened(SENT[:HEAD_BYTES] + untrusted)).failure is Failure.BUNDLE_UNREADABLE


def test_a_file_beyond_its_size_is_unreadable() -> None:
    long = SENT.ljust(BUNDLE_BYTES_MAX + 1, b"\0")
    assert why(lambda: opened(long)).failure is Failure.BUNDLE_UNREADABLE


@pytest.mark.parametrize(
    "items",
    [
        [],
        [[1, b"one"]] * 101,
        [[1, b""]],
        [[0, b"one"]],
        [[2**63, b"one"]],
        [[-1, b"one"]],
        [[1, "one"]],
        [[1]],
        [[1, b"one", b"more"]],
        [1],
    ],
)
def test_items_that_are_none_are_unreadable_though_rightly_signed(items: list[object]) -> None:
    inner = content()
    inner[5] = items
    try:
        untrusted = made(inner)
    except OverflowError:
        pytest.fail("not a bundle that can be written")
    assert why(lambda: opened(untrusted)).failure is Failure.BUNDLE_UNREADABLE


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, "x" * 41),
        (0, b""),
        (1, 3),
        (1, 0),
        (2, bytes(31)),
        (3, [b"short", 1]),
        (3, [bytes(16), 0]),
        (3, 1),
        (4, b""),
    ],
)
def test_a_field_out_of_its_bounds_is_unreadable_though_rightly_signed(at: int, value: object) -> None:
    inner = content()
    inner[at] = value
    assert why(lambda: opened(made(inner, content()[:4]))).failure is Failure.BUNDLE_UNREADABLE
    if at < 4:
        assert why(lambda: opened(made(inner))).failure is Failure.BUNDLE_UNREADABLE
