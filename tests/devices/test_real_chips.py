"""What real chips do and what a reader must do about it: every row of the table, each against the emulated chip."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from devices.emrtd.access import AccessProtocol, Downgrade
from devices.emrtd.certificates import read_certificate
from devices.emrtd.chip_proofs import prove_chip
from devices.emrtd.ciphers import Suite
from devices.emrtd.document import Attempt
from devices.emrtd.emulator.application import Application
from devices.emrtd.emulator.authorities import Scheme, Style
from devices.emrtd.emulator.behaviour import ROWS, Behaviour
from devices.emrtd.emulator.chip import Chip, EmulatedLink
from devices.emrtd.emulator.issuing import ChipKeys, Features, PaceOffer, issue
from devices.emrtd.emulator.personalisation import personalise
from devices.emrtd.emulator.strange import STRANGE
from devices.emrtd.face_images import read_dg2
from devices.emrtd.faults import AccessDenied, ChannelBroken, ProtocolFailed
from devices.emrtd.file_reading import ReadSizes, sizes_for
from devices.emrtd.files import File
from devices.emrtd.keys import key_of_mrz
from devices.emrtd.listing import listed_files
from devices.emrtd.mrz import mrz_information, parse
from devices.emrtd.mrz_layouts import Form
from devices.emrtd.proofs import Claim, Proof
from devices.emrtd.public_keys import write_public_key
from devices.emrtd.reading import Reading, ReadingOptions, World, read_document
from devices.emrtd.security_infos import (
    Agreement,
    PaceMapping,
    read_dg14,
    write_chip_authentication_info,
    write_chip_authentication_key,
    write_dg14,
)
from devices.emrtd.tlv import encode
from devices.emrtd.trust import EMPTY
from devices.emrtd.verification import Copy, verify
from devices.smartcard.apdu import Command, Response, is_extended
from devices.smartcard.faults import CardMute, CardRemoved
from devices.smartcard.replay import RecordingLink
from tests.devices.chips import (
    CAM,
    GM,
    WRONG_KEY,
    chip_of,
    dh_key,
    document,
    document_with,
    key_of,
    photograph,
    read,
    rsa_key,
)
from tests.devices.issued import HOLDER, NOW, authority, keys, signer

# ICAO 9303-11, Appendix D.2.
LONG_NUMBER = "I<UTOD23145890<7349<<<<<<<<<<<3407127M9507122UTO<<<<<<<<<<<2STEVENSON<<PETER<JOHN<<<<<<<<<"
MAY_DOWNGRADE = ReadingOptions(may_downgrade=True)


def rows(number: int) -> pytest.MarkDecorator:
    names = [name for name in ROWS if name.startswith(f"{number}-")]
    assert names
    return pytest.mark.parametrize("row", names)


def proof(reading: Reading, claim: Claim) -> Proof:
    return next(one for one in prove_chip(reading) if one.claim is claim)


def is_whole(reading: Reading, *pace: PaceOffer) -> bool:
    wanted = document(*pace).files
    read_files = {file for file in wanted if file.data_group} | {File.COM, File.SOD}
    return all(reading.files[file] == wanted[file] for file in read_files) and not reading.unread


def test_every_row_that_lies_in_the_chip_has_its_behaviour() -> None:
    assert {int(name.split("-")[0]) for name in ROWS} == {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17}


@rows(1)
def test_row_1_bac_is_never_used_silently_where_pace_failed(row: str) -> None:
    chip = chip_of(document(GM), ROWS[row])
    with pytest.raises(AccessDenied):
        read(chip)
    chip.reset()
    recording = RecordingLink(EmulatedLink(chip))
    reading = read_document(recording, key_of(document(GM)), MAY_DOWNGRADE)
    assert (reading.access.protocol, reading.downgrades) == (AccessProtocol.BAC, (Downgrade.PACE_FAILED,))
    commands = [command for command, _ in recording.steps]
    between = commands[: next(at for at, command in enumerate(commands) if command[1:2] == b"\x84")]
    assert b"" in between  # the card was reset between PACE and BAC: never both in one session


@rows(2)
def test_row_2_a_chip_of_pace_only_is_never_asked_for_bac(row: str) -> None:
    recording = RecordingLink(EmulatedLink(chip_of(document(GM), ROWS[row])))
    assert read_document(recording, key_of(document(GM))).is_by_pace
    assert not any(command[1:2] == b"\x84" for command, _ in recording.steps)


@rows(2)
def test_row_2_pace_only_without_card_access_ends_with_the_reason(row: str) -> None:
    with pytest.raises(ProtocolFailed) as failed:
        read(chip_of(document(), ROWS[row]))
    assert failed.value.status == ROWS[row].bac_status


@rows(3)
def test_row_3_files_that_are_missing_in_any_way_are_missing(row: str) -> None:
    assert is_whole(read(chip_of(document(), ROWS[row])))


@rows(4)
def test_row_4_the_parameter_id_is_named_to_a_chip_that_wants_it(row: str) -> None:
    assert is_whole(read(chip_of(document(GM), ROWS[row])), GM)


@rows(5)
def test_row_5_a_refusal_at_the_last_step_is_one_clear_denial(row: str) -> None:
    for pace in ((), (GM,)):
        with pytest.raises(AccessDenied) as denied:
            read(chip_of(document(*pace), ROWS[row]), WRONG_KEY)
        assert denied.value.status == ROWS[row].denied_status


@rows(6)
@pytest.mark.parametrize("pace", [(), (GM,)], ids=["BAC", "PACE"])
def test_row_6_pieces_that_are_too_large_become_smaller_and_the_chip_is_opened_again(
    row: str, pace: tuple[PaceOffer, ...]
) -> None:
    reading = read(chip_of(document(*pace), ROWS[row]))
    assert is_whole(reading, *pace)
    assert reading.piece_bytes == 160


@pytest.mark.parametrize(("bytes_max", "found"), [(222, 160), (159, 112), (112, 112)])
def test_row_6_each_size_of_the_ladder_is_found(bytes_max: int, found: int) -> None:
    reading = read(chip_of(document(), Behaviour(read_bytes_max=bytes_max)))
    assert is_whole(reading)
    assert reading.piece_bytes == found


def test_row_6_the_ladder_begins_with_extended_length_only_where_it_is_announced() -> None:
    assert ReadSizes().ladder == (223, 160, 112)
    assert sizes_for(None).ladder == (223, 160, 112)
    assert sizes_for(65_536).ladder == (4_096, 256, 223, 160, 112)
    assert sizes_for(1_024).ladder == (984, 256, 223, 160, 112)
    assert sizes_for(256).ladder == (223, 160, 112)


@rows(7)
@pytest.mark.parametrize("pace", [(), (GM,)], ids=["BAC", "PACE"])
def test_row_7_the_end_of_a_file_and_answers_in_parts(row: str, pace: tuple[PaceOffer, ...]) -> None:
    assert is_whole(read(chip_of(document(*pace), ROWS[row])), *pace)


@rows(8)
def test_row_8_a_signature_of_over_256_bytes_is_asked_for_in_the_long_form_too(row: str) -> None:
    issued = document_with(ChipKeys(active_authentication=rsa_key(4096)))
    reading = read(chip_of(issued, ROWS[row]))
    assert proof(reading, Claim.ACTIVE_AUTHENTICATION).holds
    assert reading.files[File.DG2] == issued.files[File.DG2]


@rows(9)
@pytest.mark.parametrize("pace", [(), (GM,)], ids=["BAC", "PACE"])
@pytest.mark.parametrize("at", [1, 2, 5, 9, 14])
def test_row_9_a_plain_status_word_ends_the_channel_and_reading_goes_on_where_it_stopped(
    row: str, pace: tuple[PaceOffer, ...], at: int
) -> None:
    chip = chip_of(document(*pace), replace(ROWS[row], channel_breaks_at_read=at))
    assert is_whole(read(chip), *pace)


@pytest.mark.parametrize(
    "style",
    [
        Style(),
        Style(digest="sha1"),
        Style(names_key_only=True),
        Style(content_is_data=True),
        Style(has_attributes=False),
        Style(lists_digests=False),
    ],
    ids=["as told", "SHA-1", "key for signature", "id-data", "no attributes", "in SignerInfo only"],
)
def test_row_10_the_security_object_is_read_whatever_its_form(style: Style) -> None:
    for scheme in (Scheme.RSA, Scheme.ECDSA):
        issued = issue(HOLDER, signer(scheme), features=Features(dg2=photograph(500), style=style))
        reading = read(chip_of(issued))
        assert reading.files[File.SOD] == issued.files[File.SOD]
        assert listed_files(None, reading.files[File.SOD]) == {file for file in issued.files if file.data_group}


def test_row_11_explicit_curve_parameters_in_dg14_are_the_named_curve() -> None:
    issued = document_with(ChipKeys(chip_authentication=ec.generate_private_key(ec.BrainpoolP384R1())))
    assert len(issued.files[File.DG14]) > 400  # the curve's numbers are written out
    assert proof(read(chip_of(issued)), Claim.CHIP_AUTHENTICATION).holds


def test_row_12_sets_of_dg14_in_any_order_are_read_raw() -> None:
    issued = document()
    infos = issued.files[File.DG14]
    assert read(chip_of(issued)).files[File.DG14] == infos
    dg14 = parse_infos(infos)
    backwards = encode(0x6E, encode(0x31, *reversed(dg14)))
    personalisation = personalise(issued)
    chip = Chip(replace(personalisation, files={**personalisation.files, File.DG14: backwards}))
    reading = read(chip)
    assert reading.files[File.DG14] == backwards
    assert proof(reading, Claim.CHIP_AUTHENTICATION).holds


def parse_infos(dg14: bytes) -> list[bytes]:
    return [info.raw for info in read_dg14(dg14).infos]


@rows(13)
@pytest.mark.parametrize("curve", [ec.SECP256R1, ec.SECP521R1, ec.BrainpoolP384R1])
def test_row_13_signatures_over_curves_in_each_form(row: str, curve: type[ec.EllipticCurve]) -> None:
    issued = document_with(ChipKeys(active_authentication=ec.generate_private_key(curve())))
    assert proof(read(chip_of(issued, ROWS[row])), Claim.ACTIVE_AUTHENTICATION).holds


def test_row_14_the_photograph_is_read_whatever_is_in_it() -> None:
    content = encode(0x75, b"\x00" * 3, encode(0x7F61, b"\x02\x01\x01"))
    issued = issue(HOLDER, signer(), features=Features(dg2=content))
    assert read(chip_of(issued)).files[File.DG2] == content


@pytest.mark.parametrize("number", ["ZZ12345", "ZZ1234567", "ZZ1234567890"])
@pytest.mark.parametrize("pace", [(), (GM,)], ids=["BAC", "PACE"])
def test_row_15_document_numbers_of_any_length_open_the_chip(number: str, pace: tuple[PaceOffer, ...]) -> None:
    holder = replace(HOLDER, document_number=number[:9])
    issued = issue(holder, signer(), features=Features(form=Form.TD1, pace=pace, dg2=photograph(500)))
    if len(number) > 9:
        key = key_of_mrz(parse(LONG_NUMBER))
        personalisation = replace(personalise(issued), mrz_key=key)
        assert key.text == "D23145890734934071279507122"
    else:
        personalisation = personalise(issued)
        assert personalisation.mrz_key.text == mrz_information(parse(issued.mrz))
    assert read(Chip(personalisation)).files[File.DG1] == issued.files[File.DG1]


@rows(16)
def test_row_16_a_card_that_left_the_field_needs_the_whole_session_again(row: str) -> None:
    chip = chip_of(document(), ROWS[row])
    with pytest.raises(CardRemoved):
        read(chip)
    chip.put_back()
    assert is_whole(read(chip))


@pytest.mark.parametrize(
    ("of_key", "of_info", "of_chip"), [(1, 2, 1), (1, 2, 2), (None, 1, None), (1, None, 1), (7, 7, 7)]
)
@pytest.mark.parametrize("suite", [Suite.TRIPLE_DES, Suite.AES_128])
def test_row_17_key_ids_that_differ_or_are_absent(
    of_key: int | None, of_info: int | None, of_chip: int | None, suite: Suite
) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    issued = document_with(ChipKeys(chip_authentication=private, chip_authentication_suite=suite))
    dg14 = write_dg14(
        write_chip_authentication_info(Agreement.ECDH, suite, of_info),
        write_chip_authentication_key(Agreement.ECDH, write_public_key(private.public_key()), of_key),
    )
    personalisation = personalise(issued)
    (key,) = personalisation.chip_keys
    files = {**personalisation.files, File.DG14: dg14}
    chip = Chip(replace(personalisation, files=files, chip_keys=(replace(key, key_id=of_chip),)))
    reading = read(chip)
    assert reading.chip_attempt is Attempt.DONE
    assert proof(reading, Claim.CHIP_AUTHENTICATION).holds


@rows(17)
def test_row_17_a_chip_with_a_key_and_no_info_means_the_oldest_cipher(row: str) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    issued = document_with(ChipKeys(chip_authentication=private, chip_authentication_suite=Suite.TRIPLE_DES))
    dg14 = write_dg14(write_chip_authentication_key(Agreement.ECDH, write_public_key(private.public_key()), 3))
    personalisation = personalise(issued)
    chip = Chip(replace(personalisation, files={**personalisation.files, File.DG14: dg14}), ROWS[row])
    assert proof(read(chip), Claim.CHIP_AUTHENTICATION).holds


# --- extended length and far offsets


def test_extended_length_is_used_where_chip_and_reader_announce_it() -> None:
    issued = document(GM, photograph_bytes=16_000, extended=True)
    chip = chip_of(issued, Behaviour(extended_bytes_max=4_096))
    reading = read(chip)
    assert reading.files[File.DG2] == issued.files[File.DG2]
    assert reading.piece_bytes > 3_000
    short = EmulatedLink(chip_of(issued, Behaviour(extended_bytes_max=4_096)), data_bytes_max=255)
    assert read_document(short, key_of(issued)).piece_bytes == 223


def test_a_chip_that_announces_extended_length_and_refuses_it_is_read_in_short_pieces() -> None:
    issued = document(GM, photograph_bytes=3_000, extended=True)
    chip = chip_of(issued, Behaviour(extended_bytes_max=4_096, read_bytes_max=223, read_status_is_plain=False))
    reading = read(chip)
    assert (reading.piece_bytes, reading.files[File.DG2]) == (223, issued.files[File.DG2])


@pytest.mark.parametrize("extended", [False, True])
def test_files_of_over_32767_bytes_are_read_by_their_far_offsets(extended: bool) -> None:
    issued = document(photograph_bytes=70_000, extended=extended)
    chip = chip_of(issued, Behaviour(extended_bytes_max=4_096 if extended else 0))
    assert read(chip).files[File.DG2] == issued.files[File.DG2]


def test_a_chip_that_breaks_its_channel_for_ever_is_given_up() -> None:
    class Broken(Chip):
        def exchange(self, raw: bytes) -> bytes:
            if raw[0] & 0x0C and raw[1] == 0xB0 and len(self.application.session.challenge) == 0:
                self.application.session.channel = None
                return b"\x69\x82"
            return super().exchange(raw)

    told: list[object] = []
    with pytest.raises(ChannelBroken):
        read(Broken(personalise(document())), world=World(report=told.append))
    assert len(told) < 60


def test_pace_that_the_chip_refuses_for_one_offer_is_tried_with_the_next() -> None:
    other = PaceOffer(Agreement.ECDH, PaceMapping.INTEGRATED, Suite.AES_128, 12)

    class Choosy(Chip):
        def exchange(self, raw: bytes) -> bytes:
            if raw[1] == 0x22 and b"\x04\x02\x02" in raw:
                return b"\x6a\x80"
            return super().exchange(raw)

    issued = issue(
        HOLDER, signer(), replace(keys(), chip_mapping=None), Features(pace=(GM, other), dg2=photograph(500))
    )
    reading = read(Choosy(personalise(issued)))
    assert reading.access.pace is not None
    assert reading.access.pace.mapping is PaceMapping.INTEGRATED


class ShortReader(EmulatedLink):
    """A reader that says nothing of lengths and fails at extended commands."""

    def exchange(self, command: bytes) -> bytes:
        if is_extended(command):
            raise CardMute("the reader doesn't take it")
        return super().exchange(command)


def test_a_reader_that_silently_takes_no_extended_commands_is_used_with_short_ones() -> None:
    issued = document(GM, photograph_bytes=3_000, extended=True)
    link = ShortReader(chip_of(issued, Behaviour(extended_bytes_max=4_096)), data_bytes_max=None)
    reading = read_document(link, key_of(issued))
    assert (reading.files[File.DG2], reading.piece_bytes) == (issued.files[File.DG2], 223)


@pytest.mark.parametrize("reader", [ShortReader, EmulatedLink])
def test_keys_of_2048_bits_are_sent_in_parts_over_a_reader_of_short_commands(reader: type[EmulatedLink]) -> None:
    offer = PaceOffer(Agreement.DH, PaceMapping.GENERIC, Suite.AES_128, 2)
    chip_key = dh_key(1)
    issued = document_with(ChipKeys(chip_authentication=chip_key), offer)
    most = None if reader is ShortReader else 255
    reading = read_document(reader(chip_of(issued), data_bytes_max=most), key_of(issued))
    assert reading.is_by_pace
    assert proof(reading, Claim.CHIP_AUTHENTICATION).holds


@pytest.mark.parametrize("too_many", [1, 8, 300])
def test_a_file_that_ends_before_its_header_says_is_kept_as_it_is(too_many: int) -> None:
    personalisation = personalise(document())
    whole = personalisation.files[File.DG2]
    assert whole[:2] == b"\x75\x82"
    longer = whole[:2] + (len(whole) - 4 + too_many).to_bytes(2) + whole[4:]
    reading = read(Chip(replace(personalisation, files={**personalisation.files, File.DG2: longer})))
    assert reading.files[File.DG2] == longer


def test_a_chip_that_lists_many_keys_is_asked_a_few_times_only() -> None:
    issued = document()
    infos = [
        write_chip_authentication_key(
            Agreement.ECDH, write_public_key(ec.generate_private_key(ec.SECP256R1()).public_key()), number
        )
        for number in range(20)
    ]
    offers = [write_chip_authentication_info(Agreement.ECDH, Suite.AES_128, number) for number in range(20)]
    personalisation = personalise(issued)
    many = {**personalisation.files, File.DG14: write_dg14(*offers, *infos)}
    chip = Chip(replace(personalisation, files=many, chip_keys=()))
    reading = read(chip)
    assert reading.chip_attempt is Attempt.REFUSED
    assert reading.commands < 100


@pytest.mark.parametrize("row", STRANGE)
def test_a_strange_document_is_read_and_proven_like_any_other(row: str) -> None:
    made = STRANGE[row](HOLDER, authority(), replace(keys(), chip_mapping=None), Features(pace=(GM,)))
    store = EMPTY.with_certificates([read_certificate(authority().certificate)])
    verification = verify(read(chip_of(made)), store, NOW)
    listed = [file for file in made.files if file.data_group]
    assert all(verification.passive.proves(file) for file in listed)
    assert verification.copy is Copy.EXCLUDED
    assert read_dg2(made.files[File.DG2]).images


def test_the_rows_of_chips_and_of_documents_are_all_seventeen() -> None:
    assert {int(name.split("-")[0]) for name in (*ROWS, *STRANGE)} == set(range(1, 18))


@pytest.mark.parametrize("pace", [(), (GM,), (CAM,)], ids=["BAC", "GM", "CAM"])
def test_a_chip_that_selects_only_with_file_control_information_is_read(pace: tuple[PaceOffer, ...]) -> None:
    class Talkative(Application):
        def run(self, command: Command, is_long: bool) -> Response:
            if command.ins == 0xA4 and command.p2 == 0x0C:
                return Response(b"", 0x6A86)
            response = super().run(command, is_long)
            return (
                Response(b"\x6f\x02\x84\x00", response.status) if command.ins == 0xA4 and response.is_ok else response
            )

    chip = chip_of(document(*pace))
    chip.application = Talkative(chip.personalisation, chip.behaviour, chip.random)
    assert is_whole(read(chip), *pace)
