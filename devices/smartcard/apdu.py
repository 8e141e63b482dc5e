"""Commands to a chip and its responses, as bytes (APDUs).

A short command carries up to 255 bytes and expects up to 256; an extended one up to 65 535 and 65 536. Neither
`repr` nor an exception shows what they carry.

Source: ISO/IEC 7816-3 §12.1, ISO/IEC 7816-4 §5.
"""

from dataclasses import dataclass
from typing import Final

SHORT_DATA_BYTES_MAX: Final = 255
SHORT_EXPECTED_MAX: Final = 256
EXTENDED_DATA_BYTES_MAX: Final = 65_535
EXTENDED_EXPECTED_MAX: Final = 65_536
_HEADER_BYTES: Final = 4


class ApduInvalid(ValueError):
    """The bytes are no command, or no response."""


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """One command.

    Attributes:
        cla: Its class, 0 to 255; so are instruction and parameters.
        ins: The instruction.
        p1: The first parameter.
        p2: The second.
        data: 0 to 65 535 bytes.
        expected: How many bytes at most the answer may have, 0 (none) to 65 536: Ne of ISO/IEC 7816-4.
        may_extend: The standard lets this command be extended though the chip announces no extended length.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    expected: int = 0
    may_extend: bool = False

    def __repr__(self) -> str:
        return f"Command({self.header.hex()}, {len(self.data)} bytes, expects {self.expected})"

    @property
    def header(self) -> bytes:
        return bytes((self.cla, self.ins, self.p1, self.p2))

    @property
    def needs_extended(self) -> bool:
        return len(self.data) > SHORT_DATA_BYTES_MAX or self.expected > SHORT_EXPECTED_MAX


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """One response: its data and status word."""

    data: bytes
    status: int

    def __repr__(self) -> str:
        return f"Response({len(self.data)} bytes, {self.status:04X})"

    @property
    def is_ok(self) -> bool:
        return self.status == OK


OK: Final = 0x9000


def encode_command(command: Command) -> bytes:
    """Return the bytes of a command, extended only if it doesn't fit the short form.

    Raises:
        ApduInvalid: It has too much data, or expects too much.
    """
    if len(command.data) > EXTENDED_DATA_BYTES_MAX or not 0 <= command.expected <= EXTENDED_EXPECTED_MAX:
        raise ApduInvalid("more than an extended command carries")
    data, expected = command.data, command.expected
    if not command.needs_extended:
        length = bytes([len(data)]) if data else b""
        return command.header + length + data + (bytes([expected % 256]) if expected else b"")
    parts = [command.header, b"\x00"]
    if data:
        parts += [len(data).to_bytes(2), data]
    if expected:
        parts.append((expected % 65_536).to_bytes(2))
    return b"".join(parts)


def is_extended(raw: bytes) -> bool:
    """Tell whether the bytes of a command have the extended form."""
    return len(raw) > _HEADER_BYTES + 1 and raw[_HEADER_BYTES] == 0


def decode_command(untrusted: bytes) -> Command:
    """Return the command that the bytes are.

    Raises:
        ApduInvalid: Their lengths don't fit each other.
    """
    if len(untrusted) < _HEADER_BYTES:
        raise ApduInvalid("shorter than a header")
    cla, ins, p1, p2 = untrusted[:4]
    data, expected = _decode_body(untrusted[4:])
    return Command(cla, ins, p1, p2, data, expected)


def _decode_body(body: bytes) -> tuple[bytes, int]:
    if not body:
        return b"", 0
    if len(body) == 1:
        return b"", body[0] or 256
    if body[0]:
        length = body[0]
        rest = body[1 + length :]
        if len(body) < 1 + length or len(rest) > 1:
            raise ApduInvalid("a short length that doesn't fit")
        return body[1 : 1 + length], (rest[0] or 256) if rest else 0
    if len(body) < 3:
        raise ApduInvalid("an extended length cut off")
    number = int.from_bytes(body[1:3])
    if len(body) == 3:
        return b"", number or 65_536
    rest = body[3 + number :]
    if number == 0 or len(body) < 3 + number or len(rest) not in {0, 2}:
        raise ApduInvalid("an extended length that doesn't fit")
    return body[3 : 3 + number], (int.from_bytes(rest) or 65_536) if rest else 0


def encode_response(response: Response) -> bytes:
    """Return the bytes of a response."""
    return response.data + response.status.to_bytes(2)


def decode_response(untrusted: bytes) -> Response:
    """Return the response that the bytes are.

    Raises:
        ApduInvalid: There is no status word.
    """
    if len(untrusted) < 2:
        raise ApduInvalid("no status word")
    return Response(untrusted[:-2], int.from_bytes(untrusted[-2:]))
