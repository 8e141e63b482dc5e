"""What our own receiver reads is decoded whole, as soon as it comes, and no more of it than somebody looks at."""

from __future__ import annotations

import itertools
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from devices.camera import annexb
from devices.camera.decoding import StreamViewer, decode_key_frame
from devices.camera.frame_slot import FrameSlot
from devices.camera.opening import open_place, open_view
from devices.camera.place import place_of
from devices.camera.values import CameraFailed, Codec, Packet, Pixels, StreamFacts
from devices.vision import cv2
from tests.devices.camera.servers import rtsp_server

RATE, SIZE = 10, "320x240"
DELIMITERS = {Codec.H264: b"\0\0\0\1\x09", Codec.H265: b"\0\0\0\1\x46\x01"}


@pytest.fixture(scope="module")
def sliced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of several slices a picture, with a key frame a second."""
    path = tmp_path_factory.mktemp("sliced") / "hall.h264"
    shown = ["-f", "lavfi", "-i", f"testsrc2=s={SIZE}:r={RATE}:d=8", "-vf", "noise=alls=12:allf=t:all_seed=5"]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p"]
    settings = ["-x264-params", "aud=1:scenecut=0:sliced-threads=1:threads=4", "-g", str(RATE), "-f", "h264"]
    subprocess.run(["ffmpeg", "-loglevel", "error", *shown, *codec, *settings, str(path)], check=True)
    return path


def pictures_of(path: Path) -> list[Pixels]:
    """The film as OpenCV decodes the file."""
    capture, found = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1]), []
    while (read := capture.read())[0]:
        found.append(np.asarray(read[1], np.uint8))
    capture.release()
    return found


class Film:
    """A camera that plays a film's pictures without waiting."""

    def __init__(self, path: Path) -> None:
        self.facts = StreamFacts(Codec(path.suffix[1:]), 320, 240, float(RATE))
        content, self.gather_s, self.given, self.is_closed = path.read_bytes(), 1.0, 0, False
        starts = [found.start() for found in re.finditer(re.escape(DELIMITERS[self.facts.codec]), content)]
        self._packets = self._cut(content, [*starts, len(content)])

    def _cut(self, content: bytes, places: list[int]) -> Iterator[Packet]:
        for number, (begin, end) in enumerate(itertools.pairwise(places)):
            data = content[begin:end]
            self.given += 1
            yield Packet(data, number / RATE, annexb.is_key_frame(data, self.facts.codec))

    def read(self) -> Packet | None:
        return next(self._packets, None)

    def close(self) -> None:
        self.is_closed = True


def test_pictures_of_several_slices_are_decoded_whole_and_none_is_waited_for(sliced: Path) -> None:
    film, wanted = Film(sliced), pictures_of(sliced)
    viewer = StreamViewer(film, lambda: True)
    for number in range(60):
        assert viewer.advance() == pytest.approx(number / RATE)
        assert film.given == number + 1
        pixels = viewer.pixels()
        assert pixels is not None
        assert np.array_equal(pixels, wanted[number])
    assert film.gather_s == 0.0
    viewer.close()
    assert film.is_closed


def test_h265_is_decoded_as_it_comes_too(films: Path) -> None:
    film, wanted = Film(films / "hall.h265"), pictures_of(films / "hall.h265")
    viewer = StreamViewer(film, lambda: True)
    place = np.empty((240, 320, 3), np.uint8)
    for number in range(20):
        assert viewer.advance() is not None
        assert viewer.pixels(place) is place
        assert np.array_equal(place, wanted[number])
    viewer.close()


def test_key_frames_alone_are_decoded_while_nobody_watches_and_all_again_once_somebody_does(sliced: Path) -> None:
    watched = [False]
    viewer = StreamViewer(Film(sliced), lambda: watched[0])
    # The second key frame tells how far apart they are.
    seen = [viewer.advance() for _ in range(14)]
    assert seen[:11] == [number / RATE for number in range(11)]
    assert seen[11:] == [2.0, 3.0, 4.0]
    watched[0] = True
    assert [viewer.advance() for _ in range(3)] == [5.0, 5.1, 5.2]
    viewer.close()


def test_a_key_frame_of_several_slices_is_decoded_whole(sliced: Path) -> None:
    film = Film(sliced)
    key = film.read()
    assert key is not None
    pixels = decode_key_frame(key.data, film.facts)
    assert pixels is not None
    assert np.array_equal(pixels, pictures_of(sliced)[0])
    sets = b"".join(b"\0\0\0\1" + unit for unit in annexb.parameter_sets(key.data, Codec.H264))
    bare = annexb.slices(key.data, Codec.H264)
    again = decode_key_frame(bare, StreamFacts(Codec.H264, 320, 240, 10.0, sets))
    assert again is not None
    assert np.array_equal(again, pixels)
    assert decode_key_frame(b"\0\0\0\1\x65\x55", film.facts) is None


def test_a_stream_that_ends_before_its_first_picture_is_no_video() -> None:
    class Nothing:
        facts, gather_s, is_closed = StreamFacts(Codec.H264, 0, 0, 0.0), 0.0, False

        def read(self) -> None:
            return None

        def close(self) -> None:
            self.is_closed = True

    nothing = Nothing()
    with pytest.raises(CameraFailed):
        StreamViewer(nothing, lambda: True)
    assert nothing.is_closed


def test_a_real_stream_of_several_slices_is_shown_and_recorded_whole(sliced: Path) -> None:
    wanted = np.stack(pictures_of(sliced)).astype(np.int16)[:, ::8, ::8]
    with rtsp_server(f"hall={sliced}@{RATE}") as server:
        place = place_of(server.url("hall"), None, None)
        viewer = open_view(place, lambda: True)
        for _ in range(15):
            assert viewer.advance() is not None
            pixels = viewer.pixels()
            assert pixels is not None
            assert np.abs(wanted - pixels[::8, ::8]).mean(axis=(1, 2, 3)).min() == 0
        viewer.close()
        with closing(open_place(place)) as camera:
            for packet in (camera.read() for _ in range(15)):
                assert packet is not None
                units = annexb.nal_units(packet.data)
                assert sum(annexb.nal_type(unit, Codec.H264) in {1, 5} for unit in units) > 1


def test_whoever_asks_for_a_picture_watches() -> None:
    made = FrameSlot.make()
    joined = FrameSlot.join(made.name)
    try:
        assert not joined.is_watched()
        made.newest()
        assert joined.is_watched()
        small, large = (240, 320), (1080, 1920)
        assert joined.fill(lambda place: _written(place, 5), small, 7, time.monotonic())
        shown = made.newest()
        assert shown is not None
        assert (shown.pixels.shape, int(shown.pixels[0, 0, 0]), shown.number) == ((240, 320, 3), 5, 1)
        assert joined.fill(lambda _place: np.full((1080, 1920, 3), 6, np.uint8), large, 7, time.monotonic())
        shown = made.newest(1)
        assert shown is not None
        assert (shown.pixels.shape, int(shown.pixels[0, 0, 0])) == ((540, 960, 3), 6)
        assert not joined.fill(lambda _place: None, small, 7, time.monotonic())
        assert made.newest() is None  # what was there was given up, and nothing took its place
    finally:
        joined.close()
        made.close()


def _written(place: Pixels | None, value: int) -> Pixels | None:
    assert place is not None
    place[:] = value
    return place
