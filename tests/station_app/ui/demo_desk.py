"""A small working desk in memory: honest rules, no disk. It marks once, voids by two officers, finds by prefix.

`test_desk_contract` runs the same tests against it and against the desk over a real book.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from devices.emrtd.mrz import looks_like_mrz
from pollbook.bundle import resource_path
from pollbook.documents import DOUBTS, Comparison, DocumentSays, compare, find_keys
from pollbook.election import read_election
from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.failures import Failure, Refused, WeFailed
from pollbook.line_state import Status
from pollbook.people import wait_s
from pollbook.permission import is_of_age
from pollbook.transliteration import to_latin
from pollbook.types import Channel, EntryNumber, LineId, Person, PersonNumber, PrecinctCode, Role
from pollbook.voters import Voter
from station_app.desk import (
    DeskStatus,
    FoundVoters,
    Hit,
    MarkShown,
    MirrorStatus,
    Notice,
    NoticeKind,
    Station,
    Tier,
    Verdict,
    VoterCard,
)
from station_app.moving import LineWhere, Whereabouts
from tests.station_app.ui.demo_moving import INTAKES, DemoMoving

START = datetime(2026, 12, 20, 5, 24, tzinfo=UTC)
PIN = "271828"
LONG_NAME = ("Gʻulomqodirovxoʻjayeva", "Muhammadrahimaxon", "Abdurahmonxoʻja-Nuriddinovna")

PEOPLE = (
    Person(PersonNumber(1), "1708-0042-01", "Yoʻldosheva", "Dilfuza", Role.CHAIR),
    Person(PersonNumber(2), "1708-0042-02", "Qodirov", "Sherzod", Role.DEPUTY_CHAIR),
    Person(PersonNumber(3), "1708-0042-03", "Ergasheva", "Nigora", Role.SECRETARY),
    Person(PersonNumber(4), "1708-0042-04", "Toʻxtayev", "Jasur", Role.MEMBER),
    Person(PersonNumber(5), "1708-0042-05", "Aliyeva", "Madina", Role.OPERATOR),
)
VOTERS = (
    ("Karimov", "Alisher", "Botirovich", "1979-03-12"),
    ("Karimova", "Nodira", "Botirovna", "1979-11-02"),
    ("Каримов", "Ботир", "Алишерович", "1979-01-30"),
    ("Karimov", "Jamshid", "Oʻktam oʻgʻli", "1988-07-21"),
    ("Gʻaniyeva", "Mohira", "Sanʼatovna", "1991-05-05"),
    ("Шукурова", "Ўғилой", "Ҳамид қизи", "1964-09-17"),
    ("Xudoyberdiyev", "Sardor", "Anvarovich", "2008-12-21"),
    ("Oʻrinboyev", "Chori", "", "1955-02-28"),
    (*LONG_NAME, "1972-08-30"),
)


class FakeClock:
    """Time that stands until told to go on."""

    def __init__(self) -> None:
        self.wall = START
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic_s(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.seconds += seconds


def make_voters(count: int) -> tuple[Voter, ...]:
    """The named ones first, then as many made-up neighbours as wanted."""
    random = Random(7)
    surnames = ("Rahimov", "Saidov", "Toʻrayev", "Nazarov", "Ismoilov", "Mirzayev", "Sodiqov", "Yusupov")
    given = ("Aziz", "Bekzod", "Davron", "Elyor", "Farhod", "Husan", "Islom", "Jahongir", "Komil", "Laziz")
    named = list(VOTERS)
    while len(named) < count:
        birth = date(1950, 1, 1) + timedelta(days=random.randrange(20_000))
        name = (random.choice(surnames), random.choice(given), f"{random.choice(given)}ovich")
        named.append((*name, birth.isoformat()))
    return tuple(_voter(place, *fields) for place, fields in enumerate(named[:count]))


def _voter(place: int, surname: str, given_name: str, patronymic: str, birth: str) -> Voter:
    born = date.fromisoformat(birth)
    sex = "f" if surname.endswith("a") else "m"
    digit = {"m": 3, "f": 4}[sex] + (2 if born.year >= 2000 else 0)
    return Voter(
        line=LineId(1000 + place),
        pinfl=f"{digit}{born:%d%m%y}900{place:04d}"[:14],
        document=f"ZZ{1000000 + place}",
        surname=surname,
        given_name=given_name,
        patronymic=patronymic,
        birth_date=born,
        sex=sex,
        address=f"Bogʻ koʻchasi, {place + 1}-uy, {place % 60 + 1}-xonadon",
        mahalla="Zargarlik MFY",
        district_soato="1708401",
        page=place // 20 + 1,
        row=place % 20 + 1,
        contests=tuple(contest.code for contest in ELECTION.contests),
    )


ELECTION = read_election(resource_path("elections", "training.toml").read_text("utf-8"))


class DemoDesk:
    """See `station_app.desk.Desk`."""

    def __init__(self, clock: FakeClock, voters: int = 60, *, is_open: bool = False) -> None:
        self.clock = clock
        self.voters = {voter.line: voter for voter in make_voters(voters)}
        self.marks: list[MarkShown] = []
        self.marked: dict[LineId, MarkShown] = {}
        self.tries: dict[PersonNumber, tuple[int, datetime]] = {}
        self.calls: list[str] = []
        self.gate: threading.Event | None = None
        self.breaks: Exception | None = None
        self.differences: tuple[str, ...] = ()
        self.said: DocumentSays | None = None
        self.verdicts: dict[LineId, Verdict] = {}
        self.thread = 0
        self.notices: tuple[Notice, ...] = ()
        self.real_station: Station | None = None
        self._days: set[date] = set()
        self._person: Person | None = None
        self.open_line: LineId | None = None
        self.mirror: MirrorStatus | None = None
        self.moving = DemoMoving(
            self.voters,
            clock.now,
            lambda: refused if isinstance(refused := self._may_act(), Refused) else None,
            lambda first, second: self._two(*first, *second),
        )
        if is_open:
            self.open_today()

    @contextmanager
    def opened(self) -> Iterator[DemoDesk]:
        self.thread = threading.get_ident()
        yield self

    @property
    def station(self) -> Station:
        return self.real_station or Station(ELECTION, PrecinctCode("1708-0042"), "Jizzax, 12-maktab", 1, PEOPLE)

    @property
    def signed_in(self) -> Person | None:
        return self._person

    def today(self) -> date:
        return self.clock.now().astimezone(ZoneInfo(ELECTION.zone)).date()

    def open_today(self) -> None:
        self._days.add(self.today())

    def is_day_open(self) -> bool:
        return self.today() in self._days

    def open_day(self, first: PersonNumber, first_pin: str, second: PersonNumber, second_pin: str) -> Refused | None:
        self._come("open_day")
        refused = self._two(first, first_pin, second, second_pin)
        if refused is None:
            self.open_today()
        return refused

    def sign_in(self, person: PersonNumber, pin: str) -> Person | Refused:
        self._come("sign_in")
        if not self.is_day_open():
            return Refused(Failure.DAY_NOT_OPEN)
        if (refused := self._pin(person, pin)) is not None:
            return refused
        self._person = PEOPLE[person - 1]
        return self._person

    def sign_out(self) -> None:
        self._come("sign_out")
        self._person = None
        self.forget_document()

    def find(self, text: str, limit: int = 50) -> FoundVoters:
        self._come(f"find {text}")
        self.forget_document()
        if looks_like_mrz(text):
            hits = tuple(self._hit(voter) for voter in self.voters.values() if voter.pinfl in text)
            return FoundVoters(hits, more=False, differences=self.differences)
        if place := re.fullmatch(r"(\d+)/(\d+)", text.strip()):
            page, row = map(int, place.groups())
            there = [voter for voter in self.voters.values() if (voter.page, voter.row) == (page, row)]
            return FoundVoters(tuple(map(self._hit, there)), more=False)
        words = to_latin(text).casefold().split()
        found = [voter for voter in self.voters.values() if words and all(_fits(voter, word) for word in words)]
        return FoundVoters(tuple(self._hit(voter) for voter in found[:limit]), more=len(found) > limit)

    def find_document(self, says: DocumentSays) -> FoundVoters:
        self._come("find_document")
        keys = find_keys(says)
        found = [voter for key in keys for voter in self.voters.values() if key in {voter.pinfl, voter.document}][:1]
        self.said = says
        differences = self._beside(found[0]).differing if found else ()
        return FoundVoters(tuple(map(self._hit, found)), more=False, differences=differences)

    def forget_document(self) -> None:
        self.said = None

    def _beside(self, voter: Voter) -> Comparison:
        assert self.said is not None
        return compare(self.said, voter, self.today())

    def card(self, line: LineId) -> VoterCard:
        self._come("card")
        if line not in self.voters:
            raise WeFailed(Failure.UNKNOWN_VOTER)
        voter = self.voters[line]
        mark = self.marked.get(line)
        self.open_line = line
        moving = self.moving
        claim = where = None
        beside = self._beside(voter) if self.said is not None and voter.pinfl == self.said.pinfl else None
        doubts = tuple(remark for remark in beside.remarks if remark in DOUBTS) if beside else ()
        differences: tuple[str, ...] = (*beside.differing, *doubts) if beside else self.differences
        if line in self.verdicts:
            verdict = self.verdicts[line]
        elif line in moving.gone:
            verdict, precinct = Verdict.LINE_NOT_HELD, moving.gone[line]
            kind = Whereabouts.RELEASED if precinct else Whereabouts.OTHER_DESK
            where = LineWhere(kind, precinct, INTAKES.get(precinct, ""))
            claim = moving.claim_of(voter.pinfl)
        elif mark is not None and mark.number in {
            notice.entry for notice in self.notices if notice.kind is NoticeKind.ANOMALY
        }:
            verdict = Verdict.DISPUTED
        elif mark is not None:
            verdict = Verdict.ALREADY_MARKED
        elif moving.state.stopped is not None:
            verdict = Verdict.STOPPED
        elif line in moving.unproven:
            verdict = Verdict.UNPROVEN
        elif line in moving.state.with_team:
            verdict = Verdict.WITH_TEAM
        elif moving.arriving is voter and not moving.is_safe:
            verdict = Verdict.ARRIVING
        elif not is_of_age(voter.birth_date, ELECTION.day):
            verdict = Verdict.NOT_OLD_ENOUGH
        else:
            verdict = Verdict.LOOK_CLOSER if differences else Verdict.MAY_VOTE
        is_visitor = moving.arriving is voter
        stopped = moving.state.stopped
        return VoterCard(
            voter, verdict, ELECTION.contests, mark, differences, where, claim, stopped, is_visitor, beside
        )

    def leave(self) -> None:
        self.open_line = None

    def mark(self, line: LineId, channel: Channel) -> MarkShown | Refused:
        self._come("mark")
        person = self._may_act()
        if isinstance(person, Refused):
            return person
        if line not in self.voters:
            return Refused(Failure.LINE_NOT_HELD)
        if line in self.marked:
            return Refused(Failure.ALREADY_MARKED)
        voter = self.voters[line]
        if not is_of_age(voter.birth_date, ELECTION.day):
            return Refused(Failure.NOT_OLD_ENOUGH)
        made = MarkShown(
            number=EntryNumber(len(self.marks) + 1),
            line=line,
            at=self.clock.now(),
            channel=channel,
            actor=f"{person.surname} {person.given_name}",
            full_name=voter.full_name,
            page=voter.page,
            row=voter.row,
            confirmed=False,
            voided=False,
        )
        self.marked[line] = made
        self.marks.append(made)
        return made

    def void(
        self, line: LineId, reason: str, first: PersonNumber, first_pin: str, second: PersonNumber, second_pin: str
    ) -> MarkShown | Refused:
        self._come("void")
        person = self._may_act()
        if isinstance(person, Refused):
            return person
        if not (reason := " ".join(reason.split())):
            return Refused(Failure.REASON_MISSING)
        if len(reason) > REASON_CHARACTERS_MAX:
            return Refused(Failure.REASON_TOO_LONG, {"limit": REASON_CHARACTERS_MAX})
        if line not in self.voters:
            return Refused(Failure.LINE_NOT_HELD)
        if line not in self.marked:
            return Refused(Failure.NOT_MARKED)
        if (refused := self._two(first, first_pin, second, second_pin)) is not None:
            return refused
        voided = replace(self.marked.pop(line), voided=True)
        self.marks = [voided if mark.number == voided.number else mark for mark in self.marks]
        return voided

    def recent_marks(self, limit: int = 20) -> tuple[MarkShown, ...]:
        return tuple(reversed(self.marks[-limit:]))

    def status(self) -> DeskStatus:
        effective = list(self.marked.values())
        by_channel = {channel: sum(mark.channel is channel for mark in effective) for channel in Channel}
        return DeskStatus(
            lines=len(self.voters),
            marked=len(effective),
            by_channel=by_channel,
            voided=sum(mark.voided for mark in self.marks),
            pending=sum(not mark.confirmed for mark in self.marks),
            list_at=datetime(2026, 12, 20, 2, 42, tzinfo=UTC),
            notices=self.notices,
            standing=self.moving.standing(),
            by_hour=(len(effective) * 37 // 100, len(effective) * 49 // 100, len(effective) * 14 // 100),
            mirror=self.mirror,
        )

    def follow_mirror(self) -> MirrorStatus | None:
        self._come("follow_mirror")
        return self.mirror

    def keep(self) -> None:
        self._come("keep")

    def _come(self, call: str) -> None:
        self.calls.append(call)
        if self.gate is not None:
            self.gate.wait(10)
        if self.breaks is not None:
            raise self.breaks

    def _may_act(self) -> Person | Refused:
        if any(notice.kind is NoticeKind.REVOKED for notice in self.notices):
            return Refused(Failure.BOOK_REVOKED)
        if self.moving.state.stopped is not None:
            return Refused(self.moving.state.stopped)
        if not self.is_day_open():
            return Refused(Failure.DAY_NOT_OPEN)
        return self._person or Refused(Failure.NOT_SIGNED_IN)

    def _two(self, first: PersonNumber, first_pin: str, second: PersonNumber, second_pin: str) -> Refused | None:
        if first == second:
            return Refused(Failure.SAME_OFFICER_TWICE)
        if not PEOPLE[first - 1].is_officer or not PEOPLE[second - 1].is_officer:
            return Refused(Failure.NOT_AN_OFFICER)
        for number, pin in ((first, first_pin), (second, second_pin)):
            if (refused := self._pin(number, pin)) is not None:
                return Refused(refused.failure, {**refused.facts, "person": number})
        return None

    def _pin(self, person: PersonNumber, pin: str) -> Refused | None:
        if person not in {who.number for who in PEOPLE}:
            return Refused(Failure.UNKNOWN_PERSON)
        tries, wrong_at = self.tries.get(person, (0, self.clock.now()))
        left = wait_s(tries) - int((self.clock.now() - wrong_at).total_seconds())
        if tries and left > 0:
            return Refused(Failure.TOO_MANY_TRIES, {"wait_s": left})
        if pin != PIN:
            self.tries[person] = (tries + 1, self.clock.now())
            return Refused(Failure.WRONG_PIN, {"wait_s": wait_s(tries + 1)})
        self.tries.pop(person, None)
        return None

    def _hit(self, voter: Voter) -> Hit:
        status = Status.MARKED if voter.line in self.marked else Status.HELD
        return Hit(
            voter.line,
            Tier.EXACT,
            voter.surname,
            voter.given_name,
            voter.patronymic,
            voter.birth_date,
            voter.page,
            voter.row,
            status,
        )


def _fits(voter: Voter, word: str) -> bool:
    names = to_latin(voter.full_name).casefold().split()
    facts = (voter.pinfl, voter.document.casefold(), str(voter.birth_date.year), f"{voter.birth_date:%d.%m.%Y}")
    return any(name.startswith(word) for name in names) or any(fact.startswith(word) for fact in facts)
