"""Which lines differ where a book's digest is not the register's: found in two further round trips.

The lines are shared out to `BUCKETS` by their ids, and each bucket has a digest of its own: a hash over its lines, not
a sum, in which two differences could make up for each other. The book sends the digests of its buckets; the register
answers with the digest of each of its lines in the buckets that differ; the book compares them with its own and names
the lines that differ. Both know them then.

All of it is meant at one entry of the ledger: digests of different moments say nothing. Digests here are 8 bytes: they
find programs that disagree, no attackers (docs/adr/0010).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pollbook.failures import InputInvalid
from pollbook.types import LINE_ID_MAX, LineId

BUCKETS = 64
"""Of 3,000 lines about 47 in each: 0.5 kB up, and 0.8 kB down for each that differs."""
DIGEST_BYTES = 8
BUCKETS_BYTES = BUCKETS * DIGEST_BYTES
LINES_COMPARED_MAX = 4096
"""Lines in one answer; where more are in buckets that differ, some buckets wait for the next comparison."""
LINES_NAMED_MAX = 256
"""Where more differ, these are the first; it is one mistake then, not so many."""
_LINE_BYTES = 8
_MODULUS = 1 << 8 * DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class LinesCompared:
    """The register's lines in the buckets that differ at the book's entry `number`, each with its digest."""

    number: int
    buckets: tuple[int, ...]
    lines: Mapping[LineId, int]


def bucket_of(line: LineId) -> int:
    """The bucket that the line is in; ids are random, so all fill alike."""
    return line % BUCKETS


def bucket_digests(digests: Mapping[LineId, int]) -> tuple[int, ...]:
    """A digest of each bucket over its lines and their digests (`line_state.line_digest`), but for untouched ones."""
    buckets = [bytearray() for _ in range(BUCKETS)]
    for line, digest in sorted(digests.items()):
        if short := digest % _MODULUS:
            buckets[bucket_of(line)] += line.to_bytes(_LINE_BYTES, "big") + short.to_bytes(DIGEST_BYTES, "big")
    hashed = (hashlib.sha256(bucket).digest()[:DIGEST_BYTES] for bucket in buckets)
    return tuple(int.from_bytes(each, "big") for each in hashed)


def compared(number: int, digests: Mapping[LineId, int], theirs: Iterable[int]) -> LinesCompared:
    """The register's answer to a book's buckets; those that do not fit into one are left out, but for the first."""
    chosen: list[int] = []
    lines: dict[LineId, int] = {}
    ours = bucket_digests(digests)
    for bucket, (own, other) in enumerate(zip(ours, theirs, strict=True)):
        if own == other:
            continue
        inside = _touched(digests, (bucket,))
        if chosen and len(lines) + len(inside) > LINES_COMPARED_MAX:
            break
        chosen.append(bucket)
        lines |= dict(sorted(inside.items())[:LINES_COMPARED_MAX])
    return LinesCompared(number, tuple(chosen), lines)


def differing_lines(digests: Mapping[LineId, int], theirs: LinesCompared) -> tuple[LineId, ...]:
    """Up to `LINES_NAMED_MAX` lines whose digests differ from theirs, or that only one side has touched; ascending."""
    own = _touched(digests, theirs.buckets)
    differing = (line for line in own.keys() | theirs.lines.keys() if own.get(line) != theirs.lines.get(line))
    return tuple(sorted(differing)[:LINES_NAMED_MAX])


def _touched(digests: Mapping[LineId, int], buckets: Collection[int]) -> dict[LineId, int]:
    """The short digests of the lines in these buckets that something happened to."""
    return {
        line: short for line, digest in digests.items() if bucket_of(line) in buckets and (short := digest % _MODULUS)
    }


def pack_digests(digests: Iterable[int]) -> bytes:
    """These digests, `DIGEST_BYTES` bytes each."""
    return b"".join(each.to_bytes(DIGEST_BYTES, "big") for each in digests)


def unpack_buckets(untrusted: bytes) -> tuple[int, ...]:
    """The digests of all buckets that `pack_digests` was given.

    Raises:
        InputInvalid: Not `BUCKETS_BYTES` bytes.
    """
    if len(untrusted) != BUCKETS_BYTES:
        raise InputInvalid("not the digests of all buckets")
    return _digests_in(untrusted)


def _digests_in(packed: bytes) -> tuple[int, ...]:
    starts = range(0, len(packed), DIGEST_BYTES)
    return tuple(int.from_bytes(packed[at : at + DIGEST_BYTES], "big") for at in starts)


def pack_lines(lines: Collection[LineId]) -> bytes:
    """Lines by id, 8 bytes each."""
    return b"".join(line.to_bytes(_LINE_BYTES, "big") for line in lines)


def unpack_lines(untrusted: bytes, lines_max: int) -> tuple[LineId, ...]:
    """What `pack_lines` was given, ascending and each once.

    Raises:
        InputInvalid: Anything else, or more than `lines_max`.
    """
    count, rest = divmod(len(untrusted), _LINE_BYTES)
    if rest or count > lines_max:
        raise InputInvalid("not lines, or too many")
    starts = range(0, len(untrusted), _LINE_BYTES)
    lines = tuple(int.from_bytes(untrusted[at : at + _LINE_BYTES], "big") for at in starts)
    if any(not 0 < line <= LINE_ID_MAX for line in lines) or sorted(set(lines)) != list(lines):
        raise InputInvalid("lines that are none, or in another order")
    return tuple(map(LineId, lines))


def pack_compared(told: LinesCompared) -> list[object]:
    """The register's answer as the fields of a CBOR array."""
    lines = sorted(told.lines)
    return [told.number, bytes(told.buckets), pack_lines(lines), pack_digests(told.lines[line] for line in lines)]


def unpack_compared(number: int, buckets: bytes, lines: bytes, digests: bytes) -> LinesCompared:
    """What `pack_compared` made these fields of, once their types are proven.

    Raises:
        InputInvalid: Anything else.
    """
    if sorted(set(buckets)) != list(buckets) or any(bucket >= BUCKETS for bucket in buckets):
        raise InputInvalid("buckets that are none, or in another order")
    named = unpack_lines(lines, LINES_COMPARED_MAX)
    if len(digests) != DIGEST_BYTES * len(named) or any(bucket_of(line) not in buckets for line in named):
        raise InputInvalid("not a digest for each line, or lines of other buckets")
    return LinesCompared(number, tuple(buckets), dict(zip(named, _digests_in(digests), strict=True)))
