"""What the fuzzer feeds: each parser of untrusted bytes, which may answer or raise what it says and nothing else.

What stands behind a signature is signed here first, so that the parser behind it is reached: a station's own key may be
stolen. Each target comes with seeds, bytes that it takes.
"""

from __future__ import annotations

import base64
import hashlib
import random

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pollbook import (
    camera_health,
    cbor,
    compression,
    enrolment_messages,
    feed_items,
    mirror_file,
    packing,
    release_certificate,
    sealed_bundle,
    sync_answer,
    sync_request,
    wire,
)
from pollbook.checkpoint import Checkpoint, Inclusion, open_checkpoint, read_inclusion, sign_checkpoint, write_inclusion
from pollbook.clock import COUNTER_BITS, HybridTime
from pollbook.enrol_file import read_enrol_file
from pollbook.entries import Entry, Marked, decode_entry, encode_entry
from pollbook.failures import InputInvalid, WorldFailed
from pollbook.feed_items import FeedKind
from pollbook.ledger import Head, SignedHead
from pollbook.mirror_file import Record, RecordKind
from pollbook.packing import SliceOrder
from pollbook.releases import MovedLine, pack_release, sign_release
from pollbook.sealed_bundle import Carried, Requests
from pollbook.sealing import box_key_of, open_sealed, seal_to
from pollbook.signing import SigningKey, device_id, read_envelope, seal, sign_for
from pollbook.slice import Expected, read_slice
from pollbook.supersession import read_supersession
from pollbook.sync_answer import SyncAnswer
from pollbook.sync_request import Address, SyncRequest
from pollbook.types import BookName, Channel, DeviceId, ElectionId, EntryNumber, LineId, PersonNumber
from pollbook.wire import Purpose
from sync.lan.discovery import read_announcement
from sync.lan.messages import decode_message
from tests.fuzzing.camera_targets import CAMERA_TARGETS
from tests.fuzzing.chip_targets import CHIP_TARGETS
from tests.fuzzing.document_targets import DOCUMENT_TARGETS
from tests.fuzzing.target import Target

KEY = SigningKey.from_seed(bytes(32))
BOOK = BookName(DeviceId(bytes(16)), 1)
NOW_S = 1_797_735_600
LINES = [LineId(1 + 7919 * number) for number in range(500)]
ORDER = SliceOrder.of(LINES)
ENTRIES = tuple(
    encode_entry(Entry(HybridTime(NOW_S + 9 * n << COUNTER_BITS), PersonNumber(5), Marked(line, Channel.STATION)))
    for n, line in enumerate(random.Random(1).sample(LINES, 40))
)
REQUEST = SyncRequest(
    book=BOOK,
    first=EntryNumber(1),
    entries=ENTRIES,
    head=SignedHead(Head(EntryNumber(len(ENTRIES)), bytes(32)), bytes(64)),
    digest=bytes(8),
    feed_cursor=0,
    sent_at_s=NOW_S,
    pending=0,
    software="fuzz 1",
)
HEALTH = camera_health.StationHealth(
    NOW_S, (camera_health.CameraHealth("door", 0), camera_health.CameraHealth("hall", 2, {"covered": NOW_S - 60}))
)
ANSWER = SyncAnswer(Head(EntryNumber(3), bytes(32)), (), None, NOW_S, 30)
SENT = sync_request.encode_sync_request(REQUEST, KEY, ORDER)
_NOTE = sign_checkpoint(Checkpoint("fuzz", 2, bytes(32)), KEY)
_KEY_ID = base64.b64decode(_NOTE.rsplit(b" ", 1)[1])[:4]


def _packed(untrusted: bytes) -> None:
    for entry in packing.unpack(untrusted, NOW_S, sync_request.TAKEN_MAX, lambda _check: ORDER):
        assert entry


def _request(untrusted: bytes) -> None:
    payload = b"\x00" + untrusted
    signature = sign_for(Purpose.SYNC, REQUEST.address.signed, payload, KEY)
    sent = bytes([wire.WIRE_SCHEMA]) + signature + payload
    sync_request.decode_sync_request(sent, REQUEST.address, KEY.public, lambda _check: ORDER)


