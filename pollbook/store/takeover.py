"""A spare takes over a book from its mirror, by two officers' signatures and without the centre (custody rule 9).

The successor's database holds the old book's entries under their old numbers, and goes on from the last head that the
old book signed, by an entry of its own that says so. Every unmarked line that it took over is unproven until the
register says that the old ledger is complete. The mirror is told: the old book that meets it again locks itself.

Made under another name and put in its place whole: a crash leaves a spare or a successor. Killed before the mirror was
told, the old book learns it from the register or the desks.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection

from pollbook import acts, cbor
from pollbook.acts import Signer
from pollbook.cbor import Fields
from pollbook.clock import Clock
from pollbook.effects import Anomaly
from pollbook.entries import LineAccepted, TookOver, decode_entry
from pollbook.failures import Failure, InputInvalid, Refused, WorldFailed
from pollbook.feed_items import Adjudicated, Intake, ListChanged
from pollbook.files import write_secret
from pollbook.line_state import ELSEWHERE, UNMARKED
from pollbook.mirror_file import Record, RecordKind, encode_frame
from pollbook.people import PinCost, wait_s
from pollbook.replay import Replay
from pollbook.signing import device_id
from pollbook.statuses import Statuses
from pollbook.store import creation, engine, mirror_set_up, succession
from pollbook.store.book import Book
from pollbook.store.elsewhere import take_statuses
from pollbook.store.home import StationHome
from pollbook.store.keys import make_keys
from pollbook.store.mirror import Mirror, Surroundings
from pollbook.store.mirror_content import MirrorContent, contents, open_mirror
from pollbook.store.projection import project
from pollbook.store.records import MirrorStatus
from pollbook.store.spare import read_spare
from pollbook.store.stick import StickChanged, StickFolder, failure_of
from pollbook.store.succession import Takeover
from pollbook.store.superseding import own_proof
from pollbook.types import BookName, EntryNumber, LineId, PersonNumber
from pollbook.voters import Voter

FEED_BEFORE = 2**40
"""Feed items of the old book stand this much lower, in their order: the successor's own feed begins at 1."""
_TRIES_BYTES_MAX = 64 * 1024

log = logging.getLogger(__name__)
OfficerPin = tuple[PersonNumber, str]


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a takeover brought.

    Attributes:
        entries: How many of the old book's entries came over.
        unproven: Lines that may be marked only after two officers have seen their row unsigned.
        mirror_told: Why the old mirror could not be told, or None where it was.
    """

    book: BookName
    predecessor: BookName
    entries: EntryNumber
    lines: int
    unproven: int
    mirror_told: Failure | None


def look_into(home: StationHome, folder: Path, untrusted_code: str) -> MirrorContent:
    """The mirror in `folder`, opened by this spare.

    Raises:
        WorldFailed: `ALREADY_ENROLLED`, `NOT_A_SPARE`, or as `open_mirror`.
    """
    if home.exists():
        raise WorldFailed(Failure.ALREADY_ENROLLED, path=home.path)
    return open_mirror(folder, untrusted_code, read_spare(home).authority_pem)


def officers_of(
    home: StationHome, content: MirrorContent, first: OfficerPin, second: OfficerPin, clock: Clock
) -> tuple[Signer, Signer] | Refused:
    """Both officers' signers, each proven by the PIN that opens the key in the mirror; wrong tries are counted."""
    people = {person.number: person for person in content.issued.header.people}
    if first[0] == second[0]:
        return Refused(Failure.SAME_OFFICER_TWICE)
    for number, _ in (first, second):
        if number not in people:
            return Refused(Failure.UNKNOWN_PERSON)
        if not people[number].is_officer:
            return Refused(Failure.NOT_AN_OFFICER)
    signers: list[Signer] = []
    tries = _read_tries(home)
    for number, pin in (first, second):
        if number not in content.wrapped_keys:
            return Refused(Failure.PIN_NOT_SET, {"person": number})
        wrong, wrong_at_s = tries.get(number, (0, 0))
        now_s = int(clock.now().timestamp())
        left = wait_s(wrong) - max(0, now_s - wrong_at_s)
        if left > 0:
            return Refused(Failure.TOO_MANY_TRIES, {"wait_s": left, "person": number})
        # Counted before the try: ending the program buys no other one.
        tries[number] = (wrong + 1, now_s)
        _write_tries(home, tries)
        key = content.try_pin(number, pin)
        if key is None:
            return Refused(Failure.WRONG_PIN, {"wait_s": wait_s(wrong + 1), "person": number})
        del tries[number]
        _write_tries(home, tries)
        signers.append((number, key.sign))
    return signers[0], signers[1]


