"""Who a voter with a provisional ballot says to be, as it is sealed to the register and kept in the book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pollbook import cbor
from pollbook.cbor import Fields
from pollbook.sealing import BoxKey, open_sealed, seal_to
from pollbook.signing import SigningKey

PERSON_BYTES_MAX = 1024
_PURPOSE = "annex 1"
_NAME_MAX, _ADDRESS_MAX = 100, 300


@dataclass(frozen=True, slots=True)
class AnnexPerson:
    """The document's words: `pinfl` and `document` may be empty, not both."""

    pinfl: str
    document: str
    surname: str
    given_name: str
    patronymic: str
    birth_date: date
    address: str


def encode_person(person: AnnexPerson) -> bytes:
    """The person as deterministic CBOR."""
    names = [person.surname[:_NAME_MAX], person.given_name[:_NAME_MAX], person.patronymic[:_NAME_MAX]]
    born, address = person.birth_date.isoformat(), person.address[:_ADDRESS_MAX]
    return cbor.encode([person.pinfl, person.document, *names, born, address])


def decode_person(untrusted: bytes) -> AnnexPerson:
    """The person that `encode_person` made these bytes of.

    Raises:
        InputInvalid: Anything else.
    """
    fields = Fields(cbor.decode(untrusted, PERSON_BYTES_MAX * 2), 7)
    pinfl, document = fields.take_text(14), fields.take_text(40)
    names = (fields.take_text(_NAME_MAX), fields.take_text(_NAME_MAX), fields.take_text(_NAME_MAX))
    return AnnexPerson(pinfl, document, *names, fields.take_date(), fields.take_text(_ADDRESS_MAX))


def seal_person(person: AnnexPerson, register_box_key: bytes, secret: SigningKey) -> bytes:
    """The person for nobody but the register."""
    return seal_to(register_box_key, _PURPOSE, encode_person(person), secret.seed)


def open_person(untrusted: bytes, key: BoxKey) -> AnnexPerson:
    """The person that was sealed to this key.

    Raises:
        InputInvalid: Anything else.
    """
    return decode_person(open_sealed(untrusted, key, _PURPOSE))
