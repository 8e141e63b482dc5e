"""What the commands of all three programs share: arguments, one JSON object, failures in words, exit statuses.

A command is a function `act(arguments, console) -> Answer | None`. `run_command` parses, calls it and ends as DESIGN §9
says: 0 done, 1 a fault, 2 wrong usage, 3 refused, 4 the link or a device is not there. With `--json` there is one JSON
object on stdout and nothing else; messages for people go to stderr with their failure code.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import io
import json
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import IO, NoReturn

import platformdirs

from pollbook.failures import Exit, Failure, UchastkaError, WorldFailed
from pollbook.texts import LANGUAGES, FailureText, Texts, load_texts

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""
_LANGUAGE_OF = {"uz": "uz_Latn", "kaa": "kaa", "ru": "ru", "en": "en", "c": "en", "posix": "en", "": "en"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers: `data` is the JSON object; `text` what a person reads instead, made of `data` if None."""

    data: Mapping[str, object]
    text: str | None = None
    exit: Exit = Exit.DONE


Act = Callable[[argparse.Namespace, "Console"], Answer | None]


class WrongUsage(Exception):
    """The command line is not one that the program knows; the message is argparse's."""


class CommandParser(argparse.ArgumentParser):
    """A parser that exits nowhere, and whose commands take `--home` and `--json` before and after their name."""

    def __init__(self, *, is_top: bool = False, default_home: Path | None = None, **options: object) -> None:
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]  # argparse's own options
        unset = argparse.SUPPRESS
        home = default_home if is_top else unset
        self.add_argument("--home", type=Path, metavar="DIR", default=home, help="the folder to work in")
        as_json = False if is_top else unset
        self.add_argument("--json", dest="as_json", action="store_true", default=as_json, help="one JSON object")
        if is_top:
            self.add_argument("--version", action="version", version=f"%(prog)s {software_version()}")

    @cached_property
    def _commands(self) -> argparse._SubParsersAction[CommandParser]:
        return self.add_subparsers(metavar="COMMAND", parser_class=CommandParser)

    def command(self, name: str, text: str, act: Act | None = None) -> CommandParser:
        """The parser of a further command, or of a group of commands where `act` is None."""
        parser = self._commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        parser.set_defaults(act=act if act is not None else _no_command)
        return parser

    def error(self, message: str) -> NoReturn:
        """End parsing.

        Raises:
            WrongUsage: Always.
        """
        raise WrongUsage(f"{self.format_usage()}{self.prog}: {message}")


class Console:
    """Where a command speaks: the answer to stdout, everything else to stderr."""

    def __init__(self, *, as_json: bool, language: str) -> None:
        self.as_json = as_json
        self.language = language

    @cached_property
    def texts(self) -> Texts:
        """The texts of this console's language."""
        return load_texts(self.language)

    def answer(self, answer: Answer) -> None:
        """Print the answer: the JSON object, or the words for it."""
        if self.as_json:
            print(json.dumps(answer.data, ensure_ascii=False, default=str), flush=True)  # noqa: T201 - the answer
        else:
            text = answer.text if answer.text is not None else "\n".join(_lines(answer.data))
            if text:
                print(text, flush=True)  # noqa: T201 - the answer

    def tell(self, text: str) -> None:
        """Say something to the person at the terminal, on stderr."""
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - for people

    def tell_failure(self, failure: Failure, facts: Mapping[str, object] | None = None, detail: str = "") -> None:
        """Say a failure in words with its code, on stderr."""
        self.tell(f"{self._words(failure, facts)}{f' [{detail}]' if detail else ''}")

    def _words(self, failure: Failure, facts: Mapping[str, object] | None) -> FailureText:
        try:
            return self.texts.failure(failure, facts)
        except (OSError, ValueError, KeyError):  # a broken installation must still name the failure
            return FailureText(failure.code, failure.key, "")


def refused(failure: Failure, facts: Mapping[str, object] | None = None, **data: object) -> Answer:
    """The answer that names why: `refusal` where a person asked in vain (exit 3), else `failure`."""
    name = "refusal" if failure.exit is Exit.REFUSED else "failure"
    return Answer({name: failure.key, "code": failure.code, **data, **(facts or {})}, "", failure.exit)


def read_given(path: Path, bytes_max: int) -> bytes:
    """The bytes of a file that the command line names, one more than `bytes_max` where there are too many.

    Raises:
        WorldFailed: `FILE_UNREADABLE`.
    """
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(path), path=path) from error


def _no_command(_arguments: argparse.Namespace, _console: Console) -> Answer:
    raise WrongUsage("a command is missing; --help lists them")


