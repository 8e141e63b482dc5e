"""Stories of a book and a register whose programs disagree: the lines are named, on both sides, in two round trips."""

from __future__ import annotations

import pytest

from pollbook.failures import Failure
from pollbook.line_state import digest
from pollbook.store import comparing
from pollbook.store.check import check_book
from pollbook.store.syncing import book_digest
from pollbook.types import Channel
from register.disputes import listed_anomalies
from register.store import books, states, stations
from tests.crossing.worlds import Laptop
from tests.register.stand_in import Centre


def marked(laptop: Laptop, count: int) -> None:
    for at in range(count):
        assert isinstance(laptop.book.mark(laptop.line(at), Channel.STATION, laptop.operator), int)
    assert laptop.sync().failure is None


def spoil(centre: Centre, laptop: Laptop, *places: int) -> None:
    """The register has these lines otherwise than its entries say, and a digest to match."""
    with centre.database.write() as connection:
        station = stations.find_station(connection, laptop.name)
        assert station is not None
        states.write_out(connection, station.id)
    for at in places:
        centre.change(f"UPDATE line_state SET custody = 9 WHERE line = {laptop.line(at)}")  # noqa: S608
    with centre.database.write() as connection:
        record = books.hold_book(connection, station.id)
        record.digest = digest(states.all_states(connection, station.id).items())
        books.save_book(connection, station.id, record)


def told_at_the_centre(centre: Centre) -> list[tuple[str, tuple[int, ...]]]:
    with centre.database.read() as connection:
        return [(each.found.kind, each.lines) for each in listed_anomalies(connection)]


@pytest.mark.parametrize("places", [(3,), (0, 5, 7)])
def test_the_lines_that_differ_are_named_in_two_further_round_trips(
    centre: Centre, here: Laptop, places: tuple[int, ...]
) -> None:
    marked(here, 8)
    spoil(centre, here, *places)
    before = here.register.requests
    report = here.sync()
    lines = tuple(sorted(here.line(at) for at in places))
    assert here.register.requests - before == 3, "the one that found it, and two more"
    assert (report.failure, report.differing) == (Failure.DIGEST_DIFFERS, lines)
    assert told_at_the_centre(centre) == [("digest_differs", lines)]
    assert check_book(here.book).differing == lines
    assert check_book(here.book).problems == (), "it is the register that is wrong here"


def test_what_is_named_already_is_not_asked_again(centre: Centre, here: Laptop) -> None:
    marked(here, 4)
    spoil(centre, here, 1)
    here.sync()
    before = here.register.requests
    report = here.sync()
    assert here.register.requests - before == 1
    assert (report.failure, report.differing) == (Failure.DIGEST_DIFFERS, (here.line(1),))
    assert len(told_at_the_centre(centre)) == 1


def test_once_both_agree_again_nothing_is_named(centre: Centre, here: Laptop) -> None:
    marked(here, 4)
    spoil(centre, here, 1)
    here.sync()
    centre.change("UPDATE line_state SET custody = 0")
    spoil(centre, here)
    report = here.sync()
    assert (report.failure, report.differing, report.digest_agreed) == (None, (), True)
    assert comparing.differing(here.book) is None
    assert told_at_the_centre(centre) == [("digest_differs", (here.line(1),))], "what was found stays"


def test_a_line_that_only_one_side_has_touched_is_named(centre: Centre, here: Laptop) -> None:
    marked(here, 3)
    its_entry = f"(SELECT station, number FROM effective_mark WHERE line = {here.line(2)})"  # noqa: S608
    centre.change(f"UPDATE entry SET quarantined = 'unknown_line' WHERE (station, number) IN {its_entry}")  # noqa: S608
    spoil(centre, here)
    assert here.sync().differing == (here.line(2),)


def test_an_answer_for_an_earlier_entry_names_nothing_and_the_next_comparison_does(
    centre: Centre, here: Laptop
) -> None:
    marked(here, 3)
    spoil(centre, here, 0)
    real, requests = here.register.sync, []

    def sync(book: object, first: object, request: bytes) -> bytes:
        requests.append(first)
        answer = real(book, first, request)  # type: ignore[arg-type]
        if len(requests) == 2:  # somebody marks while the answer is on its way
            here.book.mark(here.line(10), Channel.STATION, here.operator)
        return answer

    here.register.sync = sync  # type: ignore[method-assign]
    assert here.sync().failure is Failure.DIGEST_DIFFERS
    assert here.sync().differing == (here.line(0),)


def test_lines_of_others_are_not_taken_from_a_book_that_names_them(centre: Centre, here: Laptop, there: Laptop) -> None:
    from pollbook.asks import NameLines  # noqa: PLC0415 - one story's need
    from pollbook.store import asking  # noqa: PLC0415

    marked(here, 2)
    spoil(centre, here, 0)
    here.sync()
    number = here.book.head.number
    with here.book.writing():
        asking.keep_in_transaction(here.book, NameLines(b"a liar's", number, tuple(sorted([there.line(0)]))))
    here.sync()
    assert told_at_the_centre(centre) == [("digest_differs", (here.line(0),))]


def test_the_digest_that_is_kept_up_is_that_of_the_tables(centre: Centre, here: Laptop) -> None:
    book_digest(here.book)
    marked(here, 5)
    here.book.void(here.line(2), "wrong row", *here.signers(), here.operator)
    kept = here.book.line_digests()
    assert kept.whole == digest(here.book.states())
    here.book._digests = None
    fresh = here.book.line_digests()
    assert (fresh.whole, dict(fresh.by_line)) == (kept.whole, dict(kept.by_line))
    assert centre.election is not None
