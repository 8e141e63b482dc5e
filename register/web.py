"""The register on the wire: an ASGI app of three paths.

    POST /v1/enrol                   a laptop becomes a station
    PUT  /v1/sync/{book}/{first}     a book's entries, from the number `first` on
    GET  /v1/health                  that it is there, and for which election

The database has one writer, so one thread does all of its work; who would wait too long is told to come back. Every
failure is a problem+json of our own, and none says more than its key and code.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pollbook.clock import Clock
from pollbook.commanding import software_version
from pollbook.election import Election
from pollbook.failures import Failure, UchastkaError, WorldFailed
from pollbook.messages import CONTENT_TYPE, ENROL_PATH, MESSAGE_BYTES_MAX, SYNC_PATH
from pollbook.types import BookName, DeviceId
from register.authority import RegisterKeys
from register.enrolment import enrol
from register.ingest import Address, ingest
from register.store.engine import Database

HEALTH_PATH = "/v1/health"
PROBLEM_TYPE = "application/problem+json"
ENROL_BYTES_MAX = 16 * 1024
SYNC_BYTES_MAX = MESSAGE_BYTES_MAX
WAITING_MAX = 64
"""Requests that wait for the writer: a second's work at 3,000 marks each, far more of the usual ones."""
SILENCE_MAX_S = 60
"""A satellite link may pause so long inside a body (FACTS §7); after a longer cut the book sends again."""
RETRY_AFTER_S = 10
_BOOK = re.compile(r"([0-9a-f]{32})\.([1-9]\d{0,8})", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)

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
}

logger = logging.getLogger(__name__)
Work = Callable[[bytes], bytes]


class Register:
    """What a running register works with: the open database, its keys, and the thread that writes."""

    def __init__(self, database: Database, keys: RegisterKeys, election: Election, clock: Clock) -> None:
        self._database, self._keys, self._clock = database, keys, clock
        self.election = election
        self._writer = ThreadPoolExecutor(1, "register-writer")
        self._waiting = 0

    def close(self) -> None:
        """Finish what the writer has begun."""
        self._writer.shutdown()

    async def do(self, work: Work, body: bytes) -> bytes:
        """What `work` makes of `body` in the writer's thread.

        Raises:
            WorldFailed: `REGISTER_BUSY` where too many wait, or what the work raises.
        """
        if self._waiting >= WAITING_MAX:
            raise WorldFailed(Failure.REGISTER_BUSY)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writer, work, body)
        finally:
            self._waiting -= 1

    def enrol(self, untrusted: bytes) -> bytes:
        """The answer to an enrol request."""
        with self._database.write() as connection:
            return enrol(connection, self._keys, self.election, untrusted, self._clock.now())

    def sync(self, address: Address, untrusted: bytes) -> bytes:
        """The answer to a sync request."""
        with self._database.write() as connection:
            return ingest(connection, self._keys.key, untrusted, address, self._clock.now())


def make_app(register: Register) -> Starlette:
    """The app that serves this register."""

    async def take_enrolment(request: Request) -> Response:
        body = await _body(request, ENROL_BYTES_MAX)
        return Response(await register.do(register.enrol, body), media_type=CONTENT_TYPE)

    async def take_sync(request: Request) -> Response:
        address = _address(request.path_params["book"], request.path_params["first"])
        body = await _body(request, SYNC_BYTES_MAX)
        work = functools.partial(register.sync, address)
        return Response(await register.do(work, body), media_type=CONTENT_TYPE)

    async def tell_health(_request: Request) -> Response:
        return JSONResponse({"election": register.election.id, "version": software_version()})

    return Starlette(
        routes=[
            Route(ENROL_PATH, take_enrolment, methods=["POST"]),
            Route(f"{SYNC_PATH}/{{book}}/{{first}}", take_sync, methods=["PUT"]),
            Route(HEALTH_PATH, tell_health, methods=["GET"]),
        ],
        exception_handlers={
            UchastkaError: _tell_failure,
            HTTPException: _tell_http,
            ClientDisconnect: _tell_gone,
            Exception: _tell_fault,
        },
    )


async def _body(request: Request, bytes_max: int) -> bytes:
    """The request's body, never more of it in memory than `bytes_max` and one piece.

    Raises:
        HTTPException: 413 or 408.
    """
    claimed = request.headers.get("content-length", "0")
    if not claimed.isdigit() or int(claimed[:12]) > bytes_max:
        raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    body = bytearray()
    pieces = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(SILENCE_MAX_S):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT) from error
        if piece is None:
            return bytes(body)
        body += piece
        if len(body) > bytes_max:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _address(untrusted_book: str, untrusted_first: str) -> Address:
    book = _BOOK.fullmatch(untrusted_book)
    if book is None or not _NUMBER.fullmatch(untrusted_first):
        raise WorldFailed(Failure.REQUEST_NOT_ACCEPTED, "not a book and a number")
    return Address(BookName(DeviceId(bytes.fromhex(book[1])), int(book[2])), int(untrusted_first))


async def _tell_failure(_request: Request, error: Exception) -> Response:
    assert isinstance(error, UchastkaError)  # noqa: S101 - the handler's own registration
    status = _STATUS.get(error.failure, HTTPStatus.INTERNAL_SERVER_ERROR)
    logger.info("refused failure=%s detail=%r", error.failure.key, error.detail)
    failure = Failure.REGISTER_BUSY if status is HTTPStatus.SERVICE_UNAVAILABLE else error.failure
    return _problem(status, failure)


async def _tell_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - the handler's own registration
    response = _problem(error.status_code, Failure.REQUEST_NOT_ACCEPTED)
    response.headers.update(error.headers or {})
    if error.status_code in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        response.headers["Connection"] = "close"  # the rest of the body is not waited for
    return response


async def _tell_gone(_request: Request, _error: Exception) -> Response:
    return _problem(HTTPStatus.BAD_REQUEST, Failure.REQUEST_NOT_ACCEPTED)


async def _tell_fault(_request: Request, error: Exception) -> Response:
    logger.error("fault kind=%s", type(error).__name__)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, Failure.FAULT)


def _problem(status: int, failure: Failure) -> JSONResponse:
    headers = {}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    body = {"type": "about:blank", "status": int(status), "failure": failure.key, "code": failure.code}
    return JSONResponse(body, int(status), headers, media_type=PROBLEM_TYPE)
