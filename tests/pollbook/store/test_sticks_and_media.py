"""Which media a mirror is kept on, and what the system says when one is full, read-only or gone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pollbook.failures import Failure
from pollbook.mirror_file import HEADER_NAME, JOURNAL_NAME
from pollbook.store import mirror as mirrors
from pollbook.store import mirror_set_up
from pollbook.store.book import Book
from pollbook.store.errands import AtOnce
from pollbook.store.media import Chosen, Seen, choose, folder_name, look_at, media_now, removable_roots
from pollbook.store.mirror import Mirror, Mirrored, NotMirrored, Surroundings
from pollbook.store.stick import Files, StickChanged, StickFolder, failure_of
from pollbook.types import Channel
from tests.making import OPERATOR, Station

NAME = folder_name("1708-0001", 1)
ROOT = Path("/media/raisova/STICK")


def seen(*, ours: int = 0, others: int = 0, empty: bool = False, root: Path = ROOT) -> Seen:
    folders = [root / f"folder{number}" for number in range(ours + others)]
    return Seen(root, tuple(folders[:ours]), tuple(folders[ours:]), empty, root / "unused")


def test_a_medium_with_our_mirror_is_followed_and_the_newest_of_them() -> None:
    assert choose([seen(ours=2, others=1)], (), is_set_up=False) == (Chosen(ROOT / "folder1", is_new=False),)


def test_an_empty_medium_is_taken_only_where_there_are_mirrors_already() -> None:
    assert choose([seen(empty=True)], (), is_set_up=False) == ()
    assert choose([seen(empty=True)], (), is_set_up=True) == (Chosen(ROOT / "unused", is_new=True),)


def test_a_medium_with_other_things_is_taken_only_where_a_person_named_it() -> None:
    assert choose([seen(), seen(others=1)], (), is_set_up=True) == ()
    assert choose([seen(others=1)], (ROOT,), is_set_up=True) == (Chosen(ROOT / "unused", is_new=True),)


def test_every_medium_gets_one_mirror() -> None:
    second = Path("/media/raisova/SECOND")
    chosen = choose([seen(ours=1), seen(empty=True, root=second)], (), is_set_up=True)
    assert [choice.folder.parent for choice in chosen] == [ROOT, second]


def test_what_is_plugged_in_is_told_from_what_belongs_to_the_system() -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\n"
        "tmpfs /run/user/1000 tmpfs rw 0 0\n"
        "/dev/sdb1 /media/raisova/STICK vfat rw 0 0\n"
        "/dev/sdc1 /run/media/raisova/KO\\040ZGU\\134 exfat rw 0 0\n"
        "/dev/sdb1 /media/raisova/STICK vfat rw 0 0\n"
        "/dev/sdd1 /mediathek/disk ext4 rw 0 0\n"
        "broken\n\n"
    )
    assert removable_roots(mounts) == (ROOT, Path("/run/media/raisova/KO ZGU\\"))


def test_this_system_tells_what_is_plugged_in() -> None:
    assert all(isinstance(root, Path) for root in media_now())


def make_folder(folder: Path, header: bytes | None, journal: bytes | None) -> None:
    folder.mkdir()
    for name, content in ((HEADER_NAME, header), (JOURNAL_NAME, journal)):
        if content is not None:
            (folder / name).write_bytes(content)


def test_what_systems_leave_on_a_medium_does_not_make_it_full_of_things(tmp_path: Path) -> None:
    for name in ("System Volume Information", ".Trash-1000", "lost+found", "$RECYCLE.BIN"):
        (tmp_path / name).mkdir()
    looked = look_at(tmp_path, NAME, lambda _header: False)
    assert looked == Seen(tmp_path, (), (), is_empty=True, unused=tmp_path / NAME)


def test_ours_and_others_are_told_apart_by_their_headers(tmp_path: Path) -> None:
    make_folder(tmp_path / NAME, b"other", b"x")
    make_folder(tmp_path / f"{NAME}.2", b"ours", b"x")
    make_folder(tmp_path / f"{NAME}.3", None, b"left without its header")
    looked = look_at(tmp_path, NAME, lambda header: header == b"ours")
    assert looked is not None
    assert (looked.ours, looked.others) == ((tmp_path / f"{NAME}.2",), (tmp_path / NAME,))
    assert (looked.is_empty, looked.unused) == (False, tmp_path / f"{NAME}.4")


def test_a_folder_that_holds_nothing_is_used(tmp_path: Path) -> None:
    make_folder(tmp_path / NAME, None, b"")
    looked = look_at(tmp_path, NAME, lambda _header: True)
    assert looked is not None
    assert looked.unused == tmp_path / NAME


def test_a_medium_that_is_not_there_is_not_seen(tmp_path: Path) -> None:
    assert look_at(tmp_path / "nowhere", NAME, lambda _header: True) is None


# The folder on the medium.


def test_a_journal_that_somebody_else_changed_is_not_written_to(tmp_path: Path) -> None:
    stick = StickFolder(tmp_path / NAME)
    stick.make(b"header")
    stick.append(0, b"", b"first frame with its tag 16 bytes")
    assert stick.read() == Files(b"header", b"first frame with its tag 16 bytes")
    length = len(b"first frame with its tag 16 bytes")
    for at, tail in ((length, b"another tail...."), (length - 1, b"its tag 16 bytes"), (length + 1, b"")):
        with pytest.raises(StickChanged):
            stick.append(at, tail, b"second")
    stick.append(length, b"its tag 16 bytes"[-16:], b"second")
    stick.cut(3)
    assert stick.read().journal == b"fir"


def test_files_larger_than_a_mirrors_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = StickFolder(tmp_path / NAME)
    stick.make(b"header")
    stick.append(0, b"", bytes(100))
    monkeypatch.setattr("pollbook.store.stick.JOURNAL_BYTES_MAX", 99)
    with pytest.raises(StickChanged):
        stick.read()


@pytest.fixture
def small_medium(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB of its own; only where this user may mount one."""
    root = tmp_path / "small"
    root.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(root)]
    if sys.platform != "linux" or subprocess.run(options, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount; the quota of `sticks.Drawer` stands for it")
    yield root
    subprocess.run(["umount", str(root)], check=True)


def mark_until(book: Book, station: Station, mirror: Mirror) -> NotMirrored:
    for voter in station.voters:
        book.mark(voter.line, Channel.STATION, OPERATOR)
        if isinstance(outcome := mirror.write(), NotMirrored):
            return outcome
    raise AssertionError("every mark was mirrored")


def test_a_real_medium_that_is_full_stops_no_mark_and_goes_on_when_there_is_room(
    station: Station, book: Book, small_medium: Path
) -> None:
    mirror_set_up.set_up(book)
    mirror = Mirror(book, Surroundings(lambda: (small_medium,), AtOnce))
    assert isinstance(mirror.write(), Mirrored)
    ballast = small_medium / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(1024 * 1024))
    # What is left of the journal's last page takes a few marks yet.
    assert mark_until(book, station, mirror) == NotMirrored(Failure.MIRROR_FULL)
    ballast.unlink()
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.step()
    assert mirror.write() == Mirrored(book.head.number)


