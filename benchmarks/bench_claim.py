"""How long a voter at the wrong station waits for the line, the holder online: real engine, virtual time.

Two stations and a register of the simulation, on links without faults: the real books, `sync.loop.try_once` with its
rhythm, the real ingest; only time and the segments below the messages are simulated, so the processor's own time is
not in it. Claims begin at random moments between the holder's polls, as at a table. The bound is two of the stations'
own intervals and two round trips, as measured for each link; the reference is what one interval and no wait would be:
the fastest that anything which polls can do on average.
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
JITTER = 1.2
"""An interval is stretched by up to a fifth at random (`sync.backoff`)."""


def waits_s(round_trip_s: float) -> tuple[list[float], list[float]]:
    """Seconds from each claim to its answer, and to where the line may be marked."""
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
            for place in range(CLAIMS):
                world.run_s(rng.uniform(130, 200))  # no hurry is left of the claim before
                home_line, pinfl = home.prepared.lines[place], home.prepared.pinfls[place]
                began_us = world.scheduler.now_us
                claim = at.do(lambda book, pinfl=pinfl: asking.claim_line(book, pinfl, ""))
                at.want_cycle(0)  # as the desktop does after a claim
                granted = marked = None
                while marked is None:
                    world.run_s(STEP_S)
                    waited = (world.scheduler.now_us - began_us) / 1e6
                    assert waited < WAIT_MAX_S
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
        interval = JITTER * interval_s(Rhythm(asked_s=0, round_trip_s=round_trip_s))
        bound = 2 * interval + 2 * round_trip_s
        answered, markable = waits_s(round_trip_s)
        worst = max(answered)
        detail = (
            f"median {percentile(answered, 0.5):.1f} s, {CLAIMS} claims; the line may be marked after"
            f" {percentile(markable, 0.5):.1f} s (worst {max(markable):.1f}); interval {interval:.1f} s, round trip"
            f" {round_trip_s:g} s; half an interval alone {interval / 2:.1f} s"
        )
        figure(f"claim answered over {name}, the worst", worst, "s", f"≤ {bound:.1f}", worst <= bound, detail)


if __name__ == "__main__":
    main()
