"""A station whose key is stolen may sign anything: every message with every field missing, wrong, huge or repeated.

Whatever it sends, the register refuses it or stores what it may be, stays whole, and goes on serving: never a fault.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest

from pollbook import cbor, compression, enrolment_messages, parcels, sync_request, wire
from pollbook.asks import Claim, IntakeAsk, KeepLine, WithdrawClaim
from pollbook.enrolment_messages import EnrolRequest
from pollbook.entries import (
    AnnexAdded,
    BookClosed,
    DayOpened,
    Fact,
    KeyBound,
    LineAccepted,
    LineReleased,
    Marked,
    MarkVoided,
    Outcome,
    ProvisionalResolved,
    RowSeen,
    SliceReceived,
    TailReceived,
    TookOver,
)
from pollbook.failures import Failure, WorldFailed
from pollbook.feed_items import FeedItem, FeedKind
from pollbook.ledger import Head
from pollbook.parcels import ParcelKind, Piece, PieceAddress, parcel_id
from pollbook.permission import Refusal
from pollbook.releases import MovedLine, Release
from pollbook.signing import SigningKey, seal, sign_for
from pollbook.sync_request import Address, SyncRequest
from pollbook.tails import TailChange, TailLine
from pollbook.two_officers import OfficerSignature
from pollbook.types import BookName, Channel, DeviceId, EntryNumber, LineId, PersonNumber, PrecinctCode
from pollbook.wire import Purpose
from register.checking import check_register
from register.feed import tell
from register.parcels import take_piece
from register.store import stations
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre, Station, enrol_request, enrolled_station

WRONG: tuple[object, ...] = (
    None,
    True,
    -1,
    0,
    2**31,
    2**32,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 1,
    "",
    "x" * 70_000,
    "\x00",
    "\ud7ff\U0010ffff",
    b"",
    b"x" * 70_000,
    bytes(32),
    [],
    [[]] * 500,
    {},
)
Change = Callable[[list[object]], list[object]]


def changed(body: list[object]) -> Iterator[tuple[str, list[object]]]:
    """The body with each item at each depth missing, repeated, or replaced by each wrong thing."""
    for path in _paths(body):
        for name, change in (("missing", _missing), ("repeated", _repeated)):
            other = copy.deepcopy(body)
            change(_at(other, path[:-1]), path[-1])
            yield f"{path} {name}", other
        for number, wrong in enumerate(WRONG):
            other = copy.deepcopy(body)
            _at(other, path[:-1])[path[-1]] = wrong
            yield f"{path} wrong {number}", other


def _paths(value: list[object], before: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    for at, item in enumerate(value):
        yield (*before, at)
        if isinstance(item, list):
            yield from _paths(item, (*before, at))


def _at(value: list[object], path: tuple[int, ...]) -> list[object]:
    for at in path:
        inner = value[at]
        assert isinstance(inner, list)
        value = inner
    return value


def _missing(items: list[object], at: int) -> None:
    del items[at]


def _repeated(items: list[object], at: int) -> None:
    items.insert(at, items[at])


def body_of(encoded: bytes) -> list[object]:
    body = cbor.decode(encoded, 1 << 20)
    assert isinstance(body, list)
    return body


def is_sound(centre: Centre) -> bool:
    with centre.database.read() as connection:
        return not check_register(connection, centre.centre).faults


def refused_or_taken(ask: Callable[[], object], what: str) -> bool:
    """Whether it was taken; what is refused is refused with a word of ours."""
    try:
        ask()
    except WorldFailed as error:
        if error.failure in {Failure.REQUEST_NOT_ACCEPTED, Failure.CODE_WRONG}:
            return False
        raise AssertionError(f"{what}: {error.failure.key}") from error
    except Exception as error:
        raise AssertionError(f"{what}: a fault {type(error).__name__}: {str(error)[:300]}") from error
    return True


def signed(payload: bytes, address: Address, station: Station, schema: int = wire.WIRE_SCHEMA) -> bytes:
    content = compression.compress_message(payload)
    return bytes([schema]) + sign_for(Purpose.SYNC, address.signed, content, station.key) + content


def plain_request(station: Station, *asks: object) -> list[object]:
    """The payload of a request with everything in it, as a list."""
    request = station.request(1, asks=asks)
    decoded = sync_request.decode_sync_request(
        request, Address(station.book, EntryNumber(1)), station.key.public, lambda _check: station.order
    )
    assert isinstance(decoded, SyncRequest)
    return body_of(sync_request.plain_sync_request(decoded, station.order))


@pytest.fixture
def opened(loaded: Centre) -> Station:
    return enrolled_station(loaded, PRECINCT)


def test_a_sync_request_with_any_field_wrong_is_no_fault(loaded: Centre, opened: Station) -> None:
    opened.mark(opened.lines[0])
    asks = (
        Claim(bytes(8), "31508859000075", "AA1234567"),
        WithdrawClaim(bytes(range(8))),
        IntakeAsk(b"i" * 8, PrecinctCode("1708-0002")),
        KeepLine(b"k" * 8, opened.lines[0], Refusal.LINE_OPEN),
    )
    body = plain_request(opened, *asks)
    address = Address(opened.book, EntryNumber(1))
    taken = 0
    for what, other in changed(body):
        try:
            payload = cbor.encode(other)
        except ValueError:
            continue
        untrusted = signed(payload, address, opened)
        taken += refused_or_taken(lambda sent=untrusted: loaded.sync(opened.book, 1, sent), what)
    assert taken, "some of it is allowed"
    assert is_sound(loaded)
    assert opened.sync(loaded, 1).acknowledged == opened.head


def test_a_cursor_beyond_all_feeds_leaves_the_others_theirs(loaded: Centre, opened: Station) -> None:
    untrusted = opened.request(1, feed_cursor=wire.COUNT_MAX)
    assert refused_or_taken(lambda: loaded.sync(opened.book, 1, untrusted), "the highest cursor that is read")
    with loaded.database.write() as connection:
        station = stations.find_station(connection, opened.book)
        assert station is not None
        tell(connection, station.id, FeedItem(0, FeedKind.NOTICE, "a notice"), 1)
    ((newest,),) = loaded.rows("SELECT max(number) FROM feed")
    assert newest == wire.COUNT_MAX + 2, "after the anomaly"
    assert is_sound(loaded)


@pytest.mark.parametrize("schema", [0, 1, 3, 255])
def test_a_request_of_another_schema_is_refused(loaded: Centre, opened: Station, schema: int) -> None:
    payload = cbor.encode(plain_request(opened))
    address = Address(opened.book, EntryNumber(1))
    assert not refused_or_taken(
        lambda: loaded.sync(opened.book, 1, signed(payload, address, opened, schema)), f"schema {schema}"
    )


@pytest.mark.parametrize("first", [2, 10**6, 2**31, 2**32, 10**18 - 1])
def test_a_request_that_begins_anywhere_is_no_fault(loaded: Centre, opened: Station, first: int) -> None:
    opened.mark(opened.lines[0])
    payload = cbor.encode(plain_request(opened))
    address = Address(opened.book, EntryNumber(first))
    refused_or_taken(lambda: loaded.sync(opened.book, first, signed(payload, address, opened)), f"first {first}")
    assert is_sound(loaded)
    assert opened.sync(loaded, 1).acknowledged == opened.head


def test_a_request_for_another_book_epoch_or_election_is_refused(loaded: Centre, opened: Station) -> None:
    payload = cbor.encode(plain_request(opened))
    for book in (
        BookName(opened.book.device, 2),
        BookName(opened.book.device, 999_999_999),
        BookName(DeviceId(bytes(16)), 1),
    ):
        address = Address(book, EntryNumber(1))
        untrusted = signed(payload, address, opened)
        assert not refused_or_taken(lambda to=book, sent=untrusted: loaded.sync(to, 1, sent), str(book))


def _officers() -> tuple[OfficerSignature, OfficerSignature]:
    return OfficerSignature(PersonNumber(1), bytes(64)), OfficerSignature(PersonNumber(2), b"x" * 64)


OTHER = BookName(DeviceId(bytes(range(16))), 1)
_MOVED = (MovedLine(LineId(5), 1), MovedLine(LineId(7), 1))
_TAIL = (TailLine(LineId(5), TailChange.MARKED, EntryNumber(3), Channel.STATION, 0),)
FACTS: tuple[Fact, ...] = (
    Marked(LineId(5), Channel.STATION),
    MarkVoided(LineId(5), EntryNumber(5), "wrong row", _officers()),
    KeyBound(PersonNumber(3), bytes(32), _officers()),
    DayOpened("2026-12-21", _officers()),
    SliceReceived(bytes(32), 30, holds=True),
    LineReleased(OTHER, _MOVED, bytes(64)),
    LineAccepted(Release(OTHER, OTHER, _MOVED, bytes(64)), bytes(32)),
    AnnexAdded(LineId(5), True, "E-1", b"sealed"),
    ProvisionalResolved(LineId(5), Outcome.COUNTED, EntryNumber(4), _officers()),
    ProvisionalResolved(LineId(5), Outcome.COUNTED, EntryNumber(4), _officers(), bytes(64)),
    TookOver(OTHER, Head(EntryNumber(5), bytes(32)), bytes(64), _officers()),
    BookClosed(_officers()),
    RowSeen(LineId(5), _officers()),
    TailReceived(Head(EntryNumber(5), bytes(32)), _TAIL, True, bytes(64)),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_an_entry_with_any_field_wrong_is_set_aside_and_no_fault(loaded: Centre, opened: Station, fact: Fact) -> None:
    opened.enter(fact, opened.operator)
    template = body_of(opened.entries.pop())
    before = len(opened.entries)
    for _what, other in changed(template):
        try:
            encoded = cbor.encode(other)
        except ValueError:
            continue
        if len(encoded) < 8_000:
            opened.entries.append(encoded)
    while opened.acknowledged < len(opened.entries):
        last = min(opened.acknowledged + 250, len(opened.entries))
        first = opened.acknowledged + 1
        untrusted = opened.request(first, last, digest=None)
        taken = refused_or_taken(lambda at=first, sent=untrusted: loaded.sync(opened.book, at, sent), f"from {first}")
        assert taken, "an entry that is none keeps its number"
        opened.acknowledged = last
    assert len(opened.entries) > before
    assert is_sound(loaded)


def test_an_enrolment_with_any_field_wrong_is_no_fault(loaded: Centre) -> None:
    key = SigningKey.generate()
    request = EnrolRequest(loaded.code(PRECINCT), key.public, bytes(32), "stand-in")
    body: list[object] = [
        enrolment_messages.ENROL_SCHEMA,
        request.code,
        request.public_key,
        request.box_key,
        request.software,
    ]
    for what, other in changed(body):
        try:
            encoded = cbor.encode(other)
        except ValueError:
            continue
        if other[1:3] == body[1:3] and len(other) == len(body):
            continue  # the code would be used
        untrusted = compression.compress(seal(Purpose.ENROL, encoded, key))
        assert not refused_or_taken(lambda sent=untrusted: loaded.enrol(sent), what)
    assert loaded.enrol(enrol_request(request.code, key))


@pytest.mark.parametrize("purpose", ["sync 2", "enrolled 1", "enrol 2", "parcel 1", ""])
def test_an_enrolment_sealed_for_something_else_is_refused(loaded: Centre, purpose: str) -> None:
    key = SigningKey.generate()
    body = cbor.encode([enrolment_messages.ENROL_SCHEMA, loaded.code(PRECINCT), key.public, bytes(32), "stand-in"])
    untrusted = compression.compress(seal(purpose, body, key))
    assert not refused_or_taken(lambda: loaded.enrol(untrusted), purpose)


def test_a_piece_of_a_parcel_with_any_field_wrong_is_no_fault(loaded: Centre, opened: Station) -> None:
    content = b"a report"
    sha256 = parcels.hashlib.sha256(content).digest()
    name = parcel_id(ParcelKind.REPORT, sha256)
    address = PieceAddress(opened.book, name, 0)
    piece = Piece(address, ParcelKind.REPORT, len(content), sha256, content)
    envelope = compression.decompress(parcels.encode_piece(piece, opened.key), 1 << 20)
    body = body_of(parcels.read_envelope(envelope, 1 << 20).untrusted_body)

    def take(untrusted: bytes, to: PieceAddress) -> bytes:
        work = lambda connection: take_piece(connection, loaded.keys.key, untrusted, to, loaded.now)  # noqa: E731
        return loaded.database.change_book(work)

    for what, other in changed(body):
        try:
            encoded = cbor.encode(other)
        except ValueError:
            continue
        untrusted = compression.compress(seal("parcel 1", encoded, opened.key))
        refused_or_taken(lambda sent=untrusted: take(sent, address), what)
    for offset in (2**31, 999_999_999):
        far = PieceAddress(opened.book, name, offset)
        again = Piece(far, ParcelKind.REPORT, len(content), sha256, content)
        refused_or_taken(lambda to=far, one=again: take(parcels.encode_piece(one, opened.key), to), str(offset))
    assert is_sound(loaded)
