from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import cv2
import pytest
from asn1crypto import cms, x509
from cryptography import x509 as library_x509

from devices.emrtd.certificates import TRAINING_ORGANIZATION
from devices.emrtd.emulator.authorities import (
    Scheme,
    make_authority,
    make_crl,
    make_link,
    make_master_list,
    make_signer,
)
from devices.emrtd.emulator.issuing import issue
from devices.emrtd.emulator.portrait import HEIGHT_PX, WIDTH_PX, codestream_of, draw_face, jp2_of, jpeg_of_bytes
from devices.emrtd.emulator.writing import write_mrz
from devices.emrtd.files import File
from devices.emrtd.mrz import parse, personal_number
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.tlv import read_one
from tests.devices.issued import HOLDER, authority, identity_card, passport, signer


@pytest.mark.parametrize("form", Form)
def test_the_lines_of_a_holder_are_read_back(form: Form) -> None:
    mrz = parse(write_mrz(form, HOLDER))
    assert (mrz.form, mrz.failures) == (form, ())
    assert (mrz.surname, mrz.given_names, mrz.document_number) == ("UMAROVA", "DILNOZA", "ZZ1234567")
    assert (mrz.birth_date, mrz.sex, mrz.expiry_date, mrz.issuer) == ("870325", "F", "330501", "UZB")
    if form is not Form.TD2:
        assert personal_number(mrz) == HOLDER.personal_number


@pytest.mark.parametrize("form", [Form.TD1, Form.TD2])
def test_a_long_document_number_is_continued_in_the_optional_data(form: Form) -> None:
    mrz = parse(write_mrz(form, replace(HOLDER, document_number="ZZ123456789AB", personal_number="")))
    assert (mrz.document_number, mrz.failures) == ("ZZ123456789AB", ())


@pytest.mark.parametrize("scheme", Scheme)
def test_another_library_reads_the_certificates(scheme: Scheme) -> None:
    own = make_authority("UZ", scheme)
    document_signer = make_signer(own, scheme)
    for one in (own, document_signer):
        seen = x509.Certificate.load(one.certificate, strict=True)
        assert (seen.subject.native["country_name"], seen.issuer.native["country_name"]) == ("UZ", "UZ")
        assert seen.subject.native["organization_name"] == TRAINING_ORGANIZATION
        assert seen.not_valid_after == datetime(2038, 1, 1, tzinfo=UTC)
        assert (seen.ca is True) is (one is own)
        assert seen.authority_key_identifier == x509.Certificate.load(own.certificate).key_identifier
    if scheme in {Scheme.RSA, Scheme.RSA_PSS, Scheme.ECDSA_NAMED}:
        loaded = [library_x509.load_der_x509_certificate(one.certificate) for one in (document_signer, own)]
        loaded[0].verify_directly_issued_by(loaded[1])


def test_a_link_certificate_has_the_new_name_and_the_old_issuer() -> None:
    old, new = make_authority("UZ", Scheme.ECDSA_NAMED), make_authority("UZ", Scheme.ECDSA_NAMED, serial=7)
    link = library_x509.load_der_x509_certificate(make_link(old, new))
    link.verify_directly_issued_by(library_x509.load_der_x509_certificate(old.certificate))
    assert link.subject == library_x509.load_der_x509_certificate(new.certificate).subject


def test_another_library_reads_a_list_of_revoked_certificates() -> None:
    own = make_authority("UZ", Scheme.ECDSA_NAMED)
    seen = library_x509.load_der_x509_crl(make_crl(own, [5, 1 << 90]))
    assert {one.serial_number for one in seen} == {5, 1 << 90}
    public = library_x509.load_der_x509_certificate(own.certificate).public_key()
    assert seen.is_signature_valid(public)  # type: ignore[arg-type]


def test_another_library_finds_the_hash_of_every_data_group_in_the_security_object() -> None:
    document = passport()
    content = cms.ContentInfo.load(read_one(document.files[File.SOD]).value, strict=True)["content"]
    assert content["encap_content_info"]["content_type"].native == "2.23.136.1.1.1"
    signed = content["encap_content_info"]["content"].native
    for file, written in document.files.items():
        if file.data_group is not None:
            assert hashlib.sha256(written).digest() in signed, file
    (found,) = content["certificates"]
    assert found.chosen.dump() == signer().certificate


def test_a_passport_has_the_files_that_its_keys_and_offers_ask_for() -> None:
    optional = {File.DG14, File.DG15, File.CARD_ACCESS, File.CARD_SECURITY}
    assert optional <= passport().files.keys()
    assert not optional & identity_card().files.keys()
    for document in (passport(), identity_card()):
        for file, content in document.files.items():
            assert file.tag in {0, read_one(content).tag}


def test_a_photograph_is_a_face_that_a_detector_finds_and_the_same_each_time() -> None:
    found = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    picture = draw_face(3)
    assert picture.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert (picture == draw_face(3)).all()
    assert (picture != draw_face(4)).any()
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    assert len(found.detectMultiScale(grey, 1.1, 4, minSize=(80, 80))) == 1
    assert 10_000 < len(jpeg_of_bytes(picture, 16_000)) <= 16_000
    with pytest.raises(ValueError, match="no quality"):
        jpeg_of_bytes(picture, 100)
    assert codestream_of(jp2_of(picture)).startswith(b"\xff\x4f\xff\x51")


def test_a_master_list_is_signed_data_of_its_own_type() -> None:
    lists = make_signer(authority(), serial=9, signs_lists=True)
    seen = cms.ContentInfo.load(make_master_list(lists, authority(), [authority().certificate]), strict=True)
    assert seen["content"]["encap_content_info"]["content_type"].native == "2.23.136.1.1.2"
    assert len(seen["content"]["certificates"]) == 2


def test_nothing_of_a_person_or_a_key_is_printed() -> None:
    document = issue(HOLDER, signer())
    said = f"{HOLDER!r} {document!r} {document.keys!r} {signer()!r}"
    for secret in ("UMAROVA", "DILNOZA", "ZZ1234567", HOLDER.personal_number, "private"):
        assert secret not in said
