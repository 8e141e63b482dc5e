"""The Merkle tree over the register's log: hashing, appending, and making proofs. `proving` holds them against roots.

    leaf hash   SHA-256(0x00 || leaf)
    node hash   SHA-256(0x01 || left || right)

A tree of n leaves splits at the largest power of two below n, so what stands never changes when leaves are added.
Appending needs only the frontier: the roots of the perfect subtrees that make up the tree. What is stored is what
C2SP tiles hold, the leaf hashes and the roots of every 256, 65,536, … of them; what lies between is made again from
one tile, and others can read the stored tiles as they are.

Leaves are commitments under keys (custody rule 15): who sees the log sees how long it is and nothing else. Each leaf
has a key of its own, so the register can open one leaf to somebody without opening another.

Source: RFC 9162 §2.1 (RFC 6962 §2.1 hashes the same), C2SP tlog-tiles.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from pollbook.types import BookName, EntryNumber

HASH_BYTES = 32
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes in a full tile. Source: C2SP tlog-tiles."""
SIZE_MAX = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves. Source: RFC 9162 §2.1.1."""

Hashes = Callable[[int, int, int], list[bytes]]
"""Reads stored hashes: `(level, first, count)`, all in one tile of that level. Hash `n` of level `l` is the root over
the leaves from `n * 256**l` to before `(n + 1) * 256**l`."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf. Source: RFC 9162 §2.1.1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees. Source: RFC 9162 §2.1.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_key(log_key: bytes, book: BookName, number: EntryNumber) -> bytes:
    """The 32-byte key of one leaf; whoever has it can open that leaf and no other.

    Source: RFC 2104 (HMAC) as a function of random output.
    """
    return hmac.digest(log_key, f"uchastka leaf key 1\n{book}\n{number}\n".encode("ascii"), "sha256")


def leaf_commitment(key: bytes, book: BookName, number: EntryNumber, entry_sha256: bytes) -> bytes:
    """The 32-byte leaf that stands for one accepted entry; `key` is the leaf's own (`leaf_key`).

    The text under the HMAC is four lines, each ended by a newline: `uchastka leaf 1`, the book, the number, and the
    entry's SHA-256 in hex, so that anybody makes it again with a shell and openssl.
    """
    return hmac.digest(key, f"uchastka leaf 1\n{book}\n{number}\n{entry_sha256.hex()}\n".encode("ascii"), "sha256")


@dataclass(frozen=True, slots=True)
class Frontier:
    """All of a tree that appending needs: its size, and the roots of its perfect subtrees, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The root of the tree. Source: RFC 9162 §2.1.1."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, root = self.hashes
        for left in reversed(rest):
            root = node_hash(left, root)
        return root


class Stored(NamedTuple):
    """A hash to be stored: its level and its place there."""

    level: int
    place: int
    hash: bytes


def append(frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Frontier, list[Stored]]:
    """The frontier after `leaves` (their data), and the hashes that are new in the tiles, in the order to store them.

    Raises:
        ValueError: The tree would be longer than 2^63-1.
    """
    size, hashes = frontier.size, list(frontier.hashes)
    stored: list[Stored] = []
    for leaf in leaves:
        if size >= SIZE_MAX:
            raise ValueError("a tree beyond its size")
        root = leaf_hash(leaf)
        stored.append(Stored(0, size, root))
        height, rest = 0, size
        while rest & 1:
            root = node_hash(hashes.pop(), root)
            height, rest = height + 1, rest >> 1
            if height % TILE_HEIGHT == 0:
                stored.append(Stored(height // TILE_HEIGHT, rest, root))
        hashes.append(root)
        size += 1
    return Frontier(size, tuple(hashes)), stored


def frontier_of(hashes: Hashes, size: int) -> Frontier:
    """The frontier of the stored tree's first `size` leaves."""
    roots, begin = [], 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            roots.append(_perfect_root(hashes, begin, height))
            begin += 1 << height
    return Frontier(size, tuple(roots))


def inclusion_proof(hashes: Hashes, index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` (from 0) stands in the tree of `size` leaves, from its sibling up to below the root.

    Raises:
        ValueError: There is no such leaf.

    Source: RFC 9162 §2.1.3.1.
    """
    if not 0 <= index < size <= SIZE_MAX:
        raise ValueError("no such leaf")
    begin, end = 0, size
    path: list[bytes] = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_root(hashes, middle, end))
            end = middle
        else:
            path.append(_root(hashes, begin, middle))
            begin = middle
    path.reverse()
    return path


def consistency_proof(hashes: Hashes, first: int, second: int) -> list[bytes]:
    """The proof that the tree of `first` leaves is how the tree of `second` leaves begins; empty where they are one.

    Raises:
        ValueError: Not `0 < first <= second`.

    Source: RFC 9162 §2.1.4.1.
    """
    if not 0 < first <= second <= SIZE_MAX:
        raise ValueError("no such trees")
    begin, end = 0, second
    path: list[bytes] = []
    while end != first:
        middle = begin + _split(end - begin)
        if first <= middle:
            path.append(_root(hashes, middle, end))
            end = middle
        else:
            path.append(_root(hashes, begin, middle))
            begin = middle
    if begin > 0:
        path.append(_root(hashes, begin, end))
    path.reverse()
    return path


def tile_path(level: int, place: int, width: int = TILE_WIDTH) -> str:
    """Where a tile lies under the log's address, for example `tile/0/x001/x234/067.p/12`.

    Source: C2SP tlog-tiles, "Merkle Tree".
    """
    return f"tile/{level}/{_tile_name(place, width)}"


def entries_path(place: int, width: int = TILE_WIDTH) -> str:
    """Where the leaves under a tile of level 0 lie. Source: C2SP tlog-tiles, "Log entries"."""
    return f"tile/entries/{_tile_name(place, width)}"


def tiles_of(size: int) -> list[tuple[int, int, int]]:
    """All tiles of a tree: level, place and width. Source: C2SP tlog-tiles, "Partial Tiles"."""
    tiles = []
    for level in range(SIZE_MAX.bit_length() // TILE_HEIGHT + 1):
        full, rest = divmod(size >> level * TILE_HEIGHT, TILE_WIDTH)
        tiles += [(level, place, TILE_WIDTH) for place in range(full)]
        if rest:
            tiles.append((level, full, rest))
    return tiles


def _tile_name(place: int, width: int) -> str:
    parts = [f"{place % 1000:03d}"]
    while place := place // 1000:
        parts.append(f"x{place % 1000:03d}")
    return "/".join(reversed(parts)) + ("" if width == TILE_WIDTH else f".p/{width}")


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def _root(hashes: Hashes, begin: int, end: int) -> bytes:
    """The root over the leaves from `begin` to before `end`, a subtree as the splits above give them."""
    count = end - begin
    if count & (count - 1) == 0:
        return _perfect_root(hashes, begin, count.bit_length() - 1)
    middle = begin + _split(count)
    return node_hash(_root(hashes, begin, middle), _root(hashes, middle, end))


def _perfect_root(hashes: Hashes, begin: int, height: int) -> bytes:
    level, above = divmod(height, TILE_HEIGHT)
    row = hashes(level, begin >> level * TILE_HEIGHT, 1 << above)
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]
