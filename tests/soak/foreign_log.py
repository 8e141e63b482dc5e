"""The register's log, read by an implementation that shares nothing with ours: notes, tiles and proofs in Go.

Run by `python3 dev.py soak foreign_log`. Needs Debian's packages `golang-go` and `golang-golang-x-mod-dev`, the Go
project's own library for signed notes and Merkle trees (it keeps the log of Go's modules). What it must refuse is tried
as well: one changed byte in each kind of file.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.bench_log import ENTRIES_EACH, NOON, STATIONS, fill
from pollbook.signing import SigningKey
from pollbook.types import BookName, ElectionId
from register.log import QUARTER_S, Log, advance, log_of, prove_consistency, prove_entry
from register.log_export import export_log
from register.store import log as store
from register.store.engine import Database, make_database

SOURCE = Path(__file__).with_suffix(".go")
PACKAGES = Path("/usr/share/gocode")
PROOFS = 300
ENTRIES_EACH_STEP = 30_000


def make_log(database: Database, log: Log) -> list[str]:
    """All that `fill` left is in the log, with a head after every 30,000 entries or so; the notes, oldest first."""
    quarter, since = 0, 0
    while True:
        with database.write() as connection:
            count = advance(connection, log, int(NOON.timestamp()) + quarter * QUARTER_S)
        since += count
        if count == 0 or since >= ENTRIES_EACH_STEP:
            quarter, since = quarter + 1, 0
        if count == 0:
            break
    with database.write() as connection:
        advance(connection, log, int((NOON + timedelta(seconds=(quarter + 1) * QUARTER_S)).timestamp()))
    with database.read() as connection:
        return [head.note.decode() for head in store.heads(connection)]


def write_proofs(database: Database, log: Log, names: list[BookName], notes: list[str], folder: Path) -> None:
    """The export, and what the commands would tell, as files for the other program."""
    made = random.Random(23)
    with database.read() as connection:
        checkpoint, _ = export_log(connection, log, folder / "out")
        heads = []
        for note in notes[:-1]:
            size = int(note.splitlines()[1])
            proof = prove_consistency(connection, log, size, checkpoint.size).proof
            heads.append({"note": note, "proof": [base64.b64encode(each).decode() for each in proof]})
        leaves = []
        for _ in range(PROOFS):
            told = prove_entry(connection, log, made.choice(names), made.randint(1, ENTRIES_EACH))
            proof = told.inclusion.proof
            leaf = base64.b64encode(told.leaf).decode()
            texts = [base64.b64encode(each).decode() for each in proof]
            leaves.append({"index": told.inclusion.index, "leaf": leaf, "proof": texts})
    (folder / "heads.json").write_text(json.dumps(heads), "utf-8")
    (folder / "proofs.json").write_text(json.dumps(leaves), "utf-8")


def flip(path: Path, at: int) -> Callable[[], None]:
    """Change one byte of the file; the answer puts it back."""
    before = path.read_bytes()
    changed = bytearray(before)
    changed[at] ^= 1
    path.write_bytes(bytes(changed))
    return lambda: path.write_bytes(before) and None


def build(folder: Path) -> Path:
    """The other program, built."""
    program = folder / "foreign_log"
    env = os.environ | {"GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", program, SOURCE], check=True, env=env)
    return program


def main() -> int:
    """Make a log, export it, have it verified, and see that each change is refused."""
    argparse.ArgumentParser(prog="dev.py soak foreign_log", description=__doc__).parse_args()
    if shutil.which("go") is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        print("apt-get install golang-go golang-golang-x-mod-dev", file=sys.stderr)
        return 4
    log = log_of(ElectionId("training-2026"), SigningKey.generate())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = build(folder)
        database = make_database(folder / "register.db")
        names = fill(database)
        notes = make_log(database, log)
        write_proofs(database, log, names, notes, folder)
        database.close()
        held = subprocess.run([program, folder], check=False, capture_output=True, text=True)
        print(held.stdout, end="")
        refused = {}
        for place, at in (
            ("out/checkpoint", 30),
            ("out/tile/0/007", 5000),
            ("out/tile/1/001", 40),
            ("out/tile/2/000.p/2", 40),
            ("out/tile/entries/100", 300),
            ("heads.json", 300),
            ("proofs.json", 300),
        ):
            restore = flip(folder / place, at)
            tried = subprocess.run([program, folder], check=False, capture_output=True, text=True)
            refused[place] = tried.returncode == 1
            restore()
    ok = held.returncode == 0 and all(refused.values())
    print(json.dumps({"ok": ok, "leaves": STATIONS * ENTRIES_EACH, "heads": len(notes), "refused": refused}, indent=2))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
