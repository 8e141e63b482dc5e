"""The replayed twin of `opencv`: a camera that plays a recording, or a hall that is not there. No OpenCV capture.

In the product for training, where no camera is at hand; in tests for what no machine has (a USB camera that is pulled
out, a clock that is wrong). It goes at the pace of its pictures, by a clock that may be any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devices.camera import folder
from devices.camera.address import Address
from devices.camera.opencv import encode_jpeg
from devices.camera.picture_size import picture_size
from devices.camera.recovery import codec_of
from devices.camera.scene import Scene
from devices.camera.values import Camera, CameraFailed, Codec, Packet, StreamFacts, Trouble

SCENE_WIDTH, SCENE_HEIGHT, SCENE_RATE = 640, 480, 5.0
OWN_SUFFIXES = frozenset(folder.SUFFIX.values())


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock to go by."""

    now_s: Callable[[], float] = time.monotonic
    wait: Callable[[float], object] = time.sleep


class Paced:
    """A camera that gives each packet when it is due, and nothing once its packets are over or it was closed."""

    def __init__(self, facts: StreamFacts, packets: Iterator[Packet], pace: Pace) -> None:
        self.facts = facts
        self._packets, self._pace = packets, pace
        self._began_s: float | None = None
        self._is_closed = False

    def read(self) -> Packet | None:
        packet = None if self._is_closed else next(self._packets, None)
        if packet is None:
            return None
        if self._began_s is None:
            self._began_s = self._pace.now_s() - packet.stream_s
        late_s = self._began_s + packet.stream_s - self._pace.now_s()
        if late_s > 0:
            self._pace.wait(late_s)
        return packet

    def close(self) -> None:
        self._is_closed = True


def scene_camera(scene: Scene, pace: Pace) -> Camera:
    """A camera in this hall; it begins with the picture of this moment."""
    first = int(pace.now_s() * scene.rate)

    def packets() -> Iterator[Packet]:
        number = first
        while True:
            yield Packet(encode_jpeg(scene.picture(number)), (number - first) / scene.rate, True)
            number += 1

    facts = StreamFacts(Codec.JPEG, scene.width, scene.height, scene.rate, is_encoded_here=True)
    return Paced(facts, packets(), pace)


def film_camera(address: Address, pace: Pace) -> Camera:
    """A camera that plays a segment once.

    Raises:
        CameraFailed: `NOT_THERE`, `NO_VIDEO`.
    """
    try:
        content = address.path.read_bytes()
    except OSError as error:
        raise CameraFailed(Trouble.NOT_THERE, f"errno {error.errno}") from error
    frames = list(folder.frames_of(address.path, content))
    if not frames:
        raise CameraFailed(Trouble.NO_VIDEO)
    codec = Codec.JPEG if address.path.suffix == folder.SUFFIX[Codec.JPEG] else codec_of(frames[0].data)
    size = (picture_size(frames[0].data, codec) if codec is not Codec.JPEG else None) or (0, 0)
    first = frames[0].at_ms
    packets = (Packet(frame.data, (frame.at_ms - first) / 1000, frame.is_key) for frame in frames)
    return Paced(StreamFacts(codec, *size, 0.0), packets, pace)


def paced(camera: Camera) -> Camera:
    """A film that another program made, at the pace of its pictures."""

    def packets() -> Iterator[Packet]:
        while (packet := camera.read()) is not None:
            yield packet

    return Paced(camera.facts, packets(), Pace())


def replayed(address: Address, pace: Pace) -> Camera | None:
    """The replayed camera that the address names, or None where it names another one.

    Raises:
        CameraFailed: As `film_camera`.
    """
    if address.scheme == "scene":
        return scene_camera(Scene(address.number, SCENE_WIDTH, SCENE_HEIGHT, SCENE_RATE), pace)
    if address.scheme == "file" and address.path.suffix in OWN_SUFFIXES:
        return film_camera(address, pace)
    return None
