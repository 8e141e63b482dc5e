"""Secure messaging: commands and responses under session keys, as one more transport in the chain.

A `Channel` has one end's view; the emulator holds the other end of the same class. The send sequence counter goes up
at each command and each response. An answer without protection, or under the wrong MAC, ends the channel for good.

Source: ICAO 9303-11 §9.8; ISO/IEC 7816-4 §10.
"""

from dataclasses import dataclass, field
from typing import Final

from devices.emrtd.ciphers import CipherMachine, Keys, pad, unpad
from devices.emrtd.faults import ChannelBroken
from devices.emrtd.tlv import Objects, Tlv, TlvInvalid, encode, read_objects
from devices.smartcard.apdu import (
    EXTENDED_EXPECTED_MAX,
    OK,
    SHORT_DATA_BYTES_MAX,
    SHORT_EXPECTED_MAX,
    Command,
    Response,
)
from devices.smartcard.transport import Transport

_PADDED, _ENCRYPTED, _EXPECTED, _STATUS, _MAC = 0x87, 0x85, 0x97, 0x99, 0x8E
_PADDING_INDICATOR: Final = b"\x01"
_PROTECTED: Final = 0x0C
# DO 87's header (4 or 5 bytes with the indicator), DO 99 (4) and DO 8E (10).
_OVERHEAD_BYTES: Final = 19


