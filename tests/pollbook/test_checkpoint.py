from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import merkle
from pollbook.checkpoint import (
    NOTE_BYTES_MAX,
    Checkpoint,
    Inclusion,
    log_origin,
    open_checkpoint,
    open_inclusion,
    read_inclusion,
    sign_checkpoint,
    verifier_key,
    write_inclusion,
)
from pollbook.failures import InputInvalid
from pollbook.merkle import Frontier
from pollbook.signing import SigningKey
from pollbook.types import ElectionId

KEY = SigningKey.from_seed(bytes(range(32)))
OTHER = SigningKey.from_seed(bytes(range(1, 33)))
ORIGIN = log_origin(ElectionId("training-2026"))
LEAVES = [b"one", b"two", b"three", b"four", b"five"]
FRONTIER, STORED = merkle.append(Frontier(), LEAVES)
CHECKPOINT = Checkpoint(ORIGIN, 5, FRONTIER.root)
NOTE = sign_checkpoint(CHECKPOINT, KEY)


def hashes(level: int, first: int, count: int) -> list[bytes]:
    by_place = {(each.level, each.place): each.hash for each in STORED}
    return [by_place[level, place] for place in range(first, first + count)]


def inclusion(index: int) -> bytes:
    return write_inclusion(Inclusion(index, tuple(merkle.inclusion_proof(hashes, index, 5)), NOTE, b"leaf key"))


def resigned(text: str) -> bytes:
    """A note over any text, rightly signed by the log."""
    key_id = NOTE.decode().rsplit(" ", 1)[1]
    signature = base64.b64decode(key_id)[:4] + KEY.sign(text.encode())
    return f"{text}\n— {ORIGIN} {base64.b64encode(signature).decode()}\n".encode()


@given(size=st.integers(0, 2**63 - 1), root=st.binary(min_size=32, max_size=32))
def test_what_the_log_signs_opens_again(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY), ORIGIN, KEY.public) == checkpoint


def test_a_checkpoint_says_three_things_and_not_when() -> None:
    text, _, signature = NOTE.decode().partition("\n\n")
    assert text == f"{ORIGIN}\n5\n{base64.b64encode(FRONTIER.root).decode()}"
    assert signature.startswith(f"— {ORIGIN} ")
    assert sign_checkpoint(CHECKPOINT, KEY) == NOTE, "the same head is the same note, whenever it is signed"


def test_the_example_of_the_specification_has_this_key_id() -> None:
    """C2SP signed-note: SHA-256(name, newline, 0x01, key)[:4]; the key is the one in the Go library's documentation."""
    published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    name, _, key = published.split("+", 2)
    assert verifier_key(name, base64.b64decode(key)[1:]) == published


def test_another_key_did_not_sign_it() -> None:
    with pytest.raises(InputInvalid, match="not signed by this log"):
        open_checkpoint(NOTE, ORIGIN, OTHER.public)


def test_another_log_is_not_this_one() -> None:
    with pytest.raises(InputInvalid, match="not a checkpoint of this log"):
        open_checkpoint(NOTE, log_origin(ElectionId("other-2026")), KEY.public)


def test_a_signature_that_does_not_hold_spoils_the_note() -> None:
    changed = NOTE.replace(b"\n5\n", b"\n6\n")
    with pytest.raises(InputInvalid, match="not signed by this log"):
        open_checkpoint(changed, ORIGIN, KEY.public)
    forged = resigned("text\n").decode().rsplit("\n", 2)[1]
    with pytest.raises(InputInvalid, match="not signed by this log"):
        open_checkpoint(NOTE + forged.encode() + b"\n", ORIGIN, KEY.public)


def test_signatures_of_witnesses_are_passed_over() -> None:
    witness = base64.b64encode(b"\x00\x01\x02\x03" + bytes(72)).decode()
    witnessed = NOTE + "".join(f"— witness{number}.example {witness}\n" for number in range(16)).encode()
    assert open_checkpoint(witnessed, ORIGIN, KEY.public) == CHECKPOINT
    crowded = NOTE + f"— witness.example {witness}\n".encode() * 64
    with pytest.raises(InputInvalid, match="more signatures"):
        open_checkpoint(crowded, ORIGIN, KEY.public)


@given(length=st.integers(0, len(NOTE) - 1))
def test_a_note_cut_short_is_refused(length: int) -> None:
    with pytest.raises(InputInvalid):
        open_checkpoint(NOTE[:length], ORIGIN, KEY.public)


