from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.emrtd.certificates import read_certificate, read_crl
from devices.emrtd.ciphers import Suite
from devices.emrtd.emulator.authorities import (
    Authority,
    Scheme,
    Style,
    Validity,
    make_authority,
    make_crl,
    make_link,
    make_signer,
    sign_data,
)
from devices.emrtd.emulator.issuing import SECURITY_OBJECT, Features, issue, seal_hashes
from devices.emrtd.files import File
from devices.emrtd.passive_authentication import PassiveAuthentication, prove
from devices.emrtd.proofs import Claim, Proof, Reason, Standing, proof_of
from devices.emrtd.security_infos import Agreement, PaceMapping, write_pace_info, write_security_infos
from devices.emrtd.tlv import encode, read_one
from devices.emrtd.trust import EMPTY, TrustStore
from tests.devices.issued import HOLDER, NOW, authority, identity_card, keys, passport, signer
from tests.fuzzing.document_targets import FILES, STORE


def trusting(*authorities: Authority) -> TrustStore:
    return EMPTY.with_certificates(read_certificate(one.certificate) for one in authorities)


def proven(files: Mapping[File, bytes], store: TrustStore | None = None, now: datetime = NOW) -> PassiveAuthentication:
    return prove(files, store if store is not None else trusting(authority()), now)


def standing(found: PassiveAuthentication, claim: Claim, file: File | None = None) -> tuple[Standing, Reason | None]:
    proof = proof_of(found.proofs, claim, file)
    assert proof is not None
    return proof.standing, proof.reason


HOLDS = (Standing.HOLDS, None)


def test_everything_of_a_good_passport_holds_but_what_no_list_tells() -> None:
    found = proven(passport().files)
    others = [one for one in found.proofs if not one.holds]
    assert others == [Proof(Claim.REVOCATION, Standing.NOT_CHECKED, Reason.NO_REVOCATION_LIST)]
    assert {one.file for one in found.proofs if one.claim is Claim.CONTENT} == {
        File.DG1, File.DG2, File.DG11, File.DG12, File.DG14, File.DG15,
    }  # fmt: skip
    assert found.signer is not None
    assert found.signer.raw == signer().certificate
    assert [one.raw for one in found.path] == [authority().certificate]
    assert found.is_for_training
    assert all(found.proves(file) for file in (File.DG1, File.DG15, File.CARD_SECURITY))


def test_a_document_made_long_ago_is_proven_again_from_its_bytes() -> None:
    found = prove(FILES, STORE, NOW)
    assert [one for one in found.proofs if not one.holds] == []
    assert all(found.proves(file) for file in FILES if file.data_group is not None)


OPENSSL = json.loads((Path(__file__).parents[1] / "vectors" / "openssl_security_objects.json").read_text("utf-8"))


@pytest.mark.parametrize("number", range(3))
def test_security_objects_that_another_program_made_hold(number: int) -> None:
    root = read_certificate(bytes.fromhex(OPENSSL["authority"]))
    dg1, sod = bytes.fromhex(OPENSSL["dg1"]), bytes.fromhex(OPENSSL["security_objects"][number])
    found = proven({File.DG1: dg1, File.SOD: sod}, EMPTY.with_certificates([root]), datetime(2027, 3, 1, tzinfo=UTC))
    assert found.proves(File.DG1)
    assert standing(found, Claim.SIGNER_VALIDITY) == HOLDS
    altered = proven({File.DG1: dg1[:-1] + b"9", File.SOD: sod}, EMPTY.with_certificates([root]))
    assert not altered.proves(File.DG1)


def test_a_card_of_basic_access_control_offers_no_more_and_holds() -> None:
    found = proven(identity_card().files)
    assert standing(found, Claim.PACE_OFFER) == (Standing.NOT_OFFERED, None)
    assert standing(found, Claim.CARD_SECURITY) == (Standing.NOT_OFFERED, None)
    assert standing(found, Claim.CONTENT, File.DG1) == HOLDS


