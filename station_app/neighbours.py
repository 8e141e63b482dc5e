"""The station's book among the other desks: what `sync.lan` asks of it, as short steps on the book.

    disk -> mirror -> the other desk        a release leaves, and an acceptance is answered, only after both (rule 4)

With neither a mirror nor a register that answers, lines don't move; marks do.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cryptography import x509

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import Failure, InputInvalid, Refused
from pollbook.files import write_secret
from pollbook.line_state import LineState, Place
from pollbook.permission import Lock, Refusal
from pollbook.releases import pack_book, take_book
from pollbook.store import desks, moving
from pollbook.store.book import Book
from pollbook.store.moving import SentRelease, Way
from pollbook.store.superseding import lock_if_superseded, own_proof
from pollbook.store.syncing import sync_status
from pollbook.types import MACHINE, BookName, DeviceId, LineId
from sync.cycle import BookAccess
from sync.lan.credentials import Credentials
from sync.lan.membership import Member, Step, encode_membership, predecessor_in, proven_member
from sync.lan.messages import DESK_MAX, PROOFS_MAX, RUNS_MAX, Hello, LineStanding, Standing, State
from sync.lan.neighbourly import Parcel, Taken
from sync.lan.peer import Place as DeskPlace
from sync.lan.sharing import lines_to_give

QUEUE_S = 600
"""Voters served in so long stand for the queue (`sync.lan.sharing`)."""
REGISTER_ANSWERED_S = 120
"""A register that answered so lately will acknowledge a release soon."""
_KNOWN_BYTES_MAX = 256 * 1024
_BOOKS_MAX = 500

log = logging.getLogger(__name__)

MakeSafe = Callable[[Book], object]
"""Brings the newest entry to the mirror where one is plugged in; what is safe is then told by `Book.safety`."""


def credentials_of(book: Book) -> Credentials:
    """What this book's device proves itself with."""
    authority = x509.load_pem_x509_certificate(book.link.authority_pem.encode())
    link = book.link
    return Credentials(book.election.id, book.header.precinct, link.device_key, link.device_certificate, authority)


def place_of(book: Book) -> DeskPlace:
    """Which desk this is."""
    return DeskPlace(book.header.desk, book.name)


@dataclass
class _Known:
    """What this desk remembers of others, for as long as it runs; their books and pages also over a restart."""

    desks: dict[BookName, int] = field(default_factory=dict)
    pages: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    superseded: set[BookName] = field(default_factory=set)
    proofs: dict[BookName, bytes] = field(default_factory=dict)
    receivers: dict[bytes, BookName] = field(default_factory=dict)


