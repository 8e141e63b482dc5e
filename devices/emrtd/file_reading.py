"""One file of the chip, read in pieces as large as the chip bears.

How large is found out once a session: what is too large is refused in many ways (FACTS §4, rows 6 and 7), and each
refusal steps down the ladder. Where a refusal also ends secure messaging, the caller opens the chip again and goes on
with the same `PartialFile`.

Source: ICAO 9303-10 §3.6.3; ISO/IEC 7816-4 §11.3.3 (READ BINARY).
"""

from dataclasses import dataclass, field
from typing import Final

from devices.emrtd.faults import ChannelBroken
from devices.emrtd.files import File
from devices.emrtd.progress import Phase, Progress, Report
from devices.emrtd.tlv import Limits, TlvInvalid, encode, read_header, read_objects
from devices.smartcard.apdu import OK, SHORT_EXPECTED_MAX, Command, Response
from devices.smartcard.faults import AnswerInvalid, CardFault, CardMute
from devices.smartcard.transport import Transport

_SELECT, _READ, _READ_FAR = 0xA4, 0xB0, 0xB1
BY_FILE_ID, BY_NAME, MASTER_FILE = 0x02, 0x04, 0x00
_WRONG_PARAMETERS: Final = frozenset({0x6A86, 0x6B00})
# Bytes of plain data in one answer: 223 is the most that fits a short answer under each cipher of secure messaging.
_SHORT_LADDER: Final = (223, 160, 112)
_HEADER_PIECE_BYTES: Final = 8
_NEAR_OFFSET_MAX: Final = 32_767
_FAR_OVERHEAD_BYTES: Final = 4  # tag and length of DO 53
_ENDED_EARLY: Final = 0x6282


@dataclass(slots=True)
class ReadSizes:
    """How large the pieces of a session are.

    Attributes:
        ladder: Sizes in bytes, falling.
        header_first: The chip refuses reads beyond a file's end, so its length must be known before.
    """

    ladder: tuple[int, ...] = _SHORT_LADDER
    header_first: bool = False

    @property
    def piece_bytes(self) -> int:
        return self.ladder[0]

    def step_down(self, *, was_first: bool) -> bool:
        """Make the next read more modest; tells whether that was possible."""
        if was_first and not self.header_first:
            self.header_first = True
            return True
        if len(self.ladder) == 1:
            return False
        self.ladder = self.ladder[1:]
        return True


def sizes_for(extended_bytes_max: int | None) -> ReadSizes:
    """Return the sizes to begin with.

    Args:
        extended_bytes_max: The longest answer that chip and reader bear, None if extended length isn't announced.
    """
    if extended_bytes_max is None or extended_bytes_max <= 256 + _SECURE_OVERHEAD_BYTES:
        return ReadSizes()
    largest = min(extended_bytes_max - _SECURE_OVERHEAD_BYTES, _EXTENDED_PIECE_BYTES_MAX)
    return ReadSizes((largest, 256, *_SHORT_LADDER) if largest > 256 else (largest, *_SHORT_LADDER))


# Secure messaging's objects around an answer, its padding and the status word.
_SECURE_OVERHEAD_BYTES: Final = 40
# A lost piece costs a quarter of a second at 106 kbit/s, and the person sees the bar move.
_EXTENDED_PIECE_BYTES_MAX: Final = 4_096


NOTHING_USABLE: Final = (ChannelBroken, CardMute, AnswerInvalid)
"""After these the chip has to be opened again; where they come of a read, it may have asked for too much."""


class FileMissing(CardFault):
    """The chip doesn't have the file, or doesn't let us read it.

    Attributes:
        status: What it answered.
    """

    def __init__(self, file: File, status: int) -> None:
        super().__init__(f"{file.label}: status {status:04X}")
        self.status = status


class FileUnreadable(CardFault):
    """The file is there, but can't be read: it is no data object, too long, or every read is refused."""


@dataclass(slots=True, repr=False)
class PartialFile:
    """What of a file is read so far.

    Attributes:
        file: Which one.
        bytes_max: A longer one isn't read.
        content: The bytes so far.
        total_bytes: As its header tells; 0 while that isn't read.
        broke_at: The offset whose read ended secure messaging last.
        is_ended: The chip said that the file ends here, before its header does.
    """

    file: File
    bytes_max: int
    content: bytearray = field(default_factory=bytearray)
    total_bytes: int = 0
    broke_at: int | None = None
    is_ended: bool = False

    @property
    def is_whole(self) -> bool:
        return bool(self.total_bytes) and len(self.content) >= self.total_bytes


def select_file(transport: Transport, file: File) -> None:
    """The file is selected, within the current application or master file.

    Raises:
        FileMissing: It isn't there, or not for us.
        CardFault: As the transport.
    """
    response = select(transport, BY_FILE_ID, file.file_id.to_bytes(2))
    if not response.is_ok:
        raise FileMissing(file, response.status)


