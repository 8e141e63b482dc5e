"""The entries of a ledger: what a book can say, and the one encoding of each.

An entry is a deterministic CBOR array `[kind, hybrid time, actor, body]` and holds nothing that can be derived:
no number, no hash, no book. Kinds keep their numbers forever; those of later releases are listed so that no
number is given twice. Two kinds beside `Marked` and `MarkVoided` make the signatures of officers mean something:
`KeyBound` ties a person to a key, `DayOpened` is the act of the two who opened (docs/adr/0003).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.clock import HYBRID_TIME_MAX, HybridTime
from pollbook.failures import InputInvalid
from pollbook.types import LINE_ID_MAX, MACHINE, Channel, EntryNumber, LineId, PersonNumber

ENTRY_BYTES_MAX = 4096
REASON_CHARACTERS_MAX = 300
PERSON_NUMBER_MAX = 999
SIGNATURE_BYTES = 64
KEY_BYTES = 32


class Kind(IntEnum):
    """The number of each kind of entry. 3 to 9 are kept for the entries that move lines (DESIGN §1)."""

    MARKED = 1
    MARK_VOIDED = 2
    KEY_BOUND = 16
    DAY_OPENED = 17


_CHANNELS = (Channel.STATION, Channel.HOME, Channel.EARLY)


@dataclass(frozen=True, slots=True)
class OfficerSignature:
    """One officer's Ed25519 signature under an act (see `acts.py` for the bytes that are signed)."""

    person: PersonNumber
    signature: bytes


TwoOfficers = tuple[OfficerSignature, OfficerSignature]


@dataclass(frozen=True, slots=True)
class Marked:
    """The voter of this line received ballots."""

    line: LineId
    channel: Channel


@dataclass(frozen=True, slots=True)
class MarkVoided:
    """The mark with number `mark` is undone by two officers, who say why."""

    line: LineId
    mark: EntryNumber
    reason: str
    officers: TwoOfficers


@dataclass(frozen=True, slots=True)
class KeyBound:
    """From here on this person signs with this key: two officers say so, but of a first key before the first day."""

    person: PersonNumber
    public_key: bytes
    officers: TwoOfficers | None = None


@dataclass(frozen=True, slots=True)
class DayOpened:
    """Two officers opened the station's day; `day` is the local date, YYYY-MM-DD."""

    day: str
    officers: TwoOfficers


Fact = Marked | MarkVoided | KeyBound | DayOpened


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact, when it was entered and who was at the desk."""

    at: HybridTime
    actor: PersonNumber
    fact: Fact


def encode_entry(entry: Entry) -> bytes:
    """The bytes of `entry`, which are stored once and never made again."""
    kind, body = _body(entry.fact)
    return cbor.encode([int(kind), entry.at, entry.actor, body])


def decode_entry(untrusted: bytes) -> Entry:
    """The entry that these bytes say.

    Raises:
        InputInvalid: Not an entry of a kind and form that this release knows, in its one encoding.
    """
    fields = Fields(cbor.decode(untrusted, ENTRY_BYTES_MAX), 4)
    number = fields.take_int(0, 255)
    at = HybridTime(fields.take_int(0, HYBRID_TIME_MAX))
    actor = PersonNumber(fields.take_int(MACHINE, PERSON_NUMBER_MAX))
    try:
        kind = Kind(number)
    except ValueError as error:
        raise InputInvalid(f"an entry of the unknown kind {number}") from error
    return Entry(at, actor, _fact(kind, fields.take_array(8)))


def _body(fact: Fact) -> tuple[Kind, list[object]]:
    match fact:
        case Marked(line, channel):
            return Kind.MARKED, [line, _CHANNELS.index(channel)]
        case MarkVoided(line, mark, reason, officers):
            return Kind.MARK_VOIDED, [line, mark, reason, _pack(officers)]
        case KeyBound(person, key, officers):
            return Kind.KEY_BOUND, [person, key, _pack(officers) if officers else []]
        case DayOpened(day, officers):
            return Kind.DAY_OPENED, [day, _pack(officers)]


def _fact(kind: Kind, body: list[object]) -> Fact:
    match kind:
        case Kind.MARKED:
            fields = Fields(body, 2)
            return Marked(_line(fields), _CHANNELS[fields.take_int(0, len(_CHANNELS) - 1)])
        case Kind.MARK_VOIDED:
            fields = Fields(body, 4)
            line, mark = _line(fields), EntryNumber(fields.take_int(1))
            return MarkVoided(line, mark, fields.take_text(REASON_CHARACTERS_MAX), _officers(fields.take_array(2)))
        case Kind.KEY_BOUND:
            fields = Fields(body, 3)
            person = PersonNumber(fields.take_int(1, PERSON_NUMBER_MAX))
            key, signatures = fields.take_bytes(KEY_BYTES, KEY_BYTES), fields.take_array(2)
            return KeyBound(person, key, _officers(signatures) if signatures else None)
        case Kind.DAY_OPENED:
            fields = Fields(body, 2)
            return DayOpened(fields.take_date().isoformat(), _officers(fields.take_array(2)))


def _line(fields: Fields) -> LineId:
    return LineId(fields.take_int(1, LINE_ID_MAX))


def _pack(officers: TwoOfficers) -> list[object]:
    return [[officer.person, officer.signature] for officer in officers]


def _officers(untrusted: list[object]) -> TwoOfficers:
    first, second = (_officer(Fields(item, 2)) for item in _exactly_two(untrusted))
    return first, second


def _exactly_two(untrusted: list[object]) -> list[object]:
    if len(untrusted) != 2:
        raise InputInvalid("an act of two officers without two signatures")
    return untrusted


def _officer(fields: Fields) -> OfficerSignature:
    person = PersonNumber(fields.take_int(1, PERSON_NUMBER_MAX))
    return OfficerSignature(person, fields.take_bytes(SIGNATURE_BYTES, SIGNATURE_BYTES))
