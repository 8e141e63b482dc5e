from __future__ import annotations

import hashlib
import http.client
import json
import logging
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pollbook.clock import SystemClock
from pollbook.enrolment_messages import ENROL_PATH
from pollbook.failures import Failure, WorldFailed
from pollbook.parcels import ParcelKind, Piece, PieceAddress, decode_taken, encode_piece, parcel_id
from pollbook.signing import SigningKey
from pollbook.sync_request import SYNC_PATH
from pollbook.wire import CONTENT_TYPE
from register import settling, web
from register.appointments import SOON_S
from register.authority import tls_context
from register.commands import stations as stations_commands
from register.serving import KEEP_ALIVE_S, bind, make_server
from register.store import stations
from register.store.engine import open_database
from register.web import ENROL_BYTES_MAX, HEALTH_PATH, SYNC_BYTES_MAX, Register, make_app
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre, Station, enrol_request, take_enrolment

Reply = tuple[int, http.client.HTTPMessage, bytes]


@dataclass
class Served:
    """A register that listens on loopback, and the one authority that its clients believe."""

    centre: Centre
    register: Register
    port: int
    trust: ssl.SSLContext

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.trust, timeout=20)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def problem(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        status, replied, content = self.ask(method, path, body, **headers)
        assert replied["Content-Type"] == "application/problem+json"
        told = json.loads(content)
        assert told["code"] == Failure[told["failure"].upper()].code
        assert set(told) == {"type", "status", "failure", "code"}
        return status, told["failure"]


@pytest.fixture
def served(loaded: Centre) -> Iterator[Served]:
    now = datetime.now(UTC)
    database = open_database(loaded.home)
    register = Register(loaded.home, database, loaded.keys, loaded.election, SystemClock())
    listening = bind("127.0.0.1", 0)
    is_listening = threading.Event()
    tls = tls_context(loaded.home, loaded.keys.authority, [], now)
    server = make_server(make_app(register), tls, is_listening.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert is_listening.wait(20)
    trust = ssl.create_default_context(cadata=loaded.keys.authority.pem.decode())
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    loaded.now = now
    yield Served(loaded, register, listening.getsockname()[1], trust)
    server.should_exit = True
    thread.join(20)
    register.close()
    database.close()


@pytest.fixture
def station(served: Served) -> Station:
    key = SigningKey.generate()
    request = enrol_request(served.centre.code(PRECINCT), key)
    status, headers, answer = served.ask("POST", ENROL_PATH, request)
    assert (status, headers["Content-Type"]) == (200, CONTENT_TYPE)
    return take_enrolment(served.centre, answer, key)


def test_a_station_enrols_and_syncs_over_tls(served: Served, station: Station) -> None:
    station.mark(station.lines[0])
    request = station.request(1)
    status, headers, answer = served.ask("PUT", station.path(1), request)
    assert (status, headers["Content-Type"]) == (200, CONTENT_TYPE)
    assert station.read_answer(answer, request).acknowledged == station.head


def test_an_answer_is_one_record_with_nothing_in_it_that_need_not_be_said(served: Served, station: Station) -> None:
    request = station.request(1)
    head = f"PUT {station.path(1)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request)}\r\n\r\n".encode()
    with (
        socket.create_connection(("127.0.0.1", served.port), timeout=20) as plain,
        served.trust.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(head + request)
        record = connection.recv(65536)
    told, _, answer = record.partition(b"\r\n\r\n")
    assert station.read_answer(answer, request).acknowledged == station.head
    names = [line.partition(b":")[0].lower() for line in told.split(b"\r\n")[1:]]
    assert sorted(names) == [b"content-length", b"content-type"]


def test_health_says_which_election_it_is(served: Served) -> None:
    status, _, content = served.ask("GET", HEALTH_PATH)
    assert (status, json.loads(content)["election"]) == (200, "training-2026")


def test_an_older_tls_is_refused(served: Served) -> None:
    served.trust.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        served.ask("GET", HEALTH_PATH)


def test_a_client_that_believes_other_authorities_does_not_talk(served: Served) -> None:
    served.trust = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        served.ask("GET", HEALTH_PATH)


def test_one_connection_carries_many_requests(served: Served) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", served.port, context=served.trust, timeout=20)
    for _ in range(3):
        connection.request("GET", HEALTH_PATH)
        assert connection.getresponse().read()
        used = connection.sock
    assert used is not None
    connection.close()
    assert KEEP_ALIVE_S > 5


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", ENROL_PATH, 405),
        ("PUT", ENROL_PATH, 405),
        ("POST", f"{SYNC_PATH}/{'A' * 22}.1/1", 405),
        ("DELETE", f"{SYNC_PATH}/{'A' * 22}.1/1", 405),
        ("GET", "/", 404),
        ("GET", "/v1/sync", 404),
        ("PUT", f"{SYNC_PATH}/{'A' * 22}.1/0", 400),
        ("PUT", f"{SYNC_PATH}/{'A' * 22}.1/x", 400),
        ("PUT", f"{SYNC_PATH}/nobody/1", 400),
        ("PUT", f"{SYNC_PATH}/{'A' * 22}.1/1", 400),
        ("PUT", f"{SYNC_PATH}/{'A' * 22}.1/{'9' * 30}", 400),
    ],
)
def test_wrong_methods_and_paths_are_told(served: Served, method: str, path: str, status: int) -> None:
    body = b"garbage" if method in {"PUT", "POST"} else None
    assert served.problem(method, path, body) == (status, "request_not_accepted")


def test_garbage_is_told(served: Served, station: Station) -> None:
    assert served.problem("POST", ENROL_PATH, b"garbage") == (400, "request_not_accepted")
    assert served.problem("PUT", station.path(1), b"\x00" * 9) == (
        400,
        "request_not_accepted",
    )


@pytest.mark.parametrize(
    ("path", "limit"), [(ENROL_PATH, ENROL_BYTES_MAX), (f"{SYNC_PATH}/{'A' * 22}.1/1", SYNC_BYTES_MAX)]
)
def test_a_body_that_says_it_is_too_large_is_not_read(served: Served, path: str, limit: int) -> None:
    method = "POST" if path == ENROL_PATH else "PUT"
    status = served.problem(method, path, b"x", **{"Content-Length": str(limit + 1)})[0]
    assert status == 413


def test_a_body_that_grows_too_large_unsaid_is_cut_off(served: Served) -> None:
    connection = http.client.HTTPSConnection("127.0.0.1", served.port, context=served.trust, timeout=20)
    connection.putrequest("POST", ENROL_PATH)
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    connection.send(b"4000\r\n" + b"x" * 0x4000 + b"\r\n4000\r\n" + b"x" * 0x4000 + b"\r\n")
    assert connection.getresponse().status == 413
    connection.close()


def test_codes_are_refused_with_their_reason(served: Served, station: Station) -> None:
    key = SigningKey.generate()
    assert served.problem("POST", ENROL_PATH, enrol_request("NO-SUCH-CODE", key)) == (403, "code_wrong")
    with served.centre.database.write() as connection:
        found = stations.find_station(connection, station.book)
        assert found is not None
        settling.revoke(connection, found, "lost", 1)
    served.centre.let_reissue(PRECINCT)
    used = served.centre.code(PRECINCT)
    assert served.ask("POST", ENROL_PATH, enrol_request(used, key))[0] == 200
    assert served.problem("POST", ENROL_PATH, enrol_request(used, SigningKey.generate())) == (409, "code_used")
    station.sync(served.centre)  # it is told
    assert served.problem("PUT", station.path(1), station.request(1)) == (
        410,
        "book_revoked",
    )


def test_who_would_wait_too_long_is_told_to_come_back(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "WAITING_MAX", 0)
    status, headers, _ = served.ask("POST", ENROL_PATH, b"x")
    assert (status, int(headers["Retry-After"])) == (503, SOON_S + 1)


def test_a_fault_is_told_without_its_trace(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with served.centre.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE enrolment_code")
    assert served.problem("POST", ENROL_PATH, enrol_request("X", SigningKey.generate())) == (500, "fault")


def test_an_exception_that_nobody_foresaw_leaves_its_place_and_nothing_of_a_voter(
    served: Served, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(*_arguments: object) -> bytes:
        raise ValueError("Toʻrayev Ulugʻbek 31508859000075")

    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(served.register, "prove_enrolment", planted)
    assert served.problem("POST", ENROL_PATH, b"x") == (500, "fault")
    assert served.ask("GET", HEALTH_PATH)[0] == 200
    (log,) = (served.centre.home.path / "faults").iterdir()
    assert "fault kind=ValueError" in caplog.text
    assert log.name in caplog.text
    assert "ValueError" in log.read_text("utf-8")
    assert "planted" in log.read_text("utf-8")
    told = caplog.text + log.read_text("utf-8")
    assert not any(secret in told for secret in ("Toʻrayev", "31508859000075", "Traceback"))


def test_stations_that_come_at_once_are_all_served(served: Served, station: Station) -> None:
    for line in station.lines:
        station.mark(line)
    spans = [(first, first + 4) for first in range(1, 41, 5)] * 3

    def send(span: tuple[int, int]) -> int:
        first, last = span
        return served.ask("PUT", station.path(first), station.request(first, last))[0]

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, spans)) == {200}
    request = station.request(1)
    answer = served.ask("PUT", station.path(1), request)[2]
    assert station.read_answer(answer, request).acknowledged == station.head


def test_a_taken_port_is_told() -> None:
    with bind("127.0.0.1", 0) as first:
        with pytest.raises(WorldFailed) as caught:
            bind("127.0.0.1", first.getsockname()[1])
        assert caught.value.failure is Failure.PORT_TAKEN
    with pytest.raises(WorldFailed):
        bind("203.0.113.7", 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_one_line_and_ends_cleanly_when_told(loaded: Centre, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "register", "serve", "--home", str(loaded.home.path), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        line = child.stdout.readline()
        url = line.removeprefix("uchastka-register listens on ").strip()
        assert url == loaded.home.served_url()
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            child.send_signal(number)
            assert child.wait(20) == 0
        assert (child.stdout.read(), child.stderr.read()) == ("", "")


def test_a_second_register_on_the_same_folder_is_refused(loaded: Centre) -> None:
    command = [sys.executable, "-m", "register", "serve", "--home", str(loaded.home.path), "--port", "0", "--json"]
    with loaded.home.only_one(stations_commands._serving(loaded.home, 0)):
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (ended.returncode, json.loads(ended.stdout)["refusal"]) == (3, "register_in_use")


def test_private_files_of_a_running_register_stay_private(served: Served) -> None:
    tls: Path = served.centre.home.keys / "tls.pem"
    assert tls.stat().st_mode & 0o077 == 0


def test_a_piece_of_a_parcel_goes_over_the_wire_to_its_own_path(served: Served, station: Station) -> None:
    content = bytes(range(256)) * 9
    sha256 = hashlib.sha256(content).digest()
    address = PieceAddress(station.book, parcel_id(ParcelKind.REPORT, sha256), 0)
    request = encode_piece(Piece(address, ParcelKind.REPORT, len(content), sha256, content[:900]), station.key)
    status, _, answer = served.ask("PUT", address.path, request)
    assert status == 200
    assert decode_taken(answer, request, served.centre.keys.key.public) == 900
    assert served.problem("PUT", replace(address, offset=1).path, request) == (400, "request_not_accepted")
    assert served.problem("PUT", "/v1/parcel/x/y/z", request) == (400, "request_not_accepted")
    assert served.ask("POST", address.path, request)[0] == 405
