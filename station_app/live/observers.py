"""The observers' page: a server for a few people in the room, opened by the commission, closed with its window.

    GET  /                the form for the code, or the cameras for who typed one
    POST /enter           a code, once
    GET  /lights          each camera's light in words
    GET  /camera/NAME     the camera's pictures, masked, late, two a second (multipart JPEG)

Everything else is refused, and so is whoever is not on the station's own network, names another host than ours, talks
too slowly or comes with too many connections. It only shows: nothing that a request says changes anything at the
station but who watches. One thread, one event loop; the commission's side is called from the GUI thread.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from pollbook.failures import Failure, Refused, WorldFailed
from station_app.live.admission import Admission, Code
from station_app.live.http_head import BODY_BYTES_MAX, COOKIE, HEAD_BYTES_MAX, Head, form_field, read_head
from station_app.live.outgoing import EVERY_S, Outgoing
from station_app.live.page import Page, content_policy, entrance, lights, viewing
from station_app.live.page_certificate import PageIdentity
from station_app.live.room import Room, Withheld

CONNECTIONS_MAX: Final = 48
"""Six viewers, each with a picture stream of each of up to six cameras, and a page."""
_BOUNDARY = b"picture"
_STATUS = {
    200: "OK",
    303: "See Other",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    421: "Misdirected Request",
    429: "Too Many Requests",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for whoever is at the other end, in seconds."""

    handshake_s: float = 10.0
    head_s: float = 10.0
    write_s: float = 10.0


@dataclass(frozen=True, slots=True)
class PageOpen:
    """The page is open: where, by which certificate, how many watch, which codes are out."""

    address: str
    port: int
    fingerprint: bytes
    viewers: int
    codes: tuple[Code, ...]

    @property
    def url(self) -> str:
        """What an observer types into a browser."""
        return f"https://{self.address}:{self.port}/"


@dataclass(frozen=True)
class Show:
    """What is shown: the cameras, their pictures on the way out, the page around them, a picture for none."""

    room: Room
    outgoing: Outgoing
    page: Page
    blank: bytes


