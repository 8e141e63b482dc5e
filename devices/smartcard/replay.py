"""Sessions with a chip, recorded and played back.

A recording holds what was sent and answered, in order, and the random bytes the reader used, so that the same program
makes the same commands again. It fails at the first command that it doesn't hold. Recordings of real documents hold
their holders' data: they are made of synthetic ones only.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from devices.smartcard.faults import CardFault, ReplayDiverged
from devices.smartcard.transport import Link

RESET: Final = b""
"""Stands in a recording where the card was reset; no command is empty."""
_RECORDING_BYTES_MAX: Final = 8 << 20
Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, repr=False)
class Recording:
    """One session.

    Attributes:
        atr: Of the card.
        steps: Commands and their answers; a reset is (`RESET`, b"").
        random: What the reader drew, in order.
        data_bytes_max: Of the reader.
    """

    atr: bytes
    steps: tuple[tuple[bytes, bytes], ...]
    random: tuple[bytes, ...] = ()
    data_bytes_max: int | None = None

    def __repr__(self) -> str:
        return f"Recording({len(self.steps)} steps)"


@dataclass(slots=True)
class RecordingLink:
    """A link that writes down what goes over it."""

    link: Link
    steps: list[tuple[bytes, bytes]] = field(default_factory=list, repr=False)
    drawn: list[bytes] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        return self.link.name

    @property
    def atr(self) -> bytes:
        return self.link.atr

    @property
    def data_bytes_max(self) -> int | None:
        return self.link.data_bytes_max

    def exchange(self, command: bytes) -> bytes:
        answer = self.link.exchange(command)
        self.steps.append((command, answer))
        return answer

    def reset(self) -> None:
        self.link.reset()
        self.steps.append((RESET, b""))

    def random(self, source: Random) -> Random:
        """Return a source of random bytes that is written down too."""

        def draw(count: int) -> bytes:
            drawn = source(count)
            self.drawn.append(drawn)
            return drawn

        return draw

    def recording(self) -> Recording:
        """What was recorded so far."""
        return Recording(self.link.atr, tuple(self.steps), tuple(self.drawn), self.link.data_bytes_max)


class ReplayLink:
    """A recorded card: it answers what was recorded, in order, and nothing else."""

    def __init__(self, recording: Recording, name: str = "recording") -> None:
        self._recording = recording
        self._at = self._drawn = 0
        self.name = name

    @property
    def atr(self) -> bytes:
        return self._recording.atr

    @property
    def data_bytes_max(self) -> int | None:
        return self._recording.data_bytes_max

    @property
    def is_over(self) -> bool:
        """Tell whether all of it was played."""
        return self._at == len(self._recording.steps)

    def exchange(self, command: bytes) -> bytes:
        """Return the recorded answer.

        Raises:
            ReplayDiverged: Another command was recorded here, or none.
        """
        return self._step(command)

    def reset(self) -> None:
        self._step(RESET)

    def random(self, count: int) -> bytes:
        """Return the random bytes that were drawn here.

        Raises:
            ReplayDiverged: Another number of bytes was drawn, or none.
        """
        drawn = self._recording.random
        if self._drawn == len(drawn) or len(drawn[self._drawn]) != count:
            raise ReplayDiverged(f"draw {self._drawn} isn't in the recording")
        self._drawn += 1
        return drawn[self._drawn - 1]

    def _step(self, command: bytes) -> bytes:
        if self.is_over or self._recording.steps[self._at][0] != command:
            raise ReplayDiverged(f"step {self._at} isn't in the recording")
        self._at += 1
        return self._recording.steps[self._at - 1][1]


class RecordingInvalid(CardFault):
    """The file is no recording."""


def write_recording(recording: Recording, path: Path) -> None:
    """`path` holds the recording, as JSON with hexadecimal bytes."""
    content = {
        "atr": recording.atr.hex(),
        "data_bytes_max": recording.data_bytes_max,
        "random": _hexadecimal(recording.random),
        "steps": [{"command": command.hex(), "answer": answer.hex()} for command, answer in recording.steps],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def read_recording(path: Path) -> Recording:
    """Return the recording that a file holds.

    Raises:
        RecordingInvalid: It holds none.
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        untrusted = file.read(_RECORDING_BYTES_MAX + 1)
    if len(untrusted) > _RECORDING_BYTES_MAX:
        raise RecordingInvalid("longer than any recording")
    try:
        content = json.loads(untrusted)
        steps = tuple((bytes.fromhex(step["command"]), bytes.fromhex(step["answer"])) for step in content["steps"])
        random = tuple(bytes.fromhex(drawn) for drawn in content["random"])
        most = content["data_bytes_max"]
        if most is not None and not isinstance(most, int):
            raise RecordingInvalid("no number")
        return Recording(bytes.fromhex(content["atr"]), steps, random, most)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordingInvalid("no recording") from error


def _hexadecimal(parts: Iterable[bytes]) -> list[str]:
    return [part.hex() for part in parts]
