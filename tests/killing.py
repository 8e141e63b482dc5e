"""A program that is killed at one of its moments, in the same process: what it had not written is lost."""

from __future__ import annotations

from dataclasses import dataclass


class Killed(BaseException):
    """The program ends here, as by kill -9: nothing after this line runs."""


@dataclass
class Countdown:
    """Kills at the moment whose number was drawn; a moment lies before and after each step."""

    moments: int

    def pass_one(self) -> None:
        self.moments -= 1
        if self.moments == 0:
            raise Killed
