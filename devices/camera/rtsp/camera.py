"""A camera on the network through our own receiver: opened, kept alive, read in bursts of pictures, closed.

Only what is recorded comes this way; it is not decoded. What the camera's own clock says (its reports, its answers)
goes with each picture. Cameras of another form are refused with `OtherForm`, and OpenCV may try them.

Source: RFC 2326 §10 (methods), §12.37 (session), §12.39 (transport).
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from devices.camera.address import Address, Credentials, split_address
from devices.camera.authentication import authorization, is_stale
from devices.camera.connection import connect
from devices.camera.picture_size import picture_size
from devices.camera.rtsp.depacketising import Pictures
from devices.camera.rtsp.messages import Message, is_uri, write_answer, write_request
from devices.camera.rtsp.reports import Received, SenderReport, read_sender_report, write_receiver_report
from devices.camera.rtsp.sdp import Offer, read_offer
from devices.camera.rtsp.wire import Ended, Wire
from devices.camera.values import CameraFailed, Packet, StreamFacts, Trouble

CONNECT_S, OPEN_S = 1.5, 3.0
FIRST_PICTURE_S, PICTURE_S = 4.0, 2.4
"""A camera that sends a picture a second is not lost; one that was just opened may wait for its next key frame."""
GATHER_S = 0.25
"""Once nothing waits, so long is slept: pictures that are read several at a time cost a third less."""
KEEP_ALIVE_S = 30.0
_SESSION_S = 60.0
_BEHIND_MAX_S = 2.0
_REDIRECTS_MAX = 2
_TRIES = 3
_TROUBLES = {401: Trouble.DENIED, 403: Trouble.DENIED, 404: Trouble.NOT_THERE, 454: Trouble.NOT_THERE}
_CHANNELS = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?", re.ASCII)
_SESSION = re.compile(r"([!-:<-~]{1,256})(?:\s*;\s*timeout\s*=\s*(\d{1,6}))?.*", re.ASCII)
_SOONER = 2**31


class OtherForm(Exception):
    """The camera has a form that our receiver doesn't take: another codec, or nothing over TCP."""


def open_rtsp(address: Address, credentials: Credentials | None) -> RtspCamera:
    """The camera, playing.

    Raises:
        CameraFailed: `UNREACHABLE`, `SILENT`, `DENIED`, `NOT_THERE`, `NO_VIDEO`.
        OtherForm: OpenCV may be able to.
    """
    deadline_s = time.monotonic() + OPEN_S
    for _ in range(_REDIRECTS_MAX + 1):
        wire = Wire(connect(address, CONNECT_S))
        try:
            found = _Opening(wire, address, credentials, deadline_s).open()
        except Ended as error:
            wire.close()
            raise CameraFailed(Trouble.NO_VIDEO, "hung up") from error
        except BaseException:
            wire.close()
            raise
        if isinstance(found, RtspCamera):
            return found
        wire.close()
        address = found
    raise CameraFailed(Trouble.NOT_THERE, "sent on and on")


class _Asking:
    """Requests over a connection, with what proves who asks."""

    def __init__(self, wire: Wire, credentials: Credentials | None) -> None:
        self._wire, self._credentials = wire, credentials
        self._number = self._answered = 0
        self._offers: tuple[str, ...] = ()
        self.session = ""

    def send(self, method: str, uri: str, fields: Mapping[str, str] | None = None) -> int:
        """The request is on its way; its number."""
        self._number += 1
        said = dict(fields or {})
        if self.session:
            said["Session"] = self.session
        if self._offers and self._credentials is not None:
            self._answered += 1
            said["Authorization"] = authorization(method, uri, self._credentials, self._offers, self._answered)
        self._wire.send(write_request(method, uri, self._number, said))
        return self._number

    def challenge(self, answer: Message) -> bool:
        """Whether asking again may help."""
        offers = tuple(answer.fields.get("www-authenticate", ()))
        if self._credentials is None or not offers or (self._offers and not is_stale(offers)):
            return False
        self._offers, self._answered = offers, 0
        return True

    def ask(self, method: str, uri: str, deadline_s: float, fields: Mapping[str, str] | None = None) -> Message:
        """The camera's answer.

        Raises:
            CameraFailed: `SILENT`, `NO_VIDEO`.
            Ended: It hung up.
        """
        for _ in range(_TRIES):
            answer = self._answer(self.send(method, uri, fields), deadline_s)
            if answer.status != 401 or not self.challenge(answer):
                break
        return answer

    def _answer(self, number: int, deadline_s: float) -> Message:
        while True:
            while self._wire.messages:
                message = self._wire.messages.popleft()
                if message.status is None:
                    self._wire.send(write_answer(message))
                elif message.number == number and message.status >= 200:
                    return message
            left_s = deadline_s - time.monotonic()
            if left_s <= 0 or not self._wire.receive(left_s):
                raise CameraFailed(Trouble.SILENT)


