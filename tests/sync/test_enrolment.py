from __future__ import annotations

import json
import ssl
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pollbook.clock import SystemClock
from pollbook.enrolment_messages import EnrolAnswer, encode_enrol_answer
from pollbook.failures import Failure, WorldFailed
from pollbook.people import pin_refusal
from pollbook.signing import SigningKey
from pollbook.slice import SliceHeader
from pollbook.store import sign_in
from pollbook.store.check import check_book
from pollbook.store.home import StationHome
from pollbook.types import PersonNumber, PrecinctCode
from pollbook.wire import CONTENT_TYPE
from sync.enrolment import Stage, enrol
from tests.sync import fake_register as fake
from tests.sync.centre import Centre, Ticket
from tests.sync.fake_register import FakeRegister, response, sends
from tests.sync.stations import CHEAP, PINS, choose, enrolled, ignore, invitation, opened


def failure_of(path: Path, untrusted_file: bytes) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        enrol(StationHome(path), untrusted_file, SystemClock(), choose, ignore, CHEAP)
    assert not StationHome(path).exists(), "no half book stands anywhere"
    return caught.value.failure


@pytest.fixture
def real() -> Iterator[FakeRegister]:
    with fake.serving(Centre(training=False)) as register:
        yield register


def test_an_enrolled_station_has_a_proven_book_and_told_how_far_it_came(tmp_path: Path, real: FakeRegister) -> None:
    stages: list[Stage] = []
    done = enrol(StationHome(tmp_path), invitation(real), SystemClock(), choose, stages.append, CHEAP)
    assert stages == list(Stage)
    assert done.pins == {}
    assert done.header.line_count == len(real.centre.voters)
    with opened(tmp_path) as book:
        assert check_book(book).ok
        assert book.header.book in real.centre.shelves
        assert sign_in.people_with_pin(book) == PINS.keys()
    assert not (tmp_path / "training-pins.json").exists()
    assert not StationHome(tmp_path).enrolling.exists()


def test_a_training_election_makes_its_pins_up_and_keeps_them_for_the_owner_alone(
    tmp_path: Path, register: FakeRegister
) -> None:
    def nobody_is_asked(_header: SliceHeader) -> dict[PersonNumber, str]:
        raise AssertionError

    home = StationHome(tmp_path)
    done = enrol(home, invitation(register), SystemClock(), nobody_is_asked, ignore, CHEAP)
    assert len(done.pins) == len(register.centre.people)
    assert not any(pin_refusal(pin) for pin in done.pins.values())
    kept = json.loads(home.training_pins.read_text("utf-8"))
    assert {person.key: done.pins[person.number] for person in register.centre.people} == {
        key: fields["pin"] for key, fields in kept.items()
    }
    assert stat.S_IMODE(home.training_pins.stat().st_mode) == 0o600


def test_enrolling_twice_is_refused_and_asks_nobody(tmp_path: Path, register: FakeRegister) -> None:
    enrolled(tmp_path, register)
    asked = len(register.received)
    with pytest.raises(WorldFailed) as caught:
        enrolled(tmp_path, register)
    assert caught.value.failure is Failure.ALREADY_ENROLLED
    assert len(register.received) == asked


@pytest.mark.parametrize(
    "behaviour",
    [
        fake.takes_it_and_hangs_up,
        fake.takes_it_and_answers_half,
        fake.hangs_up,
        sends(fake.problem(Failure.CODE_WRONG)),
    ],
)
def test_an_enrolment_that_broke_off_is_repeated_with_the_same_key_and_code(
    tmp_path: Path, register: FakeRegister, behaviour: fake.Behaviour
) -> None:
    register.then(behaviour)
    failure_of(tmp_path, invitation(register))
    enrolled(tmp_path, register)
    assert len(register.centre.shelves) == 1


