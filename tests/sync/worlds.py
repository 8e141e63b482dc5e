"""An election and voters for tests: synthetic, and small."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from pollbook.pinfl import check_digit
from pollbook.types import LineId
from pollbook.voters import Voter

ELECTION_TOML = """
[election]
id = "test-2026"
training = {training}
day = 2026-12-27

[election.name]
uz_Latn = "Sinov saylovi"
uz_Cyrl = "Синов сайлови"
kaa = "Sınaw saylawı"
ru = "Учебные выборы"
en = "Test election"

[[contests]]
code = "party_list"
colour = "#BFE3C0"

[contests.name]
uz_Latn = "Partiyalar"
uz_Cyrl = "Партиялар"
kaa = "Partiyalar"
ru = "Партии"
en = "Parties"
"""
SURNAMES = ("Karimov", "Yoʻldosheva", "Хўжаев", "Toʻrayev", "Gʻaniyeva", "Shodiyev")
GIVEN = ("Aziz", "Malika", "Ўктам", "Dilnoza")


class StandingClock:
    """A clock that goes only when told."""

    def __init__(self, now: datetime = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._gone_s = 0.0

    def now(self) -> datetime:
        return self._now + timedelta(seconds=self._gone_s)

    def monotonic_s(self) -> float:
        return self._gone_s

    def go_on(self, seconds: float) -> None:
        self._gone_s += seconds


def made_up_voters(count: int) -> tuple[Voter, ...]:
    return tuple(_voter(number) for number in range(1, count + 1))


def _voter(number: int) -> Voter:
    born = date(1979, 1, 1) + timedelta(days=number * 37)
    first13 = f"3{born:%d%m%y}9{number // 1000 % 100:02d}{number % 1000:03d}"
    return Voter(
        line=LineId(1000 + number * 7919),
        pinfl=first13 + str(check_digit(first13)),
        document=f"ZZ{number:07d}",
        surname=SURNAMES[number % len(SURNAMES)],
        given_name=GIVEN[number % len(GIVEN)],
        patronymic="Aliyevich",
        birth_date=born,
        sex="m",
        address=f"Navoiy koʻchasi, {number}-uy",
        mahalla="Guliston",
        district_soato="1708201",
        page=1 + number // 20,
        row=1 + number % 20,
        contests=("party_list",),
    )
