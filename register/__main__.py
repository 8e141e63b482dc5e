"""`uchastka-register`: the central register from the command line (DESIGN §9)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pollbook.commanding import CommandParser, Program, default_home, run_command
from pollbook.enrol_file import DESK_MAX
from register.commands import bundles, log, looking, parcels, settling, setup, stations, stills, voters
from register.home import DEFAULT_PORT

_PORT_MAX = 65_535
_LEAVES_MAX = 2**63 - 1


def main() -> int:
    """Do what the command line asks; returns the exit status. Nothing that it writes is for others to read."""
    os.umask(0o077)
    return run_command(Program(parser))


def parser() -> CommandParser:
    """All commands with their arguments."""
    top = CommandParser(
        is_top=True,
        default_home=default_home("register"),
        prog="uchastka-register",
        description="The central register of an election.",
    )
    _add_setup(top)
    _add_lists(top)
    _add_stations(top)
    top.command("status", "tell turnout, stations, what waits and what is wrong", looking.status)
    command = top.command("line", "tell one voter's line and what befell it", looking.line)
    command.add_argument("--pinfl", required=True, metavar="N", help="the voter's PINFL")
    top.command("check", "prove every ledger, signature and projection, and the log", looking.check)
    _add_settling(top)
    _add_log(top)
    group = top.command("parcels", "what stations send besides their ledgers: reports, stills")
    group.command("list", "list every parcel", parcels.list_parcels)
    command = group.command("read", "write one parcel's content to a file", parcels.read_parcel)
    command.add_argument("parcel", metavar="PARCEL", help="its name as listed, or the first 8 letters or more")
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    _add_stills(top)
    group = top.command("bundle", "what stations send by hand")
    command = group.command(
        "take", "take a station's sealed bundle in and write the answer to carry back", bundles.take
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--answer", type=Path, required=True, metavar="FILE", help="the file to carry back")
    return top


def _add_stills(top: CommandParser) -> None:
    group = top.command("stills", "what the stations' cameras showed, masked")
    listing = group.command("list", "list the stills that came", stills.list_stills)
    export = group.command("export", "write stills as JPEG files with a manifest", stills.export_stills)
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder that is made")
    for command in (listing, export):
        command.add_argument("--precinct", metavar="CODE", help="of this precinct (all)")
        command.add_argument("--camera", metavar="NAME", help="of this camera (all)")
        command.add_argument("--from", dest="begins", metavar="TIME", help="2026-12-20T10:00, the election's time")
        command.add_argument("--to", dest="ends", metavar="TIME")


def _add_setup(top: CommandParser) -> None:
    command = top.command("init", "make a register for one election", setup.init)
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--training", action="store_true", help="for the training election, synthetic voters only")
    which.add_argument("--election", type=Path, metavar="FILE", help="for the election described in this TOML file")
    command.add_argument("--officers", type=Path, metavar="FILE", help="officers of the register: surname,given_name")
    command.add_argument("--database", metavar="URL", help="a PostgreSQL database: postgresql+psycopg://…")
    command = top.command("synthesise", "write a synthetic list with its answer key", setup.synthesise)
    command.add_argument("--precincts", type=int, required=True, metavar="N")
    how_many = command.add_mutually_exclusive_group(required=True)
    how_many.add_argument("--voters", type=int, metavar="N", help="mean number of voters a precinct")
    how_many.add_argument("--total", type=int, metavar="N", help="number of voters in all precincts together")
    command.add_argument("--seed", type=int, default=1, metavar="N")
    command.add_argument("--out", type=Path, required=True, metavar="DIR")


def _add_lists(top: CommandParser) -> None:
    command = top.command("import", "load a list of voters, whole or not at all", voters.import_voters)
    command.add_argument("voters", type=Path, metavar="FILE", help="CSV or XLSX")
    command.add_argument("--totals", type=Path, metavar="FILE", help="official totals: precinct,voters")
    officers = "precinct,person,surname,given_name,role"
    command.add_argument("--officers", type=Path, metavar="FILE", help=f"the precincts' people: {officers}")
    command.add_argument("--mapping", type=Path, metavar="FILE", help="TOML: our column = theirs")
    command = top.command("decide", "decide by two officers which held-back line stays", voters.decide)
    command.add_argument("--pinfl", metavar="N", help="the PINFL that stands twice; left out for a line without one")
    command.add_argument("--keep", required=True, metavar="PRECINCT:PAGE:ROW|none")
    _add_act(command)
    command = top.command("accept-totals", "accept by two officers that a count differs", voters.accept)
    command.add_argument("--precinct", required=True, metavar="CODE")
    _add_act(command)


def _add_stations(top: CommandParser) -> None:
    command = top.command("serve", "serve stations until stopped", stations.serve)
    command.add_argument("--host", default="127.0.0.1", metavar="ADDRESS")
    command.add_argument("--port", type=_port, default=DEFAULT_PORT, metavar="N", help="0 takes a free one")
    command.add_argument("--name", action="append", metavar="NAME", help="a name or address that stations use")
    command = top.command("enrol", "write the file that enrols one station", stations.enrol)
    command.add_argument("--precinct", metavar="CODE")
    command.add_argument("--desk", type=_desk, default=1, metavar="N")
    command.add_argument("--spare", action="store_true", help="a spare, which is of no precinct until it takes over")
    command.add_argument("--out", type=Path, required=True, metavar="FILE")
    command.add_argument("--url", metavar="URL", help="the register's address; by default the one last served")
    command.add_argument("--reissue", action="store_true", help="after a revoked station; takes two officers")
    command.add_argument("--reason", default="", metavar="TEXT", help="of --reissue")
    command.add_argument("--officer", action="append", default=[], metavar="NAME", help="of --reissue, twice")
    command = top.command("revoke", "revoke a station; its lines stay where they are", stations.revoke)
    command.add_argument("--station", required=True, metavar="BOOK")
    command.add_argument("--reason", required=True, metavar="TEXT")


def _add_settling(top: CommandParser) -> None:
    command = top.command("write-off", "say by two officers that no more will come of a lost book", settling.write_off)
    command.add_argument("--station", required=True, metavar="BOOK", help="the one that was taken over")
    _add_act(command)
    command = top.command("recovered", "say by two officers that a restored register is whole", settling.recovered)
    _add_act(command)
    command = top.command("resolve", "settle by two officers which of two marks counts", settling.resolve)
    command.add_argument("line", metavar="LINE")
    command.add_argument("--keep", required=True, metavar="BOOK", help="whose mark counts")
    _add_act(command)
    command = top.command("change", "change a voter's data by two officers", settling.change)
    command.add_argument("--pinfl", required=True, metavar="N")
    command.add_argument("--set", action="append", required=True, metavar="FIELD=VALUE")
    command.add_argument("--source", required=True, metavar="TEXT", help="who asked for it, for example the ministry")
    _add_act(command)


def _add_log(top: CommandParser) -> None:
    group = top.command("log", "the log of accepted entries: heads and proofs for observers")
    group.command("head", "tell the newest published head", log.head)
    command = group.command("prove", "prove that an entry stands in the newest published head", log.prove)
    command.add_argument("book", metavar="BOOK")
    command.add_argument("number", type=_at_least_1, metavar="NUMBER")
    command.add_argument("--out", type=Path, metavar="FILE", help="write it as a C2SP tlog-proof, too")
    command = group.command("consistency", "prove that the log of A entries is how that of B begins", log.consistency)
    command.add_argument("first", type=_at_least_1, metavar="A")
    command.add_argument("second", type=_at_least_1, metavar="B")
    command = group.command("export", "write the log as files for other tools", log.export)
    command.add_argument("folder", type=Path, metavar="DIR")


def _add_act(command: CommandParser) -> None:
    command.add_argument("--reason", required=True, metavar="TEXT")
    command.add_argument("--officer", action="append", default=[], metavar="NAME", help="twice: name or number")


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _PORT_MAX:
        raise argparse.ArgumentTypeError(f"a port is 0 to {_PORT_MAX}")
    return port


def _at_least_1(text: str) -> int:
    number = int(text)
    if not 1 <= number <= _LEAVES_MAX:
        raise argparse.ArgumentTypeError(f"a number is 1 to {_LEAVES_MAX}")
    return number


def _desk(text: str) -> int:
    desk = int(text)
    if not 1 <= desk <= DESK_MAX:
        raise argparse.ArgumentTypeError(f"a desk is 1 to {DESK_MAX}")
    return desk


if __name__ == "__main__":
    sys.exit(main())
