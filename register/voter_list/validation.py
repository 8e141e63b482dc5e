"""Whether a row of a list may enter the register: pure, and the same for CSV and XLSX.

A row is looked at twice at most. The quick look answers for a row without any fault, each value from a cache where it
has been seen before; only where it fails is the row taken apart to say what is wrong with which field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pollbook import pinfl as pinfls
from pollbook.election import Election
from pollbook.pinfl import Disagreement
from pollbook.slice import TEXT_MAX
from pollbook.types import is_precinct_code
from register.synthesis.marks import is_synthetic
from register.voter_list.encoding import WINDOWS_1251
from register.voter_rows import COLUMNS, Reason, RowFault, Severity, VoterRow, warning

BORN_FROM = date(1880, 1, 1)
PAGE_MAX = 99_999
_CACHE_MAX = 50_000
"""Values kept per column: about 10 MB for addresses, the longest."""
_CACHED_CHARACTERS_MAX = 80
"""Longer cells are read each time: a file of nothing else would fill the caches with gigabytes."""
_DOCUMENT = re.compile(r"[A-Z]{2}\d{7}", re.ASCII)
_SOATO = re.compile(r"\d{4,10}", re.ASCII)
_DATE = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})", re.ASCII)
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,5}", re.ASCII)
_SEXES = {"m": "m", "м": "m", "erkak": "m", "эркак": "m", "f": "f", "ж": "f", "ayol": "f", "аёл": "f"}
_BIDIRECTIONAL = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They can make a name read as another one on screen and paper."""
_DIGITS = "0123456789"


@dataclass(frozen=True, slots=True)
class Flawed:
    """A row with something to report; `row` is None where one of the faults is an error."""

    faults: tuple[RowFault, ...]
    row: VoterRow | None


_new_row = tuple.__new__


class Validator:
    """Judges the rows of one list for one election; it remembers values, never rows."""

    def __init__(self, election: Election, encoding: str) -> None:
        self._training = election.training
        known = [contest.code for contest in election.contests]
        text = _text_reader(encoding)
        readers: dict[str, Callable[[str], object]] = {
            "surname": _required(text),
            "given_name": _required(text),
            "patronymic": text,
            "birth_date": _dates(election.day),
            "sex": _sex,
            "address": text,
            "mahalla": text,
            "district_soato": _soato,
            "precinct": _precinct,
            "page": _number,
            "row": _number,
            "contests": _contests(known),
        }
        self._caches = {field: _Cache(read) for field, read in readers.items()}
        self._quick = tuple(self._caches[field] for field in COLUMNS[2:])
        self._stated = _Cache(_stated_by)
        self._text = text

    def __call__(self, cells: Sequence[str]) -> VoterRow | Flawed:
        """The row as the register takes it, or what is to be reported of it; `cells` are in the order of `COLUMNS`."""
        names, givens, patronymics, births, sexes, addresses, mahallas, soatos, places, pages, rows, contests = (
            self._quick
        )
        pinfl, document = cells[0], cells[1]
        values = (
            pinfl,
            document,
            names[cells[2]],
            givens[cells[3]],
            patronymics[cells[4]],
            births[cells[5]],
            sexes[cells[6]],
            addresses[cells[7]],
            mahallas[cells[8]],
            soatos[cells[9]],
            places[cells[10]],
            pages[cells[11]],
            rows[cells[12]],
            contests[cells[13]],
        )
        try:
            is_sound = (
                _DIGITS[pinfls.check_digit(pinfl[:13])] == pinfl[13:]
                and len(document) == 9
                and document[:2].isupper()
                and document[2:].isdecimal()
                and document.isascii()
                and self._stated[pinfl[:7]] == values[5:7]
                and is_synthetic(pinfl, document) is self._training
            )
        except ValueError:
            is_sound = False
        for value in values:
            if type(value) is Reason:
                is_sound = False
        return _new_row(VoterRow, values) if is_sound else self._take_apart(cells)

    def _take_apart(self, cells: Sequence[str]) -> Flawed | VoterRow:
        faults: list[RowFault] = []
        values: list[object] = []
        for field, cell in zip(COLUMNS, cells, strict=True):
            value: object
            match field:
                case "pinfl":
                    value = self._pinfl(cell)
                case "document":
                    value = self._document(cell)
                case _:
                    value = self._caches[field][cell]
            if isinstance(value, Reason):
                faults.append(RowFault(field, value))
            values.append(value)
        if faults:
            return Flawed(tuple(faults), None)
        row = VoterRow._make(values)  # each value came from its column's reader
        faults = [*_remarks(row), *self._origin(row)]
        if not faults:
            return row
        return Flawed(tuple(faults), None if any(fault.severity is Severity.ERROR for fault in faults) else row)

    def _pinfl(self, cell: str) -> str | Reason:
        text = self._text(cell)
        if isinstance(text, Reason) or not text:
            return text
        return text if pinfls.is_well_formed(text) else Reason.MALFORMED

    def _document(self, cell: str) -> str | Reason:
        text = self._text(cell)
        if isinstance(text, Reason) or not text:
            return text
        document = text.upper().replace(" ", "")
        return document if _DOCUMENT.fullmatch(document) else Reason.MALFORMED

    def _origin(self, row: VoterRow) -> list[RowFault]:
        """Synthetic data belong into a training election, and nothing else does (DOMAIN §9)."""
        if not row.pinfl and not row.document:
            return [RowFault("pinfl", Reason.MISSING)]
        if is_synthetic(row.pinfl, row.document) == self._training:
            return []
        return [RowFault("row", Reason.NOT_SYNTHETIC if self._training else Reason.SYNTHETIC)]


