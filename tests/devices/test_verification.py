"""What a reading proves as a whole: the files by the issuer, the chip by its keys, a copy by neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from devices.emrtd.certificates import read_certificate
from devices.emrtd.emulator.authorities import Scheme, make_authority, make_signer
from devices.emrtd.emulator.chip import Chip
from devices.emrtd.emulator.issuing import NO_KEYS, Features, issue
from devices.emrtd.emulator.personalisation import personalise
from devices.emrtd.files import File
from devices.emrtd.proofs import Claim, Reason, Standing, proof_of
from devices.emrtd.trust import TrustStore
from devices.emrtd.verification import Copy, verify
from tests.devices.chips import CAM, GM, chip_of, document, photograph, read, rsa_key
from tests.devices.issued import HOLDER, NOW, authority, keys, signer


def trusting() -> TrustStore:
    return TrustStore().with_certificates([read_certificate(authority().certificate)])


def test_an_honest_passport_holds_in_everything_and_is_no_copy() -> None:
    verification = verify(read(chip_of(document(GM))), trusting(), NOW)
    assert {proof.standing for proof in verification.proofs} <= {
        Standing.HOLDS,
        Standing.NOT_OFFERED,
        Standing.NOT_CHECKED,
    }
    assert verification.passive.proves(File.DG1)
    assert verification.passive.proves(File.DG2)
    assert verification.copy is Copy.EXCLUDED


def test_chip_authentication_mapping_alone_excludes_a_copy() -> None:
    bare = replace(keys(), active_authentication=None, chip_authentication=None)
    issued = issue(HOLDER, signer(), bare, Features(pace=(CAM,), dg2=photograph(500)))
    verification = verify(read(chip_of(issued)), trusting(), NOW)
    assert proof_of(verification.proofs, Claim.CHIP_MAPPING, File.CARD_SECURITY) is not None
    assert verification.copy is Copy.EXCLUDED


def test_a_cloned_chip_is_suspected() -> None:
    chip = chip_of(document())
    clone = Chip(replace(chip.personalisation, signing_key=rsa_key(2048)))
    verification = verify(read(clone), trusting(), NOW)
    assert verification.copy is Copy.SUSPECTED
    assert verification.passive.proves(File.DG1)  # the data are the issuer's all the same


def test_a_chip_that_proves_itself_by_a_key_of_its_own_making_excludes_nothing() -> None:
    made_up = make_signer(make_authority("UZ"), Scheme.ECDSA)
    forged = issue(HOLDER, made_up, keys(), Features(dg2=photograph(500)))
    verification = verify(read(chip_of(forged)), trusting(), NOW)
    assert verification.copy is Copy.NOT_EXCLUDED
    found = proof_of(verification.proofs, Claim.SIGNER)
    assert found is not None
    assert found.reason is Reason.NOT_CERTIFIED


def test_a_chip_without_keys_may_be_a_copy() -> None:
    issued = issue(HOLDER, signer(), NO_KEYS, Features(dg2=photograph(500)))
    assert verify(read(chip_of(issued)), trusting(), NOW).copy is Copy.NOT_EXCLUDED


def test_without_authorities_nothing_of_the_issuer_is_proven_and_later_all_of_it_is() -> None:
    reading = read(chip_of(document(GM)))
    first = verify(reading, TrustStore(), NOW)
    assert not first.passive.proves(File.DG1)
    assert first.copy is Copy.NOT_EXCLUDED
    again = verify(reading, trusting(), NOW)
    assert again.passive.proves(File.DG1)
    assert again.copy is Copy.EXCLUDED


def test_a_security_object_of_another_document_and_an_altered_dg1_are_found() -> None:
    other = issue(replace(HOLDER, document_number="ZZ7654321"), signer(), keys(), Features(dg2=photograph(900)))
    personalisation = personalise(document())
    swapped = {**personalisation.files, File.SOD: other.files[File.SOD]}
    verification = verify(read(Chip(replace(personalisation, files=swapped))), trusting(), NOW)
    found = proof_of(verification.proofs, Claim.CONTENT, File.DG1)
    assert found is not None
    assert found.reason is Reason.HASH_DIFFERS
    altered = {**personalisation.files, File.DG1: personalisation.files[File.DG1].replace(b"UMAROVA", b"KARIMOV")}
    verification = verify(read(Chip(replace(personalisation, files=altered))), trusting(), NOW)
    assert not verification.passive.proves(File.DG1)


def test_an_offer_of_pace_that_was_taken_away_is_found() -> None:
    personalisation = personalise(document(GM))
    files = {file: content for file, content in personalisation.files.items() if file is not File.CARD_ACCESS}
    verification = verify(read(Chip(replace(personalisation, files=files))), trusting(), NOW)
    found = proof_of(verification.proofs, Claim.PACE_OFFER)
    assert found is not None
    assert found.standing is Standing.FAILS


def test_an_expired_document_is_shown_and_read_all_the_same() -> None:
    reading = read(chip_of(document()))
    verification = verify(reading, trusting(), datetime(2034, 1, 1, tzinfo=UTC))
    found = proof_of(verification.proofs, Claim.EXPIRY)
    assert found is not None
    assert found.standing is Standing.FAILS
    assert reading.files[File.DG1]