class _Opening:
    """The steps from a connection to a camera that plays."""

    def __init__(self, wire: Wire, address: Address, credentials: Credentials | None, deadline_s: float) -> None:
        self._wire, self._address, self._deadline_s = wire, address, deadline_s
        self._asking = _Asking(wire, credentials)

    def open(self) -> RtspCamera | Address:
        """The camera, or where it sends us."""
        url = self._address.text
        able = self._asking.ask("OPTIONS", url, self._deadline_s)
        described = self._asking.ask("DESCRIBE", url, self._deadline_s, {"Accept": "application/sdp"})
        if described.status is not None and 300 <= described.status < 400:
            return self._sent_on(described.field("location"))
        _require(described)
        offer = read_offer(described.body)
        if offer is None:
            raise OtherForm
        base = described.field("content-base") or described.field("content-location")
        base = base if is_uri(base) and base.lower().startswith("rtsp") else url
        wanted = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1"}
        set_up = self._asking.ask("SETUP", _joined(base, offer.control), self._deadline_s, wanted)
        if set_up.status != 200 and set_up.status not in _TROUBLES:
            raise OtherForm  # as a rule 461: not over TCP
        _require(set_up)
        session, channels = _SESSION.fullmatch(set_up.field("session")), _CHANNELS.search(set_up.field("transport"))
        if session is None or channels is None:
            raise OtherForm
        self._asking.session = session[1]
        first = int(channels[1]) & 0xFF
        self._wire.channels = first, int(channels[2] or first + 1) & 0xFF
        self._wire.pictures = Pictures(offer.codec, offer.payload_type, first)
        _require(self._asking.ask("PLAY", base, self._deadline_s, {"Range": "npt=0.000-"}))
        method = "GET_PARAMETER" if "GET_PARAMETER" in able.field("public").upper() else "OPTIONS"
        every_s = min(max(float(session[2] or _SESSION_S) / 2, 5.0), KEEP_ALIVE_S)
        return RtspCamera(self._wire, self._asking, _Session(base, method, every_s), offer, _clock_off_s(described))

    def _sent_on(self, untrusted_location: str) -> Address:
        """Only within the same host: whoever answers here must not choose who gets the password."""
        try:
            address, _ = split_address(untrusted_location)
        except CameraFailed as error:
            raise CameraFailed(Trouble.NOT_THERE, "sent on to nowhere") from error
        same = urlsplit(address.text).hostname == urlsplit(self._address.text).hostname
        if not same or address.scheme != self._address.scheme:
            raise CameraFailed(Trouble.NOT_THERE, "sent on to another host")
        return address


class _Session:
    """How a session is kept alive."""

    def __init__(self, uri: str, method: str, every_s: float) -> None:
        self.uri, self.method, self.every_s = uri, method, every_s
        self.due_s = time.monotonic() + every_s


