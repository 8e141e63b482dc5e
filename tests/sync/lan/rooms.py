"""Desks of small elections: credentials by one authority, or by somebody else's."""

from __future__ import annotations

from dataclasses import dataclass, field

from pollbook.signing import SigningKey, device_id
from pollbook.types import BookName, ElectionId, PrecinctCode
from sync.lan.channel import Channel
from sync.lan.credentials import Credentials
from tests.making import Authority, FakeClock

ELECTION, PRECINCT = ElectionId("test-2026"), PrecinctCode("1708-0001")


@dataclass
class Room:
    """An election's authority, one clock, and credentials for as many desks as are asked for."""

    authority: Authority = field(default_factory=Authority)
    clock: FakeClock = field(default_factory=FakeClock)

    def credentials(
        self,
        *,
        election: ElectionId = ELECTION,
        precinct: PrecinctCode = PRECINCT,
        by: Authority | None = None,
        key: SigningKey | None = None,
        certificate: bytes | None = None,
    ) -> Credentials:
        """A device's credentials; `by` is who certified it."""
        key = key or SigningKey.generate()
        if certificate is None:
            certificate = (by or self.authority).certify(device_id(key.public).hex(), key.public)
        return Credentials(election, precinct, key, certificate, self.authority.certificate)

    def channels(self, one: Credentials, other: Credentials) -> tuple[Channel, Channel]:
        """The two ends of a connection, nothing said yet."""
        return Channel(one, self.clock, connects=True), Channel(other, self.clock, connects=False)


def book_of(credentials: Credentials, epoch: int = 1) -> BookName:
    return BookName(credentials.device, epoch)


def talk(one: Channel, other: Channel) -> tuple[list[bytes], list[bytes]]:
    """Carry bytes until both have nothing more to say; the frames that came out at each end."""
    at_one: list[bytes] = []
    at_other: list[bytes] = []
    while one.waiting_bytes or other.waiting_bytes:
        at_other += other.receive(one.take_outgoing(1 << 30))
        at_one += one.receive(other.take_outgoing(1 << 30))
    return at_one, at_other
