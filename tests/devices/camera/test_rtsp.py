"""Our own receiver of RTSP: packets become pictures, whatever a camera sends, and it is told why one shows nothing."""

from __future__ import annotations

import hashlib
import itertools
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera import annexb
from devices.camera.address import Credentials, split_address
from devices.camera.authentication import authorization
from devices.camera.folder import Row
from devices.camera.job import Job, Status
from devices.camera.opening import open_or_explain, open_place
from devices.camera.place import Place, place_of
from devices.camera.rtsp.camera import OtherForm, RtspCamera, open_rtsp
from devices.camera.rtsp.depacketising import PICTURE_BYTES_MAX, Picture, Pictures
from devices.camera.rtsp.messages import read_message
from devices.camera.rtsp.reports import Received, read_sender_report, write_receiver_report
from devices.camera.rtsp.sdp import read_offer
from devices.camera.rtsp.wire import CAPACITY_BYTES, Ended, Wire
from devices.camera.values import CameraFailed, Codec, Packet, Trouble
from devices.camera.worker import Worker
from tests.devices.camera import handmade
from tests.devices.camera.handmade import DESCRIPTION, PAYLOAD_TYPE, aggregated, camera, interleaved, packets
from tests.devices.camera.servers import answering, rtsp_server
from tests.devices.camera.streams import PPS, SPS_320_240

CONTENTS = st.lists(st.binary(min_size=1, max_size=900), min_size=1, max_size=4)
CODECS = st.sampled_from([Codec.H264, Codec.H265])
FIRST, OTHER = 0x80, 0x00
"""The bit after a slice's header that says whether it is its picture's first."""


def slice_of(codec: Codec, content: bytes, *, first: bool = True, is_key: bool = False) -> bytes:
    """A unit that looks like a slice."""
    kind = (5 if is_key else 1) if codec is Codec.H264 else (19 if is_key else 1)
    head = bytes([0x60 | kind]) if codec is Codec.H264 else bytes([kind << 1, 1])
    return head + bytes([FIRST if first else OTHER]) + content


def given_back(sent: bytes, codec: Codec = Codec.H264, cuts: tuple[int, ...] = ()) -> list[Picture]:
    """What comes out of a connection into which these bytes went, cut at these places."""
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    wire.pictures = Pictures(codec, PAYLOAD_TYPE, 0)
    with theirs:
        try:
            places = [0, *sorted(cut % (len(sent) + 1) for cut in cuts), len(sent)]
            for begin, end in itertools.pairwise(places):
                for at in range(begin, end, 60_000):
                    theirs.sendall(sent[at : min(at + 60_000, end)])
                    with suppress(CameraFailed):
                        wire.receive(0)
        finally:
            wire.close()
    return list(wire.pictures.ready)


def annex_b(*units: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + unit for unit in units)


@given(
    CODECS, st.integers(20, 200), st.integers(0, 0xFFFF), st.lists(st.integers(0, 9999), max_size=4).map(tuple),
    st.lists(st.tuples(st.booleans(), CONTENTS), max_size=6),
)  # fmt: skip
def test_every_picture_comes_out_of_its_packets_as_it_went_in(
    codec: Codec, part_bytes: int, first: int, cuts: tuple[int, ...], pictures: list[tuple[bool, list[bytes]]]
) -> None:
    units = [
        [slice_of(codec, content, first=number == 0, is_key=is_key) for number, content in enumerate(contents)]
        for is_key, contents in pictures
    ]
    stamps = [0xFFFFFF00 + 3000 * number for number in range(len(units))]
    sent = interleaved(packets(list(zip(units, stamps, strict=True)), codec, part_bytes=part_bytes, first=first))
    found = given_back(sent, codec, cuts)
    assert [picture.data for picture in found] == [annex_b(*each) for each in units]
    assert [picture.is_key for picture in found] == [is_key for is_key, _ in pictures]
    assert [picture.ticks - found[0].ticks for picture in found] == [3000 * number for number in range(len(found))]


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_units_that_share_a_packet_are_told_apart(codec: Codec) -> None:
    sets = (SPS_320_240, PPS) if codec is Codec.H264 else (b"\x40\x01vps", b"\x42\x01sps", b"\x44\x01pps")
    key = slice_of(codec, b"picture", is_key=True)
    head = struct.pack(">BBHII", 0x80, 0x80 | PAYLOAD_TYPE, 1, 0, 7)
    (found,) = given_back(interleaved([head + aggregated([*sets, key], codec)]), codec)
    assert found.data == annex_b(*sets, key)
    assert annexb.has_parameter_sets(found.data, codec)
    torn = aggregated([*sets, key], codec)[:-3]
    assert given_back(interleaved([head + torn]), codec) == []


