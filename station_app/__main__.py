"""`uchastka`: the desktop, and what it does as commands (DESIGN §9)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from pollbook.commanding import CommandParser, Console, Program, default_home, run_command
from pollbook.store.home import StationHome
from station_app.commands import (
    book,
    camera,
    carrying,
    closing,
    enrolling,
    mirroring,
    moving,
    neighbouring,
    passport,
    people,
    printing,
    recovering,
)
from station_app.commands.terminal import SystemTerminal, Terminal


def main(argv: Sequence[str] | None = None, terminal: Terminal | None = None) -> int:
    """Run the program; returns its exit status. `terminal` answers what a command has to ask."""
    return run_command(Program(partial(_parser, terminal or SystemTerminal()), _desktop), argv)


def _parser(terminal: Terminal) -> CommandParser:
    parser = CommandParser(
        is_top=True,
        default_home=default_home("station"),
        prog="uchastka",
        description="The poll book of one desk. Without a command it opens the desktop.",
        epilog="exit status: 0 done; 1 a fault; 2 wrong usage; 3 refused; 4 the register or a device is not there",
    )
    parser.set_defaults(terminal=terminal)
    parser.add_argument("--play-script", action="store_true", help="play a scripted check-in through the real window")
    parser.add_argument("--screens", type=Path, metavar="DIR", help="keep pictures of the script's screens in DIR")
    enrolling.add_command(parser)
    of_the_book = book.add_commands(parser)
    recovering.add_command(of_the_book)
    printing.add_commands(of_the_book)
    mirroring.add_commands(of_the_book)
    neighbouring.add_commands(of_the_book)
    carrying.add_commands(of_the_book)
    moving.add_commands(of_the_book)
    closing.add_commands(of_the_book)
    people.add_commands(parser)
    camera.add_commands(parser)
    passport.add_commands(parser)
    return parser


def _desktop(arguments: argparse.Namespace, _console: Console) -> NoReturn:
    # Qt takes a third of a second to load; no command needs it.
    from station_app.app import run_desktop  # noqa: PLC0415

    sys.exit(run_desktop(StationHome(arguments.home), arguments.play_script, arguments.screens))


if __name__ == "__main__":
    sys.exit(main())
