"""Faces for the screens: found by the detector that ships, compared where IT staff supplied the models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from devices import faces
from devices.faces import FaceModels, Lack, Pixels
from station_app.faces import Box, Models
from station_app.passports import Photo

_HEIGHT_MAX = 640
"""Screens show no more; a photograph has 531 rows as a rule."""


class StationFaces:
    """See `faces.FaceFinder`; one thread uses it at a time."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where IT staff put the model files; they are loaded when first wanted."""
        self._folder = folder
        self._loaded: FaceModels | Lack | None = None

    @property
    def models(self) -> Models:
        """Whether there are models; a file that is not the one meant is none."""
        loaded = self._load()
        if isinstance(loaded, FaceModels):
            return Models.READY
        return Models.ABSENT if loaded is Lack.ABSENT else Models.WRONG

    def find(self, photo: Photo) -> Box | None:
        """The largest face in a picture."""
        found = faces.find_face(pixels_of(photo))
        return None if found is None else (found.left_px, found.top_px, found.width_px, found.height_px)

    def similarity(self, one: Photo, other: Photo) -> float | None:
        """How alike the largest faces of two pictures are."""
        loaded = self._load()
        if not isinstance(loaded, FaceModels):
            return None
        return faces.likeness(loaded, pixels_of(one), pixels_of(other))

    def _load(self) -> FaceModels | Lack:
        if self._loaded is None:
            loaded = faces.load_models(self._folder)
            self._loaded = loaded if isinstance(loaded, FaceModels) else loaded.lack
        return self._loaded


def pixels_of(photo: Photo) -> Pixels:
    """The picture as OpenCV has it: blue, green, red."""
    rgb = np.frombuffer(photo.rgb, np.uint8).reshape(photo.height, photo.width, 3)
    return np.ascontiguousarray(rgb[:, :, ::-1])


def photo_of(pixels: Pixels) -> Photo:
    """OpenCV's picture as the screens draw it, every other row and column left out until it is small enough."""
    while pixels.shape[0] > _HEIGHT_MAX:
        pixels = pixels[::2, ::2]
    rgb = np.ascontiguousarray(pixels[:, :, ::-1])
    return Photo(rgb.shape[1], rgb.shape[0], rgb.tobytes())
