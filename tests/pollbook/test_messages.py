from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor, compression, enrolment_messages, feed_items, sync_answer, sync_request, wire
from pollbook.clock import HybridTime
from pollbook.enrolment_messages import EnrolAnswer, EnrolRequest
from pollbook.entries import Entry, Marked, encode_entry
from pollbook.failures import InputInvalid
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.ledger import Head, SignedHead
from pollbook.packing import SliceOrder
from pollbook.signing import SigningKey, device_id, read_envelope, seal, sign_for
from pollbook.sync_answer import SyncAnswer
from pollbook.sync_request import Address, SyncRequest
from pollbook.types import BookName, Channel, DeviceId, EntryNumber, LineId, PersonNumber
from pollbook.wire import Purpose

DEVICE, REGISTER = SigningKey.generate(), SigningKey.generate()
REQUEST = SyncRequest(
    book=BookName(device_id(DEVICE.public), 1),
    first=EntryNumber(8),
    entries=(b"one", b"two"),
    head=SignedHead(Head(EntryNumber(9), bytes(32)), bytes(64)),
    digest=bytes(8),
    feed_cursor=3,
    sent_at_s=1_792_467_200,
    pending=2,
    software="0.1.0",
)
SENT = sync_request.encode_sync_request(REQUEST, DEVICE)
ANSWER = SyncAnswer(
    acknowledged=Head(EntryNumber(9), bytes(32)),
    feed=(FeedItem(4, FeedKind.ANOMALY, "second_mark", 7), FeedItem(5, FeedKind.NOTICE, "Salom")),
    digest=None,
    register_at_s=1_792_467_201,
    come_back_s=30,
)


def read_request(untrusted: bytes, key: bytes = DEVICE.public, address: Address = REQUEST.address) -> SyncRequest:
    return sync_request.decode_sync_request(untrusted, address, key)


def answered(answer: SyncAnswer, request: SyncRequest = REQUEST, sent: bytes = SENT) -> bytes:
    return sync_answer.encode_sync_answer(answer, request, sent, REGISTER)


def read_answer(untrusted: bytes, request: SyncRequest = REQUEST, sent: bytes = SENT) -> SyncAnswer:
    return sync_answer.decode_sync_answer(untrusted, request, sent, REGISTER.public)


def test_a_sync_request_comes_back() -> None:
    assert read_request(SENT) == REQUEST


@pytest.mark.parametrize("sent_back", [True, False])
@pytest.mark.parametrize("digest", [None, bytes(8), b"7 others"])
@pytest.mark.parametrize("asked", [None, bytes(8)])
def test_a_sync_answer_comes_back(asked: bytes | None, digest: bytes | None, sent_back: bool) -> None:
    request = replace(REQUEST, digest=asked)
    head = request.head.head if sent_back else Head(EntryNumber(4), b"x" * 32)
    answer = replace(ANSWER, acknowledged=head, digest=digest)
    assert read_answer(answered(answer, request), request) == answer


def test_an_answer_that_agrees_says_so_in_a_few_bytes() -> None:
    agreed = answered(replace(ANSWER, feed=(), digest=REQUEST.digest))
    assert len(agreed) <= 1 + 4 + 64 + 12
    other = Head(EntryNumber(7), bytes(range(32)))
    assert len(answered(replace(ANSWER, feed=(), digest=None, acknowledged=other))) > 100


def test_the_answer_to_another_request_is_refused() -> None:
    later = sync_request.encode_sync_request(replace(REQUEST, sent_at_s=REQUEST.sent_at_s + 1), DEVICE)
    with pytest.raises(InputInvalid, match="another request"):
        read_answer(answered(ANSWER), sent=later)
    renamed = bytearray(answered(ANSWER))
    renamed[1:5] = sync_answer.request_id(later)
    with pytest.raises(InputInvalid, match="signature"):
        read_answer(bytes(renamed), sent=later)


def test_an_answer_before_1970_or_by_another_register_is_refused() -> None:
    with pytest.raises(InputInvalid):
        read_answer(answered(replace(ANSWER, register_at_s=-1)))
    with pytest.raises(InputInvalid):
        sync_answer.decode_sync_answer(answered(ANSWER), REQUEST, SENT, DEVICE.public)


def test_an_address_is_named_by_its_path_in_one_spelling() -> None:
    for device in (bytes(16), b"\xff" * 16, bytes(range(16))):
        address = Address(BookName(DeviceId(device), 12), EntryNumber(345))
        assert Address.parse(*address.path.split("/")[-2:]) == address
        assert len(address.path) == len("/v1/sync/") + 22 + len(".12/345")
    name = "A" * 22
    for book, first in [
        (f"{name}.1", "0"),
        (f"{name}.0", "1"),
        (f"{name}.01", "1"),
        (f"{name}", "1"),
        (f"{name}==.1", "1"),
        ("A" * 21 + "B.1", "1"),  # the last letter's lowest bits say nothing
        (f"{name}.1", "9" * 19),
        ("../.1", "1"),
        ("", ""),
    ]:
        with pytest.raises(InputInvalid):
            Address.parse(book, first)


