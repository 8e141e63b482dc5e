"""A camera's health, pure: what was observed becomes alarms, each with the time it began, and one light.

An alarm is raised once its sign has been there for a while and ends once it has been gone for a while, so that a
person who passes raises none. Signs that say the same thing are told once: a camera that is covered is not moved too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final

from devices.camera.movement import Movement, is_still
from devices.camera.repeats import Repeats
from devices.camera.values import Look

FROZEN_CHANGE: Final = 0.02
"""Of a grey level on average: a sensor that lives makes more noise than this even when nothing moves."""
BLACK_MEAN, BLACK_DEVIATION = 24.0, 9.0
COVERED_DEVIATION: Final = 11.0
COVERED_DETAIL: Final = 0.12
BLURRED_DETAIL: Final = 0.55
BLINDED_GLARE: Final = 0.5
TURNED_UNLIKE: Final = 0.6
"""Lasting likeness to the first pictures: 0.85 or more in ordinary half hours."""
UNLIKE: Final = 0.4
"""Measured on scenes: passing people leave 0.5 or more in the blocks that are most alike, a move by 3 % at most 0.4."""
LOOP_AGO_S, LOOP_WITHIN_S, LOOP_REPEATS = 2.0, 15.0, 3
TURNS, TURNS_WITHIN_S = 2, 600.0
"""A clock that goes back once was set; one that does so again and again belongs to a recording that is played."""
REMEMBERED: Final = 20_000
"""Pictures: five hours of one a second, in about 2 MB."""
RATE_LEAST, RATE_MOST = 0.7, 1.4
MISSING_SHARE: Final = 0.1
CLOCK_OFF_S: Final = 5.0


class Alarm(Enum):
    """What can be wrong with a camera."""

    LOST = "lost"
    RECONNECTING = "reconnecting"
    NOT_RECORDING = "not_recording"
    BLACK = "black"
    COVERED = "covered"
    FROZEN = "frozen"
    MOVED = "moved"
    LOOPED = "looped"
    STILL = "still"
    BLURRED = "blurred"
    WRONG_RESOLUTION = "wrong_resolution"
    WRONG_RATE = "wrong_rate"
    DROPPED = "dropped"
    CLOCK_OFF = "clock_off"


class Light(IntEnum):
    """The traffic light."""

    GREEN = 0
    AMBER = 1
    RED = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a sign has to be there, and to be gone, and what it lights."""

    on_after_s: float
    off_after_s: float
    light: Light


RULES: Final[Mapping[Alarm, Rule]] = {
    Alarm.LOST: Rule(0.0, 1.0, Light.RED),
    Alarm.RECONNECTING: Rule(0.0, 5.0, Light.RED),
    Alarm.NOT_RECORDING: Rule(0.0, 0.0, Light.RED),
    Alarm.BLACK: Rule(2.5, 3.0, Light.RED),
    Alarm.COVERED: Rule(3.0, 3.0, Light.RED),
    Alarm.FROZEN: Rule(3.0, 3.0, Light.RED),
    Alarm.MOVED: Rule(3.5, 5.0, Light.RED),
    Alarm.LOOPED: Rule(0.0, 30.0, Light.RED),
    Alarm.STILL: Rule(900.0, 0.0, Light.AMBER),
    Alarm.BLURRED: Rule(4.0, 5.0, Light.AMBER),
    Alarm.WRONG_RESOLUTION: Rule(0.0, 2.0, Light.AMBER),
    Alarm.WRONG_RATE: Rule(8.0, 10.0, Light.AMBER),
    Alarm.DROPPED: Rule(5.0, 20.0, Light.AMBER),
    Alarm.CLOCK_OFF: Rule(0.0, 0.0, Light.AMBER),
}