@given(CODECS, st.integers(0, 40), st.integers(1, 3))
def test_a_picture_of_which_a_packet_is_missing_is_left_out_and_no_other(codec: Codec, at: int, count: int) -> None:
    pictures = [([slice_of(codec, bytes([number]) * 700)], 3000 * number) for number in range(6)]
    made = packets(pictures, codec, part_bytes=100)
    per_picture = len(made) // len(pictures)
    gone = set(range(at % len(made), min(at % len(made) + count, len(made))))
    whole = [number for number in range(6) if not gone & set(range(number * per_picture, (number + 1) * per_picture))]
    found = given_back(interleaved([each for number, each in enumerate(made) if number not in gone]), codec)
    assert [picture.ticks // 3000 for picture in found] == whole


def test_a_marker_after_every_slice_ends_no_picture_once_that_is_seen() -> None:
    slices = [slice_of(Codec.H264, b"one"), slice_of(Codec.H264, b"two", first=False)]
    made = [packets([([unit], 3000 * number)], Codec.H264)[0] for number in range(4) for unit in slices]
    sent = [each[:2] + number.to_bytes(2) + each[4:] for number, each in enumerate(made)]
    found = given_back(interleaved(sent))
    assert [picture.data for picture in found] == [annex_b(slices[0]), annex_b(*slices), annex_b(*slices)]


def test_parameter_sets_with_a_time_stamp_of_their_own_go_with_the_picture_after_them() -> None:
    key = slice_of(Codec.H264, b"key", is_key=True)
    (found,) = given_back(interleaved(packets([([SPS_320_240], 1), ([PPS], 2), ([key], 3)], Codec.H264)))
    assert found.data == annex_b(SPS_320_240, PPS, key)


def test_parameter_sets_between_the_slices_of_a_picture_are_left_out() -> None:
    first, second = slice_of(Codec.H264, b"a", is_key=True), slice_of(Codec.H264, b"b", first=False, is_key=True)
    (found,) = given_back(interleaved(packets([([SPS_320_240, PPS, first, SPS_320_240, PPS, second], 1)], Codec.H264)))
    assert found.data == annex_b(SPS_320_240, PPS, first, second)


def test_extensions_padding_and_other_streams_are_taken_off() -> None:
    unit = slice_of(Codec.H264, b"picture")
    head = struct.pack(">BBHIIIHH", 0xB1, 0x80 | PAYLOAD_TYPE, 1, 0, 7, 99, 0xBEDE, 1)
    odd = head + b"ext!" + unit + b"\0\0\3"
    strange = struct.pack(">BBHII", 0x80, 0x80 | 8, 2, 0, 7) + unit
    assert [found.data for found in given_back(interleaved([strange]) + interleaved([odd]))] == [annex_b(unit)]


def test_a_picture_without_end_is_let_go() -> None:
    ours, theirs = socket.socketpair()
    wire, pictures = Wire(ours), Pictures(Codec.H264, PAYLOAD_TYPE, 0)
    wire.pictures = pictures
    body = b"x" * 60_000
    with theirs:
        for number in range(PICTURE_BYTES_MAX // 60_000 + 20):
            flag = 0x80 if number == 0 else 0
            theirs.sendall(
                interleaved([struct.pack(">BBHIIBB", 0x80, 96, number, 5, 7, 0x7C, flag | 5) + b"\x80" + body])
            )
            wire.receive(0)
            assert sum(map(len, pictures._pieces)) <= PICTURE_BYTES_MAX + CAPACITY_BYTES
        rest = packets([([slice_of(Codec.H264, b"after")], 9)], Codec.H264, first=number + 1)
        theirs.sendall(interleaved([each[:8] + (7).to_bytes(4) + each[12:] for each in rest]))
        wire.receive(0)
    wire.close()
    assert [picture.data[-5:] for picture in pictures.ready] == [b"after"]


@given(CODECS, st.lists(st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda each: b"$\0\0" + each))))
def test_any_bytes_are_taken_without_a_fault(codec: Codec, noise: list[bytes]) -> None:
    good = packets([([slice_of(codec, b"x" * 300)], 1)], codec, part_bytes=50)
    heads = [each[:12] + part for each, part in zip(good * 20, noise, strict=False)]
    given_back(b"".join(noise), codec)
    given_back(interleaved(heads) + b"".join(noise), codec)


