"""Who else is in the room: signed announcements, believed only as a hint of whom to connect to.

Every desk announces itself every few seconds by UDP. What is heard is put in order of cost: too much from one address,
not an announcement, another election or precinct, older than what was heard already (played again), not signed by a
device of this election; each is counted and forgotten. An announcement proves nothing but that such a desk was there
once; who answers on its port proves itself in the handshake (`handshake`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.clock import Clock
from pollbook.failures import InputInvalid, WorldFailed
from pollbook.signing import CERTIFICATE_BYTES_MAX, SigningKey, read_envelope, seal
from pollbook.types import BookName, DeviceId, ElectionId, PrecinctCode, is_precinct_code
from sync.lan.credentials import Credentials, proven_key
from sync.lan.messages import DESK_MAX

ANNOUNCE_EVERY_S = 3.0
AWAY_AFTER_S = 15.0
"""Five announcements lost one after another."""
ANNOUNCEMENT_BYTES_MAX = 1400
"""One datagram that no Ethernet cuts in two."""
NEIGHBOURS_MAX = 16
FORGOTTEN_AFTER_S = 60.0
"""A desk whose clock was set back is heard again after so long; until then its announcements count as played again."""
_BURST, _PER_S = 20.0, 5.0
"""Datagrams of one address: what a desk sends over several ways at once, many times over."""
_ADDRESSES_MAX = 64
_VERSION = 1
_PURPOSE = "announce 1"


class Ignored(StrEnum):
    """Why a datagram is not used."""

    TOO_MANY = "too_many"
    NOT_UNDERSTOOD = "not_understood"
    OWN = "own"
    OTHER_ELECTION = "other_election"
    OTHER_PRECINCT = "other_precinct"
    PLAYED_AGAIN = "played_again"
    NOT_TRUSTED = "not_trusted"
    NO_ROOM = "no_room"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A desk says that it is there: its book, where it listens for TCP, and its clock's milliseconds since 1970."""

    election: ElectionId
    precinct: PrecinctCode
    desk: int
    book: BookName
    port: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A neighbour as it was last heard: from which address, and when by our own steady clock."""

    announcement: Announcement
    address: str
    heard_at_s: float


def encode_announcement(announcement: Announcement, certificate: bytes, key: SigningKey) -> bytes:
    """One datagram, signed by the device with its certificate inside."""
    book = announcement.book
    body: list[object] = [
        _VERSION,
        announcement.election,
        announcement.precinct,
        announcement.desk,
        [book.device, book.epoch],
        announcement.port,
        announcement.at_ms,
        certificate,
    ]
    return seal(_PURPOSE, cbor.encode(body), key)


def read_announcement(untrusted: bytes) -> tuple[Announcement, bytes]:
    """What a datagram claims, and the certificate that it claims it by; nothing is proven yet.

    Raises:
        InputInvalid: Not an announcement.
    """
    envelope = read_envelope(untrusted, ANNOUNCEMENT_BYTES_MAX)
    fields = Fields(cbor.decode(envelope.untrusted_body, ANNOUNCEMENT_BYTES_MAX), 8)
    fields.take_int(_VERSION, _VERSION)
    election, precinct, desk = fields.take_text(100), fields.take_text(9), fields.take_int(1, DESK_MAX)
    name = Fields(fields.take_array(2), 2)
    book = BookName(DeviceId(name.take_bytes(16, 16)), name.take_int(1))
    port, at_ms = fields.take_int(1, 65535), fields.take_int()
    if not is_precinct_code(precinct) or envelope.signer != book.device:
        raise InputInvalid("an announcement for somebody else")
    announcement = Announcement(ElectionId(election), PrecinctCode(precinct), desk, book, port, at_ms)
    return announcement, fields.take_bytes(1, CERTIFICATE_BYTES_MAX)


@dataclass
class _Allowance:
    tokens: float = _BURST
    at_s: float = 0.0

    def takes_one(self, now_s: float) -> bool:
        self.tokens = min(_BURST, self.tokens + (now_s - self.at_s) * _PER_S)
        self.at_s = now_s
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass
class Neighbourhood:
    """The neighbours heard so far, at most `NEIGHBOURS_MAX`, and how many datagrams were not used and why."""

    credentials: Credentials
    clock: Clock
    ignored: Counter[Ignored] = field(default_factory=Counter)
    _heard: dict[DeviceId, Heard] = field(default_factory=dict)
    _allowances: dict[str, _Allowance] = field(default_factory=dict)

    def hear(self, untrusted: bytes, address: str) -> Heard | Ignored:
        """A datagram from this address came in."""
        outcome = self._judge(untrusted, address)
        if isinstance(outcome, Ignored):
            self.ignored[outcome] += 1
        else:
            self._heard[outcome.announcement.book.device] = outcome
        return outcome

    def present(self) -> tuple[Heard, ...]:
        """Who was heard within the last `AWAY_AFTER_S`, by desk."""
        since_s = self.clock.monotonic_s() - AWAY_AFTER_S
        near = (heard for heard in self._heard.values() if heard.heard_at_s > since_s)
        return tuple(sorted(near, key=lambda heard: (heard.announcement.desk, heard.announcement.book.device)))

    def _judge(self, untrusted: bytes, address: str) -> Heard | Ignored:
        now_s = self.clock.monotonic_s()
        if not self._may_speak(address, now_s):
            return Ignored.TOO_MANY
        try:
            announcement, certificate = read_announcement(untrusted)
        except InputInvalid:
            return Ignored.NOT_UNDERSTOOD
        if (reason := self._is_not_for_us(announcement, now_s)) is not None:
            return reason
        try:
            key = proven_key(self.credentials, announcement.book.device, certificate, self.clock)
            read_envelope(untrusted, ANNOUNCEMENT_BYTES_MAX).open_with(_PURPOSE, key)
        except (WorldFailed, InputInvalid):
            return Ignored.NOT_TRUSTED
        if announcement.book.device not in self._heard and not self._has_room(now_s):
            return Ignored.NO_ROOM
        return Heard(announcement, address, now_s)

    def _is_not_for_us(self, announcement: Announcement, now_s: float) -> Ignored | None:
        if announcement.election != self.credentials.election:
            return Ignored.OTHER_ELECTION
        if announcement.precinct != self.credentials.precinct:
            return Ignored.OTHER_PRECINCT
        if announcement.book.device == self.credentials.device:
            return Ignored.OWN
        before = self._heard.get(announcement.book.device)
        if before is None or before.heard_at_s <= now_s - FORGOTTEN_AFTER_S:
            return None
        is_newer = announcement.at_ms > before.announcement.at_ms
        return None if is_newer and announcement.book.epoch >= before.announcement.book.epoch else Ignored.PLAYED_AGAIN

    def _may_speak(self, address: str, now_s: float) -> bool:
        if address not in self._allowances and len(self._allowances) >= _ADDRESSES_MAX:
            quietest = min(self._allowances, key=lambda known: self._allowances[known].at_s)
            del self._allowances[quietest]
        return self._allowances.setdefault(address, _Allowance(at_s=now_s)).takes_one(now_s)

    def _has_room(self, now_s: float) -> bool:
        if len(self._heard) < NEIGHBOURS_MAX:
            return True
        oldest = min(self._heard.values(), key=lambda heard: heard.heard_at_s)
        if oldest.heard_at_s > now_s - AWAY_AFTER_S:
            return False
        del self._heard[oldest.announcement.book.device]
        return True
