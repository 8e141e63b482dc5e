from __future__ import annotations

from pollbook.failures import Failure, Refused
from pollbook.store import sign_in
from pollbook.store.book import Book
from pollbook.store.check import check_book
from pollbook.types import PersonNumber
from tests.making import CHAIR, CHEAP, DEPUTY, MEMBER, OPERATOR, PINS, SECRETARY, Station

WRONG = "000001"


def test_the_right_pin_opens_the_key_that_is_bound_in_the_ledger(book: Book) -> None:
    key = sign_in.try_pin(book, OPERATOR, PINS[OPERATOR])
    assert not isinstance(key, Refused)
    assert book.bound_keys()[OPERATOR] == key.public


def test_wrong_pins_make_the_next_try_wait_longer_and_longer(station: Station, book: Book) -> None:
    answers = [sign_in.try_pin(book, OPERATOR, WRONG) for _ in range(3)]
    assert answers == [
        Refused(Failure.WRONG_PIN, {"wait_s": 0}),
        Refused(Failure.WRONG_PIN, {"wait_s": 0}),
        Refused(Failure.WRONG_PIN, {"wait_s": 30}),
    ]
    assert sign_in.try_pin(book, OPERATOR, PINS[OPERATOR]) == Refused(Failure.TOO_MANY_TRIES, {"wait_s": 30})
    station.clock.advance(30)
    assert sign_in.try_pin(book, OPERATOR, WRONG) == Refused(Failure.WRONG_PIN, {"wait_s": 60})
    station.clock.advance(59)
    assert sign_in.try_pin(book, OPERATOR, PINS[OPERATOR]) == Refused(Failure.TOO_MANY_TRIES, {"wait_s": 1})
    station.clock.advance(1)
    assert not isinstance(sign_in.try_pin(book, OPERATOR, PINS[OPERATOR]), Refused)
    assert sign_in.try_pin(book, OPERATOR, WRONG) == Refused(Failure.WRONG_PIN, {"wait_s": 0})


def test_ending_the_program_does_not_buy_another_try(station: Station) -> None:
    for _ in range(3):
        with station.open() as opened:
            sign_in.try_pin(opened, OPERATOR, WRONG)
    with station.open() as opened:
        assert sign_in.try_pin(opened, OPERATOR, PINS[OPERATOR]) == Refused(Failure.TOO_MANY_TRIES, {"wait_s": 30})


def test_a_clock_set_back_does_not_lengthen_the_wait(station: Station, book: Book) -> None:
    for _ in range(3):
        sign_in.try_pin(book, OPERATOR, WRONG)
    station.clock.advance(-86400)
    refused = sign_in.try_pin(book, OPERATOR, PINS[OPERATOR])
    assert refused == Refused(Failure.TOO_MANY_TRIES, {"wait_s": 30})
    station.clock.advance(30)
    assert not isinstance(sign_in.try_pin(book, OPERATOR, PINS[OPERATOR]), Refused)


def test_two_officers_are_two_different_officers(book: Book) -> None:
    def failure(first: PersonNumber, second: PersonNumber) -> Failure:
        refused = sign_in.two_signers(book, (first, PINS.get(first, "")), (second, PINS.get(second, "")))
        assert isinstance(refused, Refused)
        return refused.failure

    assert failure(CHAIR, CHAIR) is Failure.SAME_OFFICER_TWICE
    assert failure(CHAIR, MEMBER) is Failure.NOT_AN_OFFICER
    assert failure(OPERATOR, CHAIR) is Failure.NOT_AN_OFFICER
    assert failure(CHAIR, PersonNumber(99)) is Failure.UNKNOWN_PERSON


def test_which_officer_s_pin_was_wrong_is_told(book: Book) -> None:
    refused = sign_in.two_signers(book, (CHAIR, PINS[CHAIR]), (DEPUTY, WRONG))
    assert refused == Refused(Failure.WRONG_PIN, {"wait_s": 0, "person": DEPUTY})


def test_a_forgotten_pin_is_replaced_by_two_officers_and_the_old_one_opens_nothing(book: Book) -> None:
    officers = ((DEPUTY, PINS[DEPUTY]), (SECRETARY, PINS[SECRETARY]))
    assert sign_in.replace_pin(book, CHAIR, "846213", officers, CHEAP) is None
    assert isinstance(sign_in.try_pin(book, CHAIR, PINS[CHAIR]), Refused)
    assert not isinstance(sign_in.try_pin(book, CHAIR, "846213"), Refused)
    assert check_book(book).ok


def test_a_person_without_a_pin_cannot_sign_in(book: Book) -> None:
    book.connection.exec_driver_sql("DELETE FROM pin WHERE person = ?", (OPERATOR,))
    assert sign_in.try_pin(book, OPERATOR, PINS[OPERATOR]) == Refused(Failure.PIN_NOT_SET)
    assert OPERATOR not in sign_in.people_with_pin(book)


def test_a_session_of_the_commands_ends_after_the_idle_time_or_by_word(station: Station, book: Book) -> None:
    assert sign_in.session(book) is None
    sign_in.begin_session(book, OPERATOR)
    station.clock.advance(book.election.lock_after_s - 1)
    assert sign_in.session(book) == book.people[OPERATOR]
    station.clock.advance(2)
    assert sign_in.session(book) is None
    sign_in.begin_session(book, OPERATOR)
    sign_in.end_session(book)
    assert sign_in.session(book) is None


def test_no_pin_stands_in_the_book_or_beside_it(station: Station, book: Book) -> None:
    kept = repr(book.connection.exec_driver_sql("SELECT * FROM pin").all()).encode()
    kept += station.home.keys.read_bytes() + station.home.machine_key.read_bytes()
    assert not any(pin.encode() in kept for pin in PINS.values())
