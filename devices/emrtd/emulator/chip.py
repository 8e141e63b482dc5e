"""An emulated chip of a travel document: it takes commands as bytes and answers like one.

It runs BAC, PACE (all mappings), secure messaging, chip and active authentication over the files of a
`Personalisation`, and differs from the standard where its `Behaviour` says so. One object is one chip lying on one
reader; it isn't for several threads.

Source: ICAO 9303-10 §3 (files), 9303-11 (protocols); ISO/IEC 7816-4.
"""

import secrets
from dataclasses import dataclass, field
from typing import Final

from devices.emrtd import pace
from devices.emrtd.emulator.application import Application, ChipSession, Refused, Silent
from devices.emrtd.emulator.behaviour import HONEST, Behaviour, Hostility
from devices.emrtd.emulator.personalisation import Personalisation
from devices.emrtd.faults import ChannelBroken
from devices.emrtd.files import File
from devices.emrtd.key_agreement import Random
from devices.emrtd.tlv import TlvInvalid, read_header
from devices.smartcard.apdu import OK, ApduInvalid, Command, Response, decode_command, encode_response, is_extended
from devices.smartcard.faults import CardRemoved

_SELECT, _READ, _READ_FAR, _CHALLENGE, _AUTHENTICATE = 0xA4, 0xB0, 0xB1, 0x84, 0x82
_SET_ENVIRONMENT, _GENERAL, _GET_RESPONSE = 0x22, 0x86, 0xC0
_DENIED, _CONDITIONS, _NOT_FOUND, _WRONG_LENGTH, _UNKNOWN = 0x6982, 0x6985, 0x6A82, 0x6700, 0x6D00
_MASTER_FILE: Final = 0x3F00
_ALWAYS_READABLE: Final = frozenset({File.ATR_INFO, File.DIR, File.CARD_ACCESS})
_COMMAND_BYTES_MAX: Final = 4096