@given(data=st.data())
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    changed = bytearray(NOTE)
    changed[data.draw(st.integers(0, len(NOTE) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InputInvalid):
        open_checkpoint(bytes(changed), ORIGIN, KEY.public)


@pytest.mark.parametrize(
    "size", ["", "-1", "+5", "05", "5 ", "٥", "0x5", "5.0", "9223372036854775808", "99999999999999999999", "1" * 5000]
)
def test_a_size_that_is_none_is_refused_though_rightly_signed(size: str) -> None:
    root = base64.b64encode(FRONTIER.root).decode()
    with pytest.raises(InputInvalid, match="not a number of leaves"):
        open_checkpoint(resigned(f"{ORIGIN}\n{size}\n{root}\n"), ORIGIN, KEY.public)


@pytest.mark.parametrize(
    "root",
    [
        "",
        "AAAA",
        base64.b64encode(bytes(33)).decode(),
        base64.b64encode(bytes(32)).decode().rstrip("="),
        base64.b64encode(bytes(32)).decode()[:-2] + "B=",  # bits that no encoder sets
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
    ],
)
def test_a_root_that_is_none_is_refused_though_rightly_signed(root: str) -> None:
    with pytest.raises(InputInvalid, match="base64"):
        open_checkpoint(resigned(f"{ORIGIN}\n5\n{root}\n"), ORIGIN, KEY.public)


@pytest.mark.parametrize("tail", ["", "a line more\n", "\n"])
def test_a_text_of_fewer_or_more_lines_is_refused_though_rightly_signed(tail: str) -> None:
    root = "" if not tail else base64.b64encode(FRONTIER.root).decode() + "\n"
    with pytest.raises(InputInvalid):
        open_checkpoint(resigned(f"{ORIGIN}\n5\n{root}{tail}"), ORIGIN, KEY.public)


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"\n\n",
        NOTE.replace("— ".encode(), b"- "),
        NOTE.replace(b"\n\n", b"\r\n\r\n"),
        NOTE + b"\xff\n",
        NOTE + b"\n",
        NOTE[:-1],
        NOTE + "— \n".encode(),
        NOTE + "— name\n".encode(),
        NOTE + "— na+me AAAAAAA=\n".encode(),
        NOTE + "— name AAAA\n".encode(),
        NOTE + b"\x01\n",
        NOTE.ljust(NOTE_BYTES_MAX + 1, b"\n"),
    ],
)
def test_what_is_no_note_is_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        open_checkpoint(untrusted, ORIGIN, KEY.public)


@given(untrusted=st.binary(max_size=300))
def test_any_bytes_are_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        open_checkpoint(untrusted, ORIGIN, KEY.public)


@pytest.mark.parametrize("origin", ["", "two words", "plus+plus", "line\nline", "ü", "x" * 101])
def test_a_name_that_no_note_carries_is_our_own_fault(origin: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        sign_checkpoint(Checkpoint(origin, 1, FRONTIER.root), KEY)


@pytest.mark.parametrize("index", range(5))
def test_an_inclusion_file_proves_its_leaf(index: int) -> None:
    assert open_inclusion(inclusion(index), LEAVES[index], ORIGIN, KEY.public) == CHECKPOINT
    assert read_inclusion(inclusion(index)).extra == b"leaf key"


def test_an_inclusion_file_of_a_single_leaf_has_no_hashes() -> None:
    frontier, _ = merkle.append(Frontier(), [b"one"])
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, frontier.root), KEY)
    written = write_inclusion(Inclusion(0, (), note))
    assert written.startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nuchastka/training-2026\n1\n")
    assert open_inclusion(written, b"one", ORIGIN, KEY.public).size == 1


def test_an_inclusion_file_proves_no_other_leaf() -> None:
    with pytest.raises(InputInvalid, match="not where the proof says"):
        open_inclusion(inclusion(2), LEAVES[3], ORIGIN, KEY.public)
    with pytest.raises(InputInvalid, match="not where the proof says"):
        open_inclusion(inclusion(2).replace(b"index 2", b"index 3"), LEAVES[2], ORIGIN, KEY.public)
    with pytest.raises(InputInvalid, match="not signed by this log"):
        open_inclusion(inclusion(2), LEAVES[2], ORIGIN, OTHER.public)


@given(data=st.data())
def test_an_inclusion_file_cut_or_changed_proves_nothing(data: st.DataObject) -> None:
    written = inclusion(2)
    cut = data.draw(st.integers(0, len(written) - 1))
    with pytest.raises(InputInvalid):
        open_inclusion(written[:cut], LEAVES[2], ORIGIN, KEY.public)
    changed = bytearray(written)
    at, by = data.draw(st.integers(0, len(written) - 1)), data.draw(st.integers(1, 255))
    changed[at] ^= by
    with suppress(InputInvalid):  # what only opens the leaf is not signed, and may be any bytes
        assert open_inclusion(bytes(changed), LEAVES[2], ORIGIN, KEY.public) == CHECKPOINT
        assert read_inclusion(bytes(changed)).proof == read_inclusion(written).proof


@pytest.mark.parametrize(
    "untrusted",
    [
        b"",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 01\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 9223372036854775808\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nextra\nindex 0\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\n\xff\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 65 + b"\n" + NOTE,
        b"c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(bytes(1025)) + b"\nindex 0\n\n" + NOTE,
        (b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + NOTE).ljust(NOTE_BYTES_MAX + 1, b"\n"),
    ],
)
def test_what_is_no_inclusion_file_is_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        open_inclusion(untrusted, LEAVES[0], ORIGIN, KEY.public)
