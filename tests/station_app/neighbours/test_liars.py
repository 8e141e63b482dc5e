"""Neighbours who lie to a real book: whatever they bring, it is refused with a code and nothing is entered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from pollbook import cbor, compression
from pollbook.failures import Failure, Refused
from pollbook.release_certificate import ReleaseCertificate, encode_certificate
from pollbook.releases import MovedLine, sign_release
from pollbook.signing import SigningKey, device_id
from pollbook.store import moving
from pollbook.types import BookName, Channel, ElectionId, LineId, PrecinctCode
from station_app.neighbours import StationNeighbour
from sync.lan.membership import encode_membership
from sync.lan.messages import Hello, State
from sync.lan.neighbourly import Parcel, Taken
from tests.making import OPERATOR, Authority, Station, make_slice
from tests.station_app.neighbours.precinct import OpenBook, make_desks, mirrored


class Desk:
    """A desk with its book open, without a network."""

    def __init__(self, station: Station, stack: ExitStack) -> None:
        self.station = station
        self.book = stack.enter_context(station.open())
        self.neighbour = StationNeighbour(OpenBook(self.book), mirrored, station.home.path / "neighbours")


@pytest.fixture(scope="module")
def stations(tmp_path_factory: pytest.TempPathFactory) -> list[Station]:
    return make_desks(tmp_path_factory.mktemp("liars"), 2)


@pytest.fixture
def pair(stations: list[Station]) -> Iterator[tuple[Desk, Desk]]:
    with ExitStack() as stack:
        yield Desk(stations[0], stack), Desk(stations[1], stack)


def forged(
    desk: Desk,
    line: LineId,
    receiver: BookName,
    *,
    key: SigningKey | None = None,
    custody: int = 9,
    election: ElectionId | None = None,
    certificate: bytes | None = None,
) -> bytes:
    """A parcel that the desk's device signs although its book never released the line."""
    key = key or desk.station.device_key
    sender = BookName(device_id(key.public), 1)
    release = sign_release(election or desk.book.election.id, sender, receiver, (MovedLine(line, custody),), key)
    certificate = certificate or desk.book.link.device_certificate
    return encode_certificate(ReleaseCertificate(release, certificate, ()), key)


def refused_and_unchanged(desk: Desk, parcel: bytes) -> Failure:
    before = desk.book.head
    outcome = desk.neighbour.accept(parcel)
    assert isinstance(outcome, Refused)
    assert desk.book.head == before
    return outcome.failure


def genuine(pair: tuple[Desk, Desk], place: int) -> tuple[LineId, bytes]:
    first, second = pair
    line = first.station.voters[place].line
    parcel = first.neighbour.release_line(line, second.book.name)
    assert isinstance(parcel, Parcel)
    return line, parcel.content


def test_a_parcel_with_any_byte_changed_is_refused(pair: tuple[Desk, Desk]) -> None:
    line, parcel = genuine(pair, 0)
    plain = compression.decompress(parcel, 1 << 20)
    for place in range(0, len(plain), 7):
        untrusted = bytearray(plain)
        untrusted[place] ^= 1
        assert refused_and_unchanged(pair[1], compression.compress(bytes(untrusted))) is Failure.RELEASE_INVALID
    assert isinstance(pair[1].neighbour.accept(parcel), Taken)
    assert isinstance(pair[1].book.mark(line, Channel.STATION, OPERATOR), int)


def test_a_parcel_played_again_gives_the_same_entry_and_changes_nothing(pair: tuple[Desk, Desk]) -> None:
    _, parcel = genuine(pair, 1)
    taken = pair[1].neighbour.accept(parcel)
    before = pair[1].book.head
    assert pair[1].neighbour.accept(parcel) == taken
    assert pair[1].book.head == before


