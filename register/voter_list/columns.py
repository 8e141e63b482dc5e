"""Our columns, and finding them under another header through a mapping file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pollbook.failures import Failure, WorldFailed
from register.voter_rows import COLUMNS

_MAPPING_CHARACTERS_MAX = 64 * 1024
"""Fourteen lines take a hundredth of it."""


def read_mapping(path: Path) -> Mapping[str, str]:
    """A mapping file, TOML: each of our columns that is called otherwise there, `surname = "Familiyasi"`.

    Raises:
        WorldFailed: `FILE_UNREADABLE`, or `LIST_COLUMNS_MISSING` where it names a column that we don't have.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(_MAPPING_CHARACTERS_MAX + 1)
        mapping = tomllib.loads(text) if len(text) <= _MAPPING_CHARACTERS_MAX else None
    except (OSError, ValueError, RecursionError) as error:  # tomllib goes into arrays within arrays as deep as they are
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error
    if mapping is None:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"{path}: far longer than a mapping", path=path)
    wrong = [ours for ours, theirs in mapping.items() if ours not in COLUMNS or not isinstance(theirs, str)]
    if wrong:
        raise WorldFailed(Failure.LIST_COLUMNS_MISSING, f"the mapping's {wrong[0]}", columns=", ".join(wrong))
    return mapping


def find_columns(header: Sequence[str], wanted: Sequence[str], mapping: Mapping[str, str]) -> tuple[int, ...]:
    """Where each wanted column stands in `header`; case and outer spaces don't matter, further columns neither.

    Raises:
        WorldFailed: `LIST_COLUMNS_MISSING` naming those that are not there, or that stand twice.
    """
    names = [name.strip().casefold() for name in header]
    theirs = {ours: mapping.get(ours, ours).strip().casefold() for ours in wanted}
    missing = [ours for ours, name in theirs.items() if names.count(name) != 1]
    if missing:
        raise WorldFailed(Failure.LIST_COLUMNS_MISSING, ", ".join(missing), columns=", ".join(missing))
    return tuple(names.index(name) for name in theirs.values())
