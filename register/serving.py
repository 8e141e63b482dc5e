"""Serving the app over TLS 1.3 until it is told to stop; the one home of uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from pollbook.failures import Failure, WorldFailed
from register.connections import (
    CLOSE_WITHIN_S,
    HANDSHAKE_WITHIN_S,
    BoundedListener,
    LoopErrors,
    Protocol,
    bound_buffers,
    connections_max,
)

KEEP_ALIVE_S = 180
"""Longer than any client keeps an idle connection, so that it is the client who closes (FACTS §7)."""
END_WITHIN_S = 12
"""Longer than one request waits for the database, so that it is still answered."""
_BACKLOG = 2048


def bind(host: str, port: int) -> BoundedListener:
    """A socket bound to the address; port 0 takes a free one.

    Raises:
        WorldFailed: `PORT_TAKEN`, also where the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = BoundedListener(family, socket.SOCK_STREAM)
    try:
        if hasattr(signal, "SIGHUP"):  # on Windows the option would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)  # bound is not taken: two may bind, one can listen
    except OSError as error:
        listening.close()
        name = errno.errorcode.get(error.errno or 0, "")
        raise WorldFailed(Failure.PORT_TAKEN, f"{host}:{port} {name}", port=port, host=host) from error
    except OverflowError as error:
        listening.close()
        raise WorldFailed(Failure.PORT_TAKEN, f"{host}:{port}", port=port, host=host) from error
    return listening


def make_server(
    app: ASGIApp, tls: ssl.SSLContext, on_listening: Callable[[], None], on_ending: Callable[[], None] = lambda: None
) -> Server:
    """A server for `run(sockets=[...])`; `should_exit` ends it from another thread.

    Args:
        app: The register's app.
        tls: The server's side of TLS.
        on_listening: Called once connections are accepted.
        on_ending: Called once none is accepted any more, before those that are open are waited for.
    """
    config = uvicorn.Config(
        app,
        ssl_context_factory=lambda _config, _make: tls,
        ws="none",
        lifespan="off",
        interface="asgi3",
        http=Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=END_WITHIN_S,
        backlog=_BACKLOG,
    )
    return Server(config, on_listening, on_ending)


def serve(
    app: ASGIApp,
    listening: BoundedListener,
    tls: ssl.SSLContext,
    on_listening: Callable[[], None],
    on_ending: Callable[[], None],
) -> None:
    """Serve on `listening` (from `bind`) until SIGTERM or SIGINT; requests under way are finished first."""
    listening.limit = connections_max()
    bound_buffers()
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # a warning for each request that is none
    make_server(app, tls, on_listening, on_ending).run(sockets=[listening])


class Server(uvicorn.Server):
    """Uvicorn's server, which says when it listens and takes being told to stop as an ordinary end."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None], on_ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening, self._on_ending = on_listening, on_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, but that the handshake and the end of TLS have deadlines of seconds, not of minutes."""
        await super().startup(sockets=[])
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(LoopErrors())
        for listening in sockets or []:
            self.servers.append(
                await loop.create_server(
                    self._protocol,
                    sock=listening,
                    ssl=self.config.ssl,
                    backlog=self.config.backlog,
                    ssl_handshake_timeout=HANDSHAKE_WITHIN_S,
                    ssl_shutdown_timeout=CLOSE_WITHIN_S,
                )
            )
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_ending()
        await super().shutdown(sockets)

    def _protocol(self) -> Protocol:
        return Protocol(self.config, self.server_state, self.lifespan.state)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own, raise no signal again afterwards: the process ends with status 0."""

        def end(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        try:
            before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
        except ValueError:  # not the main thread: whoever started it sets `should_exit`
            yield
            return
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
