"""`uchastka passport readers` and `read`, against the emulated chip in a real reader."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.emrtd.certificates import read_certificate
from devices.emrtd.emulator.behaviour import ROWS, Behaviour, Hostility
from devices.emrtd.emulator.chip import Chip
from devices.emrtd.emulator.issuing import Features, issue
from devices.emrtd.trust import EMPTY
from devices.smartcard.faults import CardFault
from pollbook.failures import Failure
from pollbook.store.home import StationHome
from station_app.__main__ import main
from station_app.document_reading import failure_of
from station_app.document_trust import save_trust
from tests.devices.chips import CAM, CAN, GM, chip_of, document, photograph, rsa_key
from tests.devices.issued import HOLDER, authority, keys, signer
from tests.devices.virtual_reader import FIRST, SECOND, VirtualReaders


class Desk:
    """Runs `uchastka passport … --json` on one folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = folder / "home"
        self.capsys = capsys
        self.said = ""

    def trusts(self) -> None:
        save_trust(StationHome(self.home), EMPTY.with_certificates([read_certificate(authority().certificate)]))

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        status = main(["passport", *words, "--home", str(self.home), "--json"])
        captured = self.capsys.readouterr()
        self.said = captured.err
        (line,) = captured.out.splitlines()
        return status, json.loads(line)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


MRZ = document().mrz


def standing(answer: dict[str, Any], claim: str, file: str | None = None) -> tuple[str, str | None]:
    return next(
        (proof["standing"], proof["reason"])
        for proof in answer["proofs"]
        if proof["claim"] == claim and file in {None, proof["file"]}
    )


def test_readers_and_what_lies_on_them(desk: Desk, virtual_readers: VirtualReaders) -> None:
    with virtual_readers.card(chip_of(document())):
        status, answer = desk.run("readers")
    assert status == 0
    assert [(reader["name"], reader["has_document"]) for reader in answer["readers"]] == [
        (FIRST, True),
        (SECOND, False),
    ]


def test_a_passport_is_read_and_proven(desk: Desk, virtual_readers: VirtualReaders) -> None:
    desk.trusts()
    with virtual_readers.card(chip_of(document(GM))):
        status, answer = desk.run("read", "--reader", FIRST, "--mrz", MRZ)
    assert status == 0
    assert answer["document"]["pinfl"] == HOLDER.personal_number
    assert answer["document"]["surname"] == HOLDER.surname
    assert answer["access"] == {
        "protocol": "PACE",
        "password": "MRZ",
        "agreement": "ECDH",
        "mapping": "GM",
        "cipher": "AES-128",
        "parameters": 12,
    }
    assert (answer["downgrades"], answer["unread"], answer["copy"]) == ([], {}, "excluded")
    assert answer["photograph"]["format"] == "JPEG"
    assert answer["is_training"] is True
    for claim in ("security_object", "signer", "country", "chip_authentication", "active_authentication"):
        assert standing(answer, claim) == ("holds", None)
    assert standing(answer, "content", "EF.DG1") == ("holds", None)


@pytest.mark.parametrize(
    "key", [["--can", CAN], ["--document", HOLDER.document_number, "--birth", "870325", "--expiry", "330501"]]
)
def test_other_keys_open_it_and_the_reader_with_a_document_is_found(
    desk: Desk, virtual_readers: VirtualReaders, key: list[str]
) -> None:
    with virtual_readers.card(chip_of(document(CAM)), SECOND):
        status, answer = desk.run("read", *key)
    assert (status, answer["reader"]) == (0, SECOND)
    assert standing(answer, "signer")[0] == "not_checked"  # nobody was imported: told, and nothing refused
    assert answer["copy"] == "not_excluded"


def test_a_kept_reading_is_proven_again_without_document_or_reader(
    desk: Desk, virtual_readers: VirtualReaders, tmp_path: Path
) -> None:
    path = tmp_path / "kept.json"
    with virtual_readers.card(chip_of(document(CAM))):
        status, first = desk.run("read", "--can", CAN, "--keep", str(path))
    assert (status, first["copy"]) == (0, "not_excluded")
    assert path.stat().st_mode & 0o077 == 0
    desk.trusts()
    status, again = desk.run("prove", str(path))
    assert (status, again["copy"]) == (0, "excluded")
    assert again["document"] == first["document"]
    path.write_bytes(b"{}")
    assert desk.run("prove", str(path))[1]["code"] == Failure.FILE_UNREADABLE.code
    assert desk.run("prove", str(tmp_path / "none"))[0] == 3


def test_a_clone_is_told(desk: Desk, virtual_readers: VirtualReaders) -> None:
    desk.trusts()
    clone = Chip(replace(chip_of(document()).personalisation, signing_key=rsa_key(2048)))
    with virtual_readers.card(clone):
        status, answer = desk.run("read", "--mrz", MRZ)
    assert (status, answer["copy"]) == (0, "suspected")
    assert standing(answer, "active_authentication") == ("fails", "chip_answer_wrong")