def test_packets_are_found_again_after_a_length_that_was_a_lie() -> None:
    made = packets([([slice_of(Codec.H264, bytes([number]) * 60)], 3000 * number) for number in range(4)], Codec.H264)
    lie = b"$\0" + (len(made[1]) - 20).to_bytes(2) + made[1]
    found = given_back(interleaved(made[:1]) + lie + interleaved(made[2:]))
    assert [picture.ticks // 3000 for picture in found if len(picture.data) == 66] == [0, 2, 3]


def test_a_connection_that_says_nothing_sensible_is_no_camera() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    wire.pictures = Pictures(Codec.H264, PAYLOAD_TYPE, 0)

    def talk() -> None:
        for _ in range(10):
            theirs.sendall(b"\x55" * 60_000)
            wire.receive(0)

    with theirs, pytest.raises(CameraFailed):
        talk()
    wire.close()


def test_messages_without_end_are_no_camera() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire(ours)
    with theirs:
        theirs.sendall(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n" * 500)
        with pytest.raises(CameraFailed):
            wire.receive(0)
    wire.close()


@given(st.binary(max_size=300), st.sampled_from([b"", b"RTSP/1.0 200 OK\r\n", b"OPTIONS * RTSP/1.0\r\n"]))
def test_any_bytes_are_a_message_or_none(noise: bytes, head: bytes) -> None:
    with suppress(CameraFailed):
        found = read_message(head + noise, 0, len(head + noise))
        assert found is None or found[1] <= len(head + noise)


@pytest.mark.parametrize(
    "said",
    [
        b"RTSP/1.0 200 OK\r\nContent-Length: 2147483648\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"RTSP/1.0 200 OK\r\nX: " + b"y" * 20_000,
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_message_beyond_all_measure_is_refused(said: bytes) -> None:
    with pytest.raises(CameraFailed) as failed:
        read_message(said, 0, len(said))
    assert failed.value.trouble is Trouble.NO_VIDEO


@given(st.binary(max_size=400))
def test_any_description_has_an_offer_or_none(noise: bytes) -> None:
    read_offer(noise)
    read_offer(DESCRIPTION.encode() + noise)
    read_offer(b"m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 " + noise)


def test_a_description_tells_codec_clock_and_sets() -> None:
    offer = read_offer(DESCRIPTION.encode())
    assert offer is not None
    assert (offer.codec, offer.payload_type, offer.clock_hz, offer.control) == (Codec.H264, 96, 90_000, "track1")
    assert (offer.parameter_sets, offer.rate) == (annex_b(SPS_320_240, PPS), 10.0)
    for said, other in (("H264/90000", "JPEG/90000"), ("mode=1", "mode=2"), ("m=video", "m=text"), ("H264", "H264 ")):
        assert read_offer(DESCRIPTION.replace(said, other).encode()) is None


@given(st.binary(max_size=120))
def test_any_report_is_read_or_not(noise: bytes) -> None:
    read_sender_report(noise)
    read_sender_report(b"\x80\xc8\0\6" + noise)


def test_reports_tell_the_clock_of_the_camera_and_that_we_receive() -> None:
    report = read_sender_report(handmade.sender_report(1_797_735_600.25, 5)[4:])
    assert report is not None
    assert (report.source, report.ticks, report.clock_s) == (handmade.SOURCE, 5, 1_797_735_600.25)
    since_switched_on = read_sender_report(struct.pack(">BBHIQIII", 0x80, 200, 6, 7, 90 << 32, 5, 0, 0))
    assert since_switched_on is not None
    assert since_switched_on.clock_s is None
    said = write_receiver_report(9, Received(handmade.SOURCE, 3, 70_000), report, 0.5)
    first, kind, words, ours, source, missing, highest, _, last, delay = struct.unpack_from(">BBHIIIIIII", said)
    assert (first, kind, words, ours, source, missing, highest) == (0x81, 201, 7, 9, handmade.SOURCE, 3, 70_000)
    assert (last, delay) == (report.ntp >> 16 & 0xFFFFFFFF, 32_768)
    assert said[32:34] == b"\x81\xca"
    assert len(said) == 32 + 4 + 4 * int.from_bytes(said[34:36])


def test_a_digest_answers_what_was_offered() -> None:
    who = Credentials("Mufasa", "Circle of Life")
    offer = 'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf", opaque="FQhe"'
    said = authorization("GET", "/dir/index.html", who, [offer, 'Digest realm="x", nonce="y"'], 1)
    (ours,) = re.findall(r'cnonce="(\w+)"', said)

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    first, second = sha("Mufasa:http-auth@example.org:Circle of Life"), sha("GET:/dir/index.html")
    assert f'response="{sha(f"{first}:7ypf:00000001:{ours}:auth:{second}")}"' in said
    assert 'opaque="FQhe"' in said
    assert "Circle" not in said
    assert authorization("GET", "/", who, ['Basic realm="x"'], 1) == "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"


# --- cameras made by hand, over loopback

FILM = interleaved(
    packets(
        [([SPS_320_240, PPS, slice_of(Codec.H264, b"k" * 5000, is_key=True)], 0), *(
            ([slice_of(Codec.H264, b"p" * 900)], 9000 * number) for number in range(1, 10)
        )],
        Codec.H264,
    )
)  # fmt: skip


def opened(port: int, credentials: Credentials | None = None) -> RtspCamera:
    return open_rtsp(split_address(f"rtsp://127.0.0.1:{port}/hall")[0], credentials)


def trouble(port: int) -> Trouble:
    with pytest.raises(CameraFailed) as failed:
        open_or_explain(Place(split_address(f"rtsp://127.0.0.1:{port}/hall")[0]), 0.5)
    return failed.value.trouble


def test_a_camera_is_opened_read_and_left() -> None:
    asked: list[str] = []
    gone = threading.Event()

    def answer(request: str, _fields: Mapping[str, str]) -> None:
        asked.append(request)
        if request.startswith("TEARDOWN"):
            gone.set()

    report = handmade.sender_report(100.0, 9000)  # a camera whose clock is in 1970
    with answering(camera(report + FILM[:1] + FILM[1:], answer)) as port:
        found = opened(port)
        assert (found.facts.codec, found.facts.width, found.facts.rate) == (Codec.H264, 320, 10.0)
        assert found.facts.is_direct
        read = [packet for packet in (found.read() for _ in range(10)) if packet is not None]
        found.close()
        assert gone.wait(5)
    assert [packet.is_key for packet in read] == [True] + [False] * 9
    assert read[9].stream_s - read[0].stream_s == pytest.approx(0.9)
    url = f"rtsp://127.0.0.1:{port}/hall"
    assert asked == [
        f"{method} {url}{rest} RTSP/1.0"
        for method, rest in (("OPTIONS", ""), ("DESCRIBE", ""), ("SETUP", "/track1"), ("PLAY", ""), ("TEARDOWN", ""))
    ]


def test_the_clock_of_the_camera_goes_with_each_picture_once_it_is_known() -> None:
    with answering(camera(FILM + handmade.sender_report(100.0, 9000) + _later(FILM, 10))) as port:
        found = opened(port)
        read = [packet for packet in (found.read() for _ in range(20)) if packet is not None]
        found.close()
    assert read[-1].camera_s == pytest.approx(100.0 + 1.8)


def _later(film: bytes, number: int) -> bytes:
    """The film's packets again, numbered on, a second later."""
    made, at, sequence = [], 0, film.count(b"$\0")
    while at < len(film):
        size = int.from_bytes(film[at + 2 : at + 4])
        packet = film[at + 4 : at + 4 + size]
        head, _, stamp, source = struct.unpack_from(">HHII", packet)
        made.append(struct.pack(">HHII", head, sequence, stamp + 9000 * number, source) + packet[12:])
        sequence, at = sequence + 1, at + 4 + size
    return interleaved(made)


def test_a_camera_whose_certificate_is_of_its_own_making_is_read_over_tls(tmp_path: Path) -> None:
    made = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate"), "-subj", "/CN=camera"]
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *made]
    subprocess.run(words, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    serve = camera(FILM + _later(FILM, 10))

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inside:
            serve(inside)

    with answering(secured) as port:
        found = open_rtsp(split_address(f"rtsps://127.0.0.1:{port}/hall")[0], None)
        read = [packet for packet in (found.read() for _ in range(20)) if packet is not None]
        found.close()
    assert [packet.is_key for packet in read] == ([True] + [False] * 9) * 2


def test_a_camera_that_stops_sending_is_lost_and_one_that_hangs_up_too() -> None:
    with answering(camera(FILM)) as port:
        found, began_s = opened(port), time.monotonic()
        assert len(list(iter(found.read, None))) == 10
        assert time.monotonic() - began_s < 4
        found.close()
    with answering(camera(FILM[:-40], hangs_up=True)) as port:
        found = opened(port)
        assert len(list(iter(found.read, None))) == 9
        found.close()


def test_a_camera_asks_itself_and_is_answered() -> None:
    question = b"GET_PARAMETER * RTSP/1.0\r\nCSeq: 7\r\n\r\n"
    answered = threading.Event()

    def answer(request: str, fields: Mapping[str, str]) -> None:
        if request == "RTSP/1.0 200 OK" and fields["cseq"] == "7":
            answered.set()

    with answering(camera(question + FILM, answer)) as port:
        found = opened(port)
        assert isinstance(found.read(), Packet)
        assert answered.wait(5)
        found.close()


def test_a_password_is_proven_and_a_wrong_one_is_denied() -> None:
    right = authorization("DESCRIBE", "rtsp://127.0.0.1/hall", Credentials("guard", "right"), ['Digest nonce="n"'], 1)
    assert "right" not in right

    def answer(request: str, fields: Mapping[str, str]) -> str | None:
        method, uri, _ = request.split()
        wanted = authorization(method, uri, Credentials("guard", "right"), ['Digest realm="r", nonce="n"'], 1)
        if fields.get("authorization") == wanted or method == "OPTIONS":
            return None
        return 'RTSP/1.0 401 Unauthorized\r\nCSeq: #\r\nWWW-Authenticate: Digest realm="r", nonce="n"\r\n\r\n'

    with answering(camera(FILM, answer)) as port:
        found = opened(port, Credentials("guard", "right"))
        assert isinstance(found.read(), Packet)
        found.close()
        with pytest.raises(CameraFailed) as failed:
            opened(port, Credentials("guard", "wr0ng-secret"))
        assert failed.value.trouble is Trouble.DENIED
        assert "wr0ng" not in str(failed.value)


def test_a_camera_sends_on_within_itself_and_never_to_another_host() -> None:
    secrets: list[str] = []

    def sending_on(to: str) -> handmade.Answer:
        def answer(request: str, fields: Mapping[str, str]) -> str | None:
            secrets.append(fields.get("authorization", ""))
            is_there = "/hall" not in request or not request.startswith("DESCRIBE")
            return None if is_there else f"RTSP/1.0 302 Found\r\nCSeq: #\r\nLocation: {to}\r\n\r\n"

        return answer

    with answering(camera(FILM, sending_on("rtsp://127.0.0.9/taken"))) as port:
        assert trouble(port) is Trouble.NOT_THERE
    with answering(camera(FILM, sending_on("nonsense"))) as port:
        assert trouble(port) is Trouble.NOT_THERE
    places: list[str] = []

    def answer(request: str, fields: Mapping[str, str]) -> str | None:
        return sending_on(places[0])(request, fields)

    with answering(camera(FILM, answer)) as port:
        places.append(f"rtsp://127.0.0.1:{port}/yard")
        found = opened(port)
        assert isinstance(found.read(), Packet)
        found.close()
        places[0] = f"rtsp://127.0.0.1:{port}/hall"
        assert trouble(port) is Trouble.NOT_THERE
    assert not any(secrets)


@pytest.mark.parametrize(
    ("method", "said", "told"),
    [
        ("DESCRIBE", "RTSP/1.0 404 Not Found\r\nCSeq: #\r\n\r\n", Trouble.NOT_THERE),
        ("DESCRIBE", "RTSP/1.0 200 OK\r\nCSeq: #\r\nContent-Length: 2147483648\r\n\r\n", Trouble.NO_VIDEO),
        ("DESCRIBE", "RTSP/1.0 200 OK\r\nCSeq: #\r\n" + "X: y\r\n" * 500 + "\r\n", Trouble.NO_VIDEO),
        ("DESCRIBE", "RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n", Trouble.SILENT),
        ("SETUP", "RTSP/1.0 454 Session Not Found\r\nCSeq: #\r\n\r\n", Trouble.NOT_THERE),
        ("PLAY", "RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: #\r\n\r\n", Trouble.NO_VIDEO),
        ("OPTIONS", "\0\1\2\3 what is this\r\n\r\n", Trouble.NO_VIDEO),
    ],
)
def test_why_a_camera_plays_nothing_is_told(method: str, said: str, told: Trouble) -> None:
    def answer(request: str, _fields: Mapping[str, str]) -> str | None:
        return said if request.startswith(method) else None

    with answering(camera(FILM, answer)) as port, pytest.raises(CameraFailed) as failed:
        opened(port)
    assert failed.value.trouble is told


def test_a_camera_that_sends_over_udp_alone_is_recorded_through_opencv(films: Path, root: Path) -> None:
    told: list[Status] = []
    with rtsp_server("--udp", f"hall={films / 'hall.h264'}@10") as server:
        place = place_of(server.url("hall"), None, None)
        with pytest.raises(OtherForm):
            open_rtsp(place.address, None)

        def tell(message: Row | Status) -> None:
            told.extend([message] if isinstance(message, Status) else [])
            if told and (told[-1].recorded_until_ms is not None or len(told) > 40):
                worker.stop()

        # A busy machine loses packets of UDP: the worker opens the camera until pictures come, as it does every day.
        worker = Worker(Job("hall", root, place), tell)
        worker.run()
    assert (told[-1].codec, told[-1].is_direct) == (Codec.H264, False)
    assert told[-1].recorded_until_ms is not None


def test_digests_of_a_real_server_are_answered(films: Path) -> None:
    with rtsp_server("--digest", "guard:right", f"hall={films / 'hall.h264'}@10") as server:
        found = open_place(place_of(server.url("hall"), "guard", "right"))
        assert found.facts.is_direct
        assert isinstance(found.read(), Packet)
        found.close()
        with pytest.raises(CameraFailed) as failed:
            open_place(place_of(server.url("hall"), "guard", "wrong"))
        assert failed.value.trouble is Trouble.DENIED


def test_a_wire_that_takes_nothing_more_has_ended() -> None:
    ours, theirs = socket.socketpair()
    wire = Wire(ours)

    def talk() -> None:
        for _ in range(100):
            wire.send(b"x" * 100_000)

    with theirs, pytest.raises(Ended):
        talk()
    wire.close()
