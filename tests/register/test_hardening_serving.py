from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from asyncio import sslproto
from datetime import UTC, datetime

import pytest
from starlette.types import Receive, Scope, Send

from pollbook.enrolment_messages import ENROL_PATH
from pollbook.failures import Failure, WorldFailed
from pollbook.signing import SigningKey
from register import allowances, connections, web
from register.allowances import Limit
from register.appointments import SOON_S
from register.authority import tls_context
from register.connections import LoopErrors, connections_max
from register.serving import bind, make_server
from register.web import HEALTH_PATH, _Threads
from tests.register import test_serving
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre, Station, enrol_request

served = test_serving.served
station = test_serving.station
Served = test_serving.Served


def connect(served: Served) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", served.port), timeout=20)
    return served.trust.wrap_socket(raw, server_hostname="127.0.0.1")


def is_closed_by_the_register(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize("said", [b"", b"GET /v1/health HTTP/1.1\r\nHost: x\r\n"])
def test_who_says_no_whole_header_is_let_go(served: Served, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(connections, "HEADER_WITHIN_S", 0.2)
    with connect(served) as connection:
        connection.sendall(said)
        assert is_closed_by_the_register(connection)


def test_a_second_request_has_its_deadline_too(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_WITHIN_S", 0.5)
    with connect(served) as connection:
        connection.sendall(f"GET {HEALTH_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        read = b""
        while b"training-2026" not in read:
            read += connection.recv(4096)
        connection.sendall(b"G")
        while part := receive(connection):
            read += part
    assert read.count(b"HTTP/1.1") == 1


def receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except TimeoutError:
        raise
    except OSError:
        return b""


def test_a_body_that_trickles_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "BODY_WITHIN_S", 0.2)
    with connect(served) as connection:
        connection.sendall(f"POST {ENROL_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx".encode())
        assert b" 408 " in connection.recv(4096)


def test_bodies_have_a_bound_together(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "BUFFERED_BYTES_MAX", 1)
    assert served.problem("POST", ENROL_PATH, b"xx") == (503, "register_busy")
    assert served.problem("POST", ENROL_PATH, b"x") == (400, "request_not_accepted")


def test_a_listener_closes_what_comes_beyond_its_limit() -> None:
    with bind("127.0.0.1", 0) as listening:
        listening.limit = 1
        address = listening.getsockname()
        with socket.create_connection(address, timeout=20):
            accepted = listening.accept()[0]
            with socket.create_connection(address, timeout=20) as second:
                with pytest.raises(ConnectionAbortedError):
                    listening.accept()
                assert second.recv(1) == b""
            accepted.close()
            accepted.close()
            assert listening.open == 0
        with socket.create_connection(address, timeout=20):
            listening.accept()[0].close()


def test_one_address_never_has_all_connections() -> None:
    with bind("127.0.0.1", 0) as listening, contextlib.ExitStack() as opened:
        listening.limit = 4
        address = listening.getsockname()

        def come(source: str) -> socket.socket:
            opened.enter_context(socket.create_connection(address, timeout=20, source_address=(source, 0)))
            return opened.enter_context(listening.accept()[0])

        first, _, _ = (come("127.0.0.1") for _ in range(3))
        with pytest.raises(ConnectionAbortedError):
            come("127.0.0.1")
        come("127.0.0.2")
        with pytest.raises(ConnectionAbortedError):
            come("127.0.0.2")
        first.close()
        come("127.0.0.1")
    assert listening.open == 0


def test_tls_takes_little_of_a_connection_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", sslproto.SSLProtocol.max_size)
    connections.bound_buffers()
    assert sslproto.SSLProtocol.max_size == connections.TLS_BYTES


def test_there_are_fewer_connections_than_files() -> None:
    resource = pytest.importorskip("resource")
    limit = connections_max()
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert 1 <= limit <= (soft if soft != resource.RLIM_INFINITY else limit) // 2 or soft == resource.RLIM_INFINITY


def test_a_register_out_of_files_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    told = LoopErrors()
    loop = asyncio.new_event_loop()
    for _ in range(1000):
        told(loop, {"message": "socket.accept() out of system resource", "exception": OSError(24, "x")})
    loop.close()
    assert [record.getMessage() for record in caplog.records] == ["connections kind=OSError errno=24"]


def test_nobody_without_a_key_or_a_code_reaches_the_writer(served: Served, station: Station) -> None:
    key = SigningKey.generate()
    stranger = Station(key, station.slice, station.start, station.register_key)
    stranger.mark(station.lines[0])
    with served.centre.database.write():  # whoever needs the writer waits until this ends
        assert served.problem("POST", ENROL_PATH, b"garbage") == (400, "request_not_accepted")
        assert served.problem("POST", ENROL_PATH, enrol_request("NO-SUCH", key)) == (403, "code_wrong")
        path = station.path(1)
        assert served.problem("PUT", path, b"garbage") == (400, "request_not_accepted")
        assert served.problem("PUT", path, stranger.request(1)) == (400, "request_not_accepted")


def test_what_waits_for_the_writer_when_the_register_ends_is_told_to_come_back() -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(body: bytes) -> bytes:
        begun.set()
        assert may_end.wait(20)
        return body

    async def story() -> None:
        threads = _Threads(1, "test")
        first = asyncio.create_task(threads.run(slow, b"first"))
        await asyncio.to_thread(begun.wait, 20)
        second = asyncio.create_task(threads.run(slow, b"second"))
        await asyncio.sleep(0)
        threads.end()
        for waits in (second, threads.run(slow, b"third")):
            with pytest.raises(WorldFailed) as caught:
                await waits
            assert caught.value.failure is Failure.REGISTER_BUSY
        may_end.set()
        assert await first == b"first"
        threads.close()

    asyncio.run(story())


def test_the_register_hears_of_its_end_before_requests_are_waited_for(loaded: Centre) -> None:
    ended, listens = threading.Event(), threading.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None: ...

    tls = tls_context(loaded.home, loaded.keys.authority, [], datetime.now(UTC))
    server = make_server(app, tls, listens.set, ended.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bind("127.0.0.1", 0)]})
    thread.start()
    assert listens.wait(20)
    server.should_exit = True
    assert ended.wait(20)
    thread.join(20)


def test_who_asks_too_much_is_told_to_come_back_and_the_others_do_not_notice(
    served: Served, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "ANSWERED_AFTER_S", 0.0)
    monkeypatch.setattr(allowances, "OF_BOOK", Limit(5, 0.001, 8))
    request = station.request(1)
    replies = [served.ask("PUT", station.path(1), request) for _ in range(12)]
    statuses = [status for status, _, _ in replies]
    assert statuses == [200] * 6 + [429] * 6, "the first was a stranger's"
    assert {headers["Retry-After"] for status, headers, _ in replies if status == 429} == {str(SOON_S)}
    assert served.problem("PUT", station.path(1), request) == (429, "register_busy")
    assert served.problem("POST", ENROL_PATH, b"x") == (400, "request_not_accepted")
    assert served.ask("GET", HEALTH_PATH)[0] == 200
    key = SigningKey.generate()
    code = served.centre.code(PRECINCT, 2)
    assert served.ask("POST", ENROL_PATH, enrol_request(code, key))[0] == 200


def test_a_connection_lives_on_when_a_request_was_one_too_many(
    served: Served, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "ANSWERED_AFTER_S", 0.0)
    monkeypatch.setattr(allowances, "OF_STRANGERS", Limit(0, 0.001, 8))
    body = b"x" * 100_000
    head = f"PUT {station.path(1)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with connect(served) as connection:
        for _ in range(3):
            connection.sendall(head + body)
            assert b" 429 " in connection.recv(65_536)
