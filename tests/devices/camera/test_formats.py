"""Bytes: transport streams, files of JPEGs, NAL units, parameter sets, addresses and lines of an index."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera import annexb, folder, jpegs, mpegts
from devices.camera.address import Credentials, split_address
from devices.camera.job import Job, Status, read_job, read_message, write_job, write_message
from devices.camera.jpegs import JpegWriter
from devices.camera.mp4 import to_mp4
from devices.camera.mpegts import Frame, TsWriter
from devices.camera.picture_size import picture_size
from devices.camera.place import place_of
from devices.camera.values import CameraFailed, Codec, Trouble
from tests.devices.camera.streams import SETS, unit

LENGTHS = st.integers(1, 1200)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=900), st.booleans()), min_size=1, max_size=6))
def test_a_transport_stream_gives_back_each_picture_with_its_time(pictures: list[tuple[bytes, bool]]) -> None:
    writer = TsWriter(Codec.H264)
    at_ms = [1_797_735_600_000 + 40 * number for number in range(len(pictures))]
    content = b"".join(
        writer.encode(data, at, is_key=is_key) for (data, is_key), at in zip(pictures, at_ms, strict=True)
    )
    assert len(content) % 188 == 0
    frames = list(mpegts.frames(content))
    assert [(frame.data, frame.is_key) for frame in frames] == pictures
    assert [frame.at_ms - frames[0].at_ms for frame in frames] == [at - at_ms[0] for at in at_ms]


@given(st.binary(max_size=2000), st.integers(0, 400))
def test_any_bytes_are_read_as_a_transport_stream_without_a_fault(noise: bytes, cut: int) -> None:
    content = TsWriter(Codec.H265).encode(b"x" * 500, 5, is_key=True)
    list(mpegts.frames(noise))
    list(mpegts.frames(content[: len(content) - cut] + noise))
    assert mpegts.whole_bytes(noise) <= len(noise)


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.integers(0, 200))
def test_a_file_of_jpegs_that_is_cut_anywhere_keeps_every_whole_picture(pictures: list[bytes], cut: int) -> None:
    parts = [JpegWriter().encode(data, 1000 + number, is_key=True) for number, data in enumerate(pictures)]
    content = b"".join(parts)
    torn = content[: max(len(content) - cut, 0)]
    whole = jpegs.whole_bytes(torn)
    assert content[:whole] == b"".join(parts[: len(list(jpegs.frames(torn)))])
    assert [frame.data for frame in jpegs.frames(content)] == pictures


def test_other_programs_play_what_is_written(films: Path, tmp_path: Path) -> None:
    for name, codec in (("hall.h264", Codec.H264), ("hall.h265", Codec.H265)):
        data = (films / name).read_bytes()
        mark = b"\0\0\0\1\x09" if codec is Codec.H264 else b"\0\0\0\1\x46\x01"
        units = [mark + rest for rest in data.split(mark)[1:]]
        writer = TsWriter(codec)
        path = tmp_path / f"{name}.ts"
        path.write_bytes(
            b"".join(
                writer.encode(unit, 1000 + 100 * number, is_key=annexb.is_key_frame(unit, codec))
                for number, unit in enumerate(units)
            )
        )
        asked = "stream=width,height,nb_read_frames,codec_name:stream_tags="
        shown = subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-show_entries", asked, "-of", "json", str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        (stream,) = json.loads(shown.stdout)["streams"]
        assert (stream["width"], stream["height"], int(stream["nb_read_frames"])) == (320, 240, len(units))
        assert shown.stderr == ""


@pytest.mark.parametrize(
    ("name", "size"), [("hall.h264", (320, 240)), ("wide.h264", (480, 272)), ("hall.h265", (320, 240))]
)
def test_the_size_of_the_picture_is_read_from_the_stream(films: Path, name: str, size: tuple[int, int]) -> None:
    codec = Codec(name.rsplit(".", 1)[1])
    assert picture_size((films / name).read_bytes()[:2000], codec) == size


@given(st.binary(max_size=80), st.sampled_from([Codec.H264, Codec.H265]))
def test_a_parameter_set_of_any_bytes_has_a_size_or_none(noise: bytes, codec: Codec) -> None:
    head = b"\0\0\1\x67" if codec is Codec.H264 else b"\0\0\1\x42\x01"
    size = picture_size(head + noise, codec)
    assert size is None or all(0 < side <= 16_384 for side in size)


@given(st.binary(max_size=300))
def test_nal_units_of_any_bytes_hold_no_start_code(noise: bytes) -> None:
    assert all(b"\0\0\1" not in found for found in annexb.nal_units(noise))


def test_a_key_frame_brings_its_parameter_sets_or_does_not() -> None:
    bare, full = unit(1, is_key=True), unit(1, is_key=True, sets=SETS)
    assert annexb.is_key_frame(bare, Codec.H264)
    assert not annexb.has_parameter_sets(bare, Codec.H264)
    assert annexb.has_parameter_sets(full, Codec.H264)
    assert not annexb.is_key_frame(unit(1, is_key=False), Codec.H264)


def test_a_slice_that_goes_on_with_a_picture_begins_none() -> None:
    assert annexb.begins_picture(b"\0\0\0\1\x09\xf0\0\0\1\x65\x88", Codec.H264)
    assert not annexb.begins_picture(b"\0\0\0\1\x65\x08", Codec.H264)
    assert annexb.begins_picture(b"\0\0\0\1\x26\x01\xaf", Codec.H265)
    assert not annexb.begins_picture(b"\0\0\0\1\x26\x01\x2f", Codec.H265)


@pytest.mark.parametrize("strange", [b"", b"\0\0\0\1\x09\xf0" + b"\x55" * 400, b"RTSP/1.0 200 OK", b"\xff" * 300])
def test_garbage_is_no_access_unit(strange: bytes) -> None:
    assert not annexb.is_access_unit(strange, Codec.H264)
    assert not annexb.is_access_unit(strange[:3] + b"?", Codec.JPEG)


# --- addresses


def test_a_password_in_an_address_is_taken_out_and_shown_nowhere() -> None:
    address, credentials = split_address("rtsp://guard:p%40ss@10.0.0.7:8554/main?token=abc&x=1")
    assert credentials == Credentials("guard", "p@ss")
    shown = f"{address} {address!r} {credentials!r} {place_of('rtsp://guard:p%40ss@10.0.0.7/', None, None)!r}"
    for secret in ("p@ss", "p%40ss", "guard", "abc"):
        assert secret not in shown
    assert address.host_and_port == ("10.0.0.7", 8554)
    assert address.with_credentials(credentials) == "rtsp://guard:p%40ss@10.0.0.7:8554/main?token=abc&x=1"


@pytest.mark.parametrize(
    "text", ["", "hall", "ftp://10.0.0.1/", "rtsp://", "rtsp://10.0.0.1:99999/", "usb:x", "http://a b/", "rtsp://a\n/"]
)
def test_what_is_no_cameras_address_is_refused(text: str) -> None:
    with pytest.raises(CameraFailed) as failed:
        split_address(text)
    assert failed.value.trouble is Trouble.ADDRESS_INVALID


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with suppress(CameraFailed):
        address, credentials = split_address(text)
        assert credentials is None or credentials.password not in str(address) or len(credentials.password) < 3


def test_a_job_and_a_status_come_through_a_pipe_as_they_were(tmp_path: Path) -> None:
    job = Job("hall", tmp_path, place_of("rtsp://10.0.0.7/a", "guard", "secret"), place_of("usb:2", None, None, "Cam"))
    assert read_job(write_job(job)) == job
    status = Status(light=2, alarms={"lost": 5}, trouble=Trouble.DENIED, codec=Codec.H265)  # type: ignore[arg-type]
    assert read_message(write_message(status)) == status
    assert "secret" not in repr(job)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    )
)
def test_any_json_is_a_row_or_none(value: object) -> None:
    assert folder.read_row(json.dumps(value)) is None
    assert folder.read_row(json.dumps({"kind": "segment", "camera": value})) is None
    assert read_message(json.dumps({"kind": "status", "light": value})) is None


def test_an_mp4_is_played_by_other_programs_with_each_picture_when_it_came(films: Path, tmp_path: Path) -> None:
    for name, codec in (("hall.h264", Codec.H264), ("hall.h265", Codec.H265)):
        mark = b"\0\0\0\1\x09" if codec is Codec.H264 else b"\0\0\0\1\x46\x01"
        units = [mark + rest for rest in (films / name).read_bytes().split(mark)[1:]][:40]
        frames = [Frame(0, annexb.is_key_frame(unit, codec), unit) for unit in units]
        times = [1000 + 100 * number + (5000 if number > 20 else 0) for number in range(len(units))]
        path = tmp_path / f"{name}.mp4"
        path.write_bytes(to_mp4(frames, times, codec))
        asked = ["-show_entries", "stream=nb_read_frames,width,duration", "-count_frames", "-of", "json"]
        shown = subprocess.run(
            ["ffprobe", "-v", "warning", *asked, str(path)], capture_output=True, text=True, check=True
        )
        (stream,) = json.loads(shown.stdout)["streams"]
        assert (int(stream["nb_read_frames"]), stream["width"], shown.stderr) == (40, 320, "")
        assert float(stream["duration"]) == pytest.approx(8.94, abs=0.1)
    with pytest.raises(CameraFailed):
        to_mp4([], [], Codec.H264)
