"""What a document at the desk says, as far as the box or the card already knows it: nobody types it twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from devices.emrtd import mrz
from devices.emrtd.mrz import MrzInvalid
from pollbook.asks import PINFL_CHARACTERS_MAX
from pollbook.voters import Voter

_CENTURY = 100


@dataclass(frozen=True, slots=True)
class DocumentWords:
    """Words to begin with; each may be empty."""

    pinfl: str = ""
    document: str = ""
    surname: str = ""
    given_name: str = ""
    patronymic: str = ""
    birth_date: date | None = None


def words_of_voter(voter: Voter) -> DocumentWords:
    """What the list says of a voter."""
    return DocumentWords(
        voter.pinfl, voter.document, voter.surname, voter.given_name, voter.patronymic, voter.birth_date
    )


def words_in_box(untrusted: str) -> DocumentWords:
    """What was scanned or typed into the search box: a machine readable zone, or a PINFL; else nothing."""
    text = untrusted.strip()
    if len(text) == PINFL_CHARACTERS_MAX and text.isascii() and text.isdigit():
        return DocumentWords(pinfl=text)
    if not mrz.looks_like_mrz(text):
        return DocumentWords()
    try:
        zone = mrz.parse("\n".join(text.upper().split()))
    except MrzInvalid:
        return DocumentWords()
    pinfl = mrz.personal_number(zone) or ""
    return DocumentWords(
        pinfl, zone.document_number, zone.surname.title(), zone.given_names.title(), "", _born(zone.birth_date, pinfl)
    )


def day_typed(untrusted: str) -> date | None:
    """The day that a person typed, DD.MM.YYYY or YYYY-MM-DD; None for anything else."""
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(untrusted.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _born(untrusted: str, pinfl: str) -> date | None:
    """The zone has two digits of the year; the PINFL's first digit tells the century."""
    century = {"1": 18, "2": 18, "3": 19, "4": 19, "5": 20, "6": 20}.get(pinfl[:1])
    if century is None or not untrusted.isdigit():
        return None
    try:
        return date(century * _CENTURY + int(untrusted[:2]), int(untrusted[2:4]), int(untrusted[4:6]))
    except ValueError:
        return None
