from __future__ import annotations

import random

import pytest

from tests.fuzzing.camera_targets import CAMERA_TARGETS
from tests.fuzzing.chip_targets import CHIP_TARGETS
from tests.fuzzing.document_targets import DOCUMENT_TARGETS
from tests.fuzzing.target import Target, feed
from tests.fuzzing.targets import TARGETS

MUST_TAKE = {"cbor", "entries", "packing", "statuses", "compression", "requests", "answers", "addresses", "envelopes"}
MUST_TAKE |= {"announcements", "releases", "bundles", "journals", "sealed"}
MUST_TAKE |= {"checkpoints", "notes", "inclusions", *DOCUMENT_TARGETS, *CHIP_TARGETS, *CAMERA_TARGETS}


def changed(seed: bytes, rng: random.Random) -> bytes:
    """The seed with a few bytes changed, taken out, repeated or put in."""
    content = bytearray(seed)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(content))
        match rng.randrange(4):
            case 0 if at < len(content):
                content[at] = rng.randrange(256)
            case 1:
                del content[at : at + rng.randint(1, 8)]
            case 2:
                content[at:at] = content[at : at + rng.randint(1, 16)]
            case _:
                content[at:at] = rng.randbytes(rng.randint(1, 9))
    return bytes(content)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_raises_only_its_own_errors(name: str) -> None:
    target, rng = TARGETS[name], random.Random(name)
    if name in MUST_TAKE:
        assert all(feed(target, seed) for seed in target.seeds)
    for _ in range(300):
        feed(target, changed(rng.choice(target.seeds), rng))
        feed(target, rng.randbytes(rng.randint(0, 60)))


def test_a_fault_is_not_taken_for_a_refusal() -> None:
    def faulty(untrusted: bytes) -> None:
        raise KeyError(untrusted)

    with pytest.raises(KeyError):
        feed(Target(faulty, ()), b"x")