class StationNeighbour:
    """See `sync.lan.neighbourly.Neighbourly`.

    `kept` is a file for what is remembered of the others; `told` is called where one of them changed this book's lines;
    `open_line` is the line that is open at the table.
    """

    def __init__(
        self,
        access: BookAccess,
        make_safe: MakeSafe,
        kept: Path,
        told: Callable[[], object] = lambda: None,
        open_line: Callable[[], LineId | None] = lambda: None,
    ) -> None:
        self._access, self._make_safe, self._kept, self._told = access, make_safe, kept, told
        self._open_line = open_line
        self._known = _read_known(kept)

    def hello(self) -> Hello:
        """What this desk says first."""
        return self._access.step(self._hello)

    def state(self) -> State:
        """How this desk stands now."""
        return self._access.step(_state)

    def welcome(self, untrusted: Hello, device: DeviceId) -> Refused | None:
        """Why the book that calls itself so is no neighbour; None where it is one."""
        return self._access.step(partial(self._welcome, untrusted=untrusted, device=device))

    def proof_against(self, book: BookName) -> bytes | None:
        """The proof that this book has been taken over, where this desk has one."""
        return self._access.step(lambda ours: self._proofs(ours).get(book))

    def take_proof(self, untrusted: bytes) -> None:
        """A proof is kept for the book that it is about; where that is our own, it locks."""
        self._access.step(partial(self._take_proof, untrusted=untrusted))

    def release_line(self, line: LineId, to: BookName) -> Parcel | Refused | None:
        """The line goes to `to`; None where it will be among `waiting` once it is safe to leave."""
        outcome = self._access.step(partial(self._release, lines=(line,), to=to))
        self._told()
        return outcome

    def share(self, count: int, to: BookName) -> Refused | None:
        """About `count` unmarked lines that nobody here needs go to `to`; they are among `waiting` then."""
        outcome = self._access.step(partial(self._share, count=count, to=to))
        self._told()
        return outcome if isinstance(outcome, Refused) else None

    def free_lines(self) -> Mapping[LineId, int]:
        """The lines that may be given away now, each with its page."""
        free = self._access.step(desks.free_lines)
        return {line: page for line, page in free.items() if line != self._open_line()}

    def give(self, lines: tuple[LineId, ...], to: BookName) -> Refused | None:
        """These lines, at most `pollbook.releases.LINES_MAX`, go to `to`: the division at opening."""
        outcome = self._access.step(partial(self._release, lines=lines, to=to))
        return outcome if isinstance(outcome, Refused) else None

    def waiting(self, to: BookName) -> tuple[Parcel, ...]:
        """The releases to `to` that are safe to leave and whose acceptance is not known yet."""
        return self._access.step(partial(self._waiting, to=to))

    def accept(self, untrusted_parcel: bytes) -> Taken | Refused:
        """The parcel's lines are here, on the disk; one that was accepted before gives its entry again."""
        outcome = self._access.step(partial(self._accept, untrusted=untrusted_parcel))
        self._told()
        return outcome

    def note_arrived(self, releases: tuple[bytes, ...], by: BookName) -> None:
        """`by` has accepted these releases, those that were for it: they need not be sent again."""
        for_it = tuple(release for release in releases if self._known.receivers.get(release) == by)
        self._access.step(partial(desks.note_arrived, releases=for_it))

    def standings(self, lines: tuple[LineId, ...]) -> tuple[LineStanding, ...]:
        """How these lines stand here."""
        return self._access.step(lambda book: tuple(self._standing(book, line) for line in lines))

    def note_state(self, desk: int, state: State) -> None:
        """What another desk says of itself, kept for when it is away."""
        if self._known.pages.get(desk) != state.pages:
            self._known.pages[desk] = state.pages
            self._keep()

    def holders(self, line: LineId) -> tuple[int, ...]:
        """The desks that held this line's page when they were last heard; the one it was released to before all."""
        page, released_to = self._access.step(partial(_whereabouts, line=line))
        desk = self._known.desks.get(released_to) if released_to else None
        if desk is not None:
            return (desk,)
        return tuple(
            desk
            for desk, runs in sorted(self._known.pages.items())
            if page is not None and any(first <= page <= last for first, last in runs)
        )

    def may_receive(self) -> Refused | None:
        """Why this desk should ask for no line now: what came could not be marked, for it would not be safe."""
        return None if self._access.step(self._may_become_safe) else Refused(Failure.NOT_SAFE_YET)

    def _keep(self) -> None:
        with suppress(OSError):  # a hint for people; the disk that fails is told of where a voter is marked
            write_secret(self._kept, _encode_known(self._known))

    # Steps.

    def _hello(self, book: Book) -> Hello:
        steps = tuple(
            Step(takeover.successor, entry, takeover.predecessor_key)
            for takeover, entry in zip(book.chain.takeovers, desks.first_entries(book), strict=True)
        )
        membership = encode_membership(desks.slice_of(book), steps)
        proofs = tuple(self._proofs(book).values())[:PROOFS_MAX]
        return Hello(book.name, book.header.desk, membership, _state(book), proofs)

    def _welcome(self, book: Book, untrusted: Hello, device: DeviceId) -> Refused | None:
        try:
            member = proven_member(untrusted.membership, book.identity.register_key)
        except InputInvalid as error:
            log.warning("event=no_member device=%s detail=%s", device.hex(), error)
            return Refused(Failure.NEIGHBOUR_NOT_TRUSTED)
        if (refused := _is_stranger(book, member, untrusted)) is not None:
            return refused
        if self._known.desks.get(member.book) != untrusted.desk and len(self._known.desks) < _BOOKS_MAX:
            self._known.desks[member.book] = untrusted.desk
            self._keep()
        self._known.superseded |= set(member.earlier)
        return None

    def _proofs(self, book: Book) -> Mapping[BookName, bytes]:
        proof = own_proof(book)
        own = {book.chain.takeovers[-1].predecessor: proof} if proof else {}
        return self._known.proofs | own

    def _take_proof(self, book: Book, untrusted: bytes) -> None:
        if lock_if_superseded(book, untrusted) is not None:
            self._told()
            return
        # That the book in question was taken over is known from its successor's membership; this is what locks it.
        with suppress(InputInvalid):
            about = predecessor_in(untrusted)
            if about in self._known.superseded:
                self._known.proofs.setdefault(about, untrusted)

    def _release(self, book: Book, lines: tuple[LineId, ...], to: BookName) -> Parcel | Refused | None:
        if lines == (self._open_line(),):
            return Refused(Failure.LINE_OPEN)
        if not self._may_become_safe(book):
            return Refused(Failure.NOT_SAFE_YET)
        sent = moving.release_lines(book, lines, to, Way.LAN, MACHINE)
        if isinstance(sent, Refusal):
            return _refused(sent)
        self._make_safe(book)
        self._known.receivers[sent.id] = to
        return Parcel(sent.id, sent.certificate) if sent.number <= book.safety().safe else None

    def _share(self, book: Book, count: int, to: BookName) -> Parcel | Refused | None:
        opened = self._open_line()
        lines = lines_to_give(count, desks.free_lines(book), () if opened is None else (opened,))
        return self._release(book, lines, to) if lines else Refused(Failure.LINE_NOT_HELD)

    def _waiting(self, book: Book, to: BookName) -> tuple[Parcel, ...]:
        return tuple(
            Parcel(sent.id, sent.certificate)
            for sent in moving.ready_releases(book)
            if self._receiver(book, sent) == to
        )

    def _receiver(self, book: Book, sent: SentRelease) -> BookName | None:
        if sent.id not in self._known.receivers:
            proven = moving.prove_certificate(book, sent.certificate)
            if isinstance(proven, Refusal):
                return None
            self._known.receivers[sent.id] = proven.certificate.release.receiver
        return self._known.receivers[sent.id]

    def _accept(self, book: Book, untrusted: bytes) -> Taken | Refused:
        entry = moving.accept_release(book, untrusted, MACHINE)
        if isinstance(entry, Refusal):
            return _refused(entry)
        self._make_safe(book)
        proven = moving.prove_certificate(book, untrusted)
        if isinstance(proven, Refusal):
            return _refused(proven)
        release = proven.certificate.release
        return Taken(release.id, entry, tuple(moved.line for moved in release.lines))

    def _standing(self, book: Book, line: LineId) -> LineStanding:
        state = book.line(line)
        if state is not None and state.mark is not None:
            return LineStanding(line, Standing.MARKED, book.header.desk, state.mark.at)
        if state is None or state.place in {Place.ELSEWHERE, Place.PROVISIONAL}:
            return LineStanding(line, Standing.UNKNOWN)
        if state.place is Place.RELEASED:
            desk = self._known.desks.get(state.released_to, 0) if state.released_to else 0
            return LineStanding(line, Standing.RELEASED, desk)
        is_open = line == self._open_line() or moving.lock_of(book, line) is Lock.OPEN
        return LineStanding(line, Standing.OPEN if is_open else Standing.HELD, book.header.desk)

    def _may_become_safe(self, book: Book) -> bool:
        """Whether what is entered now will be on a mirror or at the register soon (rule 4)."""
        self._make_safe(book)
        safety = book.safety()
        if safety.safe >= book.head.number:
            return True
        sync = sync_status(book)
        now_s = int(book.clock.now().timestamp())
        return sync.failure is None and sync.last_sync_s is not None and now_s - sync.last_sync_s < REGISTER_ANSWERED_S


