"""What the register acts with: its election and its keys."""

from __future__ import annotations

from dataclasses import dataclass

from pollbook.election import Election
from pollbook.sealing import BoxKey, box_key_of
from pollbook.signing import device_id
from pollbook.types import BookName
from register.authority import RegisterKeys


@dataclass(frozen=True)
class Centre:
    """The election that a register runs, and the keys that it signs and opens with."""

    election: Election
    keys: RegisterKeys

    @property
    def book(self) -> BookName:
        """The register's own name as a holder of lines."""
        return BookName(device_id(self.keys.key.public), 1)

    @property
    def box_key(self) -> BoxKey:
        """The key for what is sealed to the register."""
        return box_key_of(self.keys.key)
