"""One connection between two desks as bytes in and frames out, without a socket: proven, encrypted, limited.

Every message on the wire is a length of 4 bytes (big-endian) and so many bytes: first the handshake's, then frames,
each sealed by ChaCha20-Poly1305 with its number in that direction as the nonce and its length as associated data. A
frame that is lost, doubled, changed or out of order does not open, and the connection ends.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from pollbook.clock import Clock
from pollbook.failures import Failure, WorldFailed
from sync.lan.credentials import Credentials
from sync.lan.handshake import HANDSHAKE_BYTES_MAX, Initiator, Proven, Responder

FRAME_BYTES_MAX = 1024 * 1024
"""A whole desk's share of a precinct's lines goes in several frames."""
_LENGTH_BYTES = 4
_TAG_BYTES = 16


class Channel:
    """One end of a connection. `take_outgoing` is what must go out; `receive` takes what came in."""

    def __init__(self, credentials: Credentials, clock: Clock, *, connects: bool) -> None:
        self._outgoing = bytearray()
        self._incoming = bytearray()
        self._sent = self._received = 0
        self._proven: Proven | None = None
        self._hand: Initiator | Responder
        if connects:
            self._hand = Initiator(credentials, clock)
            self._put(self._hand.first)
        else:
            self._hand = Responder(credentials, clock)
        self._is_second_sent = False

    @property
    def proven(self) -> Proven | None:
        """Who is at the other end, once that is proven."""
        return self._proven

    @property
    def waiting_bytes(self) -> int:
        """What has been sent and not yet been taken out."""
        return len(self._outgoing)

    def send(self, plain: bytes) -> None:
        """`plain` goes out as one frame; only once the other end is proven."""
        if self._proven is None:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "nobody is proven yet")
        length = _length(len(plain) + _TAG_BYTES)
        self._outgoing += length + self._proven.sending.encrypt(_nonce(self._sent), plain, length)
        self._sent += 1

    def receive(self, untrusted: bytes) -> tuple[bytes, ...]:
        """The frames that `untrusted` completes.

        Raises:
            WorldFailed: `NEIGHBOUR_…`; the connection must be closed.
        """
        self._incoming += untrusted
        frames: list[bytes] = []
        while (message := self._next_message()) is not None:
            if self._proven is None:
                self._shake(message)
            else:
                frames.append(self._opened(self._proven, message))
        return tuple(frames)

    def take_outgoing(self, bytes_max: int) -> bytes:
        """At most so many of the bytes that must go out; they count as sent."""
        taken = bytes(self._outgoing[:bytes_max])
        del self._outgoing[:bytes_max]
        return taken

    def put_back(self, unsent: bytes) -> None:
        """Bytes that were taken and did not go out after all."""
        self._outgoing[:0] = unsent

    def _next_message(self) -> bytes | None:
        if len(self._incoming) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._incoming[:_LENGTH_BYTES], "big")
        limit = HANDSHAKE_BYTES_MAX if self._proven is None else FRAME_BYTES_MAX + _TAG_BYTES
        if not 0 < length <= limit:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_UNDERSTOOD, f"{length} bytes where at most {limit} are read")
        if len(self._incoming) < _LENGTH_BYTES + length:
            return None
        message = bytes(self._incoming[_LENGTH_BYTES : _LENGTH_BYTES + length])
        del self._incoming[: _LENGTH_BYTES + length]
        return message

    def _shake(self, message: bytes) -> None:
        if isinstance(self._hand, Initiator):
            third, self._proven = self._hand.finish(message)
            self._put(third)
        elif not self._is_second_sent:
            self._put(self._hand.answer(message))
            self._is_second_sent = True
        else:
            self._proven = self._hand.finish(message)

    def _opened(self, proven: Proven, sealed: bytes) -> bytes:
        try:
            plain = proven.receiving.decrypt(_nonce(self._received), sealed, _length(len(sealed)))
        except InvalidTag as error:
            raise WorldFailed(Failure.NEIGHBOUR_NOT_TRUSTED, "a frame that does not open") from error
        self._received += 1
        return plain

    def _put(self, message: bytes) -> None:
        self._outgoing += _length(len(message)) + message


def _length(count: int) -> bytes:
    return count.to_bytes(_LENGTH_BYTES, "big")


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
