"""What the link carries, as measured, and the time-outs and batch sizes that follow from it; pure.

A fixed time-out never succeeds on one link and waits for ever on another (FACTS §7), and a fixed batch makes an endless
retry on the link that breaks before it is through: both are derived here from measured round trips and sizes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

BATCH_S = 5.0
"""A batch is cut to what the link carries in this time (DESIGN §4): a broken transfer loses no more."""
BATCH_BYTES_MIN = 2 * 1024
BATCH_BYTES_MAX = 1024 * 1024
_MEASURABLE_BYTES = 1024
"""Below this an exchange measures the round trip, not the rate."""
SILENCE_MIN_S = 5.0
"""Where round trip and rate are known, a link that says nothing for so long, or for six round trips, is broken."""
RESUME_S = 120.0
"""A transfer that was under way is tried again for so long, as soon as the link is back."""
UNDER_WAY_S = 10.0
"""A transfer is under way when the answer before was so short a time ago."""
PROBE_S = 3.0
"""To connect while a broken link is waited for: TCP alone would ask at ever longer intervals."""
_SMOOTHING = 0.5
_HALVINGS_MAX = 10


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a link is waited for; the defaults are for satellites.

    Attributes:
        connect_s: To reach the register where nothing is measured yet.
        silence_s: Without one byte moving; after that a new connection beats TCP's own back-off (FACTS §7).
        bytes_per_s: The slowest link that is still waited for, 8 kbit/s.
        idle_s: After which an unused connection isn't used again; below the register's own keep-alive.
    """

    connect_s: float = 15.0
    silence_s: float = 15.0
    bytes_per_s: float = 1000.0
    idle_s: float = 150.0


@dataclass(frozen=True, slots=True)
class TimeOuts:
    """For one exchange: to connect, without a byte moving, and in total until the answer's head is here."""

    connect_s: float
    silence_s: float
    total_s: float


@dataclass(slots=True)
class Traffic:
    """Bytes of requests' and answers' bodies (HTTP heads, TLS and TCP come on top), and round trips of the link."""

    bytes_up: int = 0
    bytes_down: int = 0
    round_trips: int = 0

    def copy(self) -> Traffic:
        """The same, standing still."""
        return replace(self)

    def since(self, earlier: Traffic) -> Traffic:
        """What came on top of `earlier`."""
        return Traffic(
            self.bytes_up - earlier.bytes_up,
            self.bytes_down - earlier.bytes_down,
            self.round_trips - earlier.round_trips,
        )


class Pace:
    """The link's round trip and rate, learnt from what went over it.

    A failed exchange halves the next batch, and doubles the silence that is borne: it may be the register that is slow.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self.round_trip_s: float | None = None
        self.bytes_per_s: float | None = None
        self._halvings = 0
        self._failures = 0

    def note_handshake(self, seconds: float) -> None:
        """A TLS 1.3 handshake took this long: one round trip."""
        self.round_trip_s = _smooth(self.round_trip_s, seconds)

    def note_exchange(self, bytes_moved: int, seconds: float) -> None:
        """A request and its answer went through on an open connection."""
        self._halvings = max(0, self._halvings - 1)
        self._failures = 0
        if bytes_moved < _MEASURABLE_BYTES:
            self.round_trip_s = _smooth(self.round_trip_s, seconds)
        else:
            moving_s = max(seconds - (self.round_trip_s or 0.0), 0.001)
            self.bytes_per_s = _smooth(self.bytes_per_s, bytes_moved / moving_s)

    def note_failure(self) -> None:
        """An exchange broke: less is tried next time, whatever the link or a body limit on the way was."""
        self._halvings = min(self._halvings + 1, _HALVINGS_MAX)
        self._failures = min(self._failures + 1, _HALVINGS_MAX)

    def batch_bytes(self) -> int:
        """How many bytes of entries the next request should carry."""
        rate = self.bytes_per_s if self.bytes_per_s is not None else 8 * self._patience.bytes_per_s
        whole = min(max(int(rate * BATCH_S), BATCH_BYTES_MIN), BATCH_BYTES_MAX)
        return max(whole >> self._halvings, BATCH_BYTES_MIN)

    def time_outs(self, bytes_up: int) -> TimeOuts:
        """What to wait for an exchange that sends this much."""
        patience = self._patience
        connect_s = patience.connect_s
        if self.round_trip_s is not None:
            connect_s = min(max(6 * self.round_trip_s, patience.connect_s / 3), patience.connect_s)
        # The kernel takes a whole batch at once, so the silence after sending covers its way up as well.
        silence_s = self._silence_s() + bytes_up / self._slowest_bytes_per_s()
        return TimeOuts(connect_s, silence_s, connect_s + 2 * silence_s)

    def probe(self, time_outs: TimeOuts) -> TimeOuts:
        """The same for an exchange that first has to find out whether the link is back."""
        connect_s = min(max(PROBE_S, 4 * (self.round_trip_s or 0.0)), time_outs.connect_s)
        return replace(time_outs, connect_s=connect_s)

    def _silence_s(self) -> float:
        patience = self._patience
        if self.round_trip_s is None or self.bytes_per_s is None:
            return patience.silence_s
        return min(max(SILENCE_MIN_S, 6 * self.round_trip_s) * (1 << self._failures), patience.silence_s)

    def _slowest_bytes_per_s(self) -> float:
        """A half of what was measured, with the register's own time in it, where something was."""
        slowest = self._patience.bytes_per_s
        return max(self.bytes_per_s / 2, slowest) if self.bytes_per_s is not None else slowest

    def body_s(self, bytes_down: int) -> float:
        """How long an answer's body of this size may take once its head is here."""
        return self._patience.silence_s + bytes_down / self._patience.bytes_per_s