def _state(book: Book) -> State:
    held = desks.holdings(book)
    queue = desks.served_since(book, int(book.clock.now().timestamp()) - QUEUE_S)
    return State(held.held, held.unmarked, queue, desks.held_pages(book)[:RUNS_MAX])


def _is_stranger(book: Book, member: Member, untrusted: Hello) -> Refused | None:
    header = member.header
    if header.election.id != book.election.id:
        return Refused(Failure.NEIGHBOUR_OTHER_ELECTION)
    if header.precinct != book.header.precinct:
        return Refused(Failure.NEIGHBOUR_OTHER_PRECINCT)
    if (member.book, header.desk) != (untrusted.book, untrusted.desk):
        return Refused(Failure.NEIGHBOUR_NOT_TRUSTED)
    return None


def _whereabouts(book: Book, line: LineId) -> tuple[int | None, BookName | None]:
    voter, state = book.voter(line), book.line(line)
    return (voter.page if voter else None), _released_to(state)


def _released_to(state: LineState | None) -> BookName | None:
    return state.released_to if state is not None and state.place is Place.RELEASED else None


def _refused(refusal: Refusal) -> Refused:
    return Refused(Failure[refusal.name])


def _encode_known(known: _Known) -> bytes:
    pages = [[desk, [list(run) for run in runs]] for desk, runs in sorted(known.pages.items())]
    books = [[pack_book(book), desk] for book, desk in known.desks.items()]
    return cbor.encode([pages, books])


def _read_known(path: Path) -> _Known:
    """What was kept of the other desks; nothing where it cannot be read, for it is a hint only."""
    try:
        fields = Fields(cbor.decode(path.read_bytes(), _KNOWN_BYTES_MAX), 2)
        pages = [Fields(item, 2) for item in fields.take_array(DESK_MAX)]
        books = [Fields(item, 2) for item in fields.take_array(_BOOKS_MAX)]
        return _Known(
            {take_book(book.take_array(2)): book.take_int(1, DESK_MAX) for book in books},
            {desk.take_int(1, DESK_MAX): tuple(map(_run, desk.take_array(RUNS_MAX))) for desk in pages},
        )
    except (OSError, InputInvalid):
        return _Known()


def _run(untrusted: object) -> tuple[int, int]:
    fields = Fields(untrusted, 2)
    return fields.take_int(), fields.take_int()