@dataclass(slots=True, repr=False)
class Channel:
    """The state of one session: keys and the send sequence counter."""

    keys: Keys
    counter: int = 0
    _machine: CipherMachine = field(init=False, compare=False)
    _block: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self._machine = CipherMachine(self.keys)
        self._block = self.keys.suite.block_bytes

    def __repr__(self) -> str:
        return f"Channel({self.keys.suite.value})"

    def protect_command(self, command: Command) -> Command:
        """Return the command as it goes over the air; the counter has gone up."""
        self._count()
        cla = command.cla | _PROTECTED
        header = bytes((cla, command.ins, command.p1, command.p2))
        objects = self._protect_data(command.data, is_odd=bool(command.ins & 1))
        if command.expected:
            size = 1 if command.expected <= SHORT_EXPECTED_MAX and len(command.data) <= SHORT_DATA_BYTES_MAX else 2
            objects += encode(_EXPECTED, (command.expected % 256**size).to_bytes(size))
        data = objects + encode(_MAC, self._mac(pad(header, self._block), objects))
        long = command.needs_extended or self.answer_bytes(command.expected) > SHORT_EXPECTED_MAX
        expected = EXTENDED_EXPECTED_MAX if long else SHORT_EXPECTED_MAX
        return Command(cla, command.ins, command.p1, command.p2, data, expected, command.may_extend)

    def answer_bytes(self, expected: int) -> int:
        """How long the protected answer is when it holds `expected` bytes."""
        return (expected // self._block + 1) * self._block + _OVERHEAD_BYTES if expected else 14

    def open_response(self, untrusted: Response) -> Response:
        """Return what a protected response holds, its status from inside; the counter has gone up.

        Raises:
            ChannelBroken: It isn't protected, or not by our keys at this count.
        """
        if not untrusted.data:
            raise ChannelBroken("an answer without protection", untrusted.status)
        self._count()
        try:
            objects = read_objects(untrusted.data)
            before_mac, data, status = self._proven(objects, b"")
        except TlvInvalid as error:
            raise ChannelBroken("an answer that isn't secure messaging", untrusted.status) from error
        if len(status.value) != 2 or not before_mac:
            raise ChannelBroken("an answer without its status")
        return Response(self._open_data(data), int.from_bytes(status.value))

    def open_command(self, untrusted: Command) -> Command:
        """Return what a protected command says, as the chip's end; the counter has gone up.

        Raises:
            ChannelBroken: It isn't protected, or not by our keys at this count.
        """
        if untrusted.cla & _PROTECTED != _PROTECTED:
            raise ChannelBroken("a command without protection")
        self._count()
        try:
            objects = read_objects(untrusted.data)
            _, data, _ = self._proven(objects, pad(untrusted.header, self._block), has_status=False)
        except TlvInvalid as error:
            raise ChannelBroken("a command that isn't secure messaging") from error
        wanted = objects.first(_EXPECTED)
        expected = 0
        if wanted is not None:
            most = SHORT_EXPECTED_MAX if len(wanted.value) == 1 else EXTENDED_EXPECTED_MAX
            expected = int.from_bytes(wanted.value) or most
        return Command(
            untrusted.cla & ~_PROTECTED, untrusted.ins, untrusted.p1, untrusted.p2, self._open_data(data), expected
        )

    def protect_response(self, response: Response, *, is_odd: bool = False) -> Response:
        """Return a response as it goes over the air, as the chip's end; the counter has gone up."""
        self._count()
        objects = self._protect_data(response.data, is_odd=is_odd)
        objects += encode(_STATUS, response.status.to_bytes(2))
        return Response(objects + encode(_MAC, self._mac(b"", objects)), OK)

    def _count(self) -> None:
        self.counter = (self.counter + 1) % 256**self._block

    def _mac(self, padded_header: bytes, objects: bytes) -> bytes:
        padded = self.counter.to_bytes(self._block) + padded_header
        if objects:
            padded += pad(objects, self._block)
        return self._machine.mac_of_padded(padded)

    def _protect_data(self, data: bytes, *, is_odd: bool) -> bytes:
        if not data:
            return b""
        encrypted = self._machine.encrypt(pad(data, self._block), self.counter)
        return encode(_ENCRYPTED, encrypted) if is_odd else encode(_PADDED, _PADDING_INDICATOR, encrypted)

    def _open_data(self, data: Tlv | None) -> bytes:
        if data is None:
            return b""
        encrypted = data.value
        if data.tag == _PADDED:
            if encrypted[:1] != _PADDING_INDICATOR:
                raise ChannelBroken("an unknown padding")
            encrypted = encrypted[1:]
        try:
            return unpad(self._machine.decrypt(encrypted, self.counter))
        except ValueError as error:
            raise ChannelBroken("data that can't be decrypted") from error

    def _proven(
        self, objects: Objects, padded_header: bytes, *, has_status: bool = True
    ) -> tuple[bytes, Tlv | None, Tlv]:
        """What the MAC was made over, the data object, and the status object (or the MAC where there is no status).

        Every object before the MAC is covered by it; nothing follows it.
        """
        told = objects.only(_MAC)
        if objects[-1] is not told:
            raise TlvInvalid("something follows the MAC")
        covered = b"".join(one.raw for one in objects[:-1])
        if not _same(self._mac(padded_header, covered), told.value):
            raise ChannelBroken("the MAC isn't of this session")
        carriers = [one for one in objects if one.tag in {_PADDED, _ENCRYPTED}]
        if len(carriers) > 1:
            raise TlvInvalid("several data objects")
        return covered, carriers[0] if carriers else None, objects.only(_STATUS) if has_status else told


def _same(left: bytes, right: bytes) -> bool:
    return left == right  # both are known to who listens; nothing leaks by time


@dataclass(slots=True)
class SecureTransport:
    """A transport whose commands go protected over another one; once broken it stays so."""

    below: Transport
    channel: Channel
    is_broken: bool = False

    def transmit(self, command: Command) -> Response:
        """Send a command and return its response, proven and decrypted.

        Raises:
            ChannelBroken: The answer wasn't rightly protected; access control has to be done again.
            CardFault: As the transport below.
        """
        if self.is_broken:
            raise ChannelBroken("the session is over")
        self.is_broken = True  # until the answer is proven
        response = self.channel.open_response(self.below.transmit(self.channel.protect_command(command)))
        self.is_broken = False
        return response
