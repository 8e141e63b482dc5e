"""What a world replaces in the product: the system's randomness by the seed's, and double work by memory."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec

from pollbook import acts, custody, entries, ledger, releases, signing
from pollbook import slice as slices
from pollbook.signing import SigningKey
from pollbook.store import book, check, standing
from register import replay, runs
from tests.simulation.replacing import replaced


@contextmanager
def drawn_from(rng: random.Random) -> Iterator[None]:
    """`os.urandom`, `secrets` (by way of `random`), new signing keys and new keys of authorities come from `rng`."""
    kept = (os.urandom, random._urandom, SigningKey.__dict__["generate"], ec.generate_private_key)

    def drawn_key(cls: type[SigningKey]) -> SigningKey:
        return cls.from_seed(rng.randbytes(32))

    def drawn_ec_key(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(rng.randrange(1, 1 << (curve.key_size - 1)), curve)

    _draw_by(rng.randbytes, rng.randbytes, classmethod(drawn_key), drawn_ec_key)
    try:
        yield
    finally:
        _draw_by(*kept)


def _draw_by(urandom: object, of_random: object, generate: object, generate_ec: object) -> None:
    os.urandom, random._urandom, SigningKey.generate, ec.generate_private_key = (
        urandom,
        of_random,
        generate,
        generate_ec,
    )


_MODULES = (signing, acts, ledger, custody, releases)
_VERIFY = signing.is_signature
_verified_before = lru_cache(maxsize=4096)(_VERIFY)
_ENTRIES = (replay, runs, check, standing)
"""Whoever reads entries: each is read by book, register, both checks and the model, ten times in a world."""
_PURE = (
    *((module, "decode_entry", lru_cache(maxsize=4096)(entries.decode_entry)) for module in _ENTRIES),
    (book, "open_header", lru_cache(maxsize=64)(slices.open_header)),
    (check, "read_slice", lru_cache(maxsize=64)(slices.read_slice)),
)


@contextmanager
def remembered_signatures() -> Iterator[None]:
    """A signature that was made or verified in this world is not verified again by book, register and checks.

    What signs and what verifies is the library's Ed25519, and both are pure: a signature that a key has just made is
    its signature. So nothing but time changes; what nobody made here, or was changed on its way, is verified. What
    worlds begin with is the same in all of them: its signatures are verified once a process.
    """
    kept, sign = signing.is_signature, SigningKey.sign
    verify = _verified_before if kept is _VERIFY else kept
    known: dict[tuple[bytes, bytes, bytes], bool] = {}
    publics: dict[int, tuple[SigningKey, bytes]] = {}

    def remembered(public_key: bytes, message: bytes, untrusted_signature: bytes) -> bool:
        asked = (public_key, message, untrusted_signature)
        if asked not in known:
            known[asked] = verify(*asked)
        return known[asked]

    def signed(key: SigningKey, message: bytes) -> bytes:
        if id(key) not in publics:
            publics[id(key)] = (key, key.public)  # the key is kept, so that no other one gets its id
        signature = sign(key, message)
        known[publics[id(key)][1], message, signature] = True
        return signature

    for module in _MODULES:
        module.is_signature = remembered  # type: ignore[attr-defined]
    SigningKey.sign = signed  # type: ignore[method-assign]
    try:
        with ExitStack() as stack:
            for owner, name, remembering in _PURE:
                stack.enter_context(replaced(owner, **{name: remembering}))
            yield
    finally:
        SigningKey.sign = sign  # type: ignore[method-assign]
        for module in _MODULES:
            module.is_signature = kept  # type: ignore[attr-defined]
