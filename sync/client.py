"""The register over HTTP: one exchange at a time, every foreign error turned into ours; the one home of requests.

What is proven here is only that the other side holds a TLS certificate of the election's authority; that an answer is
the register's own is proven by its signature, by whoever asked.

Against the traps of FACTS §7: no proxy or CA bundle from the environment, no redirects, a total deadline that holds
down to each read of the socket, a limit on what is read, idle connections given up before the register does.
"""

from __future__ import annotations

import http.client
import json
import logging
import ssl
from collections.abc import Iterable, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.util import SKIP_HEADER

from pollbook.clock import Clock
from pollbook.enrolment_messages import ENROL_PATH
from pollbook.failures import Failure, WorldFailed
from pollbook.parcels import PieceAddress
from pollbook.slice import SLICE_BYTES_MAX
from pollbook.store.link import Link
from pollbook.sync_request import Address
from pollbook.types import BookName, EntryNumber
from pollbook.wire import CONTENT_TYPE, MESSAGE_BYTES_MAX, PROBLEM_TYPE
from sync.pace import PROBE_S, RESUME_S, UNDER_WAY_S, Pace, Patience, Traffic
from sync.tls import ElectionContext, trusting_only

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, SupportsRead

    _Body = SupportsRead[bytes] | Iterable[ReadableBuffer] | ReadableBuffer | None

PROBLEM_BYTES_MAX = 4096
RETRY_AFTER_MAX_S = 3600
ENROL_ANSWER_BYTES_MAX = SLICE_BYTES_MAX + 64 * 1024
PARCEL_ANSWER_BYTES_MAX = 4096
_PIECE_BYTES = 16 * 1024
_CONNECTION_ROUND_TRIPS = 2
"""TCP's and TLS 1.3's, before the request's own (FACTS §7)."""

NAMED_BY_THE_REGISTER = {
    failure.key: failure
    for failure in (
        Failure.CODE_WRONG,
        Failure.CODE_EXPIRED,
        Failure.CODE_USED,
        Failure.ALREADY_ENROLLED,
        Failure.UNKNOWN_PRECINCT,
        Failure.BOOK_REVOKED,
        Failure.SLICE_TOO_LARGE,
        Failure.REQUEST_NOT_ACCEPTED,
        Failure.NOTHING_IMPORTED,
        Failure.TOTALS_DIFFER,
        Failure.OFFICERS_UNREADABLE,
    )
}
"""What a register may name as the reason of a refusal; anything else it names isn't understood."""
_LESS_NEXT_TIME = frozenset(
    {
        Failure.REGISTER_UNREACHABLE,
        Failure.REGISTER_SLOW,
        Failure.ANSWER_NOT_UNDERSTOOD,  # a body limit on the way answers in HTML
        Failure.REGISTER_IN_TROUBLE,
        Failure.REQUEST_NOT_ACCEPTED,
    }
)


logger = logging.getLogger(__name__)


