from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from pollbook import proving
from pollbook.checkpoint import open_checkpoint, open_inclusion, verifier_key
from pollbook.merkle import EMPTY_ROOT, Frontier, append
from register.log import QUARTER_S, Log, bring_up_to_date, log_of
from tests.register.stand_in import NOON, OPENING, Centre, Station
from tests.register.test_commands import Commands

QUARTER = timedelta(seconds=QUARTER_S)
MARKS = 300
LEAVES = OPENING + MARKS + 2
"""The station's entries, and two of the register: the enrolment, and an anomaly of its clock."""


@pytest.fixture
def commands(logged: Centre, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.setenv("UCHASTKA_LANGUAGE", "en")
    return Commands(logged.home.path, capsys, monkeypatch)


@pytest.fixture
def log(centre: Centre) -> Log:
    return log_of(centre.election.id, centre.keys.key)


@pytest.fixture
def logged(loaded: Centre, station: Station, log: Log) -> Centre:
    for number in range(MARKS):
        station.mark(station.lines[number % 40])
    station.sync(loaded)
    # The commands' own clock is the system's, long before the election day of these tests: they publish nothing more.
    bring_up_to_date(loaded.database, log, NOON)
    bring_up_to_date(loaded.database, log, NOON + QUARTER)
    return loaded


def test_the_head_is_told_with_all_that_verifies_it(commands: Commands, logged: Centre, log: Log) -> None:
    said = commands.run("log", "head")
    note = str(said.data["note"]).encode()
    checkpoint = open_checkpoint(note, log.origin, logged.keys.key.public)
    assert said.data == {
        "origin": "uchastka/training-2026",
        "size": LEAVES,
        "root": base64.b64encode(checkpoint.root).decode(),
        "logged": LEAVES,
        "register": str(log.own_book),
        "verifier_key": verifier_key(log.origin, logged.keys.key.public),
        "note": note.decode(),
    }


def test_a_proof_is_told_and_written(
    commands: Commands, logged: Centre, log: Log, station: Station, tmp_path: Path
) -> None:
    said = commands.run("log", "prove", station.book, 5, "--out", tmp_path / "5.tlog-proof")
    assert (said.status, said.data["book"], said.data["number"]) == (0, str(station.book), 5)
    leaf = bytes.fromhex(str(said.data["leaf"]))
    written = (tmp_path / "5.tlog-proof").read_bytes()
    assert open_inclusion(written, leaf, log.origin, logged.keys.key.public).size == said.data["size"]
    proof = said.data["proof"]
    assert isinstance(proof, list)
    root = base64.b64decode(str(said.data["root"]))
    index, size = int(str(said.data["index"])), int(str(said.data["size"]))
    assert proving.is_included(leaf, index, size, [base64.b64decode(each) for each in proof], root)


def test_consistency_is_told(commands: Commands) -> None:
    said = commands.run("log", "consistency", 7, LEAVES)
    first, second = said.data["first"], said.data["second"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    proof = said.data["proof"]
    assert isinstance(proof, list)
    roots = base64.b64decode(first["root"]), base64.b64decode(second["root"])
    hashes = [base64.b64decode(each) for each in proof]
    assert proving.is_consistent(7, roots[0], LEAVES, roots[1], hashes)
    assert EMPTY_ROOT not in roots


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("prove", "nobody", 1), "log_entry_unknown"),
        (("prove", f"{'0' * 32}.1", 1), "log_entry_unknown"),
        (("consistency", 9, 8), "log_size_unknown"),
        (("consistency", 1, 2**63 - 1), "log_size_unknown"),
    ],
)
def test_what_the_log_does_not_have_is_refused(commands: Commands, words: tuple[object, ...], refusal: str) -> None:
    said = commands.run("log", *words)
    assert (said.status, said.data["refusal"]) == (3, refusal)


@pytest.mark.parametrize("words", [("prove", "x", 0), ("prove", "x", 2**63), ("consistency", -1, 5), ("consistency",)])
def test_numbers_that_are_none_are_wrong_usage(commands: Commands, words: tuple[object, ...]) -> None:
    assert commands.run("log", *words).status == 2


def test_a_proof_that_cannot_be_written_is_told(commands: Commands, station: Station, tmp_path: Path) -> None:
    said = commands.run("log", "prove", station.book, 5, "--out", tmp_path / "nowhere" / "5")
    assert (said.status, said.data["refusal"]) == (3, "file_unreadable")


def test_check_proves_the_log_too(commands: Commands, logged: Centre) -> None:
    said = commands.run("check")
    assert (said.data["ok"], said.data["leaves"], said.data["heads"]) == (True, LEAVES, 1)
    logged.change("UPDATE log_tile SET hashes = zeroblob(32) WHERE level = 1")
    said = commands.run("check")
    assert (said.status, said.data["faults"]) == (1, [{"where": "log", "what": "tile 1/0 is not that of its leaves"}])
    assert "(S08)" in said.err


def test_an_export_is_a_log_that_others_read(commands: Commands, tmp_path: Path) -> None:
    """Nothing of the register is used here: the folder alone gives the tree and every leaf."""
    folder = tmp_path / "out"
    said = commands.run("log", "export", folder)
    assert (said.status, said.data["size"], said.data["files"]) == (0, LEAVES, 7)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert files == [
        "checkpoint",
        "key",
        "tile/0/000",
        f"tile/0/001.p/{LEAVES - 256}",
        "tile/1/000.p/1",
        "tile/entries/000",
        f"tile/entries/001.p/{LEAVES - 256}",
    ]
    key = (folder / "key").read_text("ascii").strip()
    origin, public = key.split("+", 2)[0], base64.b64decode(key.split("+", 2)[2])[1:]
    checkpoint = open_checkpoint((folder / "checkpoint").read_bytes(), origin, public)
    leaves = []
    for name in ("tile/entries/000", f"tile/entries/001.p/{LEAVES - 256}"):
        bundle = (folder / name).read_bytes()
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
    frontier, stored = append(Frontier(), leaves)
    assert (frontier.size, frontier.root) == (checkpoint.size, checkpoint.root)
    hashes = {level: b"".join(each.hash for each in stored if each.level == level) for level in (0, 1)}
    last = folder / f"tile/0/001.p/{LEAVES - 256}"
    assert (folder / "tile/0/000").read_bytes() + last.read_bytes() == hashes[0]
    assert (folder / "tile/1/000.p/1").read_bytes() == hashes[1]


def test_a_later_export_only_adds(
    commands: Commands, logged: Centre, log: Log, station: Station, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    commands.run("log", "export", folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for _ in range(300):
        station.mark(station.lines[0])
    station.sync(logged)
    bring_up_to_date(logged.database, log, NOON + QUARTER)
    bring_up_to_date(logged.database, log, NOON + 2 * QUARTER)
    said = commands.run("log", "export", folder)
    assert (said.data["size"], said.data["files"]) == (LEAVES + 300 + 1, 7)
    changed = [path.name for path, content in before.items() if path.read_bytes() != content]
    assert changed == ["checkpoint"]


def test_a_folder_that_takes_no_files_is_told(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a file")
    said = commands.run("log", "export", tmp_path / "out")
    assert (said.status, said.data["refusal"]) == (3, "file_unreadable")
