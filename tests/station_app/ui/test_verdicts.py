"""What each stage says: never colour alone, and a second sentence that says what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, date
from zoneinfo import ZoneInfo

import pytest

from pollbook.failures import Failure, Refused
from pollbook.texts import LANGUAGES, Texts, load_texts
from pollbook.types import Channel, LineId
from station_app.desk import Verdict, VoterCard
from station_app.ui.formats import age, colour_name, moment, number
from station_app.ui.stage_buttons import StageButtons, buttons_of
from station_app.ui.stages import MARKABLE, Broken, Done, Marking, Shown, Stage, Waiting
from station_app.ui.verdicts import Words, of_age_on, words_of
from tests.station_app.ui.demo_desk import ELECTION, START, DemoDesk, FakeClock

ZONE = ZoneInfo("Asia/Tashkent")
LINE = LineId(1001)


def card(verdict: Verdict) -> VoterCard:
    desk = DemoDesk(FakeClock())
    shown = desk.card(LINE)
    differences = ("birth_date",) if verdict is Verdict.LOOK_CLOSER else ()
    return dataclasses.replace(shown, verdict=verdict, differences=differences)


def stages() -> Iterator[Stage]:
    yield from (Waiting(), Waiting(nothing_found=True), Broken(Failure.DISK_FAILED))
    yield from (Shown(card(verdict)) for verdict in Verdict)
    yield Shown(card(Verdict.MAY_VOTE), Refused(Failure.DISK_FULL))


def say(stage: Stage, texts: Texts) -> Words:
    return words_of(stage, texts, ZONE, ELECTION.day)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_verdict_has_its_own_title_and_icon_in_each_language(language: str) -> None:
    texts = load_texts(language)
    words = [say(Shown(card(verdict)), texts) for verdict in Verdict]
    assert len({word.title for word in words}) == len(Verdict)
    assert len({word.icon for word in words}) == len(Verdict)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_stage_says_something_and_what_stops_says_what_to_do(language: str) -> None:
    texts = load_texts(language)
    for stage in stages():
        words = say(stage, texts)
        assert words.title
        assert words.sentence
        if words.tone in {"stop", "closer"}:
            assert words.steps


def test_only_what_stops_is_red_and_only_may_vote_is_green() -> None:
    texts = load_texts("en")
    tones = {verdict: say(Shown(card(verdict)), texts).tone for verdict in Verdict}
    assert [verdict for verdict, tone in tones.items() if tone == "may"] == [Verdict.MAY_VOTE]
    red = {verdict for verdict, tone in tones.items() if tone == "stop"}
    assert red == {Verdict.ALREADY_MARKED, Verdict.NOT_OLD_ENOUGH, Verdict.DISPUTED, Verdict.STOPPED}


def test_red_always_says_not_to_give_ballots() -> None:
    texts = load_texts("en")
    for verdict in (Verdict.ALREADY_MARKED, Verdict.NOT_OLD_ENOUGH, Verdict.DISPUTED, Verdict.STOPPED):
        words = say(Shown(card(verdict)), texts)
        assert words.sentence == "Do not give ballots."
        assert words.ballots == ()


def test_a_screen_reader_hears_the_verdict_first_then_the_ballots() -> None:
    spoken = say(Shown(card(Verdict.MAY_VOTE)), load_texts("en")).spoken(load_texts("en"))
    assert spoken.startswith("May vote. Ballots to hand over: 4 blue — Legislative Chamber")


def test_only_two_verdicts_offer_a_mark() -> None:
    texts = load_texts("en")
    offers = {verdict: buttons_of(Shown(card(verdict)), texts, is_short=False).main for verdict in Verdict}
    assert {verdict for verdict, main in offers.items() if main.endswith(" voted")} == {
        Verdict.MAY_VOTE,
        Verdict.LOOK_CLOSER,
    }
    assert {verdict: main for verdict, main in offers.items() if main and verdict not in MARKABLE} == {
        Verdict.LINE_NOT_HELD: "Enter   Ask for the line",
        Verdict.UNPROVEN: "Enter   Confirm: not signed",
        Verdict.WITH_TEAM: "Enter   The team is back",
    }
    assert offers[Verdict.MAY_VOTE].startswith("Enter ")
    assert offers[Verdict.LOOK_CLOSER].startswith("Ctrl+Enter ")
    assert buttons_of(Waiting(), texts, is_short=False) == StageButtons()
    assert not buttons_of(Marking(card(Verdict.MAY_VOTE)), texts, is_short=False).may_press
    refused = Shown(card(Verdict.MAY_VOTE), Refused(Failure.DISK_FULL))
    assert buttons_of(refused, texts, is_short=False).main == ""


def test_done_tells_time_and_ballots() -> None:
    desk = DemoDesk(FakeClock(), is_open=True)
    desk.sign_in(desk.station.people[0].number, "271828")
    mark = desk.mark(LINE, Channel.STATION)
    assert not isinstance(mark, Refused)
    words = say(Done(desk.card(LINE), mark), load_texts("en"))
    assert "10:24" in words.sentence
    assert len(words.ballots) == 4


@pytest.mark.parametrize(
    ("born", "of_age"),
    [(date(2008, 12, 20), date(2026, 12, 20)), (date(2008, 2, 29), date(2026, 3, 1))],
)
def test_coming_of_age(born: date, of_age: date) -> None:
    assert of_age_on(born) == of_age


def test_ballots_colours_have_names() -> None:
    names = {contest.code: colour_name(contest.colour, load_texts("en")) for contest in ELECTION.contests}
    assert names == {
        "legislative_single": "blue",
        "legislative_party": "green",
        "regional_council": "yellow",
        "district_council": "grey",
    }


@pytest.mark.parametrize(
    ("colour", "name"),
    [("#FFFFFF", "white"), ("#FF0000", "red"), ("#F8C8D8", "red"), ("#FFA040", "orange"), ("#8040C0", "violet")],
)
def test_other_papers_have_names_too(colour: str, name: str) -> None:
    assert colour_name(colour, load_texts("en")) == name


def test_numbers_times_and_the_pinfl_are_written_as_people_read_them() -> None:
    texts = load_texts("en")
    assert number(1848, "en") == "1,848"
    assert number(1848, "ru") == "1\u00a0848"
    assert [age(seconds, texts) for seconds in (0, 59, 60, 7199, 7200)] == [
        "just now", "just now", "1 min ago", "119 min ago", "2 h ago",
    ]  # fmt: skip
    assert moment(START, START, ZONE) == "10:24"
    assert moment(START.replace(day=19), START, ZONE) == "19.12 10:24"
    assert START.tzinfo is UTC