class RegisterClient:
    """A register at an https address; used by one thread, but for `abort`.

    Every method raises `WorldFailed`: `REGISTER_UNREACHABLE`, `REGISTER_SLOW`, `REGISTER_NOT_TRUSTED`,
    `ANSWER_NOT_UNDERSTOOD`, `REGISTER_IN_TROUBLE`, `REGISTER_BUSY` (fact `retry_after_s`), or what the register names.
    """

    def __init__(self, url: str, authority_pem: bytes, clock: Clock, patience: Patience | None = None) -> None:
        self._url = url.rstrip("/")
        self._clock = clock
        self._patience = patience or Patience()
        self._context = trusting_only(authority_pem, clock)
        self._session = _session(self._context)
        self._idle_since_s = clock.monotonic_s()
        self._is_kept_alive = False
        self._answered_at_s: float | None = None
        self.pace = Pace(self._patience)
        self.traffic = Traffic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection; a further exchange makes a new one."""
        self._is_kept_alive = False
        self._session.close()

    def abort(self) -> None:
        """Break the exchange under way and refuse further ones, from another thread; nothing is lost by it."""
        self._context.abort()

    def batch_bytes(self) -> int:
        """How many bytes of entries the next request should carry."""
        return self.pace.batch_bytes()

    def enrol(self, request: bytes) -> bytes:
        """The register's answer to an enrol request."""
        return self._ask("POST", ENROL_PATH, request, ENROL_ANSWER_BYTES_MAX)

    def sync(self, book: BookName, first: EntryNumber, request: bytes) -> bytes:
        """The register's answer to a sync request whose entries begin at `first`."""
        return self._ask("PUT", Address(book, first).path, request, MESSAGE_BYTES_MAX)

    def piece(self, address: PieceAddress, request: bytes) -> bytes:
        """The register's answer to a piece of a parcel."""
        return self._ask("PUT", address.path, request, PARCEL_ANSWER_BYTES_MAX)

    def round_trip_s(self) -> float | None:
        """What a round trip takes on this link, None where nothing was measured yet."""
        return self.pace.round_trip_s

    def _ask(self, method: str, path: str, body: bytes, bytes_max: int) -> bytes:
        if not self._url.lower().startswith("https://"):
            raise WorldFailed(Failure.REGISTER_NOT_TRUSTED, "not an https address")
        began_s = self._clock.monotonic_s()
        if began_s - self._idle_since_s > self._patience.idle_s:
            self.close()
        is_under_way = self._answered_at_s is not None and began_s - self._answered_at_s < UNDER_WAY_S
        try:
            return self._ask_again(method, path, body, bytes_max)
        except WorldFailed as error:
            if not is_under_way or not _is_broken_link(error):
                raise
            logger.info("link broken under a transfer code=%s detail=%s", error.failure.code, error.detail)
        return self._resume(method, path, body, bytes_max, began_s + RESUME_S)

    def _resume(self, method: str, path: str, body: bytes, bytes_max: int, until_s: float) -> bytes:
        """The answer, as soon as the link is back.

        Only who was in the middle of a transfer comes back so eagerly; all others wait as `backoff` says, so that a
        register which was away does not get them all at once. Every request is idempotent.
        """
        while True:
            tried_at_s = self._clock.monotonic_s()
            try:
                return self._ask_once(method, path, body, bytes_max, is_probe=True)
            except WorldFailed as error:
                now_s = self._clock.monotonic_s()
                took_none = now_s - tried_at_s < PROBE_S / 2  # refused, or given up: it is not the link that is away
                if took_none or now_s > until_s or not _is_broken_link(error):
                    raise

    def _ask_again(self, method: str, path: str, body: bytes, bytes_max: int) -> bytes:
        try:
            was_kept_alive = self._is_kept_alive
            try:
                return self._ask_once(method, path, body, bytes_max)
            except WorldFailed as error:
                is_new = self._context.was_new or not was_kept_alive
                if is_new or error.failure is not Failure.REGISTER_UNREACHABLE:
                    raise
            # The register had closed the idle connection. Every request is idempotent: it is simply sent again.
            return self._ask_once(method, path, body, bytes_max)
        except WorldFailed as error:
            if error.failure in _LESS_NEXT_TIME:
                self.pace.note_failure()
            raise

    def _ask_once(self, method: str, path: str, body: bytes, bytes_max: int, *, is_probe: bool = False) -> bytes:
        time_outs = self.pace.time_outs(len(body))
        if is_probe:
            time_outs = self.pace.probe(time_outs)
        began_s = self._clock.monotonic_s()
        was_kept_alive, self._is_kept_alive = self._is_kept_alive, False
        try:
            self._context.begin(time_outs)
            with self._session.request(
                method,
                self._url + path,
                data=body,
                stream=True,
                allow_redirects=False,
                timeout=(time_outs.connect_s, time_outs.silence_s),
            ) as response:
                status, kind = response.status_code, response.headers.get("Content-Type", "")
                answer = self._read(response, bytes_max if status == http.HTTPStatus.OK else PROBLEM_BYTES_MAX)
                self._measure(len(body), len(answer), began_s)
                self._is_kept_alive = True
                self._answered_at_s = self._clock.monotonic_s()
                self._refuse(status, kind, answer, response.headers.get("Retry-After", ""))
        except (requests.RequestException, OSError) as error:
            raise _as_ours(error) from error
        finally:
            self._idle_since_s = self._clock.monotonic_s()
            if was_kept_alive or self._context.was_new:
                self.traffic.bytes_up += len(body)
                self.traffic.round_trips += 1 + (_CONNECTION_ROUND_TRIPS if self._context.was_new else 0)
        return answer

    def _read(self, response: requests.Response, bytes_max: int) -> bytes:
        if "Content-Encoding" in response.headers:
            raise WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, "an encoded body")
        length = response.headers.get("Content-Length", "")
        claimed = int(length) if length.isascii() and length.isdigit() and len(length) <= 12 else 0
        if claimed > bytes_max:
            raise WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, f"a body of {claimed} bytes")
        self._context.allow(self.pace.body_s(claimed))
        answer = bytearray()
        for piece in response.iter_content(_PIECE_BYTES):
            answer += piece
            self.traffic.bytes_down += len(piece)
            if len(answer) > bytes_max:
                raise WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, f"a body beyond {bytes_max} bytes")
        return bytes(answer)

    def _measure(self, bytes_up: int, bytes_down: int, began_s: float) -> None:
        if self._context.was_new:
            self.pace.note_handshake(self._context.handshake_s)
        since_s = max(began_s, self._context.connected_at_s)
        self.pace.note_exchange(bytes_up + bytes_down, self._clock.monotonic_s() - since_s)

    def _refuse(self, status: int, kind: str, answer: bytes, retry_after: str) -> None:
        """Return where the answer is one, else raise what it means."""
        kind = kind.partition(";")[0].strip().lower()
        match status:
            case http.HTTPStatus.OK if kind == CONTENT_TYPE:
                return
            case http.HTTPStatus.TOO_MANY_REQUESTS | http.HTTPStatus.SERVICE_UNAVAILABLE:
                raise WorldFailed(Failure.REGISTER_BUSY, retry_after_s=self._seconds(retry_after))
            case http.HTTPStatus.REQUEST_TIMEOUT:  # the request did not come through in the register's time
                raise WorldFailed(Failure.REGISTER_SLOW, f"status {status}")
            case _ if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
                raise WorldFailed(Failure.REGISTER_IN_TROUBLE, f"status {status}", status=status)
            case _ if kind == PROBLEM_TYPE and status >= http.HTTPStatus.BAD_REQUEST:
                raise _named(answer, status)
            case _:
                raise WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, f"status {status}, type {kind[:40]!r}")

    def _seconds(self, retry_after: str) -> int:
        """Seconds to wait. Source: RFC 9110 §10.2.3, a number or a date."""
        if retry_after.isascii() and retry_after.isdigit():
            return min(int(retry_after[:9]), RETRY_AFTER_MAX_S)
        try:
            at = parsedate_to_datetime(retry_after)
        except (ValueError, OverflowError):
            return 0
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(int((at - self._clock.now()).total_seconds()), 0), RETRY_AFTER_MAX_S)


