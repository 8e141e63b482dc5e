"""The observers' page over real TLS sockets on loopback: what it shows, to whom, and all that it refuses."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from devices.camera.health import Alarm
from devices.camera.opencv import decode_jpeg, small_jpeg
from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.texts import load_texts
from station_app.live.admission import VIEWERS_MAX, WRONG_MAX, Code
from station_app.live.observers import Observers, Patience, Show, listen_at, own_address
from station_app.live.outgoing import Outgoing
from station_app.live.page import Page
from station_app.live.page_certificate import make_identity
from station_app.ui.page_words import page_words
from tests.station_app.live.rooms import BOOTH, DemoHouse

FASTER = 40
"""The server's clock: what takes seconds at a station takes no time here."""
PATIENCE = Patience(head_s=0.4, write_s=2.0)


class Client:
    """Sends bytes as they are told, and reads what comes."""

    def __init__(self, observers: Observers) -> None:
        self._observers = observers
        self.host = f"{observers.address}:{observers.port}"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._context = context

    def connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection((self._observers.address, self._observers.port), 5)
        return self._context.wrap_socket(plain)

    def raw(self, request: bytes) -> bytes:
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)

    def get(self, path: str, cookie: str = "", host: str | None = None) -> bytes:
        return self.raw(self.request("GET", path, cookie, host))

    def request(self, method: str, path: str, cookie: str = "", host: str | None = None, body: bytes = b"") -> bytes:
        fields = [f"{method} {path} HTTP/1.1", f"Host: {self.host if host is None else host}"]
        if cookie:
            fields.append(f"Cookie: a=b; {cookie}")
        if body or method == "POST":
            fields.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*fields, "", ""]).encode() + body

    def enter(self, code: str) -> bytes:
        return self.raw(self.request("POST", "/enter?lang=en", body=f"code={code}".encode()))

    def cookie(self) -> str:
        made = self._observers.make_code()
        assert isinstance(made, Code)
        found = re.search(rb"Set-Cookie: ([^;]+); Path=/; Secure; HttpOnly; SameSite=Strict", self.enter(made.digits))
        assert found is not None
        return found[1].decode()


def read_all(connection: ssl.SSLSocket) -> bytes:
    got = b""
    try:
        while more := connection.recv(65536):
            got += more
    except (ssl.SSLError, ConnectionResetError):
        pass
    return got


def status(answer: bytes) -> int:
    return int(answer.split()[1]) if answer else 0


def parts(connection: ssl.SSLSocket, count: int) -> list[bytes]:
    """The next pictures of a stream."""
    got, found = b"", list[bytes]()
    while len(found) < count:
        more = connection.recv(65536)
        assert more, "the stream ended"
        got += more
        while (head := re.search(rb"Content-Length: (\d+)\r\n\r\n", got)) and len(got) >= head.end() + int(head[1]):
            end = head.end() + int(head[1])
            found.append(got[head.end() : end])
            got = got[end:]
    return found


@pytest.fixture
def house() -> DemoHouse:
    return DemoHouse("hall", "entrance")


@pytest.fixture
def observers(house: DemoHouse, tmp_path: Path) -> Iterator[Observers]:
    def encode(pixels: object) -> bytes:
        house.number += 1  # the next look finds a newer picture
        return small_jpeg(pixels, 320, 90)  # type: ignore[arg-type]

    words = {language: page_words(load_texts(language)) for language in ("uz_Latn", "en")}
    page = Page("1708-0042 <12-maktab>", words, ZoneInfo("Asia/Tashkent"), True)
    identity = make_identity("127.0.0.1", datetime.now(UTC), tmp_path)
    show = Show(house, Outgoing(house, encode), page, small_jpeg(covered_grey(), 320, 90))
    made = Observers(listen_at("127.0.0.1"), identity, show, patience=PATIENCE, now_s=lambda: time.monotonic() * FASTER)
    stop = threading.Event()
    server = threading.Thread(target=made.run, args=(stop,))
    server.start()
    yield made
    stop.set()
    server.join(10)
    assert not server.is_alive()