def _answer(untrusted: bytes) -> None:
    payload = b"\x00" + untrusted
    head = bytes([wire.WIRE_SCHEMA]) + sync_answer.request_id(SENT)
    signature = sign_for(Purpose.SYNCED, hashlib.sha256(SENT).digest(), payload, KEY)
    sync_answer.decode_sync_answer(head + signature + payload, REQUEST, SENT, KEY.public)


def _address(untrusted: bytes) -> None:
    book, _, first = untrusted.decode("utf-8", "replace").partition("/")
    address = Address.parse(book, first)
    assert address.path.endswith(f"/{book}/{first}")


def _checkpoint(untrusted: bytes) -> None:
    text = untrusted.decode("utf-8", "replace") + "\n"
    signature = base64.b64encode(_KEY_ID + KEY.sign(text.encode())).decode()
    open_checkpoint(f"{text}\n— fuzz {signature}\n".encode(), "fuzz", KEY.public)


def _feed_content(untrusted: bytes) -> None:
    kinds = list(FeedKind)
    if untrusted:
        feed_items.decode_content(kinds[untrusted[0] % len(kinds)], untrusted[1:])


def _enrolment(untrusted: bytes) -> None:
    enrolment_messages.decode_enrol_request(compression.compress(seal(Purpose.ENROL, untrusted, KEY)))


def _slice(untrusted: bytes) -> None:
    read_slice(cbor.encode([seal("slice 1", untrusted[:4096], KEY), untrusted[4096:]]), KEY.public, _EXPECTED)


def _release(untrusted: bytes) -> None:
    release_certificate._certificate(untrusted)


def _bundle(untrusted: bytes) -> None:
    sealed_bundle.read_requests(untrusted, ELECTION, BOX, lambda _book: KEY.public)


def _journal(untrusted: bytes) -> None:
    mirror_file.read_journal(untrusted, MIRROR)


def _frame(untrusted: bytes) -> None:
    """A mirror's frame with this content, rightly sealed: whoever has the code may write anything."""
    end, nonce = mirror_file.beginning(MIRROR), bytes(mirror_file._NONCE_BYTES)
    sealed = nonce + AESGCM(MIRROR.frames).encrypt(nonce, untrusted, mirror_file._authenticated(MIRROR, end))
    head = mirror_file._HEAD.pack(len(sealed), mirror_file._check(1, len(sealed)))
    journal = mirror_file.read_journal(head + sealed, MIRROR)
    if journal.damaged_at is not None:
        raise InputInvalid("damaged")


def _header(untrusted: bytes) -> None:
    start, nonce = _HEADER_START, bytes(mirror_file._NONCE_BYTES)
    sealed = nonce + AESGCM(MIRROR.header).encrypt(nonce, untrusted, start)
    mirror_file.decode_header(start + sealed, MIRROR)


def _bundle_body(untrusted: bytes) -> None:
    """A bundle whose content a book signed and sealed rightly."""
    cover = sealed_bundle._Cover(ELECTION, sealed_bundle.Way.TO_REGISTER, BOX.public, BOOK)
    sealed = seal_to(BOX.public, sealed_bundle._PURPOSE, seal(sealed_bundle._PURPOSE, untrusted, KEY), KEY.seed)
    outside = cbor.encode([*cover.packed, sealed])
    bundle = sealed_bundle._MAGIC + bytes([sealed_bundle._VERSION]) + outside
    sealed_bundle.read_requests(bundle, ELECTION, BOX, lambda _book: KEY.public)


