from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook import merkle, proving
from pollbook.merkle import EMPTY_ROOT, SIZE_MAX, Frontier, Stored
from pollbook.types import BookName, DeviceId, EntryNumber
from tests.pollbook import naive_merkle

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "merkle.json").read_text("utf-8"))
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]
SOME_HASH = b"\xab" * 32
BOOK = BookName(DeviceId(bytes(range(16))), 3)

sizes = st.integers(1, 600)


def stored_tree(leaves: Sequence[bytes]) -> tuple[Frontier, list[Stored]]:
    return merkle.append(Frontier(), leaves)


def reader(stored: Sequence[Stored]) -> merkle.Hashes:
    by_place = {(each.level, each.place): each.hash for each in stored}

    def read(level: int, first: int, count: int) -> list[bytes]:
        assert first // 256 == (first + count - 1) // 256, "a read stays within one tile"
        return [by_place[level, place] for place in range(first, first + count)]

    return read


def leaves_of(size: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(size)]


# 70,000 leaves reach a third level; made once, they serve every test that needs a tall tree.
TALL = leaves_of(70_000)
TALL_FRONTIER, TALL_STORED = stored_tree(TALL)
TALL_READER = reader(TALL_STORED)


def test_hashes_are_those_of_rfc_6962() -> None:
    assert EMPTY_ROOT.hex() == VECTORS["empty_root"]
    for leaf, expected in VECTORS["leaf_hashes"].items():
        assert merkle.leaf_hash(bytes.fromhex(leaf)).hex() == expected
    node = VECTORS["node_hash"]
    assert merkle.node_hash(bytes.fromhex(node["left"]), bytes.fromhex(node["right"])).hex() == node["hash"]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_roots_come_out(size: int) -> None:
    frontier, _ = stored_tree(LEAVES[:size])
    assert frontier.root == ROOTS[size - 1] == naive_merkle.root(LEAVES[:size])


def test_the_empty_tree_has_its_root() -> None:
    assert Frontier().root == EMPTY_ROOT == naive_merkle.root([])


@pytest.mark.parametrize("known", VECTORS["inclusion"])
def test_the_known_inclusion_proofs_come_out_and_hold(known: dict[str, object]) -> None:
    index, size, proof = _inclusion(known)
    _, stored = stored_tree(LEAVES)
    assert merkle.inclusion_proof(reader(stored), index, size) == proof
    assert proving.is_included(LEAVES[index], index, size, proof, ROOTS[size - 1])


@pytest.mark.parametrize("known", VECTORS["consistency"])
def test_the_known_consistency_proofs_come_out_and_hold(known: dict[str, object]) -> None:
    first, second, proof = _consistency(known)
    _, stored = stored_tree(LEAVES)
    assert merkle.consistency_proof(reader(stored), first, second) == proof
    assert proving.is_consistent(first, ROOTS[first - 1], second, ROOTS[second - 1], proof)


@given(size=sizes, parts=st.lists(st.integers(0, 600), max_size=4))
def test_appending_in_parts_gives_the_naive_tree(size: int, parts: list[int]) -> None:
    leaves = leaves_of(size)
    frontier, stored = Frontier(), []
    cuts = sorted({0, size, *(part for part in parts if part < size)})
    for begin, end in pairwise(cuts):
        frontier, more = merkle.append(frontier, leaves[begin:end])
        stored += more
    assert frontier.root == naive_merkle.root(leaves)
    assert frontier == merkle.frontier_of(reader(stored), size)
    assert stored == stored_tree(leaves)[1]


@given(data=st.data(), size=sizes)
def test_inclusion_proofs_are_the_naive_ones_and_hold(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = TALL[:size]
    proof = merkle.inclusion_proof(TALL_READER, index, size)
    assert proof == naive_merkle.path(index, leaves)
    assert proving.is_included(leaves[index], index, size, proof, naive_merkle.root(leaves))


@given(data=st.data(), second=sizes)
def test_consistency_proofs_are_the_naive_ones_and_hold(data: st.DataObject, second: int) -> None:
    first = data.draw(st.integers(1, second))
    leaves = TALL[:second]
    proof = merkle.consistency_proof(TALL_READER, first, second)
    assert proof == naive_merkle.proof(first, leaves)
    roots = naive_merkle.root(leaves[:first]), naive_merkle.root(leaves)
    assert proving.is_consistent(first, roots[0], second, roots[1], proof)


@given(data=st.data())
def test_in_a_tall_tree_every_proof_holds(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(TALL)))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    root, first_root = (merkle.frontier_of(TALL_READER, each).root for each in (size, first))
    assert proving.is_included(TALL[index], index, size, merkle.inclusion_proof(TALL_READER, index, size), root)
    proof = merkle.consistency_proof(TALL_READER, first, size)
    assert proving.is_consistent(first, first_root, size, root, proof)


