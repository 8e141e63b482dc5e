"""The certificate of the observers' page: a new one each time that the page is opened.

The election's authority certifies devices with Ed25519, which no browser takes for a server. So the page has a P-256
certificate of its own, made when it is opened and forgotten when it is closed; the station's screen shows its
fingerprint beside the code, and the observer compares it with what the browser shows before typing the code.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAYS = 2
"""The election's day and the night after it."""


@dataclass(frozen=True, slots=True)
class PageIdentity:
    """TLS for the page, and the SHA-256 of its certificate: 32 bytes."""

    context: ssl.SSLContext
    fingerprint: bytes


def make_identity(address: str, now: datetime, folder: Path) -> PageIdentity:
    """A new identity for a page at this IPv4 address; its key is nowhere but in memory when this returns.

    `ssl` reads keys from files only: for that moment one stands in `folder`, encrypted under a word that is not.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "uchastka")])
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(name)
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    word = secrets.token_bytes(32).hex().encode()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(word)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # phones of voters' age
    context.set_alpn_protocols(["http/1.1"])
    descriptor, path = tempfile.mkstemp(dir=folder, prefix="page", suffix=".pem")
    try:
        os.write(descriptor, pem + certificate.public_bytes(serialization.Encoding.PEM))
        os.close(descriptor)
        context.load_cert_chain(path, password=word)
    finally:
        with contextlib.suppress(OSError):
            Path(path).unlink()
    return PageIdentity(context, certificate.fingerprint(hashes.SHA256()))