_STILL_TOO: Final = (Alarm.BLACK, Alarm.COVERED, Alarm.FROZEN)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the camera was set up to send; 0 where that is left open."""

    width: int = 0
    height: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known at one moment; None where nothing new is.

    Attributes:
        is_lost: Whether no picture comes.
        is_reconnecting: Whether its connection breaks off again and again; None where that is between often and seldom.
        is_recording: Whether what comes is kept.
        look: The newest picture's numbers.
        looked_s: When that picture came, by the clock of `Watch.observe`; None where it came at that moment.
        fingerprints: Of the pictures that came since the last moment: of the compressed ones where there are any.
        size: Width and height as the stream has them.
        rate: Pictures a second over the last ten seconds.
        missing_share: How many of the pictures that should have come in that time did not, 0 to 1.
        clock_off_s: The camera's clock less the machine's.
        turned_back: How often the stream's clock went back since the last moment.
    """

    is_lost: bool = False
    is_reconnecting: bool | None = False
    is_recording: bool = True
    look: Look | None = None
    looked_s: float | None = None
    fingerprints: tuple[int, ...] = ()
    size: tuple[int, int] | None = None
    rate: float | None = None
    missing_share: float | None = None
    clock_off_s: float | None = None
    turned_back: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm was raised, or ended; `began_s` is when its sign began."""

    alarm: Alarm
    is_raised: bool
    began_s: float


@dataclass(frozen=True)
class Health:
    """The alarms that are on, by when their sign began, and the signs that are on their way there or back."""

    alarms: Mapping[Alarm, float] = field(default_factory=dict)
    rising: Mapping[Alarm, float] = field(default_factory=dict)
    falling: Mapping[Alarm, float] = field(default_factory=dict)

    @property
    def light(self) -> Light:
        """The worst of what is on."""
        return max((RULES[alarm].light for alarm in self.alarms), default=Light.GREEN)


def step(health: Health, signs: Mapping[Alarm, bool], now_s: float) -> tuple[Health, tuple[Change, ...]]:
    """The health after these signs at `now_s`, and what changed; an alarm without a sign stays as it is."""
    alarms, rising, falling = dict(health.alarms), dict(health.rising), dict(health.falling)
    changes = []
    for alarm, is_seen in signs.items():
        rule = RULES[alarm]
        if is_seen:
            falling.pop(alarm, None)
            began_s = rising.setdefault(alarm, now_s)
            if alarm not in alarms and now_s - began_s >= rule.on_after_s:
                alarms[alarm] = began_s
                changes.append(Change(alarm, True, began_s))
        else:
            rising.pop(alarm, None)
            if alarm in alarms and now_s - falling.setdefault(alarm, now_s) >= rule.off_after_s:
                falling.pop(alarm)
                changes.append(Change(alarm, False, alarms.pop(alarm)))
    return Health(alarms, rising, falling), tuple(changes)


class Watch:
    """Turns what is observed of one camera into signs; remembers fingerprints and what moved, and no picture."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._seen: OrderedDict[int, float] = OrderedDict()
        self._last_fingerprint: int | None = None
        self._repeated_s: list[float] = []
        self._turns: list[float] = []
        self._movement, self._repeats = Movement(), Repeats()
        self._is_still = False
        self.health = Health()

    def observe(self, observed: Observed, now_s: float) -> tuple[Change, ...]:
        """What this changes; `now_s` never goes back."""
        signs = {Alarm.NOT_RECORDING: not observed.is_recording}
        if observed.is_reconnecting is not None:
            signs[Alarm.RECONNECTING] = observed.is_reconnecting
        # A camera that is lost and found every second is told of once, not sixty times a minute.
        is_reconnecting = signs.get(Alarm.RECONNECTING, Alarm.RECONNECTING in self.health.alarms)
        signs[Alarm.LOST] = observed.is_lost and not is_reconnecting
        if observed.look is not None:
            signs |= picture_signs(observed.look)
            self._note_look(observed.look, now_s if observed.looked_s is None else observed.looked_s)
        # A camera that is lost, black, covered or frozen is still too, and is told of already.
        signs[Alarm.STILL] = self._is_still and not (observed.is_lost or any(signs.get(alarm) for alarm in _STILL_TOO))
        if observed.size is not None:
            wanted = (self._expected.width, self._expected.height)
            signs[Alarm.WRONG_RESOLUTION] = all(wanted) and observed.size != wanted
        if observed.rate is not None and self._expected.rate and not observed.is_lost:
            share = observed.rate / self._expected.rate
            signs[Alarm.WRONG_RATE] = not RATE_LEAST <= share <= RATE_MOST
        if observed.missing_share is not None and not observed.is_lost:
            signs[Alarm.DROPPED] = observed.missing_share > MISSING_SHARE
        if observed.clock_off_s is not None:
            signs[Alarm.CLOCK_OFF] = abs(observed.clock_off_s) > CLOCK_OFF_S
        for fingerprint in observed.fingerprints:
            self._note_fingerprint(fingerprint, now_s)
        self._repeated_s = [at_s for at_s in self._repeated_s if now_s - at_s <= LOOP_WITHIN_S]
        self._turns = [at_s for at_s in self._turns if now_s - at_s <= TURNS_WITHIN_S] + [now_s] * observed.turned_back
        is_shown_again = len(self._repeated_s) >= LOOP_REPEATS or self._repeats.is_repeating
        signs[Alarm.LOOPED] = is_shown_again or len(self._turns) >= TURNS
        self.health, changes = step(self.health, signs, now_s)
        return changes

    def _note_look(self, look: Look, at_s: float) -> None:
        for moved in self._movement.note(look.blocks, at_s):
            self._repeats.note(moved)
            self._is_still = moved is not None and is_still(moved)

    def _note_fingerprint(self, fingerprint: int, now_s: float) -> None:
        before_s = self._seen.get(fingerprint)
        # The same picture again and again is frozen; the same one after others is a recording that is played.
        if before_s is not None and now_s - before_s >= LOOP_AGO_S and fingerprint != self._last_fingerprint:
            self._repeated_s.append(now_s)
        self._seen[fingerprint] = now_s
        self._seen.move_to_end(fingerprint)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        self._last_fingerprint = fingerprint


def picture_signs(look: Look) -> dict[Alarm, bool]:
    """The signs in one picture; of those that have one cause the first is told, and nothing is said of the others."""
    is_black = look.mean < BLACK_MEAN and look.deviation < BLACK_DEVIATION
    is_unlike = look.likeness < UNLIKE
    is_blinded = look.glare > BLINDED_GLARE or (look.detail < COVERED_DETAIL and is_unlike)
    is_covered = not is_black and (look.deviation < COVERED_DEVIATION or is_blinded)
    signs = {Alarm.BLACK: is_black, Alarm.COVERED: is_covered, Alarm.FROZEN: look.change < FROZEN_CHANGE}
    if is_black or is_covered:
        return signs
    is_blurred = look.detail < BLURRED_DETAIL
    is_moved = (is_unlike or look.lasting < TURNED_UNLIKE) and not is_blurred
    return signs | {Alarm.MOVED: is_moved, Alarm.BLURRED: is_blurred}
