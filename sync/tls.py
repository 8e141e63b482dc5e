"""TLS towards the register: the election's authority alone is trusted, and no exchange outlives its deadline.

`requests` knows no total deadline, and a time-out for each read is renewed by every byte that trickles in. Here each
read and write of the socket asks how much of the exchange's time is left.
"""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import sys
from typing import TYPE_CHECKING

from pollbook.clock import Clock
from pollbook.failures import Failure, WorldFailed
from sync.pace import TimeOuts

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_AT_ONCE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)

logger = logging.getLogger(__name__)


class DeadlineSocket(ssl.SSLSocket):
    """A socket whose every read and write ends by the exchange's deadline, however slowly bytes trickle."""

    context: ElectionContext

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(self.context.remaining_s())
        try:
            return super().recv_into(buffer, nbytes, flags)
        except TimeoutError:
            self._forget_unsent()
            raise

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        self.settimeout(self.context.remaining_s())
        try:
            return super().send(data, flags)
        except TimeoutError:
            self._forget_unsent()
            raise

    def _forget_unsent(self) -> None:
        """Closing ends the connection at once: else the system would go on sending what the next one carries again."""
        self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)


class ElectionContext(ssl.SSLContext):
    """TLS for one client, which knows the deadline of the exchange under way and whether a connection was made for it.

    Attributes:
        was_new: The exchange under way had to connect first.
        handshake_s: What the latest handshake took: one round trip.
        connected_at_s: When that was done, in the clock's monotonic seconds.
    """

    sslsocket_class = DeadlineSocket
    clock: Clock
    was_new = False
    handshake_s = 0.0
    connected_at_s = 0.0
    _until_s = 0.0
    _silence_s = 0.0
    _open: socket.socket | None = None
    _is_aborted = False

    def begin(self, time_outs: TimeOuts) -> None:
        """An exchange begins.

        Raises:
            ConnectionAbortedError: After `abort`.
        """
        self.was_new = False
        self._refuse_aborted()
        self._silence_s = time_outs.silence_s
        self._until_s = self.clock.monotonic_s() + time_outs.total_s

    def allow(self, seconds: float) -> None:
        """From now on the exchange may take this long."""
        self._until_s = self.clock.monotonic_s() + seconds

    def remaining_s(self) -> float:
        """What the next read or write may take.

        Raises:
            TimeoutError: The exchange's time is over.
            ConnectionAbortedError: After `abort`.
        """
        self._refuse_aborted()
        remaining = min(self._until_s - self.clock.monotonic_s(), self._silence_s)
        if remaining <= 0:
            raise TimeoutError("the exchange's deadline")
        return remaining

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        self.was_new = True
        began_s = self.clock.monotonic_s()
        wrapped = super().wrap_socket(
            sock, server_side, do_handshake_on_connect, suppress_ragged_eofs, server_hostname, session
        )
        self.connected_at_s = self.clock.monotonic_s()
        self.handshake_s = self.connected_at_s - began_s
        self._open = wrapped
        self._refuse_aborted()
        return wrapped

    def abort(self) -> None:
        """Wake whoever reads or writes, and let nothing further begin; called from another thread."""
        self._is_aborted = True
        if self._open is not None:
            try:
                socket.socket.shutdown(self._open, socket.SHUT_RDWR)
            except OSError as error:  # closed already
                logger.debug("abort errno=%s", error.errno)

    def _refuse_aborted(self) -> None:
        if self._is_aborted:
            raise ConnectionAbortedError("the exchange was given up")


def trusting_only(authority_pem: bytes, clock: Clock) -> ElectionContext:
    """TLS 1.3 that trusts this authority and no other.

    Raises:
        WorldFailed: `REGISTER_NOT_TRUSTED`: not a certificate.
    """
    context = ElectionContext(ssl.PROTOCOL_TLS_CLIENT)
    context.clock = clock
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(cadata=authority_pem.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise WorldFailed(Failure.REGISTER_NOT_TRUSTED, "the authority's certificate") from error
    return context