def take_over(
    home: StationHome,
    content: MirrorContent,
    first: OfficerPin,
    second: OfficerPin,
    clock: Clock,
    cost: PinCost,
    *,
    accept_damage: bool = False,
) -> TakenOver | Refused:
    """`home` holds the successor of the mirrored book, its officers able to sign in; or it is a spare still.

    `accept_damage` goes on with what could be read of a damaged mirror; what is missing is found like any tail.

    Raises:
        WorldFailed: `ALREADY_ENROLLED`, `NOT_A_SPARE`, `MIRROR_DAMAGED`, `DISK_FULL`.
    """
    if home.exists():
        raise WorldFailed(Failure.ALREADY_ENROLLED, path=home.path)
    if content.is_damaged and not accept_damage:
        raise WorldFailed(Failure.MIRROR_DAMAGED, found=content.signed.head.number)
    link = read_spare(home)
    signers = officers_of(home, content, first, second, clock)
    if isinstance(signers, Refused):
        return signers
    old = content.chain.identity.name
    name = BookName(device_id(link.device_key.public), old.epoch + 1)
    took = Takeover(name, old, content.mirror.header.device_key, content.signed.head)
    beside = creation.make_beside(home)
    people = {person.number: person for person in content.issued.header.people}
    key = make_keys(beside, {people[number].key: pin for number, pin in (first, second)}, cost)
    creation.fill(
        beside, key, replace(link, register_certificate=content.mirror.header.register_certificate), _lists(content)
    )
    _copy(beside, key, content, took)
    with Book(beside, key, clock, writer=True) as book:
        message = acts.takeover_bytes(book.start, old, took.head)
        officers = acts.sign_act(message, *signers)
        with book.writing():
            book.enter(signers[0][0], TookOver(old, took.head, content.signed.signature, officers))
        unproven = len(list(book.held_unmarked()))
        proof = own_proof(book)
        book.tidy()
    creation.put_in_place(beside, home)
    home.spare.unlink(missing_ok=True)
    told = _tell_mirror(content, name, proof)
    log.warning("event=took_over book=%s predecessor=%s entries=%s", name, old, took.head.number)
    lines = len(content.issued.voters) + len(content.arrived)
    return TakenOver(name, old, took.head.number, lines, unproven, told)


def mirror_on(book: Book, content: MirrorContent, surroundings: Surroundings | None = None) -> MirrorStatus:
    """The successor is mirrored on the same stick, beside the old mirror, under the code of the same envelope."""
    mirror_set_up.set_up(book, content.mirror.code)
    mirror_set_up.name_place(book, content.mirror.folder.parent)
    following = Mirror(book, surroundings)
    try:
        return following.fill()
    finally:
        following.close()


def _lists(content: MirrorContent) -> creation.Lists:
    """The voters as the old book knew them at last: those of the slice in their order, then those that came."""
    changed: dict[LineId, Voter] = {}
    for said in contents(content.feed):
        if isinstance(said, ListChanged):
            changed[said.voter.line] = said.voter

    def now(voter: Voter) -> Voter:
        newer = changed.get(voter.line)
        return voter if newer is None else replace(newer, page=voter.page, row=voter.row)

    ordered = sorted(content.issued.voters, key=creation.sort_key)
    return creation.Lists(content.mirror.header.slice, tuple(map(now, [*ordered, *content.arrived])))


def _copy(beside: StationHome, key: bytes, content: MirrorContent, took: Takeover) -> None:
    """The database holds what the old book knew, and who took over from it."""
    connection = engine.connect(beside, key, writer=True)
    try:
        with engine.transaction(connection):
            _copy_ledger(connection, content)
            _copy_beside(connection, content)
            for earlier in (*content.chain.takeovers, took):
                succession.write_takeover(connection, earlier)
            # What the successor itself will be told, and has sent, begins here.
            connection.exec_driver_sql(
                "UPDATE sync_state SET acknowledged = ?, feed_cursor = 0, feed_check = x'', closed = NULL",
                (took.head.number,),
            )
    finally:
        connection.close()


