"""The register's folder: what lies where in it, with which rights, and who may work in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pollbook.failures import Failure, WorldFailed

DEFAULT_PORT = 8443
DEFAULT_URL = f"https://127.0.0.1:{DEFAULT_PORT}"


@dataclass(frozen=True, slots=True)
class RegisterHome:
    """The paths of one register; nothing need exist yet."""

    path: Path

    @property
    def database(self) -> Path:
        """All lines, people, ledgers and feeds."""
        return self.path / "register.db"

    @property
    def keys(self) -> Path:
        """The folder of the private keys, 0700."""
        return self.path / "keys"

    @property
    def reports(self) -> Path:
        """The folder of the imports' reports."""
        return self.path / "reports"

    @property
    def training_pins(self) -> Path:
        """The PINs of a training election's officers of the register; a real election has no such file."""
        return self.path / "training-pins.json"

    @property
    def served(self) -> Path:
        """The address that `serve` listened on last."""
        return self.path / "served.json"

    @property
    def is_made(self) -> bool:
        """Whether `init` finished here: the database is the last thing that it makes."""
        return self.database.is_file()

    def check_made(self) -> None:
        """Nothing, where a register is here.

        Raises:
            WorldFailed: `REGISTER_NOT_THERE`.
        """
        if not self.is_made:
            raise WorldFailed(Failure.REGISTER_NOT_THERE, str(self.path), home=self.path)

    @contextmanager
    def only_one(self, work: str) -> Iterator[None]:
        """The one process that does `work` ("serve", "import", "init") in this folder for as long as the block lasts.

        Raises:
            WorldFailed: `REGISTER_IN_USE` where another one does it already.
        """
        lock = FileLock(self.path / f"{work}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise WorldFailed(Failure.REGISTER_IN_USE, work, home=self.path) from error
        try:
            yield
        finally:
            lock.release()

    def note_served(self, url: str) -> None:
        """Keep the address that `serve` listens on, for enrol files made later."""
        self.served.write_text(json.dumps({"url": url}), "utf-8")

    def served_url(self) -> str:
        """The address last served, or the usual one where none was yet."""
        try:
            return str(json.loads(self.served.read_text("utf-8"))["url"])
        except (OSError, ValueError, KeyError, TypeError):
            return DEFAULT_URL


def make_folder(path: Path) -> None:
    """A folder that only its owner may enter, made where it is missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_secret(path: Path, content: bytes) -> None:
    """A file that only its owner may read, whole or not at all, on the disk when this returns."""
    passing = path.with_name(f".{path.name}.part")
    passing.unlink(missing_ok=True)
    descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    passing.replace(path)
