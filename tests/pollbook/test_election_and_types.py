from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from pollbook import cbor
from pollbook.bundle import resource_path
from pollbook.election import decode_election, read_election
from pollbook.failures import InputInvalid
from pollbook.signing import SigningKey, certified_key, device_id, is_signature, read_envelope, seal
from pollbook.types import LineId, is_precinct_code, line_text, parse_line
from tests.making import START, Authority, training_election

TOML = resource_path("elections", "training.toml").read_text("utf-8")


def test_an_election_s_canonical_bytes_come_back() -> None:
    election = training_election()
    assert decode_election(election.encode()) == election
    assert election.day == date(2026, 12, 20)
    assert election.name("uz_Latn") == "Oʻquv saylovi"
    assert election.contests[0].code == "legislative_single"
    assert election.contest("no_such_contest") is None


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "training-2026"', 'id = "Training 2026"', "id"),
        ('id = "training-2026"', "", "id"),
        ("day = 2026-12-20", 'day = "20.12.2026"', "date"),
        ('zone = "Asia/Tashkent"', 'zone = "Asia/Nowhere"', "zone"),
        ('zone = "Asia/Tashkent"', 'zone = "../../etc/passwd"', "zone"),
        ("closes = 20:00:00", "closes = 07:00:00", "opens"),
        ("#A9D3F0", "blue", "colour"),
        ('code = "regional_council"', 'code = "legislative_party"', "contests"),
        ("lines_max = 3000", "lines_max = 0", "lines_max"),
        ("lines_max = 3000", "lines_max = true", "int"),
        ("[policy]", "[polisy]", "polisy"),
        ("training = true", 'training = "yes"', "bool"),
        ("[election.name]", "[election.name", "TOML"),
    ],
)
def test_a_wrong_field_is_named(old: str, new: str, named: str) -> None:
    assert old in TOML
    with pytest.raises(InputInvalid, match=named):
        read_election(TOML.replace(old, new, 1))


def test_an_election_without_contests_is_refused() -> None:
    with pytest.raises(InputInvalid):
        read_election(TOML[: TOML.index("[[contests]]")])
    with pytest.raises(InputInvalid):
        decode_election(replace(training_election(), contests=()).encode())


@given(st.binary(max_size=200))
def test_garbage_is_no_election(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        decode_election(untrusted)


@given(st.integers(1, 2**63 - 1))
def test_a_line_s_name_comes_back_and_is_told_from_a_pinfl(number: int) -> None:
    name = line_text(LineId(number))
    assert len(name) == 13
    assert parse_line(name) == parse_line(name.lower()) == number


@given(st.text(max_size=20))
def test_other_texts_name_no_line(text: str) -> None:
    line = parse_line(text)
    assert line is None or line_text(line) == text.strip().upper()


@pytest.mark.parametrize("code", ["", "1708-001", "1708-00011", "17080001", "1708-0001\n", "１708-0001", "abcd-0001"])
def test_other_forms_are_no_precinct_code(code: str) -> None:
    assert not is_precinct_code(code)
    assert is_precinct_code("1708-0001")


def test_a_certificate_holds_for_its_authority_subject_and_days() -> None:
    authority, key = Authority(), SigningKey.generate()
    certificate = authority.certify("register", key.public)
    assert certified_key(certificate, authority.certificate, "register", START) == key.public
    assert certified_key(certificate, authority.certificate, "register", None) == key.public
    late = START + timedelta(days=400)
    other = Authority().certificate
    for wrong in [
        (certificate, other, "register", START),
        (certificate, authority.certificate, "station", START),
        (certificate, authority.certificate, "register", late),
        (certificate, authority.certificate, "register", datetime(1970, 1, 1, tzinfo=UTC)),
        (certificate[:-1] + b"\0", authority.certificate, "register", START),
        (b"", authority.certificate, "register", START),
        (bytes(5000), authority.certificate, "register", START),
        (authority.certificate.public_bytes(Encoding.DER), authority.certificate, "Test authority", START),
    ]:
        with pytest.raises(InputInvalid):
            certified_key(*wrong)


@given(st.binary(max_size=200))
def test_no_bytes_are_a_certificate_by_chance(untrusted: bytes) -> None:
    with pytest.raises(InputInvalid):
        certified_key(untrusted, AUTHORITY_CERTIFICATE, "register", START)


AUTHORITY_CERTIFICATE: x509.Certificate = Authority().certificate


def test_an_envelope_opens_for_its_purpose_and_signer_only() -> None:
    key, other = SigningKey.generate(), SigningKey.generate()
    envelope = read_envelope(seal("sync 1", b"body", key), 1000)
    assert envelope.signer == device_id(key.public)
    assert envelope.open_with("sync 1", key.public) == b"body"
    for purpose, public_key in (("slice 1", key.public), ("sync 1", other.public), ("sync 1", b"short")):
        with pytest.raises(InputInvalid):
            envelope.open_with(purpose, public_key)
    foreign = cbor.encode(["Ed448", device_id(key.public), b"body", bytes(64)])
    with pytest.raises(InputInvalid):
        read_envelope(foreign, 1000).open_with("sync 1", key.public)


def test_a_key_shows_nothing_of_its_secret() -> None:
    key = SigningKey.generate()
    assert key.seed.hex() not in repr(key)
    assert SigningKey.from_seed(key.seed).public == key.public
    assert is_signature(key.public, b"message", key.sign(b"message"))
    assert not is_signature(b"", b"message", b"")
