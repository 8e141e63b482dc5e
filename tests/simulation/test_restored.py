"""What a register that was put back to a backup must not change, each as the shortest interleaving that shows it."""

from __future__ import annotations

import pytest

from pollbook.effects import Anomaly
from pollbook.entries import Outcome
from pollbook.store import annex
from pollbook.types import Channel
from tests.simulation.rarities import Envelope, resolve_envelopes, seal_envelope
from tests.simulation.stage import staged
from tests.simulation.station import SimulatedStation


def outcomes(station: SimulatedStation) -> list[Outcome | None]:
    return [each.state.outcome for each in station.do(annex.provisionals) or ()]


@pytest.mark.parametrize("is_marked", [True, False])
def test_an_envelope_that_was_resolved_stays_so_at_a_register_that_forgot_what_it_had_said(is_marked: bool) -> None:
    with staged(0, 2) as world:
        home, at = world.stations
        world.centre.back_up()
        if is_marked:
            assert home.mark(home.prepared.lines[0], Channel.STATION) == "marked"
        seal_envelope(world, Envelope(at, home, 0))
        world.run_s(200)
        resolve_envelopes(world, at)
        assert outcomes(at) == [Outcome.NOT_COUNTED if is_marked else Outcome.COUNTED]
        world.run_s(60)
        home.clock.off_s = 2000  # an anomaly: whatever the register enters from now on has other numbers
        world.centre.roll_back()
        home.want_cycle(0)
        world.run_s(400)
        assert Anomaly.NOT_ADJUDICATED not in world.anomalies_of(at)
