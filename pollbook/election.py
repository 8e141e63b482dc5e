"""The election as it was configured: contests, colours, dates and policies are data, never code (DOMAIN, preface).

The register reads a TOML file once (its schema: docs/election-file.md) and gives every slice the same canonical
bytes; their SHA-256 is part of what the slice's signature covers, so all stations hold one configuration.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.texts import LANGUAGES
from pollbook.types import ElectionId

ELECTION_BYTES_MAX = 64 * 1024
CONTESTS_MAX = 16
T = TypeVar("T")
_TEXT_MAX = 200
_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,39}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Contest:
    """One ballot: its code in the lists, its paper's colour (`#RRGGBB`) and its name in each of `LANGUAGES`."""

    code: str
    colour: str
    names: tuple[str, ...]

    def name(self, language: str) -> str:
        """The contest's name in one of `LANGUAGES`."""
        return self.names[LANGUAGES.index(language)]


@dataclass(frozen=True, slots=True)
class Election:
    """One election. `training` marks synthetic data: it is said on every screen and paper."""

    id: ElectionId
    training: bool
    names: tuple[str, ...]
    day: date
    zone: str
    opens: time
    closes: time
    contests: tuple[Contest, ...]
    lines_max: int
    lock_after_s: int
    code_valid_h: int

    def name(self, language: str) -> str:
        """The election's name in one of `LANGUAGES`."""
        return self.names[LANGUAGES.index(language)]

    def contest(self, code: str) -> Contest | None:
        """The contest with this code, or None."""
        return next((contest for contest in self.contests if contest.code == code), None)

    def encode(self) -> bytes:
        """The canonical bytes, the same at every station."""
        contests = [[contest.code, contest.colour, list(contest.names)] for contest in self.contests]
        hours = [self.opens.isoformat("minutes"), self.closes.isoformat("minutes")]
        limits = [self.lines_max, self.lock_after_s, self.code_valid_h]
        day = self.day.isoformat()
        return cbor.encode([self.id, int(self.training), list(self.names), day, self.zone, hours, contests, limits])


def decode_election(untrusted: bytes) -> Election:
    """The election that `encode` made these bytes of.

    Raises:
        InputInvalid: They are not an election's canonical bytes.
    """
    fields = Fields(cbor.decode(untrusted, ELECTION_BYTES_MAX), 8)
    identity, training = fields.take_text(40), bool(fields.take_int(0, 1))
    names, day, zone = _names(fields.take_array(len(LANGUAGES))), fields.take_date(), fields.take_text(64)
    hours = Fields(fields.take_array(2), 2)
    opens, closes = _time(hours.take_text(5)), _time(hours.take_text(5))
    contests = tuple(_contest(Fields(item, 3)) for item in fields.take_array(CONTESTS_MAX))
    limits = Fields(fields.take_array(3), 3)
    lines_max, lock_after_s, code_valid_h = limits.take_int(1), limits.take_int(10), limits.take_int(1)
    return _checked(
        Election(
            ElectionId(identity),
            training,
            names,
            day,
            zone,
            opens,
            closes,
            contests,
            lines_max,
            lock_after_s,
            code_valid_h,
        )
    )


def read_election(untrusted_toml: str) -> Election:
    """The election that a TOML file describes (docs/election-file.md).

    Raises:
        InputInvalid: Not TOML, or a field is missing, unknown or out of its bounds; the message names it.
    """
    try:
        return _from_toml(tomllib.loads(untrusted_toml))
    except tomllib.TOMLDecodeError as error:
        raise InputInvalid(f"not TOML: {error}") from error
    except KeyError as error:
        raise InputInvalid(f"the field {error} is missing") from error
    except (TypeError, AttributeError, RecursionError) as error:
        raise InputInvalid("a field has the wrong form") from error


def _from_toml(toml: dict[str, Any]) -> Election:
    head, policy = toml["election"], toml.get("policy", {})
    known = {"election", "contests", "policy"}
    if unknown := set(toml) - known:
        raise InputInvalid(f"the unknown table {min(unknown)!r}")
    contests = tuple(
        Contest(str(item["code"]), str(item["colour"]).upper(), _from_table(item["name"])) for item in toml["contests"]
    )
    return _checked(
        Election(
            id=ElectionId(str(head["id"])),
            training=_typed(head.get("training", False), bool),
            names=_from_table(head["name"]),
            day=_typed(head["day"], date),
            zone=str(head.get("zone", "Asia/Tashkent")),
            opens=_typed(head.get("opens", time(8)), time),
            closes=_typed(head.get("closes", time(20)), time),
            contests=contests,
            lines_max=_typed(policy.get("lines_max", 3000), int),
            lock_after_s=_typed(policy.get("lock_after_s", 300), int),
            code_valid_h=_typed(policy.get("code_valid_h", 72), int),
        )
    )


def _typed(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind) or type(value) is not kind:
        raise InputInvalid(f"{value!r} is not a {kind.__name__}")
    return value


def _from_table(table: dict[str, str]) -> tuple[str, ...]:
    return tuple(str(table[language]) for language in LANGUAGES)


def _checked(election: Election) -> Election:
    codes = [contest.code for contest in election.contests]
    texts = [*election.names, *(name for contest in election.contests for name in contest.names)]
    faults = {
        "id": not _ID.fullmatch(election.id),
        "opens": not election.opens < election.closes,
        "contests": not 1 <= len(codes) <= CONTESTS_MAX or len(set(codes)) < len(codes),
        "code": not all(_CODE.fullmatch(code) for code in codes),
        "colour": not all(_COLOUR.fullmatch(contest.colour) for contest in election.contests),
        "name": not all(0 < len(text) <= _TEXT_MAX for text in texts),
        "lines_max": not 1 <= election.lines_max <= 1_000_000,
        "lock_after_s": not 10 <= election.lock_after_s <= 86_400,
        "code_valid_h": not 1 <= election.code_valid_h <= 24 * 90,
    }
    for field, wrong in faults.items():
        if wrong:
            raise InputInvalid(f"the field {field!r} is out of its bounds")
    try:
        ZoneInfo(election.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputInvalid(f"the time zone {election.zone!r} is unknown") from error
    return election


def _names(untrusted: list[object]) -> tuple[str, ...]:
    fields = Fields(untrusted, len(LANGUAGES))
    return tuple(fields.take_text(_TEXT_MAX) for _ in LANGUAGES)


def _contest(fields: Fields) -> Contest:
    return Contest(fields.take_text(40), fields.take_text(7), _names(fields.take_array(len(LANGUAGES))))


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise InputInvalid("not a time of day") from error
