"""A certificate proves one key or is refused by the module's own error, whatever its bytes say."""

from __future__ import annotations

import contextlib

from pollbook.failures import InputInvalid
from pollbook.signing import SigningKey, certified_key, device_id
from tests.making import START, Authority


def test_a_certificate_with_any_byte_changed_is_refused_or_proves_the_same_key() -> None:
    authority, key = Authority(), SigningKey.generate()
    subject, trusted = device_id(key.public).hex(), authority.certificate
    certificate = authority.certify(subject, key.public)
    assert certified_key(certificate, trusted, subject, START) == key.public
    refused = 0
    for place in range(len(certificate)):
        for change in (1, 2, 64, 128, 255):
            untrusted = bytearray(certificate)
            untrusted[place] ^= change
            proven = key.public
            with contextlib.suppress(InputInvalid):
                refused += 1
                proven = certified_key(bytes(untrusted), trusted, subject, START)
                refused -= 1
            assert proven == key.public
    assert refused > 4 * len(certificate)
