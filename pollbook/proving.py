"""Holding proofs of the register's log against its roots; knows nothing of how they are made (`merkle`).

Everything here may come from anybody: sizes, places, hashes and the length of a proof are all unproved.

Source: RFC 9162 §2.1.3.2 and §2.1.4.2, followed step by step.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

_HASH_BYTES = 32
_SIZE_MAX = 2**63 - 1
PROOF_HASHES_MAX = 64
"""A tree of 2^63 leaves has 63 levels; a consistency proof is one longer."""


def is_included(leaf: bytes, index: int, size: int, untrusted_proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `leaf` (its data) is number `index` (from 0) of the tree with `size` leaves and this root.

    Source: RFC 9162 §2.1.3.2.
    """
    if not 0 <= index < size <= _SIZE_MAX or not _are_hashes(untrusted_proof):
        return False
    first, last = index, size - 1
    reached = sha256(b"\x00" + leaf).digest()
    for part in untrusted_proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            reached = sha256(b"\x01" + part + reached).digest()
            while not first & 1 and first != 0:
                first, last = first >> 1, last >> 1
        else:
            reached = sha256(b"\x01" + reached + part).digest()
        first, last = first >> 1, last >> 1
    return last == 0 and reached == root


def is_consistent(
    first_size: int, first_root: bytes, second_size: int, second_root: bytes, untrusted_proof: Sequence[bytes]
) -> bool:
    """Whether the tree with the first size and root is how the second tree begins: nothing was removed or changed.

    Trees of one size are consistent with an empty proof where their roots are the same; the empty tree is how every
    tree begins.

    Source: RFC 9162 §2.1.4.2.
    """
    if not 0 <= first_size <= second_size <= _SIZE_MAX or not _are_hashes(untrusted_proof):
        return False
    if first_size in {0, second_size}:
        expected = second_root if first_size == second_size else sha256(b"").digest()
        return not untrusted_proof and first_root == expected
    path = list(untrusted_proof)
    if first_size & (first_size - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    first, last = first_size - 1, second_size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    first_reached = second_reached = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            first_reached = sha256(b"\x01" + part + first_reached).digest()
            second_reached = sha256(b"\x01" + part + second_reached).digest()
            while not first & 1 and first != 0:
                first, last = first >> 1, last >> 1
        else:
            second_reached = sha256(b"\x01" + second_reached + part).digest()
        first, last = first >> 1, last >> 1
    return last == 0 and first_reached == first_root and second_reached == second_root


def _are_hashes(untrusted_proof: Sequence[bytes]) -> bool:
    return len(untrusted_proof) <= PROOF_HASHES_MAX and all(len(part) == _HASH_BYTES for part in untrusted_proof)
