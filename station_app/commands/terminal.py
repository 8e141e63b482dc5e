"""The person at the terminal: names are asked on stderr, PINs are never shown."""

from __future__ import annotations

import getpass
import sys
from typing import Protocol

from pollbook.failures import Failure, WorldFailed


class Terminal(Protocol):
    """Who answers when a command has to ask."""

    def ask(self, question: str) -> str:
        """What was typed, without its spaces around."""

    def ask_secret(self, question: str) -> str:
        """What was typed unseen."""


class SystemTerminal:
    """The terminal that this process was started from.

    Raises:
        WorldFailed: `NOT_SIGNED_IN` from both methods where nobody is there to answer.
    """

    def ask(self, question: str) -> str:
        """What was typed, without its spaces around."""
        print(f"{question}: ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a question to a person
        line = sys.stdin.readline()
        if not line:
            raise WorldFailed(Failure.NOT_SIGNED_IN, "nobody answers")
        return line.strip()

    def ask_secret(self, question: str) -> str:
        """What was typed unseen."""
        if not sys.stdin.isatty():
            return self.ask(question)
        try:
            return getpass.getpass(f"{question}: ", sys.stderr)
        except EOFError as error:
            raise WorldFailed(Failure.NOT_SIGNED_IN, "nobody answers") from error
