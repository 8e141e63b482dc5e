"""The election's own certificate authority and the keys of the register.

    authority   ECDSA P-256, certifies the three below and nothing else (path length 0)
    TLS         ECDSA P-256, for the names that the register is served under; made anew at each start
    register    Ed25519, common name `register`: signs slices and answers
    device      Ed25519, common name the device id in hex: one per station

A station believes nothing but the authority's certificate, which the enrol file carries to it by hand.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.signing import REGISTER_SUBJECT, SigningKey, device_id
from register.home import RegisterHome, make_folder

ALWAYS_SERVED = ("localhost", "127.0.0.1", "::1")
_AFTER_ELECTION = timedelta(days=365)
"""Ledgers are sent, checked and appealed against for months after the day."""
_TLS_DAYS = 397
_CLOCK_SLACK = timedelta(days=2)
"""A laptop whose clock is a day behind must still believe a certificate that was issued today."""
_AUTHORITY_KEY, _AUTHORITY_CERTIFICATE, _REGISTER_KEY = "authority.key.pem", "authority.pem", "register.key"
_REGISTER_CERTIFICATE, _TLS = "register.der", "tls.pem"


@dataclass(frozen=True)
class Authority:
    """The authority's certificate and private key; its text form shows nothing of the key."""

    certificate: x509.Certificate
    _key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate as the enrol file carries it."""
        return self.certificate.public_bytes(Encoding.PEM)

    def certify(self, public_key: bytes, subject: str, now: datetime) -> bytes:
        """The DER certificate of a raw Ed25519 key under the common name `subject`."""
        usage = _key_usage(digital_signature=True)
        builder = self._builder(subject, now).public_key(Ed25519PublicKey.from_public_bytes(public_key))
        builder = builder.add_extension(usage, critical=True)
        return builder.sign(self._key, SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)

    def certify_device(self, public_key: bytes, now: datetime) -> bytes:
        """The DER certificate of a station's key; its common name is the device's id in hex."""
        return self.certify(public_key, device_id(public_key).hex(), now)

    def tls_pem(self, names: Sequence[str], now: datetime) -> bytes:
        """A new TLS key with its certificate for these DNS names and addresses, in one PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = min(now + timedelta(days=_TLS_DAYS), self.certificate.not_valid_after_utc)
        builder = (
            self._builder(REGISTER_SUBJECT, now, until)
            .public_key(key.public_key())
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private + builder.sign(self._key, SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.PEM)

    def _builder(self, subject: str, now: datetime, until: datetime | None = None) -> x509.CertificateBuilder:
        issuer_key = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(_common_name(subject))
            .issuer_name(self.certificate.subject)
            .serial_number(x509.random_serial_number())
            .not_valid_before(max(now - _CLOCK_SLACK, self.certificate.not_valid_before_utc))
            .not_valid_after(until or self.certificate.not_valid_after_utc)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        )


@dataclass(frozen=True)
class RegisterKeys:
    """What the register proves itself with: its authority, its signing key, and that key's certificate in DER."""

    authority: Authority
    key: SigningKey
    certificate: bytes


def make_keys(home: RegisterHome, election_id: str, election_day: date, now: datetime) -> RegisterKeys:
    """New keys for a new register, written to its folder `keys` (0700, each file 0600)."""
    authority = _make_authority(election_id, election_day, now)
    key = SigningKey.generate()
    certificate = authority.certify(key.public, REGISTER_SUBJECT, now)
    make_folder(home.keys)
    private = authority._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # noqa: SLF001 - its file
    write_secret(home.keys / _AUTHORITY_KEY, private)
    write_secret(home.keys / _AUTHORITY_CERTIFICATE, authority.pem)
    write_secret(home.keys / _REGISTER_KEY, key.seed)
    write_secret(home.keys / _REGISTER_CERTIFICATE, certificate)
    return RegisterKeys(authority, key, certificate)


def load_keys(home: RegisterHome) -> RegisterKeys:
    """The keys that `make_keys` wrote.

    Raises:
        WorldFailed: `REGISTER_NOT_THERE` where one is missing or is not a key.
    """
    try:
        private = load_pem_private_key((home.keys / _AUTHORITY_KEY).read_bytes(), None)
        certificate = x509.load_pem_x509_certificate((home.keys / _AUTHORITY_CERTIFICATE).read_bytes())
        key = SigningKey.from_seed((home.keys / _REGISTER_KEY).read_bytes())
        register_certificate = (home.keys / _REGISTER_CERTIFICATE).read_bytes()
    except (OSError, ValueError) as error:
        raise WorldFailed(Failure.REGISTER_NOT_THERE, "the keys", home=home.path) from error
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise WorldFailed(Failure.REGISTER_NOT_THERE, "the keys", home=home.path)
    return RegisterKeys(Authority(certificate, private), key, register_certificate)


def tls_context(home: RegisterHome, authority: Authority, names: Sequence[str], now: datetime) -> ssl.SSLContext:
    """A server's TLS 1.3 with a new certificate for `names` beside the loopback's own."""
    path: Path = home.keys / _TLS
    write_secret(path, authority.tls_pem(tuple(dict.fromkeys((*ALWAYS_SERVED, *names))), now))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0  # resuming saves no round trip in TLS 1.3, and each ticket is 250 bytes (FACTS §7)
    context.load_cert_chain(path)
    return context


def _make_authority(election_id: str, election_day: date, now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _common_name(f"uchastka authority {election_id}")
    last_day = datetime.combine(election_day, time(), UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(max(last_day, now) + _AFTER_ELECTION)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256(), ecdsa_deterministic=True)
    )
    return Authority(certificate, key)


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
