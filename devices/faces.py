"""Faces in a photograph and in a camera's frame, and how alike two of them are: help for a person, never a judge.

A face is found by the detector that ships with OpenCV. How alike two faces are needs two files of the OpenCV model zoo
that IT staff supply; each is known by its checksum, and without them there is simply no number. Nothing is stored.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.vision import cv2

Pixels = NDArray[np.uint8]

_FRAME_SIDE_PX: Final = 640
"""A frame is looked at in this size at most: faces at a desk are large."""
_SMALLEST_SHARE: Final = 0.15
"""A face smaller than this share of the picture's shorter side belongs to somebody in the background."""
ALIKE: Final = 0.363
"""From this cosine on OpenCV's authors call two faces one person's (SFace, on photographs in the wild)."""


@dataclass(frozen=True, slots=True)
class Face:
    """Where a face is, in pixels of the picture given."""

    left_px: int
    top_px: int
    width_px: int
    height_px: int


class Model(Enum):
    """A file that IT staff may supply: its name in the model zoo, and the SHA-256 of its content."""

    DETECTOR = (
        "face_detection_yunet_2023mar.onnx",
        "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    )
    RECOGNIZER = (
        "face_recognition_sface_2021dec.onnx",
        "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
    )

    @property
    def file_name(self) -> str:
        return self.value[0]

    @property
    def sha256(self) -> str:
        return self.value[1]


class Lack(Enum):
    """Why there are no models."""

    ABSENT = "absent"
    """The file is not there: nobody supplied it."""
    CHECKSUM_DIFFERS = "checksum_differs"
    """The file is not the one that is meant."""
    NOT_LOADED = "not_loaded"
    """The library doesn't take it."""


@dataclass(frozen=True, slots=True)
class ModelsLacking:
    """Why faces can't be compared here; the message is for IT staff."""

    model: Model
    lack: Lack

    def __str__(self) -> str:
        words = {
            Lack.ABSENT: "is not there",
            Lack.CHECKSUM_DIFFERS: "is not the file that is meant: its checksum differs",
            Lack.NOT_LOADED: "can't be loaded",
        }
        return f"{self.model.file_name} {words[self.lack]}; faces are shown and not compared"


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Both models, loaded; used by one thread at a time."""

    detector: cv2.FaceDetectorYN
    recognizer: cv2.FaceRecognizerSF


CHECKSUMS: Final[Mapping[Model, str]] = {model: model.sha256 for model in Model}


def load_models(folder: Path, checksums: Mapping[Model, str] = CHECKSUMS) -> FaceModels | ModelsLacking:
    """Return the models in a folder, or what is lacking; a file with another checksum is not loaded.

    Args:
        folder: Where IT staff put both files, by their names in the model zoo.
        checksums: SHA-256 of each in hexadecimal.
    """
    for model in Model:
        try:
            content = (folder / model.file_name).read_bytes()
        except OSError:
            return ModelsLacking(model, Lack.ABSENT)
        if hashlib.sha256(content).hexdigest() != checksums[model]:
            return ModelsLacking(model, Lack.CHECKSUM_DIFFERS)
    loading = Model.DETECTOR
    try:
        detector = cv2.FaceDetectorYN.create(str(folder / loading.file_name), "", (320, 320))
        loading = Model.RECOGNIZER
        recognizer = cv2.FaceRecognizerSF.create(str(folder / loading.file_name), "")
    except cv2.error:
        return ModelsLacking(loading, Lack.NOT_LOADED)
    return FaceModels(detector, recognizer)


def _shipped_detector() -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / "haarcascade_frontalface_default.xml"))


def find_face(picture: Pixels) -> Face | None:
    """Return the largest face in a picture (height x width x 3 bytes), or None; by the detector that ships."""
    height, width = picture.shape[:2]
    scale = min(1.0, _FRAME_SIDE_PX / max(height, width, 1))
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    smallest = max(24, int(min(grey.shape) * _SMALLEST_SHARE))
    found = _shipped_detector().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(smallest, smallest))
    if len(found) == 0:
        return None
    left, top, wide, high = max(found, key=lambda box: int(box[2]) * int(box[3]))
    return Face(*(round(int(number) / scale) for number in (left, top, wide, high)))


def _feature(models: FaceModels, picture: Pixels) -> NDArray[np.float32] | None:
    height, width = picture.shape[:2]
    models.detector.setInputSize((width, height))
    _, found = models.detector.detect(picture)
    if found is None or len(found) == 0:
        return None
    largest = max(np.asarray(found, np.float32), key=lambda row: float(row[2] * row[3]))
    # copied: the library gives out its own buffer, which the next call overwrites
    return np.array(models.recognizer.feature(models.recognizer.alignCrop(picture, largest)), np.float32)


def likeness(models: FaceModels, photograph: Pixels, frame: Pixels) -> float | None:
    """Return how alike the largest faces of two pictures are: a cosine from -1 to 1, None if one has no face.

    From `ALIKE` on they may well be one person; below it light, age or a beard may be why. It decides nothing.
    """
    features = [_feature(models, picture) for picture in (photograph, frame)]
    first, second = features
    if first is None or second is None:
        return None
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.dot(first.ravel(), second.ravel())) / lengths if lengths else None
