from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from pollbook.effects import Anomaly
from pollbook.entries import Marked, MarkVoided
from pollbook.failures import Failure, WorldFailed
from pollbook.feed_items import FeedItem, FeedKind, LinesNamed, decode_content, next_feed_check
from pollbook.ledger import SignedHead, origin, sign_head
from pollbook.packing import SliceOrder
from pollbook.signing import SigningKey
from pollbook.sync_answer import SyncAnswer
from pollbook.two_officers import OfficerSignature
from pollbook.types import MACHINE, Channel, ElectionId, EntryNumber, LineId, PersonNumber
from pollbook.wire import short_digest
from register import settling
from register.checking import check_register
from register.disputes import listed_anomalies
from register.feed import tell
from register.making import training_election
from register.store import anomalies as stored_anomalies
from register.store import marks as stored_marks
from register.store import stations
from register.store.schema.lists import LinePlace
from register.store.schema.lists import line as line_table
from tests.register.lists_of_voters import PRECINCT, voters, write_list
from tests.register.stand_in import OPENING, Centre, Station, enrolled_station, make_centre, rewritten

STATE = ("entry", "line_state", "book_key", "anomaly", "feed")


def refusal(centre: Centre, station: Station, request: bytes, first: int | None = None) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        centre.sync(station.book, station.acknowledged + 1 if first is None else first, request)
    return caught.value.failure


def settled(centre: Centre) -> list[bool]:
    """Whether each anomaly, oldest first, is over."""
    with centre.database.read() as connection:
        return [each.is_settled for each in listed_anomalies(connection)]


def anomalies(centre: Centre) -> list[tuple[str, int]]:
    with centre.database.read() as connection:
        return [(kind, entry) for kind, _, entry, _ in stored_anomalies.anomalies(connection)]


def marks(centre: Centre) -> int:
    with centre.database.read() as connection:
        return stored_marks.effective_marks(connection)


def is_sound(centre: Centre) -> bool:
    with centre.database.read() as connection:
        return not check_register(connection, centre.centre).faults


def revoke(centre: Centre, station: Station) -> None:
    with centre.database.write() as connection:
        found = stations.find_station(connection, station.book)
        assert found is not None
        settling.revoke(connection, found, "lost", int(centre.now.timestamp()))


def test_marks_arrive_and_both_sides_agree(loaded: Centre, station: Station) -> None:
    for line in station.lines[:10]:
        station.mark(line)
    answer = station.sync(loaded)
    assert answer.acknowledged == station.head
    assert answer.digest == station.digest()
    assert (marks(loaded), anomalies(loaded), answer.come_back_s) == (10, [], 0)
    assert is_sound(loaded)


