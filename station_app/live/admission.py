"""Who may watch: codes that the commission hands out, each good once and for minutes; pure, time is given.

An observer types a code into the page and is known from then on by a long random token in a cookie. There are as many
places as the station's network carries; one that nobody used for a while is free again. Guessing is stopped for all:
after `WRONG_MAX` wrong codes those that were not used are dropped, and for `LOCK_S` none is taken.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from pollbook.failures import Failure, Refused

CODE_DIGITS: Final = 8
CODE_S: Final = 600.0
VIEWERS_MAX: Final = 6
IDLE_S: Final = 900.0
WATCH_S: Final = 4 * 3600.0
WRONG_MAX: Final = 10
LOCK_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Code:
    """What an observer is told: eight digits, and until when they are good (monotonic seconds)."""

    digits: str = field(repr=False)
    until_s: float


@dataclass(slots=True)
class _Viewer:
    began_s: float
    seen_s: float


class Admission:
    """The codes that are out, and who came in by one. Belongs to one thread, or is guarded by its owner."""

    def __init__(self) -> None:
        self._codes: list[Code] = []
        self._viewers: dict[str, _Viewer] = {}
        self._wrong = 0
        self._locked_until_s = float("-inf")

    def make_code(self, now_s: float) -> Code | Refused:
        """A new code; refused while all places are taken or promised, or codes are being guessed."""
        self._forget(now_s)
        if now_s < self._locked_until_s:
            return self._locked(now_s)
        if len(self._viewers) + len(self._codes) >= VIEWERS_MAX:
            return Refused(Failure.OBSERVERS_FULL, {"limit": VIEWERS_MAX})
        code = Code(f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}", now_s + CODE_S)
        self._codes.append(code)
        return code

    def enter(self, untrusted_code: str, now_s: float) -> str | Refused:
        """The token of whoever typed a code that is good; the code is used up."""
        self._forget(now_s)
        if now_s < self._locked_until_s:
            return self._locked(now_s)
        typed = "".join(letter for letter in untrusted_code[:64] if not letter.isspace() and letter != "-")
        found = None
        for code in self._codes:
            if compare_digest(typed.encode("utf-8", "replace"), code.digits.encode()):
                found = code
        if found is None:
            self._wrong += 1
            if self._wrong >= WRONG_MAX:
                self._wrong, self._locked_until_s = 0, now_s + LOCK_S
                self._codes.clear()
                return self._locked(now_s)
            return Refused(Failure.OBSERVER_CODE_UNFIT)
        self._codes.remove(found)
        self._wrong = 0
        token = secrets.token_urlsafe(32)
        self._viewers[token] = _Viewer(now_s, now_s)
        return token

    def is_admitted(self, untrusted_token: str, now_s: float) -> bool:
        """Whether this token was given out and its holder may still watch; asking counts as using it."""
        self._forget(now_s)
        viewer = self._viewers.get(untrusted_token)
        if viewer is None:
            return False
        viewer.seen_s = now_s
        return True

    def viewers(self, now_s: float) -> int:
        """How many are watching."""
        self._forget(now_s)
        return len(self._viewers)

    def codes(self, now_s: float) -> tuple[Code, ...]:
        """The codes that are out and were not used."""
        self._forget(now_s)
        return tuple(self._codes)

    def _locked(self, now_s: float) -> Refused:
        return Refused(Failure.OBSERVER_TRIES, {"wait_s": max(1, round(self._locked_until_s - now_s))})

    def _forget(self, now_s: float) -> None:
        self._codes = [code for code in self._codes if now_s < code.until_s]
        gone = [
            token
            for token, viewer in self._viewers.items()
            if now_s - viewer.seen_s >= IDLE_S or now_s - viewer.began_s >= WATCH_S
        ]
        for token in gone:
            del self._viewers[token]
