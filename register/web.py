"""The register on the wire: an ASGI app of four paths.

    POST /v1/enrol                   a laptop becomes a station
    PUT  /v1/sync/{book}/{first}     a book's entries, from the number `first` on
    PUT  /v1/parcel/{book}/{id}/{offset}   a piece of what a book sends besides its ledger
    GET  /v1/health                  that it is there, and for which election

SQLite has one writer, so one thread does all of its work; on PostgreSQL several do, each with one book at a time. Who
would wait too long is told to come back, and so is, before anything of his request is read, who asks more than his
share (`allowances`). What a request claims of itself is proven before that, in other threads that only read: nobody
without a station's key or a code that was given out reaches a writer. Every failure is a problem+json of our own, and
none says more than its key and code. An exception that nobody foresaw ends here: uvicorn would log it with its message,
and a message may hold what a voter's line holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pollbook.clock import Clock
from pollbook.commanding import software_version, write_fault
from pollbook.election import Election
from pollbook.enrolment_messages import ENROL_PATH
from pollbook.failures import Failure, InputInvalid, UchastkaError, WorldFailed
from pollbook.parcels import PARCEL_PATH, PIECE_MESSAGE_BYTES_MAX, PieceAddress
from pollbook.sync_request import SYNC_PATH, Address
from pollbook.wire import CONTENT_TYPE, MESSAGE_BYTES_MAX, PROBLEM_TYPE
from register.allowances import Allowances, Visit
from register.appointments import SOON_S, Appointments
from register.authority import RegisterKeys
from register.centre import Centre
from register.enrolment import enrol, prove_enrolment
from register.home import RegisterHome
from register.ingest import ingest, prove_sync
from register.parcels import prove_piece, take_piece
from register.store.engine import Database

HEALTH_PATH = "/v1/health"
ENROL_BYTES_MAX = 16 * 1024
SYNC_BYTES_MAX = MESSAGE_BYTES_MAX
WAITING_MAX = 64
"""Requests that wait for the writer: a second's work at 3,000 marks each, far more of the usual ones."""
SILENCE_MAX_S = 60
"""A satellite link may pause so long inside a body (FACTS §7); after a longer cut the book sends again."""
BODY_WITHIN_S = 120
BODY_BYTES_PER_S = 2000
"""A body that comes has so long, and longer by what came of it at this rate: a byte now and then holds nothing open."""
BUFFERED_BYTES_MAX = 64 * 1024 * 1024
"""Of all bodies at once, from their first byte to their answer."""
_PROVERS = 2
RETRY_AFTER_S = 10
ANSWERED_AFTER_S = 1.0
"""Who asks too much waits so long for being told so: a connection brings no more than one such request a second."""

_STATUS = {
    Failure.REQUEST_NOT_ACCEPTED: HTTPStatus.BAD_REQUEST,
    Failure.CODE_WRONG: HTTPStatus.FORBIDDEN,
    Failure.CODE_EXPIRED: HTTPStatus.GONE,
    Failure.CODE_USED: HTTPStatus.CONFLICT,
    Failure.ALREADY_ENROLLED: HTTPStatus.CONFLICT,
    Failure.TOTALS_DIFFER: HTTPStatus.CONFLICT,
    Failure.BOOK_REVOKED: HTTPStatus.GONE,
    Failure.UNKNOWN_PRECINCT: HTTPStatus.NOT_FOUND,
    Failure.NOTHING_IMPORTED: HTTPStatus.CONFLICT,
    Failure.SLICE_TOO_LARGE: HTTPStatus.UNPROCESSABLE_ENTITY,
    Failure.OFFICERS_UNREADABLE: HTTPStatus.CONFLICT,
    Failure.REGISTER_BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Failure.REGISTER_IN_USE: HTTPStatus.SERVICE_UNAVAILABLE,
    Failure.DATABASE_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
}

logger = logging.getLogger(__name__)
Work = Callable[[bytes], bytes]
Proof = Callable[[bytes], None]
Result = TypeVar("Result")


