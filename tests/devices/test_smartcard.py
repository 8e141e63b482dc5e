"""Commands and responses as bytes, chains of them, limits, and recorded sessions."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.smartcard.apdu import (
    ApduInvalid,
    Command,
    Response,
    decode_command,
    decode_response,
    encode_command,
    encode_response,
)
from devices.smartcard.chaining import ChainingTransport
from devices.smartcard.faults import AnswerInvalid, CardFault, LimitReached, ReplayDiverged, Stopped
from devices.smartcard.limits import ExchangeLimits, LimitedLink
from devices.smartcard.replay import (
    RESET,
    Recording,
    RecordingInvalid,
    RecordingLink,
    ReplayLink,
    read_recording,
    write_recording,
)

byte = st.integers(0, 255)
commands = st.builds(
    Command,
    cla=byte,
    ins=byte,
    p1=byte,
    p2=byte,
    data=st.one_of(st.binary(max_size=300), st.integers(0, 65_535).map(bytes)),
    expected=st.one_of(st.sampled_from([0, 1, 255, 256, 257, 65_535, 65_536]), st.integers(0, 65_536)),
)


class Card:
    """A link to a card that answers by a function of the decoded command."""

    name = "card"
    atr = b""

    def __init__(self, *answers: bytes, data_bytes_max: int | None = None) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []
        self.data_bytes_max = data_bytes_max

    def exchange(self, command: bytes) -> bytes:
        self.asked.append(command)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def reset(self) -> None:
        self.asked.append(RESET)


# --- bytes


@given(commands)
def test_a_command_written_and_read_is_the_same(command: Command) -> None:
    raw = encode_command(command)
    assert decode_command(raw) == command
    is_short = len(command.data) <= 255 and command.expected <= 256
    assert len(raw) == 4 + (
        (bool(command.data) + len(command.data) + bool(command.expected))
        if is_short
        else 1 + (2 + len(command.data) if command.data else 0) + (2 if command.expected else 0)
    )


@given(st.binary(max_size=600))
def test_any_bytes_are_a_command_or_refused(untrusted: bytes) -> None:
    try:
        command = decode_command(untrusted)
    except ApduInvalid:
        return
    assert decode_command(encode_command(command)) == command


@given(st.binary(max_size=300), st.integers(0, 0xFFFF))
def test_a_response_written_and_read_is_the_same(data: bytes, status: int) -> None:
    assert decode_response(encode_response(Response(data, status))) == Response(data, status)


@pytest.mark.parametrize("raw", [b"", b"\x90"])
def test_what_has_no_status_word_is_no_response(raw: bytes) -> None:
    with pytest.raises(ApduInvalid):
        decode_response(raw)
    with pytest.raises(AnswerInvalid):
        ChainingTransport(Card(raw)).transmit(Command(0, 0xB0, 0, 0, expected=1))


@pytest.mark.parametrize(
    "raw", ["00A404", "00A4040002AA", "00A40400020102030405", "00B000000000", "00B00000000002AA", "00A4040000000000"]
)
def test_lengths_that_do_not_fit_are_refused(raw: str) -> None:
    with pytest.raises(ApduInvalid):
        decode_command(bytes.fromhex(raw))


def test_more_than_an_extended_command_carries_is_refused() -> None:
    for command in (Command(0, 0, 0, 0, bytes(65_536)), Command(0, 0, 0, 0, expected=65_537)):
        with pytest.raises(ApduInvalid):
            encode_command(command)


def test_what_commands_carry_is_not_shown() -> None:
    assert repr(Command(0, 0xA4, 4, 12, b"\xde\xad", 5)) == "Command(00a4040c, 2 bytes, expects 5)"
    assert repr(Response(b"\xde\xad", 0x6282)) == "Response(2 bytes, 6282)"
    assert "dead" not in repr(Recording(b"", ((b"\xde\xad", b""),)))


# --- chains


def test_a_long_command_goes_in_parts_where_extended_length_is_not_announced() -> None:
    card = Card(b"\x90\x00")
    data = bytes(range(256)) * 2
    ChainingTransport(card).transmit(Command(0, 0x2A, 0, 0, data, 300))
    sent = [decode_command(raw) for raw in card.asked]
    assert [command.cla for command in sent] == [0x10, 0x10, 0x00]
    assert b"".join(command.data for command in sent) == data
    assert [command.expected for command in sent] == [0, 0, 256]


def test_a_chain_ends_at_the_part_that_is_refused() -> None:
    card = Card(b"\x90\x00", b"\x6a\x80", b"\x90\x00")
    assert ChainingTransport(card).transmit(Command(0, 0x2A, 0, 0, bytes(700))).status == 0x6A80
    assert len(card.asked) == 2


@pytest.mark.parametrize(("announced", "may_extend", "reader"), [(True, False, 255), (False, True, None)])
def test_a_long_command_goes_whole_where_it_may(announced: bool, may_extend: bool, reader: int | None) -> None:
    card = Card(b"\x90\x00", data_bytes_max=reader)
    ChainingTransport(card, announced).transmit(Command(0, 0x86, 0, 0, bytes(300), 4096, may_extend))
    assert [len(raw) for raw in card.asked] == [4 + 3 + 300 + 2]


def test_a_reader_of_short_commands_gets_no_long_one_unannounced() -> None:
    card = Card(b"\x90\x00", data_bytes_max=255)
    ChainingTransport(card).transmit(Command(0, 0x86, 0, 0, bytes(300), 4096, may_extend=True))
    assert len(card.asked) == 2


def test_an_answer_in_parts_is_fetched_whole() -> None:
    card = Card(b"ab\x61\x02", b"cd\x61\x00", b"ef\x62\x82")
    assert ChainingTransport(card).transmit(Command(0, 0xB0, 0, 0, expected=6)) == Response(b"abcdef", 0x6282)
    assert card.asked[1:] == [bytes.fromhex("00C0000002"), bytes.fromhex("00C0000000")]


def test_an_answer_that_never_ends_is_given_up() -> None:
    for part in (b"\x61\x00", bytes(256) + b"\x61\x00"):
        with pytest.raises(LimitReached):
            ChainingTransport(Card(part)).transmit(Command(0, 0xB0, 0, 0, expected=6))


def test_a_wrong_expected_length_is_asked_for_once_more_as_the_card_says() -> None:
    card = Card(b"\x6c\x05", b"abcde\x90\x00")
    assert ChainingTransport(card).transmit(Command(0, 0xB0, 0, 0, expected=200)).data == b"abcde"
    assert card.asked[1] == bytes.fromhex("00B0000005")
    assert ChainingTransport(Card(b"\x6c\x05")).transmit(Command(0, 0xB0, 0, 0, expected=9)).status == 0x6C05


# --- limits


def test_a_session_has_a_number_of_commands_and_an_end() -> None:
    now = [0.0]
    card = Card(b"\x90\x00")
    link = LimitedLink(card, ExchangeLimits(commands_max=3, seconds_max=10), now_s=lambda: now[0])
    for _ in range(3):
        link.exchange(b"\x00\x00\x00\x00")
    with pytest.raises(LimitReached):
        link.exchange(b"\x00\x00\x00\x00")
    slow = LimitedLink(card, ExchangeLimits(commands_max=3, seconds_max=10), now_s=lambda: now[0])
    now[0] = 10.5
    with pytest.raises(LimitReached):
        slow.exchange(b"\x00\x00\x00\x00")
    with pytest.raises(Stopped):
        LimitedLink(card, is_stopped=lambda: True).exchange(b"\x00\x00\x00\x00")
    with pytest.raises(AnswerInvalid):
        LimitedLink(Card(bytes(70_000))).exchange(b"\x00\x00\x00\x00")


# --- recordings


def test_a_recorded_session_is_played_back_and_nothing_else(tmp_path: Path) -> None:
    recorder = RecordingLink(Card(b"one\x90\x00", b"two\x90\x00"))
    draw = recorder.random(lambda count: b"r" * count)
    recorder.exchange(b"\x00\x01\x00\x00")
    recorder.reset()
    recorder.exchange(b"\x00\x02\x00\x00")
    assert draw(3) == b"rrr"
    path = tmp_path / "session.json"
    write_recording(recorder.recording(), path)
    recording = read_recording(path)
    assert recording == recorder.recording()
    link = ReplayLink(recording)
    assert link.random(3) == b"rrr"
    assert link.exchange(b"\x00\x01\x00\x00") == b"one\x90\x00"
    with pytest.raises(ReplayDiverged):
        link.exchange(b"\x00\x02\x00\x00")  # there was a reset before it
    link.reset()
    assert not link.is_over
    assert link.exchange(b"\x00\x02\x00\x00") == b"two\x90\x00"
    assert link.is_over
    for more in (lambda: link.exchange(b"\x00\x02\x00\x00"), link.reset, lambda: link.random(3)):
        with pytest.raises(ReplayDiverged):
            more()


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_file_is_a_recording_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("recordings") / "any.json"
    path.write_bytes(content)
    with pytest.raises(CardFault):
        read_recording(path)


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        '{"atr": "", "steps": [{}], "random": [], "data_bytes_max": null}',
        '{"atr": "zz", "steps": [], "random": [], "data_bytes_max": null}',
        '{"atr": "", "steps": [], "random": [], "data_bytes_max": "many"}',
        '{"atr": "", "steps": 7, "random": [], "data_bytes_max": null}',
    ],
)
def test_a_recording_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "any.json"
    path.write_text(content, "utf-8")
    with pytest.raises(RecordingInvalid):
        read_recording(path)
