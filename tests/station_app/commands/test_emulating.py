"""`uchastka passport emulate`: a made-up document in a virtual reader is read like any other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devices.emrtd.emulator.behaviour import ROWS
from devices.emrtd.emulator.strange import STRANGE
from station_app.__main__ import main
from station_app.commands.emulating import OFFERS
from station_app.emulated_passport import CAN, SOMEBODY, Offer
from tests.devices.virtual_reader import FIRST, PORT, VirtualReaders, has_card, until


@contextmanager
def emulated(readers: VirtualReaders, *words: str) -> Iterator[threading.Thread]:
    """The command runs until the service that its card lies in is stopped."""
    status: list[int] = []

    def run() -> None:
        readers._enter_network()
        status.append(main(["passport", "emulate", "--port", str(PORT), "--json", *words]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(lambda: has_card(FIRST))
    yield thread
    if readers.process is not None:
        readers.stop()
    thread.join(20)
    assert status == [0]


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "words",
    [[], ["--offer", "cam", "--card"], ["--offer", "bac"], ["--row", "9-plain-status"], ["--row", "12-set-order"]],
)
def test_a_made_up_document_is_read(
    virtual_readers: VirtualReaders, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    home, authority = str(tmp_path / "home"), tmp_path / "training.der"
    holder = ["--surname", "UMAROV", "--pinfl", "30101900000021", "--document", "ZZ7654321", "--expiry", "331231"]
    with emulated(virtual_readers, "--authority", str(authority), *words, *holder):
        (told,) = objects(capsys)
        fingerprint = told["authority_sha256"]
        main(["passport", "trust", "import", str(authority), "--authority", fingerprint, "--home", home, "--json"])
        capsys.readouterr()
        assert main(["passport", "read", "--mrz", told["mrz"], "--home", home, "--json"]) == 0
        (read,) = objects(capsys)
    assert (read["document"]["surname"], read["document"]["pinfl"]) == ("UMAROV", "30101900000021")
    assert (read["copy"], read["is_training"]) == ("excluded", True)
    assert (read["access"]["protocol"] == "BAC") is ("bac" in words)


def test_a_copy_is_told(virtual_readers: VirtualReaders, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with emulated(virtual_readers, "--copy"):
        capsys.readouterr()
        assert main(["passport", "read", "--can", CAN, "--home", str(tmp_path), "--json"]) == 0
        (read,) = objects(capsys)
    assert read["copy"] == "suspected"
    assert read["document"]["number"] == SOMEBODY.document_number


def test_a_document_pulled_at_a_byte_ends_the_command(
    virtual_readers: VirtualReaders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with emulated(virtual_readers, "--pull-at", "2000") as running:
        capsys.readouterr()
        assert main(["passport", "read", "--can", CAN, "--home", str(tmp_path), "--json"]) == 4
        (read,) = objects(capsys)
        running.join(20)
        assert not running.is_alive()
    assert read["failure"] == "document_removed"


def test_the_ways_to_differ_are_listed_and_no_other_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["passport", "emulate", "--row", "list", "--json"]) == 0
    ((_, rows),) = objects(capsys)[0].items()
    assert set(rows) == {*ROWS, *STRANGE}
    assert {int(row.split("-")[0]) for row in rows} == set(range(1, 18))
    assert main(["passport", "emulate", "--row", "99-none", "--json"]) == 2
    assert main(["passport", "emulate", "--birth", "871325", "--json"]) == 2
    assert main(["passport", "emulate", "--port", "1", "--json"]) == 4
    capsys.readouterr()
    assert [offer.value for offer in Offer] == list(OFFERS)
