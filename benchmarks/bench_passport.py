"""What a passport costs: commands, the time of a whole reading, and when the voter is found.

The reference in the same run sends the recorded protected commands once more over the same virtual reader, to the same
chip with the same randomness, which answers them again: what a reader would wait for that computes nothing itself.
Beside it stands the floor of the virtual reader alone, with a card that only looks its answers up. The virtual reader
is a real pcscd with a card behind vpcd; the air is modelled by the bytes that went over it. The standard's worked
examples are counted by the tests that prove them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.measuring import figure, percentile
from devices.emrtd.emulator.behaviour import Behaviour
from devices.emrtd.emulator.chip import Chip, EmulatedLink
from devices.emrtd.emulator.issuing import Features, IssuedDocument, issue
from devices.emrtd.emulator.personalisation import personalise
from devices.emrtd.emulator.writing import Face, write_dg2
from devices.emrtd.files import File
from devices.emrtd.keys import AccessKey, key_of_mrz
from devices.emrtd.mrz import parse
from devices.emrtd.progress import FileRead, Progress
from devices.emrtd.reading import ReadingOptions, World, read_document
from devices.smartcard import pcsc
from devices.smartcard.replay import RESET, Recording, RecordingLink
from devices.smartcard.transport import Link
from tests.devices.chips import repeatable
from tests.devices.issued import HOLDER, signer
from tests.devices.virtual_reader import FIRST, VirtualReaders, why_not

DG2_BYTES = 16 * 1024
SOD_BYTES = 2 * 1024
RUNS = 15
TWO_FILES = ReadingOptions(files=(File.DG1, File.DG2), prove_chip=False)
AND_SOD = ReadingOptions(files=(File.DG1, File.SOD, File.DG2), prove_chip=False)
FOUND_BY = ReadingOptions(files=(File.DG1,), prove_chip=False)
AIR_BITS_S = 424_000
# ISO/IEC 14443-3 and -4: a byte is sent as nine bits (parity), a block adds PCB and CRC (3 bytes) and is acknowledged
# where it is chained; frames of 256 bytes; the frame delay time and a usual chip's answer to each command together.
FRAME_BYTES, BLOCK_BYTES, TURN_S = 253, 3, 0.0006
# What a usual chip computes with its key: 3DES and two challenges in BAC.
CHIP_BAC_S = 0.03
# Activation of the card by the reader: anti-collision, RATS and PPS.
ACTIVATION_S = 0.05


def document(extended: bool = False) -> IssuedDocument:
    """A passport of BAC with a DG2 of 16 KB; its EF.SOD is filled to 2 KB in the chip."""
    around = len(write_dg2([Face(b"\xff\xd8\xff", 413, 531)])) + 3
    image = b"\xff\xd8\xff" + os.urandom(DG2_BYTES - around)
    lengths = (4_096, 4_096) if extended else None
    return issue(HOLDER, signer(), features=Features(dg2=write_dg2([Face(image, 413, 531)]), extended_lengths=lengths))


def chip_of(issued: IssuedDocument, behaviour: Behaviour) -> Chip:
    sod = b"\x77\x82" + (SOD_BYTES - 4).to_bytes(2) + bytes(SOD_BYTES - 4)
    return Repeating(replace(personalise(issued), files={**issued.files, File.SOD: sod}), behaviour)


class Repeating(Chip):
    """A chip that draws the same challenges after each reset, so that it takes the same commands again."""

    def reset(self) -> None:
        super().reset()
        self.random = self.application.random = repeatable(b"chip")


def key_of(issued: IssuedDocument) -> AccessKey:
    return key_of_mrz(parse(issued.mrz))


def count_commands() -> None:
    short, long = document(), document(extended=True)
    for name, issued, options, behaviour, most in (
        ("commands, BAC, DG1 and DG2 of 16 KB at 223 bytes", short, TWO_FILES, Behaviour(), 86),
        ("the same with an EF.SOD of 2 KB", short, AND_SOD, Behaviour(), 98),
        ("the same, extended length announced", long, AND_SOD, Behaviour(extended_bytes_max=4_096), 20),
    ):
        chip = chip_of(issued, behaviour)
        reading = read_document(EmulatedLink(chip), key_of(issued), options)
        assert reading.files[File.DG2] == issued.files[File.DG2]
        figure(
            name,
            reading.commands,
            "commands",
            f"≤ {most}",
            reading.commands <= most,
            f"pieces of {reading.piece_bytes}",
        )


@dataclass(slots=True)
class LookedUp:
    """A card that knows its answers by heart: the floor of any reader."""

    recording: Recording
    at: int = 0

    @property
    def atr(self) -> bytes:
        return self.recording.atr

    def exchange(self, _raw: bytes) -> bytes:
        answer = self.recording.steps[self.at][1]
        self.at += 1
        return answer

    def reset(self) -> None:
        self.at = 0


def read_over_reader(readers: VirtualReaders) -> None:
    issued = document()
    chip = chip_of(issued, Behaviour())
    key = key_of(issued)
    whole, found, sent_again = [], [], []
    with readers.card(chip), pcsc.connect(FIRST) as link:
        link.reset()
        recorder = RecordingLink(link)
        read_document(recorder, key, AND_SOD)
        recording = recorder.recording()
        for _ in range(RUNS):  # in turns: other programs' load falls on both alike
            link.reset()
            began = time.perf_counter()
            told = Found(began)
            read_document(link, key, AND_SOD, World(report=told))
            whole.append(time.perf_counter() - began)
            found.append(told.after_s)
            sent_again.append(send_again(link, recording))
    # The quickest of each: what other programs take from a run is no cost of either.
    again, quickest = min(sent_again), min(whole)
    with readers.card(LookedUp(recording)), pcsc.connect(FIRST) as link:
        floor = min(send_again(link, recording) for _ in range(RUNS))
    ours, count = percentile(whole, 0.5), len(recording.steps)
    late = f"p90 {percentile(whole, 0.9):.3f} s"
    figure("whole reading over the virtual reader", ours, "s", "≤ 0.2", ours <= 0.2, late)
    ratio = quickest / again
    detail = f"{quickest:.4f} s, {count} commands sent again in {again:.4f} s"
    figure("the same against sending its commands again", ratio, "times", "≤ 2", ratio <= 2, detail)
    print(f"  the virtual reader alone, answers looked up: {floor:.4f} s, {quickest / floor:.1f} times less")
    print(f"  voter found {percentile(found, 0.5) * 1000:.0f} ms after the first command, without air")


@dataclass(slots=True)
class Found:
    """When DG1 was told."""

    began: float
    after_s: float = 0.0

    def __call__(self, told: Progress | FileRead) -> None:
        if isinstance(told, FileRead) and told.file is File.DG1:
            self.after_s = time.perf_counter() - self.began


def send_again(link: Link, recording: Recording) -> float:
    """Seconds that the recorded commands take; the card gives the recorded answers."""
    link.reset()
    began = time.perf_counter()
    for command, answer in recording.steps:
        if command != RESET:
            assert link.exchange(command) == answer
    return time.perf_counter() - began


def seconds_in_the_air(steps: list[tuple[bytes, bytes]]) -> float:
    """What these commands and their answers take over the air."""
    return sum(air_s(len(command)) + air_s(len(answer)) + TURN_S for command, answer in steps if command != RESET)


def air_s(count: int) -> float:
    """Seconds that a message takes: its blocks, and an acknowledgement for each but the last."""
    blocks = max(1, -(-count // FRAME_BYTES))
    sent = count + blocks * BLOCK_BYTES + (blocks - 1) * BLOCK_BYTES
    return sent * 9 / AIR_BITS_S + (blocks - 1) * TURN_S


def voter_found() -> None:
    issued = document()
    recorder = RecordingLink(EmulatedLink(chip_of(issued, Behaviour())))
    began = time.perf_counter()
    read_document(recorder, key_of(issued), FOUND_BY)
    computed = time.perf_counter() - began
    in_the_air_s = seconds_in_the_air(recorder.steps)
    total = ACTIVATION_S + in_the_air_s + CHIP_BAC_S + computed
    commands = sum(command != RESET for command, _ in recorder.steps)
    detail = f"air {in_the_air_s * 1000:.0f} ms in {commands} commands, both ends compute {computed * 1000:.0f} ms"
    figure("voter found after the card is laid down, 424 kbit/s, BAC", total, "s", "≤ 1.0", total <= 1.0, detail)


def worked_examples() -> None:
    vectors = json.loads(Path("tests/vectors/access_control.json").read_text("utf-8"))
    steps = count_true(vectors)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/devices/test_icao_vectors.py"], check=False, capture_output=True
    )
    figure("worked examples D, F, G.1, G.2, H.1, H.2, I.1", steps, "steps", "all that hold", ran.returncode == 0)


def count_true(value: object) -> int:
    """How many steps of the vectors are marked as holding."""
    if isinstance(value, dict):
        return sum((held is True) if name.endswith("verified") else count_true(held) for name, held in value.items())
    return sum(map(count_true, value)) if isinstance(value, list) else 0


def main() -> None:
    worked_examples()
    count_commands()
    voter_found()
    reason = why_not()
    if reason is not None:
        print(f"no figures over the virtual reader: {reason}")
        return
    with tempfile.TemporaryDirectory() as name:
        readers = VirtualReaders(Path(name))
        os.environ["PCSCLITE_CSOCK_NAME"] = str(readers.folder / "run" / "pcscd.comm")
        readers.start()
        try:
            read_over_reader(readers)
        finally:
            readers.stop()


if __name__ == "__main__":
    main()
