"""Codes are good once and for minutes; guessing ends for all; there are as many places as there are."""

from __future__ import annotations

from pollbook.failures import Failure, Refused
from station_app.live.admission import CODE_S, IDLE_S, LOCK_S, VIEWERS_MAX, WATCH_S, WRONG_MAX, Admission, Code


def code_of(admission: Admission, now_s: float = 0.0) -> Code:
    code = admission.make_code(now_s)
    assert isinstance(code, Code)
    return code


def test_a_code_lets_one_observer_in_and_nobody_after() -> None:
    admission = Admission()
    code = code_of(admission)
    token = admission.enter(code.digits, 1.0)
    assert isinstance(token, str)
    assert admission.is_admitted(token, 2.0)
    assert admission.enter(code.digits, 3.0) == Refused(Failure.OBSERVER_CODE_UNFIT)


def test_a_code_may_be_typed_with_a_blank_in_the_middle() -> None:
    admission = Admission()
    code = code_of(admission)
    assert isinstance(admission.enter(f" {code.digits[:4]} {code.digits[4:]} ", 1.0), str)


def test_a_code_expires() -> None:
    admission = Admission()
    code = code_of(admission)
    assert admission.enter(code.digits, CODE_S) == Refused(Failure.OBSERVER_CODE_UNFIT)
    assert admission.codes(CODE_S) == ()


def test_what_is_no_code_lets_nobody_in() -> None:
    admission = Admission()
    code_of(admission)
    for untrusted in ("", "0", "\u0661" * 8, "x" * 10_000, "\ud800"):
        assert isinstance(admission.enter(untrusted, 1.0), Refused)
    assert not admission.is_admitted("", 1.0)
    assert not admission.is_admitted("guess", 1.0)


def test_guessing_drops_every_code_and_closes_the_door_for_a_while() -> None:
    admission = Admission()
    code = code_of(admission)
    for _ in range(WRONG_MAX):
        refused = admission.enter("x", 1.0)
    assert refused == Refused(Failure.OBSERVER_TRIES, {"wait_s": LOCK_S})
    assert isinstance(admission.enter(code.digits, 2.0), Refused)
    assert isinstance(admission.make_code(2.0), Refused)
    assert isinstance(admission.enter(code.digits, 1.0 + LOCK_S), Refused)
    assert isinstance(admission.enter(code_of(admission, 1.0 + LOCK_S).digits, 2.0 + LOCK_S), str)


def test_who_is_watching_already_is_not_put_out_by_another_s_guessing() -> None:
    admission = Admission()
    token = admission.enter(code_of(admission).digits, 0.0)
    for _ in range(WRONG_MAX):
        admission.enter("x", 1.0)
    assert isinstance(token, str)
    assert admission.is_admitted(token, 2.0)


def test_there_are_no_more_codes_and_viewers_than_places_and_an_idle_place_is_free_again() -> None:
    admission = Admission()
    tokens = [admission.enter(code_of(admission).digits, 0.0) for _ in range(VIEWERS_MAX - 1)]
    code_of(admission)
    assert admission.make_code(1.0) == Refused(Failure.OBSERVERS_FULL, {"limit": VIEWERS_MAX})
    assert admission.viewers(1.0) == len(tokens)
    assert admission.viewers(IDLE_S) == 0
    assert isinstance(admission.make_code(IDLE_S), Code)


def test_watching_ends_after_hours_even_for_who_never_looks_away() -> None:
    admission = Admission()
    token = admission.enter(code_of(admission).digits, 0.0)
    assert isinstance(token, str)
    now_s = 0.0
    while now_s < WATCH_S - 600:
        now_s += 600
        assert admission.is_admitted(token, now_s)
    assert not admission.is_admitted(token, WATCH_S)


def test_a_code_s_text_form_does_not_show_it() -> None:
    code = code_of(Admission())
    assert code.digits not in repr(code)
