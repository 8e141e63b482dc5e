"""Cameras through OpenCV: RTSP, HTTP, USB and files; the one home of capture.

OpenCV's defaults let a frozen camera block a reader for a minute and log addresses with their passwords. What is set
here was measured: time-outs of FFmpeg (µs) and of OpenCV (ms), a small probe, silence. A read that came to nothing is
the end of its capture: it never recovers, so whoever reads closes it and opens another.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

import numpy as np

from devices.camera import annexb
from devices.camera.address import Address, Credentials
from devices.camera.lateness import LATE_S, LOST_S, Lateness
from devices.camera.values import (
    Camera,
    CameraFailed,
    Codec,
    Packet,
    Pixels,
    StreamFacts,
    Trouble,
    Viewer,
)
from devices.vision import cv2

OPEN_TIMEOUT_MS = 3000
READ_TIMEOUT_MS = 1200
"""OpenCV tries a read twice: a frozen camera is noticed after 2.4 s, and one that sends a picture a second is not."""
GATHER_S = 0.25
"""Once nothing waits, so long is slept: pictures that are read several at a time cost a third less."""
_WAITED_S = 0.005
JPEG_QUALITY = 75
_CODECS = {"h264": Codec.H264, "avc1": Codec.H264, "hevc": Codec.H265, "hvc1": Codec.H265, "mjpg": Codec.JPEG}
_WHOLE_ENOUGH = 12
"""After so many pictures that came in one piece each, none is held back any more to see whether it has another."""
_STRANGE_PACKETS_MAX = 25
"""So many packets in a row that are not what the stream says, and it is no stream of pictures."""


def open_camera(address: Address, credentials: Credentials | None) -> Camera:
    """The camera's compressed pictures, as it sends them where it sends H.264, H.265 or JPEG.

    Raises:
        CameraFailed: `NO_VIDEO` or `UNPLUGGED`: it could not be opened; why, `probing` finds out.
    """
    if address.scheme == "usb":
        return _UsbCamera(address.number)
    capture = _capture(address, credentials, raw=True)
    codec = _CODECS.get(_fourcc(capture))
    if codec is None:
        capture.release()
        return _PictureCamera(_capture(address, credentials, raw=False))
    is_live = address.scheme != "file"
    return _RawCamera(capture, codec, has_clock=address.scheme in {"rtsp", "rtsps", "file"}, is_live=is_live)


def open_viewer(address: Address, credentials: Credentials | None) -> Viewer:
    """The camera's pictures, decoded on one thread.

    Raises:
        CameraFailed: As `open_camera`.
    """
    capture = _capture(address, credentials, raw=False)
    return _PictureViewer(capture, Lateness() if address.scheme in {"rtsp", "rtsps"} else None)


def encode_jpeg(pixels: Pixels) -> bytes:
    """The picture as a JPEG file: the cheapest encoder there is in the wheel (0.6 ms at VGA)."""
    is_done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not is_done:
        raise CameraFailed(Trouble.NO_VIDEO, "a picture that no JPEG can hold")
    return encoded.tobytes()


def small_jpeg(pixels: Pixels, width_max: int, quality: int) -> bytes:
    """The picture as a JPEG at most `width_max` pixels wide; `quality` is 1 to 100. For others, and for thin links."""
    height, width = pixels.shape[:2]
    if width > width_max:
        size = width_max, max(1, round(height * width_max / width))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    is_done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not is_done:
        raise CameraFailed(Trouble.NO_VIDEO, "a picture that no JPEG can hold")
    return encoded.tobytes()


def decode_jpeg(data: bytes) -> Pixels | None:
    """The picture in a JPEG file, or None."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if found is None else np.asarray(found, np.uint8)


def _capture(address: Address, credentials: Credentials | None, *, raw: bool) -> cv2.VideoCapture:
    options = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    # One thread: a second one buys nothing at these sizes and costs a picture of latency.
    options += [cv2.CAP_PROP_FORMAT, -1] if raw else [cv2.CAP_PROP_N_THREADS, 1]
    where = str(address.path) if address.scheme == "file" else address.with_credentials(credentials)
    capture = cv2.VideoCapture(where, cv2.CAP_FFMPEG, options)
    if not capture.isOpened():
        raise CameraFailed(Trouble.NO_VIDEO, "not opened")
    return capture


def _fourcc(capture: cv2.VideoCapture) -> str:
    return int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("ascii", "replace").lower()


def _size_and_rate(capture: cv2.VideoCapture) -> tuple[int, int, float]:
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    return int(width), int(height), rate if 0 < rate <= 240 else 0.0


