from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pollbook import cbor, compression
from pollbook import slice as slices
from pollbook.failures import Failure, WorldFailed
from pollbook.signing import SigningKey, seal
from pollbook.slice import Expected, read_slice
from pollbook.types import BookName, ElectionId, LineId, PrecinctCode
from tests.making import Authority, make_slice, make_voters, training_election

AUTHORITY = Authority()
KEY = AUTHORITY.register_key.public
DEVICE = SigningKey.generate()
VOTERS = make_voters(30)
HEADER, SLICE = make_slice(AUTHORITY, DEVICE, VOTERS)
EXPECTED = Expected(HEADER.election.id, HEADER.book, HEADER.precinct)


def refused(untrusted: bytes, expected: Expected = EXPECTED, key: bytes = KEY) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        read_slice(untrusted, key, expected)
    return caught.value.failure


def test_a_slice_comes_back_whole() -> None:
    issued = read_slice(SLICE, KEY, EXPECTED)
    assert issued.voters == VOTERS
    assert replace(issued.header, sha256=b"") == replace(HEADER, sha256=b"")
    assert len(issued.header.sha256) == 32


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_slices_of_any_size_come_back(count: int) -> None:
    voters = make_voters(count)
    _, untrusted = make_slice(AUTHORITY, DEVICE, voters)
    assert read_slice(untrusted, KEY, EXPECTED).voters == voters


@given(st.data())
@settings(max_examples=150)
def test_one_changed_byte_anywhere_is_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(SLICE) - 1))
    changed = bytearray(SLICE)
    changed[place] ^= data.draw(st.integers(1, 255))
    assert refused(bytes(changed)) is Failure.SLICE_INVALID


@given(st.integers(0, len(SLICE) - 1))
def test_a_slice_cut_short_is_refused(length: int) -> None:
    assert refused(SLICE[:length]) is Failure.SLICE_INVALID


@given(st.binary(max_size=400))
def test_garbage_is_refused(untrusted: bytes) -> None:
    assert refused(untrusted) is Failure.SLICE_INVALID


def test_a_slice_signed_by_another_register_is_refused() -> None:
    assert refused(SLICE, key=Authority().register_key.public) is Failure.SLICE_INVALID


def test_a_slice_for_another_election_is_refused() -> None:
    other = Expected(ElectionId("other-2026"), HEADER.book, HEADER.precinct)
    assert refused(SLICE, other) is Failure.SLICE_OTHER_ELECTION


def test_a_slice_for_another_station_is_refused() -> None:
    _, untrusted = make_slice(AUTHORITY, SigningKey.generate(), VOTERS)
    assert refused(untrusted) is Failure.SLICE_OTHER_BOOK
    assert refused(SLICE, Expected(HEADER.election.id, BookName(HEADER.book.device, 2))) is Failure.SLICE_OTHER_BOOK
    elsewhere = Expected(HEADER.election.id, HEADER.book, PrecinctCode("1708-0002"))
    assert refused(SLICE, elsewhere) is Failure.SLICE_OTHER_BOOK


def test_a_slice_of_another_version_says_so() -> None:
    body = cbor.encode([slices.SLICE_SCHEMA + 1, "whatever", "comes", "then"])
    untrusted = cbor.encode([seal("slice 1", body, AUTHORITY.register_key), b""])
    assert refused(untrusted) is Failure.SLICE_OTHER_VERSION


def test_a_slice_beyond_the_election_s_limit_is_refused() -> None:
    small = replace(training_election(), lines_max=29)
    _, untrusted = make_slice(AUTHORITY, DEVICE, VOTERS, election=small)
    assert refused(untrusted) is Failure.SLICE_TOO_LARGE


def test_two_lines_with_one_id_are_refused() -> None:
    twins = (VOTERS[0], replace(VOTERS[1], line=VOTERS[0].line))
    _, untrusted = make_slice(AUTHORITY, DEVICE, twins)
    assert refused(untrusted) is Failure.SLICE_INVALID


@pytest.mark.parametrize(
    "change",
    [
        {"line": LineId(0)},
        {"line": LineId(2**63 - 1 + 1)},
        {"surname": "x" * 401},
        {"page": -1},
        {"surname": 7},
        {"page": "7"},
    ],
)
def test_a_field_out_of_its_bounds_is_refused_even_when_signed(change: dict[str, object]) -> None:
    broken = replace(VOTERS[0], **change)  # type: ignore[arg-type]
    _, untrusted = make_slice(AUTHORITY, DEVICE, (broken,))
    assert refused(untrusted) is Failure.SLICE_INVALID


def test_lines_that_unpack_beyond_their_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "LINES_BYTES_MAX", 1000)
    assert refused(SLICE) is Failure.SLICE_INVALID


def test_a_voter_born_long_ago_keeps_the_date() -> None:
    old = (replace(VOTERS[0], birth_date=date(1899, 12, 31)),)
    _, untrusted = make_slice(AUTHORITY, DEVICE, old)
    assert read_slice(untrusted, KEY, EXPECTED).voters == old


def test_a_slice_of_two_thousand_lines_is_small() -> None:
    _, untrusted = make_slice(AUTHORITY, DEVICE, make_voters(2000))
    assert len(untrusted) < 60_000
    assert len(compression.compress(untrusted)) > 0.9 * len(untrusted)
