"""The commands of dev.py and what each needs before it starts."""

from __future__ import annotations

import argparse
import errno
import os
import subprocess
import time
from pathlib import Path

from development import checks, demo, packing
from development.console import ROOT, Stopped, complain, exit_status_of, say
from development.setup import PYTHON, RUN_PACKAGES, SOAK_PACKAGES, TEST_PACKAGES, ensure_system_packages, set_up
from development.testing import run_tests

BENCHMARKS = ROOT / "benchmarks"
SOAKS = ROOT / "tests" / "soak"

DESCRIPTION = """\
Sets up what is missing (system packages by apt, pinned packages with hashes in .venv), then does as told.
Needs Python 3.11 or 3.12 with pip; as root it installs system packages itself, otherwise it prints the line to run.
"""
EPILOG = """\
Everything made lies in .venv/, .tools/, build/ and dist/; deleting them starts afresh.
exit status: 0 done; 1 something failed; 2 wrong usage; 4 something is not there (a system package, the network);
`test` passes pytest's on. More in docs/development.md, also how to rehearse on a clean machine
(development/clean_machine.sh).
"""


def main(arguments: list[str]) -> int:
    """Do what the command line asks and return the exit status."""
    passed_on: list[str] = []
    if arguments[:1] in (["test"], ["simulate"]) and arguments[1:2] not in (["-h"], ["--help"]):
        arguments, passed_on = arguments[:1], arguments[1:]
    asked = _parser().parse_args(arguments)
    try:
        return _do(asked, passed_on)
    except Stopped as stopped:
        complain(str(stopped))
        return stopped.exit_status
    except KeyboardInterrupt:
        complain("Stopped.")
        return 130
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC):
            raise
        complain(
            f"{error.strerror}: {error.filename or ROOT}. dev.py writes build/, .venv/ and .tools/ in the checkout."
        )
        return 4


def _do(asked: argparse.Namespace, passed_on: list[str]) -> int:
    if asked.command == "bench" and asked.list:
        print("\n".join(path.stem for path in find_benchmarks(BENCHMARKS)))  # noqa: T201 - the answer asked for
        return 0
    started = time.monotonic()
    packages = [*RUN_PACKAGES, *(TEST_PACKAGES if asked.command in {"setup", "test", "bench", "soak"} else ())]
    set_up([*packages, *(SOAK_PACKAGES.get(asked.name, ()) if asked.command == "soak" else ())])
    say(f"Ready in {time.monotonic() - started:.1f} s.")
    match asked.command:
        case "run":
            return demo.run(fresh=asked.fresh, offscreen=False)
        case "screens":
            return demo.run(fresh=asked.fresh, offscreen=True)
        case "test":
            return run_tests(passed_on)
        case "check":
            return checks.check()
        case "bench":
            return run_benchmarks(find_benchmarks(BENCHMARKS, asked.name))
        case "soak":
            return subprocess.call([PYTHON, "-m", f"tests.soak.{asked.name}", *asked.options], cwd=ROOT)
        case "simulate":
            return subprocess.call([PYTHON, "-m", "tests.simulation", *passed_on], cwd=ROOT)
        case "fuzz":
            names = [asked.name] if asked.name else []
            command = [PYTHON, "-m", "tests.fuzzing.fuzz", *names, "--inputs", str(asked.inputs)]
            return subprocess.call(command, cwd=ROOT)
        case "installer":
            ensure_system_packages(packing.installer_packages(), is_root=os.geteuid() == 0)
            return packing.build_installer()
        case "lock":
            return packing.remake_lock(upgrade=asked.upgrade, uv_version=asked.uv)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")

    command("setup", "only set up what the other commands need")
    run = command(
        "run",
        "open the desktop on a synthetic election in build/demo (made once: a register on loopback, one station); "
        "without a display, play a scripted check-in offscreen and leave screenshots in build/screens",
    )
    screens = command("screens", "play that scripted check-in offscreen even where there is a display")
    for demonstration in (run, screens):
        demonstration.add_argument("--fresh", action="store_true", help="make the synthetic election anew first")
    test = command(
        "test",
        "run all tests offscreen, on all cores; or, in one process, what arguments for pytest choose (-k custody)",
    )
    test.add_argument("pytest", nargs="*", help="arguments for pytest")
    command("check", "ruff, mypy --strict, import-linter, and that no committed file names a package registry")
    bench = command("bench", "measure: each benchmark prints its figures as ratios to a reference of the same run")
    bench.add_argument("name", nargs="?", metavar="NAME", help="one of them instead of all")
    bench.add_argument("--list", action="store_true", help="print their names and stop")
    soak = command("soak", "a long rehearsal that stops by itself; its last results stand in docs/evidence")
    soak.add_argument("name", choices=find_soaks(), help="which")
    soak.add_argument("options", nargs=argparse.REMAINDER, help="its own options (--help)")
    simulate = command(
        "simulate", "simulated election days with every fault, from seeds; after each the promises must hold"
    )
    simulate.add_argument(
        "options", nargs=argparse.REMAINDER, help="--seeds N, --minutes M, --seed K, --steps, --mutations (--help)"
    )
    fuzz = command(
        "fuzz", "feed the parsers of untrusted bytes what a fuzzer thinks of; results in docs/evidence/fuzzing.md"
    )
    fuzz.add_argument("name", nargs="?", metavar="NAME", help="one parser instead of all")
    fuzz.add_argument("--inputs", type=int, default=100_000, metavar="N", help="to each (default: 100000)")
    command("installer", "build dist/uchastka (two executables in one folder) and see that both start")
    lock = command("lock", "solve requirements.lock from pyproject.toml again")
    lock.add_argument("--upgrade", action="store_true", help="take newer versions where pyproject.toml allows them")
    lock.add_argument("--uv", metavar="VERSION", help="also pin this version of uv in tools.lock")
    return parser


def find_soaks() -> list[str]:
    """Return the names of the long rehearsals: the modules in tests/soak that say how they are run."""
    return sorted(path.stem for path in SOAKS.glob("*.py") if "python3 dev.py soak" in path.read_text("utf-8"))


def find_benchmarks(folder: Path, name: str | None = None) -> list[Path]:
    """Return the benchmark called `name` (with or without `bench_`), or all of them in order.

    Raises:
        Stopped: There is none of that name.
    """
    every = sorted(folder.glob("bench_*.py"))
    if name is None:
        return every
    wanted = {name.removesuffix(".py"), f"bench_{name.removesuffix('.py')}"}
    named = [path for path in folder.glob("*.py") if path.stem in wanted]
    if not named:
        known = ", ".join(path.stem for path in every) or "none"
        raise Stopped(f"No benchmark is called {name}. There are: {known}.", exit_status=2)
    return named


def run_benchmarks(paths: list[Path]) -> int:
    """Run the benchmarks one after the other, each with the machine's load; return 1 if one failed."""
    failed = []
    for path in paths:
        load = " ".join(f"{average:.2f}" for average in os.getloadavg())
        say(f"{path.stem} (load average {load}) …")
        started = time.monotonic()
        status = subprocess.call([PYTHON, path], cwd=ROOT)
        say(
            f"  {'done' if status == 0 else f'FAILED ({exit_status_of(status)})'} in {time.monotonic() - started:.1f} s"
        )
        if status:
            failed.append(path.stem)
    if not paths:
        complain("There are no benchmarks yet.")
    return int(bool(failed) or not paths)
