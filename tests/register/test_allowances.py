from __future__ import annotations

import pytest

from register import allowances
from register.allowances import OF_BOOK, OF_STRANGERS, Allowances, network_of

HERE, THERE = "10.0.0.1", "10.0.0.2"


def known(*books: str, address: str = HERE) -> Allowances:
    """Each of these has proven itself from there, long ago."""
    made = Allowances()
    for book in books:
        visit = made.begin(address, book, 0.0)
        assert visit is not None
        visit.note_proven()
        visit.end()
    return made


def let_in(made: Allowances, book: str, times_s: list[float], address: str = HERE) -> int:
    """How many of these requests were let in, each answered at once."""
    visits = [made.begin(address, book, time_s) for time_s in times_s]
    for visit in visits:
        if visit is not None:
            visit.end()
    return sum(visit is not None for visit in visits)


def at_rate(per_s: int, seconds: int, begin_s: float = 100.0) -> list[float]:
    return [begin_s + number / per_s for number in range(per_s * seconds)]


def ended_at_once(made: Allowances, book: str, times_s: list[float], address: str = HERE) -> list[float]:
    """When those came that were let in."""
    return [time_s for time_s in times_s if let_in(made, book, [time_s], address)]


def test_of_ten_thousand_requests_a_second_a_book_gets_its_allowance_and_no_more() -> None:
    made = known("a", "b")
    came = ended_at_once(made, "a", at_rate(10_000, 10))
    assert len(came) == pytest.approx(OF_BOOK.burst + 10 * OF_BOOK.per_s, abs=1)
    assert sum(time_s >= 109.0 for time_s in came) == pytest.approx(OF_BOOK.per_s, abs=1)
    assert let_in(made, "b", [109.99]) == 1, "the others do not notice"


def test_a_book_that_asks_as_often_as_stations_do_is_never_sent_away() -> None:
    made = known("a")
    times_s = at_rate(int(OF_BOOK.per_s), 600)
    assert ended_at_once(made, "a", times_s) == times_s


def test_who_was_sent_away_is_let_in_again_a_moment_later() -> None:
    made = known("a")
    ended_at_once(made, "a", at_rate(10_000, 1)[:9500])
    assert let_in(made, "a", [100.95]) == 0
    assert let_in(made, "a", [100.95 + 1 / OF_BOOK.per_s]) == 1
    there_again = len(ended_at_once(made, "a", [1000.0] * 1000))
    assert there_again == pytest.approx(OF_BOOK.burst, abs=1)


def test_so_many_are_under_way_at_a_time() -> None:
    made = known("a")
    visits = [made.begin(HERE, "a", 100.0) for _ in range(OF_BOOK.under_way + 1)]
    assert visits[-1] is None
    assert visits[0] is not None
    visits[0].end()
    assert made.begin(HERE, "a", 100.0) is not None


def test_nobody_uses_up_the_allowance_of_a_book_that_is_elsewhere() -> None:
    made = known("a")
    came = ended_at_once(made, "a", at_rate(10_000, 1), address=THERE)
    assert len(came) == pytest.approx(OF_STRANGERS.burst + OF_STRANGERS.per_s, abs=1), "there it has proven nothing"
    assert let_in(made, "a", [101.0]) == 1


def test_names_that_are_made_up_share_one_allowance() -> None:
    made = known("a")
    visits = [made.begin(HERE, f"made up {number}", 100.0) for number in range(10_000)]
    assert sum(visit is not None for visit in visits) == OF_STRANGERS.under_way
    for visit in visits:
        if visit is not None:
            visit.end()
    times_s = at_rate(10_000, 1)
    came = sum(let_in(made, f"made up {number}", [time_s]) for number, time_s in enumerate(times_s))
    assert came == pytest.approx(OF_STRANGERS.burst + OF_STRANGERS.per_s - OF_STRANGERS.under_way, abs=1)
    assert let_in(made, "a", [101.0]) == 1


def test_who_fails_to_prove_himself_stays_a_stranger() -> None:
    made = Allowances()
    assert let_in(made, "a", [1.0]) == 1
    assert not made.is_known(HERE, "a")
    visit = made.begin(HERE, "", 1.0)
    assert visit is not None
    visit.note_proven()
    assert not made.is_known(HERE, ""), "a code makes no book"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "REMEMBERED_MAX", 10)
    made = Allowances()
    for number in range(100):
        visit = made.begin(f"10.0.{number}.1", "a", 0.0)
        assert visit is not None
        visit.note_proven()
        visit.end()
    assert made.remembered() == 20
    assert made.is_known("10.0.99.1", "a")
    assert not made.is_known("10.0.0.1", "a")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_one_address_is_what_one_customer_has(address: str, network: str) -> None:
    assert network_of(address) == network
