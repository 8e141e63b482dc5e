"""What a connection may cost before it has proven anything: how many there are, and how long one says nothing.

Whoever reaches the port can open connections, so none of this depends on who asks, but for one thing: a single address
never has them all.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from asyncio import sslproto
from collections import Counter
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from register.allowances import network_of

CONNECTIONS_MAX = 2000
"""A station keeps one open for a minute or two after a sync."""
TLS_BYTES = 32 * 1024
"""That TLS reads of one connection at a time, and again as much that waits in it; asyncio's own 256 KiB let one address
that writes and never reads take a gigabyte. A day's marks of a station are 10 KiB."""
ONE_ADDRESS = 0.75
"""Of all connections: a whole region may come from one address, and the others still find room."""
_FILES_KEPT = 64
"""For the database, the keys and the reports."""
_FILES_WANTED = 4096
HEADER_WITHIN_S = 10.0
"""From the first byte of a request, or from the handshake, to the end of its header: a packet or two."""
HANDSHAKE_WITHIN_S = 10.0
CLOSE_WITHIN_S = 5.0
TELL_AGAIN_S = 60.0

logger = logging.getLogger(__name__)


def connections_max() -> int:
    """How many connections this process may hold, once its own limit of open files is as high as it can be."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return CONNECTIONS_MAX
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < ceiling:
        resource.setrlimit(resource.RLIMIT_NOFILE, (ceiling, hard))
        soft = ceiling
    if soft == resource.RLIM_INFINITY:
        return CONNECTIONS_MAX
    return max(min(CONNECTIONS_MAX, (soft - _FILES_KEPT) // 2), 1)


def bound_buffers() -> None:
    """From here on each connection's TLS takes `TLS_BYTES` at a time."""
    sslproto.SSLProtocol.max_size = TLS_BYTES


class BoundedListener(socket.socket):
    """A listening socket that closes at once what comes while `limit` of its connections are open.

    The same where `ONE_ADDRESS` of them are open from one address. With asyncio's loop for sockets; on Windows, where
    the system accepts, nothing is counted.
    """

    limit = CONNECTIONS_MAX
    open = 0

    def __init__(self, family: int, kind: int) -> None:
        super().__init__(family, kind)
        self._from: Counter[str] = Counter()

    def accept(self) -> tuple[socket.socket, Any]:
        """As `socket.accept`.

        Raises:
            ConnectionAbortedError: The connection was one too many; asyncio goes on with the next.
        """
        connection, address = super().accept()
        network = network_of(str(address[0]))
        if self.open >= self.limit or self._from[network] >= max(self.limit * ONE_ADDRESS, 1):
            connection.close()
            raise ConnectionAbortedError(errno.ECONNABORTED, "too many connections")
        return _Counted(self, connection, network), address

    def count(self, network: str, by: int) -> None:
        """One more, or one less, is open from there."""
        self.open += by
        self._from[network] += by
        if not self._from[network]:
            del self._from[network]


class _Counted(socket.socket):
    """An accepted connection; its listener counts it until it is closed."""

    def __init__(self, listener: BoundedListener, accepted: socket.socket, network: str) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self._listener: BoundedListener | None = listener
        self._network = network
        listener.count(network, 1)

    def _forget(self) -> None:
        if self._listener is not None:
            self._listener.count(self._network, -1)
            self._listener = None

    def close(self) -> None:
        self._forget()
        super().close()

    def detach(self) -> int:
        self._forget()
        return super().detach()


class Protocol(H11Protocol):
    """Uvicorn's protocol, with a deadline for each request's header that no byte puts off."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(_Gathering(transport, self.loop))  # type: ignore[arg-type]  # all of it that is used
        if (bound := getattr(transport, "set_read_buffer_limits", None)) is not None:  # TLS has it, bare TCP has not
            bound(TLS_BYTES)
        self._expect_header()

    def data_received(self, data: bytes) -> None:
        if self._deadline is None and self._is_between_requests():
            self._expect_header()
        super().data_received(data)
        if not self._is_between_requests():
            self._stop_expecting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_header(self) -> None:
        self._deadline = self.loop.call_later(HEADER_WITHIN_S, self._give_up)

    def _stop_expecting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.abort()


class _Gathering:
    """A transport that sends what is written in one go of the loop together: an answer's head with its body."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._transport.write(b"".join(waiting))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)


class LoopErrors:
    """What asyncio tells of its own: that no connection can be accepted is said once a minute, not at each try."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For `loop.set_exception_handler`."""
        error = context.get("exception")
        if not isinstance(error, OSError):
            loop.default_exception_handler(context)
            return
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + TELL_AGAIN_S
            logger.error("connections kind=%s errno=%s", type(error).__name__, error.errno)