def covered_grey() -> object:
    import numpy as np  # noqa: PLC0415 - here only

    return np.full((24, 32, 3), 96, np.uint8)


@pytest.fixture
def client(observers: Observers) -> Client:
    return Client(observers)


def test_without_a_code_there_is_the_form_and_no_camera_s_name(client: Client) -> None:
    answer = client.get("/")
    assert status(answer) == 200
    assert b'name="code"' in answer
    assert b"hall" not in answer
    assert b"kameralari" in answer


def test_a_code_opens_the_cameras_once(client: Client, observers: Observers) -> None:
    made = observers.make_code()
    assert isinstance(made, Code)
    first = client.enter(made.digits)
    assert status(first) == 303
    assert status(client.enter(made.digits)) == 403
    cookie = re.search(rb"Set-Cookie: ([^;]+);", first)
    assert cookie is not None
    page = client.get("/?lang=en", cookie[1].decode())
    assert b'src="/camera/entrance"' in page
    assert b'src="/camera/hall"' in page
    assert b"1708-0042 &lt;12-maktab&gt;" in page
    assert b"TRAINING" in page
    assert observers.state().viewers == 1


def test_the_pictures_are_masked_and_go_on(client: Client) -> None:
    cookie = client.cookie()
    with client.connect() as connection:
        connection.sendall(client.request("GET", "/camera/hall", cookie))
        pictures = [decode_jpeg(part) for part in parts(connection, 4)]
    last = pictures[-1]
    assert last is not None
    assert last.shape == (240, 320, 3)
    left, top, width, height = BOOTH[0]
    rows = slice(top * 240 // 1000 + 10, (top + height) * 240 // 1000 - 10)
    columns = slice(left * 320 // 1000 + 10, (left + width) * 320 // 1000 - 10)
    assert int(last[rows, columns].max()) - int(last[rows, columns].min()) <= 6
    assert int(last.max()) - int(last.min()) > 60


def test_a_camera_that_is_moved_shows_grey_and_says_why_with_the_time(client: Client, house: DemoHouse) -> None:
    cookie = client.cookie()
    with client.connect() as connection:
        connection.sendall(client.request("GET", "/camera/hall", cookie))
        parts(connection, 3)
        house.alarm("hall", Alarm.MOVED)
        seen = b""
        while len(seen) == 0 or seen != small_jpeg(covered_grey(), 320, 90):  # type: ignore[arg-type]
            seen = parts(connection, 1)[0]
    lights = client.get("/lights?lang=en", cookie)
    assert b"hall" in lights
    assert b"moved since 10:21" in lights
    assert b"not shown: its masks may no longer fit" in lights
    assert b'http-equiv="refresh"' in lights


@pytest.mark.parametrize("path", ["/camera/hall", "/lights", "/camera/entrance"])
def test_without_a_code_nothing_else_is_answered(client: Client, path: str) -> None:
    assert status(client.get(path)) == 403
    assert status(client.get(path, "__Host-watch=guess")) == 403


@pytest.mark.parametrize(
    "path", ["/camera/cellar", "/camera/..%2f..%2fetc", "/camera/hall/x", "/favicon.ico", "/enter/x", "/camera/"]
)
def test_what_is_not_there_is_not_there_for_viewers_either(client: Client, path: str) -> None:
    assert status(client.get(path, client.cookie())) == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "PATCH"])
def test_every_method_but_get_is_refused(client: Client, method: str) -> None:
    assert status(client.raw(client.request(method, "/", client.cookie()))) == 405


def test_a_code_in_the_address_lets_nobody_in(client: Client, observers: Observers) -> None:
    made = observers.make_code()
    assert isinstance(made, Code)
    assert status(client.get(f"/enter?code={made.digits}")) == 405


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1", "localhost:1"])
def test_another_name_of_ours_is_refused(client: Client, host: str) -> None:
    assert status(client.get("/", host=host)) == 421


