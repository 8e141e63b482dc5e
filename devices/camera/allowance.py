"""How much a recording may still take: what the disk has, and what a quota over all recordings leaves."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from devices.camera import folder
from devices.camera.folder import QuotaUsed

COUNT_EVERY_S: Final = 60.0
"""Counting a day of four cameras takes some ten milliseconds; a camera may write 30 MB more than allowed meanwhile."""


class Allowance:
    """What one camera's recording asks before it writes; `use` may be called from any thread."""

    def __init__(self, quota_bytes: int | None, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._quota_bytes = quota_bytes
        self._used_bytes, self._counted_s = 0, float("-inf")

    def use(self, quota_bytes: int | None) -> None:
        """All recordings may take so many bytes from now on; None: as many as the disk has."""
        self._quota_bytes, self._counted_s = quota_bytes, float("-inf")

    def room(self, root: Path) -> int:
        """How many bytes the disk has left.

        Raises:
            QuotaUsed: The recordings take all that they may.
            OSError: The disk.
        """
        free, quota_bytes = shutil.disk_usage(root).free, self._quota_bytes
        if quota_bytes is None:
            return free
        now_s = self._monotonic_s()
        if now_s - self._counted_s >= COUNT_EVERY_S:
            self._used_bytes, self._counted_s = recordings_bytes(root.parent), now_s
        if self._used_bytes >= quota_bytes:
            raise QuotaUsed
        return free


def recordings_bytes(base: Path) -> int:
    """The bytes that the recordings of all elections take in the folder that holds them."""
    try:
        with os.scandir(base) as found:
            return sum(bytes_of(each.path) for each in found if each.is_dir() and folder.is_root(Path(each.path)))
    except FileNotFoundError:
        return 0


def bytes_of(root: Path | str) -> int:
    """The bytes of a folder's files; of what goes away while it is counted, none."""
    size = 0
    try:
        with os.scandir(root) as found:
            for each in found:
                if each.is_dir(follow_symlinks=False):
                    size += bytes_of(each.path)
                elif each.is_file(follow_symlinks=False):
                    size += each.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return size
    return size
