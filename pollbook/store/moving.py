"""Lines that leave a book and lines that come to it: one function an action, each one transaction.

A release that was made is kept, with its certificate, until its receiver is known to have accepted it: it is sent
again as often as it takes, and making it again gives the same bytes (custody rules 2 and 3). `ready_releases` gives
out only what is safe to leave (rule 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from pollbook import permission
from pollbook.entries import LineAccepted, LineReleased
from pollbook.failures import InputInvalid
from pollbook.line_state import LineState, Place
from pollbook.permission import Lock, Refusal, may_accept
from pollbook.release_certificate import ProvenRelease, ReleaseCertificate, encode_certificate, read_certificate
from pollbook.releases import LINES_MAX, MovedLine, Release, sign_release
from pollbook.store import elsewhere, engine, search_index
from pollbook.store.book import Book
from pollbook.store.projection import VOTER_SQL, voter_row
from pollbook.types import BookName, DeviceId, EntryNumber, LineId, PersonNumber
from pollbook.voters import Voter


class Way(StrEnum):
    """How a release goes to its receiver."""

    REGISTER = "register"
    LAN = "lan"
    PAPER = "paper"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class SentRelease:
    """A release of this book: its entry, its certificate's bytes, and whether its receiver is known to have it."""

    id: bytes
    number: EntryNumber
    way: Way
    certificate: bytes
    arrived: bool


def release_lines(
    book: Book, lines: Sequence[LineId], receiver: BookName, way: Way, actor: PersonNumber
) -> SentRelease | Refusal:
    """These lines (1 to 200) are let go to `receiver`, on the disk, when a release comes back.

    A line that was let go to this receiver before gives that release again.
    """
    if not 0 < len(set(lines)) <= LINES_MAX:
        raise ValueError("no lines, or more than one release carries")
    states = [(line, book.line(line)) for line in sorted(set(lines))]
    if (again := _same_release(book, states, receiver)) is not None:
        return again
    if book.identity.is_addressed(receiver):
        return Refusal.RELEASE_TO_ITSELF
    if (refusal := book.stopped or (Refusal.BOOK_CLOSED if book.is_closed else None)) is not None:
        return refusal
    moved: list[MovedLine] = []
    for line, state in states:
        if (refusal := may_release_line(book, line, state)) is not None:
            return refusal
        moved.append(MovedLine(line, (state.custody if state else 0) + 1))
    key = book.link.device_key
    release = sign_release(book.election.id, book.name, receiver, tuple(moved), key)
    voters = tuple(voter for line, _ in states if (voter := book.voter(line)) is not None)
    certificate = encode_certificate(ReleaseCertificate(release, book.link.device_certificate, voters), key)
    with book.writing():
        number = book.enter(actor, LineReleased(receiver, release.lines, release.signature))
        book.connection.exec_driver_sql(
            "INSERT INTO sent_release VALUES (?, ?, ?, ?, 0)", (release.id, number, way.value, certificate)
        )
        book.connection.exec_driver_sql("DELETE FROM recall WHERE line = ?", [(line,) for line, _ in states])
    return SentRelease(release.id, number, way, certificate, arrived=False)


def may_release_line(book: Book, line: LineId, state: LineState | None) -> Refusal | None:
    """Why this line may not be let go now, or None where it may."""
    now_s = int(book.clock.now().timestamp())
    return permission.may_release(state, lock_of(book, line), book.safety(), now_s)


def accept_release(book: Book, untrusted_certificate: bytes, actor: PersonNumber) -> EntryNumber | Refusal:
    """The certificate's lines are held here, on the disk, when a number comes back.

    A release that was accepted before gives its entry again. May only be marked once that entry is safe (rule 4).
    """
    proven = prove_certificate(book, untrusted_certificate)
    if isinstance(proven, Refusal):
        return proven
    release = proven.certificate.release
    if (known := accepted_as(book, release.id)) is not None:
        return known
    if (refusal := book.stopped or (Refusal.BOOK_CLOSED if book.is_closed else None)) is not None:
        return refusal
    if not book.identity.is_addressed(release.receiver):
        return Refusal.RELEASE_OTHER_BOOK
    for moved in release.lines:
        if (refusal := may_accept(book.line(moved.line), moved.custody)) is not None:
            return refusal
    known_lines = {moved.line for moved in release.lines if book.voter(moved.line) is not None}
    arriving = {voter.line: voter for voter in proven.certificate.voters}
    if any(moved.line not in known_lines and moved.line not in arriving for moved in release.lines):
        return Refusal.RELEASE_INVALID  # a voter whom nobody here could find
    with book.writing():
        number = book.enter(actor, LineAccepted(release, proven.sender_key))
        book.connection.exec_driver_sql("INSERT INTO accepted_release VALUES (?, ?)", (release.id, number))
        elsewhere.forget(book.connection, [moved.line for moved in release.lines])
        for line, voter in arriving.items():
            if line not in known_lines:
                _add_voter(book, voter)
    return number