class Register:
    """What a running register works with: the open database, its keys, and the threads that prove and write."""

    def __init__(
        self, home: RegisterHome, database: Database, keys: RegisterKeys, election: Election, clock: Clock
    ) -> None:
        self._database, self._keys, self._clock = database, keys, clock
        self.home, self.election = home, election
        self._writer = _Threads(database.writers_max, "register-writer")
        self._provers = _Threads(_PROVERS, "register-prover")

    def end(self) -> None:
        """Take no more work, and answer what waits for a thread that the register is busy; returns at once."""
        self._provers.end()
        self._writer.end()

    def close(self) -> None:
        """Finish what the writers have begun."""
        self._provers.close()
        self._writer.close()

    async def do(self, proof: Proof, work: Work, body: bytes, visit: Visit) -> bytes:
        """What `work` makes of `body` in a writer's thread, once `proof` held in one that only reads.

        Raises:
            WorldFailed: `REGISTER_BUSY` where too many wait, or what the proof or the work raises.
        """
        await self._provers.run(proof, body)
        visit.note_proven()
        return await self._writer.run(work, body)

    def prove_enrolment(self, untrusted: bytes) -> None:
        """Nothing, where the request is signed and its code is one of ours."""
        with self._database.read() as connection:
            prove_enrolment(connection, self.election, untrusted)

    def prove_sync(self, address: Address, untrusted: bytes) -> None:
        """Nothing, where the request is one of our stations'."""
        with self._database.read() as connection:
            prove_sync(connection, untrusted, address)

    def enrol(self, untrusted: bytes) -> bytes:
        """The answer to an enrol request."""
        with self._database.write() as connection:
            return enrol(connection, self._keys, self.election, untrusted, self._clock.now())

    def sync(self, address: Address, untrusted: bytes) -> bytes:
        """The answer to a sync request."""
        centre, now = Centre(self.election, self._keys), self._clock.now()
        return self._database.change_book(lambda connection: ingest(connection, centre, untrusted, address, now))

    def prove_piece(self, address: PieceAddress, untrusted: bytes) -> None:
        """Nothing, where the piece is from one of our stations."""
        with self._database.read() as connection:
            prove_piece(connection, untrusted, address)

    def take_piece(self, address: PieceAddress, untrusted: bytes) -> bytes:
        """The answer to a piece of a parcel."""
        key, now = self._keys.key, self._clock.now()
        return self._database.change_book(lambda connection: take_piece(connection, key, untrusted, address, now))


class _Threads:
    """A few threads of one kind, and those who wait for them: `WAITING_MAX` at most, none after the end."""

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, name)
        self._waiting = 0
        self._is_ended = False
        self._appointments = Appointments()

    async def run(self, work: Callable[[bytes], Result], body: bytes) -> Result:
        """What `work` makes of `body`.

        Raises:
            WorldFailed: `REGISTER_BUSY`, or what the work raises.
        """
        loop = asyncio.get_running_loop()
        if self._waiting >= WAITING_MAX or self._is_ended:
            raise WorldFailed(Failure.REGISTER_BUSY, retry_after_s=self._appointments.give(loop.time()))
        self._waiting += 1
        future = self._pool.submit(work, body)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if self._is_ended and future.cancelled():
                raise WorldFailed(Failure.REGISTER_BUSY) from None
            raise
        finally:
            self._waiting -= 1
            self._appointments.note_done(loop.time())

    def end(self) -> None:
        """Nothing more is begun."""
        self._is_ended = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """What was begun is finished."""
        self.end()
        self._pool.shutdown()


def make_app(register: Register) -> ASGIApp:
    """The app that serves this register."""
    bodies, doors = _Bodies(), _Doors()

    async def take_enrolment(request: Request) -> Response:
        async with doors.let_in(request) as visit, bodies.read(request, ENROL_BYTES_MAX) as body:
            answer = await register.do(register.prove_enrolment, register.enrol, body, visit)
        return Response(answer, media_type=CONTENT_TYPE)

    async def take_sync(request: Request) -> Response:
        address = _address(request.path_params["book"], request.path_params["first"])
        prove = functools.partial(register.prove_sync, address)
        async with doors.let_in(request, str(address.book)) as visit, bodies.read(request, SYNC_BYTES_MAX) as body:
            answer = await register.do(prove, functools.partial(register.sync, address), body, visit)
        return Response(answer, media_type=CONTENT_TYPE)

    async def take_parcel(request: Request) -> Response:
        named = request.path_params
        try:
            address = PieceAddress.parse(named["book"], named["parcel"], named["offset"])
        except InputInvalid as error:
            raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, str(error)) from error
        prove = functools.partial(register.prove_piece, address)
        book = str(address.book)
        async with doors.let_in(request, book) as visit, bodies.read(request, PIECE_MESSAGE_BYTES_MAX) as body:
            answer = await register.do(prove, functools.partial(register.take_piece, address), body, visit)
        return Response(answer, media_type=CONTENT_TYPE)

    async def tell_health(_request: Request) -> Response:
        return JSONResponse({"election": register.election.id, "version": software_version()})

    app = Starlette(
        routes=[
            Route(ENROL_PATH, take_enrolment, methods=["POST"]),
            Route(f"{SYNC_PATH}/{{book}}/{{first}}", take_sync, methods=["PUT"]),
            Route(f"{PARCEL_PATH}/{{book}}/{{parcel}}/{{offset}}", take_parcel, methods=["PUT"]),
            Route(HEALTH_PATH, tell_health, methods=["GET"]),
        ],
        exception_handlers={
            UchastkaError: _tell_failure,
            _TooMany: _tell_too_many,
            HTTPException: _tell_http,
            ClientDisconnect: _tell_gone,
            Exception: _tell_fault,
        },
    )

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - answered by `_tell_fault`; Starlette raises it again for the server
            log = write_fault(error, register.home.path)
            logger.error("fault kind=%s log=%s", type(error).__name__, log)  # noqa: TRY400 - places only, in the file

    return serve


