"""A working small book for one desk, in memory: lines, releases that one desk makes and another accepts, no disk.

A release here is the CBOR of its parts with the sender's signature. It keeps the rules that matter between desks: one
holder, one named receiver, once per release, marked lines stay, the same question gets the same answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import Failure, InputInvalid, Refused
from pollbook.signing import is_signature
from pollbook.types import BookName, DeviceId, EntryNumber, LineId
from sync.lan.credentials import Credentials
from sync.lan.messages import Hello, LineStanding, Standing, State
from sync.lan.neighbourly import Parcel, Taken
from sync.lan.peer import Place
from sync.lan.sharing import lines_to_give
from tests.sync.lan.rooms import Room, book_of


@dataclass
class MemoryDesk:
    """See `Neighbourly`."""

    room: Room
    desk: int
    lines: set[LineId]
    credentials: Credentials
    members: dict[DeviceId, bytes]
    marked: set[LineId] = field(default_factory=set)
    opened: set[LineId] = field(default_factory=set)
    is_safe: bool = True
    queue: int = 0
    released: dict[LineId, tuple[BookName, bytes]] = field(default_factory=dict)
    sent: dict[bytes, tuple[BookName, bytes]] = field(default_factory=dict)
    arrived: set[bytes] = field(default_factory=set)
    taken: dict[bytes, Taken] = field(default_factory=dict)
    heard: dict[int, State] = field(default_factory=dict)
    proofs: dict[BookName, bytes] = field(default_factory=dict)
    locked_by: list[bytes] = field(default_factory=list)
    fails: Failure | None = None

    @property
    def place(self) -> Place:
        return Place(self.desk, book_of(self.credentials))

    def hello(self) -> Hello:
        return Hello(self.place.book, self.desk, b"member", self.state(), tuple(self.proofs.values()))

    def state(self) -> State:
        pages = tuple((page, page) for page in sorted({int(line) // 10 for line in self.lines}))
        return State(len(self.lines), len(self.lines - self.marked), self.queue, pages)

    def welcome(self, untrusted: Hello, device: DeviceId) -> Refused | None:
        known = self.members.get(device) == untrusted.membership
        return None if known else Refused(Failure.NEIGHBOUR_OTHER_PRECINCT)

    def proof_against(self, book: BookName) -> bytes | None:
        return self.proofs.get(book)

    def take_proof(self, untrusted: bytes) -> None:
        if untrusted == b"over " + self.place.book.device:
            self.locked_by.append(untrusted)

    def release_line(self, line: LineId, to: BookName) -> Parcel | Refused | None:
        if self.fails:
            return Refused(self.fails)
        if line in self.released and self.released[line][0] == to:
            release = self.released[line][1]
            return Parcel(release, self.sent[release][1])
        if line in self.released:
            return Refused(Failure.LINE_RELEASED)
        if line not in self.lines:
            return Refused(Failure.LINE_NOT_HELD)
        if line in self.marked:
            return Refused(Failure.ALREADY_MARKED)
        if line in self.opened:
            return Refused(Failure.LINE_OPEN)
        parcel = self._release((line,), to)
        return parcel if self.is_safe else None

    def share(self, count: int, to: BookName) -> Refused | None:
        free = {line: int(line) // 10 for line in self.lines - self.marked}
        chosen = lines_to_give(count, free, self.opened)
        if not chosen:
            return Refused(Failure.LINE_NOT_HELD)
        self._release(chosen, to)
        return None

    def waiting(self, to: BookName) -> tuple[Parcel, ...]:
        if not self.is_safe:
            return ()
        return tuple(
            Parcel(release, content)
            for release, (receiver, content) in self.sent.items()
            if receiver == to and release not in self.arrived
        )

    def accept(self, untrusted_parcel: bytes) -> Taken | Refused:
        try:
            body, sender_key, signature = _parts(untrusted_parcel)
        except InputInvalid:
            return Refused(Failure.RELEASE_INVALID)
        release = hashlib.sha256(signature).digest()[:8]
        if not is_signature(sender_key, cbor.encode(body), signature):
            return Refused(Failure.RELEASE_INVALID)
        if release in self.taken:
            return self.taken[release]
        if body[0] != self.credentials.device:
            return Refused(Failure.RELEASE_OTHER_BOOK)
        lines = tuple(LineId(line) for line in body[1])
        if self.lines & set(lines):
            return Refused(Failure.RELEASE_USED)
        self.lines |= set(lines)
        for line in lines:
            self.released.pop(line, None)
        self.taken[release] = Taken(release, EntryNumber(len(self.taken) + 1), lines)
        return self.taken[release]

    def note_arrived(self, releases: tuple[bytes, ...], by: BookName) -> None:
        self.arrived |= {release for release in releases if release in self.sent and self.sent[release][0] == by}

    def standings(self, lines: tuple[LineId, ...]) -> tuple[LineStanding, ...]:
        return tuple(LineStanding(line, self._standing(line)) for line in lines)

    def note_state(self, desk: int, state: State) -> None:
        self.heard[desk] = state

    def holders(self, line: LineId) -> tuple[int, ...]:
        page = int(line) // 10
        return tuple(
            desk for desk, state in self.heard.items() if any(one <= page <= last for one, last in state.pages)
        )

    def _standing(self, line: LineId) -> Standing:
        if line in self.marked:
            return Standing.MARKED
        if line in self.opened:
            return Standing.OPEN
        if line in self.lines:
            return Standing.HELD
        return Standing.RELEASED if line in self.released else Standing.UNKNOWN

    def _release(self, lines: tuple[LineId, ...], to: BookName) -> Parcel:
        body = [to.device, sorted(lines), len(self.sent)]
        signature = self.credentials.key.sign(cbor.encode(body))
        release = hashlib.sha256(signature).digest()[:8]
        content = cbor.encode([body, self.credentials.key.public, signature])
        self.lines -= set(lines)
        self.released |= dict.fromkeys(lines, (to, release))
        self.sent[release] = (to, content)
        return Parcel(release, content)


def _parts(untrusted: bytes) -> tuple[list[object], bytes, bytes]:
    fields = Fields(cbor.decode(untrusted, 1 << 20), 3)
    return fields.take_array(3), fields.take_bytes(32, 32), fields.take_bytes(64, 64)


def desks(room: Room, *shares: range) -> list[MemoryDesk]:
    """Desks of one precinct, numbered from 1, each with these lines."""
    members: dict[DeviceId, bytes] = {}
    made = [
        MemoryDesk(room, number, {LineId(line) for line in share}, room.credentials(), members)
        for number, share in enumerate(shares, 1)
    ]
    members |= {desk.credentials.device: b"member" for desk in made}
    return made
