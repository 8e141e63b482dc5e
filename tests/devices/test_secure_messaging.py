"""Secure messaging from both ends: what one protects the other opens, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.emrtd.ciphers import (
    CipherMachine,
    Keys,
    Suite,
    decrypt,
    derive_keys,
    encrypt,
    encrypt_block,
    mac,
    mac_of_padded,
    pad,
    unpad,
)
from devices.emrtd.faults import ChannelBroken
from devices.emrtd.secure_messaging import Channel, SecureTransport
from devices.emrtd.tlv import encode
from devices.smartcard.apdu import Command, Response

suites = st.sampled_from(list(Suite))
byte = st.integers(0, 255)
commands = st.builds(
    Command,
    cla=st.just(0),
    ins=byte,
    p1=byte,
    p2=byte,
    data=st.binary(max_size=300),
    expected=st.one_of(st.just(0), st.integers(1, 65_536)),
).filter(lambda command: command.data or command.expected)


def ends(suite: Suite, counter: int = 0) -> tuple[Channel, Channel]:
    keys = derive_keys(b"a shared secret", suite)
    return Channel(keys, counter), Channel(keys, counter)


class Chip:
    """The other end of a channel, as a transport."""

    def __init__(self, channel: Channel, answer: Response) -> None:
        self.channel, self.answer = channel, answer

    def transmit(self, command: Command) -> Response:
        opened = self.channel.open_command(command)
        return self.channel.protect_response(self.answer, is_odd=bool(opened.ins & 1))


@given(suites, st.lists(st.tuples(commands, st.binary(max_size=300), st.integers(0, 0xFFFF)), max_size=4))
def test_what_one_end_protects_the_other_opens(suite: Suite, exchanges: list[tuple[Command, bytes, int]]) -> None:
    reader, chip = ends(suite)
    for command, data, status in exchanges:
        opened = chip.open_command(reader.protect_command(command))
        assert (opened.header, opened.data) == (command.header, command.data)
        assert opened.expected == command.expected
        protected = chip.protect_response(Response(data, status), is_odd=bool(command.ins & 1))
        assert reader.open_response(protected) == Response(data, status)
        assert reader.counter == chip.counter


@given(suites, st.binary(max_size=200), st.integers(0), byte.filter(bool))
def test_an_answer_with_any_byte_changed_breaks_the_channel(suite: Suite, data: bytes, at: int, change: int) -> None:
    reader, chip = ends(suite)
    chip.open_command(reader.protect_command(Command(0, 0xB0, 0, 0, expected=200)))
    protected = bytearray(chip.protect_response(Response(data, 0x9000)).data)
    protected[at % len(protected)] ^= change
    with pytest.raises(ChannelBroken):
        reader.open_response(Response(bytes(protected), 0x9000))


@settings(max_examples=300)
@given(suites, st.binary(max_size=80), st.integers(0, 0xFFFF))
def test_bytes_that_no_chip_protected_break_the_channel(suite: Suite, untrusted: bytes, status: int) -> None:
    reader, _ = ends(suite)
    reader.protect_command(Command(0, 0xB0, 0, 0, expected=200))
    with pytest.raises(ChannelBroken):
        reader.open_response(Response(untrusted, status))


def answered(data: bytes) -> Response:
    """An answer rightly authenticated, but of a form that no chip gives."""
    keys = derive_keys(b"a shared secret", Suite.AES_128)
    proof = mac(keys.suite, keys.mac, (2).to_bytes(16) + (pad(data, 16) if data else b""))
    return Response(data + encode(0x8E, proof), 0x9000)


@pytest.mark.parametrize(
    "objects",
    [
        b"",
        encode(0x99, b"\x90"),
        encode(0x87, b"\x02" + bytes(16)) + encode(0x99, b"\x90\x00"),
        encode(0x87, b"\x01" + bytes(15)) + encode(0x99, b"\x90\x00"),
        encode(0x87, b"\x01" + bytes(16)) + encode(0x99, b"\x90\x00"),
        encode(0x87, b"\x01" + bytes(16)) * 2 + encode(0x99, b"\x90\x00"),
        encode(0x99, b"\x90\x00") * 2,
        encode(0x87, b"\x01" + bytes(16)),
    ],
    ids=["empty", "short status", "other padding", "half a block", "no padding", "twice", "two statuses", "no status"],
)
def test_an_answer_of_a_strange_form_breaks_the_channel(objects: bytes) -> None:
    reader, _ = ends(Suite.AES_128)
    reader.protect_command(Command(0, 0xB0, 0, 0, expected=200))
    with pytest.raises(ChannelBroken):
        reader.open_response(answered(objects))


def test_an_answer_from_before_or_played_twice_breaks_the_channel() -> None:
    reader, chip = ends(Suite.TRIPLE_DES)
    command = Command(0, 0xB0, 0, 0, expected=8)
    chip.open_command(reader.protect_command(command))
    first = chip.protect_response(Response(b"first", 0x9000))
    assert reader.open_response(first).data == b"first"
    reader.protect_command(command)
    with pytest.raises(ChannelBroken):
        reader.open_response(first)


def test_something_after_the_mac_breaks_the_channel() -> None:
    reader, chip = ends(Suite.AES_256)
    chip.open_command(reader.protect_command(Command(0, 0xB0, 0, 0, expected=8)))
    protected = chip.protect_response(Response(b"data", 0x9000))
    with pytest.raises(ChannelBroken):
        reader.open_response(Response(protected.data + encode(0x99, b"\x90\x00"), 0x9000))


def test_a_plain_status_word_breaks_the_channel_for_good() -> None:
    reader, chip = ends(Suite.AES_192)

    class Plain:
        def transmit(self, command: Command) -> Response:
            return Response(command.data[:0], 0x6982)

    transport = SecureTransport(Plain(), reader)
    with pytest.raises(ChannelBroken) as broken:
        transport.transmit(Command(0, 0xB0, 0, 0, expected=8))
    assert broken.value.status == 0x6982
    transport.below = Chip(chip, Response(b"late", 0x9000))
    with pytest.raises(ChannelBroken):
        transport.transmit(Command(0, 0xB0, 0, 0, expected=8))


def test_the_status_inside_counts_and_not_the_one_outside() -> None:
    reader, chip = ends(Suite.AES_128)
    chip.open_command(reader.protect_command(Command(0, 0xB0, 0, 0, expected=8)))
    protected = chip.protect_response(Response(b"", 0x6A82))
    assert reader.open_response(Response(protected.data, 0x9000)).status == 0x6A82


@pytest.mark.parametrize("suite", list(Suite))
def test_223_bytes_are_the_most_that_fit_a_short_answer(suite: Suite) -> None:
    channel, chip = ends(suite)
    assert len(chip.protect_response(Response(bytes(223), 0x9000)).data) <= 256
    assert channel.answer_bytes(223) <= 256
    if suite is not Suite.TRIPLE_DES:
        assert len(chip.protect_response(Response(bytes(240), 0x9000)).data) > 256
    assert len(chip.protect_response(Response(bytes(232), 0x9000)).data) <= channel.answer_bytes(232)


@pytest.mark.parametrize("suite", list(Suite))
def test_keys_are_not_shown(suite: Suite) -> None:
    channel, _ = ends(suite)
    shown = repr(channel) + repr(channel.keys) + repr(SecureTransport(Chip(channel, Response(b"", 0)), channel))
    assert channel.keys.encryption.hex() not in shown
    assert "\\x" not in shown


@given(suites, st.binary(max_size=64))
def test_padding_and_ciphers_undo_themselves(suite: Suite, data: bytes) -> None:
    keys = derive_keys(b"secret", suite)
    padded = pad(data, suite.block_bytes)
    assert len(padded) % suite.block_bytes == 0
    assert unpad(decrypt(suite, keys.encryption, encrypt(suite, keys.encryption, padded))) == data
    assert len(mac(suite, keys.mac, data)) == 8


@given(suites, st.lists(st.tuples(st.binary(max_size=80), st.integers(0, 2**64 - 1)), min_size=1, max_size=4))
def test_ciphers_set_up_once_do_what_the_functions_do(suite: Suite, messages: list[tuple[bytes, int]]) -> None:
    keys = derive_keys(b"secret", suite)
    machine, block = CipherMachine(keys), suite.block_bytes
    for data, counter in messages:
        padded = pad(data, block)
        vector = None
        if suite is not Suite.TRIPLE_DES:
            vector = encrypt_block(suite, keys.encryption, counter.to_bytes(block))
        encrypted = machine.encrypt(padded, counter)
        assert encrypted == encrypt(suite, keys.encryption, padded, vector)
        assert machine.decrypt(encrypted, counter) == padded
        counted = counter.to_bytes(block) + padded
        assert machine.mac_of_padded(counted) == mac_of_padded(suite, keys.mac, counted)
        for broken in (b"", encrypted + b"x"):
            with pytest.raises(ValueError, match="blocks"):
                machine.decrypt(broken, counter)
    assert "secret" not in repr(machine)


def test_what_is_not_padded_is_refused() -> None:
    for padded in (b"", bytes(8), b"\x81" + bytes(7)):
        with pytest.raises(ValueError, match="no padding"):
            unpad(padded)


def test_a_command_without_protection_is_refused_by_the_chips_end() -> None:
    _, chip = ends(Suite.AES_128)
    for command in (Command(0, 0xB0, 0, 0), Command(0x0C, 0xB0, 0, 0, b"\x8e\x01"), Command(0x0C, 0xB0, 0, 0)):
        with pytest.raises(ChannelBroken):
            chip.open_command(command)
    assert Keys(Suite.AES_128, b"", b"").suite is Suite.AES_128