class _Cache(dict[str, object]):
    """What a column's reader made of each text; emptied when it is full."""

    def __init__(self, read: Callable[[str], object]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> object:
        value = self._read(text)
        if len(text) <= _CACHED_CHARACTERS_MAX:
            if len(self) >= _CACHE_MAX:
                self.clear()
            self[text] = value
        return value


def _remarks(row: VoterRow) -> list[RowFault]:
    if not row.pinfl:
        return []
    found = pinfls.disagreements(row.pinfl, date.fromisoformat(row.birth_date), "m" if row.sex == "m" else "f")
    reasons = {
        Disagreement.CHECK_DIGIT: Reason.CHECK_DIGIT,
        Disagreement.IMPOSSIBLE_DATE: Reason.IMPOSSIBLE_DATE,
        Disagreement.BIRTH_DATE: Reason.BIRTH_DATE,
        Disagreement.SEX: Reason.SEX,
    }
    return [warning("pinfl", reasons[each]) for each in found]


def _text_reader(encoding: str) -> Callable[[str], str | Reason]:
    def read(cell: str) -> str | Reason:
        text = cell.strip()
        if len(text) > TEXT_MAX:
            return Reason.TOO_LONG
        if text.isascii() and text.isprintable():
            return text
        return _beyond_ascii(text, encoding)

    return read


def _beyond_ascii(text: str, encoding: str) -> str | Reason:
    categories = {unicodedata.category(character) for character in text}
    if "Cs" in categories or (encoding == WINDOWS_1251 and _is_utf_8(text)):
        return Reason.MIXED_ENCODING
    if categories & {"Cc", "Co", "Cn", "Zl", "Zp"} or not _BIDIRECTIONAL.isdisjoint(text):
        return Reason.CONTROL_CHARACTER
    return unicodedata.normalize("NFC", text)


def _is_utf_8(text: str) -> bool:
    """Whether a text read as Windows-1251 is UTF-8 that was read wrongly; real words never look so by chance."""
    try:
        return not text.isascii() and bool(text.encode(WINDOWS_1251).decode("utf-8"))
    except UnicodeError:
        return False


def _required(read: Callable[[str], str | Reason]) -> Callable[[str], str | Reason]:
    return lambda cell: read(cell) or Reason.MISSING


def _dates(election_day: date) -> Callable[[str], str | Reason]:
    def read(cell: str) -> str | Reason:
        text = cell.strip()
        if not text:
            return Reason.MISSING
        if written := _DATE.fullmatch(text):
            text = "-".join(reversed(written.groups()))
        try:
            day = date.fromisoformat(text) if _ISO_DATE.fullmatch(text) else None  # Python knows other forms too
        except ValueError:
            day = None
        if day is None:
            return Reason.NOT_A_DATE
        return day.isoformat() if BORN_FROM <= day <= election_day else Reason.OUT_OF_RANGE

    return read


def _sex(cell: str) -> str | Reason:
    text = cell.strip().lower()
    return _SEXES.get(text, Reason.UNKNOWN) if text else Reason.MISSING


def _soato(cell: str) -> str | Reason:
    text = cell.strip()
    return text if not text or _SOATO.fullmatch(text) else Reason.MALFORMED


def _precinct(cell: str) -> str | Reason:
    text = cell.strip()
    if not text:
        return Reason.MISSING
    return text if is_precinct_code(text) else Reason.MALFORMED


def _number(cell: str) -> int | Reason:
    text = cell.strip()
    if not text:
        return Reason.MISSING
    if not _NUMBER.fullmatch(text):
        return Reason.MALFORMED
    return int(text) if 1 <= int(text) <= PAGE_MAX else Reason.OUT_OF_RANGE


def _contests(known: Sequence[str]) -> Callable[[str], str | Reason]:
    def read(cell: str) -> str | Reason:
        codes = {code.strip() for code in cell.split(";")} - {""}
        if not codes:
            return Reason.MISSING
        return ";".join(code for code in known if code in codes) if codes <= set(known) else Reason.UNKNOWN

    return read


def _stated_by(pinfl_beginning: str) -> tuple[object, object]:
    """Birth date and sex that the first seven digits state, as a row says them."""
    whole = pinfl_beginning + "0000000"
    born, sex = pinfls.birth_date(whole), pinfls.sex(whole)
    return (born.isoformat() if born else None, sex)
