"""`import`, and what two officers decide about an import: `decide` and `accept-totals`."""

from __future__ import annotations

import argparse
import getpass
import json
import re

from pollbook.commanding import Answer, Console, WrongUsage
from pollbook.failures import Failure, WorldFailed
from pollbook.types import OFFICERS_OF_AN_ACT, PrecinctCode, is_precinct_code
from register.commands.opening import OpenRegister, open_register
from register.commands.progress import Progress
from register.officers import Act, AskPin, ProvenAct, accept_totals, keep_one, prove
from register.store.decisions import ListPlace
from register.store.lists import PrecinctCount
from register.voter_list.importing import ImportFiles, import_list

_PLACE = re.compile(r"(\d{4}-\d{4}):(\d{1,5}):(\d{1,5})", re.ASCII)
_NAMED_MAX = 20
"""Precincts named one by one on the screen; the JSON answer has them all."""


def import_voters(arguments: argparse.Namespace, console: Console) -> Answer:
    """Import a list."""
    files = ImportFiles(arguments.voters, arguments.totals, arguments.officers, arguments.mapping)
    progress = Progress(console, "import")
    with open_register(arguments) as register, register.home.only_one("import"):
        now = register.clock.now()
        done = import_list(register.home, register.database, register.election, files, now, progress.tell)
    _tell(console, Failure.TOTALS_DIFFER, done.differing)
    for count in done.too_large[:_NAMED_MAX]:
        facts = {"precinct": count.code, "found": count.loaded, "limit": register.election.lines_max}
        console.tell_failure(Failure.SLICE_TOO_LARGE, facts, count.code)
    return Answer(
        {
            "imported": done.imported,
            "held_back": done.held_back,
            "rejected": done.rejected,
            "warnings": done.warnings,
            "report": str(done.report),
            "totals": [differing(count) for count in done.differing],
            "too_large": [{"precinct": count.code, "lines": count.loaded} for count in done.too_large],
        },
        f"{done.imported:,} imported, {done.held_back:,} held back, {done.rejected:,} rejected; report: {done.report}",
    )


def decide(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Decide which of the held-back lines with one PINFL stays."""
    keep = None if arguments.keep == "none" else _place(arguments.keep)
    if arguments.pinfl is None and keep is None:
        raise WrongUsage("without --pinfl, --keep must name the line that has none")
    with open_register(arguments) as register:
        act = two_officers(arguments, register)
        with register.database.write() as connection:
            decided = keep_one(connection, register.election, arguments.pinfl, keep, act)
    kept = str(keep) if keep else None
    return Answer({"decided": decided, "kept": kept}, f"Decided on {decided} lines; kept: {kept or 'none'}")


def accept(arguments: argparse.Namespace, _console: Console) -> Answer:
    """Accept that a precinct's count differs from the official total."""
    if not is_precinct_code(arguments.precinct):
        raise WorldFailed(Failure.UNKNOWN_PRECINCT, precinct=arguments.precinct)
    precinct = PrecinctCode(arguments.precinct)
    with open_register(arguments) as register:
        act = two_officers(arguments, register)
        with register.database.write() as connection:
            accept_totals(connection, register.election, precinct, act)
    return Answer({"accepted": precinct}, f"The difference of precinct {precinct} is accepted")


def differing(count: PrecinctCount) -> dict[str, object]:
    """A precinct's counts as the JSON answers show them."""
    counts = {"loaded": count.loaded, "official": count.official}
    return {"precinct": count.code, **counts, "accepted": count.is_accepted}


def _tell(console: Console, failure: Failure, counts: tuple[PrecinctCount, ...]) -> None:
    for count in counts[:_NAMED_MAX]:
        facts = {"precinct": count.code, "loaded": count.loaded, "official": count.official}
        console.tell_failure(failure, facts, f"{count.code}: {count.loaded} != {count.official}")


def _place(text: str) -> ListPlace:
    place = _PLACE.fullmatch(text)
    if place is None:
        raise WrongUsage("--keep takes PRECINCT:PAGE:ROW or none")
    return ListPlace(PrecinctCode(place[1]), int(place[2]), int(place[3]))


def two_officers(arguments: argparse.Namespace, register: OpenRegister) -> ProvenAct:
    """The act of the two officers that the command line names, who give their PINs now; no transaction may be open.

    Raises:
        WrongUsage: Not two officers.
        WorldFailed: As `officers.prove`.
    """
    if len(arguments.officer) != OFFICERS_OF_AN_ACT:
        raise WrongUsage("an act takes two officers: --officer NAME --officer NAME")
    first, second = arguments.officer
    return prove(register.database, Act(arguments.reason, (first, second), _pins(register), register.clock))


def _pins(register: OpenRegister) -> AskPin:
    """In a training election the PINs lie in the register's folder; in a real one each officer types his own."""
    if not register.election.training:
        return lambda name: getpass.getpass(f"PIN of {name}: ")
    try:
        pins: dict[str, str] = json.loads(register.home.training_pins.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WorldFailed(Failure.PIN_NOT_SET, str(register.home.training_pins)) from error
    return lambda name: pins.get(name, "")