@pytest.mark.parametrize("scheme", Scheme)
def test_every_scheme_of_authority_and_signer_holds(scheme: Scheme) -> None:
    own = make_authority("UZ", scheme)
    document = issue(HOLDER, make_signer(own, scheme))
    found = proven(document.files, trusting(own))
    assert standing(found, Claim.SECURITY_OBJECT) == HOLDS
    assert standing(found, Claim.SIGNER) == HOLDS
    assert found.proves(File.DG1)


STYLES = {
    "the key's algorithm in place of a signature's": Style(names_key_only=True),
    "plain data": Style(content_is_data=True),
    "SHA-1": Style(digest="sha1"),
    "no attributes": Style(has_attributes=False),
    "the signer named by key": Style(names_signer_by_key=True),
    "the algorithm in the signer alone": Style(lists_digests=False),
    "all of them": Style("sha1", True, True, True, True, False, NOW),
}


@pytest.mark.parametrize("scheme", [Scheme.RSA, Scheme.ECDSA_BRAINPOOL])
@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_the_liberties_that_issuers_take_hold(style: Style, scheme: Scheme) -> None:
    found = proven(issue(HOLDER, signer(scheme), features=Features(style=style)).files)
    assert standing(found, Claim.SECURITY_OBJECT) == HOLDS
    assert standing(found, Claim.SIGNER) == HOLDS


def test_a_security_object_that_was_streamed_holds() -> None:
    def streamed(tag: int, *inside: bytes) -> bytes:
        return encode(tag)[:-1] + b"\x80" + b"".join(inside) + b"\0\0"

    whole = read_one(read_one(identity_card().files[File.SOD]).value)
    kind, tagged = whole.children()
    data = tagged.children()[0]
    version, digests, content, *rest = data.children()
    content_type, eight = content.children()
    octets = eight.children()[0].value
    pieces = streamed(0x24, encode(0x04, octets[:40]), encode(0x04, octets[40:]))
    signed = streamed(0x30, content_type.raw, streamed(0xA0, pieces))
    inside = streamed(0x30, version.raw, digests.raw, signed, *(one.raw for one in rest))
    body = streamed(0x30, kind.raw, streamed(0xA0, inside))
    found = proven({**identity_card().files, File.SOD: encode(0x77, body)})
    assert standing(found, Claim.SECURITY_OBJECT) == HOLDS
    assert found.proves(File.DG1)


@pytest.mark.parametrize("digest", ["sha1", "sha384"])
def test_other_hashes_of_the_data_groups_hold(digest: str) -> None:
    found = proven(issue(HOLDER, signer(), features=Features(digest=digest)).files)
    assert standing(found, Claim.CONTENT, File.DG2) == HOLDS


@pytest.mark.parametrize("file", [File.DG1, File.DG2, File.DG11, File.DG14, File.DG15])
def test_an_altered_file_fails_and_no_other_does(file: File) -> None:
    altered = bytearray(passport().files[file])
    altered[-1] ^= 1
    found = proven({**passport().files, file: bytes(altered)})
    assert [one.file for one in found.proofs if one.claim is Claim.CONTENT and not one.holds] == [file]
    assert standing(found, Claim.CONTENT, file) == (Standing.FAILS, Reason.HASH_DIFFERS)
    assert not found.proves(file)


def test_the_security_object_of_another_document_fails_every_file() -> None:
    other = issue(
        replace(HOLDER, document_number="ZZ7654321"), signer(), features=Features(form=passport().features.form)
    )
    files = {**identity_card().files, File.SOD: other.files[File.SOD]}
    found = proven(files)
    assert standing(found, Claim.SECURITY_OBJECT) == HOLDS
    assert standing(found, Claim.CONTENT, File.DG1) == (Standing.FAILS, Reason.HASH_DIFFERS)
    assert not found.proves(File.DG1)


def test_hashes_replaced_under_the_signature_fail() -> None:
    theirs = issue(replace(HOLDER, surname="KARIMOVA"), signer())
    forged = identity_card().files[File.SOD]
    other: dict[File, bytes] = {}
    for file in (File.DG1, File.DG2, File.DG11, File.DG12):
        other[file] = theirs.files[file]
        forged = forged.replace(_hash(identity_card().files[file]), _hash(other[file]))
    found = proven({**other, File.SOD: forged})
    assert standing(found, Claim.CONTENT, File.DG1) == HOLDS
    assert standing(found, Claim.SECURITY_OBJECT) == (Standing.FAILS, Reason.SIGNATURE_WRONG)
    assert not found.proves(File.DG1)


