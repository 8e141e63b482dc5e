"""Small secret files written so that a crash leaves the old one or the new one, readable by the owner alone."""

from __future__ import annotations

import os
from pathlib import Path


def write_secret(path: Path, content: bytes) -> None:
    """`path` holds `content` on the disk, with mode 0600, or is as it was before.

    Raises:
        OSError: The disk did not take it.
    """
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)  # one left by a crash keeps whatever rights it has
    # O_EXCL: never through a link that somebody laid there.
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """The names in `folder` are on the disk (a no-op where the system has no such call)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
