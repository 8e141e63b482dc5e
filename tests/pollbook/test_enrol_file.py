from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pollbook.enrol_file import (
    ENROL_FILE_BYTES_MAX,
    EnrolFile,
    SpareFile,
    is_spare_file,
    read_any_file,
    read_enrol_file,
    write_enrol_file,
    write_spare_file,
)
from pollbook.failures import Failure, WorldFailed
from pollbook.types import ElectionId, PrecinctCode
from register.authority import load_keys, make_keys
from register.home import RegisterHome


@pytest.fixture(scope="module")
def enrol_file(tmp_path_factory: pytest.TempPathFactory) -> EnrolFile:
    home = RegisterHome(tmp_path_factory.mktemp("register"))
    now = datetime(2026, 12, 1, tzinfo=UTC)
    make_keys(home, "training-2026", now.date(), now)
    pem = load_keys(home).authority.pem
    url = "https://127.0.0.1:8443"
    return EnrolFile(url, pem, ElectionId("training-2026"), PrecinctCode("1708-0001"), 1, "ABCD-EFGH")


def refused(untrusted: bytes) -> bool:
    with pytest.raises(WorldFailed) as caught:
        read_enrol_file(untrusted)
    return caught.value.failure is Failure.ENROL_FILE_INVALID


def test_what_is_written_is_read(enrol_file: EnrolFile) -> None:
    assert read_enrol_file(write_enrol_file(enrol_file).encode()) == enrol_file
    assert read_enrol_file(b"\xef\xbb\xbf" + write_enrol_file(enrol_file).encode()) == enrol_file


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://127.0.0.1:8443"),
        ("url", "https://"),
        ("url", "https://host/path"),
        ("url", "https://host:99999"),
        ("url", "https://user@host"),
        ("url", "https://" + "h" * 400),
        ("authority_pem", "nothing"),
        ("authority_pem", ""),
        ("election", ""),
        ("precinct", "17080001"),
        ("desk", 0),
        ("desk", True),
        ("desk", "1"),
        ("code", ""),
        ("code", "x" * 65),
        ("format", "uchastka enrol 2"),
        ("more", "x"),
        ("code", None),
    ],
)
def test_a_field_out_of_its_bounds_is_refused(enrol_file: EnrolFile, field: str, value: object) -> None:
    fields = json.loads(write_enrol_file(enrol_file))
    assert refused(json.dumps(fields | {field: value}).encode())


def test_a_missing_field_is_refused(enrol_file: EnrolFile) -> None:
    fields = json.loads(write_enrol_file(enrol_file))
    for field in fields:
        assert refused(json.dumps({name: value for name, value in fields.items() if name != field}).encode())


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(untrusted: bytes) -> None:
    assert refused(untrusted)


def test_deep_long_and_strange_files_are_refused(enrol_file: EnrolFile) -> None:
    assert refused(b"[" * 20_000)
    assert refused(b" " * ENROL_FILE_BYTES_MAX + write_enrol_file(enrol_file).encode())
    assert refused(b"[]")
    assert refused(write_enrol_file(replace(enrol_file, url="https://host")).encode("utf-16"))


@pytest.fixture(scope="module")
def spare_file(enrol_file: EnrolFile) -> SpareFile:
    return SpareFile(enrol_file.url, enrol_file.authority_pem, enrol_file.election, "ABCD-EFGH")


def test_a_spares_file_is_told_from_a_stations(enrol_file: EnrolFile, spare_file: SpareFile) -> None:
    spare, station = write_spare_file(spare_file).encode(), write_enrol_file(enrol_file).encode()
    assert read_any_file(spare) == spare_file
    assert read_any_file(station) == enrol_file
    assert (is_spare_file(spare), is_spare_file(station), is_spare_file(b"nothing")) == (True, False, False)
    assert refused(spare)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://127.0.0.1:8443"),
        ("authority_pem", "nothing"),
        ("election", ""),
        ("code", ""),
        ("precinct", "1708-0001"),
        ("desk", 1),
        ("format", ["uchastka spare 1"]),
        ("format", "uchastka spare 2"),
        ("code", None),
    ],
)
def test_a_spares_file_with_a_field_that_is_wrong_is_refused(spare_file: SpareFile, field: str, value: object) -> None:
    fields = json.loads(write_spare_file(spare_file)) | {field: value}
    if value is None:
        del fields[field]
    with pytest.raises(WorldFailed) as caught:
        read_any_file(json.dumps(fields).encode())
    assert caught.value.failure is Failure.ENROL_FILE_INVALID