def test_a_parcel_played_again_after_the_line_went_on_is_not_taken_back(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    line, parcel = genuine(pair, 2)
    assert isinstance(second.neighbour.accept(parcel), Taken)
    back = second.neighbour.release_line(line, first.book.name)
    assert isinstance(back, Parcel)
    before = second.book.head
    second.neighbour.accept(parcel)
    assert second.book.head == before
    assert second.book.mark(line, Channel.STATION, OPERATOR) == "line_released"


def test_a_release_that_names_somebody_else_is_refused(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    stranger = BookName(device_id(SigningKey.generate().public), 1)
    parcel = first.neighbour.release_line(first.station.voters[3].line, stranger)
    assert isinstance(parcel, Parcel)
    assert refused_and_unchanged(second, parcel.content) is Failure.RELEASE_OTHER_BOOK


def test_a_release_of_a_line_that_is_here_is_refused(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    line = first.station.voters[4].line
    assert refused_and_unchanged(first, forged(second, line, first.book.name)) is Failure.RELEASE_USED


def test_a_release_of_a_line_that_is_marked_here_is_refused(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    line = first.station.voters[5].line
    assert isinstance(first.book.mark(line, Channel.STATION, OPERATOR), int)
    assert refused_and_unchanged(first, forged(second, line, first.book.name)) is Failure.RELEASE_INVALID


def test_a_release_of_a_line_that_nobody_knows_is_refused(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    parcel = forged(first, LineId(12345), second.book.name)
    assert refused_and_unchanged(second, parcel) is Failure.RELEASE_INVALID


def test_a_release_for_another_election_is_refused(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    line = first.station.voters[6].line
    parcel = forged(first, line, second.book.name, election=ElectionId("other-2026"))
    assert refused_and_unchanged(second, parcel) is Failure.RELEASE_INVALID


def test_a_release_signed_by_a_device_without_a_certificate_of_ours_is_refused(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    line, key = first.station.voters[7].line, SigningKey.generate()
    by_another = Authority().certify(device_id(key.public).hex(), key.public)
    for certificate in (by_another, first.book.link.device_certificate, second.book.link.device_certificate, b"\x30"):
        parcel = forged(first, line, second.book.name, key=key, certificate=certificate)
        assert refused_and_unchanged(second, parcel) is Failure.RELEASE_INVALID


@pytest.mark.parametrize("parcel", [b"", b"\x00", bytes(1000), cbor.encode([1, 2]), compression.compress(bytes(10**7))])
def test_a_parcel_of_nonsense_or_a_bomb_is_refused(pair: tuple[Desk, Desk], parcel: bytes) -> None:
    assert refused_and_unchanged(pair[1], parcel) is Failure.RELEASE_INVALID


def test_an_acceptance_by_somebody_whom_the_release_does_not_name_is_not_believed(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    parcel = first.neighbour.release_line(first.station.voters[8].line, second.book.name)
    assert isinstance(parcel, Parcel)
    first.neighbour.note_arrived((parcel.release,), BookName(device_id(SigningKey.generate().public), 1))
    assert parcel in first.neighbour.waiting(second.book.name)
    first.neighbour.note_arrived((parcel.release,), second.book.name)
    assert parcel not in first.neighbour.waiting(second.book.name)


# --- who is welcome


def hello_of(which: Desk, **changes: object) -> Hello:
    return replace(which.neighbour.hello(), **changes)  # type: ignore[arg-type]


def not_welcome(desk: Desk, hello: Hello) -> Failure:
    refused = desk.neighbour.welcome(hello, hello.book.device)
    assert refused is not None
    return refused.failure


def test_a_desk_of_the_same_precinct_is_welcome(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    assert second.neighbour.welcome(first.neighbour.hello(), first.book.name.device) is None


def test_a_book_that_claims_another_name_desk_or_epoch_than_the_register_gave_it_is_not_welcome(
    pair: tuple[Desk, Desk],
) -> None:
    first, second = pair
    name = first.book.name
    for changes in ({"desk": 2}, {"book": BookName(name.device, 2)}, {"book": second.book.name}):
        assert not_welcome(second, hello_of(first, **changes)) is Failure.NEIGHBOUR_NOT_TRUSTED


def issued(by: Authority, **changes: object) -> Hello:
    key = SigningKey.generate()
    header, slice_bytes = make_slice(by, key, (), **changes)
    return Hello(header.book, header.desk, encode_membership(slice_bytes, ()), State(0, 0, 0))


def test_a_book_of_another_precinct_election_or_register_is_not_welcome(pair: tuple[Desk, Desk]) -> None:
    first, _ = pair
    ours = first.station.authority
    other_election = replace(first.book.election, id=ElectionId("other-2026"))
    cases = {
        Failure.NEIGHBOUR_OTHER_PRECINCT: issued(ours, precinct=PrecinctCode("1708-0002")),
        Failure.NEIGHBOUR_OTHER_ELECTION: issued(ours, election=other_election),
        Failure.NEIGHBOUR_NOT_TRUSTED: issued(Authority()),
    }
    for failure, hello in cases.items():
        assert not_welcome(first, hello) is failure
    assert first.neighbour.welcome(issued(ours, desk=3), issued(ours, desk=3).book.device) is None
    assert not_welcome(first, hello_of(first, membership=b"nonsense")) is Failure.NEIGHBOUR_NOT_TRUSTED


def test_a_proof_of_supersession_that_is_none_locks_nobody_and_is_told_to_nobody(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    for proof in (b"", b"nonsense", cbor.encode([1, [bytes(16), 2], b"c", b"e"])):
        first.neighbour.take_proof(proof)
    assert first.book.stopped is None
    assert first.neighbour.proof_against(second.book.name) is None
    assert first.neighbour.hello().superseded == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        cbor.encode([[[1, [[2]]]], []]),
        cbor.encode([[], [[[b"", 1], 1]]]),
        cbor.encode({}),
        bytes(300_000),
    ],
)
def test_a_damaged_file_of_the_others_pages_is_a_file_without_pages(
    stations: list[Station], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "neighbours").write_bytes(content)
    with stations[1].open() as book:
        neighbour = StationNeighbour(OpenBook(book), mirrored, tmp_path / "neighbours")
        assert neighbour.holders(stations[0].voters[0].line) == ()
        neighbour.note_state(1, State(5, 5, 0, ((1, 2),)))
        assert neighbour.holders(stations[0].voters[0].line) == (1,)


def test_lines_that_are_shared_are_unmarked_and_not_locked(pair: tuple[Desk, Desk]) -> None:
    first, second = pair
    moving.set_lock(first.book, first.station.voters[79].line, moving.Lock.OPEN)
    assert first.neighbour.share(10, second.book.name) is None
    (parcel,) = first.neighbour.waiting(second.book.name)[-1:]
    taken = second.neighbour.accept(parcel.content)
    assert isinstance(taken, Taken)
    assert first.station.voters[79].line not in taken.lines
    assert 0 < len(taken.lines) <= 10
    assert all(isinstance(second.book.mark(line, Channel.STATION, OPERATOR), int) for line in taken.lines)