def _hash(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def test_a_forgers_own_authority_with_the_same_name_certifies_nothing() -> None:
    forger = make_authority("UZ")
    document = issue(HOLDER, make_signer(forger))
    found = proven(document.files)
    assert standing(found, Claim.SECURITY_OBJECT) == HOLDS
    assert standing(found, Claim.SIGNER) == (Standing.FAILS, Reason.NOT_CERTIFIED)
    assert not found.proves(File.DG1)


def test_without_an_authority_of_the_country_the_signer_is_not_checked() -> None:
    found = proven(passport().files, EMPTY)
    assert standing(found, Claim.SIGNER) == (Standing.NOT_CHECKED, Reason.NO_AUTHORITY)
    assert standing(found, Claim.CARD_SECURITY) == (Standing.NOT_CHECKED, Reason.NO_AUTHORITY)
    assert not found.proves(File.DG1)


def test_a_signer_of_master_lists_signs_no_document() -> None:
    found = proven(issue(HOLDER, make_signer(authority(), signs_lists=True)).files)
    assert standing(found, Claim.SIGNER) == (Standing.FAILS, Reason.NOT_A_DOCUMENT_SIGNER)


def test_a_link_certificate_leads_from_the_new_authority_to_the_old_one() -> None:
    new = make_authority("UZ", serial=2)
    link = read_certificate(make_link(authority(), new))
    store = trusting(authority()).with_certificates([link])
    found = proven(issue(HOLDER, make_signer(new)).files, store)
    assert standing(found, Claim.SIGNER) == HOLDS
    assert [one.raw for one in found.path] == [link.raw, authority().certificate]


def revoking(*serials: int, days: int = 365, by: Authority | None = None) -> TrustStore:
    crl = make_crl(by or authority(), serials, this_update=NOW, next_update=NOW + timedelta(days=days))
    return trusting(authority()).with_crl(read_crl(crl))


def test_a_revoked_signer_fails_and_proves_nothing_any_more() -> None:
    found = proven(passport().files, revoking(99, signer().serial))
    assert standing(found, Claim.REVOCATION) == (Standing.FAILS, Reason.REVOKED)
    assert standing(found, Claim.CARD_SECURITY) == (Standing.FAILS, Reason.REVOKED)
    assert not found.proves(File.DG1)


def test_a_signer_that_no_list_names_is_not_revoked_until_the_list_is_old() -> None:
    assert standing(proven(passport().files, revoking(99)), Claim.REVOCATION) == HOLDS
    later = proven(passport().files, revoking(99, days=30), NOW + timedelta(days=31))
    assert standing(later, Claim.REVOCATION) == (Standing.NOT_CHECKED, Reason.REVOCATION_LIST_OLD)
    revoked_then = proven(passport().files, revoking(2, days=30), NOW + timedelta(days=31))
    assert standing(revoked_then, Claim.REVOCATION) == (Standing.FAILS, Reason.REVOKED)


def test_after_a_renewal_the_new_authoritys_list_counts_for_the_old_ones_signers() -> None:
    new = make_authority("UZ", serial=2)
    link = read_certificate(make_link(authority(), new))
    store = revoking(signer().serial, by=new).with_certificates([link, read_certificate(new.certificate)])
    assert standing(proven(passport().files, store), Claim.REVOCATION) == (Standing.FAILS, Reason.REVOKED)
    unlinked = revoking(signer().serial, by=new)
    assert standing(proven(passport().files, unlinked), Claim.REVOCATION)[0] is Standing.NOT_CHECKED


def test_an_expired_document_is_told_and_nothing_else_changes() -> None:
    document = issue(replace(HOLDER, expiry_date=date(2025, 1, 1)), signer())
    found = proven(document.files)
    assert standing(found, Claim.EXPIRY) == (Standing.FAILS, Reason.EXPIRED)
    assert found.proves(File.DG1)


@pytest.mark.parametrize(("year", "reason"), [(2023, Reason.NOT_YET_VALID), (2039, Reason.EXPIRED)])
def test_a_certificate_out_of_its_dates_fails(year: int, reason: Reason) -> None:
    found = proven(passport().files, now=datetime(year, 1, 1, tzinfo=UTC))
    assert standing(found, Claim.SIGNER_VALIDITY) == (Standing.FAILS, reason)
    assert standing(found, Claim.SIGNER) == HOLDS


def test_a_document_that_claims_another_state_than_its_signers_fails() -> None:
    document = issue(replace(HOLDER, issuer="KAZ"), signer())
    found = proven(document.files)
    assert standing(found, Claim.COUNTRY) == (Standing.FAILS, Reason.COUNTRY_DIFFERS)
    assert not found.proves(File.DG1)
    of_signer = issue(HOLDER, make_signer(authority(), country="KZ"))
    assert standing(proven(of_signer.files), Claim.COUNTRY) == (Standing.FAILS, Reason.COUNTRY_DIFFERS)


def test_a_document_of_another_state_holds_under_that_states_authority() -> None:
    germany = make_authority("DE", Scheme.ECDSA)
    document = issue(replace(HOLDER, issuer="D"), make_signer(germany))
    found = proven(document.files, trusting(authority(), germany))
    assert standing(found, Claim.COUNTRY) == HOLDS
    assert found.proves(File.DG1)
    unknown = issue(replace(HOLDER, issuer="XXX"), make_signer(germany))
    assert standing(proven(unknown.files, trusting(germany)), Claim.COUNTRY) == (
        Standing.NOT_CHECKED,
        Reason.COUNTRY_UNKNOWN,
    )


def test_a_file_that_was_signed_and_is_not_given_is_told() -> None:
    files = {
        file: content for file, content in passport().files.items() if file not in {File.DG15, File.DG2, File.DG12}
    }
    found = proven(files)
    assert standing(found, Claim.CONTENT, File.DG15) == (Standing.NOT_CHECKED, Reason.NOT_READ)
    assert standing(found, Claim.CONTENT, File.DG2) == (Standing.NOT_CHECKED, Reason.NOT_READ)
    assert proof_of(found.proofs, Claim.CONTENT, File.DG12) is None


def test_a_file_that_the_issuer_did_not_sign_fails() -> None:
    files = {**identity_card().files, File.DG15: passport().files[File.DG15]}
    assert standing(proven(files), Claim.CONTENT, File.DG15) == (Standing.FAILS, Reason.NOT_LISTED)


def test_an_offer_of_pace_put_in_or_taken_away_is_told() -> None:
    other = write_pace_info(Agreement.ECDH, PaceMapping.GENERIC, Suite.TRIPLE_DES, 12)
    weaker = {**passport().files, File.CARD_ACCESS: write_security_infos(other)}
    assert standing(proven(weaker), Claim.PACE_OFFER) == (Standing.FAILS, Reason.OFFER_DIFFERS)
    without = {file: content for file, content in passport().files.items() if file is not File.CARD_ACCESS}
    assert standing(proven(without), Claim.PACE_OFFER) == (Standing.FAILS, Reason.OFFER_DIFFERS)
    broken = {**passport().files, File.CARD_ACCESS: b"\x31\x05\x30"}
    assert standing(proven(broken), Claim.PACE_OFFER) == (Standing.FAILS, Reason.UNREADABLE)


def test_the_key_of_chip_mapping_is_proven_by_its_own_file() -> None:
    found = proven(passport().files)
    assert standing(found, Claim.CARD_SECURITY) == HOLDS
    forger = make_signer(make_authority("UZ"))
    forged = {**passport().files, File.CARD_SECURITY: sign_data(SECURITY_OBJECT, write_security_infos(), forger)}
    assert standing(proven(forged), Claim.CARD_SECURITY) == (Standing.FAILS, Reason.NOT_CERTIFIED)
    altered = bytearray(passport().files[File.CARD_SECURITY])
    altered[-1] ^= 1
    spoiled = {**passport().files, File.CARD_SECURITY: bytes(altered)}
    assert standing(proven(spoiled), Claim.CARD_SECURITY)[0] is Standing.FAILS
    # content of another kind, signed by the right signer, is no list of keys
    other = {**passport().files, File.CARD_SECURITY: read_one(passport().files[File.SOD]).value}
    assert standing(proven(other), Claim.CARD_SECURITY) == (Standing.FAILS, Reason.UNREADABLE)


def test_a_chip_with_countless_signers_keeps_the_station_no_longer_busy() -> None:
    whole = read_one(read_one(identity_card().files[File.SOD]).value)
    kind, tagged = whole.children()
    version, digests, content, certificates, signers = tagged.children()[0].children()
    (signer_info,) = signers.children()
    altered = bytearray(signer_info.raw)
    altered[-1] ^= 1
    many = encode(0x31, bytes(altered) * 60, signer_info.raw)
    data = encode(0x30, version.raw, digests.raw, content.raw, encode(0xA0, certificates.value * 60), many)
    sod = encode(0x77, encode(0x30, kind.raw, encode(0xA0, data)))
    found = proven({**identity_card().files, File.SOD: sod})
    assert standing(found, Claim.SECURITY_OBJECT) == (Standing.FAILS, Reason.SIGNATURE_WRONG)


def test_without_a_security_object_nothing_is_proven() -> None:
    files = {file: content for file, content in identity_card().files.items() if file is not File.SOD}
    found = proven(files)
    assert standing(found, Claim.SECURITY_OBJECT) == (Standing.NOT_CHECKED, Reason.NOT_READ)
    assert standing(found, Claim.CONTENT, File.DG1) == (Standing.NOT_CHECKED, Reason.NOT_READ)
    assert not found.proves(File.DG1)
    assert prove({}, EMPTY, NOW).signer is None


def test_a_security_object_that_is_none_fails() -> None:
    found = proven({**identity_card().files, File.SOD: b"\x77\x02\x30\x00"})
    assert standing(found, Claim.SECURITY_OBJECT) == (Standing.FAILS, Reason.UNREADABLE)


def test_a_signer_on_a_curve_of_its_own_is_not_checked() -> None:
    sod = identity_card().files[File.SOD]
    # one of the numbers of P-256 that the signer's certificate writes out
    cofactor_and_order = bytes.fromhex("BCE6FAADA7179E84F3B9CAC2FC632551") + b"\x02\x01\x01"
    assert cofactor_and_order in sod
    altered = sod.replace(cofactor_and_order, cofactor_and_order[:-1] + b"\x02")
    found = proven({**identity_card().files, File.SOD: altered})
    assert standing(found, Claim.SECURITY_OBJECT) == (Standing.NOT_CHECKED, Reason.ALGORITHM_UNKNOWN)


def test_a_security_object_without_its_signers_certificate_is_not_checked() -> None:
    own = replace(signer(), certificate=authority().certificate)
    document = issue(HOLDER, own)
    found = proven(document.files)
    assert standing(found, Claim.SECURITY_OBJECT)[0] is not Standing.HOLDS


def test_a_signer_of_a_short_validity_holds_within_it() -> None:
    brief = make_signer(authority(), validity=Validity(NOW - timedelta(days=1), NOW + timedelta(days=1)))
    groups = {File.DG1: identity_card().files[File.DG1]}
    found = proven({**groups, File.SOD: seal_hashes(groups, brief)})
    assert standing(found, Claim.SIGNER_VALIDITY) == HOLDS


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_changed_byte_of_a_security_object_lets_an_altered_document_hold(data: st.DataObject) -> None:
    files = dict(identity_card().files)
    sod = bytearray(files[File.SOD])
    at = data.draw(st.integers(0, len(sod) - 1))
    sod[at] ^= data.draw(st.integers(1, 255))
    found = proven({**files, File.SOD: bytes(sod), File.DG1: files[File.DG1][:-1] + b"9"})
    assert not found.proves(File.DG1)


def test_nothing_of_the_holder_is_in_what_is_told() -> None:
    said = repr(proven(passport().files)) + repr(keys())
    for secret in ("UMAROVA", "ZZ1234567", HOLDER.personal_number):
        assert secret not in said