def test_a_form_from_another_page_is_refused(client: Client, observers: Observers) -> None:
    made = observers.make_code()
    assert isinstance(made, Code)
    request = client.request("POST", "/enter", body=f"code={made.digits}".encode())
    foreign = request.replace(b"\r\nContent", b"\r\nOrigin: https://evil.example\r\nContent", 1)
    assert status(client.raw(foreign)) == 403


def test_a_form_as_browsers_send_it_is_taken(client: Client, observers: Observers) -> None:
    made = observers.make_code()
    assert isinstance(made, Code)
    request = client.request("POST", "/enter", body=f"code={made.digits}".encode())
    ours = request.replace(b"\r\nContent", f"\r\nOrigin: https://{client.host}\r\nContent".encode(), 1)
    assert status(client.raw(ours)) == 303


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100 + b"\r\n",
        b"\x16\x03\x01" + b"\0" * 100 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(client: Client, garbage: bytes) -> None:
    assert status(client.raw(garbage)) == 400


@pytest.mark.parametrize("length", ["999999", "-1", "1e3", "513"])
def test_a_body_longer_than_any_form_is_refused_unread(client: Client, length: str) -> None:
    request = f"POST /enter HTTP/1.1\r\nHost: {client.host}\r\nContent-Length: {length}\r\n\r\n"
    assert status(client.raw(request.encode())) == 413


def test_a_head_without_end_and_a_silent_guest_are_left(client: Client) -> None:
    assert client.raw(b"GET / HTTP/1.1\r\nX: " + b"y" * 20_000) == b""
    with client.connect() as connection:
        connection.sendall(b"GET / HT")
        assert read_all(connection) == b""
    assert status(client.get("/")) == 200


def test_who_speaks_no_tls_is_left(client: Client, observers: Observers) -> None:
    with socket.create_connection((observers.address, observers.port), 5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"200" not in plain.recv(1000)
    assert status(client.get("/")) == 200


def test_guessing_ends_for_everybody(client: Client, observers: Observers) -> None:
    made = observers.make_code()
    assert isinstance(made, Code)
    answers = [client.enter("00000000" if made.digits != "00000000" else "1") for _ in range(WRONG_MAX)]
    assert [status(answer) for answer in answers] == [403] * (WRONG_MAX - 1) + [429]
    assert b"W05" in answers[0]
    assert b"W06" in answers[-1]
    assert status(client.enter(made.digits)) == 429


def test_places_are_as_many_as_there_are(client: Client, observers: Observers) -> None:
    for _ in range(VIEWERS_MAX):
        client.cookie()
    assert observers.make_code() == Refused(Failure.OBSERVERS_FULL, {"limit": VIEWERS_MAX})


def test_nothing_is_kept_framed_or_run_by_the_browser(client: Client) -> None:
    head = client.get("/").split(b"\r\n\r\n")[0]
    for field in (
        b"Cache-Control: no-store",
        b"default-src 'none'",
        b"nosniff",
        b"Referrer-Policy: same-origin",
        b"frame-ancestors 'self'",
    ):
        assert field in head
    assert b"<script" not in client.get("/", client.cookie())


def test_the_certificate_is_the_one_whose_fingerprint_is_shown_and_its_key_is_nowhere(
    observers: Observers, client: Client, tmp_path: Path
) -> None:
    import hashlib  # noqa: PLC0415 - here only

    with client.connect() as connection:
        der = connection.getpeercert(binary_form=True)
    assert der is not None
    assert hashlib.sha256(der).digest() == observers.state().fingerprint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["8.8.8.8", "0.0.0.0", "", "no address", "fe80::1"])  # noqa: S104 - refused
def test_the_page_opens_at_an_address_of_a_local_network_only(address: str) -> None:
    with pytest.raises(WorldFailed) as raised:
        listen_at(address)
    assert raised.value.failure is Failure.PAGE_NOT_OPENED


def test_a_port_that_is_taken_is_said(observers: Observers) -> None:
    with pytest.raises(WorldFailed) as raised:
        listen_at("127.0.0.1", observers.port)
    assert raised.value.failure is Failure.PAGE_NOT_OPENED


def test_the_address_that_staff_told_is_taken() -> None:
    assert own_address("192.168.7.12") == "192.168.7.12"
