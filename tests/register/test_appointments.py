from __future__ import annotations

from collections import Counter

from register.appointments import LATE_S, MEASURED, SOON_S, USUAL_PER_S, Appointments, come_back_s


def test_ten_thousand_who_are_sent_away_at_once_come_back_at_the_rate_of_the_work() -> None:
    appointments = Appointments()
    for number in range(MEASURED):
        appointments.note_done(number / 100)
    told = Counter(appointments.give(1.0) for _ in range(10_260))
    assert min(told) == SOON_S + 1
    assert max(told) == SOON_S + 103
    assert max(told.values()) <= 101


def test_before_anything_was_measured_a_usual_rate_is_taken() -> None:
    appointments = Appointments()
    told = [appointments.give(0.0) for _ in range(int(USUAL_PER_S) * 2)]
    assert (told[0], told[-1]) == (SOON_S + 1, SOON_S + 2)


def test_nobody_is_sent_away_for_longer_than_ten_minutes() -> None:
    appointments = Appointments()
    told = [appointments.give(0.0) for _ in range(50_000)]
    assert max(told) == LATE_S
    assert min(told) > SOON_S


def test_who_comes_later_is_not_behind_those_who_have_come_already() -> None:
    appointments = Appointments()
    for _ in range(100):
        appointments.give(0.0)
    assert appointments.give(500.0) == SOON_S + 1


def test_a_small_election_is_left_to_its_links_and_a_nation_asks_every_half_minute() -> None:
    assert {come_back_s(stations) for stations in (0, 1, 20, 1710)} == {0}
    assert come_back_s(1711) == 6
    assert come_back_s(10_260) == 30
