"""A link that ends what would never end: it counts commands and bytes, keeps the time, and listens to the person."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from devices.smartcard.apdu import SHORT_DATA_BYTES_MAX, is_extended
from devices.smartcard.faults import AnswerInvalid, LimitReached, Stopped
from devices.smartcard.transport import Link

_ANSWER_BYTES_MAX: Final = 65_536 + 2


@dataclass(frozen=True, slots=True)
class ExchangeLimits:
    """What one session with a chip may cost.

    Attributes:
        commands_max: A slow chip needs about 300 for 30 KB; one that gives a byte a time reaches this.
        seconds_max: The slowest chips take 15 s for 30 KB.
    """

    commands_max: int = 4_000
    seconds_max: float = 90.0


EXCHANGE_LIMITS: Final = ExchangeLimits()


def _never() -> bool:
    return False


@dataclass(slots=True)
class LimitedLink:
    """The same link, limited.

    Attributes:
        link: What it sends over.
        limits: What may be spent, over resets too.
        is_stopped: Asked before each command.
        now_s: A clock that only goes on.
        commands: How many were sent.
        is_short: Only short commands are sent, whatever the link says: they were seen not to pass.
        was_extended: An extended command was sent.
    """

    link: Link
    limits: ExchangeLimits = EXCHANGE_LIMITS
    is_stopped: Callable[[], bool] = _never
    now_s: Callable[[], float] = monotonic
    commands: int = 0
    is_short: bool = False
    was_extended: bool = False
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._began_s = self.now_s()

    @property
    def name(self) -> str:
        return self.link.name

    @property
    def atr(self) -> bytes:
        return self.link.atr

    @property
    def data_bytes_max(self) -> int | None:
        return SHORT_DATA_BYTES_MAX if self.is_short else self.link.data_bytes_max

    def exchange(self, command: bytes) -> bytes:
        """As the link.

        Raises:
            Stopped: The person stopped it.
            LimitReached: It would cost more than the limits allow.
            CardFault: As the link's.
        """
        if self.is_stopped():
            raise Stopped("stopped")
        if self.commands >= self.limits.commands_max:
            raise LimitReached("more commands than the limit")
        if self.now_s() - self._began_s > self.limits.seconds_max:
            raise LimitReached("longer than the limit")
        self.commands += 1
        self.was_extended = self.was_extended or is_extended(command)
        answer = self.link.exchange(command)
        if len(answer) > _ANSWER_BYTES_MAX:
            raise AnswerInvalid("an answer longer than any")
        return answer

    def reset(self) -> None:
        self.link.reset()
