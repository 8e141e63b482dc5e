"""Parcels over the engine: after the entries, in pieces, within the budget, resumed whoever was killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pollbook.camera_health import CameraHealth, StationHealth, encode_health
from pollbook.clock import SystemClock
from pollbook.failures import Failure, WorldFailed
from pollbook.parcels import ParcelKind, PieceAddress
from pollbook.store.camera_health import write_health
from pollbook.store.home import StationHome
from pollbook.store.parcels import bytes_in_hour, note_bytes, queue_parcel, waiting_parcels
from sync.access import HomeAccess
from sync.backoff import Backoff
from sync.budget import HOUR_S, UNLIMITED, Budget, Priority, hour_of
from sync.client import RegisterClient
from sync.loop import Line, try_once
from sync.parcels import ParcelReport, send_parcels
from tests.sync.centre import Centre
from tests.sync.fake_register import FakeRegister, response, sends, takes_it_and_hangs_up
from tests.sync.stations import mark, opened
from tests.sync.test_cycle import StraightRegister
from tests.sync.worlds import StandingClock

HOURS = count(1)
REPORT, STILL = bytes(range(256)) * 16, b"\xff\xd8still" * 900


@dataclass
class ParcelCentre(StraightRegister):
    """A register without a wire that also takes parcels; what is in `failures` happens first, one a piece."""

    failures: list[WorldFailed] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def piece(self, address: PieceAddress, request: bytes) -> bytes:
        self.traffic.bytes_up += len(request)
        self.traffic.round_trips += 1
        if self.failures:
            raise self.failures.pop(0)
        self.meanwhile()
        return self.centre.piece(address, request)


def queue(path: Path, kind: ParcelKind, content: bytes) -> None:
    with opened(path) as book:
        queue_parcel(book, kind, content)


def access(path: Path) -> HomeAccess:
    return HomeAccess(StationHome(path), SystemClock())


def send(path: Path, register: ParcelCentre | RegisterClient, budget: Budget = UNLIMITED) -> ParcelReport:
    return send_parcels(access(path), register, SystemClock(), budget)


def settled(station: Path, centre: Centre, bytes_max: int = 1000) -> ParcelCentre:
    """A register that has all entries of the station."""
    register = ParcelCentre(centre, bytes_max)
    tried = try_once(access(station), register, SystemClock(), Backoff(), lambda: 0.0)
    assert tried.failure is None
    return register


def test_a_report_goes_before_a_still_that_was_queued_earlier_and_both_arrive(station: Path, centre: Centre) -> None:
    queue(station, ParcelKind.STILL, STILL)
    queue(station, ParcelKind.REPORT, REPORT)
    report = send(station, settled(station, centre))
    assert (report.acknowledged_bytes, report.waiting, report.failure) == (len(REPORT) + len(STILL), 0, None)
    assert list(centre.parcels.values()) == [REPORT, STILL]


def test_nothing_is_sent_twice_once_it_was_acknowledged(station: Path, centre: Centre) -> None:
    queue(station, ParcelKind.REPORT, REPORT)
    register = settled(station, centre)
    for _ in range(3):
        send(station, register)
    assert sum(length for _, length in centre.pieces) == len(REPORT)
    assert [offset for offset, _ in centre.pieces] == list(range(0, len(REPORT), 1000))


def tell(path: Path, light: int) -> bytes:
    """The cameras of this station are so from now on."""
    with opened(path) as book:
        health = StationHealth(light, (CameraHealth("hall", light, {"covered": 5} if light else {}),))
        write_health(book.home.camera_health(book.name), health)
        return encode_health(health)


def test_the_cameras_health_goes_up_when_it_changes_and_an_idle_wire_carries_nothing_of_it(
    station: Path, centre: Centre
) -> None:
    register = settled(station, centre)
    send(station, register)
    before = register.traffic.copy()
    send(station, register)
    assert register.traffic.since(before).round_trips == 0
    queue(station, ParcelKind.REPORT, REPORT)
    told = [tell(station, 0)]
    assert send(station, register).waiting == 0
    assert list(centre.parcels.values()) == [*told, REPORT], "it is small and goes first"
    for _ in range(3):
        tell(station, 0)
        before = register.traffic.copy()
        send(station, register)
        assert register.traffic.since(before).round_trips == 0
    told.append(tell(station, 2))
    before = register.traffic.copy()
    send(station, register)
    assert register.traffic.since(before).round_trips == 1
    assert register.traffic.since(before).bytes_up < 400
    assert list(centre.parcels.values()) == [told[0], REPORT, told[1]]


def test_no_mark_waits_for_the_cameras_health_and_a_register_that_does_not_know_it_gets_it_once(
    station: Path, centre: Centre
) -> None:
    register = settled(station, centre)
    mark(station, centre, 0, 1)
    tell(station, 2)
    assert send(station, register).acknowledged_bytes == 0
    assert try_once(access(station), register, SystemClock(), Backoff(), lambda: 0.0).failure is None
    register.failures = [WorldFailed(Failure.REQUEST_NOT_ACCEPTED)]
    queue(station, ParcelKind.REPORT, REPORT)
    send(station, register)
    assert list(centre.parcels.values()) == [REPORT]
    mark(station, centre, 1, 1)
    assert try_once(access(station), register, SystemClock(), Backoff(), lambda: 0.0).report.pending == 0  # type: ignore[union-attr]


def test_entries_go_first_and_a_mark_made_meanwhile_stops_the_parcels(station: Path, centre: Centre) -> None:
    mark(station, centre, 0, 1)
    queue(station, ParcelKind.REPORT, REPORT)
    register = ParcelCentre(centre, 1000)
    assert send(station, register) == ParcelReport(0, 1, is_held_back=False)
    tried = try_once(access(station), register, SystemClock(), Backoff(), lambda: 0.0)
    assert tried.failure is None
    register.meanwhile = lambda: mark(station, centre, len(centre.shelf.marked), 1)
    assert send(station, register).acknowledged_bytes == 1000


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_station_killed_in_a_piece_goes_on_from_the_acknowledged_place(
    station: Path, centre: Centre, is_taken: bool
) -> None:
    class Killed(BaseException):
        pass

    queue(station, ParcelKind.REPORT, REPORT)
    register = settled(station, centre)

    class Dying(ParcelCentre):
        def piece(self, address: PieceAddress, request: bytes) -> bytes:
            if len(centre.pieces) == 2:
                if is_taken:
                    centre.piece(address, request)
                raise Killed
            return super().piece(address, request)

    with pytest.raises(Killed):
        send(station, Dying(centre, 1000))
    send(station, register)
    assert list(centre.parcels.values()) == [REPORT]
    assert [offset for offset, _ in centre.pieces].count(2000) == (2 if is_taken else 1)


def test_a_register_that_was_put_back_gets_what_it_lost(station: Path, centre: Centre) -> None:
    queue(station, ParcelKind.REPORT, REPORT)
    register = settled(station, centre)
    register.failures = []

    def lose() -> None:
        if len(centre.pieces) == 3:
            for name, held in centre.parcels.items():
                centre.parcels[name] = held[:500]

    register.meanwhile = lose
    send(station, register)
    assert list(centre.parcels.values()) == [REPORT]


def test_over_the_wire_a_lost_answer_and_a_full_register_only_delay_it(
    station: Path, register: FakeRegister, client: RegisterClient, centre: Centre
) -> None:
    queue(station, ParcelKind.REPORT, REPORT)
    line = Line.to(client, UNLIMITED)
    register.then(None, sends(response(500, "text/html", b"")))
    first = try_once(access(station), client, SystemClock(), Backoff(), lambda: 0.0, line)
    assert first.failure is None, "the ledger is where it belongs"
    assert first.parcels is not None
    assert first.parcels.failure is Failure.REGISTER_IN_TROUBLE
    register.then(None, sends(response(503, "text/plain", b"", Retry_After="77")))
    second = try_once(access(station), client, SystemClock(), Backoff(), lambda: 0.0, line)
    assert second.wait_s >= 77
    register.then(None, takes_it_and_hangs_up)
    third = try_once(access(station), client, SystemClock(), Backoff(), lambda: 0.0, line)
    assert list(centre.parcels.values()) == [REPORT]
    assert third.parcels is not None
    assert third.parcels.waiting == 0


def test_a_refused_parcel_lets_the_next_one_through(station: Path, centre: Centre) -> None:
    queue(station, ParcelKind.REPORT, b"bad")
    queue(station, ParcelKind.REPORT, REPORT)
    register = settled(station, centre)
    register.failures = [WorldFailed(Failure.REQUEST_NOT_ACCEPTED)]
    assert send(station, register).waiting == 0
    assert list(centre.parcels.values()) == [REPORT]


def test_an_answer_that_somebody_else_signed_moves_nothing(station: Path, centre: Centre) -> None:
    queue(station, ParcelKind.REPORT, REPORT)
    register = settled(station, centre)
    right, centre.key = centre.key, type(centre.key).generate()
    assert send(station, register).failure is Failure.ANSWER_NOT_UNDERSTOOD
    centre.key = right
    with opened(station) as book:
        assert [parcel.acknowledged for parcel in waiting_parcels(book)] == [0]


def test_a_metered_hour_is_spent_on_reports_first_and_the_rest_waits_for_the_next(
    station: Path, centre: Centre
) -> None:
    clock = StandingClock()
    inside = HomeAccess(StationHome(station), clock)
    queue(station, ParcelKind.STILL, bytes(range(256)) * 200)
    queue(station, ParcelKind.REPORT, REPORT)
    register = settled(station, centre, 4000)
    budget = Budget(20_000)
    report = send_parcels(inside, register, clock, budget)
    assert report.is_held_back
    assert report.failure is None
    assert centre.parcels[next(iter(centre.parcels))] == REPORT
    with opened(station, clock) as book:
        spent = bytes_in_hour(book, hour_of(clock.now().timestamp()))
    assert spent <= 20_000
    before = sum(map(len, centre.parcels.values()))
    assert send_parcels(inside, register, clock, budget).acknowledged_bytes == 0
    clock.go_on(HOUR_S)
    assert send_parcels(inside, register, clock, budget).acknowledged_bytes > 0
    assert sum(map(len, centre.parcels.values())) > before


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(per_hour=st.integers(10_000, 60_000), batch=st.integers(600, 9000))
def test_parcels_never_spend_more_than_their_share_of_the_hour(
    station: Path, centre: Centre, per_hour: int, batch: int
) -> None:
    clock = StandingClock()
    clock.go_on(HOUR_S * next(HOURS))
    queue(station, ParcelKind.STILL, bytes(range(256)) * 300 + per_hour.to_bytes(4, "big") + batch.to_bytes(4, "big"))
    register = settled(station, centre, batch)
    send_parcels(HomeAccess(StationHome(station), clock), register, clock, Budget(per_hour))
    with opened(station, clock) as book:
        spent = bytes_in_hour(book, hour_of(clock.now().timestamp()))
    room = Budget(per_hour).room(Priority.STILL, 0)
    assert room is not None
    assert spent <= room


def test_after_the_hour_is_spent_the_register_is_asked_seldom_but_marks_still_go(station: Path, centre: Centre) -> None:
    register = ParcelCentre(centre, 1000)
    line = Line(Budget(10_000), lambda: 0.02, register)
    with opened(station) as book:
        note_bytes(book, hour_of(SystemClock().now().timestamp()), 10_000)
    mark(station, centre, 0, 1)
    tried = try_once(access(station), register, SystemClock(), Backoff(), lambda: 0.0, line)
    assert (tried.failure, len(centre.shelf.marked)) == (None, 1)
    assert tried.wait_s == 600
