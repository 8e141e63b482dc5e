from __future__ import annotations

import pytest
from asn1crypto import keys as reference
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.emrtd import der
from devices.emrtd.curves import CURVES, Curve
from devices.emrtd.dh_groups import GROUPS
from devices.emrtd.public_keys import (
    EC_PUBLIC_KEY,
    STANDARDIZED_PARAMETERS,
    DhPublicKey,
    KeyUnknown,
    curve_of_key,
    read_public_key,
    write_algorithm,
    write_domain_parameters,
    write_public_key,
)
from devices.emrtd.tlv import ContentInvalid, encode

every_curve = pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)


@every_curve
@pytest.mark.parametrize("written_out", [False, True])
def test_a_key_of_a_curve_comes_back_named_or_written_out(curve: Curve, written_out: bool) -> None:
    public = ec.generate_private_key(curve.library).public_key()
    spki = write_public_key(public, written_out=written_out)
    read = read_public_key(spki)
    assert isinstance(read, ec.EllipticCurvePublicKey)
    assert read.public_numbers() == public.public_numbers()
    assert curve_of_key(spki) is curve
    seen = reference.PublicKeyInfo.load(spki)
    assert seen.curve[0] == ("specified" if written_out else "named")
    if not written_out:
        assert spki == public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@every_curve
def test_a_key_with_a_standardized_id_is_read(curve: Curve) -> None:
    public = ec.generate_private_key(curve.library).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    algorithm = write_algorithm(STANDARDIZED_PARAMETERS, der.write_integer(curve.standardized_id))
    read = read_public_key(der.write_sequence(algorithm, der.write_bits(point)))
    assert isinstance(read, ec.EllipticCurvePublicKey)
    assert read.public_numbers() == public.public_numbers()


def test_a_curve_of_somebodys_own_is_refused() -> None:
    curve = CURVES[2]
    public = ec.generate_private_key(curve.library).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    written = write_domain_parameters(curve)
    # its generator replaced by the key itself: a curve on which the private number 1 fits
    generator = (curve.parameters.x.to_bytes(32) + curve.parameters.y.to_bytes(32), point[1:])
    forged = written.replace(*generator)
    assert forged != written
    spki = der.write_sequence(write_algorithm(EC_PUBLIC_KEY, forged), der.write_bits(point))
    with pytest.raises(KeyUnknown):
        read_public_key(spki)


def test_a_point_off_the_curve_is_refused() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = bytearray(write_public_key(public, written_out=True))
    spki[-1] ^= 1
    with pytest.raises(ContentInvalid):
        read_public_key(bytes(spki))


def test_an_rsa_key_comes_back_and_a_tiny_or_huge_one_is_refused() -> None:
    public = rsa.generate_private_key(65_537, 2048).public_key()
    read = read_public_key(write_public_key(public))
    assert isinstance(read, rsa.RSAPublicKey)
    assert read.public_numbers() == public.public_numbers()
    for bits in (512, 16_000):
        content = der.write_sequence(der.write_integer((1 << bits) - 1), der.write_integer(3))
        spki = der.write_sequence(write_algorithm("1.2.840.113549.1.1.1"), der.write_bits(content))
        with pytest.raises(KeyUnknown):
            read_public_key(spki)


@pytest.mark.parametrize("number", range(3))
def test_a_diffie_hellman_key_comes_back_by_its_numbers_or_its_id(number: int) -> None:
    group = GROUPS[number]
    key = DhPublicKey(group, pow(group.g, 0xABCDEF, group.p))
    assert read_public_key(write_public_key(key)) == key
    by_id = write_algorithm(STANDARDIZED_PARAMETERS, der.write_integer(number))
    assert read_public_key(der.write_sequence(by_id, der.write_bits(der.write_integer(key.y)))) == key


@pytest.mark.parametrize("y", [0, 1, -1])
def test_a_diffie_hellman_key_that_is_no_secret_is_refused(y: int) -> None:
    group = GROUPS[0]
    with pytest.raises(ContentInvalid):
        read_public_key(write_public_key(DhPublicKey(group, y % group.p)))


@pytest.mark.parametrize("untrusted", [b"", b"\x30\x00", encode(0x30, encode(0x30), encode(3, b"\0"))])
def test_what_is_no_key_is_refused(untrusted: bytes) -> None:
    with pytest.raises(ContentInvalid):
        read_public_key(untrusted)