@dataclass(slots=True, repr=False)
class Chip:
    """One chip.

    Attributes:
        personalisation: What is written into it.
        behaviour: How it differs from the standard.
        random: Where its challenges come from; given in tests that replay.
        commands: How many it was asked since it was made.
        is_removed: It was pulled off the reader.
        application: What it does at each command.
    """

    personalisation: Personalisation
    behaviour: Behaviour = HONEST
    random: Random = secrets.token_bytes
    commands: int = 0
    is_removed: bool = False
    application: Application = field(init=False)
    _bytes: int = 0

    def __post_init__(self) -> None:
        self.application = Application(self.personalisation, self.behaviour, self.random)

    def __repr__(self) -> str:
        return f"Chip({self.commands} commands)"

    @property
    def atr(self) -> bytes:
        """As a contactless reader makes it: historical bytes with the card's capabilities."""
        third = 0x80 | (0x40 if self.behaviour.extended_bytes_max else 0)
        historical = bytes((0x80, 0x73, 0x84, 0x21, third))
        body = bytes((0x80 | len(historical), 0x80, 0x01)) + historical
        check = 0
        for byte in body:
            check ^= byte
        return b"\x3b" + body + bytes([check])

    def reset(self) -> None:
        """The chip lost its power and got it again."""
        if self.is_removed:
            raise CardRemoved("the emulated card was pulled")
        self.application.session = ChipSession()

    def put_back(self, behaviour: Behaviour = HONEST) -> None:
        """The card lies on the reader again."""
        self.behaviour, self.is_removed, self._bytes = behaviour, False, 0
        self.application.behaviour, self.application.reads = behaviour, 0
        self.reset()

    def exchange(self, raw: bytes) -> bytes:
        """Return the answer to a command.

        Raises:
            CardRemoved: The card was pulled, now or before.
        """
        self.commands += 1
        self._spend(len(raw))
        try:
            answer = encode_response(self._answer(raw))
        except Silent:
            answer = b""
        self._spend(len(answer))
        return answer

    def _spend(self, count: int) -> None:
        self._bytes += count
        most = self.behaviour.pulled_at_byte
        if most is not None and self._bytes > most:
            self.is_removed = True
        if self.is_removed:
            raise CardRemoved("the emulated card was pulled")

    # --- the way of a command: parts, protection, the answer in parts

    def _answer(self, raw: bytes) -> Response:
        try:
            command = decode_command(raw)
        except ApduInvalid:
            return Response(b"", _WRONG_LENGTH)
        if command.ins == _GET_RESPONSE and self.application.session.pending:
            return self._in_parts(command.expected)
        self.application.session.pending = b""
        long = is_extended(raw)
        free = command.ins in {_GENERAL, _SET_ENVIRONMENT}
        if long and not (self.behaviour.extended_bytes_max or free or self.behaviour.signature_extended_only):
            return Response(b"", _WRONG_LENGTH)
        whole = self._joined(command)
        if whole is None:
            return Response(b"", OK)
        response = self._unprotected(whole, long)
        return self._cut(response, command.expected)

    def _joined(self, command: Command) -> Command | None:
        """The command with the parts sent before it; None if more follow."""
        session = self.application.session
        data = session.parts + command.data
        if len(data) > _COMMAND_BYTES_MAX:
            session.parts = b""
            return command
        more = bool(command.cla & pace.COMMAND_CHAINED)
        # Steps of PACE are sent as parts of one chain; each is whole in itself.
        if more and not (command.ins == _GENERAL and _is_whole(data)):
            session.parts = data
            return None
        session.parts = b""
        cla = command.cla & ~pace.COMMAND_CHAINED if command.cla & 0x0C else command.cla
        return Command(cla, command.ins, command.p1, command.p2, data, command.expected)

    def _unprotected(self, command: Command, is_long: bool) -> Response:
        session = self.application.session
        channel = session.channel
        if channel is None or not command.cla & 0x0C:
            session.channel = None
            try:
                return self.application.run(command, is_long)
            except Refused as refused:
                return Response(b"", refused.status)
        try:
            response = self.application.run(channel.open_command(command), is_long)
        except ChannelBroken:
            session.channel = None
            return Response(b"", 0x6988)
        except Refused as refused:
            if refused.is_plain:
                session.channel = None
                return Response(b"", refused.status)
            response = Response(b"", refused.status)
        protected = channel.protect_response(response, is_odd=bool(command.ins & 1))
        if session.next_channel is not None:
            session.channel, session.next_channel = session.next_channel, None
        return protected

    def _cut(self, response: Response, expected: int) -> Response:
        most = self.behaviour.part_bytes or max(expected, 256)
        if self.behaviour.hostility is Hostility.ENDLESS and response.data:
            self.application.session.pending = bytes(200)
            return Response(response.data[:200], 0x6100)
        if len(response.data) <= most:
            return response
        self.application.session.pending = encode_response(response)
        return self._in_parts(most)

    def _in_parts(self, expected: int) -> Response:
        if self.behaviour.hostility is Hostility.ENDLESS:
            return Response(bytes(200), 0x6100)
        most = min(expected or 256, self.behaviour.part_bytes or 256)
        pending = self.application.session.pending
        data, status = pending[:-2], int.from_bytes(pending[-2:])
        if len(data) <= most:
            self.application.session.pending = b""
            return Response(data, status)
        self.application.session.pending = pending[most:]
        return Response(data[:most], 0x6100 | min(len(data) - most, 0xFF))


def _is_whole(data: bytes) -> bool:
    try:
        return read_header(data).total_bytes <= len(data)
    except TlvInvalid:
        return False


@dataclass(slots=True)
class EmulatedLink:
    """A link to a chip in the same process."""

    chip: Chip
    name: str = "emulated reader"
    data_bytes_max: int | None = 65_535

    @property
    def atr(self) -> bytes:
        return self.chip.atr

    def exchange(self, command: bytes) -> bytes:
        return self.chip.exchange(command)

    def reset(self) -> None:
        self.chip.reset()
