"""What a document at the desk says, as the rules of comparing take it: from its printed lines, and from its chip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from devices.emrtd import mrz
from devices.emrtd.mrz import Mrz, MrzInvalid
from pollbook.documents import DocumentSays, NameSaid, Remark

_SEXES = {"M": "m", "F": "f"}
_NAME_PARTS = 2


@dataclass(frozen=True, slots=True, repr=False)
class ChipDetails:
    """What a chip says besides its machine readable zone (DG11), each empty where it says nothing.

    `full_name` is as the chip has it: surname and given names parted by two fillers, words by one, or plain words.
    """

    full_name: str = ""
    personal_number: str = ""
    full_birth_date: str = ""


def read_zone(untrusted: str) -> Mrz | None:
    """The machine readable zone that was scanned or typed; None for anything else."""
    lines = "\n".join(untrusted.upper().split())
    if not mrz.looks_like_mrz(lines):
        return None
    try:
        return mrz.parse(lines)
    except MrzInvalid:
        return None


def says_of_zone(zone: Mrz, today: date) -> DocumentSays:
    """What the printed lines say."""
    return DocumentSays(
        issuer=zone.issuer,
        number=zone.document_number,
        pinfl=mrz.personal_number(zone) or "",
        names=(NameSaid(zone.surname, zone.given_names, zone.name_fills_field),),
        birth_dates=(zone.birth_date,),
        sex=_SEXES.get(zone.sex, ""),
        expires_on=zone.expiry_day(today),
        doubts=(Remark.CHECK_DIGIT,) if zone.failures else (),
    )


def says_of_chip(zone: Mrz, details: ChipDetails, today: date, printed: Mrz | None = None) -> DocumentSays:
    """What the chip says: its own zone (DG1) and its details (DG11).

    They are held against `printed`, the lines that were scanned; None where the key was typed.
    """
    said = says_of_zone(zone, today)
    number = details.personal_number.replace("<", "").strip()
    is_pinfl = zone.issuer == mrz.ISSUER_WITH_PINFL and len(number) == mrz.PINFL_DIGITS and number.isdigit()
    contradicts = (printed is not None and printed.lines != zone.lines) or (
        is_pinfl and bool(said.pinfl) and number != said.pinfl
    )
    full_name = _full_name(details.full_name)
    return DocumentSays(
        issuer=said.issuer,
        number=said.number,
        pinfl=said.pinfl or (number if is_pinfl else ""),
        names=(*said.names, full_name) if full_name else said.names,
        birth_dates=tuple(each for each in (details.full_birth_date, *said.birth_dates) if each),
        sex=said.sex,
        expires_on=said.expires_on,
        doubts=(*said.doubts, *((Remark.CONTRADICTS_ITSELF,) if contradicts else ())),
    )


def _full_name(untrusted: str) -> NameSaid | None:
    """Surname and given names of a chip's full name; None where it doesn't part them."""
    parts = [" ".join(part.replace("<", " ").split()) for part in untrusted.split("<<") if part.strip("< ")]
    return NameSaid(parts[0], " ".join(parts[1:])) if len(parts) >= _NAME_PARTS else None
