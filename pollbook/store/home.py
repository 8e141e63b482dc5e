"""The files of one station, and nothing of what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pollbook.types import BookName


@dataclass(frozen=True, slots=True)
class StationHome:
    """A station's folder, named by `--home DIR` or by the system's custom (`commanding.default_home`)."""

    path: Path

    @property
    def book(self) -> Path:
        """The encrypted database."""
        return self.path / "book.db"

    @property
    def keys(self) -> Path:
        """The database key, wrapped by the machine and by pairs of officers."""
        return self.path / "book.keys"

    @property
    def machine_key(self) -> Path:
        """The machine's own key where the system offers nothing better than a file."""
        return self.path / "machine.key"

    @property
    def counter(self) -> Path:
        """How far the ledger had come when this was last written, outside the database (custody rule 8)."""
        return self.path / "head.counter"

    @property
    def lock(self) -> Path:
        """Held by the one program that writes."""
        return self.path / "book.lock"

    @property
    def enrolling(self) -> Path:
        """An enrolment that has begun and not ended: the device's key, so that it can be repeated."""
        return self.path / "enrolling.key"

    @property
    def spare(self) -> Path:
        """A spare's own key and certificate, until it takes over a book."""
        return self.path / "spare.key"

    @property
    def takeover_tries(self) -> Path:
        """Wrong PINs at a takeover, before there is a book to count them in."""
        return self.path / "takeover.tries"

    @property
    def training_pins(self) -> Path:
        """The PINs of a training election, for commands that sign in unattended."""
        return self.path / "training-pins.json"

    @property
    def network(self) -> Path:
        """How the desk is on the station's own network, where IT staff wrote what differs."""
        return self.path / "network.toml"

    @property
    def neighbours(self) -> Path:
        """The station's other desks as they were last heard: their books, and the pages that they held."""
        return self.path / "neighbours.cbor"

    @property
    def link_settings(self) -> Path:
        """What IT staff set about the link: `bytes_per_hour` where it is metered."""
        return self.path / "link.toml"

    @property
    def trust(self) -> Path:
        """The authorities behind passports and ID cards, and what they revoked, as States publish it."""
        return self.path / "trust.der"

    @property
    def reports(self) -> Path:
        """What the nights came to."""
        return self.path / "reports"

    @property
    def cameras(self) -> Path:
        """The cameras that were set up, with their passwords, opened by this machine alone."""
        return self.path / "cameras.sealed"

    @property
    def camera_lock(self) -> Path:
        """Held by the one program that records."""
        return self.path / "cameras.lock"

    def camera_ledger(self, book: BookName) -> Path:
        """What this book's device said of its cameras."""
        return self.path / f"cameras-{book}.ledger"

    def camera_ledger_sent(self, book: BookName) -> Path:
        """How many bytes of that were put on their way to the register."""
        return self.path / f"cameras-{book}.sent"

    def camera_health(self, book: BookName) -> Path:
        """How this book's cameras were when that last changed."""
        return self.path / f"cameras-{book}.health"

    def camera_health_told(self, book: BookName) -> Path:
        """What of that was put on its way to the register."""
        return self.path / f"cameras-{book}.told"

    def exists(self) -> bool:
        """Whether a book stands here."""
        return self.book.exists()

    def make(self) -> None:
        """The folder is there, and on Linux only its owner may look inside."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
