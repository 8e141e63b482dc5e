"""Commands over a link: short and extended, long commands in several parts, long answers fetched in several parts.

Source: ISO/IEC 7816-4 §5.3.3 (command chaining), §5.3.4 (61xx), §5.6 (6Cxx).
"""

from dataclasses import dataclass, replace
from typing import Final

from devices.smartcard.apdu import (
    EXTENDED_EXPECTED_MAX,
    SHORT_DATA_BYTES_MAX,
    SHORT_EXPECTED_MAX,
    ApduInvalid,
    Command,
    Response,
    decode_response,
    encode_command,
)
from devices.smartcard.faults import AnswerInvalid, LimitReached
from devices.smartcard.transport import Link

_MORE_FOLLOWS: Final = 0x10
_GET_RESPONSE: Final = 0xC0
_MORE_BYTES: Final = 0x61
_WRONG_EXPECTED: Final = 0x6C
_ANSWER_BYTES_MAX: Final = EXTENDED_EXPECTED_MAX + 512  # an extended answer, and what secure messaging adds
_ANSWER_PARTS_MAX: Final = 1024


@dataclass(slots=True)
class ChainingTransport:
    """The lowest transport.

    Attributes:
        link: What it sends over.
        extended: Chip and reader both take extended commands.
    """

    link: Link
    extended: bool = False

    def transmit(self, command: Command) -> Response:
        """Send a command and return its whole response.

        Raises:
            CardFault: There was none, it can't be one, or it would never end.
        """
        response = self._send(command)
        if response.status >> 8 == _WRONG_EXPECTED and not response.data:
            response = self._exchange(replace(command, expected=(response.status & 0xFF) or SHORT_EXPECTED_MAX))
        return self._fetch_rest(response) if response.status >> 8 == _MORE_BYTES else response

    def _send(self, command: Command) -> Response:
        if command.needs_extended and not (self.extended or (command.may_extend and self._reader_may_extend())):
            return self._send_in_parts(command)
        return self._exchange(command)

    def _reader_may_extend(self) -> bool:
        return self.link.data_bytes_max is None or self.link.data_bytes_max > SHORT_DATA_BYTES_MAX

    def _send_in_parts(self, command: Command) -> Response:
        data, part_bytes = command.data, SHORT_DATA_BYTES_MAX
        last = max(0, len(data) - 1) // part_bytes * part_bytes
        for start in range(0, last, part_bytes):
            part = data[start : start + part_bytes]
            response = self._exchange(replace(command, cla=command.cla | _MORE_FOLLOWS, data=part, expected=0))
            if not response.is_ok:
                return response
        expected = min(command.expected, SHORT_EXPECTED_MAX)
        return self._exchange(replace(command, data=data[last:], expected=expected))

    def _fetch_rest(self, first: Response) -> Response:
        parts, total = [first.data], len(first.data)
        response = first
        for _ in range(_ANSWER_PARTS_MAX):
            if response.status >> 8 != _MORE_BYTES:
                return Response(b"".join(parts), response.status)
            expected = (response.status & 0xFF) or SHORT_EXPECTED_MAX
            response = self._exchange(Command(0, _GET_RESPONSE, 0, 0, expected=expected))
            parts.append(response.data)
            total += len(response.data)
            if total > _ANSWER_BYTES_MAX:
                raise LimitReached("an answer longer than any")
        raise LimitReached("an answer that never ends")

    def _exchange(self, command: Command) -> Response:
        try:
            return decode_response(self.link.exchange(encode_command(command)))
        except ApduInvalid as error:
            raise AnswerInvalid("an answer without a status word") from error
