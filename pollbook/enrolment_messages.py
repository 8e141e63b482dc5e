"""What crosses the wire when a laptop becomes a station: its request, and the slice and certificates that it is given.

Neither side knows the other's key beforehand, so both travel in envelopes (`signing.seal`).
"""

from __future__ import annotations

from dataclasses import dataclass

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.releases import KEY_BYTES
from pollbook.signing import CERTIFICATE_BYTES_MAX, SigningKey, read_envelope, seal
from pollbook.slice import SLICE_BYTES_MAX
from pollbook.wire import Purpose, take_software

ENROL_SCHEMA = 2
ENROL_PATH = "/v1/enrol"
CODE_CHARACTERS_MAX = 64
ENROL_REQUEST_BYTES_MAX = 64 * 1024
"""Whoever asks to be enrolled is not known yet: little is read of it."""


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """A station asks for its certificate and slice; signing it proves that it holds the key.

    `box_key` is the device's public key for what is sealed to it (`sealing.box_key_of`).
    """

    code: str
    public_key: bytes
    box_key: bytes
    software: str


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """The station's certificate, the register's, and the slice, which is empty for a spare."""

    device_certificate: bytes
    register_certificate: bytes
    slice: bytes


def encode_enrol_request(request: EnrolRequest, key: SigningKey) -> bytes:
    """The sealed bytes of `request`, signed with the key it names."""
    body = cbor.encode([ENROL_SCHEMA, request.code, request.public_key, request.box_key, request.software])
    return compression.compress(seal(Purpose.ENROL, body, key))


def decode_enrol_request(untrusted: bytes) -> EnrolRequest:
    """The request, signed by the key inside it.

    Raises:
        InputInvalid: Anything else.
    """
    plain = compression.decompress(untrusted, ENROL_REQUEST_BYTES_MAX)
    envelope = read_envelope(plain, ENROL_REQUEST_BYTES_MAX)
    fields = _fields(envelope.untrusted_body, 5)
    code, key = fields.take_text(CODE_CHARACTERS_MAX), fields.take_bytes(KEY_BYTES, KEY_BYTES)
    request = EnrolRequest(code, key, fields.take_bytes(KEY_BYTES, KEY_BYTES), take_software(fields))
    envelope.open_with(Purpose.ENROL, request.public_key)
    return request


def encode_enrol_answer(answer: EnrolAnswer, key: SigningKey) -> bytes:
    """The answer's sealed bytes; a slice is compressed already."""
    body = cbor.encode([ENROL_SCHEMA, answer.device_certificate, answer.register_certificate, answer.slice])
    return seal(Purpose.ENROLLED, body, key)


def untrusted_register_certificate(untrusted: bytes) -> bytes:
    """The register's certificate as an enrol answer claims it, to be checked against the authority first.

    Raises:
        InputInvalid: Not an enrol answer.
    """
    return _enrol_answer(read_envelope(untrusted, SLICE_BYTES_MAX + 65536).untrusted_body).register_certificate


def decode_enrol_answer(untrusted: bytes, register_key: bytes) -> EnrolAnswer:
    """The answer, signed by the register.

    Raises:
        InputInvalid: Anything else.
    """
    envelope = read_envelope(untrusted, SLICE_BYTES_MAX + 65536)
    return _enrol_answer(envelope.open_with(Purpose.ENROLLED, register_key))


def _fields(body: bytes, count: int) -> Fields:
    fields = Fields(cbor.decode(body, SLICE_BYTES_MAX + 65536), count)
    fields.take_int(ENROL_SCHEMA, ENROL_SCHEMA)
    return fields


def _enrol_answer(body: bytes) -> EnrolAnswer:
    fields = _fields(body, 4)
    device = fields.take_bytes(1, CERTIFICATE_BYTES_MAX)
    return EnrolAnswer(device, fields.take_bytes(1, CERTIFICATE_BYTES_MAX), fields.take_bytes(0, SLICE_BYTES_MAX))
