"""The small files of a chip: EF.COM, EF.DIR, EF.ATR/INFO, and the data groups of text: DG1, DG11, DG12; DG15's key.

Nothing here is proven: that the issuer signed a file is `passive_authentication`'s to say.

Source: ICAO 9303-10 §3.11 and §4.6 to §4.7, ISO/IEC 7816-4 §12.7.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from devices.emrtd.files import BY_TAG, File
from devices.emrtd.mrz import Mrz, parse
from devices.emrtd.public_keys import PublicKey, read_public_key
from devices.emrtd.tlv import ContentInvalid, Limits, Objects, read_file, read_objects

_LIMITS: Final = Limits(value_bytes_max=65_536, depth_max=4, siblings_max=64)
_TEXT_CHARACTERS_MAX: Final = 1024


class LdsInvalid(ContentInvalid):
    """A file is not what the logical data structure says it must be."""


@dataclass(frozen=True, slots=True)
class Com:
    """EF.COM, which nobody signs.

    Attributes:
        lds_version: "0107" for LDS 1.7.
        unicode_version: "040000" for 4.0.0.
        data_groups: That the chip says to have, in its order.
        unknown_tags: Of files that the standard does not know.
    """

    lds_version: str
    unicode_version: str
    data_groups: tuple[File, ...]
    unknown_tags: tuple[int, ...]


def _ascii(objects: Objects, tag: int) -> str:
    found = objects.first(tag)
    return found.value[:_TEXT_CHARACTERS_MAX].decode("ascii", "replace") if found is not None else ""


def read_com(untrusted: bytes) -> Com:
    """Return what EF.COM holds.

    Raises:
        ContentInvalid: It is no such file.
    """
    objects = read_file(untrusted, File.COM.tag, _LIMITS).children(_LIMITS)
    tags = objects.only(0x5C).value
    known = [BY_TAG[tag] for tag in tags if tag in BY_TAG]
    if len(known) != len(set(known)):
        raise LdsInvalid("a data group listed twice")
    unknown = tuple(tag for tag in tags if tag not in BY_TAG)
    return Com(_ascii(objects, 0x5F01), _ascii(objects, 0x5F36), tuple(known), unknown)


def read_dg1(untrusted: bytes) -> Mrz:
    """Return the machine-readable zone of EF.DG1; its check digits may fail (`Mrz.failures`).

    Raises:
        ContentInvalid: It is no such file, or no MRZ (`MrzInvalid`).
    """
    text = read_file(untrusted, File.DG1.tag, _LIMITS).children(_LIMITS).only(0x5F1F).value
    if not text.isascii():
        raise LdsInvalid("an MRZ with other than ASCII characters")
    return parse(text.decode("ascii"))


def _text(objects: Objects, tag: int) -> str:
    found = objects.first(tag)
    if found is None:
        return ""
    try:
        text = found.value.decode("utf-8")
    except UnicodeDecodeError:
        # LDS 1.7 asks for UTF-8; older ones wrote what they liked
        text = found.value.decode("latin-1")
    return text[:_TEXT_CHARACTERS_MAX].strip()


def _fields(objects: Objects, tag: int) -> tuple[str, ...]:
    """A text of several fields, parted by fillers (Part 10 §4.7.11: "<" between lines)."""
    return tuple(field.strip() for field in _text(objects, tag).split("<") if field.strip())


def _date(objects: Objects, tag: int) -> date | None:
    """A date as eight digits of text, or of four bits each as older chips have it; None if unknown."""
    found = objects.first(tag)
    if found is None:
        return None
    digits = found.value.hex() if len(found.value) == 4 else found.value.decode("ascii", "replace")
    if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _name(objects: Objects, tag: int) -> tuple[str, str]:
    primary, _, secondary = _text(objects, tag).partition("<<")
    return tuple(" ".join(filter(None, part.split("<"))) for part in (primary, secondary))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True, repr=False)
class PersonalDetails:
    """EF.DG11; never printed. What is absent is empty or None.

    Attributes:
        surname: In the State's own letters; so are the given names.
        given_names: All but the surname.
        other_names: Each with fillers made spaces.
        personal_number: In Uzbekistan the PINFL.
        birth_date: In full.
        birth_place: From the smallest to the largest.
        address: Line by line.
        telephone: As the State wrote it; so are the rest.
        profession: Of the holder.
        title: Of the holder.
    """

    surname: str
    given_names: str
    other_names: tuple[str, ...]
    personal_number: str
    birth_date: date | None
    birth_place: tuple[str, ...]
    address: tuple[str, ...]
    telephone: str
    profession: str
    title: str

    def __repr__(self) -> str:
        return "PersonalDetails()"


def read_dg11(untrusted: bytes) -> PersonalDetails:
    """Return what EF.DG11 holds.

    Raises:
        ContentInvalid: It is no such file.

    Source: ICAO 9303-10 §4.7.11.
    """
    objects = read_file(untrusted, File.DG11.tag, _LIMITS).children(_LIMITS)
    others = objects.first(0xA0)
    listed = others.children(_LIMITS).all(0x5F0F) if others is not None else Objects()
    surname, given_names = _name(objects, 0x5F0E)
    return PersonalDetails(
        surname=surname,
        given_names=given_names,
        other_names=tuple(" ".join(_fields(Objects([one]), 0x5F0F)) for one in listed),
        personal_number=_text(objects, 0x5F10).rstrip("<"),
        birth_date=_date(objects, 0x5F2B),
        birth_place=_fields(objects, 0x5F11),
        address=_fields(objects, 0x5F42),
        telephone=_text(objects, 0x5F12),
        profession=_text(objects, 0x5F13),
        title=_text(objects, 0x5F14),
    )


@dataclass(frozen=True, slots=True, repr=False)
class DocumentDetails:
    """EF.DG12; never printed. What is absent is empty or None.

    Attributes:
        authority: That issued the document.
        issued: When.
        endorsements: Observations in it.
    """

    authority: str
    issued: date | None
    endorsements: str

    def __repr__(self) -> str:
        return "DocumentDetails()"


def read_dg12(untrusted: bytes) -> DocumentDetails:
    """Return what EF.DG12 holds.

    Raises:
        ContentInvalid: It is no such file.

    Source: ICAO 9303-10 §4.7.12.
    """
    objects = read_file(untrusted, File.DG12.tag, _LIMITS).children(_LIMITS)
    return DocumentDetails(_text(objects, 0x5F19), _date(objects, 0x5F26), _text(objects, 0x5F1B))


def read_dg15(untrusted: bytes) -> PublicKey:
    """Return the key of active authentication.

    Raises:
        KeyUnknown: Its algorithm or curve is none that this program computes with.
        ContentInvalid: It is no such file.

    Source: ICAO 9303-10 §4.7.15.
    """
    return read_public_key(read_file(untrusted, File.DG15.tag, _LIMITS).value)


def read_dir(untrusted: bytes) -> tuple[bytes, ...]:
    """Return the identifiers of the applications that EF.DIR lists.

    Raises:
        ContentInvalid: It is no such file.
    """
    templates = read_objects(untrusted, _LIMITS).all(0x61)
    found = (template.children(_LIMITS).first(0x4F) for template in templates)
    return tuple(one.value for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class AtrInfo:
    """EF.ATR/INFO: what lengths the chip bears.

    Attributes:
        has_extended_lengths: It says so in its capabilities.
        command_bytes_max: Of a command; None if it doesn't say.
        response_bytes_max: Of a response; None if it doesn't say.
    """

    has_extended_lengths: bool
    command_bytes_max: int | None
    response_bytes_max: int | None


def read_atr_info(untrusted: bytes) -> AtrInfo:
    """Return what EF.ATR/INFO says about lengths.

    Raises:
        ContentInvalid: It is no such file.

    Source: ISO/IEC 7816-4 §12.1.1.9 (card capabilities), §12.7.1 (extended length information).
    """
    objects = read_objects(untrusted, _LIMITS)
    capabilities, lengths = objects.first(0x47), objects.first(0x7F66)
    third = capabilities.value[2] if capabilities is not None and len(capabilities.value) > 2 else 0
    numbers = [] if lengths is None else [int.from_bytes(one.value[:4]) for one in lengths.children(_LIMITS).all(0x02)]
    command, response = (*numbers, None, None)[:2]
    return AtrInfo(bool(third & 0x40), command, response)
