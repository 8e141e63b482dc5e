"""Stories of a voter who has received ballots elsewhere: what the other desks and stations are told of the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pollbook.feed_items import FeedItem, FeedKind
from pollbook.permission import Refusal
from pollbook.statuses import LineStatus
from pollbook.store import asking, elsewhere, moving, syncing
from pollbook.store.moving import Way
from pollbook.types import Channel, LineId, PrecinctCode
from register import settling
from register.store import stations
from sync.cycle import CycleReport
from tests.crossing.test_claims import answer, sound
from tests.crossing.worlds import Laptop, enrol_laptop
from tests.register.lists_of_voters import OTHER, PRECINCT
from tests.register.stand_in import Centre

MARKED_AT_DESK_1 = LineStatus(PrecinctCode(PRECINCT), 1, is_marked=True)


@pytest.fixture
def second(centre: Centre, here: Laptop, tmp_path: Path) -> Iterator[Laptop]:
    """Desk 2, beside `here`."""
    assert here.book.header.holds
    laptop = enrol_laptop(centre, tmp_path / "second", PRECINCT, 2)
    yield laptop
    laptop.book.close()


def told(laptop: Laptop, line: LineId) -> LineStatus | None:
    state = laptop.book.line(line)
    assert state is not None
    return elsewhere.status_of(laptop.book, line, state)


def mark(laptop: Laptop, line: LineId) -> None:
    outcome = laptop.book.mark(line, Channel.STATION, laptop.operator)
    assert isinstance(outcome, int), outcome


def statuses_in(report: CycleReport) -> list[FeedItem]:
    assert report.failure is None
    return [item for item in report.feed if item.kind is FeedKind.STATUSES]


def test_the_other_desk_is_told_of_every_mark_in_one_item_and_never_again(
    centre: Centre, here: Laptop, second: Laptop
) -> None:
    second.sync()
    for at in range(3):
        mark(here, here.line(at))
        here.sync()
    assert len(statuses_in(second.sync())) == 1
    assert [told(second, second_line) for second_line in map(here.line, range(4))] == [*[MARKED_AT_DESK_1] * 3, None]
    assert statuses_in(second.sync()) == []
    assert statuses_in(here.sync()) == []
    assert told(here, here.line(0)) is None, "its own mark is in its own ledger"
    sound(centre, here, second)


def test_an_item_that_got_lost_on_the_way_is_sent_again_under_its_number(
    centre: Centre, here: Laptop, second: Laptop
) -> None:
    mark(here, here.line(0))
    here.sync()
    lost = syncing.outgoing(second.book)
    from sync.cycle import encode_sync_request, request_for  # noqa: PLC0415 - one story's need

    request = encode_sync_request(request_for(second.name, lost, second.clock), second.book.link.device_key)
    centre.sync(second.name, lost.first, request)  # the answer never arrives
    mark(here, here.line(1))
    here.sync()
    first, then = statuses_in(second.sync())
    assert first.number < then.number
    assert told(second, here.line(0)) == told(second, here.line(1)) == MARKED_AT_DESK_1
    sound(centre, here, second)


def test_a_mark_that_was_undone_is_told_as_undone(centre: Centre, here: Laptop, second: Laptop) -> None:
    line = here.line(0)
    mark(here, line)
    here.sync()
    second.sync()
    assert told(second, line) == MARKED_AT_DESK_1
    here.book.void(line, "wrong row", *here.signers(), here.operator)
    here.sync()
    second.sync()
    assert told(second, line) is None
    sound(centre, here, second)


def test_home_is_told_where_a_line_went_and_where_it_was_marked(
    centre: Centre, here: Laptop, there: Laptop, tmp_path: Path
) -> None:
    desk2 = enrol_laptop(centre, tmp_path / "desk2", OTHER, 2)
    voter = there.voters[3]
    asking.claim_line(here.book, voter.pinfl, "")
    for laptop in (here, there, there, desk2):
        laptop.sync()
    away = LineStatus(PrecinctCode(PRECINCT), 1, is_marked=False)
    assert told(desk2, voter.line) == away, "on its way already"
    for laptop in (here, here):
        laptop.sync()
    mark(here, voter.line)
    here.sync()
    for laptop in (there, desk2):
        laptop.sync()
        assert told(laptop, voter.line) == MARKED_AT_DESK_1
    assert there.book.mark(voter.line, Channel.STATION, there.operator) is Refusal.LINE_RELEASED
    sound(centre, here, there, desk2)
    desk2.book.close()


def test_a_station_that_had_a_stranger_s_line_is_told_what_became_of_it_at_home(
    centre: Centre, here: Laptop, there: Laptop
) -> None:
    voter = there.voters[4]
    asking.claim_line(here.book, voter.pinfl, "")
    for laptop in (here, there, there, here, here):
        laptop.sync()
    asking.claim_line(there.book, voter.pinfl, "")
    for laptop in (there, here, here, there, there):
        laptop.sync()
    assert str(answer(there)) == "granted"
    here.sync()
    assert told(here, voter.line) == LineStatus(PrecinctCode(OTHER), 1, is_marked=False)
    assert told(there, voter.line) is None
    mark(there, voter.line)
    there.sync()
    here.sync()
    assert told(here, voter.line) == LineStatus(PrecinctCode(OTHER), 1, is_marked=True)
    sound(centre, here, there)


def test_a_line_that_comes_by_hand_is_marked_whatever_was_told_of_it_before(
    centre: Centre, here: Laptop, second: Laptop
) -> None:
    line = here.line(0)
    mark(here, line)
    here.sync()
    second.sync()
    assert told(second, line) == MARKED_AT_DESK_1
    here.book.void(line, "wrong row", *here.signers(), here.operator)
    here.sync()
    sent = moving.release_lines(here.book, [line], second.name, Way.LAN, here.operator)
    assert not isinstance(sent, Refusal)
    assert isinstance(moving.accept_release(second.book, sent.certificate, second.operator), int)
    assert told(second, line) is None, "the release proves that it is unmarked, though the register was not asked"
    second.sync()
    mark(second, line)
    for laptop in (second, here):
        laptop.sync()
    assert told(here, line) == LineStatus(PrecinctCode(PRECINCT), 2, is_marked=True)
    sound(centre, here, second)


def test_a_desk_that_begins_at_noon_is_told_of_the_morning(centre: Centre, here: Laptop, tmp_path: Path) -> None:
    for at in range(5):
        mark(here, here.line(at))
    here.sync()
    late = enrol_laptop(centre, tmp_path / "late", PRECINCT, 2)
    assert len(statuses_in(late.sync())) == 1
    assert sum(told(late, voter.line) == MARKED_AT_DESK_1 for voter in late.voters) == 5
    sound(centre, here, late)
    late.book.close()


def test_a_revoked_book_s_late_mark_is_told_to_the_book_that_was_issued_its_line(
    centre: Centre, here: Laptop, tmp_path: Path
) -> None:
    mark(here, here.line(0))  # and the laptop is lost before it is sent
    with centre.database.write() as connection:
        found = stations.find_station(connection, here.name)
        assert found is not None
        settling.revoke(connection, found, "lost", int(centre.now.timestamp()))
    centre.let_reissue(PRECINCT)
    after = enrol_laptop(centre, tmp_path / "after", PRECINCT)
    here.sync()  # found again, and its late entries are stored (rule 10)
    after.sync()
    assert told(after, here.line(0)) == MARKED_AT_DESK_1
    from station_app.desk import Refused, Verdict  # noqa: PLC0415 - one story's need
    from station_app.station_desk import StationDesk  # noqa: PLC0415

    desk = StationDesk(after.book, after.book.people[after.operator])
    assert desk.card(here.line(0)).verdict is Verdict.ALREADY_MARKED
    assert isinstance(desk.mark(here.line(0), Channel.STATION), Refused)
    after.book.close()
