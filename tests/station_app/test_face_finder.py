"""Faces for the screens: found in what documents and cameras give, compared only where the right models are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from devices.emrtd.emulator.portrait import draw_face
from devices.faces import Model
from station_app.face_finder import StationFaces, photo_of, pixels_of
from station_app.faces import FaceState, Models, look
from station_app.passports import Photo
from tests.station_app.ui.fake_passports import FakeFrames

FACE = photo_of(draw_face(3))
WALL = photo_of(np.full((240, 320, 3), 180, np.uint8))


def test_the_face_is_found_in_a_drawn_photograph_and_none_on_a_wall(tmp_path: Path) -> None:
    finder = StationFaces(tmp_path)
    box = finder.find(FACE)
    assert box is not None
    left, top, width, height = box
    assert left < FACE.width / 2 < left + width
    assert top < FACE.height / 2 < top + height
    assert finder.find(WALL) is None


def test_without_models_faces_are_shown_and_not_compared(tmp_path: Path) -> None:
    finder = StationFaces(tmp_path)
    assert finder.models is Models.ABSENT
    assert finder.similarity(FACE, FACE) is None
    seen = look(FakeFrames(FACE), finder, FACE)
    assert (seen.state, seen.similarity, seen.models) == (FaceState.SEEN, None, Models.ABSENT)


def test_files_that_are_not_the_models_meant_are_not_loaded(tmp_path: Path) -> None:
    for model in Model:
        (tmp_path / model.file_name).write_bytes(b"no model")
    finder = StationFaces(tmp_path)
    assert finder.models is Models.WRONG
    assert finder.similarity(FACE, FACE) is None


def test_what_is_seen_depends_on_camera_frame_and_face(tmp_path: Path) -> None:
    finder = StationFaces(tmp_path)
    assert look(None, finder, FACE).state is FaceState.NO_CAMERA
    assert look(FakeFrames(None), finder, FACE).state is FaceState.NO_FRAME
    assert look(FakeFrames(WALL), finder, FACE).state is FaceState.NO_FACE


def test_pixels_and_photos_are_each_other_s_and_large_ones_are_made_smaller() -> None:
    assert photo_of(pixels_of(FACE)) == FACE
    large = photo_of(np.zeros((2000, 1000, 3), np.uint8))
    assert (large.width, large.height) == (250, 500)
    assert isinstance(large, Photo)
