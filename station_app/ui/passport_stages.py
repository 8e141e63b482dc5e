"""Where the reading of a document stands: one value at a time, so that every screen can be drawn again from it.

`NoReader` → (reader plugged in) → `Empty` → (card) → `Lying` → (key) → `Reading` → `Read` or `Failed`.
"""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.documents import DocumentSays
from pollbook.failures import Failure
from station_app.desk import Refused
from station_app.passports import PassportRead, Photo, Progress


@dataclass(frozen=True, slots=True)
class NoReader:
    """No reader is plugged in, or none can be asked; said on its own only where there was one before."""

    failure: Failure = Failure.READER_AWAY
    was_there: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """A reader, and nothing on it. `is_key_known`: it is read as soon as it lies there."""

    is_key_known: bool = False


@dataclass(frozen=True, slots=True)
class Lying:
    """A document lies on the reader. `is_done`: it was read, and its voter is gone."""

    is_done: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """A document is being read; what is there already."""

    progress: Progress
    says: DocumentSays | None = None
    photo: Photo | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Read:
    """The whole result; it stays while its voter is on the screen."""

    result: PassportRead


@dataclass(frozen=True, slots=True)
class Failed:
    """The reading ended; the failure says what to try next."""

    refused: Refused


PassportStage = NoReader | Empty | Lying | Reading | Read | Failed


def photo_of(stage: PassportStage) -> Photo | None:
    """The photograph, as soon as it is there."""
    match stage:
        case Reading():
            return stage.photo
        case Read(result):
            return result.photo
        case _:
            return None


def has_place_for_photo(stage: PassportStage) -> bool:
    """Whether a photograph is there or on its way: its place is kept for it, so that nothing moves when it comes."""
    return isinstance(stage, Reading) or photo_of(stage) is not None
