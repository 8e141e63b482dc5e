"""A release with all that its receiver needs to prove it offline: the sender's certificate and the voters' data.

The same bytes go over the register, the LAN, a USB stick or paper. Over anything but the LAN and TLS they are sealed
to the receiver's key (custody rule 15), by `seal_certificate`; sealing again gives the same bytes (rule 3).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from pollbook import cbor, compression
from pollbook.cbor import Fields
from pollbook.failures import InputInvalid
from pollbook.releases import LINES_MAX, Release, is_release, pack_release, take_release
from pollbook.sealing import BoxKey, open_sealed, seal_to
from pollbook.signing import (
    CERTIFICATE_BYTES_MAX,
    REGISTER_SUBJECT,
    SigningKey,
    certified_key,
    device_id,
    read_envelope,
    seal,
)
from pollbook.slice import pack_voters, unpack_voters
from pollbook.types import ElectionId
from pollbook.voters import Voter

CERTIFICATE_OF_RELEASE_BYTES_MAX = 512 * 1024
_PURPOSE = "release certificate 1"
_SCHEMA = 1
_CHECK_BYTES = 4
_TRAILER_BYTES = 2 * _CHECK_BYTES


@dataclass(frozen=True, slots=True)
class ReleaseCertificate:
    """`release`, who its sender is by the election's authority, and the voters whose lines move.

    `voters` are those lines that the receiver may not know: all or none of them, in the order of the release.
    """

    release: Release
    sender_certificate: bytes
    voters: tuple[Voter, ...]


@dataclass(frozen=True, slots=True)
class ProvenRelease:
    """A certificate whose sender is of this election and signed all of it; `sender_key` is the key that did."""

    certificate: ReleaseCertificate
    sender_key: bytes


def encode_certificate(certificate: ReleaseCertificate, key: SigningKey) -> bytes:
    """The certificate's bytes, signed by the sender's key, or by the register's where it passes a release on."""
    body = [
        _SCHEMA,
        pack_release(certificate.release),
        certificate.sender_certificate,
        len(certificate.voters),
        pack_voters(certificate.voters) if certificate.voters else [],
    ]
    return compression.compress(seal(_PURPOSE, cbor.encode(body), key))


def read_certificate(
    untrusted: bytes,
    authority: x509.Certificate,
    election: ElectionId,
    now: datetime | None,
    register_key: bytes | None = None,
) -> ProvenRelease:
    """The certificate, once its sender's certificate, both signatures and its voters fit together.

    `now` is None where a station's clock must not decide (see `signing.certified_key`). The register, whose key is
    `register_key`, may pass on another's release: then it vouches for the voters' data.

    Raises:
        InputInvalid: Anything else; nothing of it may be used.
    """
    plain = compression.decompress(untrusted, CERTIFICATE_OF_RELEASE_BYTES_MAX)
    envelope = read_envelope(plain, CERTIFICATE_OF_RELEASE_BYTES_MAX)
    certificate = _certificate(envelope.untrusted_body)
    sender = certificate.release.sender
    try:
        key = certified_key(certificate.sender_certificate, authority, sender.device.hex(), now)
    except InputInvalid:
        key = certified_key(certificate.sender_certificate, authority, REGISTER_SUBJECT, now)
    if device_id(key) != sender.device:
        raise InputInvalid("a release whose sender is somebody else")
    passed_on = register_key is not None and envelope.signer == device_id(register_key)
    envelope.open_with(_PURPOSE, register_key if passed_on and register_key else key)
    if not is_release(election, certificate.release, key):
        raise InputInvalid("the release's signature does not hold")
    return ProvenRelease(certificate, key)


def seal_certificate(encoded: bytes, receiver_box_key: bytes, secret: SigningKey) -> bytes:
    """`encoded` for nobody but the holder of `receiver_box_key`; the same call gives the same bytes.

    At the end stand a hint of whom it is for and a check of all before, 4 bytes each. They prove nothing; they let the
    station tell a paper that was read wrongly, or a file with a changed byte, from one that is another book's.
    """
    sealed = seal_to(receiver_box_key, _PURPOSE, encoded, secret.seed) + _hint(receiver_box_key)
    return sealed + _check(sealed)


def open_certificate(untrusted: bytes, key: BoxKey) -> bytes:
    """What `seal_certificate` sealed to this key.

    Raises:
        InputInvalid: Anything else, also what is sealed to another.
    """
    if not is_whole(untrusted):
        raise InputInvalid("changed, cut short, or nothing that was sealed here")
    return open_sealed(untrusted[:-_TRAILER_BYTES], key, _PURPOSE)


def is_whole(untrusted: bytes) -> bool:
    """Whether these bytes are as they left the printer, unless somebody changed them on purpose."""
    sealed, check = untrusted[:-_CHECK_BYTES], untrusted[-_CHECK_BYTES:]
    return len(untrusted) > _TRAILER_BYTES and check == _check(sealed)


def is_sealed_to(untrusted: bytes, receiver_box_key: bytes) -> bool:
    """Whether these bytes say of themselves that they are for the holder of this key."""
    return untrusted[-_TRAILER_BYTES:-_CHECK_BYTES] == _hint(receiver_box_key)


def _hint(receiver_box_key: bytes) -> bytes:
    return hashlib.sha256(b"uchastka receiver 1" + receiver_box_key).digest()[:_CHECK_BYTES]


def _check(sealed: bytes) -> bytes:
    return hashlib.sha256(sealed).digest()[:_CHECK_BYTES]


def _certificate(untrusted_body: bytes) -> ReleaseCertificate:
    fields = Fields(cbor.decode(untrusted_body, CERTIFICATE_OF_RELEASE_BYTES_MAX), 5)
    fields.take_int(_SCHEMA, _SCHEMA)
    release = take_release(fields.take_array(4))
    sender_certificate = fields.take_bytes(1, CERTIFICATE_BYTES_MAX)
    count = fields.take_int(0, LINES_MAX)
    columns = fields.take_array(32)
    voters = unpack_voters(columns, count) if count else ()
    if voters and [voter.line for voter in voters] != [moved.line for moved in release.lines]:
        raise InputInvalid("voters who are not those of the release")
    return ReleaseCertificate(release, sender_certificate, voters)