class _TooMany(Exception):
    """One request more than its sender's share; to come back after so many seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class _Doors:
    """Everybody's allowance; who has spent it is kept waiting a moment, and sent away."""

    def __init__(self) -> None:
        self._allowances, self._appointments = Allowances(), Appointments()

    @contextlib.asynccontextmanager
    async def let_in(self, request: Request, book: str = "") -> AsyncIterator[Visit]:
        """A visit for as long as the request lasts.

        Raises:
            _TooMany: The allowance is spent.
        """
        loop, address = asyncio.get_running_loop(), request.client.host if request.client else ""
        visit = self._allowances.begin(address, book, loop.time())
        if visit is None:
            is_known = self._allowances.is_known(address, book)
            retry_after_s = SOON_S if is_known else self._appointments.give(loop.time())
            await asyncio.sleep(ANSWERED_AFTER_S)
            raise _TooMany(retry_after_s)
        try:
            yield visit
        finally:
            visit.end()
            self._appointments.note_done(loop.time())


class _Bodies:
    """All bodies that are in memory now."""

    def __init__(self) -> None:
        self._bytes = 0

    @contextlib.asynccontextmanager
    async def read(self, request: Request, bytes_max: int) -> AsyncIterator[bytes]:
        """The request's body, never more of it in memory than `bytes_max` and one piece.

        Raises:
            HTTPException: 413 or 408.
            WorldFailed: `REGISTER_BUSY` where all bodies together are too many bytes.
        """
        claimed = request.headers.get("content-length", "0")
        if not claimed.isdigit() or int(claimed[:12]) > bytes_max:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = bytearray()
        pieces = request.stream().__aiter__()
        until = asyncio.get_running_loop().time() + BODY_WITHIN_S
        try:
            while (piece := await self._piece(pieces, until + len(body) / BODY_BYTES_PER_S)) is not None:
                body += piece
                self._bytes += len(piece)
                if len(body) > bytes_max:
                    raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                if self._bytes > BUFFERED_BYTES_MAX:
                    raise WorldFailed(Failure.REGISTER_BUSY, "too many bodies at once")
            yield bytes(body)
        finally:
            self._bytes -= len(body)

    @staticmethod
    async def _piece(pieces: AsyncIterator[bytes], until: float) -> bytes | None:
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(until, now + SILENCE_MAX_S)):
                return await anext(pieces, None)
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error


def _address(untrusted_book: str, untrusted_first: str) -> Address:
    try:
        return Address.parse(untrusted_book, untrusted_first)
    except InputInvalid as error:
        raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, str(error)) from error


async def _tell_failure(_request: Request, error: Exception) -> Response:
    assert isinstance(error, UchastkaError)  # noqa: S101 - the handler's own registration
    status = _STATUS.get(error.failure, HTTPStatus.INTERNAL_SERVER_ERROR)
    logger.info("refused failure=%s detail=%r", error.failure.key, error.detail)
    failure = Failure.REGISTER_BUSY if status is HTTPStatus.SERVICE_UNAVAILABLE else error.failure
    retry_after_s = error.facts.get("retry_after_s", RETRY_AFTER_S)
    response = _problem(status, failure, retry_after_s if isinstance(retry_after_s, int) else RETRY_AFTER_S)
    if failure is Failure.REGISTER_BUSY:
        response.headers["Connection"] = "close"  # whoever comes back finds a place again
    return response


async def _tell_too_many(_request: Request, error: Exception) -> Response:
    assert isinstance(error, _TooMany)  # noqa: S101 - the handler's own registration
    return _problem(HTTPStatus.TOO_MANY_REQUESTS, Failure.REGISTER_BUSY, error.retry_after_s)


async def _tell_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler's own registration
    response = _problem(error.status_code, Failure.REQUEST_NOT_ACCEPTED)
    response.headers.update(error.headers or {})
    if error.status_code in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        response.headers["Connection"] = "close"  # the rest of the body is not waited for
    return response


async def _tell_gone(_request: Request, _error: Exception) -> Response:
    return _problem(HTTPStatus.BAD_REQUEST, Failure.REQUEST_NOT_ACCEPTED)


async def _tell_fault(_request: Request, _error: Exception) -> Response:
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, Failure.FAULT)


def _problem(status: int, failure: Failure, retry_after_s: int = RETRY_AFTER_S) -> JSONResponse:
    headers = {}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = str(retry_after_s)
    body = {"type": "about:blank", "status": int(status), "failure": failure.key, "code": failure.code}
    return JSONResponse(body, int(status), headers, media_type=PROBLEM_TYPE)
