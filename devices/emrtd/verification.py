"""Everything that is proven of a reading, and what it comes to; computed from raw bytes, so it can be done again.

A proof of the chip counts only if the file that holds its key is the issuer's. What is missing is told apart from what
fails. Nothing here refuses anybody: a person looks at it (DESIGN §7).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from devices.emrtd import passive_authentication
from devices.emrtd.chip_proofs import prove_chip
from devices.emrtd.document import Reading
from devices.emrtd.passive_authentication import PassiveAuthentication
from devices.emrtd.proofs import Proof, Standing
from devices.emrtd.trust import TrustStore


class Copy(Enum):
    """Whether the chip may be a copy of another."""

    EXCLUDED = "excluded"
    """It has a private key whose public half the issuer signed."""
    NOT_EXCLUDED = "not_excluded"
    """It has nothing to prove that by, or what it has isn't proven to be the issuer's."""
    SUSPECTED = "suspected"
    """It should prove it and didn't."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What is proven.

    Attributes:
        passive: What the issuer's signature proves of the files.
        chip: What the chip proved of itself.
        copy: What that comes to.
    """

    passive: PassiveAuthentication
    chip: tuple[Proof, ...]
    copy: Copy

    @property
    def proofs(self) -> tuple[Proof, ...]:
        return (*self.passive.proofs, *self.chip)


def verify(reading: Reading, store: TrustStore, now: datetime) -> Verification:
    """Return what is proven of a reading at a time, by the authorities that a station trusts then.

    Args:
        reading: Of now, or kept from before.
        store: The station's authorities and lists of revoked signers.
        now: Decides what is valid and expired.
    """
    passive = passive_authentication.prove(reading.files, store, now)
    chip = prove_chip(reading)
    return Verification(passive, chip, _copy(passive, chip))


def _copy(passive: PassiveAuthentication, chip: tuple[Proof, ...]) -> Copy:
    if any(proof.standing is Standing.FAILS for proof in chip):
        return Copy.SUSPECTED
    if any(proof.holds and proof.file is not None and passive.proves(proof.file) for proof in chip):
        return Copy.EXCLUDED
    return Copy.NOT_EXCLUDED
