"""The register's folder: what lies where in it, with which rights, and who may work in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret

DEFAULT_PORT = 8443
DEFAULT_URL = f"https://127.0.0.1:{DEFAULT_PORT}"


@dataclass(frozen=True, slots=True)
class RegisterHome:
    """The paths of one register; nothing need exist yet."""

    path: Path

    @property
    def database(self) -> Path:
        """All lines, people, ledgers and feeds, where no database server has them."""
        return self.path / "register.db"

    @property
    def server(self) -> Path:
        """Which PostgreSQL database has them instead: its URL, with the password if there is one, 0600."""
        return self.path / "database.json"

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
        """Whether `init` finished here: the database, or the note of its server, is the last thing that it makes."""
        return self.database.is_file() or self.server.is_file()

    def check_made(self) -> None:
        """Nothing, where a register is here.

        Raises:
            WorldFailed: `REGISTER_NOT_THERE`.
        """
        if not self.is_made:
            raise WorldFailed(Failure.REGISTER_NOT_THERE, str(self.path), home=self.path)

    def database_url(self) -> str | None:
        """The URL of the PostgreSQL database, None where the register is in SQLite.

        Raises:
            WorldFailed: `REGISTER_NOT_THERE` where the note cannot be read.
        """
        if not self.server.is_file():
            return None
        try:
            return str(json.loads(self.server.read_text("utf-8"))["url"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorldFailed(Failure.REGISTER_NOT_THERE, str(self.server), home=self.path) from error

    def note_database(self, url: str) -> None:
        """The register is in the PostgreSQL database with this URL."""
        write_secret(self.server, json.dumps({"url": url}).encode())

    def close_to_others(self) -> None:
        """Only its owner may enter the folder, however it came to be; a folder of somebody else's stays as it is."""
        with suppress(OSError):
            if self.path.stat().st_mode & 0o077:
                self.path.chmod(0o700)

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
