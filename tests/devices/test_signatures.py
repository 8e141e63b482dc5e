from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from devices.emrtd.dh_groups import GROUPS
from devices.emrtd.emulator.authorities import Scheme, make_key, sign, signature_algorithm
from devices.emrtd.public_keys import EC_PUBLIC_KEY, RSA_ENCRYPTION, RSA_PSS, DhPublicKey, KeyUnknown
from devices.emrtd.signatures import ECDSA_OID, RSA_OID, Algorithm, read_algorithm, verifies
from devices.emrtd.tlv import read_one

SIGNED = b"what was signed"


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384"])
def test_a_signature_of_each_scheme_holds_and_over_anything_else_does_not(scheme: Scheme, digest: str) -> None:
    key = make_key(scheme)
    signature = sign(key, scheme, digest, SIGNED)
    algorithm = read_algorithm(read_one(signature_algorithm(scheme, digest)))
    assert verifies(key.public_key(), algorithm, SIGNED, signature)
    assert not verifies(key.public_key(), algorithm, SIGNED + b"!", signature)
    assert not verifies(make_key(scheme).public_key(), algorithm, SIGNED, signature)


def test_an_algorithm_that_names_the_key_alone_takes_the_hash_beside_it() -> None:
    key = rsa.generate_private_key(65_537, 2048)
    signature = key.sign(SIGNED, padding.PKCS1v15(), hashes.SHA512())
    assert verifies(key.public_key(), Algorithm(RSA_ENCRYPTION), SIGNED, signature, "sha512")
    assert not verifies(key.public_key(), Algorithm(RSA_ENCRYPTION), SIGNED, signature, "sha256")
    with pytest.raises(KeyUnknown):
        verifies(key.public_key(), Algorithm(RSA_ENCRYPTION), SIGNED, signature)


def test_both_numbers_side_by_side_are_a_signature_too() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    r, s = decode_dss_signature(key.sign(SIGNED, ec.ECDSA(hashes.SHA256())))
    plain = Algorithm("0.4.0.127.0.7.1.1.4.1.3")
    assert verifies(key.public_key(), plain, SIGNED, r.to_bytes(48) + s.to_bytes(48))
    assert not verifies(key.public_key(), plain, SIGNED, r.to_bytes(48) + (s + 1).to_bytes(48))
    with pytest.raises(KeyUnknown):
        verifies(key.public_key(), plain, SIGNED, bytes(95))


def test_pss_without_parameters_means_sha1() -> None:
    key = rsa.generate_private_key(65_537, 2048)
    signature = key.sign(SIGNED, padding.PSS(padding.MGF1(hashes.SHA1()), 20), hashes.SHA1())  # noqa: S303
    assert verifies(key.public_key(), Algorithm(RSA_PSS), SIGNED, signature)


def test_a_key_and_an_algorithm_that_do_not_go_together_are_told() -> None:
    rsa_key, ec_key = rsa.generate_private_key(65_537, 2048), ec.generate_private_key(ec.SECP256R1())
    dh_key = DhPublicKey(GROUPS[0], GROUPS[0].g)
    for key, oid in (
        (rsa_key.public_key(), ECDSA_OID["sha256"]),
        (ec_key.public_key(), RSA_OID["sha256"]),
        (ec_key.public_key(), EC_PUBLIC_KEY),
        (dh_key, RSA_OID["sha256"]),
        (rsa_key.public_key(), "1.2.3"),
    ):
        with pytest.raises(KeyUnknown):
            verifies(key, Algorithm(oid), SIGNED, bytes(64))


@pytest.mark.parametrize("signature", [b"", b"\x30\x00", bytes(300), b"\xff" * 72])
def test_what_is_no_signature_does_not_hold(signature: bytes) -> None:
    rsa_key, ec_key = rsa.generate_private_key(65_537, 2048), ec.generate_private_key(ec.SECP256R1())
    assert not verifies(rsa_key.public_key(), Algorithm(RSA_OID["sha256"]), SIGNED, signature)
    assert not verifies(ec_key.public_key(), Algorithm(ECDSA_OID["sha256"]), SIGNED, signature)
