"""`uchastka passport emulate`: a made-up document lies in a virtual reader, for rehearsals and readers' tests."""

from __future__ import annotations

import argparse
import hashlib
import socket
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from devices.smartcard import vpcd
from pollbook.commanding import Answer, CommandParser, Console, WrongUsage
from pollbook.failures import Failure, WorldFailed

if TYPE_CHECKING:
    from devices.emrtd.emulator.writing import Holder
    from station_app.emulated_passport import Made

OFFERS = ("bac", "gm", "im", "cam")


def add_commands(passport: CommandParser) -> None:
    """The group `passport` knows how to make documents up."""
    emulate = passport.command("emulate", "a made-up document lies in a virtual reader until it is taken off", _emulate)
    emulate.add_argument("--port", type=int, default=vpcd.PORT, metavar="N", help=f"of the driver vpcd ({vpcd.PORT})")
    emulate.add_argument("--card", action="store_true", help="an ID card; else a passport")
    emulate.add_argument("--offer", choices=OFFERS, default="gm", help="how the chip may be opened besides BAC (gm)")
    emulate.add_argument("--row", metavar="NAME", help="a way real chips were seen to differ; `list` names them")
    emulate.add_argument("--pull-at", type=int, metavar="BYTES", help="it leaves the reader after so many bytes")
    emulate.add_argument("--copy", action="store_true", help="a copy: it has the files and not the keys")
    emulate.add_argument("--authority", type=Path, metavar="FILE", help="put the certificate of its authority there")
    for name, what in (
        ("surname", "surname"),
        ("given-names", "given names"),
        ("document", "number"),
        ("pinfl", "PINFL"),
    ):
        emulate.add_argument(
            f"--{name}", metavar="TEXT", help=f"the holder's {what}, as machine-readable lines have it"
        )
    emulate.add_argument("--birth", metavar="YYMMDD", help="date of birth")
    emulate.add_argument("--expiry", metavar="YYMMDD", help="date of expiry")
    emulate.epilog = (
        "Its authority is made anew each time and called TRAINING; nothing of it is kept but the certificate."
    )


def _emulate(arguments: argparse.Namespace, console: Console) -> Answer | None:
    # Drawing the photograph needs OpenCV, which no other command waits for.
    from station_app import emulated_passport as emulated  # noqa: PLC0415

    if arguments.row == "list":
        return Answer({"rows": list(emulated.ROW_NAMES)}, "\n".join(emulated.ROW_NAMES))
    if arguments.row is not None and arguments.row not in emulated.ROW_NAMES:
        raise WrongUsage(f"there is no row {arguments.row}; --row list names them")
    wish = emulated.Wish(
        emulated.Offer(arguments.offer), arguments.card, arguments.row, arguments.pull_at, is_copy=arguments.copy
    )
    made = emulated.make(wish, _holder(arguments, emulated.SOMEBODY))
    if arguments.authority is not None:
        _keep(arguments.authority, made.authority_certificate)
    try:
        connection = vpcd.lay_on_reader(arguments.port)
    except OSError as error:
        raise WorldFailed(Failure.READER_AWAY, f"no driver listens on port {arguments.port}") from error
    _serve(made, connection, console)
    return None


def _serve(made: Made, connection: socket.socket, console: Console) -> None:
    """The chip answers until it is taken off; what people need to open it is told first, in one line."""
    from station_app.emulated_passport import CAN  # noqa: PLC0415

    fingerprint = hashlib.sha256(made.authority_certificate).hexdigest()
    data = {"mrz": made.mrz, "can": CAN, "authority_sha256": fingerprint}
    console.answer(Answer(data, f"{made.mrz}\nCAN {CAN}; authority {fingerprint}; Ctrl-C takes it off"))
    try:
        vpcd.serve(made.chip, connection)
    except KeyboardInterrupt:
        console.tell("taken off")


def _keep(path: Path, certificate: bytes) -> None:
    try:
        path.write_bytes(certificate)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, f"errno {error.errno}", path=path) from error


def _holder(arguments: argparse.Namespace, somebody: Holder) -> Holder:
    from devices.emrtd.emulator.writing import Holder  # noqa: PLC0415

    try:
        return Holder(
            surname=arguments.surname or somebody.surname,
            given_names=arguments.given_names or somebody.given_names,
            document_number=arguments.document or somebody.document_number,
            personal_number=arguments.pinfl or somebody.personal_number,
            birth_date=datetime.strptime(arguments.birth, "%y%m%d").date() if arguments.birth else somebody.birth_date,  # noqa: DTZ007
            sex=somebody.sex,
            expiry_date=(
                datetime.strptime(arguments.expiry, "%y%m%d").date() if arguments.expiry else somebody.expiry_date  # noqa: DTZ007
            ),
        )
    except ValueError as error:
        raise WrongUsage("dates are year, month and day in six digits") from error