def test_a_downgrade_is_refused_and_with_consent_shown(desk: Desk, virtual_readers: VirtualReaders) -> None:
    chip = chip_of(document(GM), ROWS["1-pace-fails"])
    with virtual_readers.card(chip):
        status, answer = desk.run("read", "--mrz", MRZ)
        assert (status, answer["refusal"]) == (3, "document_key_wrong")
        status, answer = desk.run("read", "--mrz", MRZ, "--allow-downgrade")
    assert (status, answer["downgrades"]) == (0, ["pace_failed"])
    assert answer["access"]["protocol"] == "BAC"


def test_what_a_document_says_of_itself_is_told_though_its_photograph_is_nonsense(
    desk: Desk, virtual_readers: VirtualReaders
) -> None:
    issued = issue(HOLDER, signer(), keys(), Features(dg2=b"\x75\x02\x05\x00"))
    with virtual_readers.card(chip_of(issued)):
        status, answer = desk.run("read", "--mrz", issued.mrz)
    assert (status, answer["photograph"]) == (0, {"images": 0})


@pytest.mark.parametrize(
    ("behaviour", "words", "failure"),
    [
        (Behaviour(), ["--mrz", MRZ.replace("870325", "870326")], Failure.DOCUMENT_KEY_WRONG),
        (Behaviour(), ["--can", "123456"], Failure.DOCUMENT_KEY_UNFIT),
        (Behaviour(), ["--can", "12345x"], Failure.DOCUMENT_KEY_INVALID),
        (Behaviour(), ["--mrz", "P<UZB"], Failure.DOCUMENT_KEY_INVALID),
        (Behaviour(), ["--document", "?", "--birth", "870325", "--expiry", "330501"], Failure.DOCUMENT_KEY_INVALID),
        (Behaviour(pulled_at_byte=1_500), ["--mrz", MRZ], Failure.DOCUMENT_REMOVED),
        (Behaviour(bac_status=0x6985), ["--mrz", MRZ], Failure.DOCUMENT_BROKE_OFF),
        (Behaviour(hostility=Hostility.ENDLESS), ["--mrz", MRZ], Failure.DOCUMENT_ENDLESS),
        (Behaviour(), ["--mrz", MRZ, "--reader", "Another 00 00"], Failure.READER_AWAY),
        (Behaviour(), ["--mrz", MRZ, "--reader", SECOND], Failure.DOCUMENT_NOT_THERE),
    ],
)
def test_what_goes_wrong_has_a_code(
    desk: Desk, virtual_readers: VirtualReaders, behaviour: Behaviour, words: list[str], failure: Failure
) -> None:
    with virtual_readers.card(chip_of(document(), behaviour)):
        status, answer = desk.run("read", *words)
    assert (status, answer["code"]) == (failure.exit, failure.code)
    assert failure.code in desk.said
    for secret in (HOLDER.document_number, HOLDER.surname, HOLDER.personal_number):
        assert secret not in desk.said


def test_documents_on_two_readers_need_a_name(desk: Desk, virtual_readers: VirtualReaders) -> None:
    with virtual_readers.card(chip_of(document())), virtual_readers.card(chip_of(document()), SECOND):
        assert desk.run("read", "--mrz", MRZ)[1]["refusal"] == "several_documents"


def test_no_document_and_no_service(desk: Desk, virtual_readers: VirtualReaders) -> None:
    assert desk.run("read", "--mrz", MRZ)[1]["code"] == Failure.DOCUMENT_NOT_THERE.code
    virtual_readers.stop()
    try:
        assert desk.run("readers") == (4, {"failure": "reader_service_away", "code": "D01"})
    finally:
        virtual_readers.start()


@pytest.mark.parametrize("words", [["--mrz", MRZ, "--can", CAN], ["--document", "ZZ1"], ["--birth", "870325"]])
def test_keys_that_do_not_go_together_are_wrong_usage(desk: Desk, words: list[str]) -> None:
    assert desk.run("read", *words)[0] == 2


def test_every_fault_of_a_card_has_a_failure_for_people() -> None:
    faults = [CardFault]
    for kind in faults:
        faults += kind.__subclasses__()
    for kind in faults:
        assert failure_of(kind.__new__(kind)).code.startswith("D")


def test_words_for_people_hold_what_json_holds(
    tmp_path: Path, virtual_readers: VirtualReaders, capsys: pytest.CaptureFixture[str]
) -> None:
    issued = issue(HOLDER, signer(), keys(), Features(dg2=photograph(6_000)))
    with virtual_readers.card(chip_of(issued)):
        assert main(["passport", "read", "--mrz", issued.mrz, "--home", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert HOLDER.surname in captured.out
    assert "opened by BAC; a copy is not excluded" in captured.out
    assert "holds  active authentication EF.DG15" in captured.out
    assert "EF.DG2" in captured.err
