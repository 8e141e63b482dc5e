from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from devices.emrtd import der
from devices.emrtd.ciphers import Suite
from devices.emrtd.public_keys import write_public_key
from devices.emrtd.security_infos import (
    Agreement,
    OtherInfo,
    PaceMapping,
    offers_of,
    offers_pace_alike,
    pace_oid,
    read_dg14,
    read_security_infos,
    write_active_authentication_info,
    write_chip_authentication_info,
    write_chip_authentication_key,
    write_dg14,
    write_pace_info,
    write_security_infos,
)
from devices.emrtd.tlv import ContentInvalid, encode

PACE = write_pace_info(Agreement.ECDH, PaceMapping.GENERIC, Suite.AES_128, 13)
SPKI = write_public_key(ec.derive_private_key(7, ec.SECP256R1()).public_key())
OTHER_SPKI = write_public_key(ec.derive_private_key(8, ec.SECP256R1()).public_key())


def test_the_card_access_of_the_standards_example_is_read() -> None:
    # ICAO 9303-11 G.1 and BSI's worked example: PACE with generic mapping, AES-128, brainpoolP256r1
    example = bytes.fromhex("31143012060A04007F0007020204020202010202010D")
    (info,) = read_security_infos(example).pace
    assert (info.oid, info.agreement, info.mapping) == (
        "0.4.0.127.0.7.2.2.4.2.2",
        Agreement.ECDH,
        PaceMapping.GENERIC,
    )
    assert (info.suite, info.parameter_id) == (Suite.AES_128, 13)
    assert write_security_infos(PACE) == example


@pytest.mark.parametrize("agreement", Agreement)
@pytest.mark.parametrize("mapping", PaceMapping)
@pytest.mark.parametrize("suite", Suite)
def test_every_protocol_of_pace_comes_back_and_no_other_is_written(
    agreement: Agreement, mapping: PaceMapping, suite: Suite
) -> None:
    is_mapping = mapping is PaceMapping.CHIP_AUTHENTICATION
    if is_mapping and (agreement is Agreement.DH or suite is Suite.TRIPLE_DES):
        with pytest.raises(ContentInvalid):
            pace_oid(agreement, mapping, suite)
        return
    (info,) = read_security_infos(write_security_infos(write_pace_info(agreement, mapping, suite, 2))).pace
    assert (info.agreement, info.mapping, info.suite, info.parameter_id) == (agreement, mapping, suite, 2)


def test_all_kinds_of_dg14_are_read_and_kept_as_they_came() -> None:
    written = [
        PACE,
        write_chip_authentication_info(Agreement.ECDH, Suite.AES_256, 5),
        write_chip_authentication_key(Agreement.ECDH, SPKI, 5),
        write_active_authentication_info("1.2.840.10045.4.3.2"),
        der.write_sequence(der.write_object_identifier("0.4.0.127.0.7.2.2.2"), der.write_integer(1)),
    ]
    infos = read_dg14(write_dg14(*written))
    assert {info.raw for info in infos.infos} == set(written)
    ((offer, key),) = offers_of(infos)
    assert (offer.suite, key.spki) == (Suite.AES_256, SPKI)
    assert infos.active_authentication is not None
    assert infos.active_authentication.signature_oid == "1.2.840.10045.4.3.2"
    assert [info.oid for info in infos.infos if isinstance(info, OtherInfo)] == ["0.4.0.127.0.7.2.2.2"]


def test_a_set_out_of_order_with_numbers_at_length_is_read_and_its_bytes_are_kept() -> None:
    at_length = PACE.replace(b"\x02\x01\x0d", b"\x02\x81\x01\x0d")
    at_length = b"\x30" + bytes([at_length[1] + 1]) + at_length[2:]
    content = write_chip_authentication_info(Agreement.ECDH, Suite.AES_128) + at_length
    infos = read_security_infos(encode(der.SET, content))
    assert [info.raw for info in infos.pace] == [at_length]
    assert infos.raw == encode(der.SET, content)


def test_keys_are_paired_by_id_and_by_agreement_where_ids_do_not_match() -> None:
    keys = [write_chip_authentication_key(Agreement.ECDH, spki, at) for at, spki in ((1, SPKI), (2, OTHER_SPKI))]
    offer = write_chip_authentication_info(Agreement.ECDH, Suite.AES_128, 2)
    ((_, key),) = offers_of(read_dg14(write_dg14(*keys, offer)))
    assert key.spki == OTHER_SPKI
    unmatched = write_chip_authentication_info(Agreement.ECDH, Suite.AES_128, 9)
    ((_, key),) = offers_of(read_dg14(write_dg14(keys[0], unmatched)))
    assert key.spki == SPKI
    assert offers_of(read_dg14(write_dg14(*keys, unmatched))) == ()


def test_a_key_without_an_offer_means_the_oldest_suite() -> None:
    ((offer, key),) = offers_of(read_dg14(write_dg14(write_chip_authentication_key(Agreement.ECDH, SPKI))))
    assert (offer.suite, offer.oid, key.spki) == (Suite.TRIPLE_DES, "0.4.0.127.0.7.2.2.3.2.1", SPKI)


def test_an_offer_of_pace_that_somebody_took_away_or_put_in_is_seen() -> None:
    other = write_pace_info(Agreement.ECDH, PaceMapping.INTEGRATED, Suite.AES_128, 13)
    chip = write_chip_authentication_info(Agreement.ECDH, Suite.AES_128)
    signed = read_dg14(write_dg14(PACE, other, chip))
    assert offers_pace_alike(signed, read_security_infos(write_security_infos(other, PACE)))
    assert not offers_pace_alike(signed, read_security_infos(write_security_infos(PACE)))
    assert not offers_pace_alike(read_dg14(write_dg14(PACE)), read_security_infos(write_security_infos(other, PACE)))


@given(st.binary(max_size=80))
def test_any_bytes_are_infos_or_refused(untrusted: bytes) -> None:
    for content in (untrusted, encode(der.SET, untrusted), encode(der.SET, encode(der.SEQUENCE, untrusted))):
        try:
            read_security_infos(content)
        except ContentInvalid:
            continue


def test_a_file_of_another_tag_is_refused() -> None:
    with pytest.raises(ContentInvalid):
        read_dg14(write_security_infos(PACE))
    with pytest.raises(ContentInvalid):
        read_security_infos(write_dg14(PACE))