def _copy_ledger(connection: Connection, content: MirrorContent) -> None:
    rows = zip(range(1, len(content.entries) + 1), content.entries, content.hashes, strict=True)
    connection.exec_driver_sql("INSERT INTO entry VALUES (?, ?, ?)", list(rows))
    identity, start = [*content.chain.earlier, (content.chain.identity, content.chain.start)][0]
    unmoved = UNMARKED if content.issued.header.holds else ELSEWHERE
    people = {person.number: person for person in content.issued.header.people}
    states = {voter.line: unmoved for voter in content.issued.voters}
    adjudicated = {
        said.line: (said.number, said.outcome) for said in contents(content.feed) if isinstance(said, Adjudicated)
    }
    replay = Replay(identity, start, people, states, adjudications=adjudicated)
    steps = iter([*content.chain.earlier[1:], (content.chain.identity, content.chain.start)])
    taken = {takeover.head.number for takeover in content.chain.takeovers}
    for number, stored in enumerate(content.entries, 1):
        if number - 1 in taken:
            replay.succeed(*next(steps))
        entry = decode_entry(stored)
        effect = replay.take(EntryNumber(number), entry)
        if isinstance(effect, Anomaly):
            replay.last_at = entry.at  # it keeps its number and changes nothing (rule 14)
            continue
        project(connection, EntryNumber(number), effect)
        if isinstance(entry.fact, LineAccepted):
            connection.exec_driver_sql("INSERT INTO accepted_release VALUES (?, ?)", (entry.fact.release.id, number))


def _copy_beside(connection: Connection, content: MirrorContent) -> None:
    """What the old book kept beside its ledger."""
    for person, wrapped in content.wrapped_keys.items():
        connection.exec_driver_sql("INSERT INTO pin VALUES (?, ?, 0, 0)", (person, wrapped))
    for item in content.feed:
        row = (item.number - FEED_BEFORE, int(item.kind), item.text, item.entry, item.content)
        connection.exec_driver_sql("INSERT INTO feed VALUES (?, ?, ?, ?, ?)", row)
    for said in contents(content.feed):
        match said:
            case Adjudicated(line, outcome, number):
                word = (line, number, int(outcome))
                connection.exec_driver_sql("INSERT OR IGNORE INTO adjudication VALUES (?, ?, ?)", word)
            case Intake(precinct, address, book, box_key):
                intake = (precinct, address, book.device, book.epoch, box_key)
                connection.exec_driver_sql("INSERT OR REPLACE INTO intake VALUES (?, ?, ?, ?, ?)", intake)
            case Statuses():
                with suppress(InputInvalid):  # of another slice: the old book did not take them either
                    take_statuses(connection, said)
            case _:
                pass
    for line, (person_bytes, envelope) in content.annex.items():
        connection.exec_driver_sql("INSERT INTO annex VALUES (?, ?, ?)", (line, person_bytes, envelope))
    for entry, release_id, way, certificate in content.releases:
        sent = (release_id, entry, way, certificate)
        connection.exec_driver_sql("INSERT INTO sent_release VALUES (?, ?, ?, ?, 0)", sent)
    for age, seed in enumerate(content.mirror.header.box_seeds):
        epoch = content.chain.identity.name.epoch - age
        connection.exec_driver_sql("INSERT INTO earlier_box VALUES (?, ?)", (epoch, seed))


def _tell_mirror(content: MirrorContent, name: BookName, proof: bytes | None) -> Failure | None:
    if proof is None or content.is_damaged:
        return Failure.MIRROR_DAMAGED
    record = Record(RecordKind.SUPERSEDED, name.epoch, proof)
    end = content.mirror.journal.end
    frame, _ = encode_frame([record], content.mirror.keys, end)
    stick = StickFolder(content.mirror.folder)
    try:
        stick.cut(end.offset)
        stick.append(end.offset, content.mirror.tail, frame)
    except OSError as error:
        return failure_of(error)
    except StickChanged:
        return Failure.MIRROR_GONE
    return None


def _read_tries(home: StationHome) -> dict[PersonNumber, tuple[int, int]]:
    try:
        rows = cbor.decode(home.takeover_tries.read_bytes(), _TRIES_BYTES_MAX)
        if not isinstance(rows, list):
            return {}
        each = [Fields(row, 3) for row in rows]
        return {PersonNumber(row.take_int()): (row.take_int(), row.take_int()) for row in each}
    except (OSError, InputInvalid):
        return {}


def _write_tries(home: StationHome, tries: Mapping[PersonNumber, tuple[int, int]]) -> None:
    rows = [[person, wrong, at_s] for person, (wrong, at_s) in sorted(tries.items())]
    write_secret(home.takeover_tries, cbor.encode(rows))