class Observers:
    """The open page. `run` serves until stopped; the other methods may be called from any thread."""

    def __init__(
        self,
        listener: socket.socket,
        identity: PageIdentity,
        show: Show,
        *,
        patience: Patience | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener, self._identity, self._show = listener, identity, show
        self._patience, self._now_s = patience or Patience(), now_s
        self.address, self.port = listener.getsockname()[:2]
        self._admission, self._guard = Admission(), threading.Lock()
        self._connections = 0

    def make_code(self) -> Code | Refused:
        """A code for one observer."""
        with self._guard:
            return self._admission.make_code(self._now_s())

    def state(self) -> PageOpen:
        """How the page stands."""
        with self._guard:
            now_s = self._now_s()
            return PageOpen(
                self.address, self.port, self._identity.fingerprint, self._admission.viewers(now_s),
                self._admission.codes(now_s),
            )  # fmt: skip

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; then every connection is closed and nothing listens."""
        asyncio.run(self._run(stop))

    async def _run(self, stop: threading.Event) -> None:
        tasks: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a connection is served by a task
            tasks.add(task)
            self._connections += 1
            try:
                await self._serve(reader, writer)
            except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                log.debug("event=observer_gone kind=%s", type(error).__name__)
            finally:
                self._connections -= 1
                tasks.discard(task)
                writer.close()
                with suppress(OSError, TimeoutError):
                    await asyncio.wait_for(writer.wait_closed(), self._patience.write_s)

        server = await asyncio.start_server(
            accept, sock=self._listener, ssl=self._identity.context, limit=HEAD_BYTES_MAX,
            ssl_handshake_timeout=self._patience.handshake_s, ssl_shutdown_timeout=2,
        )  # fmt: skip
        async with server:
            while not stop.is_set():
                if self.state().viewers:
                    self._show.outgoing.step(self._now_s())
                await asyncio.sleep(EVERY_S)
            server.close()
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = ipaddress.ip_address(writer.get_extra_info("peername")[0])
        if self._connections > CONNECTIONS_MAX or not (peer.is_private or peer.is_loopback):
            return
        untrusted = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), self._patience.head_s)
        head = read_head(untrusted)
        if head is None:
            await self._answer(writer, 400)
        elif head.fields.get("host") != f"{self.address}:{self.port}":
            await self._answer(writer, 421)
        elif head.path == "/enter":
            await self._enter(reader, writer, head)
        elif head.method != "GET":
            await self._answer(writer, 405)
        else:
            await self._get(reader, writer, head)

    async def _get(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head) -> None:
        language, _ = self._show.page.words(head.query.get("lang"))
        is_admitted = self._is_admitted(head)
        cameras = self._show.room.cameras()
        match head.path.strip("/").split("/"):
            case [""] if is_admitted:
                await self._answer(writer, 200, viewing(self._show.page, language, cameras))
            case [""]:
                await self._answer(writer, 200, entrance(self._show.page, language, None))
            case ["lights"] if is_admitted:
                reasons = self._show.outgoing.reasons()
                await self._answer(writer, 200, lights(self._show.page, language, cameras, reasons))
            case ["camera", untrusted_name] if is_admitted:
                name = next((each.name for each in cameras if each.name == unquote(untrusted_name)), None)
                if name is None:
                    await self._answer(writer, 404)
                else:
                    await self._stream(reader, writer, head, name)
            case ["lights"] | ["camera", _]:
                await self._answer(writer, 403)
            case _:
                await self._answer(writer, 404)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head) -> None:
        language, _ = self._show.page.words(head.query.get("lang"))
        if head.method != "POST":
            await self._answer(writer, 405)
            return
        length = head.body_bytes
        if length is None or length > BODY_BYTES_MAX:
            await self._answer(writer, 413)
            return
        if head.fields.get("origin", self._origin) != self._origin:
            await self._answer(writer, 403)
            return
        body = await asyncio.wait_for(reader.readexactly(length), self._patience.head_s)
        with self._guard:
            entered = self._admission.enter(form_field(body, "code"), self._now_s())
        if isinstance(entered, Refused):
            log.info("event=observer_refused code=%s", entered.failure.code)
            status = 429 if entered.failure is Failure.OBSERVER_TRIES else 403
            await self._answer(writer, status, entrance(self._show.page, language, entered))
            return
        cookie = f"{COOKIE}={entered}; Path=/; Secure; HttpOnly; SameSite=Strict"
        await self._answer(writer, 303, b"", {"Set-Cookie": cookie, "Location": f"/?lang={language}"})

    async def _stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head, camera: str
    ) -> None:
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY.decode()}"
        writer.write(self._head(200, {"Content-Type": kind}))
        shown: int | Withheld | None = None
        while not reader.at_eof() and self._is_admitted(head):
            newest = self._show.outgoing.newest(camera)
            now = newest if isinstance(newest, Withheld) else newest.number
            if now != shown:
                jpeg = self._show.blank if isinstance(newest, Withheld) else newest.jpeg
                shown = now
                writer.write(b"--%b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (_BOUNDARY, len(jpeg)))
                writer.write(jpeg + b"\r\n")
                await asyncio.wait_for(writer.drain(), self._patience.write_s)
            await asyncio.sleep(EVERY_S / 2)

    @property
    def _origin(self) -> str:
        return f"https://{self.address}:{self.port}"

    def _is_admitted(self, head: Head) -> bool:
        with self._guard:
            return self._admission.is_admitted(head.token, self._now_s())

    async def _answer(
        self, writer: asyncio.StreamWriter, status: int, body: bytes = b"", more: Mapping[str, str] | None = None
    ) -> None:
        fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), **(more or {})}
        writer.write(self._head(status, fields) + body)
        await asyncio.wait_for(writer.drain(), self._patience.write_s)

    @staticmethod
    def _head(status: int, fields: Mapping[str, str]) -> bytes:
        usual = {
            "Connection": "close",
            "Cache-Control": "no-store",
            "Content-Security-Policy": content_policy(),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",  # with none at all, browsers send a form's origin as null
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        lines = [
            f"HTTP/1.1 {status} {_STATUS[status]}",
            *(f"{name}: {value}" for name, value in {**usual, **fields}.items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def listen_at(address: str, port: int = 0) -> socket.socket:
    """A listening socket at this address of the station's own network, and at no other.

    Raises:
        WorldFailed: `PAGE_NOT_OPENED`: no address of a local network, or the port is taken.
    """
    try:
        own = ipaddress.IPv4Address(address)
        if not own.is_private or own.is_unspecified:
            raise WorldFailed(Failure.PAGE_NOT_OPENED, "not an address of a local network")
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    except ValueError as error:
        raise WorldFailed(Failure.PAGE_NOT_OPENED, "no address") from error
    except OSError as error:
        raise WorldFailed(Failure.PAGE_NOT_OPENED) from error
    try:
        listener.bind((address, port))
        listener.listen(16)
    except OSError as error:
        listener.close()
        raise WorldFailed(Failure.PAGE_NOT_OPENED, f"errno {error.errno}") from error
    listener.setblocking(False)
    return listener


def own_address(told: str) -> str:
    """The laptop's address on the station's network: what IT staff told, else where announcements would go out from."""
    if told != "0.0.0.0":  # noqa: S104 - compared, not listened at
        return told
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("239.255.17.8", 9))
        address: str = probe.getsockname()[0]
        return address
    return ""
