"""The camera at the table: its pictures while it is looked at, and nothing on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from pollbook.store.home import StationHome
from station_app.table_camera import TABLE_CAMERA, table_camera_of
from tests.devices.virtual_reader import until


def test_its_pictures_come_while_it_is_looked_at_and_nothing_is_recorded(tmp_path: Path) -> None:
    (tmp_path / TABLE_CAMERA).write_text("scene:7\n", "ascii")
    camera = table_camera_of(StationHome(tmp_path))
    assert camera is not None
    assert camera.latest() is None
    with camera.watching():
        until(lambda: camera.latest() is not None)
        photo = camera.latest()
        assert photo is not None
        assert len(photo.rgb) == photo.width * photo.height * 3
    assert camera.latest() is None
    assert [path.name for path in tmp_path.iterdir()] == [TABLE_CAMERA]


@pytest.mark.parametrize("text", ["", "rtsp://10.0.0.7/main", "usb:", "nonsense", "\x00\xff", "file:/etc/passwd"])
def test_only_a_camera_of_this_laptop_is_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / TABLE_CAMERA).write_text(text, "latin-1")
    assert table_camera_of(StationHome(tmp_path)) is None


def test_without_the_file_there_is_none(tmp_path: Path) -> None:
    assert table_camera_of(StationHome(tmp_path)) is None