def prove_certificate(book: Book, untrusted: bytes) -> ProvenRelease | Refusal:
    """The certificate, if it is a genuine one of this election; whom it is for is not asked."""
    authority = x509.load_pem_x509_certificate(book.link.authority_pem.encode())
    try:
        return read_certificate(untrusted, authority, book.election.id, None, book.identity.register_key)
    except InputInvalid:
        return Refusal.RELEASE_INVALID


def accepted_as(book: Book, release_id: bytes) -> EntryNumber | None:
    """The entry by which this book accepted a release, or None."""
    with engine.translated():
        found = engine.look(book.connection, "SELECT entry FROM accepted_release WHERE id = ?", (release_id,))
    return EntryNumber(found[0][0]) if found else None


def ready_releases(book: Book) -> tuple[SentRelease, ...]:
    """Releases that have not arrived yet as far as is known, and that are safe to leave (rules 2 and 4)."""
    with engine.translated():
        rows = engine.look(
            book.connection,
            "SELECT id, entry, way, certificate FROM sent_release WHERE arrived = 0 AND entry <= ? ORDER BY entry",
            (book.safety().safe,),
        )
    return tuple(
        SentRelease(id_, EntryNumber(entry), Way(way), certificate, arrived=False)
        for id_, entry, way, certificate in rows
    )


def note_arrived(book: Book, release_id: bytes) -> None:
    """The receiver has accepted this release: it need not be sent any more."""
    with book.writing():
        book.connection.exec_driver_sql("UPDATE sent_release SET arrived = 1 WHERE id = ?", (release_id,))


def set_lock(book: Book, line: LineId, lock: Lock | None) -> None:
    """The line stays here for now because of `lock`, or nothing keeps it any more (rule 6)."""
    with book.writing():
        if lock is None:
            book.connection.exec_driver_sql("DELETE FROM line_lock WHERE line = ?", (line,))
        else:
            book.connection.exec_driver_sql("INSERT OR REPLACE INTO line_lock VALUES (?, ?)", (line, lock.value))


def lock_of(book: Book, line: LineId) -> Lock | None:
    """What keeps the line here for now, or None."""
    with engine.translated():
        found = engine.look(book.connection, "SELECT why FROM line_lock WHERE line = ?", (line,))
    return Lock(found[0][0]) if found else None


def set_paper(book: Book, *, is_on_paper: bool) -> None:
    """The station works on paper from now on, or what was written on paper is keyed in."""
    since = int(book.clock.now().timestamp()) if is_on_paper else None
    with book.writing():
        book.connection.exec_driver_sql("UPDATE sync_state SET paper_since_s = ?", (since,))
    book.read_standing()


@dataclass(frozen=True, slots=True)
class Recall:
    """The register asks for `line`, for `receiver`."""

    line: LineId
    receiver: BookName


def recalls(book: Book) -> tuple[Recall, ...]:
    """The lines that the register asks for and that are still here."""
    with engine.translated():
        rows = engine.look(book.connection, "SELECT line, device, epoch FROM recall ORDER BY line")
    return tuple(Recall(LineId(line), BookName(DeviceId(device), epoch)) for line, device, epoch in rows)


def answer_recalls(book: Book, actor: PersonNumber) -> dict[LineId, Refusal]:
    """Every recalled line that may go is let go to its receiver; why the others stay comes back."""
    kept: dict[LineId, Refusal] = {}
    for recall in recalls(book):
        outcome = release_lines(book, [recall.line], recall.receiver, Way.REGISTER, actor)
        if isinstance(outcome, Refusal):
            kept[recall.line] = outcome
    return kept


def _same_release(
    book: Book, states: Sequence[tuple[LineId, LineState | None]], receiver: BookName
) -> SentRelease | None:
    """The release by which all of these lines, and no others, went to this receiver."""
    gone = all(state and state.place is Place.RELEASED and state.released_to == receiver for _, state in states)
    if not gone:
        return None
    with engine.translated():
        rows = book.connection.exec_driver_sql("SELECT * FROM sent_release ORDER BY entry DESC").all()
    wanted = {(line, state.custody) for line, state in states if state}
    for row in rows:
        release = _release_in(book, row.certificate)
        if {(moved.line, moved.custody) for moved in release.lines} == wanted and release.receiver == receiver:
            return SentRelease(row.id, EntryNumber(row.entry), Way(row.way), row.certificate, bool(row.arrived))
    return None


def _release_in(book: Book, certificate: bytes) -> Release:
    proven = prove_certificate(book, certificate)
    assert isinstance(proven, ProvenRelease)  # noqa: S101 - this book made and stored it
    return proven.certificate.release


def _add_voter(book: Book, voter: Voter) -> None:
    """The voter stands in this book's list, after the slice's own."""
    number = book.connection.exec_driver_sql("SELECT coalesce(max(id), 0) + 1 FROM voter").scalar_one()
    book.connection.exec_driver_sql(VOTER_SQL, voter_row(number, voter))
    search_index.add(book.connection, number, voter)
