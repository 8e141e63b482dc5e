"""Which removable media are plugged in, and on which of them a book keeps its mirror.

Looking is the edge; choosing is a rule: a medium with this book's mirror is followed; an empty one gets a mirror where
somebody has decided on mirrors before (its content is encrypted, whoever carries it away); a folder that a person named
is taken as it is. On anything else nothing is written by itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pollbook.mirror_file import HEADER_NAME, JOURNAL_NAME

HEADER_BYTES_MAX = 40 * 1024 * 1024
JOURNAL_BYTES_MAX = 256 * 1024 * 1024
"""A day of a precinct is about one megabyte."""
FOLDERS_MAX = 99
_MOUNTS = Path("/proc/self/mounts")
_ROOTS = ("/media/", "/run/media/")
"""Where desktops of Linux mount what a person plugs in. Source: FHS 3.0 §3.11; udisks2."""
_ESCAPED = re.compile(r"\\([0-7]{3})")
_SYSTEMS_OWN = frozenset({"system volume information", "$recycle.bin", "lost+found"})
"""What systems put on a medium by themselves; names that begin with a dot are taken as such too."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A medium: the mirrors of this desk on it (by folder), which of them are this book's, and whether it is empty.

    `unused` is the folder that a new mirror would have here.
    """

    root: Path
    ours: tuple[Path, ...]
    others: tuple[Path, ...]
    is_empty: bool
    unused: Path


@dataclass(frozen=True, slots=True)
class Chosen:
    """A folder to keep the mirror in; `is_new` where it must be made first."""

    folder: Path
    is_new: bool


def folder_name(precinct: str, desk: int) -> str:
    """The folder's name on the medium; a further mirror beside one of another book has `.2`, `.3`, … after it."""
    return f"uchastka-mirror-{precinct}-{desk}"


def choose(seen: Iterable[Seen], named: Collection[Path], *, is_set_up: bool) -> tuple[Chosen, ...]:
    """Where the mirror is kept, of the media that are there: at most one folder on each, in the order seen.

    Args:
        seen: The media that were looked at.
        named: Roots that a person chose for the mirror, whatever else is on them.
        is_set_up: Whether this book has been mirrored before; an empty stick is taken only then.
    """
    chosen: list[Chosen] = []
    for medium in seen:
        if medium.ours:
            chosen.append(Chosen(medium.ours[-1], is_new=False))
        elif medium.root in named or (is_set_up and medium.is_empty):
            chosen.append(Chosen(medium.unused, is_new=True))
    return tuple(chosen)


def look_at(root: Path, name: str, is_ours: Callable[[bytes], bool]) -> Seen | None:
    """What is on a medium, or None where it cannot be read (it is on its way in or out).

    `is_ours` tells of a mirror's header whether this book made it. May wait for as long as the medium does.
    """
    try:
        entries = [entry.name for entry in root.iterdir()]
    except OSError:
        return None
    ours: list[Path] = []
    others: list[Path] = []
    unused = None
    for number in range(1, FOLDERS_MAX + 1):
        folder = root / (name if number == 1 else f"{name}.{number}")
        header = _read_header(folder)
        if header is None:
            # Made and not finished: a crash left it, and it holds nothing.
            unused = unused or (folder if not _holds_something(folder) else None)
            if folder.name not in entries:
                break
            continue
        (ours if is_ours(header) else others).append(folder)
    is_empty = all(entry.startswith(".") or entry.lower() in _SYSTEMS_OWN for entry in entries)
    return Seen(root, tuple(ours), tuple(others), is_empty, unused or root / f"{name}.{FOLDERS_MAX + 1}")


def removable_roots(mounts: str) -> tuple[Path, ...]:
    """The mount points of what a person plugged in, of the text of `/proc/self/mounts`.

    Source: fstab(5): fields by blanks, those inside a field as three octal digits.
    """
    points = (line.split(" ")[1] for line in mounts.splitlines() if line.count(" ") >= 2)
    names = dict.fromkeys(_ESCAPED.sub(lambda found: chr(int(found[1], 8)), point) for point in points)
    return tuple(Path(name) for name in names if name.startswith(_ROOTS))


if sys.platform == "win32":
    import ctypes

    _DRIVE_REMOVABLE = 2

    def media_now() -> tuple[Path, ...]:
        """The removable drives with a letter. Source: Win32 `GetLogicalDrives`, `GetDriveTypeW`."""
        letters = ctypes.windll.kernel32.GetLogicalDrives()
        roots = (f"{chr(ord('A') + bit)}:\\" for bit in range(26) if letters >> bit & 1)
        return tuple(Path(root) for root in roots if ctypes.windll.kernel32.GetDriveTypeW(root) == _DRIVE_REMOVABLE)

else:

    def media_now() -> tuple[Path, ...]:
        """The mount points of what a person plugged in; none where the system doesn't tell."""
        try:
            return removable_roots(_MOUNTS.read_text("utf-8", "surrogateescape"))
        except OSError:
            return ()


def _read_header(folder: Path) -> bytes | None:
    try:
        with (folder / HEADER_NAME).open("rb") as file:
            return file.read(HEADER_BYTES_MAX)
    except OSError:
        return None


def _holds_something(folder: Path) -> bool:
    try:
        return (folder / JOURNAL_NAME).stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError:
        return True
