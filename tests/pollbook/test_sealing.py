from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.failures import InputInvalid
from pollbook.sealing import OVERHEAD_BYTES, BoxKey, box_key_of, open_sealed, seal_to
from pollbook.signing import SigningKey

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sealing.json").read_text("utf-8"))
RECEIVER = BoxKey.from_seed(bytes(range(32)))
OTHER = BoxKey.from_seed(bytes(range(1, 33)))
SECRET = b"s" * 32
PURPOSE = "release 1"
# RFC 7748 §7 and the curve's own analysis: points of small order, for which every secret gives the same result.
SMALL_ORDER = (
    "00" * 32,
    "01" + "00" * 31,
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
)

seeds = st.binary(min_size=32, max_size=32)


@given(seed=seeds, secret=st.binary(min_size=32, max_size=64), plain=st.binary(max_size=300))
def test_the_receiver_opens_what_was_sealed_to_it(seed: bytes, secret: bytes, plain: bytes) -> None:
    key = BoxKey.from_seed(seed)
    sealed = seal_to(key.public, PURPOSE, plain, secret)
    assert len(sealed) == len(plain) + OVERHEAD_BYTES
    assert open_sealed(sealed, key, PURPOSE) == plain


@given(plain=st.binary(max_size=300))
def test_sealing_again_gives_the_same_bytes(plain: bytes) -> None:
    assert seal_to(RECEIVER.public, PURPOSE, plain, SECRET) == seal_to(RECEIVER.public, PURPOSE, plain, SECRET)


@given(plain=st.binary(max_size=100), other=st.binary(max_size=100))
def test_two_texts_never_share_an_ephemeral_key(plain: bytes, other: bytes) -> None:
    one, two = (seal_to(RECEIVER.public, PURPOSE, text, SECRET)[1:33] for text in (plain, other))
    assert (one == two) == (plain == other)


def test_receiver_purpose_and_secret_each_give_another_ephemeral_key() -> None:
    sealed = {
        seal_to(RECEIVER.public, PURPOSE, b"text", SECRET)[1:33],
        seal_to(OTHER.public, PURPOSE, b"text", SECRET)[1:33],
        seal_to(RECEIVER.public, "release 2", b"text", SECRET)[1:33],
        seal_to(RECEIVER.public, PURPOSE, b"text", b"t" * 32)[1:33],
    }
    assert len(sealed) == 4


def test_another_key_and_another_purpose_open_nothing() -> None:
    sealed = seal_to(RECEIVER.public, PURPOSE, b"text", SECRET)
    with pytest.raises(InputInvalid):
        open_sealed(sealed, OTHER, PURPOSE)
    with pytest.raises(InputInvalid):
        open_sealed(sealed, RECEIVER, "release 2")


@given(data=st.data())
def test_a_changed_byte_anywhere_is_refused(data: st.DataObject) -> None:
    sealed = bytearray(seal_to(RECEIVER.public, PURPOSE, b"a text of some length", SECRET))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    changed = bytes(sealed)
    # RFC 7748 §5: the highest bit of a public key is ignored by the curve; here it is bound as it stands.
    with pytest.raises(InputInvalid):
        open_sealed(changed, RECEIVER, PURPOSE)


@given(length=st.integers(0, 48 + len(b"a text")))
def test_cut_short_is_refused(length: int) -> None:
    with pytest.raises(InputInvalid):
        open_sealed(seal_to(RECEIVER.public, PURPOSE, b"a text", SECRET)[:length], RECEIVER, PURPOSE)


@given(untrusted=st.binary(max_size=200))
def test_anything_else_is_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        open_sealed(b"\x01" + untrusted, RECEIVER, PURPOSE)


@pytest.mark.parametrize("point", SMALL_ORDER)
def test_a_key_of_small_order_is_refused_on_both_sides(point: str) -> None:
    public = bytes.fromhex(point)
    with pytest.raises(InputInvalid):
        seal_to(public, PURPOSE, b"text", SECRET)
    with pytest.raises(InputInvalid):
        open_sealed(b"\x01" + public + bytes(40), RECEIVER, PURPOSE)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_receiver_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputInvalid):
        seal_to(bytes(length), PURPOSE, b"text", SECRET)


def test_a_short_secret_and_a_nameless_purpose_are_our_own_faults() -> None:
    with pytest.raises(ValueError, match="too short a secret"):
        seal_to(RECEIVER.public, PURPOSE, b"text", b"s" * 31)
    with pytest.raises(ValueError, match="a purpose"):
        seal_to(RECEIVER.public, "", b"text", SECRET)


def test_the_text_form_of_a_key_shows_its_public_half_only() -> None:
    assert repr(RECEIVER) == f"BoxKey(public={RECEIVER.public.hex()})"
    assert RECEIVER.seed.hex() not in repr(RECEIVER)


@given(seed=seeds)
def test_a_signing_key_has_one_box_key_that_does_not_show_its_seed(seed: bytes) -> None:
    box = box_key_of(SigningKey.from_seed(seed))
    assert box.seed == box_key_of(SigningKey.from_seed(seed)).seed != seed


def test_golden_bytes_stay_what_they_are() -> None:
    """A certificate that was printed by an earlier program must open, and reprint, in this one."""
    signing = SigningKey.from_seed(bytes.fromhex(VECTORS["signing_seed"]))
    receiver = box_key_of(signing)
    assert receiver.public.hex() == VECTORS["box_public"]
    plain, secret = VECTORS["plain"].encode(), bytes.fromhex(VECTORS["secret"])
    sealed = seal_to(receiver.public, VECTORS["purpose"], plain, secret)
    assert sealed.hex() == VECTORS["sealed"]
    assert open_sealed(sealed, receiver, VECTORS["purpose"]) == plain


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_the_keys_are_those_of_rfc_7748(who: str) -> None:
    published = VECTORS["rfc7748_6_1"]
    assert BoxKey.from_seed(bytes.fromhex(published[f"{who}_private"])).public.hex() == published[f"{who}_public"]
