"""A chip that answers anything at all: only faults of cards come of it, within the limits, and never a false proof."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.emrtd.certificates import read_certificate
from devices.emrtd.emulator.application import Application
from devices.emrtd.emulator.chip import Chip, EmulatedLink
from devices.emrtd.files import File
from devices.emrtd.proofs import Claim
from devices.emrtd.reading import ReadingOptions, World, read_document
from devices.emrtd.trust import EMPTY
from devices.emrtd.verification import Copy, verify
from devices.smartcard.apdu import Command, Response
from devices.smartcard.faults import CardFault
from devices.smartcard.limits import ExchangeLimits
from tests.devices.chips import CAM, GM, chip_of, document, key_of, repeatable
from tests.devices.issued import NOW, authority

OPTIONS = ReadingOptions(exchange=ExchangeLimits(commands_max=300, seconds_max=30))
TRUSTING = EMPTY.with_certificates([read_certificate(authority().certificate)])
answers = st.one_of(
    st.binary(max_size=40),
    st.tuples(st.binary(max_size=300), st.sampled_from(["9000", "6282", "6101", "6100", "6C00", "6CFF", "6982"])).map(
        lambda parts: parts[0] + bytes.fromhex(parts[1])
    ),
)


@dataclass
class Script:
    """A link to a card that gives these answers one after the other, and the last for ever."""

    answers: list[bytes]
    name: str = "script"
    atr: bytes = b""
    data_bytes_max: int | None = None
    resets: int = 0

    def exchange(self, command: bytes) -> bytes:
        assert command
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def reset(self) -> None:
        self.resets += 1


@settings(max_examples=100, deadline=None)
@given(st.lists(answers, min_size=1, max_size=12), st.binary(max_size=33), st.booleans())
def test_a_card_of_any_answers_gives_a_fault_or_a_reading(said: list[bytes], atr: bytes, may_downgrade: bool) -> None:
    link = Script(said, atr=atr)
    options = ReadingOptions(exchange=OPTIONS.exchange, may_downgrade=may_downgrade)
    try:
        reading = read_document(link, key_of(document()), options, World(random=repeatable(b"reader")))
    except CardFault:
        return
    verification = verify(reading, TRUSTING, NOW)
    assert not verification.passive.proves(File.DG1)


@dataclass(frozen=True)
class Change:
    """What becomes of the answer to the command of this number, inside secure messaging."""

    at: int
    kind: str
    position: int
    by: bytes

    def apply(self, response: Response) -> Response:
        data = response.data
        place = self.position % (len(data) + 1)
        match self.kind:
            case "flip" if data:
                place %= len(data)
                return Response(
                    data[:place] + bytes([data[place] ^ (self.by[0] or 1)]) + data[place + 1 :], response.status
                )
            case "cut":
                return Response(data[:place], response.status)
            case "insert":
                return Response(data[:place] + self.by + data[place:], response.status)
            case "replace":
                return Response(self.by, response.status)
            case "status":
                return Response(data, int.from_bytes(self.by[:2].rjust(2, b"\x69")))
        return response


changes = st.builds(
    Change,
    at=st.integers(0, 45),
    kind=st.sampled_from(["flip", "flip", "cut", "insert", "replace", "status"]),
    position=st.integers(0, 400),
    by=st.binary(min_size=1, max_size=20),
)


@dataclass(slots=True)
class Lying(Application):
    """An application whose answers are changed before they are protected: a chip that has the keys and lies."""

    changes: tuple[Change, ...] = ()
    answered: int = 0
    told: list[bool] = field(default_factory=list)

    def run(self, command: Command, is_long: bool) -> Response:
        response = Application.run(self, command, is_long)
        for change in self.changes:
            if change.at == self.answered:
                changed = change.apply(response)
                self.told.append(changed != response)
                response = changed
        self.answered += 1
        return response


@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("pace", [(), (GM,), (CAM,)], ids=["BAC", "GM", "CAM"])
@given(lies=st.lists(changes, min_size=1, max_size=3))
def test_a_chip_that_lies_within_its_channel_proves_nothing_false(pace: tuple[object, ...], lies: list[Change]) -> None:
    issued = document(*pace, photograph_bytes=500)  # type: ignore[arg-type]
    honest = chip_of(issued)
    chip = Chip(honest.personalisation)
    chip.application = Lying(honest.personalisation, honest.behaviour, chip.random, changes=tuple(lies))
    try:
        reading = read_document(EmulatedLink(chip), key_of(issued), OPTIONS)
    except CardFault:
        return
    verification = verify(reading, TRUSTING, NOW)
    for file, content in reading.files.items():
        if file.data_group and verification.passive.proves(file):
            assert content == issued.files[file]
    if verification.copy is Copy.EXCLUDED:
        assert any(proof.holds for proof in verification.chip)
    claims = {proof.claim for proof in verification.proofs}
    assert {Claim.SECURITY_OBJECT, Claim.CHIP_AUTHENTICATION, Claim.ACTIVE_AUTHENTICATION} <= claims
