from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.failures import Failure, InputInvalid
from pollbook.people import WAIT_MAX_S, pin_refusal, unwrap, wait_s, wrap
from tests.making import CHEAP


@pytest.mark.parametrize(
    "pin", ["", "12345", "1234567890123", "111111", "123456", "987654", "12a456", "１２３４５７", " 739102"]
)
def test_pins_that_are_short_long_or_guessed_first_are_refused(pin: str) -> None:
    assert pin_refusal(pin) is Failure.PIN_TOO_SIMPLE


@pytest.mark.parametrize("pin", ["739102", "112233", "135790", "739102739102"])
def test_other_pins_are_taken(pin: str) -> None:
    assert pin_refusal(pin) is None


def test_three_tries_are_free_and_the_wait_doubles_to_an_hour() -> None:
    assert [wait_s(tries) for tries in range(7)] == [0, 0, 0, 30, 60, 120, 240]
    assert wait_s(10) == wait_s(10_000) == WAIT_MAX_S


def test_a_secret_opens_with_all_its_pins_in_order_and_nothing_else() -> None:
    wrapped = wrap(b"the database key", CHEAP, "739102", "846213")
    assert unwrap(wrapped, "739102", "846213") == b"the database key"
    assert unwrap(wrapped, "846213", "739102") is None
    assert unwrap(wrapped, "739102") is None
    assert unwrap(wrapped, "739102846213") is None


def test_the_same_secret_is_wrapped_differently_each_time() -> None:
    assert wrap(b"key", CHEAP, "739102") != wrap(b"key", CHEAP, "739102")


@given(st.binary(max_size=120))
def test_bytes_that_are_no_wrap_are_refused(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        unwrap(untrusted, "739102")