def test_a_day_with_officers_keys_and_voids_arrives(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    station.mark(station.lines[1], Channel.HOME)
    station.void(station.lines[0])
    station.mark(station.lines[0], Channel.EARLY)
    station.void(station.lines[0])
    answer = station.sync(loaded)
    assert answer.digest == station.digest()
    assert (marks(loaded), anomalies(loaded)) == (1, [])
    assert is_sound(loaded)


def test_the_same_request_again_does_nothing_twice(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    request = station.request(1)
    first = loaded.sync(station.book, 1, request)
    assert loaded.sync(station.book, 1, request) == first
    assert marks(loaded) == 1


def test_a_request_that_overlaps_what_is_stored_brings_only_what_is_new(loaded: Centre, station: Station) -> None:
    for line in station.lines[:6]:
        station.mark(line)
    assert station.sync(loaded, 1, OPENING + 4).acknowledged.number == OPENING + 4
    assert station.sync(loaded, 2, OPENING + 6).acknowledged == station.head
    assert (marks(loaded), anomalies(loaded)) == (6, [])


def test_a_hole_in_the_numbers_takes_nothing_and_names_what_is_stored(loaded: Centre, station: Station) -> None:
    for line in station.lines[:6]:
        station.mark(line)
    station.sync(loaded, 1, OPENING + 2)
    answer = station.sync(loaded, OPENING + 4, OPENING + 6)
    assert answer.acknowledged.number == OPENING + 2
    assert (marks(loaded), anomalies(loaded)) == (2, [])
    assert station.sync(loaded).acknowledged == station.head


def test_numbers_that_go_back_are_an_old_request_and_take_nothing_away(loaded: Centre, station: Station) -> None:
    for line in station.lines[:6]:
        station.mark(line)
    station.sync(loaded)
    assert station.sync(loaded, 1, OPENING + 3).acknowledged == station.head
    assert (marks(loaded), anomalies(loaded)) == (6, [])


def test_a_request_says_what_the_path_says(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    assert refusal(loaded, station, station.request(1), first=2) is Failure.REQUEST_NOT_ACCEPTED


def test_an_unknown_device_is_refused(loaded: Centre, station: Station) -> None:
    stranger = replace(station, key=SigningKey.generate(), entries=[])
    assert refusal(loaded, station, stranger.request(1)) is Failure.REQUEST_NOT_ACCEPTED
    unknown = replace(station.book, epoch=9)
    with pytest.raises(WorldFailed, match="not a book"):
        loaded.sync(unknown, 1, station.request(1))


def test_a_wrong_signature_is_refused(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    head = sign_head(station.start, station.head, SigningKey.generate())
    assert refusal(loaded, station, station.request(1, head=head)) is Failure.REQUEST_NOT_ACCEPTED
    head = SignedHead(station.head, bytes(64))
    assert refusal(loaded, station, station.request(1, head=head)) is Failure.REQUEST_NOT_ACCEPTED
    assert (marks(loaded), anomalies(loaded)) == (0, [])


def test_a_ledger_of_another_election_is_refused(loaded: Centre, station: Station) -> None:
    station.start = origin(ElectionId("another-2026"), station.book, station.slice.header.sha256)
    station.mark(station.lines[0])
    assert refusal(loaded, station, station.request(1)) is Failure.REQUEST_NOT_ACCEPTED


@pytest.mark.parametrize("request_bytes", [b"", b"garbage", b"\x00" * 100_000])
def test_garbage_is_refused(loaded: Centre, station: Station, request_bytes: bytes) -> None:
    assert refusal(loaded, station, request_bytes) is Failure.REQUEST_NOT_ACCEPTED


def test_a_forked_ledger_is_seen_told_and_kept_as_evidence(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    station.sync(loaded)
    clone = replace(station, entries=list(station.entries), states=dict(station.states))
    station.mark(station.lines[1])
    station.sync(loaded)
    clone.mark(station.lines[2])
    clone.mark(station.lines[3])
    answer = clone.sync(loaded)
    assert answer.acknowledged == station.head
    assert [(item.kind, item.text, item.entry) for item in answer.feed] == [(FeedKind.ANOMALY, "fork", OPENING + 2)]
    assert (anomalies(loaded), marks(loaded)) == ([("fork", OPENING + 2)], 2)
    kept = loaded.rows("SELECT number, bytes FROM fork_entry ORDER BY number")
    assert kept == [(number, clone.entries[number - 1]) for number in (OPENING + 2, OPENING + 3)]
    clone.sync(loaded, OPENING + 2)
    assert anomalies(loaded) == [("fork", OPENING + 2)]


def test_what_continues_a_forked_chain_is_kept_and_changes_nothing(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    station.sync(loaded)
    clone = replace(station, entries=list(station.entries), states=dict(station.states))
    station.mark(station.lines[1])
    station.sync(loaded)
    clone.mark(station.lines[2])
    clone.sync(loaded)
    station.mark(station.lines[3])
    station.entries.append(b"\xff not an entry")
    station.void(station.lines[0])
    answer = station.sync(loaded)
    assert (answer.acknowledged, answer.digest) == (station.head, None)
    assert marks(loaded) == 2
    assert anomalies(loaded) == [("fork", OPENING + 2), ("entry_invalid", OPENING + 4)]
    kept = loaded.rows("SELECT number, quarantined FROM entry WHERE quarantined IS NOT NULL ORDER BY number")
    assert kept == [(OPENING + 3, "fork"), (OPENING + 4, "entry_invalid"), (OPENING + 5, "fork")]
    assert is_sound(loaded)


def test_what_a_second_history_holds_past_the_stored_head_is_evidence_too_and_the_fork_is_told_once(
    loaded: Centre, station: Station
) -> None:
    station.mark(station.lines[0])
    station.sync(loaded)
    clone = replace(station, entries=list(station.entries), states=dict(station.states))
    station.mark(station.lines[1])
    station.sync(loaded)
    for line in station.lines[2:7]:
        clone.mark(line)
    clone.sync(loaded, 1, OPENING + 2)
    for first in (OPENING + 3, OPENING + 5):
        clone.sync(loaded, first, first + 1)
    clone.sync(loaded, OPENING + 3, OPENING + 4)  # sent again: kept once
    kept = loaded.rows("SELECT number, bytes FROM fork_entry ORDER BY number")
    assert kept == [(number, clone.entries[number - 1]) for number in range(OPENING + 2, OPENING + 7)]
    assert (anomalies(loaded), marks(loaded)) == ([("fork", OPENING + 2)], 2)


def test_a_book_is_told_once_all_of_its_second_history_is_kept(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    station.sync(loaded)
    clone = replace(station, entries=list(station.entries), states=dict(station.states))
    station.mark(station.lines[1])
    station.sync(loaded)
    for line in station.lines[2:7]:
        clone.mark(line)

    def told(first: int, last: int) -> bytes | None:
        request = clone.request(first, last, digest=None)
        return clone.read_answer(loaded.sync(clone.book, first, request), request, first).digest

    def head_at(last: int) -> bytes:
        return short_digest(rewritten(clone.start, clone.entries[:last]).hash)

    newest = len(clone.entries)
    assert told(newest + 1, newest) is None, "nothing of it is known"
    assert told(OPENING + 1, OPENING + 3) == head_at(OPENING + 3)
    assert told(OPENING + 5, newest) is None, "an entry is missing in between"
    assert told(newest + 1, newest) is None
    assert told(OPENING + 4, OPENING + 4) == head_at(OPENING + 4)
    assert told(OPENING + 5, newest) == head_at(newest)
    assert told(newest + 1, newest) == head_at(newest)
    loaded.change("DELETE FROM fork_entry", "DELETE FROM fork_head")
    assert told(newest + 1, newest) is None, "a register that lost it"
    assert is_sound(loaded)


def test_a_history_rewritten_before_what_is_sent_is_a_fork_too(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    station.mark(station.lines[1])
    station.sync(loaded)
    station.entries[-2], station.entries[-1] = station.entries[-1], station.entries[-2]
    station.mark(station.lines[2])
    answer = station.sync(loaded, OPENING + 3)
    assert answer.acknowledged.number == OPENING + 2
    assert anomalies(loaded) == [("fork", OPENING + 3)]
    assert marks(loaded) == 2


def test_an_entry_that_custody_refuses_keeps_its_number_and_the_queue_moves_on(
    loaded: Centre, station: Station
) -> None:
    station.mark(station.lines[0])
    station.mark(station.lines[0])
    station.mark(LineId(12345))
    station.enter(Marked(station.lines[2], Channel.STATION), actor=77)
    nobody = (OfficerSignature(PersonNumber(1), bytes(64)), OfficerSignature(PersonNumber(2), bytes(64)))
    station.enter(MarkVoided(station.lines[0], EntryNumber(OPENING + 1), "x", nobody), station.operator)
    station.enter(MarkVoided(station.lines[5], EntryNumber(OPENING + 1), "x", nobody), station.operator)
    station.enter(Marked(station.lines[3], Channel.STATION), MACHINE)
    station.entries.append(b"\xff not an entry")
    station.mark(station.lines[1])
    answer = station.sync(loaded)
    expected = [
        (Anomaly.SECOND_MARK, 2),
        (Anomaly.UNKNOWN_LINE, 3),
        (Anomaly.UNKNOWN_PERSON, 4),
        (Anomaly.OFFICERS_NOT_PROVEN, 5),
        (Anomaly.VOID_WITHOUT_MARK, 6),
        (Anomaly.NOBODY_SIGNED_IN, 7),
        (Anomaly.ENTRY_INVALID, 8),
    ]
    assert anomalies(loaded) == [(kind.value, OPENING + number) for kind, number in expected]
    assert [(item.text, item.entry) for item in answer.feed] == anomalies(loaded)
    assert answer.acknowledged == station.head
    assert (marks(loaded), is_sound(loaded)) == (2, True)


def test_time_that_goes_back_within_a_ledger_is_an_anomaly(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    station.entries.append(station.entries[-1])
    station.sync(loaded)
    assert anomalies(loaded) == [("time_went_back", OPENING + 2)]


def test_a_mark_before_two_officers_opened_a_day_is_an_anomaly(loaded: Centre) -> None:
    station = enrolled_station(loaded, PRECINCT)
    station.entries.pop()
    station.mark(station.lines[0])
    station.open_day()
    station.mark(station.lines[1])
    station.sync(loaded)
    station.mark(station.lines[2])
    station.sync(loaded)
    assert anomalies(loaded)[0] == ("day_not_open", OPENING)
    assert (marks(loaded), is_sound(loaded)) == (2, True)


def test_two_books_that_marked_one_line_are_both_told_and_both_marks_stay(loaded: Centre, station: Station) -> None:
    revoke(loaded, station)
    loaded.let_reissue(PRECINCT)
    second = enrolled_station(loaded, PRECINCT)
    line = station.lines[3]
    second.mark(line)
    second.sync(loaded)
    station.mark(station.lines[2])
    station.mark(line)
    late = station.sync(loaded)
    assert late.acknowledged == station.head
    assert anomalies(loaded) == [("second_mark", OPENING + 2), ("second_mark", OPENING + 1)]
    anomaly, disputed, statuses = second.sync(loaded).feed
    assert (anomaly.text, disputed.kind, statuses.kind) == ("second_mark", FeedKind.DISPUTED, FeedKind.STATUSES)
    assert decode_content(disputed.kind, disputed.content) == LinesNamed((line,))
    assert FeedKind.DISPUTED in {item.kind for item in late.feed}
    assert settled(loaded) == [False, False]
    assert (marks(loaded), is_sound(loaded)) == (2, True)


def test_an_adjudication_that_was_broken_off_is_done_at_the_next_sync(loaded: Centre, station: Station) -> None:
    for line in station.lines[:4]:
        station.mark(line)
    station.void(station.lines[0])
    station.sync(loaded)
    whole = sorted(loaded.rows("SELECT line, station, number FROM effective_mark"))
    loaded.change("DELETE FROM effective_mark WHERE number > 6", "UPDATE book SET adjudicated = 0")
    station.mark(station.lines[9])
    assert station.sync(loaded).acknowledged == station.head
    assert set(whole) < set(loaded.rows("SELECT line, station, number FROM effective_mark"))
    assert (marks(loaded), is_sound(loaded)) == (4, True)


def test_a_voided_mark_lets_the_other_books_mark_count(loaded: Centre, station: Station) -> None:
    revoke(loaded, station)
    loaded.let_reissue(PRECINCT)
    second = enrolled_station(loaded, PRECINCT)
    line = station.lines[3]
    station.mark(line)
    station.sync(loaded)
    second_number = second.mark(line)
    second.sync(loaded)
    assert len(loaded.rows("SELECT * FROM disputed_mark")) == 1
    station.void(line)
    resolved = [station.sync(loaded), second.sync(loaded)]
    assert loaded.rows("SELECT station, number FROM effective_mark") == [(2, second_number)]
    assert loaded.rows("SELECT * FROM disputed_mark") == []
    for answer in resolved:
        (item,) = [item for item in answer.feed if item.kind is FeedKind.DISPUTE_RESOLVED]
        assert (item.text, decode_content(item.kind, item.content)) == (str(second.book), LinesNamed((line,)))
    assert settled(loaded) == [True, True]
    station.mark(line)
    again = [station.sync(loaded), second.sync(loaded)]
    assert all(FeedKind.DISPUTED in {item.kind for item in answer.feed} for answer in again)
    assert settled(loaded).count(False) == 2
    station.void(line)
    station.sync(loaded)
    assert loaded.rows("SELECT station, number FROM effective_mark") == [(2, second_number)]
    assert all(settled(loaded))
    assert (marks(loaded), is_sound(loaded)) == (1, True)


def test_what_a_revoked_book_still_has_is_stored_and_then_it_is_refused(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    revoke(loaded, station)
    answer = station.sync(loaded)
    assert answer.acknowledged == station.head
    assert [(item.kind, item.text) for item in answer.feed] == [(FeedKind.REVOKED, "lost")]
    assert marks(loaded) == 1
    assert refusal(loaded, station, station.request(OPENING + 2)) is Failure.BOOK_REVOKED
    station.mark(station.lines[1])
    lost = station.request(station.acknowledged + 1)
    loaded.sync(station.book, station.acknowledged + 1, lost)
    assert station.sync(loaded).acknowledged == station.head, "an answer that was lost is given again"
    first = station.acknowledged + 1
    assert refusal(loaded, station, station.request(first), first) is Failure.BOOK_REVOKED


def test_a_differing_digest_is_told_once(loaded: Centre, station: Station) -> None:
    station.mark(station.lines[0])
    station.states.clear()
    answer = station.sync(loaded)
    assert answer.digest != station.digest()
    station.sync(loaded)
    assert anomalies(loaded) == [("digest_differs", OPENING + 1)]


def test_a_skewed_clock_is_noted_and_changes_nothing(loaded: Centre, station: Station) -> None:
    loaded.now += timedelta(minutes=6)
    station.mark(station.lines[0])
    assert station.sync(loaded).acknowledged == station.head
    assert (anomalies(loaded), marks(loaded)) == ([("clock_skewed", 0)], 1)


def test_feed_items_come_until_the_book_has_seen_them(loaded: Centre, station: Station) -> None:
    station.mark(LineId(1))
    station.mark(LineId(2))
    assert [item.number for item in station.sync(loaded).feed] == [1, 2]
    assert station.sync(loaded).feed == ()
    station.cursor = 1
    assert [item.number for item in station.sync(loaded).feed] == [2]


def test_a_register_set_back_names_what_it_has_and_takes_the_rest_again(loaded: Centre, station: Station) -> None:
    for line in station.lines[:4]:
        station.mark(line)
    station.sync(loaded, 1, OPENING + 2)
    station.acknowledged = OPENING + 4  # as a register that was restored from yesterday's copy would have it
    answer = station.sync(loaded)
    assert answer.acknowledged.number == OPENING + 2
    assert station.sync(loaded).acknowledged == station.head


def tell_notices(centre: Centre, station: Station, count: int) -> None:
    with centre.database.write() as connection:
        found = stations.find_station(connection, station.book)
        assert found is not None
        for number in range(count):
            tell(connection, found.id, FeedItem(0, FeedKind.NOTICE, f"notice {number} of {count}"), 1)


def fetch(centre: Centre, station: Station, check: bytes) -> bytes:
    """The check of the station's feed after it fetched what there is, where it was `check` before."""
    request = station.request(1, feed_check=check)
    for item in station.read_answer(centre.sync(station.book, 1, request), request).feed:
        check = next_feed_check(check, item)
        station.cursor = item.number
    return check


def test_a_chain_over_the_feed_that_begins_late_is_compared_from_there_on(loaded: Centre, station: Station) -> None:
    tell_notices(loaded, station, 3)
    whole = fetch(loaded, station, b"")
    fetch(loaded, station, whole)
    before = station.request(1, feed_check=whole)
    tell_notices(loaded, station, 2)
    late = fetch(loaded, station, b"")  # upgraded: it has no chain over the three
    assert station.cursor > 3
    loaded.sync(station.book, 1, before)  # late, from before the upgrade
    tell_notices(loaded, station, 1)
    late = fetch(loaded, station, late)
    fetch(loaded, station, late)
    assert anomalies(loaded) == []
    fetch(loaded, station, bytes(len(late)))
    assert anomalies(loaded) == [("register_rolled_back", 0)]


def test_what_is_told_after_a_chain_began_anew_at_the_newest_item_goes_on_from_there(
    loaded: Centre, station: Station
) -> None:
    tell_notices(loaded, station, 3)
    fetch(loaded, station, fetch(loaded, station, b""))
    late = fetch(loaded, station, b"")  # upgraded, and nothing is new
    tell_notices(loaded, station, 1)
    fetch(loaded, station, fetch(loaded, station, late))
    assert anomalies(loaded) == []


def test_items_that_the_register_told_before_it_kept_a_chain_accuse_nobody(loaded: Centre, station: Station) -> None:
    tell_notices(loaded, station, 3)
    station.cursor = 1
    loaded.change('UPDATE feed SET "check" = zeroblob(0)', "UPDATE book SET feed_floor = 1")
    check = fetch(loaded, station, b"")
    tell_notices(loaded, station, 1)
    fetch(loaded, station, fetch(loaded, station, check))
    assert anomalies(loaded) == []


def test_a_book_without_a_chain_that_saw_more_than_was_told_is_a_restored_register_s(
    loaded: Centre, station: Station
) -> None:
    station.cursor = 9
    fetch(loaded, station, b"")
    assert anomalies(loaded) == [("register_rolled_back", 0)]


def test_three_thousand_marks_are_taken_in_one_request(tmp_path: Path) -> None:
    centre = make_centre(tmp_path / "register", training_election())
    centre.load(write_list(tmp_path / "voters.csv", voters(3000)))
    station = enrolled_station(centre, PRECINCT)
    for line in station.lines:
        station.mark(line)
    request = station.request(1)
    answer = centre.sync(station.book, 1, request)
    assert station.read_answer(answer, request).digest == station.digest()
    centre.database.close()


def story(station: Station) -> None:
    """A ledger with something of everything, refused entries too."""
    for line in station.lines[:5]:
        station.mark(line)
    station.void(station.lines[1])
    station.mark(station.lines[1], Channel.HOME)
    station.mark(station.lines[0])
    station.mark(LineId(99))
    station.entries.append(b"\x00")
    for line in station.lines[5:9]:
        station.mark(line)


def state(centre: Centre) -> list[list[tuple[object, ...]]]:
    return [sorted(centre.rows(f"SELECT * FROM {table}")) for table in STATE]  # noqa: S608 - our own names


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), max_size=8))
def test_any_split_overlap_and_repetition_gives_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, spans: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("split")
    centre = make_centre(path / "register", training_election())
    centre.load(write_list(path / "voters.csv", voters(12)))
    station = enrolled_station(centre, PRECINCT)
    story(station)
    last = len(station.entries)
    for first, length in spans:
        if first <= last:
            station.sync(centre, first, min(first + length - 1, last))
    answer: SyncAnswer = station.sync(centre, 1, last)
    assert answer.acknowledged == station.head
    tables = state(centre)
    assert [row[1] for row in tables[0]] == list(range(1, last + 1))
    assert [(row[2], row[3]) for row in tables[3]] == [("second_mark", 12), ("unknown_line", 13), ("entry_invalid", 14)]
    assert len(tables[4]) == 3
    assert (marks(centre), is_sound(centre), answer.digest) == (9, True, station.digest())
    centre.database.close()


def test_marks_by_place_arrive_also_where_the_list_changed_since_the_slice_was_issued(
    loaded: Centre, station: Station
) -> None:
    for each in station.lines[:5]:
        station.mark(each)
    with loaded.database.write() as connection:
        gone = update(line_table).where(line_table.c.id == station.lines[9]).values(place=LinePlace.REMOVED)
        connection.execute(gone)
    assert station.sync(loaded).acknowledged == station.head
    assert anomalies(loaded) == []


def test_places_in_an_order_of_somebody_else_are_refused(loaded: Centre, station: Station) -> None:
    for each in station.lines[:5]:
        station.mark(each)
    station.order_sent = SliceOrder.of(station.lines[1:])
    assert refusal(loaded, station, station.request(1)) is Failure.REQUEST_NOT_ACCEPTED
    station.order_sent = None
    assert station.sync(loaded).acknowledged == station.head
