from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.camera import folder
from tests.devices.camera.servers import RtspServer, make_film, rtsp_server


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`hall.h264` 320 × 240, `wide.h264` 480 × 272, `hall.h265`."""
    place = tmp_path_factory.mktemp("films")
    make_film(place / "hall.h264")
    make_film(place / "wide.h264", size="480x272", seed=2)
    make_film(place / "hall.h265", seconds=5)
    return place


@pytest.fixture
def server(films: Path) -> Iterator[RtspServer]:
    with rtsp_server(f"hall={films / 'hall.h264'}@10", f"modern={films / 'hall.h265'}@10") as started:
        yield started


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder of recordings."""
    made = tmp_path / "recordings"
    folder.make_root(made)
    return made
