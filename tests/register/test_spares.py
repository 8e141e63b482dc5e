"""Spares at the register: a code becomes a device with a certificate and no list, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509

from pollbook.enrolment_messages import decode_enrol_answer
from pollbook.failures import Failure, WorldFailed
from pollbook.signing import REGISTER_SUBJECT, SigningKey, certified_key, device_id
from register.enrolment import make_spare_code
from register.store import spares, stations
from tests.register.lists_of_voters import PRECINCT
from tests.register.stand_in import Centre, enrol_request, enrolled_station


def spare_code(centre: Centre) -> str:
    with centre.database.write() as connection:
        return make_spare_code(connection, centre.election, centre.now)[0]


def refusal(centre: Centre, code: str, key: SigningKey) -> Failure:
    with pytest.raises(WorldFailed) as caught:
        centre.enrol(enrol_request(code, key))
    return caught.value.failure


def test_a_spares_code_gives_certificates_and_no_slice(loaded: Centre) -> None:
    key = SigningKey.generate()
    answer = decode_enrol_answer(loaded.enrol(enrol_request(spare_code(loaded), key)), loaded.keys.key.public)
    authority = x509.load_pem_x509_certificate(loaded.keys.authority.pem)
    assert answer.slice == b""
    device = device_id(key.public)
    assert certified_key(answer.device_certificate, authority, device.hex(), loaded.now) == key.public
    assert certified_key(answer.register_certificate, authority, REGISTER_SUBJECT, None) == loaded.keys.key.public
    with loaded.database.read() as connection:
        kept = spares.find_spare(connection, device)
        assert kept is not None
        assert (kept.public_key, kept.certificate) == (key.public, answer.device_certificate)
        assert spares.all_spares(connection) == [kept]
        assert stations.all_stations(connection) == []


def test_the_same_code_with_the_same_key_gives_the_same_answer_and_with_another_nothing(loaded: Centre) -> None:
    code, key = spare_code(loaded), SigningKey.generate()
    first = loaded.enrol(enrol_request(code, key))
    loaded.now += timedelta(days=40)
    assert loaded.enrol(enrol_request(code, key)) == first
    assert refusal(loaded, code, SigningKey.generate()) is Failure.CODE_USED


def test_a_spares_code_ends_and_other_spares_codes_stay(loaded: Centre) -> None:
    older, newer = spare_code(loaded), spare_code(loaded)
    loaded.enrol(enrol_request(older, SigningKey.generate()))
    loaded.enrol(enrol_request(newer, SigningKey.generate()))
    late = spare_code(loaded)
    loaded.now += timedelta(hours=loaded.election.code_valid_h)
    assert refusal(loaded, late, SigningKey.generate()) is Failure.CODE_EXPIRED


def test_a_device_is_a_station_or_a_spare_and_one_spare_only(loaded: Centre) -> None:
    station = enrolled_station(loaded, PRECINCT)
    assert refusal(loaded, spare_code(loaded), station.key) is Failure.ALREADY_ENROLLED
    key = SigningKey.generate()
    loaded.enrol(enrol_request(spare_code(loaded), key))
    assert refusal(loaded, spare_code(loaded), key) is Failure.ALREADY_ENROLLED


def test_a_spares_code_is_kept_as_a_hash_only(loaded: Centre) -> None:
    code = spare_code(loaded)
    with loaded.database.read() as connection:
        kept = spares.find_spare_code(connection, code.encode())
    assert kept is None
