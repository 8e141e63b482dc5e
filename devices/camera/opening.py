"""Any camera by its address, with the reason where it does not open."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from devices.camera import opencv, probing, replay, usb
from devices.camera.address import Address
from devices.camera.decoding import StreamViewer
from devices.camera.place import Place
from devices.camera.rtsp.camera import OtherForm, open_rtsp
from devices.camera.usb import UsbDevice
from devices.camera.values import Camera, CameraFailed, Trouble, Viewer


def open_place(place: Place) -> Camera:
    """The camera, open.

    Raises:
        CameraFailed: Of a camera on a network only that there is `NO_VIDEO`; `trouble_of` finds out why.
    """
    replayed = replay.replayed(place.address, replay.Pace())
    if replayed is not None:
        return replayed
    address = place.address
    if address.scheme == "usb":
        number = usb.number_now(UsbDevice(address.number, place.device), usb.list_usb())
        address = Address("usb", f"usb:{number}")
    elif address.scheme == "file" and not address.path.is_file():
        raise CameraFailed(Trouble.NOT_THERE)
    if address.scheme in {"rtsp", "rtsps"}:
        # Our own receiver costs half of what OpenCV does, and hears the camera's clock.
        with suppress(OtherForm):
            return open_rtsp(address, place.credentials)
    camera = opencv.open_camera(address, place.credentials)
    return replay.paced(camera) if address.scheme == "file" else camera


def trouble_of(place: Place, ask_s: float = probing.TIMEOUT_S) -> Trouble:
    """Why a camera that would not open did not, asked for in at most `ask_s` seconds."""
    if not place.address.is_network:
        return Trouble.NO_VIDEO
    try:
        probing.ask(place.address, place.credentials, ask_s)
    except CameraFailed as error:
        return error.trouble
    return Trouble.NO_VIDEO


def clock_off_s(place: Place, ask_s: float = probing.TIMEOUT_S) -> float | None:
    """The camera's own clock less the machine's, where it tells it."""
    if not place.address.is_network:
        return None
    try:
        clock = probing.ask(place.address, place.credentials, ask_s).clock
    except CameraFailed:
        return None
    return None if clock is None else (clock - datetime.now(UTC)).total_seconds()


def open_or_explain(place: Place, ask_s: float = probing.TIMEOUT_S) -> Camera:
    """The camera, open.

    Raises:
        CameraFailed: Why not.
    """
    try:
        return open_place(place)
    except CameraFailed as error:
        if error.trouble is not Trouble.NO_VIDEO:
            raise
        raise CameraFailed(trouble_of(place, ask_s)) from error


def open_view(place: Place, is_watched: Callable[[], bool]) -> Viewer:
    """The pictures of a camera on a network, decoded; while it is not watched, as few as do.

    Raises:
        CameraFailed: Why not.
    """
    if place.address.scheme in {"rtsp", "rtsps"}:
        with suppress(OtherForm):
            return StreamViewer(open_rtsp(place.address, place.credentials), is_watched)
    return opencv.open_viewer(place.address, place.credentials)
