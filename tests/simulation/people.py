"""Voters and operators: who comes when, what is typed and marked, and what goes wrong at a table."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pollbook.types import Channel, LineId
from tests.simulation.moves import COURIER_S, ask_for_paper, ask_over_lan, claim, run_courier, send_team
from tests.simulation.prepared import MORNING

if TYPE_CHECKING:
    from tests.simulation.station import SimulatedStation
    from tests.simulation.world import World

TODAY: date = MORNING.date()
_KEY_S = 0.18
"""Between two keys that an operator types."""


def let_people_come(world: World) -> None:
    """Every person's day is planned: officers open, voters come once, some twice, some to the wrong station."""
    rng, plan = world.rng, world.plan
    for station in world.stations:
        world.after_s(2 + 3 * rng.random(), _open, world, station)
        lines = list(range(len(station.prepared.lines)))
        rng.shuffle(lines)
        for index in lines[: int(len(lines) * plan.turnout)]:
            at_s = 6 + (plan.lasts_s - 20) * rng.random()
            world.after_s(at_s, _come, world, station, index)
            if rng.random() < plan.double_attempts:
                world.after_s(at_s + 40 * rng.random(), _come, world, rng.choice(world.stations), index, station)
            if rng.random() < plan.papers:
                world.after_s(at_s * rng.random(), ask_for_paper, world, station, index, _another(world, station))
            if rng.random() < plan.lan_asks:
                before_s = at_s * rng.random()
                world.after_s(before_s, ask_over_lan, world, _another(world, station), station, index)
            if rng.random() < plan.claims:
                world.after_s(at_s * rng.random(), claim, world, _another(world, station), station, index)
            if rng.random() < plan.voids:
                world.after_s(at_s + 10 + 30 * rng.random(), _void, world, station, index)

    for station in world.stations:
        world.after_s(COURIER_S * rng.random(), run_courier, world, station)
        if rng.random() < plan.closings:
            world.after_s(plan.lasts_s * rng.uniform(0.7, 1), _close, world, station)
    for _ in range(plan.teams):
        station = rng.choice(world.stations)
        lines = rng.sample(station.prepared.lines, 3)
        world.after_s(plan.lasts_s * rng.random(), send_team, world, station, lines, rng.uniform(10, 80))


def _another(world: World, station: SimulatedStation) -> SimulatedStation:
    return world.rng.choice([other for other in world.stations if other is not station])


def _close(world: World, station: SimulatedStation) -> None:
    world.say(f"close {station.close()}", station.name)


def _open(world: World, station: SimulatedStation) -> None:
    """Officers open the day, and come back to it where the laptop failed."""
    station.open_day(TODAY)
    if station.book is None or not station.book.opened_days():
        world.after_s(20, _open, world, station)


def _come(world: World, station: SimulatedStation, index: int, of: SimulatedStation | None = None) -> None:
    """A voter stands at the table, and the operator types the number on the document."""
    home = (of or station).prepared
    _type(world, world.at_desk_of(station), home.pinfls[index], home.lines[index], 1)


def _type(world: World, station: SimulatedStation, pinfl: str, line: LineId, typed: int) -> None:
    if typed < len(pinfl):
        world.after_s(_KEY_S, _type, world, station, pinfl, line, typed + 1)
        return
    found = station.do(lambda book: book.line_named(pinfl))
    if found is None:
        world.said["the laptop is down"] += 1
        return
    world.after_s(2 * _KEY_S, _mark, world, station, line)


def _mark(world: World, station: SimulatedStation, line: LineId) -> None:
    channel = Channel.HOME if line % 11 == 0 else Channel.STATION
    said = station.mark(line, channel)
    world.said[said] += 1
    world.log.note(f"{station.name} mark {said}")


def _void(world: World, station: SimulatedStation, index: int) -> None:
    said = station.void(station.prepared.lines[index])
    world.said[said] += 1
    world.log.note(f"{station.name} void {said}")
