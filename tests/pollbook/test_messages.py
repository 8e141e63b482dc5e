from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor, compression, messages
from pollbook.failures import InputInvalid
from pollbook.ledger import Head, SignedHead
from pollbook.messages import (
    EnrolAnswer,
    EnrolRequest,
    FeedItem,
    FeedKind,
    Purpose,
    SyncAnswer,
    SyncRequest,
    request_id,
)
from pollbook.signing import SigningKey, device_id, read_envelope, seal
from pollbook.types import BookName, EntryNumber

DEVICE, REGISTER = SigningKey.generate(), SigningKey.generate()
REQUEST = SyncRequest(
    book=BookName(device_id(DEVICE.public), 1),
    first=EntryNumber(8),
    entries=(b"one", b"two"),
    head=SignedHead(Head(EntryNumber(9), bytes(32)), bytes(64)),
    digest=bytes(32),
    feed_cursor=3,
    sent_at_s=1_792_467_200,
    pending=2,
    software="0.1.0",
)
ANSWER = SyncAnswer(
    request=request_id(b"request"),
    acknowledged=Head(EntryNumber(9), bytes(32)),
    feed=(FeedItem(4, FeedKind.ANOMALY, "second_mark", 7), FeedItem(5, FeedKind.NOTICE, "Salom")),
    digest=None,
    register_at_s=1_792_467_201,
    come_back_s=30,
)


def read_request(untrusted: bytes, key: bytes = DEVICE.public) -> SyncRequest:
    _, envelope = messages.read_sync_signer(untrusted)
    return messages.decode_sync_request(envelope, key)


def test_a_sync_request_comes_back() -> None:
    assert read_request(messages.encode_sync_request(REQUEST, DEVICE)) == REQUEST


def test_a_sync_answer_comes_back() -> None:
    sent = messages.encode_sync_answer(ANSWER, REGISTER)
    assert messages.decode_sync_answer(sent, REGISTER.public, b"request") == ANSWER


def test_the_answer_to_another_request_is_refused() -> None:
    sent = messages.encode_sync_answer(ANSWER, REGISTER)
    with pytest.raises(InputInvalid, match="another request"):
        messages.decode_sync_answer(sent, REGISTER.public, b"a later request")


def test_enrolment_comes_back_and_proves_the_key() -> None:
    request = EnrolRequest("ABCD-EFGH", DEVICE.public, "0.1.0")
    assert messages.decode_enrol_request(messages.encode_enrol_request(request, DEVICE)) == request
    answer = EnrolAnswer(b"device", b"register", b"slice")
    sent = messages.encode_enrol_answer(answer, REGISTER)
    assert messages.decode_enrol_answer(sent, REGISTER.public) == answer
    assert messages.untrusted_register_certificate(sent) == b"register"


def test_a_request_signed_by_another_key_than_it_names_is_refused() -> None:
    stolen = EnrolRequest("ABCD-EFGH", DEVICE.public, "0.1.0")
    with pytest.raises(InputInvalid):
        messages.decode_enrol_request(messages.encode_enrol_request(stolen, REGISTER))
    with pytest.raises(InputInvalid):
        read_request(messages.encode_sync_request(REQUEST, REGISTER))


def test_a_message_of_one_purpose_does_not_pass_as_another() -> None:
    envelope = compression.decompress(messages.encode_sync_answer(ANSWER, REGISTER), 10_000)
    with pytest.raises(InputInvalid):
        read_envelope(envelope, 10_000).open_with(Purpose.ENROLLED, REGISTER.public)


def test_a_head_that_is_not_that_of_the_last_entry_is_refused() -> None:
    for wrong in (replace(REQUEST, first=EntryNumber(7)), replace(REQUEST, entries=(b"one",))):
        with pytest.raises(InputInvalid):
            read_request(messages.encode_sync_request(wrong, DEVICE))


@given(st.data())
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    sent = bytearray(messages.encode_sync_request(REQUEST, DEVICE))
    sent[data.draw(st.integers(0, len(sent) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert read_request(bytes(sent)) == REQUEST  # a bit of the frame's header that says nothing
    except InputInvalid:
        return


@given(st.binary(max_size=300))
def test_garbage_is_refused_by_every_reader(untrusted: bytes) -> None:
    readers = [
        messages.decode_enrol_request,
        messages.untrusted_register_certificate,
        messages.read_sync_signer,
        lambda bytes_: messages.decode_enrol_answer(bytes_, REGISTER.public),
        lambda bytes_: messages.decode_sync_answer(bytes_, REGISTER.public, b""),
        lambda bytes_: messages.decode_sync_request(bytes_, DEVICE.public),
    ]
    for reader in readers:
        with pytest.raises(InputInvalid):
            reader(untrusted)


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=3) | st.binary(max_size=3)


@given(st.data())
def test_a_signed_request_with_a_field_missing_wrong_or_repeated_is_refused(data: st.DataObject) -> None:
    whole = compression.decompress(messages.encode_sync_request(REQUEST, DEVICE), 10_000)
    body = cbor.decode(read_envelope(whole, 10_000).untrusted_body, 10_000)
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
    sent = compression.compress(seal(Purpose.SYNC, cbor.encode(changed), DEVICE))
    try:
        read = read_request(sent)
    except InputInvalid:
        return
    assert messages.encode_sync_request(read, DEVICE) == sent


def test_what_is_no_envelope_is_refused_before_it_is_built() -> None:
    many = cbor.encode(["Ed25519", bytes(16), [0] * 1_000_000, bytes(64)])
    with pytest.raises(InputInvalid, match="not an envelope"):
        read_envelope(many, 10_000_000)
    for bomb in (compression.compress(many), compression.compress(bytes(1_000_000))):
        with pytest.raises(InputInvalid):
            messages.decode_enrol_request(bomb)


def test_a_program_s_name_with_control_characters_is_refused() -> None:
    with pytest.raises(InputInvalid):
        read_request(messages.encode_sync_request(replace(REQUEST, software="\x1b]0;x"), DEVICE))


def test_a_feed_text_that_is_too_long_is_cut_and_not_unreadable() -> None:
    long = replace(ANSWER, feed=(FeedItem(1, FeedKind.NOTICE, "x" * 3000),))
    read = messages.decode_sync_answer(messages.encode_sync_answer(long, REGISTER), REGISTER.public, b"request")
    assert read.feed[0].text == "x" * 2000


def test_more_entries_or_feed_items_than_the_limits_are_refused() -> None:
    count = messages.ENTRIES_MAX + 1
    head = SignedHead(Head(EntryNumber(8 + count - 1), bytes(32)), bytes(64))
    with pytest.raises(InputInvalid):
        read_request(messages.encode_sync_request(replace(REQUEST, entries=(b"x",) * count, head=head), DEVICE))
    feed = tuple(FeedItem(number, FeedKind.NOTICE, "x") for number in range(1, messages.FEED_ITEMS_MAX + 2))
    sent = messages.encode_sync_answer(replace(ANSWER, feed=feed), REGISTER)
    with pytest.raises(InputInvalid):
        messages.decode_sync_answer(sent, REGISTER.public, b"request")