def test_a_real_medium_that_is_read_only_stops_no_mark(station: Station, book: Book, small_medium: Path) -> None:
    mirror_set_up.set_up(book)
    mirror = Mirror(book, Surroundings(lambda: (small_medium,), AtOnce))
    assert isinstance(mirror.write(), Mirrored)
    subprocess.run(["mount", "-o", "remount,ro", str(small_medium)], check=True)
    book.mark(station.voters[0].line, Channel.STATION, OPERATOR)
    assert mirror.write() == NotMirrored(Failure.MIRROR_FAILED)
    subprocess.run(["mount", "-o", "remount,rw", str(small_medium)], check=True)
    station.clock.advance(mirrors.RETRY_AFTER_S)
    mirror.step()
    assert mirror.write() == Mirrored(book.head.number)


def test_a_medium_that_vanished_is_gone(tmp_path: Path) -> None:
    stick = StickFolder(tmp_path / "stick" / NAME)
    (tmp_path / "stick").mkdir()
    stick.make(b"header")
    shutil.rmtree(tmp_path / "stick")
    for act in (lambda: stick.append(0, b"", b"frame"), stick.read, lambda: stick.cut(0), lambda: stick.make(b"h")):
        with pytest.raises(OSError, match="No such file") as caught:
            act()
        assert failure_of(caught.value) is Failure.MIRROR_GONE


def test_a_mirror_is_readable_by_its_owner_alone_where_the_medium_knows_owners(tmp_path: Path) -> None:
    stick = StickFolder(tmp_path / NAME)
    stick.make(b"header")
    if os.name == "posix":
        assert (stick.folder / HEADER_NAME).stat().st_mode & 0o077 == 0
