from __future__ import annotations

import ipaddress
import ssl
from datetime import timedelta

import pytest
from cryptography import x509

from pollbook.failures import InputInvalid, WorldFailed
from pollbook.signing import SigningKey, certified_key, device_id
from register.authority import load_keys, tls_context
from tests.register.stand_in import NOON, Centre


def test_the_registers_own_key_is_certified(centre: Centre) -> None:
    keys = load_keys(centre.home)
    assert certified_key(keys.certificate, keys.authority.certificate, "register", NOON) == keys.key.public
    with pytest.raises(InputInvalid):
        certified_key(keys.certificate, keys.authority.certificate, "somebody", NOON)


def test_a_device_is_certified_under_its_id(centre: Centre) -> None:
    key = SigningKey.generate()
    authority = centre.keys.authority
    certificate = authority.certify_device(key.public, NOON)
    assert certified_key(certificate, authority.certificate, device_id(key.public).hex(), NOON) == key.public
    with pytest.raises(InputInvalid):
        certified_key(certificate, authority.certificate, device_id(key.public).hex(), NOON + timedelta(days=800))


def test_a_laptop_a_day_behind_believes_a_certificate_of_today(centre: Centre) -> None:
    key = SigningKey.generate()
    certificate = centre.keys.authority.certify_device(key.public, NOON)
    yesterday = NOON - timedelta(days=1)
    assert certified_key(certificate, centre.keys.authority.certificate, device_id(key.public).hex(), yesterday)


def test_the_servers_certificate_names_the_loopback_and_what_was_given(centre: Centre) -> None:
    pem = centre.keys.authority.tls_pem(["localhost", "127.0.0.1", "::1", "centre.example"], NOON)
    certificate = x509.load_pem_x509_certificate(pem)
    certificate.verify_directly_issued_by(centre.keys.authority.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "centre.example"]
    addresses = names.get_values_for_type(x509.IPAddress)
    assert addresses == [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]


def test_the_server_speaks_tls_1_3_only(centre: Centre) -> None:
    context = tls_context(centre.home, centre.keys.authority, ["centre.example"], NOON)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize("name", ["authority.key.pem", "authority.pem", "register.key", "register.der"])
def test_a_missing_key_is_told(centre: Centre, name: str) -> None:
    (centre.home.keys / name).unlink()
    with pytest.raises(WorldFailed):
        load_keys(centre.home)


def test_a_key_shows_nothing_of_itself(centre: Centre) -> None:
    assert centre.keys.key.seed.hex() not in repr(centre.keys)
