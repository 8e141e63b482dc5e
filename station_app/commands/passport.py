"""`uchastka passport`: passports and ID cards with a chip."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from pollbook.commanding import Act, Answer, CommandParser, Console
from station_app.commands import emulating


def add_commands(parser: CommandParser) -> None:
    """The program knows documents with a chip."""
    passport = parser.command("passport", "passports and ID cards with a chip")
    _add_reading(passport)
    _add_trust(passport)
    emulating.add_commands(passport)


def _add_reading(passport: CommandParser) -> None:
    passport.command(
        "readers", "which readers are plugged in, and what lies on them", partial(_do_reading, "list_readers")
    )
    read = passport.command(
        "read", "read the chip of the document on a reader, and what it proves", partial(_do_reading, "read_document")
    )
    read.add_argument("--reader", metavar="NAME", help="as `passport readers` names it (the one with a document)")
    read.add_argument("--mrz", metavar="LINES", help="the machine-readable lines, one after the other")
    read.add_argument("--can", metavar="N", help="instead: the access number printed on the card, six digits")
    read.add_argument("--document", metavar="D", help="instead: the document's number, with both dates")
    read.add_argument("--birth", metavar="YYMMDD", help="date of birth")
    read.add_argument("--expiry", metavar="YYMMDD", help="date of expiry")
    read.add_argument(
        "--allow-downgrade", action="store_true", help="the older protocol may be used where the safer one fails"
    )
    read.add_argument(
        "--keep", type=Path, metavar="FILE", help="put everything there, to prove it again: personal data"
    )
    read.epilog = "Nothing else is kept. Without a key the machine-readable lines are asked for."
    prove = passport.command("prove", "prove once more what `read --keep` kept", partial(_do_reading, "prove_kept"))
    prove.add_argument("file", type=Path, metavar="FILE", help="what was kept")


def _add_trust(passport: CommandParser) -> None:
    trust = passport.command("trust", "whose signatures on documents count")
    importing = trust.command(
        "import", "take master lists, certificates and lists of revoked ones", partial(_do_trusting, "import_trust")
    )
    importing.add_argument("files", type=Path, nargs="+", metavar="FILE", help="as States publish them, DER or PEM")
    importing.add_argument(
        "--authority", metavar="SHA256", help="the fingerprint of the list's authority, compared by you"
    )
    listing = trust.command("list", "which authorities there are", partial(_do_trusting, "list_trust"))
    listing.add_argument("--country", metavar="CODE", help="those of one country only, such as UZB")


def _do_reading(name: str, arguments: argparse.Namespace, console: Console) -> Answer | None:
    # What speaks with chips takes a tenth of every other command's start to load.
    from station_app.commands import document_reading  # noqa: PLC0415

    act: Act = getattr(document_reading, name)
    return act(arguments, console)


def _do_trusting(name: str, arguments: argparse.Namespace, console: Console) -> Answer | None:
    from station_app.commands import trusting  # noqa: PLC0415 - as above

    act: Act = getattr(trusting, name)
    return act(arguments, console)
