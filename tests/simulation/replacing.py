"""Names of the product that mean something else for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def replaced(owner: ModuleType | type, **variants: object) -> Iterator[None]:
    """Names of a module or class mean something else inside."""
    kept = {name: owner.__dict__[name] for name in variants}
    for name, variant in variants.items():
        setattr(owner, name, variant)
    try:
        yield
    finally:
        for name, original in kept.items():
            setattr(owner, name, original)
