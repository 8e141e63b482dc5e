"""Telling a held key from a pressed one, also where Qt does not."""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent

PRESSED_AGAIN_MS = 30
"""Nobody lets a key go and presses it again within this time; X11 repeats a held one within 0 ms."""


class HeldKeys:
    """Remembers when each key was let go.

    Under X11 a held key is a run of releases and presses at the same moment, and Qt does not recognise all of
    them as repeats (6 in 144 were missed): a held Enter then found a voter and marked him.
    """

    def __init__(self) -> None:
        self._released_at_ms: dict[int, int] = {}

    def note_release(self, event: QKeyEvent) -> None:
        """The key of this event was let go, or seems so."""
        self._released_at_ms[event.key()] = event.timestamp()

    def is_repeat(self, event: QKeyEvent) -> bool:
        """Whether this press is of a key that was never let go."""
        released_at_ms = self._released_at_ms.get(event.key(), 0)
        since_ms = event.timestamp() - released_at_ms
        return event.isAutoRepeat() or (released_at_ms > 0 and 0 <= since_ms < PRESSED_AGAIN_MS)
