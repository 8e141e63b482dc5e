"""The holder's photograph beside the person at the table: values and protocols, no Qt, nothing stored.

A help, never a judge: what is found changes no verdict. Whoever looks decides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from station_app.passports import Photo

LOOK_EVERY_S = 0.2
Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the frame."""


ALIKE = 0.363
"""From this likeness on the models' authors call two faces one person's (`devices.faces.ALIKE`)."""


class Models(StrEnum):
    """Whether faces can be compared here."""

    READY = "ready"
    ABSENT = "absent"
    WRONG = "wrong"
    """There are files, and they are not the ones that are meant."""


class FaceState(StrEnum):
    """What the face check can say."""

    NO_CAMERA = "no_camera"
    NO_FRAME = "no_frame"
    NO_FACE = "no_face"
    SEEN = "seen"


@dataclass(frozen=True, slots=True, repr=False)
class FaceSeen:
    """The newest frame with the face in it.

    Attributes:
        frame: None without a camera, or while it gives none.
        box: Where the face is in the frame.
        similarity: From -1 to 1, one person's as a rule from `ALIKE` on; None where it was not computed.
        models: Whether it can be computed here.
    """

    state: FaceState
    frame: Photo | None = None
    box: Box | None = None
    similarity: float | None = None
    models: Models = Models.ABSENT


class Frames(Protocol):
    """The camera that sees the person at the table."""

    def watching(self) -> AbstractContextManager[None]:
        """It runs until the block ends."""

    def latest(self) -> Photo | None:
        """The newest frame; None while the camera gives none. Never waits."""


class FaceFinder(Protocol):
    """Finds faces, and compares two where it has the models for it."""

    @property
    def models(self) -> Models:
        """Whether `similarity` can answer."""

    def find(self, photo: Photo) -> Box | None:
        """The largest face in a picture."""

    def similarity(self, one: Photo, other: Photo) -> float | None:
        """How alike the largest faces of two pictures are, -1 to 1; None without models or without a face in both."""


def look(frames: Frames | None, finder: FaceFinder, photo: Photo | None) -> FaceSeen:
    """One look: the newest frame, the face in it, and how alike it is to the photograph."""
    if frames is None:
        return FaceSeen(FaceState.NO_CAMERA, models=finder.models)
    frame = frames.latest()
    if frame is None:
        return FaceSeen(FaceState.NO_FRAME, models=finder.models)
    box = finder.find(frame)
    if box is None:
        return FaceSeen(FaceState.NO_FACE, frame, models=finder.models)
    alike = finder.similarity(photo, frame) if photo is not None and finder.models is Models.READY else None
    return FaceSeen(FaceState.SEEN, frame, box, alike, finder.models)


def keep_looking(
    frames: Frames | None,
    finder: FaceFinder,
    photo: Callable[[], Photo | None],
    tell: Callable[[object], None],
    stop: threading.Event,
) -> None:
    """Look a few times a second until stopped; without a camera, once."""
    with frames.watching() if frames is not None else nullcontext():
        while True:
            seen = look(frames, finder, photo())
            if stop.is_set():
                return
            tell(seen)
            if seen.state is FaceState.NO_CAMERA or stop.wait(LOOK_EVERY_S):
                return
