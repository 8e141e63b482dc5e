"""Writes the files of a document: the other direction of the readers beside this package.

Source: ICAO 9303-10 §4.6 and §4.7, 9303-3 to 9303-5 (MRZ), ISO/IEC 19794-5 §5, ISO/IEC 39794-5 §7.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from devices.emrtd import der
from devices.emrtd.files import BY_TAG, LDS_APPLICATION, File
from devices.emrtd.mrz import FILLER, check_digit
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.public_keys import write_algorithm
from devices.emrtd.signatures import HASH_OID
from devices.emrtd.tlv import encode, encode_all


@dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """A synthetic person and the numbers of the document; never printed.

    Attributes:
        surname: Letters A to Z and spaces, as an MRZ has them; so are the given names.
        given_names: May be empty.
        document_number: Up to 9 characters; in a TD1 card up to 22, less what the personal number takes.
        personal_number: Up to 14 characters (PINFL), or empty.
        birth_date: Its two last digits of the year are printed.
        sex: "M", "F" or "<".
        expiry_date: Of the document.
        issuer: Three letters; also the nationality.
    """

    surname: str
    given_names: str
    document_number: str
    personal_number: str
    birth_date: date
    sex: str
    expiry_date: date
    issuer: str = "UZB"

    def __repr__(self) -> str:
        return "Holder()"


def _checked(text: str) -> str:
    return text + check_digit(text)


def _name(holder: Holder, characters: int) -> str:
    words = [part.upper().replace(" ", FILLER) for part in (holder.surname, holder.given_names) if part]
    return (FILLER * 2).join(words)[:characters].ljust(characters, FILLER)


def write_mrz(form: Form, holder: Holder) -> str:
    """Return the lines of a passport (TD3) or an ID card (TD1, TD2) one after the other, with their check digits.

    A document number of over nine characters is continued in the optional data of TD1 and TD2 (Part 5 §4.2.2 note j).
    """
    issuer = holder.issuer.ljust(3, FILLER)
    birth, expiry = _checked(f"{holder.birth_date:%y%m%d}"), _checked(f"{holder.expiry_date:%y%m%d}")
    number = holder.document_number
    if form is Form.TD3:
        personal = _checked(holder.personal_number.ljust(14, FILLER))
        numbered = _checked(number.ljust(9, FILLER))
        composite = check_digit(numbered + birth + expiry + personal)
        lower = f"{numbered}{issuer}{birth}{holder.sex}{expiry}{personal}{composite}"
        return f"P{FILLER}{issuer}{_name(holder, 39)}{lower}"
    numbered, continued = _checked(number.ljust(9, FILLER)), ""
    if len(number) > 9:
        numbered, continued = number[:9] + FILLER, number[9:] + check_digit(number) + FILLER
    if form is Form.TD1:
        optional = (continued + holder.personal_number).ljust(15, FILLER)
        composite = check_digit(numbered + optional + birth + expiry + FILLER * 11)
        middle = f"{birth}{holder.sex}{expiry}{issuer}{FILLER * 11}{composite}"
        return f"I{FILLER}{issuer}{numbered}{optional}{middle}{_name(holder, 30)}"
    optional = (continued + holder.personal_number)[:7].ljust(7, FILLER)
    composite = check_digit(numbered + birth + expiry + optional)
    return f"I{FILLER}{issuer}{_name(holder, 31)}{numbered}{issuer}{birth}{holder.sex}{expiry}{optional}{composite}"


def write_dg1(mrz: str) -> bytes:
    """Return an EF.DG1 of lines one after the other."""
    return encode(File.DG1.tag, encode(0x5F1F, mrz.encode("ascii")))


@dataclass(frozen=True, slots=True)
class Face:
    """An encoded photograph: JPEG, a JPEG 2000 file or a bare codestream, and its size in pixels."""

    image: bytes
    width_px: int
    height_px: int

    @property
    def is_jpeg(self) -> bool:
        return self.image.startswith(b"\xff\xd8")


def _face_record(face: Face) -> bytes:
    """One record of ISO/IEC 19794-5 §5.5 to §5.8: facial information, image information, image."""
    block_bytes = 20 + 12 + len(face.image)
    information = block_bytes.to_bytes(4) + bytes(16)
    kind = bytes([1, 0 if face.is_jpeg else 1])
    size = face.width_px.to_bytes(2) + face.height_px.to_bytes(2)
    return information + kind + size + bytes([1, 0, 0, 0, 0, 0]) + face.image


def write_dg2(faces: Sequence[Face]) -> bytes:
    """Return an EF.DG2 of ISO 19794-5 with one biometric template that holds all `faces`."""
    records = b"".join(map(_face_record, faces))
    header = b"FAC\x00010\x00" + (14 + len(records)).to_bytes(4) + len(faces).to_bytes(2)
    biometric_header = encode_all(
        [(0x80, b"\x01\x01"), (0x81, b"\x02"), (0x82, b"\x00"), (0x87, b"\x01\x01"), (0x88, b"\x00\x08")]
    )
    template = encode(0x7F60, encode(0xA1, biometric_header), encode(0x5F2E, header, records))
    return encode(File.DG2.tag, encode(0x7F61, encode(der.INTEGER, b"\x01"), template))


def write_dg2_39794(faces: Sequence[Face]) -> bytes:
    """Return an EF.DG2 of ISO 39794-5 with one biometric template that holds all `faces`."""
    blocks = b"".join(
        encode(
            der.SEQUENCE,
            encode(0x80, bytes([number])),
            # image representation: base: two-dimensional: data, then what they are
            encode(
                0xA1,
                encode(
                    0xA0,
                    encode(
                        0xA0,
                        encode(0x80, face.image),
                        encode(0xA1, encode(0xA0, encode(0x80, b"\x02" if face.is_jpeg else b"\x03"))),
                    ),
                ),
            ),
        )
        for number, face in enumerate(faces, start=1)
    )
    version = encode(0xA0, encode_all([(0x80, b"\x03"), (0x81, b"\x07\xe3")]))
    block = encode(0x65, version, encode(0xA1, blocks))
    biometric_header = encode_all([(0x80, b"\x01\x01"), (0x81, b"\x02"), (0x87, b"\x01\x01"), (0x88, b"\x00\x2a")])
    template = encode(0x7F60, encode(0xA1, biometric_header), encode(0x7F2E, encode(0xA1, block)))
    return encode(File.DG2.tag, encode(0x7F61, encode(der.INTEGER, b"\x01"), template))


def _listed(tag: int, values: Mapping[int, bytes]) -> bytes:
    tags = b"".join(one.to_bytes(2) for one in values)
    return encode(tag, encode(0x5C, tags), encode_all(values.items()))


def write_dg11(holder: Holder, full_name: str) -> bytes:
    """Return an EF.DG11 with the name in full, the personal number and the date of birth."""
    return _listed(
        File.DG11.tag,
        {
            0x5F0E: full_name.encode(),
            0x5F10: holder.personal_number.encode(),
            0x5F2B: f"{holder.birth_date:%Y%m%d}".encode(),
        },
    )


def write_dg12(authority: str, issued: date) -> bytes:
    """Return an EF.DG12 with the issuing authority and the date of issue."""
    return _listed(File.DG12.tag, {0x5F19: authority.encode(), 0x5F26: f"{issued:%Y%m%d}".encode()})


def write_dg15(spki: bytes) -> bytes:
    """Return an EF.DG15 of the public key of active authentication."""
    return encode(File.DG15.tag, spki)


_LISTED_TAG: Final = {file: tag for tag, file in BY_TAG.items()}


def write_com(data_groups: Sequence[File]) -> bytes:
    """Return an EF.COM of LDS 1.7, Unicode 4.0.0."""
    tags = bytes(_LISTED_TAG[file] for file in data_groups)
    return encode(File.COM.tag, encode_all([(0x5F01, b"0107"), (0x5F36, b"040000"), (0x5C, tags)]))


def write_lds_security_object(files: Mapping[File, bytes], digest: str) -> bytes:
    """Return the hashes of the data groups among `files`, as the signer signs them (Part 10 §4.6.2.3)."""
    hashes = [
        der.write_sequence(
            der.write_integer(number), encode(der.OCTET_STRING, hashlib.new(digest, files[file]).digest())
        )
        for file in files
        if (number := file.data_group) is not None
    ]
    algorithm = write_algorithm(HASH_OID[digest], encode(der.NULL))
    return der.write_sequence(der.write_integer(0), algorithm, der.write_sequence(*hashes))


def write_dir() -> bytes:
    """Return an EF.DIR that lists the LDS1 application."""
    return encode(0x61, encode(0x4F, LDS_APPLICATION))


def write_atr_info(extended_command_bytes: int | None, extended_response_bytes: int | None) -> bytes:
    """Return an EF.ATR/INFO; with lengths the chip announces extended ones (ISO/IEC 7816-4 §12.7.1)."""
    is_extended = extended_command_bytes is not None and extended_response_bytes is not None
    capabilities = encode(0x47, bytes([0x80, 0x01, 0xC0 if is_extended else 0x80]))
    if extended_command_bytes is None or extended_response_bytes is None:
        return capabilities
    lengths = (extended_command_bytes, extended_response_bytes)
    return capabilities + encode(0x7F66, *(encode(der.INTEGER, length.to_bytes(3)) for length in lengths))
