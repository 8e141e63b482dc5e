"""How long a voter at the wrong station waits for the line, the holder online: real engine, virtual time.

Two stations and a register of the simulation, on links without faults: the real books, `sync.loop.try_once` with its
rhythm, the real ingest; only time and the segments below the messages are simulated, so the processor's own time is
not in it. Claims begin at random moments between the holder's polls, as at a table: of a holder at which nothing
happened for minutes, and of one that marks a voter each `GAP_MEAN_S` and so talks with each. The bound is two of the
stations' own intervals, as they are after so long a quiet, and two round trips; the reference is what one interval and
no wait would be: the fastest that anything which polls can do on average.
"""

from __future__ import annotations

import random

from benchmarks.measuring import figure, percentile
from pollbook.asks import ClaimAnswer
from pollbook.store import asking
from pollbook.types import Channel
from sync.pace import Rhythm, interval_s
from tests.simulation.faults import Disks
from tests.simulation.people import TODAY
from tests.simulation.prepared import prepared
from tests.simulation.randomness import drawn_from, remembered_signatures
from tests.simulation.world import end, make_world

CLAIMS = 20
STEP_S = 0.05
WAIT_MAX_S = 120.0
LINKS_S = {"a good link": 0.05, "a satellite": 0.6}
"""Round trips."""
QUIET_S = (130.0, 200.0)
"""Before each claim: no hurry is left of the claim before, and a slow link is calm."""
GAP_MEAN_S = 14.4
"""Between marks at the holder: 3,000 in the twelve hours that the polls are open."""
BUSY_CLAIMS = 10
JITTER = 1.2
"""An interval is stretched by up to a fifth at random (`sync.backoff`)."""


def waits_s(round_trip_s: float, claims: int, *, is_busy: bool) -> tuple[list[float], list[float]]:
    """Seconds from each claim to its answer, and to where the line may be marked; a busy holder marks meanwhile."""
    answered, markable = [], []
    rng = random.Random(7)
    with drawn_from(random.Random(7)), remembered_signatures():
        world = make_world(2, stations=2, disks=Disks.MEMORY)
        try:
            home, at = sorted(world.stations, key=lambda station: len(station.prepared.lines), reverse=True)
            for station in world.stations:
                weather = world.links[station.name].weather
                weather.delay_us, weather.jitter_us, weather.bytes_per_s = int(round_trip_s * 5e5), 0, 16_000
                weather.loss = weather.duplication = weather.reordering = weather.corruption = 0.0
                station.round_trip_s = round_trip_s
                station.tampering = 0.0
                station.start()
                station.open_day(TODAY)
            world.run_s(120)
            others = iter(home.prepared.lines[claims:])
            for place in range(claims):
                world.run_s(rng.uniform(*QUIET_S))
                next_mark_s = rng.expovariate(1 / GAP_MEAN_S)
                home_line, pinfl = home.prepared.lines[place], home.prepared.pinfls[place]
                began_us = world.scheduler.now_us
                claim = at.do(lambda book, pinfl=pinfl: asking.claim_line(book, pinfl, ""))
                at.want_cycle(0)  # as the desktop does after a claim
                granted = marked = None
                while marked is None:
                    world.run_s(STEP_S)
                    waited = (world.scheduler.now_us - began_us) / 1e6
                    assert waited < WAIT_MAX_S
                    if is_busy and waited > next_mark_s:
                        next_mark_s += rng.expovariate(1 / GAP_MEAN_S)
                        assert home.mark(next(others), Channel.STATION) == "marked"
                    said = {each.id: each.answer for each in asking.claims(at.book)}[claim] if at.book else None
                    if granted is None and said is not None and said.answer is ClaimAnswer.GRANTED:
                        granted = waited
                    if granted is not None and at.mark(home_line, Channel.STATION) == "marked":
                        marked = waited
                answered.append(granted)
                markable.append(marked)
        finally:
            end(world)
    return answered, markable


def main() -> None:
    """Measure and print."""
    prepared()
    for name, round_trip_s in LINKS_S.items():
        for holder, claims in (("", CLAIMS), (" of a holder that marks", BUSY_CLAIMS)):
            tell(f"over {name}{holder}", round_trip_s, *waits_s(round_trip_s, claims, is_busy=bool(holder)))


def tell(name: str, round_trip_s: float, answered: list[float], markable: list[float]) -> None:
    """Print the figure of one holder on one link."""
    calmest = Rhythm(asked_s=0, round_trip_s=round_trip_s, quiet_s=QUIET_S[0])
    interval = JITTER * interval_s(calmest)
    bound = 2 * interval + 2 * round_trip_s
    worst = max(answered)
    detail = (
        f"median {percentile(answered, 0.5):.1f} s, {len(answered)} claims; the line may be marked after"
        f" {percentile(markable, 0.5):.1f} s (worst {max(markable):.1f}); interval {interval:.1f} s, round trip"
        f" {round_trip_s:g} s; half an interval alone {interval / 2:.1f} s"
    )
    figure(f"claim answered {name}, the worst", worst, "s", f"≤ {bound:.1f}", worst <= bound, detail)


if __name__ == "__main__":
    main()
