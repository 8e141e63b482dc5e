"""A spare takes over a book of 3,000 from its mirror, against making one from a slice; a mark's wait for its mirror.

The book that died has marked every second line. Both books are made on the same disk in the same run, with the PINs'
real cost; the reference is `create_book` alone, as enrolment runs it. The mirror lies on the same disk too: a stick's
own time is not measured here.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.measuring import figure, percentile, runs
from pollbook.failures import Refused
from pollbook.people import PinCost
from pollbook.signing import REGISTER_SUBJECT, SigningKey, device_id
from pollbook.slice import Expected, read_slice
from pollbook.store import mirror_set_up
from pollbook.store.creation import create_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from pollbook.store.mirror import Mirror, Mirrored, Surroundings
from pollbook.store.spare import keep_spare
from pollbook.store.takeover import look_into, mirror_on, take_over
from pollbook.types import Channel
from tests.making import CHAIR, OPERATOR, PINS, SECRETARY, Station, make_listed_station

LINES = 3000
TAKEOVER_S_MAX = 180
RUNS = 3


def make_spare(path: Path, station: Station) -> StationHome:
    home, key = StationHome(path), SigningKey.generate()
    home.make()
    authority = station.authority
    register = authority.certify(REGISTER_SUBJECT, authority.register_key.public)
    device = authority.certify(device_id(key.public).hex(), key.public)
    keep_spare(home, Link("https://127.0.0.1:1", authority.pem, register, device, key))
    return home


def mark_and_mirror(station: Station, stick: Path) -> tuple[str, list[float], list[float]]:
    marks, mirror_waits = [], []
    with station.open() as book:
        code = mirror_set_up.set_up(book).code
        mirror_set_up.name_place(book, stick)
        with closing(Mirror(book, Surroundings(media=lambda: ()))) as following:
            following.fill()
            for voter in station.voters[::2]:
                began = time.perf_counter()
                assert isinstance(book.mark(voter.line, Channel.STATION, OPERATOR), int)
                marked = time.perf_counter()
                assert isinstance(following.write(), Mirrored)
                marks.append(marked - began)
                mirror_waits.append(time.perf_counter() - marked)
    return code, marks, mirror_waits


def measure() -> tuple[float, ...]:
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "build") as folder:
        station = make_listed_station(Path(folder) / "station", LINES)
        stick = Path(folder) / "stick"
        stick.mkdir()
        code, marks, waits = mark_and_mirror(station, stick)
        spare = make_spare(Path(folder) / "spare", station)
        (mirror,) = stick.iterdir()

        began = time.perf_counter()
        content = look_into(spare, mirror, code)
        officers = ((CHAIR, PINS[CHAIR]), (SECRETARY, PINS[SECRETARY]))
        taken = take_over(spare, content, *officers, station.clock, PinCost())
        assert not isinstance(taken, Refused)
        took_s = time.perf_counter() - began
        with Station(spare, (), station.device_key, station.authority, station.clock, b"").open() as book:
            began = time.perf_counter()
            mirror_on(book, content, Surroundings(media=lambda: ()))
            mirrored_s = time.perf_counter() - began

        with station.open(writer=False) as book:
            link, header = book.link, book.header
        began = time.perf_counter()
        issued = read_slice(station.slice_bytes, link.register_key(), Expected(header.election.id, header.book))
        pins = {person: PINS[person] for person in (CHAIR, SECRETARY)}
        create_book(
            StationHome(Path(folder) / "new"), link, station.slice_bytes, issued, pins, station.clock, PinCost()
        )
        created_s = time.perf_counter() - began
    waited = percentile(waits, 0.99)
    return took_s, created_s, took_s / created_s, mirrored_s, waited, waited / percentile(marks, 0.99)


if __name__ == "__main__":
    Path("build").mkdir(exist_ok=True)
    took, created, ratio, mirrored, waited, share = runs(measure, RUNS)
    detail = f"{ratio:.2f} times making a book of {LINES:,} ({created:.2f} s); mirrored again in {mirrored:.2f} s more"
    figure("takeover of 3,000 lines and 1,500 marks", took, "s", f"≤ {TAKEOVER_S_MAX}", took <= TAKEOVER_S_MAX, detail)
    detail = f"p99 {waited * 1e3:.2f} ms more, on this disk"
    figure("mirror's share of a mark, p99 / the mark alone", share, "times", "reported", met=True, detail=detail)