@dataclass(frozen=True, slots=True)
class Program:
    """A program with commands: its parser, and its act where no command is given (by default that is wrong usage)."""

    parser: Callable[[], CommandParser]
    act: Act = _no_command


def run_command(program: Program, argv: Sequence[str] | None = None) -> int:
    """Do what the command line asks; whatever happens, the exit status and the one object say so."""
    words = sys.argv[1:] if argv is None else list(argv)
    _speak_utf8(sys.stdout, sys.stderr)
    logging.basicConfig(
        format="%(asctime)s level=%(levelname)s module=%(name)s %(message)s", level=logging.WARNING, stream=sys.stderr
    )
    console = Console(as_json="--json" in words, language=language_of(os.environ))
    try:
        return int(_run(program, words, console))
    except BrokenPipeError:  # whoever read the answer has gone; Python's own flush at exit must not fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.FAULT)


def _run(program: Program, words: list[str], console: Console) -> int:
    home: Path | None = None
    try:
        arguments = program.parser().parse_args(words)
        home = arguments.home
        act: Act = getattr(arguments, "act", program.act)
        answer = act(arguments, console)
    except SystemExit as ended:  # --help and --version
        return ended.code if isinstance(ended.code, int) else 0
    except WrongUsage as error:
        console.tell(str(error))
        answer = refused(Failure.WRONG_USAGE)
    except UchastkaError as error:
        console.tell_failure(error.failure, error.facts, error.detail)
        answer = refused(error.failure, error.facts)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends as U99 with a file that tells where
        log = write_fault(error, home)
        console.tell_failure(Failure.FAULT, detail=str(log))
        answer = refused(Failure.FAULT, {"log": str(log)})
    if answer is None:
        return Exit.DONE
    console.answer(answer)
    return answer.exit


def language_of(environ: Mapping[str, str]) -> str:
    """The language of the messages: `UCHASTKA_LANGUAGE` (one of `LANGUAGES`), else what the locale says."""
    wanted = environ.get("UCHASTKA_LANGUAGE", "")
    if wanted in LANGUAGES:
        return wanted
    name = next((environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(key)), "").lower()
    tongue = name.replace(".", "_").replace("@", "_").split("_")[0]
    if tongue == "uz" and "cyrillic" in name:
        return "uz_Cyrl"
    return _LANGUAGE_OF.get(tongue, LANGUAGES[0])


def default_home(kind: str) -> Path:
    """Where a `station` or `register` lives unless `--home` says otherwise."""
    return platformdirs.user_data_path("uchastka", appauthor=False) / kind


@cache
def software_version() -> str:
    """This program's version, as the metadata of its installation has it."""
    try:
        return importlib.metadata.version("uchastka")
    except importlib.metadata.PackageNotFoundError:
        return "0"


def software_name() -> str:
    """What a request says that it comes from, at most 40 characters."""
    return f"uchastka {software_version()}"[:40]


def write_fault(error: BaseException, home: Path | None) -> Path:
    """Keep where a fault happened in a file of `home/faults`, or of the temporary folder where that can't be written.

    Only places and kinds of errors are kept: a message may hold what a voter's line holds.
    """
    name = f"fault-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.log"
    text = "\n".join(_places(error))
    for folder in ([home / "faults"] if home is not None and home.is_dir() else []) + [Path(tempfile.gettempdir())]:
        try:
            folder.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8")
        except OSError:
            continue
        return folder / name
    return Path(name)


def _places(error: BaseException) -> list[str]:
    places = [f"uchastka {software_version()}, Python {sys.version.split()[0]}, {sys.platform}"]
    seen: BaseException | None = error
    while seen is not None:
        number = f" errno={seen.errno}" if isinstance(seen, OSError) else ""
        places.append(f"{type(seen).__module__}.{type(seen).__qualname__}{number}")
        places += [
            f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(seen.__traceback__)
        ]
        seen = seen.__cause__ or seen.__context__
    return places


def _lines(data: Mapping[str, object]) -> list[str]:
    """An answer for a reader: a line a field, and under a list of things a line a thing."""
    lines: list[str] = []
    for key, value in data.items():
        if isinstance(value, list | tuple) and value and all(isinstance(each, dict) for each in value):
            lines.append(f"{key}:")
            lines += ["  " + "  ".join(f"{name} {_plain(part)}" for name, part in each.items()) for each in value]
        else:
            lines.append(f"{key}: {_plain(value)}")
    return lines


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _speak_utf8(*streams: IO[str]) -> None:
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and (stream.encoding or "").lower().replace("-", "") != "utf8":
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