ELECTION = ElectionId("fuzz")
BOX = box_key_of(KEY)
MIRROR = mirror_file.keys_of(bytes(32), bytes(16))
_HEADER_START = mirror_file._MAGIC + bytes(16) + bytes(mirror_file._WRAPPED_BYTES)
_RELEASE = sign_release(ELECTION, BOOK, BookName(DeviceId(b"r" * 16), 1), (MovedLine(LINES[0], 1),), KEY)
_RELEASE_BODY = cbor.encode([release_certificate._SCHEMA, pack_release(_RELEASE), b"certificate", 0, []])
_JOURNAL = mirror_file.encode_frame([Record(RecordKind.ENTRY, 1, ENTRIES[0])], MIRROR, mirror_file.beginning(MIRROR))[0]
_BUNDLE = sealed_bundle.write_requests(
    Requests(ELECTION, BOOK, BOX.public, (Carried(REQUEST.address, SENT),)), BOX.public, KEY
)
_ANNOUNCEMENT = seal(
    "announce 1",
    cbor.encode([1, "fuzz", "1708-0001", 1, [device_id(KEY.public), 1], 4242, 1, b"certificate"]),
    KEY,
)
_EXPECTED = Expected(ElectionId("fuzz"), BOOK)
_PLAIN_REQUEST = sync_request.plain_sync_request(REQUEST, ORDER)
TARGETS = {
    "cbor": Target(
        lambda bytes_: cbor.decode(bytes_, 4096), (cbor.encode([1, "two", b"3", {"4": None}]), *ENTRIES[:2])
    ),
    "camera_health": Target(camera_health.decode_health, (camera_health.encode_health(HEALTH),)),
    "entries": Target(decode_entry, ENTRIES[:3]),
    "packing": Target(_packed, (packing.pack(ENTRIES, NOW_S, ORDER), packing.pack(ENTRIES[:5], NOW_S))),
    "statuses": Target(
        lambda bytes_: packing.unpack_statuses(bytes_, len(LINES)),
        (packing.pack_statuses(range(9), 500), packing.pack_statuses(range(0, 500, 2), 500)),
    ),
    "compression": Target(
        lambda bytes_: compression.decompress_message(bytes_, 65_536),
        (compression.compress_message(_PLAIN_REQUEST), compression.compress_message(bytes(500))),
    ),
    "requests": Target(_request, (_PLAIN_REQUEST,)),
    "answers": Target(_answer, (sync_answer.plain_sync_answer(ANSWER, REQUEST),)),
    "addresses": Target(_address, (b"AAAAAAAAAAAAAAAAAAAAAA.1/17",)),
    "feed": Target(_feed_content, (b"\x00", b"\x03\x83\x01\x02\x03")),
    "envelopes": Target(lambda bytes_: read_envelope(bytes_, 65_536), (seal("fuzz 1", b"body", KEY),)),
    "enrolment": Target(_enrolment, (cbor.encode([1, "CODE", KEY.public, "fuzz 1"]),)),
    "enrol_file": Target(read_enrol_file, (b'url = "https://127.0.0.1"\n',), (InputInvalid, WorldFailed)),
    "slices": Target(_slice, (cbor.encode([1]),), (InputInvalid, WorldFailed)),
    "supersessions": Target(read_supersession, (cbor.encode([1]),)),
    "checkpoints": Target(_checkpoint, (_NOTE.partition(b"\n\n")[0],)),
    "notes": Target(lambda bytes_: open_checkpoint(bytes_, "fuzz", KEY.public), (_NOTE,)),
    "inclusions": Target(read_inclusion, (write_inclusion(Inclusion(1, (bytes(32),), _NOTE, bytes(32))),)),
    "announcements": Target(read_announcement, (_ANNOUNCEMENT,)),
    "releases": Target(_release, (_RELEASE_BODY,)),
    "bundles": Target(_bundle, (_BUNDLE,), (InputInvalid, WorldFailed)),
    "journals": Target(_journal, (_JOURNAL,)),
    "frames": Target(_frame, (cbor.encode([[int(RecordKind.ENTRY), 1, ENTRIES[0]]]),)),
    "headers": Target(
        _header, (cbor.encode([mirror_file._HEADER_VERSION, b"s", "u", "p", b"c", bytes(32), b"d", [], 1, []]),)
    ),
    "bundle_bodies": Target(
        _bundle_body,
        (
            cbor.encode(
                [
                    *sealed_bundle._Cover(ELECTION, sealed_bundle.Way.TO_REGISTER, BOX.public, BOOK).packed,
                    BOX.public,
                    [[REQUEST.first, SENT]],
                ]
            ),
        ),
        (InputInvalid, WorldFailed),
    ),
    "sealed": Target(
        lambda bytes_: open_sealed(bytes_, BOX, "fuzz 1"), (seal_to(BOX.public, "fuzz 1", b"x", KEY.seed),)
    ),
    "desk_messages": Target(decode_message, (cbor.encode([1, 2]),)),
    **DOCUMENT_TARGETS,
    **CHIP_TARGETS,
    **CAMERA_TARGETS,
}
"""By the name that `dev.py fuzz NAME` takes."""
