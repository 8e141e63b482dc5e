"""A whole reading against the emulated chip: what is read and proven, what a wrong key or a pulled card does."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from devices.emrtd.access import AccessProtocol, Downgrade
from devices.emrtd.chip_proofs import prove_chip
from devices.emrtd.ciphers import Suite
from devices.emrtd.document import Attempt, Unread
from devices.emrtd.emulator.behaviour import Behaviour, Hostility
from devices.emrtd.emulator.chip import Chip, EmulatedLink
from devices.emrtd.emulator.issuing import ChipKeys, Features, PaceOffer, issue
from devices.emrtd.emulator.personalisation import personalise
from devices.emrtd.faults import (
    AccessDenied,
    ChannelBroken,
    DowngradeRefused,
    KeyDoesNotFit,
    NotATravelDocument,
    Protocol,
    ProtocolFailed,
)
from devices.emrtd.files import File
from devices.emrtd.key_agreement import standardized_domain
from devices.emrtd.keys import KeyInvalid, PasswordKind, key_of_can, key_of_data
from devices.emrtd.progress import FileRead, Phase, Progress
from devices.emrtd.proofs import Claim, Proof, Reason, Standing, proof_of
from devices.emrtd.reading import Reading, ReadingOptions, World, read_document
from devices.emrtd.security_infos import Agreement, PaceMapping
from devices.smartcard.faults import CardRemoved, LimitReached, Stopped
from devices.smartcard.limits import ExchangeLimits
from tests.devices.chips import (
    CAM,
    CAN,
    CURVES,
    GM,
    WRONG_KEY,
    can_key,
    chip_of,
    dh_key,
    document,
    document_with,
    key_of,
    photograph,
    read,
    rsa_key,
    without,
)
from tests.devices.issued import HOLDER, keys, signer


def proof(reading: Reading, claim: Claim) -> Proof:
    found = next((one for one in prove_chip(reading) if one.claim is claim), None)
    assert found is not None
    return found


# --- what is read


def test_a_passport_with_bac_is_read_whole_and_its_chip_proven() -> None:
    issued = document()
    reading = read(chip_of(issued))
    wanted = {File.DG1, File.DG2, File.DG11, File.DG12, File.DG14, File.DG15, File.COM, File.SOD}
    assert {file: reading.files[file] for file in wanted} == {file: issued.files[file] for file in wanted}
    assert (reading.access.protocol, reading.downgrades, dict(reading.unread)) == (AccessProtocol.BAC, (), {})
    assert proof(reading, Claim.CHIP_AUTHENTICATION).holds
    assert proof(reading, Claim.ACTIVE_AUTHENTICATION).holds
    assert proof(reading, Claim.CHIP_MAPPING).standing is Standing.NOT_OFFERED


def test_dg1_is_told_before_the_photograph_is_asked_for() -> None:
    told: list[Progress | FileRead] = []
    read(chip_of(document()), world=World(report=told.append))
    files = [one.file for one in told if isinstance(one, FileRead)]
    assert (files[0], files[-1]) == (File.DG1, File.DG2)
    assert [one.phase for one in told if isinstance(one, Progress)][:2] == [Phase.CARD_ACCESS, Phase.OPENING]
    photograph = [one for one in told if isinstance(one, Progress) and one.file is File.DG2]
    done = [one.bytes_done for one in photograph]
    assert done == sorted(done)
    assert {one.bytes_total for one in photograph} == {len(document().files[File.DG2])}
    assert done[-1] == photograph[-1].bytes_total


def test_only_the_files_asked_for_are_read() -> None:
    reading = read(chip_of(document()), options=ReadingOptions(files=(File.DG1,), prove_chip=False))
    assert set(reading.files) - {File.ATR_INFO} == {File.DG1}
    assert proof(reading, Claim.CHIP_AUTHENTICATION).standing is Standing.NOT_CHECKED


def test_nothing_of_the_document_or_its_key_is_printed_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    issued = document(CAM)
    told: list[object] = []
    chip = chip_of(issued)
    reading = read(chip, world=World(report=told.append))
    shown = " ".join(map(repr, [reading, chip, chip.personalisation, key_of(issued), can_key(), issued, *told]))
    shown += repr((reading.chip_transcript, reading.active_transcript, reading.mapping_proof)) + caplog.text
    for secret in (HOLDER.document_number, HOLDER.personal_number, HOLDER.surname, CAN, issued.mrz[:20]):
        assert secret not in shown
    assert "\\x" not in shown
    assert "private=" not in shown


# --- access control


@pytest.mark.parametrize("parameter_id", sorted(CURVES))
@pytest.mark.parametrize("mapping", [PaceMapping.GENERIC, PaceMapping.INTEGRATED])
def test_pace_over_every_curve_of_the_library(parameter_id: int, mapping: PaceMapping) -> None:
    if (parameter_id, mapping) == (10, PaceMapping.INTEGRATED):
        return  # Appendix B tells the encoding for primes of the form 4k + 3 only: the next test
    offer = PaceOffer(Agreement.ECDH, mapping, Suite.AES_128, parameter_id)
    reading = read(chip_of(document(offer), has_bac=False), options=ReadingOptions(files=(File.DG1,)))
    assert reading.is_by_pace
    assert reading.access.pace is not None
    assert (reading.access.pace.parameter_id, reading.access.pace.mapping) == (parameter_id, mapping)


def test_integrated_mapping_over_p224_which_no_standard_tells_fails_cleanly() -> None:
    offer = PaceOffer(Agreement.ECDH, PaceMapping.INTEGRATED, Suite.AES_128, 10)
    with pytest.raises(ProtocolFailed):
        read(chip_of(document(offer), has_bac=False))


@pytest.mark.parametrize("parameter_id", [9, 11, 14])
def test_pace_over_the_brainpool_curves_that_the_library_lacks(parameter_id: int) -> None:
    offer = PaceOffer(Agreement.ECDH, PaceMapping.GENERIC, Suite.AES_128, parameter_id)
    assert read(chip_of(document(offer)), options=ReadingOptions(files=(File.DG1,))).is_by_pace


@pytest.mark.parametrize("parameter_id", [0, 1, 2])
@pytest.mark.parametrize("mapping", [PaceMapping.GENERIC, PaceMapping.INTEGRATED])
def test_pace_over_the_groups(parameter_id: int, mapping: PaceMapping) -> None:
    offer = PaceOffer(Agreement.DH, mapping, Suite.AES_128, parameter_id)
    assert read(chip_of(document(offer)), options=ReadingOptions(files=(File.DG1,))).is_by_pace


@pytest.mark.parametrize("suite", list(Suite))
@pytest.mark.parametrize("mapping", list(PaceMapping))
def test_pace_and_its_channel_with_every_cipher(suite: Suite, mapping: PaceMapping) -> None:
    if (suite, mapping) == (Suite.TRIPLE_DES, PaceMapping.CHIP_AUTHENTICATION):
        return  # there is no such protocol
    issued = document(PaceOffer(Agreement.ECDH, mapping, suite, 12))
    reading = read(chip_of(issued, has_bac=False))
    assert reading.files[File.DG2] == issued.files[File.DG2]
    assert reading.access.pace is not None
    assert reading.access.pace.suite is suite


def test_pace_opens_with_the_card_access_number() -> None:
    reading = read(chip_of(document(GM)), can_key())
    assert (reading.is_by_pace, reading.access.password) == (True, PasswordKind.CAN)


def test_a_card_access_number_without_pace_is_told_to_be_the_wrong_kind_of_key() -> None:
    with pytest.raises(KeyDoesNotFit):
        read(chip_of(document()), can_key())


def test_pace_with_chip_authentication_mapping_proves_the_chip() -> None:
    reading = read(chip_of(document(CAM)))
    assert proof(reading, Claim.CHIP_MAPPING).holds
    assert File.CARD_SECURITY in reading.files


def test_a_clone_that_runs_the_mapping_with_another_key_is_found() -> None:
    chip = chip_of(document(CAM))
    domain = standardized_domain(12)
    assert domain is not None
    assert chip.personalisation.mapping_key is not None
    other = replace(chip.personalisation.mapping_key, private=12345)
    clone = Chip(replace(chip.personalisation, mapping_key=other))
    assert proof(read(clone), Claim.CHIP_MAPPING).reason is Reason.CHIP_ANSWER_WRONG


def test_the_best_of_several_offers_is_taken() -> None:
    weak = PaceOffer(Agreement.DH, PaceMapping.GENERIC, Suite.TRIPLE_DES, 0)
    reading = read(chip_of(document(weak, GM, CAM)))
    assert reading.access.pace is not None
    assert reading.access.pace.mapping is PaceMapping.CHIP_AUTHENTICATION


def test_one_protocol_over_two_curves_names_which_one_it_means() -> None:
    both = (GM, PaceOffer(Agreement.ECDH, PaceMapping.GENERIC, Suite.AES_128, 15))
    assert read(chip_of(document(*both))).is_by_pace


@pytest.mark.parametrize("pace", [(), (GM,)], ids=["BAC", "PACE"])
def test_a_wrong_mrz_three_times_is_denied_three_times_and_the_right_one_still_opens(
    pace: tuple[PaceOffer, ...],
) -> None:
    chip = chip_of(document(*pace))
    for _ in range(3):
        with pytest.raises(AccessDenied) as denied:
            read(chip, WRONG_KEY)
        assert denied.value.protocol is (Protocol.PACE if pace else Protocol.BAC)
        chip.reset()
    assert read(chip).files[File.DG1] == document(*pace).files[File.DG1]


def test_a_wrong_card_access_number_tells_how_many_tries_are_left() -> None:
    chip = chip_of(document(GM), Behaviour(denied_status=0x63C2))
    with pytest.raises(AccessDenied) as denied:
        read(chip, key_of_can("000000"))
    assert denied.value.tries_left == 2


def test_another_kind_of_chip_is_told() -> None:
    class Other(Chip):
        def exchange(self, raw: bytes) -> bytes:
            self.commands += len(raw[:1])
            return b"\x6a\x82"

    with pytest.raises(NotATravelDocument):
        read(Other(personalise(document())))


def test_a_chip_without_access_control_is_read_and_shown_so() -> None:
    personalisation = replace(personalise(document()), is_open=True)
    reading = read(Chip(personalisation))
    assert (reading.access.protocol, reading.downgrades) == (AccessProtocol.NONE, (Downgrade.NO_ACCESS_CONTROL,))
    assert reading.files[File.DG2] == document().files[File.DG2]


# --- chip and active authentication


@pytest.mark.parametrize("suite", list(Suite))
@pytest.mark.parametrize("kind", ["curve", "group"])
def test_chip_authentication_with_every_cipher(suite: Suite, kind: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1()) if kind == "curve" else dh_key(2)
    issued = document_with(ChipKeys(chip_authentication=private, chip_authentication_suite=suite))
    reading = read(chip_of(issued))
    assert reading.chip_attempt is Attempt.DONE
    assert proof(reading, Claim.CHIP_AUTHENTICATION).holds
    assert reading.files[File.DG2] == issued.files[File.DG2]


def test_a_clone_without_the_private_key_of_dg14_is_found() -> None:
    chip = chip_of(document())
    (key,) = chip.personalisation.chip_keys
    clone = Chip(replace(chip.personalisation, chip_keys=(replace(key, private=4711),)))
    reading = read(clone)
    assert reading.chip_attempt is Attempt.DONE  # it took our key, and then could not speak under the new ones
    found = proof(reading, Claim.CHIP_AUTHENTICATION)
    assert (found.standing, found.reason) == (Standing.FAILS, Reason.CHIP_ANSWER_WRONG)
    assert reading.files[File.DG2] == document().files[File.DG2]  # read all the same: never a reason to refuse


def test_a_clone_without_the_private_key_of_dg15_is_found() -> None:
    chip = chip_of(document())
    clone = Chip(replace(chip.personalisation, signing_key=rsa_key(2048)))
    found = proof(read(clone), Claim.ACTIVE_AUTHENTICATION)
    assert (found.standing, found.reason) == (Standing.FAILS, Reason.CHIP_ANSWER_WRONG)


def test_a_clone_that_refuses_active_authentication_is_found() -> None:
    chip = chip_of(document())
    found = proof(read(Chip(replace(chip.personalisation, signing_key=None))), Claim.ACTIVE_AUTHENTICATION)
    assert (found.standing, found.reason) == (Standing.FAILS, Reason.CHIP_SILENT)


def test_a_clone_that_hides_dg15_from_its_list_is_asked_for_it_because_the_issuer_signed_it() -> None:
    issued = document()
    without_tag = issued.files[File.COM].replace(b"\x6f", b"\x6c")
    personalisation = without(personalise(issued), File.DG15)
    listed_less = {**personalisation.files, File.COM: without_tag}
    reading = read(Chip(replace(personalisation, files=listed_less)))
    assert reading.unread[File.DG15] is Unread.MISSING


@pytest.mark.parametrize("bits", [1024, 2048, 3072, 4096])
@pytest.mark.parametrize("extended", [False, True])
def test_active_authentication_with_rsa_of_any_size(bits: int, extended: bool) -> None:
    issued = document_with(ChipKeys(active_authentication=rsa_key(bits)))
    reading = read(chip_of(issued, Behaviour(extended_bytes_max=4096 if extended else 0)))
    assert proof(reading, Claim.ACTIVE_AUTHENTICATION).holds


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_active_authentication_with_rsa_and_any_hash(digest: str) -> None:
    personalisation = personalise(document_with(ChipKeys(active_authentication=rsa_key(2048))))
    reading = read(Chip(replace(personalisation, signature_hash=digest)))
    assert proof(reading, Claim.ACTIVE_AUTHENTICATION).holds


@pytest.mark.parametrize("parameter_id", sorted(CURVES))
def test_active_authentication_over_every_curve_of_the_library(parameter_id: int) -> None:
    private = ec.generate_private_key(CURVES[parameter_id]())
    reading = read(chip_of(document_with(ChipKeys(active_authentication=private))))
    assert proof(reading, Claim.ACTIVE_AUTHENTICATION).holds


def test_a_kept_reading_is_proven_again_later_and_an_altered_one_is_not() -> None:
    reading = read(chip_of(document(CAM)))
    again = replace(reading)
    assert {one.standing for one in prove_chip(again)} == {Standing.HOLDS}
    assert again.active_transcript is not None
    assert again.chip_transcript is not None
    assert again.mapping_proof is not None
    altered = replace(
        again,
        active_transcript=replace(again.active_transcript, challenge=bytes(8)),
        chip_transcript=replace(again.chip_transcript, private=again.chip_transcript.private + 1),
        mapping_proof=replace(again.mapping_proof, data=bytes(32)),
    )
    assert {one.standing for one in prove_chip(altered)} == {Standing.FAILS}
    other = issue(HOLDER, signer(), keys(), Features(dg2=photograph(2_500)))
    exchanged = replace(again, files={**again.files, File.DG14: other.files[File.DG15]})
    assert proof_of(prove_chip(exchanged), Claim.CHIP_AUTHENTICATION, File.DG14) is not None
    assert not proof(exchanged, Claim.CHIP_AUTHENTICATION).holds


# --- what stops a reading


@pytest.mark.parametrize("at", [0, 30, 200, 700, 1_500, 4_000])
def test_a_card_pulled_at_any_byte_ends_the_reading_and_laid_down_again_is_read(at: int) -> None:
    chip = chip_of(document(GM), Behaviour(pulled_at_byte=at))
    with pytest.raises(CardRemoved):
        read(chip)
    with pytest.raises(CardRemoved):
        EmulatedLink(chip).exchange(b"\x00\xa4\x04\x0c")
    chip.put_back()
    assert read(chip).files[File.DG2] == document(GM).files[File.DG2]


def test_the_person_stops_a_reading_between_two_commands() -> None:
    chip = chip_of(document())
    with pytest.raises(Stopped):
        read(chip, world=World(is_stopped=lambda: chip.commands >= 12))
    assert chip.commands == 12


def test_a_reading_ends_when_its_time_is_over() -> None:
    clock = iter(range(10_000))
    with pytest.raises(LimitReached):
        read(chip_of(document()), world=World(now_s=lambda: 5.0 * next(clock)))


@pytest.mark.parametrize("hostility", list(Hostility))
@pytest.mark.parametrize("pace", [(), (GM,)], ids=["BAC", "PACE"])
def test_a_hostile_chip_costs_no_more_than_the_limits(hostility: Hostility, pace: tuple[PaceOffer, ...]) -> None:
    options = ReadingOptions(exchange=ExchangeLimits(commands_max=600, seconds_max=60))
    chip = chip_of(document(*pace), Behaviour(hostility=hostility))
    try:
        reading = read(chip, options=options)
    except (LimitReached, ProtocolFailed, ChannelBroken):
        pass
    else:
        assert sum(map(len, reading.files.values())) < options.total_bytes_max
        assert File.DG2 in reading.unread or hostility is Hostility.SAME_KEY
    assert chip.commands <= 600


def test_files_longer_than_the_limits_are_not_read() -> None:
    reading = read(chip_of(document()), options=ReadingOptions(file_bytes_max=1_000))
    assert reading.unread[File.DG2] is Unread.UNREADABLE
    assert File.DG1 in reading.files
    little = read(chip_of(document()), options=ReadingOptions(total_bytes_max=2_500))
    assert sum(map(len, little.files.values())) <= 2_500


def test_pace_that_nobody_knows_is_no_reason_for_bac_behind_ones_back() -> None:
    personalisation = personalise(document(GM))
    unknown = personalisation.files[File.CARD_ACCESS].replace(b"\x02\x01\x0c", b"\x02\x01\x07")
    chip = Chip(replace(personalisation, files={**personalisation.files, File.CARD_ACCESS: unknown}))
    with pytest.raises(DowngradeRefused):
        read(chip)
    chip.reset()
    reading = read(chip, options=ReadingOptions(may_downgrade=True))
    assert (reading.access.protocol, reading.downgrades) == (AccessProtocol.BAC, (Downgrade.PACE_UNKNOWN,))


def test_a_card_access_file_of_nonsense_is_no_reason_for_bac_behind_ones_back() -> None:
    personalisation = personalise(document(GM))
    honest = Chip(personalisation)
    nonsense = {**personalisation.files, File.CARD_ACCESS: b"\x31\x03\x02\x05\x00"}
    honest.application.personalisation = replace(personalisation, files=nonsense)
    with pytest.raises(DowngradeRefused):
        read(honest)
    honest.reset()
    reading = read(honest, options=ReadingOptions(may_downgrade=True))
    assert reading.downgrades == (Downgrade.CARD_ACCESS_INVALID,)


# --- what is typed


@pytest.mark.parametrize(
    ("number", "birth", "expiry"),
    [("", "870325", "330501"), ("ZZ_1", "870325", "330501"), ("ZZ1", "87032", "330501"), ("ZZ1", "870325", "33-05-01")],
)
def test_what_cannot_be_a_key_is_refused(number: str, birth: str, expiry: str) -> None:
    with pytest.raises(KeyInvalid) as refused:
        key_of_data(number, birth, expiry)
    assert number not in str(refused.value) or not number


@pytest.mark.parametrize("can", ["", "12345", "12345a", "1" * 17])
def test_what_cannot_be_a_card_access_number_is_refused(can: str) -> None:
    with pytest.raises(KeyInvalid):
        key_of_can(can)


def test_the_typed_data_of_a_document_open_it_like_its_mrz() -> None:
    key = key_of_data(HOLDER.document_number.lower(), "870325", "330501")
    assert key == key_of(document())
    assert key_of_data("D23145890734", "340712", "950712").text == "D23145890734934071279507122"
    assert key_of_data("L898902C", "690806", "940623").text == "L898902C<369080619406236"
    assert read_document(EmulatedLink(chip_of(document())), key).files[File.DG1]
