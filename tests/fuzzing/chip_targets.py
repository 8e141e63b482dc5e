"""What a chip answers, to whoever reads it.

An input is a run of answers, each after its length in two bytes; the last one is given for ever. The seeds are whole
sessions with an emulated chip whose randomness, like the reader's, is always the same: what is changed in them reaches
as deep as the first answer that is changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.emrtd.ciphers import Suite, derive_keys
from devices.emrtd.emulator.behaviour import Behaviour
from devices.emrtd.emulator.chip import Chip, EmulatedLink
from devices.emrtd.emulator.personalisation import Personalisation
from devices.emrtd.files import File
from devices.emrtd.keys import key_of_mrz
from devices.emrtd.lds import read_dg1
from devices.emrtd.reading import ReadingOptions, World, read_document
from devices.emrtd.secure_messaging import Channel
from devices.emrtd.verification import verify
from devices.smartcard.apdu import Command, Response, decode_command, encode_command
from devices.smartcard.faults import CardFault
from devices.smartcard.limits import ExchangeLimits
from devices.smartcard.replay import RecordingLink
from tests.devices.chips import repeatable
from tests.fuzzing.document_targets import FILES, NOW, STORE
from tests.fuzzing.target import Target

KEY = key_of_mrz(read_dg1(FILES[File.DG1]))
OPTIONS = ReadingOptions(may_downgrade=True, exchange=ExchangeLimits(commands_max=120, seconds_max=20))


@dataclass(slots=True)
class Answers:
    """A link to a card that gives these answers."""

    left: list[bytes]
    name: str = "answers"
    atr: bytes = b""
    data_bytes_max: int | None = None

    def exchange(self, command: bytes) -> bytes:
        assert decode_command(command)
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]

    def reset(self) -> None:
        return


def split(untrusted: bytes) -> list[bytes]:
    found, at = [], 0
    while at + 2 <= len(untrusted):
        size = int.from_bytes(untrusted[at : at + 2])
        found.append(untrusted[at + 2 : at + 2 + size])
        at += 2 + size
    return found or [b""]


def _read(untrusted: bytes) -> None:
    atr, *answers = split(untrusted)
    link = Answers(answers or [b""], atr=atr)
    verify(read_document(link, KEY, OPTIONS, World(random=repeatable(b"reader"))), STORE, NOW)


def session(files: dict[File, bytes], behaviour: Behaviour) -> bytes:
    """A recorded session as an input."""
    chip = Chip(Personalisation(files, KEY), behaviour, repeatable(b"chip"))
    recorder = RecordingLink(EmulatedLink(chip))
    options = ReadingOptions(may_downgrade=True)
    read_document(recorder, KEY, options, World(random=repeatable(b"reader")))
    answers = [chip.atr, *(answer for command, answer in recorder.steps if command)]
    return b"".join(len(answer).to_bytes(2) + answer for answer in answers)


def _channel(untrusted: bytes) -> None:
    keys = derive_keys(b"a secret", Suite.TRIPLE_DES if untrusted[:1] < b"\x80" else Suite.AES_128)
    Channel(keys, 1).open_response(Response(untrusted[1:], 0x9000))


def _command(untrusted: bytes) -> None:
    """A chip's own end: it answers anything."""
    chip = Chip(Personalisation(FILES, KEY), random=repeatable(b"chip"))
    for command in split(untrusted):
        chip.exchange(command)


def _protected(suite: Suite) -> bytes:
    channel = Channel(derive_keys(b"a secret", suite), 1)
    first = b"\x00" if suite is Suite.TRIPLE_DES else b"\x80"
    return first + channel.protect_response(Response(b"content", 0x9000)).data


def _commands() -> bytes:
    sent = (
        Command(0, 0xA4, 2, 12, b"\x01\x1c"),
        Command(0, 0xB0, 0, 0, expected=223),
        Command(0, 0x84, 0, 0, expected=8),
    )
    return b"".join(len(raw).to_bytes(2) + raw for raw in map(encode_command, sent))


SMALL = {file: content for file, content in FILES.items() if len(content) < 3_000}
BAC_ONLY = {file: content for file, content in SMALL.items() if file is not File.CARD_ACCESS}
_MAKERS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "chip_answers": (
        _read,
        (session(SMALL, Behaviour()), session(BAC_ONLY, Behaviour()), session(BAC_ONLY, Behaviour(part_bytes=90))),
    ),
    "channels": (_channel, (_protected(Suite.TRIPLE_DES), _protected(Suite.AES_128))),
    "chip_commands": (_command, (_commands(),)),
}
CHIP_TARGETS = {
    name: Target(parse, seeds, (CardFault,), bytes_max=max(4_096, *map(len, seeds)) + 64)
    for name, (parse, seeds) in _MAKERS.items()
}