@given(data=st.data(), size=st.integers(2, 300))
def test_an_inclusion_proof_holds_for_nothing_else(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    root = merkle.frontier_of(TALL_READER, size).root
    proof = merkle.inclusion_proof(TALL_READER, index, size)
    leaf = TALL[index]
    at = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[at][0] ^ 8]) + proof[at][1:]
    assert not proving.is_included(b"another leaf", index, size, proof, root)
    assert not proving.is_included(leaf, (index + 1) % size, size, proof, root)
    assert not proving.is_included(leaf, index, size, proof, SOME_HASH)
    assert not proving.is_included(leaf, index, size, [*proof, root], root)
    assert not proving.is_included(leaf, index, size, [root, *proof], root)
    assert not proving.is_included(leaf, index, size, proof[:-1], root)
    assert not proving.is_included(leaf, index, size, [*proof[:at], flipped, *proof[at + 1 :]], root)
    assert not proving.is_included(leaf, index, size, [*proof[:at], flipped[:31], *proof[at + 1 :]], root)


@given(data=st.data(), second=st.integers(2, 300))
def test_a_consistency_proof_holds_for_nothing_else(data: st.DataObject, second: int) -> None:
    first = data.draw(st.integers(1, second - 1))
    one, two = (merkle.frontier_of(TALL_READER, size).root for size in (first, second))
    proof = merkle.consistency_proof(TALL_READER, first, second)
    at = data.draw(st.integers(0, len(proof) - 1))
    flipped = bytes([proof[at][0] ^ 8]) + proof[at][1:]
    assert not proving.is_consistent(first, two, second, one, proof)
    assert not proving.is_consistent(first, SOME_HASH, second, two, proof)
    assert not proving.is_consistent(first, one, second, SOME_HASH, proof)
    assert not proving.is_consistent(second, two, first, one, proof)
    assert not proving.is_consistent(first, one, second, two, [])
    assert not proving.is_consistent(first, one, second, two, [*proof, two])
    assert not proving.is_consistent(first, one, second, two, [one, *proof])
    assert not proving.is_consistent(first, one, second, two, proof[:-1])
    assert not proving.is_consistent(first, one, second, two, [*proof[:at], flipped, *proof[at + 1 :]])


def test_two_trees_of_one_size_are_consistent_only_where_they_are_the_same() -> None:
    assert proving.is_consistent(5, ROOTS[4], 5, ROOTS[4], [])
    assert not proving.is_consistent(5, ROOTS[4], 5, ROOTS[3], [])
    assert not proving.is_consistent(5, ROOTS[4], 5, ROOTS[4], [ROOTS[4]])


