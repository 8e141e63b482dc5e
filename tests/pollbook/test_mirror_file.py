"""A mirror's files: whatever is cut, changed, moved or exchanged, what is read is what was written, or less."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from pollbook import cbor, mirror_file
from pollbook.failures import InputInvalid
from pollbook.mirror_file import (
    FRAME_BYTES_MAX,
    Journal,
    MirrorHeader,
    MirrorKeys,
    Place,
    Record,
    RecordKind,
    beginning,
    decode_header,
    encode_frame,
    encode_header,
    keys_of,
    mirror_id_of,
    new_code,
    new_key,
    new_mirror_id,
    open_key,
    read_journal,
    wrap_key,
)

KEY = bytes(range(32))
KEYS = keys_of(KEY, b"mirror number 01")
HEADER = MirrorHeader(
    slice=b"the slice as it came",
    url="https://127.0.0.1:8443",
    authority_pem="-----BEGIN CERTIFICATE-----",
    register_certificate=b"register's",
    device_key=bytes(32),
    device_certificate=b"device's",
    box_seeds=(bytes(range(100, 132)),),
    made_at_s=1_797_735_600,
    succession=(b"the first takeover",),
)


def marks(numbers: range) -> list[Record]:
    return [Record(RecordKind.ENTRY, number, b"entry %d" % number) for number in numbers]


def write(*frames: list[Record], keys: MirrorKeys = KEYS) -> tuple[list[bytes], Place]:
    end, written = beginning(keys), []
    for records in frames:
        frame, end = encode_frame(records, keys, end)
        written.append(frame)
    return written, end


FRAMES = [
    [*marks(range(1, 3)), Record(RecordKind.HEAD, 2, bytes(64))],
    [Record(RecordKind.PIN, 5, b"wrapped"), Record(RecordKind.FEED, 1, b"item")],
    [*marks(range(3, 4)), Record(RecordKind.VOTER, 2**62, b"voter")],
    marks(range(4, 6)),
]


def test_a_journal_says_what_was_written_in_its_order() -> None:
    frames, end = write(*FRAMES)
    journal = read_journal(b"".join(frames), KEYS)
    assert journal == Journal(tuple(itertools.chain.from_iterable(FRAMES)), end)


def test_an_empty_journal_begins_where_the_first_frame_goes() -> None:
    assert read_journal(b"", KEYS) == Journal((), beginning(KEYS))


def test_writing_goes_on_after_a_journal_was_read_again() -> None:
    frames, _ = write(*FRAMES[:2])
    end = read_journal(b"".join(frames), KEYS).end
    third, _ = encode_frame(FRAMES[2], KEYS, end)
    assert read_journal(b"".join([*frames, third]), KEYS).records == tuple(itertools.chain(*FRAMES[:3]))


def test_cut_at_every_byte_it_is_a_crash_that_leaves_the_whole_frames() -> None:
    frames, _ = write(*FRAMES)
    whole = b"".join(frames)
    ends = [0, *itertools.accumulate(len(frame) for frame in frames)]
    for length in range(len(whole) + 1):
        journal = read_journal(whole[:length], KEYS)
        kept = sum(end <= length for end in ends) - 1
        assert journal.damaged_at is None
        assert journal.records == tuple(itertools.chain(*FRAMES[:kept]))
        assert (journal.end.offset, journal.torn_bytes) == (ends[kept], length - ends[kept])


def test_a_crash_that_left_the_size_and_not_the_bytes_is_cut() -> None:
    frames, end = write(*FRAMES[:2])
    for left in (bytes(7), bytes(4096), frames[1][:20] + bytes(len(frames[1]) - 20)):
        read = b"".join(frames[:2]) + left
        if left[:1] == frames[1][:1]:
            third, _ = encode_frame(FRAMES[2], KEYS, end)
            read = b"".join(frames[:2]) + third[:20] + bytes(len(third) - 20)
        journal = read_journal(read, KEYS)
        assert (journal.end, journal.damaged_at) == (end, None)
        assert journal.torn_bytes == len(read) - end.offset


def test_a_byte_changed_anywhere_is_seen_and_what_stands_before_it_is_saved() -> None:
    frames, _ = write(*FRAMES)
    whole = b"".join(frames)
    ends = [0, *itertools.accumulate(len(frame) for frame in frames)]
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x41
        journal = read_journal(bytes(changed), KEYS)
        broken = max(index for index, end in enumerate(ends) if end <= at)
        assert journal.records == tuple(itertools.chain(*FRAMES[:broken]))
        assert journal.end.offset == ends[broken]
        if broken < len(FRAMES) - 1:
            assert journal.damaged_at == ends[broken]
        else:  # the last frame's bytes could be a crash's; either way it is not taken
            assert journal.damaged_at == ends[broken] or journal.torn_bytes


def test_frames_that_are_dropped_swapped_or_repeated_are_seen() -> None:
    frames, _ = write(*FRAMES)
    for order in itertools.permutations(range(4), 4):
        if order != (0, 1, 2, 3):
            journal = read_journal(b"".join(frames[index] for index in order), KEYS)
            right = next(place for place in range(4) if order[place] != place)
            assert journal.records == tuple(itertools.chain(*FRAMES[:right]))
            assert journal.damaged_at is not None or journal.torn_bytes
    for dropped in range(3):
        journal = read_journal(b"".join(frames[:dropped] + frames[dropped + 1 :]), KEYS)
        assert journal.records == tuple(itertools.chain(*FRAMES[:dropped]))
        assert journal.damaged_at is not None or journal.torn_bytes
    twice = read_journal(b"".join([*frames, frames[-1], frames[-1]]), KEYS)
    assert twice.damaged_at is not None


def test_frames_of_another_mirror_of_the_same_book_are_not_taken() -> None:
    others = keys_of(KEY, new_mirror_id())
    frames, _ = write(*FRAMES)
    foreign, _ = write(*FRAMES, keys=others)
    assert read_journal(b"".join(foreign), KEYS).records == ()
    journal = read_journal(b"".join([*frames[:2], *foreign[2:]]), KEYS)
    assert journal.records == tuple(itertools.chain(*FRAMES[:2]))
    assert journal.damaged_at == sum(map(len, frames[:2]))


def test_a_frame_of_an_earlier_copy_is_not_taken_for_the_one_written_again() -> None:
    """The stick was copied, a torn tail was written again, and somebody mixes the two."""
    first, _ = write(*FRAMES[:2], marks(range(3, 9)), marks(range(9, 11)))
    again, _ = write(*FRAMES[:2], marks(range(3, 9)), marks(range(9, 11)))
    journal = read_journal(b"".join([*first[:2], again[2], first[3]]), KEYS)
    assert journal.records == tuple(itertools.chain(*FRAMES[:2]))


def test_more_than_a_frame_holds_is_the_writers_to_cut() -> None:
    with pytest.raises(ValueError, match="more than a frame"):
        encode_frame([Record(RecordKind.VOTER, 1, bytes(FRAME_BYTES_MAX))], KEYS, beginning(KEYS))


@pytest.mark.parametrize(
    "body",
    [[[99, 1, b""]], [[1, 1]], [[1, -(2**62) - 1, b""]], [[1, 1, "text"]], {"no": 1}, [[1, 1, bytes(1_100_000)]]],
)
def test_records_that_this_release_does_not_know_are_damage_and_never_taken_for_something_else(body: object) -> None:
    start, nonce = beginning(KEYS), bytes(12)
    sealed = nonce + AESGCM(KEYS.frames).encrypt(nonce, cbor.encode(body), mirror_file._authenticated(KEYS, start))
    frame = mirror_file._HEAD.pack(len(sealed), mirror_file._check(1, len(sealed))) + sealed
    assert read_journal(frame, KEYS) == Journal((), start, damaged_at=0)


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_are_read_as_damage_or_a_torn_end_and_nothing_else(untrusted: bytes) -> None:
    journal = read_journal(untrusted, KEYS)
    assert journal.records == ()
    assert not untrusted or journal.damaged_at == 0 or journal.torn_bytes == len(untrusted)


@given(st.lists(st.lists(st.builds(Record, st.sampled_from(RecordKind), st.integers(0, 2**63 - 1), st.binary()))))
@settings(max_examples=60)
def test_whatever_is_written_is_read(frames: list[list[Record]]) -> None:
    written, end = write(*frames)
    assert read_journal(b"".join(written), KEYS) == Journal(tuple(itertools.chain(*frames)), end)


# The header and the code.


def test_the_code_of_the_envelope_opens_the_header() -> None:
    code, key = new_code(), new_key()
    keys = keys_of(key, new_mirror_id())
    header = encode_header(HEADER, keys, wrap_key(key, code))
    assert mirror_id_of(header) == keys.mirror_id
    for typed in (code, code.lower(), code.replace("-", " "), code.replace("0", "o").replace("1", "l")):
        assert open_key(header, typed) == key
    assert decode_header(header, keys_of(key, mirror_id_of(header))) == HEADER


@pytest.mark.parametrize(
    "typed", ["", "7H2K", "UUUU-UUUU-UUUU-UUUU-UUUU-UUUU", "482915", "4Z30-F8HW-YVRT-V60R-NP4T-FQ5S", "ё" * 24]
)
def test_another_code_opens_nothing(typed: str) -> None:
    header = encode_header(HEADER, KEYS, wrap_key(KEY, new_code()))
    assert open_key(header, typed) is None


def test_a_code_holds_120_bits_in_groups_that_can_be_read_out() -> None:
    codes = {new_code() for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert [len(group) for group in code.split("-")] == [4] * 6
        assert not set(code) & set("ILOU")


def test_a_header_that_was_changed_or_cut_anywhere_is_refused() -> None:
    code = new_code()
    header = encode_header(HEADER, KEYS, wrap_key(KEY, code))
    for at in range(len(header)):
        changed = bytearray(header)
        changed[at] ^= 0x10
        with pytest.raises(InputInvalid):
            decode_header(bytes(changed), KEYS)
        with pytest.raises(InputInvalid):
            decode_header(header[:at], KEYS)


def test_a_changed_wrap_opens_nothing() -> None:
    code = new_code()
    header = encode_header(HEADER, KEYS, wrap_key(KEY, code))
    for at in range(32, 124):
        changed = bytearray(header)
        changed[at] ^= 0x10
        try:
            assert open_key(bytes(changed), code) is None
        except InputInvalid:
            assert at < 48  # the words that say how it is wrapped


def test_a_header_holds_neither_the_old_signing_seed_nor_anything_that_can_be_read() -> None:
    header = encode_header(HEADER, KEYS, wrap_key(KEY, new_code()))
    for secret in (HEADER.slice, HEADER.url.encode(), HEADER.box_seeds[0], KEY):
        assert secret not in header
    assert "seed" not in repr(HEADER)
    assert repr(KEYS) == f"MirrorKeys(mirror_id={KEYS.mirror_id.hex()})"


def test_a_header_of_another_book_is_refused() -> None:
    other = replace(HEADER, device_key=bytes([1]) * 32)
    header = encode_header(other, keys_of(new_key(), KEYS.mirror_id), wrap_key(KEY, new_code()))
    with pytest.raises(InputInvalid):
        decode_header(header, KEYS)


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_are_no_header(untrusted: bytes) -> None:
    for read in (mirror_id_of, lambda header: decode_header(header, KEYS), lambda header: open_key(header, "x")):
        with pytest.raises(InputInvalid):
            read(untrusted)
