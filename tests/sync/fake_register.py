"""A working register behind a real TLS socket, which can misbehave in every way that has a failure code."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pollbook.enrolment_messages import ENROL_PATH
from pollbook.failures import Failure, InputInvalid
from pollbook.parcels import PARCEL_PATH, PieceAddress
from pollbook.signing import SigningKey
from pollbook.sync_request import SYNC_PATH, Address
from pollbook.wire import CONTENT_TYPE
from tests.sync.centre import Centre, Refuse


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes
    connection: int
    head: bytes = b""


Wire = Callable[[socket.socket], None]
Behaviour = Callable[["FakeRegister", ssl.SSLSocket, Request], None]
"""What the server does instead of answering; the connection is closed afterwards."""


class FakeRegister:
    """A `Centre` behind TLS on loopback. `then(…)` queues misbehaviours for the next requests, one each."""

    def __init__(self, centre: Centre, *, tls: ssl.SSLContext | None = None) -> None:
        self.centre = centre
        self.received: list[Request] = []
        self.stopping = threading.Event()
        self._behaviours: list[Behaviour | None] = []
        self._connections = 0
        self._tls = tls if tls is not None else centre.authority.tls()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def then(self, *behaviours: Behaviour | None) -> None:
        self._behaviours += behaviours

    def close(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            self._connections += 1
            thread = threading.Thread(target=self._serve, args=(plain, self._connections))
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), plain:
            with self._lock:
                self._open.append(plain)
            with self._tls.wrap_socket(plain, server_side=True) as wrapped:
                with self._lock:
                    self._open.append(wrapped)
                while not self.stopping.is_set() and self._answer_one(wrapped, number):
                    pass

    def _answer_one(self, connection: ssl.SSLSocket, number: int) -> bool:
        request = _read_request(connection, number)
        if request is None:
            return False
        self.received.append(request)
        behaviour = self._behaviours.pop(0) if self._behaviours else None
        if behaviour is not None:
            behaviour(self, connection, request)
            return False
        connection.sendall(self.answer(request))
        return True

    def answer(self, request: Request) -> bytes:
        """An honest register's whole answer."""
        try:
            if request.path == ENROL_PATH:
                return response(200, CONTENT_TYPE, self.centre.enrol(request.body))
            if request.path.startswith(PARCEL_PATH):
                named = PieceAddress.parse(*request.path.removeprefix(PARCEL_PATH).split("/")[1:])
                return response(200, CONTENT_TYPE, self.centre.piece(named, request.body))
            address = Address.parse(*request.path.removeprefix(SYNC_PATH).split("/")[1:])
            return response(200, CONTENT_TYPE, self.centre.sync(address, request.body))
        except Refuse as error:
            return problem(error.failure)
        except InputInvalid:
            return problem(Failure.REQUEST_NOT_ACCEPTED)


def response(status: int, kind: str, body: bytes, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def problem(failure: Failure, status: int = 400) -> bytes:
    body = json.dumps({"failure": failure.key, "code": failure.code}).encode()
    return response(status, "application/problem+json", body)


def _read_request(connection: ssl.SSLSocket, number: int) -> Request | None:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return None
        head += piece
    head, _, body = head.partition(b"\r\n\r\n")
    method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(fields.get(b"content-length", b"0")):
        piece = connection.recv(65536)
        if not piece:
            return None
        body += piece
    return Request(method, path, body, number, head)


# Misbehaviours.


def drips_the_body(register: FakeRegister, connection: ssl.SSLSocket, request: Request) -> None:
    """The head at once, and then a byte now and then."""
    head, _, body = register.answer(request).partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\n\r\n")
    for byte in body:
        connection.sendall(bytes([byte]))
        if register.stopping.wait(0.05):
            return


def sends(answer: bytes) -> Behaviour:
    """These bytes, then the connection closes."""

    def behave(_register: FakeRegister, connection: ssl.SSLSocket, _request: Request) -> None:
        connection.sendall(answer)

    return behave


def hangs_up(_register: FakeRegister, _connection: ssl.SSLSocket, _request: Request) -> None:
    """The request was read and nothing is answered."""


def takes_it_and_hangs_up(register: FakeRegister, _connection: ssl.SSLSocket, request: Request) -> None:
    """The request was taken in, and the answer got lost."""
    register.answer(request)


def takes_it_and_answers_half(register: FakeRegister, connection: ssl.SSLSocket, request: Request) -> None:
    answer = register.answer(request)
    connection.sendall(answer[: len(answer) - 20])


def half_a_head(_register: FakeRegister, connection: ssl.SSLSocket, _request: Request) -> None:
    connection.sendall(b"HTTP/1.")


def never_answers(register: FakeRegister, _connection: ssl.SSLSocket, _request: Request) -> None:
    register.stopping.wait(30)


def drips(register: FakeRegister, connection: ssl.SSLSocket, request: Request) -> None:
    """One byte after the other, for longer than anybody should wait."""
    for byte in register.answer(request):
        connection.sendall(bytes([byte]))
        if register.stopping.wait(0.05):
            return


def signs_with(key: SigningKey) -> Behaviour:
    """An answer that somebody else signed."""

    def behave(register: FakeRegister, connection: ssl.SSLSocket, request: Request) -> None:
        centre = register.centre
        right, centre.key = centre.key, key
        try:
            connection.sendall(register.answer(request))
        finally:
            centre.key = right

    return behave


@contextlib.contextmanager
def serving(centre: Centre, **options: ssl.SSLContext) -> Iterator[FakeRegister]:
    register = FakeRegister(centre, **options)
    try:
        yield register
    finally:
        register.close()
