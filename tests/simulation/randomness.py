"""What a world replaces in the product: the system's randomness by the seed's, and double work by memory."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec

from pollbook import acts, ledger, signing
from pollbook.signing import SigningKey


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


_MODULES = (signing, acts, ledger)


@contextmanager
def remembered_signatures() -> Iterator[None]:
    """A signature that was verified once is not verified again: the same one is looked at by book, register and checks.

    `is_signature` is pure, so nothing but time changes.
    """
    verify = signing.is_signature
    remembered = lru_cache(maxsize=1 << 16)(verify)
    for module in _MODULES:
        module.is_signature = remembered  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in _MODULES:
            module.is_signature = verify  # type: ignore[attr-defined]
