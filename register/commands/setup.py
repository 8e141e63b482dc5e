"""`init` and `synthesise`: an election to work with."""

from __future__ import annotations

import argparse

from pollbook.clock import SystemClock
from pollbook.commanding import Answer, Console, WrongUsage
from pollbook.failures import InputInvalid
from register.commands.progress import Progress
from register.home import RegisterHome
from register.making import make_register, read_election_file, training_election
from register.store.postgresql import normal_url
from register.synthesis.plan import Plan, PlanRefused
from register.synthesis.writer import synthesise as write_lists


def init(arguments: argparse.Namespace, console: Console) -> Answer:
    """Make a register."""
    election = training_election() if arguments.training else read_election_file(arguments.election)
    home = RegisterHome(arguments.home)
    url = _database_url(arguments.database)
    made = make_register(home, election, arguments.officers, SystemClock().now(), database_url=url)
    console.tell("PINs of the officers of the register, shown this once:")
    for number, (name, pin) in enumerate(made.pins.items(), 1):
        console.tell(f"  {number} {name}: {pin}")
    officers = list(range(1, len(made.pins) + 1))  # by number: the JSON answers of all commands name nobody
    return Answer(
        {"election": election.id, "training": election.training, "home": str(home.path), "officers": officers},
        f"A register for {election.id} is in {home.path}",
    )


def _database_url(untrusted: str | None) -> str | None:
    if untrusted is None:
        return None
    try:
        return normal_url(untrusted)
    except InputInvalid as error:
        raise WrongUsage(f"--database: {error}") from error


def synthesise(arguments: argparse.Namespace, console: Console) -> Answer:
    """Write a synthetic list."""
    try:
        plan = _plan(arguments)
        progress = Progress(console, "synthesise")
        written = write_lists(plan, arguments.out, lambda rows, total: progress.tell(rows, rows / total))
    except PlanRefused as error:
        raise WrongUsage(str(error)) from error
    counts = {"precincts": written.precincts, "voters": written.voters, "answers": written.answers}
    return Answer(
        {**counts, "folder": str(written.folder)},
        f"{written.voters} synthetic voters in {written.precincts} precincts are in {written.folder}",
    )


def _plan(arguments: argparse.Namespace) -> Plan:
    if arguments.total is not None:
        return Plan.of_total(precincts=arguments.precincts, voters=arguments.total, seed=arguments.seed)
    return Plan(precincts=arguments.precincts, voters_each=arguments.voters, seed=arguments.seed)