def _smooth(before: float | None, measured: float) -> float:
    return measured if before is None else before + _SMOOTHING * (measured - before)


INTERVAL_MIN_S = 5.0
"""Between two cycles without news on a good link."""
INTERVAL_MAX_S = 60.0
"""What the link alone makes of it; an hour of such polls is some 40 kB with all layers (docs/evidence/wire.md)."""
INTERVAL_OVER_BUDGET_S = 600.0
INTERVAL_HURRIED_S = 2.0
"""While somebody stands at the table and waits for an answer of the register."""
HURRY_S = 120.0
"""After a claim: then whoever asked has been sent on, or the holder is out of reach."""
_ROUND_TRIPS_IN_INTERVAL = 20
"""An idle poll takes at most a twentieth of the time, so a slow link has room for the marks."""
_CALM_GROWTH = 12
"""By so many seconds a calm interval may be longer for each that twenty round trips are longer than the shortest one.

A good link (up to a quarter of a second) is never calm, a satellite (from 0.48 s on) gets `INTERVAL_MAX_S`.
"""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What decides when the next cycle is due after one that ended well.

    Attributes:
        asked_s: What the register wished; None or 0 where it left it to the link.
        round_trip_s: What the link takes, None where nothing was measured.
        is_hurried: An answer is waited for at the table.
        is_over_budget: The metered link's hour is spent: polling for nothing costs money.
        quiet_s: Since the register had something to tell, or the program began.
        metered_s: What a metered link's budget leaves between two polls, 0 where nothing is metered.
    """

    asked_s: int | None = None
    round_trip_s: float | None = None
    is_hurried: bool = False
    is_over_budget: bool = False
    quiet_s: float = 0.0
    metered_s: float = 0.0


def interval_s(rhythm: Rhythm) -> float:
    """Seconds to the next cycle where nothing happens meanwhile: the register's wish, or longer where the link is slow.

    The longer a slow link was quiet, the longer is waited: half of that time, up to a minute on a satellite. News come
    in bunches (a claim, its release, the next voter), and an hour without any costs no more than a poll a minute.
    Hurry goes before the register's usual wish, never before its 503: that is a failure, and its Retry-After is kept.
    """
    link_s = _ROUND_TRIPS_IN_INTERVAL * (rhythm.round_trip_s or 0.0)
    if rhythm.is_hurried:
        return min(max(INTERVAL_HURRIED_S, link_s / 5), INTERVAL_MAX_S)
    wished_s = float(rhythm.asked_s or (INTERVAL_MAX_S if rhythm.round_trip_s is None else 0))
    calm_max_s = min(INTERVAL_MIN_S + _CALM_GROWTH * max(link_s - INTERVAL_MIN_S, 0.0), INTERVAL_MAX_S)
    calm_s = min(rhythm.quiet_s / 2, calm_max_s)
    metered_s = min(rhythm.metered_s, INTERVAL_OVER_BUDGET_S)
    usual_s = max(INTERVAL_MIN_S, wished_s, min(link_s, INTERVAL_MAX_S), calm_s, metered_s)
    return max(usual_s, INTERVAL_OVER_BUDGET_S) if rhythm.is_over_budget else usual_s
