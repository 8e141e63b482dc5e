"""A running desk among its neighbours: one thread with all sockets, which never holds up the desk.

    the desk        asks for a line and goes on; the answer comes through a `Future`
    this thread     announces, listens, connects, answers; touches the book for short steps only (`Neighbourly`)

The desk whose device has the smaller name connects; the other one does where that has not happened for 10 s (a
firewall may let through one way only). Of two connections to one book the newer stays.
"""

from __future__ import annotations

import logging
import selectors
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Lock

from pollbook.clock import Clock
from pollbook.failures import Failure, UchastkaError
from pollbook.types import BookName, DeviceId, LineId
from sync.lan.asking import Fetched, LineAsk, NotFetched
from sync.lan.conversation import Answer, Conversation, Ours, Stage
from sync.lan.credentials import Credentials
from sync.lan.discovery import (
    ANNOUNCE_EVERY_S,
    NEIGHBOURS_MAX,
    Announcement,
    Heard,
    Ignored,
    Neighbourhood,
    encode_announcement,
)
from sync.lan.evening_out import EveningOut
from sync.lan.messages import AskLine, AskShare, Statuses
from sync.lan.neighbourly import Neighbourly
from sync.lan.sockets import Beacon, Network, at_once, connect, listen

WAIT_S = 0.25
"""How long the thread sleeps at most where nothing comes."""
OTHER_WAY_AFTER_S = 10.0
TRY_AGAIN_S = 3.0
EVEN_OUT_EVERY_S = 60.0
UNPROVEN_MAX = 8
_PIECE_BYTES = 64 * 1024

logger = logging.getLogger(__name__)
Outcome = Fetched | NotFetched


@dataclass(frozen=True, slots=True)
class Place:
    """Which desk this is: its number, its book."""

    desk: int
    book: BookName


@dataclass
class _Connection:
    socket: socket.socket
    conversation: Conversation
    device: DeviceId | None
    """Whom it was opened to; None where the other side connected."""
    address: str = ""
    """From where the other side connected."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another desk as this one sees it now."""

    desk: int
    book: BookName
    is_joined: bool


@dataclass
class _Standing:
    """What the thread has told others about itself; read by them, written by the thread."""

    neighbours: tuple[Neighbour, ...] = ()
    ignored: dict[Ignored, int] = field(default_factory=dict)
    hung_up: dict[Failure, int] = field(default_factory=dict)


