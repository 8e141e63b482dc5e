from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from devices.emrtd.emulator.writing import write_atr_info, write_dg1, write_dg11, write_dg12, write_dir
from devices.emrtd.files import LDS_APPLICATION, File
from devices.emrtd.lds import read_atr_info, read_com, read_dg1, read_dg11, read_dg12, read_dg15, read_dir
from devices.emrtd.mrz import personal_number
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.security_object import read_security_object
from devices.emrtd.tlv import ContentInvalid, encode, encode_all
from tests.devices.issued import HOLDER, identity_card, passport


def test_com_lists_the_data_groups_that_the_document_has() -> None:
    com = read_com(passport().files[File.COM])
    assert (com.lds_version, com.unicode_version, com.unknown_tags) == ("0107", "040000", ())
    assert set(com.data_groups) == {file for file in passport().files if file.data_group is not None}


def test_com_with_a_file_that_the_standard_does_not_know_is_read_and_one_listed_twice_is_refused() -> None:
    assert read_com(encode(0x60, encode(0x5C, b"\x61\x42"))).unknown_tags == (0x42,)
    with pytest.raises(ContentInvalid):
        read_com(encode(0x60, encode(0x5C, b"\x61\x61")))


def test_dg1_has_the_lines_and_the_pinfl() -> None:
    for document, form in ((passport(), Form.TD3), (identity_card(), Form.TD1)):
        mrz = read_dg1(document.files[File.DG1])
        assert (mrz.form, mrz.failures, "".join(mrz.lines)) == (form, (), document.mrz)
        assert personal_number(mrz) == HOLDER.personal_number


def test_dg1_of_the_standards_example_is_read() -> None:
    # ICAO 9303-10 §4.7.1.2, the TD1 example of the MRZ data object
    lines = "I<NLDXI85935F86999999990<<<<<<" + "7208148F1108268NLD<<<<<<<<<<<4" + "VAN<DER<STEEN<<MARIANNE<LOUISE"
    mrz = read_dg1(write_dg1(lines))
    assert (mrz.surname, mrz.given_names, mrz.document_number) == ("VAN DER STEEN", "MARIANNE LOUISE", "XI85935F8")


def test_dg11_and_dg12_come_back() -> None:
    details = read_dg11(write_dg11(HOLDER, "OʻRMONOVA<<DILNOZA<XON"))
    assert (details.surname, details.given_names) == ("OʻRMONOVA", "DILNOZA XON")
    assert (details.personal_number, details.birth_date) == (HOLDER.personal_number, HOLDER.birth_date)
    document = read_dg12(write_dg12("IIV 1234", date(2024, 2, 29)))
    assert (document.authority, document.issued) == ("IIV 1234", date(2024, 2, 29))


def test_dg11_of_older_chips_with_packed_dates_and_other_letters_is_read() -> None:
    content = encode_all(
        [
            (0x5C, b"\x5f\x0e\x5f\x2b"),
            (0x5F0E, "MÜLLER<<JÜRGEN".encode("latin-1")),
            (0xA0, encode_all([(0x02, b"\x01"), (0x5F0F, b"SCHMITT<<J")])),
            (0x5F2B, bytes.fromhex("19870325")),
            (0x5F11, b"TOSHKENT<UZBEKISTAN"),
            (0x5F42, b"NAVOIY 1<TOSHKENT<<UZBEKISTAN"),
        ]
    )
    details = read_dg11(encode(0x6B, content))
    assert (details.surname, details.given_names, details.other_names) == ("MÜLLER", "JÜRGEN", ("SCHMITT J",))
    assert details.birth_date == date(1987, 3, 25)
    assert details.birth_place == ("TOSHKENT", "UZBEKISTAN")
    assert details.address == ("NAVOIY 1", "TOSHKENT", "UZBEKISTAN")


@pytest.mark.parametrize("written", [b"1987<<<<", b"19871325", b"1987", b"\x19\x87\x0a\xff"])
def test_a_date_that_is_none_is_unknown(written: bytes) -> None:
    assert read_dg11(encode(0x6B, encode(0x5F2B, written))).birth_date is None


def test_dg15_has_the_key() -> None:
    assert isinstance(read_dg15(passport().files[File.DG15]), rsa.RSAPublicKey)


def test_the_directory_and_the_lengths_come_back() -> None:
    assert read_dir(write_dir() + bytes(7)) == (LDS_APPLICATION,)
    announced = read_atr_info(write_atr_info(4096, 65_000))
    assert (announced.has_extended_lengths, announced.command_bytes_max, announced.response_bytes_max) == (
        True,
        4096,
        65_000,
    )
    silent = read_atr_info(write_atr_info(None, None))
    assert (silent.has_extended_lengths, silent.command_bytes_max, silent.response_bytes_max) == (False, None, None)


READERS: list[tuple[Callable[[bytes], object], int]] = [
    (read_com, 0x60),
    (read_dg1, 0x61),
    (read_dg11, 0x6B),
    (read_dg12, 0x6C),
    (read_dg15, 0x6F),
    (read_dir, 0x61),
    (read_atr_info, 0x7F66),
    (read_security_object, 0x77),
]


@pytest.mark.parametrize(("read", "tag"), READERS)
@given(content=st.binary(max_size=100))
def test_any_bytes_are_a_file_or_refused(read: Callable[[bytes], object], tag: int, content: bytes) -> None:
    for untrusted in (content, encode(tag, content)):
        try:
            read(untrusted)
        except ContentInvalid:
            continue


@pytest.mark.parametrize(("read", "tag"), READERS)
def test_a_file_of_a_hostile_length_or_depth_or_count_is_refused_or_read_in_no_more_than_its_size(
    read: Callable[[bytes], object], tag: int
) -> None:
    nested = b""
    for _ in range(200):
        nested = encode(0x30, nested)
    for hostile in (
        encode(tag)[:-1] + b"\x84\xff\xff\xff\xff",
        encode(tag, nested),
        encode(tag, b"\x02\x01\x01" * 2000),
    ):
        try:
            read(hostile)
        except ContentInvalid:
            continue


def test_nothing_of_the_holder_is_printed() -> None:
    said = f"{read_dg1(passport().files[File.DG1])!r} {read_dg11(passport().files[File.DG11])!r}"
    said += repr(read_dg12(passport().files[File.DG12]))
    for secret in ("UMAROVA", "DILNOZA", "ZZ1234567", HOLDER.personal_number, "TRAINING"):
        assert secret not in said
