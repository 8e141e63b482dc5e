from __future__ import annotations

import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pollbook.failures import Failure, WorldFailed
from pollbook.store.home import StationHome
from sync.alone import Knocks, only_one, only_one_in_the_end, only_service, wake_service
from sync.schedule import Ending, run_scheduled

SOON_S = 0.02
HOUR_S = 3600.0


def nothing() -> None:
    pass


def test_cycles_follow_each_other_until_ended() -> None:
    ended, runs = Ending(), list[datetime]()

    def cycle() -> float:
        runs.append(datetime.now(UTC))
        if len(runs) < 3:
            return SOON_S
        ended.put(None)
        return HOUR_S  # who ends it may be slow to notice

    run_scheduled(cycle, ended, nothing)
    assert len(runs) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_cleanly(number: signal.Signals) -> None:
    def cycle() -> float:
        signal.pthread_kill(main, number)
        return HOUR_S

    main = threading.main_thread().ident or 0
    before = signal.getsignal(number)
    run_scheduled(cycle, Ending(), nothing)
    assert signal.getsignal(number) is before


def test_a_cycle_that_waits_for_the_link_is_given_up_at_the_end() -> None:
    ended, given_up = Ending(), threading.Event()

    def cycle() -> float:
        ended.put(None)
        assert given_up.wait(30), "the end did not come"
        return SOON_S

    run_scheduled(cycle, ended, given_up.set)


def test_a_fault_in_a_cycle_ends_the_service_and_is_raised() -> None:
    def cycle() -> float:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_scheduled(cycle, Ending(), nothing)


def test_a_second_service_in_the_same_home_is_refused(station: Path) -> None:
    home = StationHome(station)
    with only_one(home, 0), pytest.raises(WorldFailed) as caught, only_one(home, 0):
        pass
    assert caught.value.failure is Failure.BOOK_IN_USE
    with only_one(home, 0):
        pass


def test_without_a_book_there_is_nothing_to_sync(tmp_path: Path) -> None:
    with pytest.raises(WorldFailed) as caught, only_one(StationHome(tmp_path), 0):
        pass
    assert caught.value.failure is Failure.NOT_ENROLLED


def test_a_second_service_is_refused_but_a_cycle_beside_a_waiting_service_is_not(station: Path) -> None:
    home = StationHome(station)
    with only_service(home):
        with only_one(home, 0):
            pass
        with pytest.raises(WorldFailed) as caught, only_service(home):
            pass
    assert caught.value.failure is Failure.BOOK_IN_USE


def test_the_desktop_waits_until_a_cycle_of_the_service_has_ended(station: Path) -> None:
    home, looks = StationHome(station), iter([False, False, True])
    held = only_one(home, 0)
    held.__enter__()

    def is_ended() -> bool:
        if next(looks) is False:
            return False
        pytest.fail("it was not let in")

    def let_go_at_second_look() -> bool:
        ended = is_ended()
        if not ended and held is not None:
            released.append(True)
            if len(released) == 2:
                held.__exit__(None, None, None)
        return ended

    released: list[bool] = []
    with only_one_in_the_end(home, let_go_at_second_look) as is_alone:
        assert is_alone
        with pytest.raises(WorldFailed), only_one(home, 0):
            pass


def test_who_is_told_to_end_while_waiting_for_the_lock_does_not_sync(station: Path) -> None:
    home = StationHome(station)
    with only_one(home, 0), only_one_in_the_end(home, lambda: True) as is_alone:
        assert not is_alone


def test_a_service_that_is_woken_syncs_at_once_and_again_where_the_cycle_was_under_way() -> None:
    ended, runs, woken = Ending(), list[datetime](), [False, True, True]

    def cycle() -> float:
        runs.append(datetime.now(UTC))
        if len(runs) == 3:
            ended.put(None)
        return HOUR_S

    run_scheduled(cycle, ended, nothing, lambda: woken.pop() if woken else True)
    assert len(runs) == 3


def test_a_clock_that_is_set_back_an_hour_delays_no_cycle_by_an_hour() -> None:
    ended, runs = Ending(), list[datetime]()

    def cycle() -> float:
        runs.append(datetime.now(UTC))
        if len(runs) == 2:
            ended.put(None)
        return SOON_S

    run_scheduled(cycle, ended, nothing, now=lambda: datetime.now(UTC) + timedelta(hours=1))
    assert len(runs) == 2
    assert runs[1] - runs[0] < timedelta(minutes=30)


def test_a_knock_is_heard_once_and_only_after_it(tmp_path: Path) -> None:
    home = StationHome(tmp_path)
    knocks = Knocks(home)
    assert not knocks.heard()
    wake_service(home)
    assert knocks.heard()
    assert not knocks.heard()
    assert not Knocks(home).heard(), "a service that starts syncs anyway"
    wake_service(StationHome(tmp_path / "nowhere"))  # a folder that is gone wakes nobody and breaks nothing
