from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from devices.emrtd.certificates import read_certificate
from devices.emrtd.emulator.authorities import (
    Scheme,
    make_authority,
    make_crl,
    make_link,
    make_master_list,
    make_signer,
)
from devices.emrtd.trust_import import TrustRefusal
from station_app.__main__ import main
from station_app.commands.trusting import failure_of
from tests.devices.issued import authority, signer

NATION = make_authority("DE", Scheme.ECDSA)
LIST_SIGNER = make_signer(NATION, signs_lists=True)


class Desk:
    """Runs `uchastka passport trust … --json` on one folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = folder / "home"
        self.folder = folder
        self.capsys = capsys
        self.said = ""

    def file(self, name: str, content: bytes) -> str:
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        status = main(["passport", "trust", *words, "--home", str(self.home), "--json"])
        captured = self.capsys.readouterr()
        self.said = captured.err
        return status, json.loads(captured.out)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def master_list(*more: bytes) -> bytes:
    return make_master_list(LIST_SIGNER, NATION, [NATION.certificate, authority().certificate, *more])


def test_a_master_list_is_taken_and_a_country_listed_by_either_code(desk: Desk) -> None:
    status, answer = desk.run("import", desk.file("DE.ml", master_list()))
    fingerprint = read_certificate(NATION.certificate).fingerprint
    assert status == 0
    assert answer == {
        "files": [
            {
                "file": str(desk.folder / "DE.ml"),
                "kind": "master_list",
                "country": "DE",
                "authority": fingerprint,
                "anchored": False,
                "certificates": 2,
                "new": 2,
                "unusable": 0,
            }
        ],
        "certificates": 2,
        "countries": 2,
        "revocation_lists": 0,
    }
    assert fingerprint in desk.said
    for code in ("UZB", "uz"):
        status, answer = desk.run("list", "--country", code)
        (found,) = answer["certificates"]
        assert (status, answer["country"], found["kind"], found["training"]) == (0, "UZ", "root", True)
        assert found["fingerprint"] == read_certificate(authority().certificate).fingerprint


def test_several_files_are_merged_and_what_is_refused_changes_nothing(desk: Desk) -> None:
    new = make_authority("UZ", serial=4)
    altered = bytearray(master_list(new.certificate))
    altered[len(altered) // 2] ^= 1
    files = [
        desk.file("one.ml", master_list()),
        desk.file("altered.ml", bytes(altered)),
        desk.file("link.cer", make_link(authority(), new)),
        desk.file("revoked.crl", make_crl(authority(), [2])),
    ]
    status, answer = desk.run("import", *files)
    assert (status, answer["refusal"], answer["code"]) == (3, "trust_not_signed", "T02")
    assert [one.get("kind") for one in answer["files"]] == ["master_list", None, "link", "revocation_list"]
    assert (answer["certificates"], answer["revocation_lists"]) == (3, 1)
    assert "T02" in desk.said
    _, overview = desk.run("list")
    assert overview["countries"] == {"DE": 1, "UZ": 2}
    assert overview["revocation_lists"] == {"UZ": 1}
    assert [one["country"] for one in overview["lists"]] == ["DE"]
    _, of_country = desk.run("list", "--country", "UZB")
    assert [one["kind"] for one in of_country["certificates"]].count("link") == 1
    assert of_country["revocation_lists"][0]["revoked"] == 1


def test_the_authority_of_a_later_list_must_be_compared_and_named(desk: Desk) -> None:
    desk.run("import", desk.file("one.ml", master_list()))
    other = make_authority("FR", Scheme.ECDSA)
    theirs = desk.file("FR.ml", make_master_list(make_signer(other, signs_lists=True), other, [other.certificate]))
    status, answer = desk.run("import", theirs)
    fingerprint = read_certificate(other.certificate).fingerprint
    assert (status, answer["code"], answer["files"][0]["authority"]) == (3, "T04", fingerprint)
    assert fingerprint in desk.said
    status, answer = desk.run("import", theirs, "--authority", fingerprint)
    assert (status, answer["countries"]) == (0, 3)


def test_every_certificate_of_a_file_as_text_is_taken(desk: Desk) -> None:
    blocks = [
        b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(one) + b"-----END CERTIFICATE-----\n"
        for one in (NATION.certificate, authority().certificate)
    ]
    status, answer = desk.run("import", desk.file("all.pem", b"".join(blocks)))
    assert (status, [one["country"] for one in answer["files"]]) == (0, ["DE", "UZ"])


def test_a_long_list_says_how_far_it_is(desk: Desk) -> None:
    many = [make_authority("UZ", Scheme.ECDSA, serial=number).certificate for number in range(120)]
    desk.run("import", desk.file("long.ml", master_list(*many)))
    assert "100 of 122 certificates read" in desk.said
    assert "122 of 122 certificates read" in desk.said


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"hello", "T01"), (signer().certificate, "T05"), (make_link(authority(), make_authority("UZ")), "T04")],
)
def test_what_is_no_authority_is_refused(desk: Desk, content: bytes, code: str) -> None:
    status, answer = desk.run("import", desk.file("file", content))
    assert (status, answer["code"]) == (3, code)
    assert not desk.home.exists()


def test_a_missing_file_and_an_unknown_country_are_told(desk: Desk) -> None:
    status, answer = desk.run("import", str(desk.folder / "nowhere"))
    assert (status, answer["refusal"]) == (3, "file_unreadable")
    assert main(["passport", "trust", "list", "--country", "QQQ", "--home", str(desk.home)]) == 2


def test_a_damaged_store_is_told_and_left_as_it_is(desk: Desk) -> None:
    desk.home.mkdir()
    (desk.home / "trust.der").write_bytes(b"damaged")
    status, answer = desk.run("list")
    assert (status, answer["refusal"]) == (3, "trust_damaged")
    status, _ = desk.run("import", desk.file("one.ml", master_list()))
    assert status == 3
    assert (desk.home / "trust.der").read_bytes() == b"damaged"


def test_without_imports_there_is_nobody(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("list") == (0, {"countries": {}, "certificates": 0, "revocation_lists": {}, "lists": []})
    main(["passport", "trust", "list", "--country", "UZB", "--home", str(desk.home)])
    assert capsys.readouterr().out == "no authority of UZ is known here\n"


@pytest.mark.parametrize("refusal", TrustRefusal)
def test_every_refusal_has_a_failure(refusal: TrustRefusal) -> None:
    assert failure_of(refusal).code.startswith("T")