def test_every_tree_begins_with_the_empty_one() -> None:
    assert proving.is_consistent(0, EMPTY_ROOT, 8, ROOTS[7], [])
    assert proving.is_consistent(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    assert not proving.is_consistent(0, SOME_HASH, 8, ROOTS[7], [])
    assert not proving.is_consistent(0, EMPTY_ROOT, 8, ROOTS[7], [SOME_HASH])


def test_sizes_beyond_their_range_and_endless_proofs_are_refused() -> None:
    for size in (0, -1, 2**63, 2**64):
        assert not proving.is_included(b"", 0, size, [], ROOTS[0])
        assert not proving.is_consistent(1, ROOTS[0], size, ROOTS[7], [SOME_HASH])
    assert not proving.is_included(b"", -1, 8, [SOME_HASH] * 3, ROOTS[7])
    assert not proving.is_included(b"", 8, 8, [SOME_HASH] * 3, ROOTS[7])
    assert not proving.is_included(b"", 2**63, 2**63 - 1, [SOME_HASH] * 63, ROOTS[7])
    assert not proving.is_included(b"", 0, SIZE_MAX, [SOME_HASH] * 65, ROOTS[7])
    assert not proving.is_consistent(-1, ROOTS[0], 8, ROOTS[7], [SOME_HASH])


@given(
    index=st.integers(0, SIZE_MAX - 1),
    size=st.integers(1, SIZE_MAX),
    proof=st.lists(st.binary(min_size=32, max_size=32), max_size=64),
)
def test_made_up_proofs_hold_for_nothing(index: int, size: int, proof: list[bytes]) -> None:
    assert not proving.is_included(b"leaf", index, size, proof, SOME_HASH)
    assert not proving.is_consistent(min(index, size) + 1, ROOTS[0], size, SOME_HASH, proof)


def test_a_tree_does_not_grow_beyond_its_size() -> None:
    full = Frontier(SIZE_MAX, (SOME_HASH,) * 63)
    with pytest.raises(ValueError, match="beyond its size"):
        merkle.append(full, [b"leaf"])


def test_a_proof_for_what_is_not_there_is_our_own_fault() -> None:
    for index, size in ((0, 0), (8, 8), (-1, 8), (0, 2**63)):
        with pytest.raises(ValueError, match="no such leaf"):
            merkle.inclusion_proof(TALL_READER, index, size)
    for first, second in ((0, 8), (9, 8), (1, 2**63)):
        with pytest.raises(ValueError, match="no such trees"):
            merkle.consistency_proof(TALL_READER, first, second)


def test_stored_hashes_are_those_of_the_tiles() -> None:
    """C2SP tlog-tiles: hash n of level l is the root over leaves n * 256**l to (n + 1) * 256**l."""
    levels = {level: [each.hash for each in TALL_STORED if each.level == level] for level in range(3)}
    assert [len(levels[level]) for level in range(3)] == [70_000, 273, 1]
    assert levels[1][100] == naive_merkle.root(TALL[100 * 256 : 101 * 256])
    assert levels[2][0] == naive_merkle.root(TALL[:65_536])
    for level in range(3):
        assert [each.place for each in TALL_STORED if each.level == level] == list(range(len(levels[level])))


def test_the_tiles_of_a_tree_are_those_of_the_specification() -> None:
    """C2SP tlog-tiles, "Partial Tiles": the example of 70,000 leaves, and that of 256."""
    tiles = merkle.tiles_of(70_000)
    assert [tile for tile in tiles if tile[0] == 0] == [*((0, place, 256) for place in range(273)), (0, 273, 112)]
    assert [tile for tile in tiles if tile[0] > 0] == [(1, 0, 256), (1, 1, 17), (2, 0, 1)]
    assert merkle.tiles_of(256) == [(0, 0, 256), (1, 0, 1)]
    assert merkle.tiles_of(0) == []


def test_tiles_lie_where_other_tools_look_for_them() -> None:
    assert merkle.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert merkle.tile_path(1, 7, 17) == "tile/1/007.p/17"
    assert merkle.tile_path(0, 1000) == "tile/0/x001/000"
    assert merkle.entries_path(273, 112) == "tile/entries/273.p/112"


def test_a_leaf_is_a_commitment_that_a_shell_can_make() -> None:
    log_key, sha256 = b"k" * 32, hashlib.sha256(b"entry").digest()
    key = merkle.leaf_key(log_key, BOOK, EntryNumber(7))
    text = f"uchastka leaf 1\n000102030405060708090a0b0c0d0e0f.3\n7\n{sha256.hex()}\n".encode()
    assert merkle.leaf_commitment(key, BOOK, EntryNumber(7), sha256) == hmac.new(key, text, "sha256").digest()


def test_every_leaf_has_a_key_of_its_own() -> None:
    other = BookName(BOOK.device, 4)
    keys = {
        merkle.leaf_key(log_key, book, EntryNumber(number))
        for log_key in (b"k" * 32, b"l" * 32)
        for book in (BOOK, other)
        for number in (1, 2)
    }
    assert len(keys) == 8


def _inclusion(known: dict[str, object]) -> tuple[int, int, list[bytes]]:
    index, size, proof = known["index"], known["size"], known["proof"]
    assert isinstance(index, int)
    assert isinstance(size, int)
    assert isinstance(proof, list)
    return index, size, [bytes.fromhex(part) for part in proof]


def _consistency(known: dict[str, object]) -> tuple[int, int, list[bytes]]:
    return _inclusion({"index": known["first"], "size": known["second"], "proof": known["proof"]})
