"""A laptop dies: a spare goes on from its mirror, and the old book locks at its next word with anyone (rule 9)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pollbook.entries import TookOver, decode_entry
from pollbook.failures import Failure, Refused, WorldFailed
from pollbook.ledger import Head
from pollbook.mirror_file import HEADER_NAME, JOURNAL_NAME
from pollbook.people import TRIES_FREE
from pollbook.permission import Refusal
from pollbook.signing import REGISTER_SUBJECT, SigningKey, device_id
from pollbook.store import closing, figures, mirror_set_up, sign_in, syncing
from pollbook.store.book import Book
from pollbook.store.check import check_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from pollbook.store.media import folder_name
from pollbook.store.mirror import Mirror, Mirrored
from pollbook.store.mirror_content import MirrorContent, folder_of
from pollbook.store.spare import is_spare, keep_spare, read_spare
from pollbook.store.superseding import lock_if_superseded, own_proof
from pollbook.store.takeover import TakenOver, look_into, mirror_on, take_over
from pollbook.supersession import read_supersession
from pollbook.sync_answer import SyncAnswer
from pollbook.types import BookName, Channel, EntryNumber, PersonNumber
from tests.making import (
    CHAIR,
    CHEAP,
    DEPUTY,
    MEMBER,
    OPERATOR,
    PEOPLE,
    PINS,
    SECRETARY,
    Authority,
    FakeClock,
    Station,
    make_station,
)
from tests.pollbook.store.sticks import Drawer

NAME = folder_name("1708-0001", 1)
OFFICERS = ((CHAIR, PINS[CHAIR]), (SECRETARY, PINS[SECRETARY]))


def make_spare(folder: Path, authority: Authority) -> StationHome:
    home, key = StationHome(folder), SigningKey.generate()
    home.make()
    register = authority.certify(REGISTER_SUBJECT, authority.register_key.public)
    device = authority.certify(device_id(key.public).hex(), key.public)
    keep_spare(home, Link("https://127.0.0.1:1", authority.pem, register, device, key))
    return home


class Scene:
    """A station that was mirrored, its stick, and a spare."""

    def __init__(self, folder: Path, marks: int = 5) -> None:
        self.station: Station = make_station(folder / "station")
        self.drawer = Drawer()
        self.stick = self.drawer.plug_in(folder / "stick")
        self.spare = make_spare(folder / "spare", self.station.authority)
        self.clock: FakeClock = self.station.clock
        with self.station.open() as book:
            self.code = mirror_set_up.set_up(book).code
            following = Mirror(book, self.drawer.surroundings())
            for index in range(marks):
                assert isinstance(book.mark(self.station.voters[index].line, Channel.STATION, OPERATOR), int)
                assert isinstance(following.write(), Mirrored)
            self.old = book.name

    @property
    def folder(self) -> Path:
        return self.stick / NAME

    def content(self, home: StationHome | None = None) -> MirrorContent:
        return look_into(home or self.spare, self.folder, self.code)

    def take_over(self, home: StationHome | None = None) -> TakenOver:
        taken = take_over(home or self.spare, self.content(home), *OFFICERS, self.clock, CHEAP)
        assert isinstance(taken, TakenOver)
        return taken

    def successor(self) -> Book:
        return Station(
            self.spare,
            self.station.voters,
            read_key(self.spare),
            self.station.authority,
            self.clock,
            self.station.slice_bytes,
        ).open()


def read_key(home: StationHome) -> SigningKey:
    return SigningKey.generate() if home.exists() else read_spare(home).device_key


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def signers(book: Book) -> tuple[sign_in.Signer, sign_in.Signer]:
    found = sign_in.two_signers(book, *OFFICERS)
    assert not isinstance(found, Refused)
    return found


def test_the_successor_knows_every_mark_and_goes_on_under_a_new_name(scene: Scene) -> None:
    spare_device = device_id(read_spare(scene.spare).device_key.public)
    taken = scene.take_over()
    assert taken.book == BookName(spare_device, scene.old.epoch + 1)
    assert (taken.predecessor, taken.lines, taken.unproven, taken.mirror_told) == (scene.old, 40, 35, None)
    with scene.successor() as book:
        assert book.name == taken.book
        assert figures.counts(book).marked == 5
        assert book.mark(scene.station.voters[0].line, Channel.STATION, OPERATOR) is Refusal.ALREADY_MARKED
        entry = book.connection.exec_driver_sql("SELECT bytes FROM entry ORDER BY number DESC").scalar()
        assert isinstance(decode_entry(entry).fact, TookOver)
        assert book.find("Karimov", 5).hits
        report = check_book(book)
        assert report.problems == ()
    assert not is_spare(scene.spare)


def test_rule_9_an_unproven_line_is_marked_only_after_two_have_seen_its_row_and_never_released(scene: Scene) -> None:
    scene.take_over()
    line = scene.station.voters[7].line
    with scene.successor() as book:
        assert book.mark(line, Channel.STATION, OPERATOR) is Refusal.LINE_UNPROVEN
        assert isinstance(closing.see_row(book, line, *signers(book), OPERATOR), int)
        assert isinstance(book.mark(line, Channel.STATION, OPERATOR), int)
        assert check_book(book).problems == ()


def test_a_register_from_before_the_takeover_is_behind_and_locks_nobody(scene: Scene) -> None:
    scene.take_over()
    with scene.successor() as book:
        for number in {0, book.start.number - 1}:
            said = SyncAnswer(Head(EntryNumber(number), bytes(32)), (), None, 0, 30)
            for take in (syncing.take_answer, syncing.take_late_answer):
                with pytest.raises(WorldFailed) as raised:
                    take(book, said)
                assert raised.value.failure is Failure.REGISTER_BEHIND
        assert book.stopped is None


def test_the_officers_and_the_operator_sign_in_at_the_successor_with_their_own_pins(scene: Scene) -> None:
    scene.take_over()
    with scene.successor() as book:
        for person in (CHAIR, DEPUTY, SECRETARY, OPERATOR, MEMBER):
            assert isinstance(sign_in.try_pin(book, person, PINS[person]), SigningKey)
        assert book.opened_days()


def test_the_old_book_that_meets_its_stick_again_locks_and_leaves_it_as_it_is(scene: Scene) -> None:
    scene.take_over()
    before = (scene.folder / JOURNAL_NAME).read_bytes()
    with scene.station.open() as book:
        status = Mirror(book, scene.drawer.surroundings()).step()
        assert book.stopped is Refusal.BOOK_SUPERSEDED
        assert book.mark(scene.station.voters[9].line, Channel.STATION, OPERATOR) is Refusal.BOOK_SUPERSEDED
        assert status.failure is Failure.MIRROR_TAKEN_OVER
    assert (scene.folder / JOURNAL_NAME).read_bytes() == before


def test_the_old_book_that_marked_past_the_mirror_locks_too(scene: Scene) -> None:
    shutil.copytree(scene.stick, scene.stick.parent / "taken away")
    with scene.station.open() as book:
        book.mark(scene.station.voters[20].line, Channel.STATION, OPERATOR)
    scene.take_over()
    with scene.station.open() as book:
        Mirror(book, scene.drawer.surroundings()).step()
        assert book.stopped is Refusal.BOOK_SUPERSEDED


def test_a_proof_locks_whoever_brings_it_and_only_the_book_that_it_is_about(scene: Scene, tmp_path: Path) -> None:
    scene.take_over()
    with scene.successor() as book:
        proof = own_proof(book)
        assert proof is not None
        assert lock_if_superseded(book, proof) is None
        assert book.stopped is None
    other = make_station(tmp_path / "other", 5)
    with other.open() as book:
        assert own_proof(book) is None
        assert lock_if_superseded(book, proof) is None
        assert book.stopped is None
    with scene.station.open() as book:
        assert lock_if_superseded(book, proof) is not None
        assert book.stopped is Refusal.BOOK_SUPERSEDED


def test_a_proof_that_was_changed_or_cut_locks_nothing_or_says_the_same(scene: Scene) -> None:
    taken = scene.take_over()
    with scene.successor() as book:
        proof = own_proof(book)
    assert proof is not None
    said = decode_entry(read_supersession(proof).entry).fact
    with scene.station.open() as book:
        for at in range(len(proof)):
            assert lock_if_superseded(book, proof[:at]) is None
            changed = bytearray(proof)
            changed[at] ^= 1
            successor = lock_if_superseded(book, bytes(changed))
            if successor is not None:  # the entry's time and actor are no part of the act
                assert successor == taken.book
                assert decode_entry(read_supersession(bytes(changed)).entry).fact == said


def test_a_second_spare_is_refused_by_the_stick_that_was_taken_over_from(scene: Scene, tmp_path: Path) -> None:
    second = make_spare(tmp_path / "second", scene.station.authority)
    scene.take_over()
    with pytest.raises(WorldFailed) as caught:
        scene.content(second)
    assert caught.value.failure is Failure.MIRROR_TAKEN_OVER
    assert is_spare(second)


def test_the_successor_is_mirrored_beside_and_a_further_spare_takes_over_from_it(scene: Scene, tmp_path: Path) -> None:
    content = scene.content()
    assert isinstance(take_over(scene.spare, content, *OFFICERS, scene.clock, CHEAP), TakenOver)
    line = scene.station.voters[30].line
    with scene.successor() as book:
        mirror_on(book, content, scene.drawer.surroundings())
        closing.see_row(book, line, *signers(book), OPERATOR)
        book.mark(line, Channel.STATION, OPERATOR)
        assert isinstance(Mirror(book, scene.drawer.surroundings()).write(), Mirrored)
        first = book.name
    third = make_spare(tmp_path / "third", scene.station.authority)
    again = look_into(third, scene.stick / f"{NAME}.2", scene.code)
    taken = take_over(third, again, *OFFICERS, scene.clock, CHEAP)
    assert isinstance(taken, TakenOver)
    assert (taken.predecessor, taken.book.epoch) == (first, scene.old.epoch + 2)
    scene.spare = third
    with scene.successor() as book:
        assert figures.counts(book).marked == 6
        assert check_book(book).problems == ()
        assert len(book.chain.takeovers) == 2
        seeds = book.connection.exec_driver_sql("SELECT count(*) FROM earlier_box").scalar_one()
        assert seeds == 2


def test_a_mirror_that_is_behind_gives_what_it_has(scene: Scene) -> None:
    journal = scene.folder / JOURNAL_NAME
    journal.write_bytes(journal.read_bytes()[:-7])
    taken = scene.take_over()
    assert taken.unproven == 36
    with scene.successor() as book:
        assert figures.counts(book).marked == 4
        assert check_book(book).problems == ()


def test_a_damaged_mirror_is_told_with_what_was_saved_and_taken_only_where_officers_say_so(scene: Scene) -> None:
    journal = scene.folder / JOURNAL_NAME
    damaged = bytearray(journal.read_bytes())
    damaged[-300] ^= 1
    journal.write_bytes(damaged)
    content = scene.content()
    with pytest.raises(WorldFailed) as caught:
        take_over(scene.spare, content, *OFFICERS, scene.clock, CHEAP)
    assert caught.value.failure is Failure.MIRROR_DAMAGED
    assert caught.value.facts == {"found": content.signed.head.number}
    assert is_spare(scene.spare)
    taken = take_over(scene.spare, content, *OFFICERS, scene.clock, CHEAP, accept_damage=True)
    assert isinstance(taken, TakenOver)
    assert taken.mirror_told is Failure.MIRROR_DAMAGED
    assert journal.read_bytes() == damaged


def test_a_mirror_damaged_from_its_beginning_gives_nothing(scene: Scene) -> None:
    journal = scene.folder / JOURNAL_NAME
    damaged = bytearray(journal.read_bytes())
    damaged[30] ^= 1
    journal.write_bytes(damaged)
    with pytest.raises(WorldFailed) as caught:
        scene.content()
    assert caught.value.failure is Failure.MIRROR_DAMAGED


def test_a_read_only_stick_is_taken_over_from_and_the_officers_are_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = scene.content()
    shutil.move(scene.stick, scene.stick.parent / "pulled out")
    taken = take_over(scene.spare, content, *OFFICERS, scene.clock, CHEAP)
    assert isinstance(taken, TakenOver)
    assert taken.mirror_told is Failure.MIRROR_GONE
    monkeypatch.undo()
    with scene.successor() as book:
        assert check_book(book).problems == ()


@pytest.mark.parametrize(
    ("code", "failure"), [("0000-0000-0000-0000-0000-0000", Failure.MIRROR_CODE_WRONG), ("", Failure.MIRROR_CODE_WRONG)]
)
def test_another_code_opens_nothing(scene: Scene, code: str, failure: Failure) -> None:
    with pytest.raises(WorldFailed) as caught:
        look_into(scene.spare, scene.folder, code)
    assert caught.value.failure is failure


def test_a_spare_of_another_election_is_refused(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(WorldFailed) as caught:
        scene.content(make_spare(tmp_path / "foreign", Authority()))
    assert caught.value.failure is Failure.MIRROR_OTHER_ELECTION


def test_only_a_spare_takes_over(scene: Scene, tmp_path: Path) -> None:
    for home, failure in (
        (scene.station.home, Failure.ALREADY_ENROLLED),
        (StationHome(tmp_path / "nothing"), Failure.NOT_A_SPARE),
    ):
        with pytest.raises(WorldFailed) as caught:
            scene.content(home)
        assert caught.value.failure is failure


def test_a_spare_carried_to_another_machine_says_nothing(scene: Scene) -> None:
    scene.spare.machine_key.write_bytes(bytes(32))
    with pytest.raises(WorldFailed) as caught:
        read_spare(scene.spare)
    assert caught.value.failure is Failure.BOOK_KEY_MISSING


def refused(scene: Scene, first: tuple[PersonNumber, str], second: tuple[PersonNumber, str]) -> Failure:
    answer = take_over(scene.spare, scene.content(), first, second, scene.clock, CHEAP)
    assert isinstance(answer, Refused)
    assert is_spare(scene.spare)
    return answer.failure


def test_two_different_officers_with_the_right_pins_are_needed(scene: Scene) -> None:
    chair, deputy = OFFICERS
    assert refused(scene, chair, chair) is Failure.SAME_OFFICER_TWICE
    assert refused(scene, chair, (OPERATOR, PINS[OPERATOR])) is Failure.NOT_AN_OFFICER
    assert refused(scene, chair, (PersonNumber(77), "111111")) is Failure.UNKNOWN_PERSON
    assert refused(scene, chair, (deputy[0], "000001")) is Failure.WRONG_PIN


def test_wrong_pins_are_counted_and_wait_also_after_the_program_was_ended(scene: Scene) -> None:
    for _ in range(TRIES_FREE):
        assert refused(scene, (CHAIR, "000001"), OFFICERS[1]) is Failure.WRONG_PIN
    assert refused(scene, OFFICERS[0], OFFICERS[1]) is Failure.TOO_MANY_TRIES
    scene.clock.advance(3600)
    assert isinstance(take_over(scene.spare, scene.content(), *OFFICERS, scene.clock, CHEAP), TakenOver)


def test_a_takeover_that_was_broken_off_leaves_a_spare_that_can_begin_again(scene: Scene) -> None:
    beside = scene.spare.path / "being-made"
    beside.mkdir()
    (beside / "book.db").write_bytes(b"half a book")
    (beside / "machine.key").write_bytes(bytes(32))
    assert is_spare(scene.spare)
    taken = scene.take_over()
    assert taken.entries == EntryNumber(len(PEOPLE) + 2 + 5)
    with scene.successor() as book:
        assert check_book(book).problems == ()


def test_the_mirror_is_found_by_its_stick_where_there_is_one(scene: Scene, tmp_path: Path) -> None:
    assert folder_of(scene.stick) == folder_of(scene.folder) == scene.folder
    shutil.copytree(scene.folder, scene.stick / f"{NAME}.2")
    for path in (scene.stick, tmp_path / "nowhere", tmp_path):
        with pytest.raises(WorldFailed) as caught:
            folder_of(path)
        assert caught.value.failure is Failure.MIRROR_NOT_THERE
    with pytest.raises(WorldFailed) as caught:
        look_into(scene.spare, tmp_path / "nowhere", scene.code)
    assert caught.value.failure is Failure.MIRROR_NOT_THERE


def test_a_mirror_without_its_header_or_with_a_changed_one_gives_nothing(scene: Scene) -> None:
    header = scene.folder / HEADER_NAME
    whole = header.read_bytes()
    for at in (0, 20, 40, 60, 130, len(whole) - 1):
        changed = bytearray(whole)
        changed[at] ^= 1
        header.write_bytes(changed)
        with pytest.raises(WorldFailed) as caught:
            scene.content()
        assert caught.value.failure in {Failure.MIRROR_DAMAGED, Failure.MIRROR_CODE_WRONG}
