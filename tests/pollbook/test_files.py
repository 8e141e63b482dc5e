from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pollbook.files import write_secret


def test_a_secret_is_its_owners_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_secret(path, b"new\n")
    assert path.read_bytes() == b"new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_crash_left_lends_the_secret_neither_its_rights_nor_its_place(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"another's")
    (tmp_path / "secret.new").symlink_to(elsewhere)
    write_secret(tmp_path / "secret", b"new")
    assert elsewhere.read_bytes() == b"another's"
    (tmp_path / "secret.new").write_bytes(b"half")
    (tmp_path / "secret.new").chmod(0o666)
    write_secret(tmp_path / "secret", b"newer")
    assert (tmp_path / "secret").read_bytes() == b"newer"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


@pytest.mark.skipif(os.name != "posix", reason="only POSIX syncs folders")
def test_the_content_is_on_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, bool]] = []
    fsync = os.fsync

    def seen(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append((is_folder, (tmp_path / "secret").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", seen)
    write_secret(tmp_path / "secret", b"new")
    assert synced == [(False, False), (True, True)]