class RtspCamera:
    """A camera that plays. `facts` are as it was opened; what it is later, its key frames say.

    `gather_s` is how long it sleeps once nothing waits.
    """

    def __init__(self, wire: Wire, asking: _Asking, session: _Session, offer: Offer, clock_off_s: float | None) -> None:
        assert wire.pictures is not None  # noqa: S101 - it was set up
        self._wire, self._asking, self._session = wire, asking, session
        self._pictures, self._ready, self._clock_hz = wire.pictures, wire.pictures.ready, offer.clock_hz
        self._ours = secrets.randbits(32)
        self._report: SenderReport | None = None
        self._reported_s = 0.0
        self.gather_s = GATHER_S
        self._until_s = time.monotonic() + FIRST_PICTURE_S
        size = picture_size(offer.parameter_sets, offer.codec) or (0, 0)
        self.facts = StreamFacts(
            offer.codec, *size, offer.rate, offer.parameter_sets, is_direct=True, clock_off_s=clock_off_s
        )

    def read(self) -> Packet | None:
        """The next picture; what came together with it waits for the next call."""
        try:
            while not self._ready:
                if not self._receive():
                    return None
        except Ended:
            return None
        picture = self._ready.popleft()
        report, camera_s = self._report, None
        if report is not None and report.source == self._pictures.source and report.clock_s is not None:
            step = (picture.stamp - report.ticks) & 0xFFFFFFFF
            camera_s = report.clock_s + (step - 2 * _SOONER if step >= _SOONER else step) / self._clock_hz
        newest = self._ready[-1] if self._ready else picture
        behind_s = min(max(newest.ticks - picture.ticks, 0) / self._clock_hz, _BEHIND_MAX_S)
        return Packet(picture.data, picture.ticks / self._clock_hz, picture.is_key, camera_s, behind_s)

    def close(self) -> None:
        """The camera is told, where it still listens."""
        try:
            self._asking.send("TEARDOWN", self._session.uri)
        except Ended:
            pass
        finally:
            self._wire.close()

    def _receive(self) -> bool:
        """Whether pictures may still come."""
        if self._wire.is_drained and self.gather_s:
            time.sleep(self.gather_s)
        now_s = time.monotonic()
        if now_s >= self._session.due_s:
            self._session.due_s = now_s + self._session.every_s
            self._asking.send(self._session.method, self._session.uri)
        is_there = self._wire.receive(self._until_s - now_s)
        if self._wire.messages:
            self._hear()
        if self._wire.reports:
            self._answer_reports(now_s)
        if self._ready:
            self._until_s = now_s + self.gather_s + PICTURE_S
            return True
        return is_there and time.monotonic() < self._until_s

    def _hear(self) -> None:
        """What the camera says in mid-stream: answers to what keeps it alive, questions of its own."""
        while self._wire.messages:
            message = self._wire.messages.popleft()
            if message.status is None:
                self._wire.send(write_answer(message))
                if message.method in {"TEARDOWN", "REDIRECT"}:
                    raise Ended
            elif message.status == 401 and self._asking.challenge(message):
                self._asking.send(self._session.method, self._session.uri)
            elif message.status == 454:
                raise Ended

    def _answer_reports(self, now_s: float) -> None:
        while self._wire.reports:
            report = read_sender_report(self._wire.reports.popleft())
            if report is not None and report.source == self._pictures.source:
                self._report, self._reported_s = report, now_s
        if self._pictures.source is not None:
            received = Received(self._pictures.source, self._pictures.missing, self._pictures.highest)
            said = write_receiver_report(self._ours, received, self._report, time.monotonic() - self._reported_s)
            channel = self._wire.channels[1]
            self._wire.send(b"$" + bytes([channel]) + len(said).to_bytes(2) + said)


def _require(answer: Message) -> None:
    if answer.status != 200:
        raise CameraFailed(_TROUBLES.get(answer.status or 0, Trouble.NO_VIDEO), f"status {answer.status}")


def _joined(base: str, control: str) -> str:
    if not is_uri(control) or control == "*":
        return base
    if control.lower().startswith("rtsp://") or control.lower().startswith("rtsps://"):
        return control
    return f"{base.removesuffix('/')}/{control.removeprefix('/')}"


def _clock_off_s(answer: Message) -> float | None:
    try:
        clock = parsedate_to_datetime(answer.field("date")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return (clock - datetime.now(UTC)).total_seconds()
