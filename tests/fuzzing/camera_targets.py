"""What a camera on the network sends, to our own receiver."""

from __future__ import annotations

from collections.abc import Callable

from devices.camera.rtsp.depacketising import Pictures
from devices.camera.rtsp.messages import read_message
from devices.camera.rtsp.reports import Received, read_sender_report, write_receiver_report
from devices.camera.rtsp.sdp import read_offer
from devices.camera.rtsp.wire import Ended, Wire
from devices.camera.values import CameraFailed, Codec
from tests.devices.camera import handmade
from tests.devices.camera.handmade import DESCRIPTION, PAYLOAD_TYPE, interleaved, packets, usual
from tests.devices.camera.streams import PPS, SPS_320_240
from tests.fuzzing.target import Target

ANSWER = usual("PLAY", {}).replace("#", "4").encode()


class Came:
    """A connection through which these bytes came, a few at a time, before it ended."""

    def __init__(self, untrusted: bytes) -> None:
        self._left = memoryview(untrusted)

    def setblocking(self, flag: bool, /) -> None:
        assert not flag

    def recv_into(self, buffer: memoryview, /) -> int:
        count = min(len(buffer), len(self._left), 700)
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def send(self, data: bytes, /) -> int:
        return len(data)

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        return


def _stream(codec: Codec) -> Callable[[bytes], None]:
    def parse(untrusted: bytes) -> None:
        wire = Wire(Came(untrusted))
        wire.pictures = Pictures(codec, PAYLOAD_TYPE, 0)
        try:
            while wire.receive(0):
                assert len(wire.messages) <= len(untrusted)
        except Ended:
            pass
        for picture in wire.pictures.ready:
            assert picture.data.startswith(b"\0\0\0\1")
            assert len(picture.data) <= 4 * len(untrusted)

    return parse


def _report(untrusted: bytes) -> None:
    report = read_sender_report(untrusted)
    if report is not None:
        write_receiver_report(1, Received(report.source, 2, 3), report, 0.1)


def _message(untrusted: bytes) -> None:
    found = read_message(untrusted, 0, len(untrusted))
    assert found is None or 0 < found[1] <= len(untrusted)


def _film(codec: Codec) -> bytes:
    h264 = [SPS_320_240, PPS, b"\x65\x88" + b"k" * 500], [b"\x41\x9a" + b"p" * 90, b"\x41\x1a" + b"q" * 90]
    h265 = [b"\x40\x01v", b"\x42\x01s", b"\x44\x01p", b"\x26\x01\xaf" + b"k" * 500], [b"\x02\x01\xd0" + b"p" * 90]
    pictures = [(units, 3000 * number) for number, units in enumerate(h264 if codec is Codec.H264 else h265)]
    made = interleaved(packets(pictures, codec, part_bytes=150))
    return ANSWER + made + handmade.sender_report(1_797_735_600, 3000) + made


CAMERA_TARGETS = {
    "rtp_h264": Target(_stream(Codec.H264), (_film(Codec.H264),), (CameraFailed,), 4096),
    "rtp_h265": Target(_stream(Codec.H265), (_film(Codec.H265),), (CameraFailed,), 4096),
    "rtsp_messages": Target(_message, (ANSWER, usual("DESCRIBE", {}).encode()), (CameraFailed,), 4096),
    "sdp": Target(read_offer, (DESCRIPTION.encode(),), (), 2048),
    "rtcp": Target(_report, (handmade.sender_report(1_797_735_600, 5)[4:],), (), 256),
}
"""By the name that `dev.py fuzz NAME` takes; all seeds are taken."""
