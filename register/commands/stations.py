"""`serve`, `enrol` and `revoke`: the register's side of its stations."""

from __future__ import annotations

import argparse
import logging
import threading
from datetime import UTC
from pathlib import Path

from pollbook.commanding import Answer, Console, WrongUsage
from pollbook.enrol_file import EnrolFile, SpareFile, write_enrol_file, write_spare_file
from pollbook.entries import REASON_CHARACTERS_MAX
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.types import BookName, DeviceId, PrecinctCode, is_precinct_code
from register import settling
from register.authority import load_keys, tls_context
from register.commands.opening import moment, open_register
from register.commands.voters import two_officers
from register.enrolment import make_code, make_spare_code
from register.home import RegisterHome
from register.issuing import book_to_follow
from register.log import keep_log, log_of
from register.officers import let_reissue
from register.store import stations

_EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not bound


def serve(arguments: argparse.Namespace, console: Console) -> None:
    """Serve until told to stop; the answer is printed once the register listens."""
    # What listens takes a tenth of a second to load; no other command needs it.
    from register.serving import bind  # noqa: PLC0415 - as above
    from register.serving import serve as serve_app  # noqa: PLC0415 - as above
    from register.web import Register, make_app  # noqa: PLC0415 - as above

    logging.getLogger("register").setLevel(logging.INFO)
    with open_register(arguments) as opened, opened.home.only_one(_serving(opened.home, arguments.port)):
        keys = load_keys(opened.home)
        listening = bind(arguments.host, arguments.port)
        port = listening.getsockname()[1]
        at = "127.0.0.1" if arguments.host in _EVERYWHERE else arguments.host
        known_as = (arguments.name or [at])[0]
        url = f"https://[{known_as}]:{port}" if ":" in known_as else f"https://{known_as}:{port}"
        tls = tls_context(opened.home, keys.authority, [at, *(arguments.name or [])], opened.clock.now())
        register = Register(opened.home, opened.database, keys, opened.election, opened.clock)
        stop = threading.Event()
        log = log_of(opened.election.id, keys.key)
        keeper = threading.Thread(
            target=keep_log, args=(opened.database, log, opened.clock.now, stop), name="register-log"
        )

        def on_listening() -> None:
            opened.home.note_served(url)
            console.answer(Answer({"url": url}, f"uchastka-register listens on {url}"))

        keeper.start()
        try:
            serve_app(make_app(register), listening, tls, on_listening, register.end)
        finally:
            register.close()
            stop.set()
            keeper.join()


def _serving(home: RegisterHome, port: int) -> str:
    """What one process at a time does in this folder; where a server has the data, several may serve, each a port."""
    return "serve" if home.database_url() is None else f"serve-{port}"


def enrol(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Write the enrol file of one station, or of a spare."""
    if arguments.spare == (arguments.precinct is not None):
        raise WrongUsage("--precinct CODE or --spare: one of them")
    if arguments.spare:
        return _enrol_spare(arguments)
    precinct = _precinct(arguments.precinct)
    if not arguments.reissue and (arguments.reason or arguments.officer):
        raise WrongUsage("--reason and --officer belong to --reissue")
    with open_register(arguments) as register:
        keys = load_keys(register.home)
        url = arguments.url or register.home.served_url()
        act = None
        if arguments.reissue:
            with register.database.read() as connection:  # nobody types a PIN for what will be refused
                book_to_follow(connection, precinct)
            act = two_officers(arguments, register)
        with register.database.write() as connection:
            if act is not None:
                let_reissue(connection, register.election, precinct, act)
            code, ends = make_code(connection, register.election, precinct, arguments.desk, register.clock.now())
            file = EnrolFile(url, keys.authority.pem, register.election.id, precinct, arguments.desk, code)
            _write(arguments.out, write_enrol_file(file))
    until = ends.astimezone(UTC).isoformat(timespec="seconds")
    return Answer(
        {"precinct": precinct, "desk": arguments.desk, "out": str(arguments.out), "url": url, "expires_at": until},
        f"{arguments.out}: for one station of precinct {precinct}, until {until}",
    )


def _enrol_spare(arguments: argparse.Namespace) -> Answer:
    if arguments.reissue or arguments.reason or arguments.officer:
        raise WrongUsage("--reissue belongs to a precinct's station")
    with open_register(arguments) as register:
        keys = load_keys(register.home)
        url = arguments.url or register.home.served_url()
        with register.database.write() as connection:
            code, ends = make_spare_code(connection, register.election, register.clock.now())
            _write(arguments.out, write_spare_file(SpareFile(url, keys.authority.pem, register.election.id, code)))
    until = ends.astimezone(UTC).isoformat(timespec="seconds")
    return Answer(
        {"spare": True, "out": str(arguments.out), "url": url, "expires_at": until},
        f"{arguments.out}: for one spare of any precinct, until {until}",
    )


def _write(path: Path, text: str) -> None:
    try:
        write_secret(path, text.encode())
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error


def revoke(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Revoke a station."""
    name = book_named(arguments.station)
    reason = arguments.reason.strip()
    if not reason:
        raise WorldFailed(Failure.REASON_MISSING)
    if len(reason) > REASON_CHARACTERS_MAX:
        raise WorldFailed(Failure.REASON_TOO_LONG, limit=REASON_CHARACTERS_MAX)
    if not reason.isprintable():
        raise WorldFailed(Failure.REASON_MISSING, "signs that cannot be printed")
    with open_register(arguments) as register, register.database.write() as connection:
        station = stations.find_station(connection, name) if name else None
        if station is None:
            raise WorldFailed(Failure.NOTHING_TO_DECIDE, arguments.station)
        if station.revoked_at_s is not None:
            raise WorldFailed(Failure.BOOK_REVOKED, str(station.book))
        at_s = int(register.clock.now().timestamp())
        settling.revoke(connection, station, reason, at_s)
    return Answer(
        {"book": str(station.book), "precinct": station.precinct, "revoked_at": moment(at_s)},
        f"Book {station.book} of precinct {station.precinct} is revoked",
    )


def book_named(text: str) -> BookName | None:
    """The book that `text` names (device in hex, a full stop, epoch), or None where it has not that form."""
    device, _, epoch = text.strip().lower().partition(".")
    try:
        raw = bytes.fromhex(device)
    except ValueError:
        return None
    return BookName(DeviceId(raw), int(epoch)) if len(raw) == 16 and epoch.isascii() and epoch.isdigit() else None


def _precinct(text: str) -> PrecinctCode:
    if not is_precinct_code(text):
        raise WorldFailed(Failure.UNKNOWN_PRECINCT, text, precinct=text)
    return PrecinctCode(text)