def test_a_request_for_another_address_is_refused() -> None:
    for other in (
        replace(REQUEST.address, first=EntryNumber(7)),
        replace(REQUEST.address, book=replace(REQUEST.book, epoch=2)),
        replace(REQUEST.address, book=BookName(device_id(REGISTER.public), 1)),
    ):
        assert not sync_request.is_signed_request(SENT, other, DEVICE.public)
        with pytest.raises(InputInvalid):
            read_request(SENT, address=other)


def test_a_day_s_marks_take_their_places_and_not_their_ids() -> None:
    rng = random.Random(1)
    order = SliceOrder.of(LineId(rng.getrandbits(62)) for _ in range(1000))
    marks = tuple(
        encode_entry(
            Entry(HybridTime((REQUEST.sent_at_s + 9 * at) << 16), PersonNumber(5), Marked(line, Channel.STATION))
        )
        for at, line in enumerate(rng.sample(order.lines, 1000))
    )
    request = replace(REQUEST, entries=marks, head=SignedHead(Head(EntryNumber(1007), bytes(32)), bytes(64)))
    sent = sync_request.encode_sync_request(request, DEVICE, order)
    assert len(sent) < 2.2 * len(marks) + 250
    orders = {order.check: order}
    assert sync_request.decode_sync_request(sent, request.address, DEVICE.public, orders.get) == request
    with pytest.raises(InputInvalid, match="order"):
        sync_request.decode_sync_request(sent, request.address, DEVICE.public)


def test_enrolment_comes_back_and_proves_the_key() -> None:
    request = EnrolRequest("ABCD-EFGH", DEVICE.public, bytes(32), "0.1.0")
    assert enrolment_messages.decode_enrol_request(enrolment_messages.encode_enrol_request(request, DEVICE)) == request
    answer = EnrolAnswer(b"device", b"register", b"slice")
    sent = enrolment_messages.encode_enrol_answer(answer, REGISTER)
    assert enrolment_messages.decode_enrol_answer(sent, REGISTER.public) == answer
    assert enrolment_messages.untrusted_register_certificate(sent) == b"register"


def test_a_request_signed_by_another_key_than_it_names_is_refused() -> None:
    stolen = EnrolRequest("ABCD-EFGH", DEVICE.public, bytes(32), "0.1.0")
    with pytest.raises(InputInvalid):
        enrolment_messages.decode_enrol_request(enrolment_messages.encode_enrol_request(stolen, REGISTER))
    with pytest.raises(InputInvalid):
        read_request(sync_request.encode_sync_request(REQUEST, REGISTER))


def test_a_message_of_one_purpose_does_not_pass_as_another() -> None:
    envelope = seal(Purpose.ENROL, b"body", REGISTER)
    with pytest.raises(InputInvalid):
        read_envelope(envelope, 10_000).open_with(Purpose.ENROLLED, REGISTER.public)
    forged = signed_payload(b"", Purpose.SYNCED)
    assert not sync_request.is_signed_request(forged, REQUEST.address, DEVICE.public)


def signed_payload(payload: bytes, purpose: str = Purpose.SYNC) -> bytes:
    signature = sign_for(purpose, REQUEST.address.signed, payload, DEVICE)
    return bytes([wire.WIRE_SCHEMA]) + signature + payload


def test_a_request_of_another_schema_is_refused() -> None:
    for schema in (0, wire.WIRE_SCHEMA - 1, wire.WIRE_SCHEMA + 1, 0x28):
        with pytest.raises(InputInvalid):
            read_request(bytes([schema]) + SENT[1:])


@given(st.data())
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    for whole, read in ((SENT, read_request), (answered(ANSWER), read_answer)):
        sent = bytearray(whole)
        sent[data.draw(st.integers(0, len(sent) - 1))] ^= data.draw(st.integers(1, 255))
        with pytest.raises(InputInvalid):
            read(bytes(sent))


@given(st.integers(0, len(SENT) - 1))
def test_a_request_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(InputInvalid):
        read_request(SENT[:length])


@given(st.binary(max_size=300))
def test_garbage_is_refused_by_every_reader(untrusted: bytes) -> None:
    readers = [
        enrolment_messages.decode_enrol_request,
        enrolment_messages.untrusted_register_certificate,
        lambda bytes_: enrolment_messages.decode_enrol_answer(bytes_, REGISTER.public),
        read_request,
        read_answer,
        lambda bytes_: read_request(signed_payload(bytes_)),
    ]
    for reader in readers:
        with pytest.raises(InputInvalid):
            reader(untrusted)


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=3) | st.binary(max_size=3)


