"""The peers over the same link as ours: JSON requests, SQLite changesets, and PouchDB where node is there."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peer_data import marks, status_of
from benchmarks.satellite import FAST, REGISTER, Link, Profile

JSON_REQUESTS = 50
POUCH_PORT = 5984
POUCH_PACKAGES = ("pouchdb@9", "express-pouchdb@4", "express@4")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Spent:
    """What an exchange took, all layers counted."""

    seconds: float
    bytes_up: int
    bytes_down: int


def json_requests(link: Link, profile: Profile, folder: Path, count: int) -> Spent:
    """A JSON request for each mark and a status in each answer; measured for 50, extrapolated to `count`."""
    spent = _peer(link, profile, folder, "json", JSON_REQUESTS)
    share = count / JSON_REQUESTS
    return Spent(spent.seconds * share, round(spent.bytes_up * share), round(spent.bytes_down * share))


def changesets(link: Link, profile: Profile, folder: Path, count: int) -> Spent:
    """One POST with a SQLite changeset of the marks, one of the statuses in the answer; both zstd at level 19."""
    return _peer(link, profile, folder, "changesets", count)


def has_node() -> bool:
    """Whether node and npm are here."""
    return bool(shutil.which("node") and shutil.which("npm"))


def install_pouch(build: Path) -> Path:
    """PouchDB in a folder of its own under `build`; installed once."""
    folder = build.resolve() / "pouch"
    if not (folder / "node_modules" / "express-pouchdb").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n', "utf-8")
        install = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *POUCH_PACKAGES]
        subprocess.run(install, cwd=folder, check=True)
    return folder


def pouch(link: Link, profile: Profile, folder: Path, modules: Path, mode: str, count: int) -> Spent:
    """PouchDB's replication over plain HTTP: marks pushed, then statuses pulled."""
    folder = folder.resolve() / f"pouch-{mode}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    entered = marks(count)
    documents = [{"_id": f"{mark['election']}:{mark['voter']}", **mark} for mark in entered]
    statuses = [{"_id": f"{mark['election']}:{mark['voter']}", **status_of(mark)} for mark in entered]
    for name, content in (("marks", documents), ("statuses", statuses)):
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    server = ["node", _HERE / "pouch_server.js", modules, folder / "register", REGISTER, str(POUCH_PORT)]
    url = f"http://{REGISTER}:{POUCH_PORT}"
    station = ["node", _HERE / "pouch_client.js", modules, folder / "station", url, folder / "marks.json", mode]
    with _running(link.at_register([*server, folder / "statuses.json"])):
        link.profile = profile
        with link.metered() as counters:
            told = json.loads(subprocess.check_output(link.at_station(station), text=True))
        link.profile = FAST
    assert (told["up"], told["down"]) == (count, count)
    return Spent(sum(told["seconds"]), counters.bytes_up, counters.bytes_down)


def _peer(link: Link, profile: Profile, folder: Path, kind: str, count: int) -> Spent:
    station = [sys.executable, "-m", "benchmarks.peer_client", kind, str(count)]
    with _running(link.at_register([sys.executable, "-m", "benchmarks.peer_server", folder])):
        link.profile = profile
        with link.metered() as counters:
            seconds = float(subprocess.check_output(link.at_station(station), text=True))
        link.profile = FAST
    return Spent(seconds, counters.bytes_up, counters.bytes_down)


@contextlib.contextmanager
def _running(command: list[str | Path]) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            if process.stdout.readline().strip() != "ready":
                sys.exit("the peer's server does not run")
            yield
        finally:
            process.terminate()
