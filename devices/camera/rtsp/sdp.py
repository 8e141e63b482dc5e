"""What a camera's description offers: its first stream of pictures, as far as we can take it.

Source: RFC 8866 (SDP), RFC 2326 Appendix C (control), RFC 6184 §8.1 (H.264), RFC 7798 §7.1 (H.265).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from devices.camera.values import Codec

_MEDIA = re.compile(r"m=video \d{1,5}(?:/\d{1,3})? RTP/[A-Z/]+ (\d{1,3})(?: .*)?")
_MAP = re.compile(r"a=rtpmap:(\d{1,3}) ([\w.-]+)/(\d{1,9}).*", re.ASCII)
_RATE = re.compile(r"a=framerate:\s*(\d{1,3}(?:\.\d{1,6})?)", re.ASCII)
_CODECS = {"H264": Codec.H264, "H265": Codec.H265}
_SETS = {Codec.H264: ("sprop-parameter-sets",), Codec.H265: ("sprop-vps", "sprop-sps", "sprop-pps")}
_LINES_MAX = 400
_SETS_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Offer:
    """A stream of pictures that we can take.

    Attributes:
        codec: How it is compressed.
        payload_type: What its packets are marked with, 0 to 127.
        clock_hz: Of its time stamps.
        control: What is asked for to set it up, from the description's address on; may be nothing.
        parameter_sets: What a decoder needs, in Annex B form, where the description holds it.
        rate: Frames a second, 0 where it isn't said.
    """

    codec: Codec
    payload_type: int
    clock_hz: int
    control: str
    parameter_sets: bytes
    rate: float


def read_offer(untrusted: bytes) -> Offer | None:
    """The first stream of pictures in a description, or None where it is none that we can take."""
    lines = untrusted.decode("utf-8", "replace").splitlines()[:_LINES_MAX]
    begin = next((number for number, line in enumerate(lines) if line.startswith("m=video")), None)
    if begin is None:
        return None
    media = [lines[begin]]
    for line in lines[begin + 1 :]:
        if line.startswith("m="):
            break
        media.append(line.strip())
    found = _MEDIA.fullmatch(lines[begin].strip())
    mapped = [match for line in media if (match := _MAP.fullmatch(line)) is not None]
    chosen = next((match for match in mapped if found is not None and match[1] == found[1]), None)
    if chosen is None:
        return None
    codec, clock_hz, payload_type = _CODECS.get(chosen[2].upper()), int(chosen[3]), int(chosen[1])
    said = _format_parameters(media, chosen[1])
    # Pictures in another order than they are sent in: nobody asks for it over TCP, OpenCV may try.
    is_reordered = said.get("packetization-mode") == "2" or said.get("sprop-max-don-diff", "0") != "0"
    if codec is None or not 1000 <= clock_hz <= 10_000_000 or payload_type > 127 or is_reordered:
        return None
    control = next((line.partition(":")[2].strip() for line in media if line.startswith("a=control:")), "")
    rates = [float(match[1]) for line in media if (match := _RATE.fullmatch(line)) is not None]
    rate = next((rate for rate in rates if 0 < rate <= 240), 0.0)
    return Offer(codec, payload_type, clock_hz, control, _parameter_sets(said, codec), rate)


def _format_parameters(media: list[str], payload_type: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for line in media:
        head, _, rest = line.partition(" ")
        if head == f"a=fmtp:{payload_type}":
            for part in rest.split(";"):
                name, _, value = part.strip().partition("=")
                said.setdefault(name.strip().lower(), value.strip())
    return said


def _parameter_sets(said: dict[str, str], codec: Codec) -> bytes:
    units = []
    for name in _SETS[codec]:
        for each in said.get(name, "").split(","):
            try:
                unit = base64.b64decode(each, validate=True)
            except (binascii.Error, ValueError):
                continue
            if unit:
                units.append(b"\0\0\0\1" + unit)
    sets = b"".join(units)
    return sets if len(sets) <= _SETS_BYTES_MAX else b""