class Peer:
    """One desk's end of the station's network. `run` is the thread; every other method is for any thread."""

    def __init__(
        self,
        place: Place,
        credentials: Credentials,
        book: Neighbourly,
        clock: Clock,
        network: Network,
        told: Callable[[tuple[Neighbour, ...]], object] = lambda _neighbours: None,
    ) -> None:
        """Open the sockets; `told` hears on the peer's thread whenever other desks come or go.

        Raises:
            WorldFailed: `PORT_TAKEN`.
        """
        self._place, self._credentials, self._book, self._clock = place, credentials, book, clock
        self._told = told
        self._listener = listen(network)
        try:
            self._beacon = Beacon(network)
        except BaseException:
            self._listener.close()
            raise
        self._neighbourhood = Neighbourhood(credentials, clock)
        self._evening_out = EveningOut(place.desk, book, clock)
        self._ours = Ours(credentials, book, clock, self._evening_out.state, self._evening_out.may_share)
        self._selector = selectors.DefaultSelector()
        self._connections: list[_Connection] = []
        self._tried_at_s: dict[DeviceId, float] = {}
        self._alone_since_s: dict[DeviceId, float] = {}
        self._announce_at_s = self._even_out_at_s = clock.monotonic_s()
        self._even_out_at_s += EVEN_OUT_EVERY_S
        self._wishes: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._waker, self._woken = socket.socketpair()
        for end in (self._waker, self._woken):
            end.setblocking(False)
        self._standing = _Standing()
        self._last_at_ms = 0
        self._closing, self._is_closed = Lock(), False

    # For any thread.

    @property
    def tcp_port(self) -> int:
        """Where it listens."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def udp_port(self) -> int:
        """Where it hears announcements."""
        return self._beacon.port

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """The desks heard or joined, by number."""
        return self._standing.neighbours

    @property
    def ignored(self) -> dict[Ignored, int]:
        """How many datagrams were not used, and why."""
        return dict(self._standing.ignored)

    @property
    def hung_up(self) -> dict[Failure, int]:
        """How many connections were ended here, and why."""
        return dict(self._standing.hung_up)

    def fetch(self, line: LineId) -> Future[Outcome]:
        """The line is asked of every desk that is there; the answer comes within seconds, whoever is silent."""
        answer: Future[Outcome] = Future()
        self._wish(partial(self._ask_line, line, answer))
        return answer

    def wake(self) -> None:
        """A release may have become ready to leave."""
        self._wish(self._offer_all)

    def _wish(self, action: Callable[[], None]) -> None:
        with self._closing:
            if not self._is_closed:
                self._wishes.put(action)
                with suppress(BlockingIOError):  # so full that it wakes anyway
                    self._waker.send(b"\0")
                return
        action()  # there is nobody any more: it is answered at once

    # The thread.

    def run(self, stop: Event) -> None:
        """Be a neighbour until `stop` is set (and `wake` called, to be quick)."""
        self.open()
        try:
            while not stop.is_set():
                self.turn(WAIT_S)
        finally:
            self.close()

    def open(self) -> None:
        """From the next `turn` on whoever connects is answered."""
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._beacon.socket, selectors.EVENT_READ, self._hear)
        self._selector.register(self._woken, selectors.EVENT_READ, self._be_woken)

    def turn(self, wait_s: float) -> None:
        """What has come in is answered, and what is due is done; waits at most `wait_s` for something to come."""
        for key, events in self._selector.select(wait_s):
            act: Callable[[int], None] = key.data
            act(events)
        self._grant_wishes()
        self._tick()

    def _tick(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s >= self._announce_at_s:
            self._announce_at_s = now_s + ANNOUNCE_EVERY_S
            self._announce()
        for connection in list(self._connections):
            self._guard(connection, connection.conversation.tick)
        self._connect_to_who_is_there(now_s)
        if now_s >= self._even_out_at_s:
            self._even_out_at_s = now_s + EVEN_OUT_EVERY_S
            self._wish(self._even_out)
        for connection in list(self._connections):
            self._flush(connection)
        self._tell_standing()

    def _grant_wishes(self) -> None:
        while True:
            try:
                wish = self._wishes.get_nowait()
            except Empty:
                return
            try:
                wish()
            except UchastkaError as error:  # our own book: its next step may go well
                logger.warning("event=wish_not_granted code=%s", error.failure.code)

    def close(self) -> None:
        """Hang up on everybody; every question is answered. Closing again changes nothing."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
        for connection in list(self._connections):
            self._hang_up(connection, Failure.NEIGHBOUR_AWAY)
        self._grant_wishes()
        self._selector.close()
        for end in (self._listener, self._waker, self._woken):
            end.close()
        self._beacon.close()

    # Discovery.

    def _announce(self) -> None:
        self._last_at_ms = max(self._last_at_ms + 1, int(self._clock.now().timestamp() * 1000))
        announcement = Announcement(
            self._credentials.election,
            self._credentials.precinct,
            self._place.desk,
            self._place.book,
            self.tcp_port,
            self._last_at_ms,
        )
        self._beacon.send(encode_announcement(announcement, self._credentials.certificate, self._credentials.key))

    def _hear(self, _events: int) -> None:
        for _ in range(NEIGHBOURS_MAX * 4):  # so many, and then the connections have their turn
            heard = self._beacon.hear()
            if heard is None:
                return
            self._neighbourhood.hear(*heard)

    def _connect_to_who_is_there(self, now_s: float) -> None:
        joined = {device for each in self._connections if (device := self._device(each)) is not None}
        for heard in self._neighbourhood.present():
            device = heard.announcement.book.device
            if device in joined:
                self._alone_since_s.pop(device, None)
                continue
            since_s = self._alone_since_s.setdefault(device, now_s)
            is_ours_to_open = self._credentials.device < device or now_s - since_s >= OTHER_WAY_AFTER_S
            if is_ours_to_open and now_s - self._tried_at_s.get(device, -TRY_AGAIN_S) >= TRY_AGAIN_S:
                self._tried_at_s[device] = now_s
                self._connect(heard)

    def _connect(self, heard: Heard) -> None:
        with suppress(UchastkaError):
            opened = connect(heard.address, heard.announcement.port)
            self._add(opened, connects=True, device=heard.announcement.book.device)

    # Connections.

    def _accept(self, _events: int) -> None:
        try:
            accepted, (address, _) = self._listener.accept()
        except OSError:
            return
        accepted.setblocking(False)
        with suppress(OSError):
            at_once(accepted)
        self._make_room()
        if len(self._connections) >= NEIGHBOURS_MAX + UNPROVEN_MAX:
            accepted.close()
            return
        self._add(accepted, connects=False, device=None, address=address)

    def _make_room(self) -> None:
        """Of those who connected and have proven nothing, the oldest of the address with the most of them goes.

        So one computer that connects without end keeps neither others out nor our own connections from being proven.
        """
        came = [each for each in self._connections if each.address and each.conversation.stage is Stage.PROVING]
        if len(came) >= UNPROVEN_MAX:
            of = Counter(each.address for each in came)
            self._hang_up(max(came, key=lambda each: of[each.address]), Failure.NEIGHBOUR_BUSY)

    def _add(self, opened: socket.socket, *, connects: bool, device: DeviceId | None, address: str = "") -> None:
        connection = _Connection(opened, Conversation(self._ours, connects=connects), device, address)
        self._connections.append(connection)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connects else 0)
        self._selector.register(opened, events, partial(self._serve, connection))

    def _serve(self, connection: _Connection, events: int) -> None:
        if connection not in self._connections:
            return  # hung up on earlier in this turn
        if events & selectors.EVENT_READ:
            try:
                untrusted = connection.socket.recv(_PIECE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                untrusted = b""
            if not untrusted:
                self._hang_up(connection, Failure.NEIGHBOUR_AWAY)
                return
            was = connection.conversation.stage
            self._guard(connection, partial(connection.conversation.receive, untrusted))
            if was is not Stage.JOINED and connection.conversation.stage is Stage.JOINED:
                self._keep_newest(connection)
        self._flush(connection)

    def _flush(self, connection: _Connection) -> None:
        if connection not in self._connections:
            return
        conversation = connection.conversation
        while piece := conversation.take_outgoing(_PIECE_BYTES):
            try:
                sent = connection.socket.send(piece)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError as error:
                # On its way still: a connection that is being opened says so differently from system to system.
                if isinstance(error, ConnectionError) or conversation.stage is not Stage.PROVING:
                    self._hang_up(connection, Failure.NEIGHBOUR_AWAY)
                    return
                sent = 0
            if sent < len(piece):
                conversation.put_back(piece[sent:])
                break
        wants = selectors.EVENT_READ | (selectors.EVENT_WRITE if conversation.waiting_bytes else 0)
        if self._selector.get_key(connection.socket).events != wants:
            self._selector.modify(connection.socket, wants, partial(self._serve, connection))
        if conversation.stage is Stage.LEAVING and not conversation.waiting_bytes:
            self._hang_up(connection, Failure.BOOK_SUPERSEDED)

    def _guard(self, connection: _Connection, action: Callable[[], None]) -> None:
        if connection not in self._connections:
            return
        try:
            action()
        except UchastkaError as error:
            logger.info("event=neighbour_hung_up code=%s detail=%s", error.failure.code, error.detail)
            self._hang_up(connection, error.failure)

    def _hang_up(self, connection: _Connection, failure: Failure) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        with suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.socket.close()
        self._standing.hung_up[failure] = self._standing.hung_up.get(failure, 0) + 1
        connection.conversation.ended(Failure.NEIGHBOUR_AWAY)

    def _keep_newest(self, connection: _Connection) -> None:
        device = self._device(connection)
        for other in list(self._connections):
            if other is not connection and other.conversation.neighbour and self._device(other) == device:
                self._hang_up(other, Failure.NEIGHBOUR_AWAY)

    def _device(self, connection: _Connection) -> DeviceId | None:
        neighbour = connection.conversation.neighbour
        return neighbour.book.device if neighbour else connection.device

    def _joined(self) -> list[tuple[int, Conversation]]:
        return [
            (each.conversation.neighbour.desk, each.conversation)
            for each in self._connections
            if each.conversation.neighbour and each.conversation.stage is Stage.JOINED
        ]

    # Lines.

    def _ask_line(self, line: LineId, answer: Future[Outcome]) -> None:
        if not answer.set_running_or_notify_cancel():
            return
        asking = LineAsk(line, answer.set_result)
        joined = self._joined()
        there = tuple(desk for desk, _ in joined)
        try:
            away = tuple(desk for desk in self._book.holders(line) if desk not in {*there, self._place.desk})
        except BaseException as error:
            answer.set_exception(error)
            raise
        asking.begin(there, away)
        for desk, conversation in joined:
            conversation.ask(lambda number: AskLine(number, line), partial(asking.answered, desk))

    def _offer_all(self) -> None:
        for connection in list(self._connections):
            self._guard(connection, connection.conversation.offer_waiting)

    def _even_out(self) -> None:
        joined = self._joined()
        request = self._evening_out.request((desk, conversation.state) for desk, conversation in joined)
        if request is None:
            return
        for desk, conversation in joined:
            if desk == request.giver:
                ask = partial(_ask_share, request.count)
                conversation.ask(ask, partial(self._share_answered, desk))

    def _share_answered(self, desk: int, answer: Answer) -> None:
        if isinstance(answer, Statuses):
            self._evening_out.note_received(desk)

    def _be_woken(self, _events: int) -> None:
        with suppress(OSError):
            self._woken.recv(4096)

    # What others see.

    def _tell_standing(self) -> None:
        joined = {desk: each.neighbour.book for desk, each in self._joined() if each.neighbour}
        heard = {
            each.announcement.desk: each.announcement.book
            for each in self._neighbourhood.present()
            if each.announcement.desk not in joined
        }
        before = self._standing.neighbours
        self._standing.neighbours = tuple(
            Neighbour(desk, book, desk in joined) for desk, book in sorted((joined | heard).items())
        )
        if self._standing.neighbours != before:
            self._told(self._standing.neighbours)
        self._standing.ignored = dict(self._neighbourhood.ignored)


def _ask_share(count: int, number: int) -> AskShare:
    return AskShare(number, count)
