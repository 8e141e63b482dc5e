"""A parser as the fuzzer sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pollbook.failures import InputInvalid

BYTES_MAX = 1024


@dataclass(frozen=True)
class Target:
    """A parser with what it may raise, bytes that it takes, and how long an input may be."""

    parse: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    allowed: tuple[type[Exception], ...] = (InputInvalid,)
    bytes_max: int = BYTES_MAX


def feed(target: Target, untrusted: bytes) -> bool:
    """Whether the target took these bytes; False where it refused them. Whatever else it raises is a fault."""
    try:
        target.parse(untrusted)
    except target.allowed:
        return False
    return True
