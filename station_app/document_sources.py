"""Where documents with a chip come from at this laptop: its readers, and in training a made-up one beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo

from devices.emrtd.face_images import FaceImage, FaceImageInvalid
from devices.emrtd.photograph import decode_photograph
from pollbook.store.home import StationHome
from station_app.document_trust import load_trust
from station_app.face_finder import StationFaces, photo_of
from station_app.faces import Frames
from station_app.passport_reading import PcscPassports
from station_app.passports import Passports, Photo
from station_app.table_camera import table_camera_of
from station_app.training_passports import TrainingPassports

FACE_MODELS = "face-models"
Now = Callable[[], datetime]


def passports_of(home: StationHome, now: Now, zone: tzinfo, *, is_training: bool) -> Passports:
    """The readers of this laptop; documents are proven by the authorities that the station trusts at that moment."""
    return PcscPassports(lambda: load_trust(home), decode, now, zone, is_training=is_training)


def training_of(passports: Passports, now: Now, zone: tzinfo) -> TrainingPassports:
    """The training reader beside the laptop's own."""
    return TrainingPassports(passports, decode, now, zone)


def faces_of(home: StationHome) -> StationFaces:
    """What finds faces, with the models that IT staff put into the station's folder."""
    return StationFaces(home.path / FACE_MODELS)


def frames_of(home: StationHome) -> Frames | None:
    """The camera that sees the person at the table, where there is one."""
    return table_camera_of(home)


def decode(untrusted: FaceImage) -> Photo | None:
    """The photograph, or None where it cannot be shown."""
    try:
        return photo_of(decode_photograph(untrusted))
    except FaceImageInvalid:
        return None
