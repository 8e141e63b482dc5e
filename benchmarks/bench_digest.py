"""Comparing the digests of 3,000 lines, all marked, and naming a line that differs, against reading the same rows.

A real book and a real register, both SQLite on this disk, reached by a call. The comparison is what both do of it in
each sync; the reference reads the book's rows with one plain SELECT. Then one line is spoilt at the register, and the
round trips are counted until both sides have named it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import figure, runs
from pollbook.differences import bucket_digests, compared, differing_lines
from pollbook.line_state import digest, line_digest
from pollbook.store.digests import LineDigests
from pollbook.store.syncing import book_digest
from pollbook.types import Channel
from pollbook.wire import short_digest
from register.making import training_election
from register.store import books, states, stations
from register.store.differences import lines_at
from tests.crossing.worlds import Laptop, enrol_laptop
from tests.register.lists_of_voters import PRECINCT, voters, write_list
from tests.register.stand_in import Centre, make_centre

LINES = 3000
MS_MAX = 5.0
FURTHER_MAX = 2


def took_ms(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1e3


def measure(centre: Centre, laptop: Laptop) -> tuple[float, ...]:
    """Milliseconds: a comparison after a mark, the first one after opening, naming one line, and the reference."""
    book = laptop.book
    cold = took_ms(lambda: LineDigests(book.connection))

    def compare() -> bool:
        with centre.database.read() as connection:
            station = stations.find_station(connection, laptop.name)
            assert station is not None
            return short_digest(books.load_book(connection, station.id).digest) == short_digest(book_digest(book))

    warm = took_ms(compare)
    with centre.database.read() as connection:
        known = states.all_states(connection, 1)
    theirs = {line: line_digest(line, state) for line, state in known.items()}
    theirs[laptop.line(7)] ^= 1
    ours = book.line_digests().by_line
    naming = took_ms(lambda: differing_lines(ours, compared(1, theirs, bucket_digests(ours))))
    plain = took_ms(lambda: book.connection.exec_driver_sql("SELECT * FROM line_state").all())
    return cold, warm, naming, plain


def round_trips(centre: Centre, laptop: Laptop) -> tuple[int, bool]:
    """Round trips beyond the one that found that digests differ, and whether both sides then name the line."""
    spoilt = laptop.line(7)
    with centre.database.write() as connection:
        states.write_out(connection, 1)
    centre.change(f"UPDATE line_state SET custody = 9 WHERE line = {spoilt}")  # noqa: S608 - a number of ours
    with centre.database.write() as connection:
        record = books.hold_book(connection, 1)
        record.digest = digest(states.all_states(connection, 1).items())
        books.save_book(connection, 1, record)
    before = laptop.register.requests
    report = laptop.sync()
    with centre.database.read() as connection:
        at_register = lines_at(connection, 1, laptop.book.head.number)
    return laptop.register.requests - before - 1, report.differing == (spoilt,) and at_register == [spoilt]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "build") as folder:
        centre = make_centre(Path(folder) / "register", training_election())
        centre.load(write_list(Path(folder) / "voters.csv", voters(LINES)))
        laptop = enrol_laptop(centre, Path(folder) / "station", PRECINCT)
        for voter in laptop.voters:
            laptop.book.mark(voter.line, Channel.STATION, laptop.operator)
        assert laptop.sync().failure is None
        cold, warm, naming, plain = runs(lambda: measure(centre, laptop))
        detail = (
            f"the first after opening {cold:.2f} ms; naming one line on both sides {naming:.2f} ms;"
            f" reading the rows alone {plain:.2f} ms, so {warm / plain:.2f} times that"
        )
        figure("digest comparison of 3,000 lines, both sides", warm, "ms", f"≤ {MS_MAX:g}", warm <= MS_MAX, detail)
        further, is_named = round_trips(centre, laptop)
        met = further <= FURTHER_MAX and is_named
        figure("further round trips until both name the line", further, "", f"≤ {FURTHER_MAX}", met)
        laptop.book.close()
        centre.database.close()


if __name__ == "__main__":
    Path("build").mkdir(exist_ok=True)
    main()