def _is_broken_link(error: WorldFailed) -> bool:
    """Whether it was the link that failed, and no word of the register's."""
    return error.__cause__ is not None and error.failure in {Failure.REGISTER_UNREACHABLE, Failure.REGISTER_SLOW}


def client_of(link: Link, clock: Clock) -> RegisterClient:
    """A client of the register that a book belongs to."""
    return RegisterClient(link.url, link.authority_pem.encode(), clock)


class _Connection(HTTPSConnection):
    """Sends a request's head together with its body: one TLS record, and one segment where both fit in it."""

    _head = b""
    _is_in_head = False

    def endheaders(self, message_body: _Body = None, *, encode_chunked: bool = False) -> None:
        self._is_in_head = True
        try:
            super().endheaders(message_body, encode_chunked=encode_chunked)
        finally:
            self._is_in_head = False

    def send(self, data: ReadableBuffer) -> None:  # type: ignore[override]  # http.client's own takes streams as well
        if self._is_in_head:
            self._head += bytes(data)
            return
        whole, self._head = self._head + bytes(data), b""
        super().send(whole)


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


class _Adapter(HTTPAdapter):
    """HTTPS through our context and nothing else."""

    def __init__(self, context: ElectionContext) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: object) -> None:
        super().init_poolmanager(connections, maxsize, block, **options, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}

    def cert_verify(self, conn: HTTPSConnectionPool, url: object, verify: object, cert: object) -> None:  # noqa: ARG002
        """Keep requests from adding its own bundle of public authorities to the context."""
        conn.cert_reqs, conn.ca_certs, conn.ca_cert_dir = "CERT_REQUIRED", None, None


def _session(context: ElectionContext) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.adapters.clear()
    session.mount("https://", _Adapter(context))
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # else each request would carry them back
    # What the path, the body's signature and the answer's type say already is not said again with each request.
    session.headers.update({"User-Agent": SKIP_HEADER, "Accept-Encoding": SKIP_HEADER})
    return session


def _named(answer: bytes, status: int) -> WorldFailed:
    try:
        key = json.loads(answer)["failure"]
    except (ValueError, KeyError, TypeError, RecursionError):
        key = None
    failure = NAMED_BY_THE_REGISTER.get(key) if isinstance(key, str) else None
    if failure is None:
        return WorldFailed(Failure.ANSWER_NOT_UNDERSTOOD, f"status {status}")
    return WorldFailed(failure, f"status {status}")


def _as_ours(error: Exception) -> WorldFailed:
    chain = list(_chain(error))
    kinds = tuple(type(link).__name__ for link in chain)

    def has(*types: type[BaseException]) -> bool:
        return any(isinstance(link, types) for link in chain)

    if has(ssl.SSLCertVerificationError):
        failure = Failure.REGISTER_NOT_TRUSTED
    elif has(requests.ConnectTimeout):
        failure = Failure.REGISTER_UNREACHABLE
    elif has(TimeoutError, requests.Timeout):
        failure = Failure.REGISTER_SLOW
    elif has(http.client.RemoteDisconnected, ssl.SSLEOFError, ssl.SSLZeroReturnError):
        failure = Failure.REGISTER_UNREACHABLE
    elif has(requests.exceptions.ChunkedEncodingError, http.client.HTTPException):
        failure = Failure.ANSWER_NOT_UNDERSTOOD
    elif has(ssl.SSLError):
        failure = Failure.REGISTER_NOT_TRUSTED
    else:
        failure = Failure.REGISTER_UNREACHABLE
    return WorldFailed(failure, kinds[-1])


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Every exception inside one of requests': it keeps urllib3's as an argument, and that one the system's."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = (*link.args, getattr(link, "reason", None), link.__cause__, link.__context__)
        waiting += [part for part in inner if isinstance(part, BaseException)]