def test_an_enrolment_killed_while_pins_are_asked_is_repeated(tmp_path: Path, real: FakeRegister) -> None:
    def walks_away(_header: SliceHeader) -> dict[PersonNumber, str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enrol(StationHome(tmp_path), invitation(real), SystemClock(), walks_away, ignore, CHEAP)
    enrol(StationHome(tmp_path), invitation(real), SystemClock(), choose, ignore, CHEAP)
    assert len(real.centre.shelves) == 1
    with opened(tmp_path) as book:
        assert check_book(book).ok


def test_another_invitation_after_one_that_broke_off_gets_another_key(tmp_path: Path, register: FakeRegister) -> None:
    register.then(fake.takes_it_and_hangs_up)
    failure_of(tmp_path, invitation(register))
    register.centre.tickets["SECOND-CODE"] = Ticket(PrecinctCode("1708-0001"), register.centre.voters)
    enrol(StationHome(tmp_path), invitation(register, code="SECOND-CODE"), SystemClock(), choose, ignore, CHEAP)
    assert len(register.centre.shelves) == 2


@pytest.mark.parametrize("left", [b"", b"x" * 10, b"x" * 64])
def test_a_spoiled_file_of_a_broken_enrolment_is_no_obstacle(
    tmp_path: Path, register: FakeRegister, left: bytes
) -> None:
    StationHome(tmp_path).enrolling.write_bytes(left)
    enrolled(tmp_path, register)


def test_a_code_that_another_laptop_used_is_refused(tmp_path: Path, register: FakeRegister) -> None:
    enrolled(tmp_path / "first", register)
    assert failure_of(tmp_path / "second", invitation(register)) is Failure.CODE_USED


def test_each_disagreement_with_the_invitation_is_refused(tmp_path: Path, register: FakeRegister) -> None:
    def refusal(**changes: object) -> Failure:
        return failure_of(tmp_path, invitation(register, **changes))

    assert refusal(code="OTHER") is Failure.CODE_WRONG
    assert refusal(election="other-2026") is Failure.SLICE_OTHER_ELECTION
    assert refusal(precinct=PrecinctCode("1708-0002")) is Failure.SLICE_OTHER_BOOK
    assert refusal(desk=2) is Failure.SLICE_OTHER_BOOK
    assert refusal(authority_pem=Centre().authority.pem) is Failure.REGISTER_NOT_TRUSTED
    assert failure_of(tmp_path, b"{}") is Failure.ENROL_FILE_INVALID


def signed_by_somebody_else(centre: Centre, _untrusted: bytes) -> None:
    centre.key = SigningKey.generate()


def certified_by_another_authority(centre: Centre, _untrusted: bytes) -> None:
    other = Centre()
    centre.key, centre.certificate = other.key, other.certificate


def certified_as_something_else(centre: Centre, _untrusted: bytes) -> None:
    centre.certificate = centre.authority.certify("device", centre.key.public)


@pytest.mark.parametrize(
    ("lie", "failure"),
    [
        (signed_by_somebody_else, Failure.ANSWER_NOT_SIGNED),
        (certified_by_another_authority, Failure.REGISTER_NOT_TRUSTED),
        (certified_as_something_else, Failure.REGISTER_NOT_TRUSTED),
    ],
)
def test_a_register_that_is_not_the_election_s_own_is_found_out(
    tmp_path: Path, register: FakeRegister, lie: Callable[[Centre, bytes], None], failure: Failure
) -> None:
    lie(register.centre, b"")
    assert failure_of(tmp_path, invitation(register)) is failure


def test_a_certificate_for_another_device_is_not_taken(tmp_path: Path, register: FakeRegister) -> None:
    def swaps(register: FakeRegister, connection: ssl.SSLSocket, request: fake.Request) -> None:
        centre = register.centre
        register.answer(request)
        ((_, issued),) = centre.issued.items()
        other = centre.authority.certify("00" * 16, SigningKey.generate().public)
        answer = encode_enrol_answer(EnrolAnswer(other, centre.certificate, issued), centre.key)
        connection.sendall(response(200, CONTENT_TYPE, answer))

    register.then(swaps)
    assert failure_of(tmp_path, invitation(register)) is Failure.REGISTER_NOT_TRUSTED


def test_an_answer_that_is_none_is_not_understood(tmp_path: Path, register: FakeRegister) -> None:
    register.then(sends(response(200, CONTENT_TYPE, b"\x80" * 200)))
    assert failure_of(tmp_path, invitation(register)) is Failure.ANSWER_NOT_UNDERSTOOD


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, register: FakeRegister) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert failure_of(tmp_path / "file" / "home", invitation(register)) is Failure.DISK_FAILED