class _RawCamera:
    """Packets as they come, undecoded."""

    def __init__(self, capture: cv2.VideoCapture, codec: Codec, *, has_clock: bool, is_live: bool) -> None:
        self._capture, self._codec, self._has_clock = capture, codec, has_clock
        # Without a clock of the stream a picture's time is when it was read.
        self._may_gather, self._is_drained = has_clock and is_live, False
        self._held: Packet | None = None
        self._pending: Packet | None = None
        self._is_sliced, self._is_over, self._whole = False, False, 0
        self.facts = StreamFacts(codec, *_size_and_rate(capture), self._parameter_sets())

    def _parameter_sets(self) -> bytes:
        if self._codec is Codec.JPEG:
            return b""
        is_there, found = self._capture.retrieve(None, int(self._capture.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX)))
        units = annexb.parameter_sets(found.tobytes(), self._codec) if is_there else ()
        return b"".join(b"\0\0\0\1" + unit for unit in units)

    def read(self) -> Packet | None:
        """A whole picture. One of several slices comes in pieces, which only the next picture's beginning ends."""
        while True:
            packet = None if self._is_over else self._next()
            held, self._held = self._held, None
            # A capture that came to nothing is not asked again: it would be waited for a second time.
            self._is_over = packet is None
            if packet is None or self._codec is Codec.JPEG:
                return held or packet
            if not annexb.begins_picture(packet.data, self._codec):
                self._is_sliced = True
                if held is not None:  # else its beginning was given already: half a picture more helps nobody
                    self._held = replace(held, data=held.data + annexb.slices(packet.data, self._codec))
                continue
            self._whole += 1
            if held is None and not self._is_sliced and self._whole > _WHOLE_ENOUGH:
                return packet
            self._held = packet
            if held is not None:
                if not self._is_sliced and self._whole > _WHOLE_ENOUGH:
                    self._pending, self._held = packet, None
                return held

    def _next(self) -> Packet | None:
        pending, self._pending = self._pending, None
        if pending is not None:
            return pending
        if self._is_drained:
            time.sleep(GATHER_S)
        for _ in range(_STRANGE_PACKETS_MAX):
            began_s = time.monotonic()
            is_read, found = self._capture.read()
            self._is_drained = self._may_gather and time.monotonic() - began_s > _WAITED_S
            if not is_read:
                return None
            data = found.tobytes()
            if annexb.is_access_unit(data, self._codec):
                # FFmpeg makes up times for what has none.
                now_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 if self._has_clock else time.monotonic()
                return Packet(data, now_s, annexb.is_key_frame(data, self._codec))
        raise CameraFailed(Trouble.NO_VIDEO, "not the pictures that the stream promises")

    def close(self) -> None:
        self._capture.release()


class _PictureCamera:
    """Pictures that are compressed here, because the camera sends none that may be kept as they are."""

    def __init__(self, capture: cv2.VideoCapture) -> None:
        self._capture = capture
        self.facts = StreamFacts(Codec.JPEG, *_size_and_rate(capture), is_encoded_here=True)

    def read(self) -> Packet | None:
        is_read, pixels = self._capture.read()
        return Packet(encode_jpeg(np.asarray(pixels, np.uint8)), time.monotonic(), True) if is_read else None

    def close(self) -> None:
        self._capture.release()


class _UsbCamera:
    """A camera on USB: its own JPEG where it makes one, else pictures that are compressed here."""

    def __init__(self, number: int) -> None:
        self._capture = cv2.VideoCapture(number, cv2.CAP_DSHOW if sys.platform == "win32" else cv2.CAP_V4L2)
        if not self._capture.isOpened():
            raise CameraFailed(Trouble.UNPLUGGED)
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        is_read, found = self._capture.read()
        if not is_read:
            self._capture.release()
            raise CameraFailed(Trouble.NO_VIDEO)
        self._is_jpeg = found.tobytes()[:3] == b"\xff\xd8\xff"
        if not self._is_jpeg:
            self._capture.set(cv2.CAP_PROP_CONVERT_RGB, 1)
        self.facts = StreamFacts(Codec.JPEG, *_size_and_rate(self._capture), is_encoded_here=not self._is_jpeg)

    def read(self) -> Packet | None:
        is_read, found = self._capture.read()
        if not is_read:
            return None
        data = found.tobytes() if self._is_jpeg else encode_jpeg(np.asarray(found, np.uint8))
        return Packet(data, time.monotonic(), True)

    def close(self) -> None:
        self._capture.release()


class _PictureViewer:
    """Decodes every picture, so that none grows old; what is late is passed over, and whoever is far behind reopens.

    Only RTSP has a clock by which that can be told: times of other streams are made up by FFmpeg.
    """

    def __init__(self, capture: cv2.VideoCapture, lateness: Lateness | None) -> None:
        self._capture, self._lateness = capture, lateness

    def advance(self) -> float | None:
        while self._capture.grab():
            stream_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            late_s = self._lateness.of(stream_s, time.monotonic()) if self._lateness is not None else 0.0
            if late_s > LOST_S:
                return None
            if late_s <= LATE_S:
                return stream_s
        return None

    def pixels(self, place: Pixels | None = None) -> Pixels | None:
        is_read, pixels = self._capture.retrieve(place)
        if not is_read:
            return None
        return place if pixels is place else np.asarray(pixels, np.uint8)

    def close(self) -> None:
        self._capture.release()