def select(transport: Transport, how: int, name: bytes) -> Response:
    """Return the response to SELECT, asked without file control information and, where that isn't known, with it.

    Source: ISO/IEC 7816-4 §11.2.2; ICAO 9303-10 §3.6.2 asks for the first form.
    """
    response = transport.transmit(Command(0, _SELECT, how, 0x0C, name))
    if response.status in _WRONG_PARAMETERS:
        response = transport.transmit(Command(0, _SELECT, how, 0x00, name, expected=SHORT_EXPECTED_MAX))
    return response


def read_on(transport: Transport, partial: PartialFile, sizes: ReadSizes, report: Report) -> None:
    """The selected file is read to its end; `partial` keeps what came, whatever happens.

    Raises:
        FileUnreadable: It can't be.
        ChannelBroken: A read ended secure messaging; `sizes` are already more modest where that was the reason.
        CardMute: A read got no answer; so are they, and so with AnswerInvalid.
        CardFault: As the transport.
    """
    while not partial.is_whole:
        asked = _next_piece(partial, sizes)
        try:
            response = _read(transport, len(partial.content), asked)
        except NOTHING_USABLE as error:
            _blame(partial, sizes, error)
            raise
        if response.data and response.status in {OK, _ENDED_EARLY}:
            _take(partial, response.data, asked)
            partial.is_ended = response.status == _ENDED_EARLY and len(response.data) < asked
            report(Progress(Phase.FILE, partial.file, len(partial.content), partial.total_bytes))
        elif partial.is_ended and partial.total_bytes:
            # Its header promises some bytes too many; whether it is the issuer's is told by its hash.
            partial.total_bytes = len(partial.content)
        elif not sizes.step_down(was_first=not partial.content):
            raise FileUnreadable(f"{partial.file.label}: status {response.status:04X}")


def _next_piece(partial: PartialFile, sizes: ReadSizes) -> int:
    at = len(partial.content)
    if not partial.total_bytes:
        return _HEADER_PIECE_BYTES if sizes.header_first or at else sizes.piece_bytes
    most = sizes.piece_bytes - (_FAR_OVERHEAD_BYTES if at > _NEAR_OFFSET_MAX else 0)
    return min(most, partial.total_bytes - at)


def _read(transport: Transport, offset: int, asked: int) -> Response:
    response = _read_once(transport, offset, asked)
    if response.status >> 8 == 0x6C and 0 < response.status & 0xFF < asked:
        return _read_once(transport, offset, response.status & 0xFF)
    return response


def _read_once(transport: Transport, offset: int, asked: int) -> Response:
    if offset <= _NEAR_OFFSET_MAX:
        return transport.transmit(Command(0, _READ, offset >> 8, offset & 0xFF, expected=asked))
    told = encode(0x54, offset.to_bytes(2 if offset <= 0xFFFF else 3))
    response = transport.transmit(Command(0, _READ_FAR, 0, 0, told, expected=asked + _FAR_OVERHEAD_BYTES))
    if not response.data:
        return response
    try:
        return Response(read_objects(response.data).only(0x53).value, response.status)
    except TlvInvalid as error:
        raise FileUnreadable("an answer to a far read that isn't one") from error


def _take(partial: PartialFile, untrusted: bytes, asked: int) -> None:
    if len(untrusted) > asked:
        raise FileUnreadable(f"{partial.file.label}: more than was asked for")
    partial.content += untrusted
    if not partial.total_bytes:
        _take_header(partial)
    if partial.total_bytes:
        del partial.content[partial.total_bytes :]


def _take_header(partial: PartialFile) -> None:
    try:
        header = read_header(bytes(partial.content[:_HEADER_PIECE_BYTES]), limits=Limits(value_bytes_max=1 << 32))
    except TlvInvalid as error:
        if len(partial.content) < _HEADER_PIECE_BYTES:
            return  # the rest of the header comes with the next piece
        raise FileUnreadable(f"{partial.file.label}: no data object") from error
    if header.tag != partial.file.tag:
        raise FileUnreadable(f"{partial.file.label}: opens with another tag")
    if header.total_bytes > partial.bytes_max:
        raise FileUnreadable(f"{partial.file.label}: longer than the limit")
    partial.total_bytes = header.total_bytes


# A refusal that is about the size; any other broke the channel for a reason of its own.
_ABOUT_SIZE: Final = frozenset({0x6700, 0x6B00, 0x6282, 0x6988, OK})


def _blame(partial: PartialFile, sizes: ReadSizes, error: CardFault) -> None:
    at = len(partial.content)
    status = error.status if isinstance(error, ChannelBroken) else OK
    if status in _ABOUT_SIZE or partial.broke_at == at:
        sizes.step_down(was_first=not at)
    partial.broke_at = at