@given(st.data())
def test_a_signed_request_with_a_field_missing_wrong_or_repeated_is_refused(data: st.DataObject) -> None:
    body = cbor.decode(compression.decompress_message(SENT[65:], 10_000), 10_000)
    assert isinstance(body, list)
    place = data.draw(st.integers(0, len(body) - 1))
    changed = data.draw(
        st.sampled_from(
            [
                body[:place] + body[place + 1 :],
                [*body[: place + 1], *body[place:]],
                [*body[:place], data.draw(SCALARS | st.lists(SCALARS, max_size=4)), *body[place + 1 :]],
            ]
        )
    )
    sent = signed_payload(compression.compress_message(cbor.encode(changed)))
    try:
        read = read_request(sent)
    except InputInvalid:
        return
    assert read_request(sync_request.encode_sync_request(read, DEVICE)) == read


def test_a_bomb_that_a_station_signed_is_refused() -> None:
    bomb = compression.compress_message(bytes(wire.MESSAGE_BYTES_MAX + 1))
    assert len(bomb) < 10_000
    with pytest.raises(InputInvalid):
        read_request(signed_payload(bomb))


def test_what_is_no_envelope_is_refused_before_it_is_built() -> None:
    many = cbor.encode(["Ed25519", bytes(16), [0] * 1_000_000, bytes(64)])
    with pytest.raises(InputInvalid, match="not an envelope"):
        read_envelope(many, 10_000_000)
    for bomb in (compression.compress(many), compression.compress(bytes(1_000_000))):
        with pytest.raises(InputInvalid):
            enrolment_messages.decode_enrol_request(bomb)


def test_a_program_s_name_with_control_characters_is_refused() -> None:
    with pytest.raises(InputInvalid):
        read_request(sync_request.encode_sync_request(replace(REQUEST, software="\x1b]0;x"), DEVICE))


def test_a_feed_text_that_is_too_long_is_cut_and_not_unreadable() -> None:
    long = replace(ANSWER, feed=(FeedItem(1, FeedKind.NOTICE, "x" * 3000),))
    read = read_answer(answered(long))
    assert read.feed[0].text == "x" * 2000


def test_what_a_successor_carries_in_one_piece_may_be_longer_than_a_batch() -> None:
    count = sync_request.ENTRIES_MAX + 1
    head = SignedHead(Head(EntryNumber(8 + count - 1), bytes(32)), bytes(64))
    carried = replace(REQUEST, entries=(b"x",) * count, head=head)
    assert len(read_request(sync_request.encode_sync_request(carried, DEVICE)).entries) == count


def test_more_entries_or_feed_items_than_the_limits_are_refused() -> None:
    count = sync_request.TAKEN_MAX + 1
    head = SignedHead(Head(EntryNumber(8 + count - 1), bytes(32)), bytes(64))
    with pytest.raises(InputInvalid):
        read_request(sync_request.encode_sync_request(replace(REQUEST, entries=(b"x",) * count, head=head), DEVICE))
    feed = tuple(FeedItem(number, FeedKind.NOTICE, "x") for number in range(1, sync_answer.FEED_ITEMS_MAX + 2))
    with pytest.raises(InputInvalid):
        read_answer(answered(replace(ANSWER, feed=feed)))


def test_the_feed_s_check_names_every_item_before_it_in_its_order() -> None:
    items = [FeedItem(1, FeedKind.NOTICE, "a"), FeedItem(2, FeedKind.NOTICE, "b")]
    check = feed_items.next_feed_check(feed_items.next_feed_check(b"", items[0]), items[1])
    assert len(check) == feed_items.FEED_CHECK_BYTES
    for others in (
        items[1:],
        items[::-1],
        [items[0], replace(items[1], entry=1)],
        [items[0], replace(items[1], number=3)],
    ):
        other = b""
        for item in others:
            other = feed_items.next_feed_check(other, item)
        assert other != check
    long = replace(items[0], text="x" * (feed_items.FEED_TEXT_MAX + 9))
    assert feed_items.next_feed_check(b"", long) == feed_items.next_feed_check(
        b"", replace(long, text=long.text[: feed_items.FEED_TEXT_MAX])
    ), "as it travels"


@pytest.mark.parametrize("length", [1, 3, 5, 64])
def test_a_feed_s_check_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputInvalid):
        read_request(sync_request.encode_sync_request(replace(REQUEST, feed_check=bytes(length)), DEVICE))
