"""A reading kept as bytes is the same when it comes back, and is proven from them alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.emrtd.certificates import read_certificate
from devices.emrtd.document import Reading
from devices.emrtd.emulator.behaviour import ROWS
from devices.emrtd.files import File
from devices.emrtd.keeping import KEPT_BYTES_MAX, KeptInvalid, read_reading, write_reading
from devices.emrtd.reading import ReadingOptions
from devices.emrtd.tlv import ContentInvalid
from devices.emrtd.trust import EMPTY
from devices.emrtd.verification import Copy, verify
from tests.devices.chips import CAM, GM, can_key, chip_of, document, read
from tests.devices.issued import NOW, authority

TRUSTING = EMPTY.with_certificates([read_certificate(authority().certificate)])


def kept() -> list[Reading]:
    downgraded = read(chip_of(document(GM), ROWS["1-pace-fails"]), options=ReadingOptions(may_downgrade=True))
    limited = read(chip_of(document()), options=ReadingOptions(file_bytes_max=1_000, prove_chip=False))
    return [read(chip_of(document())), read(chip_of(document(CAM)), can_key()), downgraded, limited]


READINGS = kept()
WHOLE = json.loads(write_reading(READINGS[1]))


@pytest.mark.parametrize("reading", READINGS, ids=["BAC", "CAM", "downgraded", "limited"])
def test_a_kept_reading_comes_back_the_same_and_proves_the_same(reading: Reading) -> None:
    raw = write_reading(reading)
    again = read_reading(raw)
    assert again == reading
    assert write_reading(again) == raw
    assert verify(again, TRUSTING, NOW) == verify(reading, TRUSTING, NOW)


def test_a_kept_reading_is_proven_by_authorities_that_came_later() -> None:
    again = read_reading(write_reading(READINGS[1]))
    assert verify(again, EMPTY, NOW).copy is Copy.NOT_EXCLUDED
    assert verify(again, TRUSTING, NOW).copy is Copy.EXCLUDED


def test_a_kept_reading_that_was_altered_proves_less() -> None:
    content = json.loads(write_reading(READINGS[0]))
    content["files"]["EF.DG1"] = content["files"]["EF.DG1"].replace("55", "56", 1)
    content["active"]["challenge"] = "00" * 8
    verification = verify(read_reading(json.dumps(content).encode()), TRUSTING, NOW)
    assert not verification.passive.proves(File.DG1)
    assert verification.copy is Copy.SUSPECTED


@given(st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode)))
def test_any_bytes_are_a_kept_reading_or_refused(untrusted: bytes) -> None:
    with pytest.raises(ContentInvalid):
        read_reading(untrusted)


@given(
    st.sampled_from(sorted(WHOLE)),
    st.one_of(st.none(), st.integers(), st.text(max_size=9), st.lists(st.integers(), max_size=2), st.just({"x": 1})),
)
def test_a_field_of_another_kind_is_refused_or_harmless(name: str, value: object) -> None:
    try:
        reading = read_reading(json.dumps(WHOLE | {name: value}).encode())
    except ContentInvalid:
        return
    verify(reading, TRUSTING, NOW)


@pytest.mark.parametrize("untrusted", [b"[" * 100_000, bytes(KEPT_BYTES_MAX + 1), b'{"format": "passport-reading-9"}'])
def test_what_is_deep_long_or_of_another_format_is_refused(untrusted: bytes) -> None:
    with pytest.raises(KeptInvalid):
        read_reading(untrusted)
