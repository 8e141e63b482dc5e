"""What an emulated chip does at each command: its files, access control, chip and active authentication.

Source: ICAO 9303-10 §3 (files), 9303-11 (protocols); ISO/IEC 7816-4.
"""

from dataclasses import dataclass, field
from typing import Final

from devices.emrtd import bac, pace
from devices.emrtd.ciphers import Keys, Suite, derive_keys
from devices.emrtd.emulator.behaviour import SAYS_NOTHING, Behaviour, EndOfFile, Hostility
from devices.emrtd.emulator.pace_chip import PaceChip, StepRefused
from devices.emrtd.emulator.personalisation import AgreementKey, Personalisation
from devices.emrtd.emulator.signing import sign_challenge
from devices.emrtd.files import LDS_APPLICATION, File
from devices.emrtd.key_agreement import PublicInvalid, Random, standardized_domain
from devices.emrtd.keys import PasswordKind
from devices.emrtd.secure_messaging import Channel
from devices.emrtd.security_infos import Agreement, PaceInfo, chip_authentication_oid, read_security_infos
from devices.emrtd.tlv import ContentInvalid, Objects, TlvInvalid, encode, read_objects
from devices.smartcard.apdu import OK, Command, Response

_SELECT, _READ, _READ_FAR, _CHALLENGE, _AUTHENTICATE = 0xA4, 0xB0, 0xB1, 0x84, 0x82
_SET_ENVIRONMENT, _GENERAL, _GET_RESPONSE = 0x22, 0x86, 0xC0
_DENIED, _CONDITIONS, _NOT_FOUND, _WRONG_LENGTH, _UNKNOWN = 0x6982, 0x6985, 0x6A82, 0x6700, 0x6D00
_MASTER_FILE: Final = 0x3F00
_ALWAYS_READABLE: Final = frozenset({File.ATR_INFO, File.DIR, File.CARD_ACCESS})
_COMMAND_BYTES_MAX: Final = 4096


class Silent(Exception):
    """The chip says nothing at all, not even a status."""


class Refused(Exception):
    """Ends a command with a status; `is_plain` outside secure messaging."""

    def __init__(self, status: int, *, is_plain: bool = False) -> None:
        super().__init__(f"{status:04X}")
        self.status = status
        self.is_plain = is_plain


@dataclass(slots=True, repr=False)
class ChipSession:
    """What is over when the chip loses its power."""

    in_application: bool = False
    selected: File | None = None
    channel: Channel | None = None
    next_channel: Channel | None = None
    challenge: bytes = b""
    pace: PaceChip | None = None
    chip_key: tuple[AgreementKey, Suite] | None = None
    parts: bytes = b""
    pending: bytes = b""


@dataclass(slots=True, repr=False)
class Application:
    """The commands of one chip, taken out of secure messaging.

    Attributes:
        personalisation: What is written into it.
        behaviour: How it differs from the standard.
        random: Where its challenges come from.
        session: What is over when it loses its power.
        reads: How many reads it answered under secure messaging.
    """

    personalisation: Personalisation
    behaviour: Behaviour
    random: Random
    session: ChipSession = field(default_factory=ChipSession)
    reads: int = 0
    _offers: tuple[PaceInfo, ...] = ()

    def __post_init__(self) -> None:
        untrusted = self.personalisation.files.get(File.CARD_ACCESS)
        if untrusted:
            self._offers = read_security_infos(untrusted).pace

    def run(self, command: Command, is_long: bool) -> Response:
        """Return the answer to a command.

        Raises:
            Refused: It ends with this status.
        """
        match command.ins:
            case 0xA4:
                return self._select(command)
            case 0xB0:
                return self._read(command)
            case 0xB1:
                return self._read_far(command)
            case 0x84:
                return self._get_challenge(command)
            case 0x82:
                return self._external_authenticate(command)
            case 0x22:
                return self._set_environment(command)
            case 0x86:
                return self._general_authenticate(command)
            case 0x88:
                return self._internal_authenticate(command, is_long)
        raise Refused(_UNKNOWN)

    def _select(self, command: Command) -> Response:
        session = self.session
        if command.p1 == 0x04:
            if command.data != LDS_APPLICATION:
                raise Refused(_NOT_FOUND)
            session.in_application, session.selected = True, None
            return Response(b"", OK)
        number = int.from_bytes(command.data)
        if command.p1 == 0x00 and (number == _MASTER_FILE or not command.data):
            if self.behaviour.select_mf_status != OK:
                raise Refused(self.behaviour.select_mf_status)
            session.in_application, session.selected = False, None
            return Response(b"", OK)
        found = next((file for file in self._files_here() if file.file_id == number), None)
        if found is None:
            raise Refused(self.behaviour.missing_status)
        if not self._may_read(found):
            raise Refused(_DENIED)
        session.selected = found
        return Response(b"", OK)

    def _files_here(self) -> list[File]:
        is_master = not self.session.in_application
        return [file for file in self.personalisation.files if file.is_under_master_file is is_master]

    def _may_read(self, file: File) -> bool:
        return file in _ALWAYS_READABLE or self.session.channel is not None or self.personalisation.is_open

    def _read(self, command: Command) -> Response:
        if command.p1 & 0x80:
            number = command.p1 & 0x1F
            found = next((file for file in self._files_here() if file.short_id == number), None)
            if found is None:
                raise Refused(self.behaviour.missing_status)
            if not self._may_read(found):
                raise Refused(_DENIED)
            self.session.selected = found
            return self._read_at(command.p2, command.expected)
        return self._read_at(command.p1 << 8 | command.p2, command.expected)

    def _read_far(self, command: Command) -> Response:
        try:
            offset = read_objects(command.data).only(0x54).value
        except TlvInvalid as error:
            raise Refused(0x6A80) from error
        # The answer's header counts as asked for too.
        response = self._read_at(int.from_bytes(offset), max(0, command.expected - 4))
        return Response(encode(0x53, response.data), response.status)

    def _read_at(self, offset: int, expected: int) -> Response:
        selected = self.session.selected
        if selected is None:
            raise Refused(0x6986)
        if not self._may_read(selected):
            raise Refused(_DENIED)
        behaviour, content = self.behaviour, self._content(selected)
        if self.session.channel is not None:
            self.reads += 1
            if self.reads == behaviour.channel_breaks_at_read:
                raise Refused(_DENIED, is_plain=True)
            if expected > behaviour.read_bytes_max:
                if behaviour.read_status == SAYS_NOTHING:
                    self.session.channel = None
                    raise Silent
                if behaviour.read_status == 0:
                    return Response(b"", OK)
                raise Refused(behaviour.read_status, is_plain=behaviour.read_status_is_plain)
        if offset >= len(content) or not expected:
            raise Refused(0x6B00)
        if behaviour.hostility is Hostility.DRIPPING:
            expected = 1
        if behaviour.hostility is Hostility.GENEROUS:
            return Response(content[offset : offset + expected + 8], OK)
        rest = len(content) - offset
        if expected <= rest:
            return Response(content[offset : offset + expected], OK)
        match behaviour.end_of_file:
            case EndOfFile.SHORT:
                return Response(content[offset:], OK)
            case EndOfFile.WARNING:
                return Response(content[offset:], 0x6282)
            case EndOfFile.EXACT_LENGTH:
                raise Refused(0x6C00 | rest & 0xFF)
            case EndOfFile.REFUSED:
                raise Refused(_WRONG_LENGTH)

    def _content(self, file: File) -> bytes:
        content = self.personalisation.files[file]
        if self.behaviour.hostility is Hostility.HUGE and self.session.channel is not None:
            return content[:1] + b"\x84\x7f\xff\xff\xff" + content
        return content

    def _get_challenge(self, command: Command) -> Response:
        if self.personalisation.is_open:
            raise Refused(_UNKNOWN)
        if not self.personalisation.has_bac or self.behaviour.bac_status != OK:
            raise Refused(self.behaviour.bac_status if self.behaviour.bac_status != OK else _CONDITIONS)
        if command.expected != bac.CHALLENGE_BYTES:
            raise Refused(_WRONG_LENGTH)
        self.session.challenge = self.random(bac.CHALLENGE_BYTES)
        return Response(self.session.challenge, OK)

    def _external_authenticate(self, command: Command) -> Response:
        challenge, self.session.challenge = self.session.challenge, b""
        if not challenge or not self.session.in_application:
            raise Refused(_CONDITIONS)
        keys = bac.document_keys(self.personalisation.mrz_key)
        content = bac.unseal(keys, command.data)
        if content is None or content[8:16] != challenge:
            raise Refused(self.behaviour.denied_status)
        theirs, their_key, our_key = content[:8], content[16:], self.random(bac.KEY_BYTES)
        self.session.channel = bac.session(challenge, theirs, our_key, their_key)
        return Response(bac.seal(keys, challenge + theirs + our_key), OK)

    def _set_environment(self, command: Command) -> Response:
        try:
            objects = read_objects(command.data)
        except TlvInvalid as error:
            raise Refused(0x6A80) from error
        match command.p1, command.p2:
            case 0xC1, 0xA4:
                return self._choose_pace(objects)
            case 0x41, 0xA4:
                return self._choose_chip_key(objects)
            case 0x41, 0xA6:
                return self._agree_at_once(objects)
        raise Refused(0x6A86)

    def _choose_pace(self, objects: Objects) -> Response:
        self.session.pace = None
        oid, password, parameters = (objects.first(tag) for tag in (0x80, 0x83, 0x84))
        offered = [one for one in self._offers if oid is not None and pace.oid_content(one.oid) == oid.value]
        if parameters is not None:
            offered = [one for one in offered if one.parameter_id == int.from_bytes(parameters.value)]
        elif self.behaviour.wants_parameter_id or len(offered) > 1:
            raise Refused(0x6A87)
        named = b"" if password is None else password.value
        key = {
            bytes([PasswordKind.MRZ]): self.personalisation.mrz_key,
            bytes([PasswordKind.CAN]): self.personalisation.can_key,
        }.get(named)
        domain = standardized_domain(offered[0].parameter_id or 0) if offered else None
        if domain is None:
            raise Refused(0x6A80)
        if key is None:
            raise Refused(0x6A88)
        is_same = self.behaviour.hostility is Hostility.SAME_KEY
        mapping_key = self.personalisation.mapping_key
        self.session.pace = PaceChip(offered[0], domain, key, self.random, mapping_key, is_same)
        return Response(b"", OK)

    def _general_authenticate(self, command: Command) -> Response:
        try:
            objects = read_objects(command.data).only(pace.DYNAMIC_DATA).children()
        except TlvInvalid as error:
            raise Refused(0x6A80) from error
        if self.session.chip_key is not None:
            return self._agree_by_chip_key(objects)
        running = self.session.pace
        if running is None:
            raise Refused(_CONDITIONS)
        try:
            if command.cla & pace.COMMAND_CHAINED:
                return Response(encode(pace.DYNAMIC_DATA, running.step(objects)), OK)
        except (StepRefused, PublicInvalid, ContentInvalid, ValueError) as error:
            self.session.pace = None
            raise Refused(0x6A80) from error
        self.session.pace = None
        finished = running.finish(objects)
        if finished is None or self.behaviour.pace_fails:
            raise Refused(self.behaviour.denied_status)
        keys, answer = finished
        self.session.channel = Channel(keys)
        return Response(encode(pace.DYNAMIC_DATA, answer), OK)

    # --- chip and active authentication

    def _chip_key(self, objects: Objects) -> AgreementKey:
        if self.session.channel is None:
            raise Refused(_DENIED)
        told = objects.first(0x84)
        number = None if told is None else int.from_bytes(told.value)
        keys = self.personalisation.chip_keys
        for key in keys:
            if key.key_id == number or self.behaviour.ignores_key_id:
                return key
        raise Refused(0x6A88)

    def _choose_chip_key(self, objects: Objects) -> Response:
        key, oid = self._chip_key(objects), objects.first(0x80)
        agreement = Agreement.ECDH if key.domain.is_elliptic else Agreement.DH
        for suite in (Suite.AES_128, Suite.AES_192, Suite.AES_256):
            if oid is not None and pace.oid_content(chip_authentication_oid(agreement, suite)) == oid.value:
                self.session.chip_key = key, suite
                return Response(b"", OK)
        raise Refused(0x6A80)

    def _agree_by_chip_key(self, objects: Objects) -> Response:
        chosen, self.session.chip_key = self.session.chip_key, None
        theirs = objects.first(0x80)
        if chosen is None or theirs is None:
            raise Refused(0x6A80)
        key, suite = chosen
        self.session.next_channel = Channel(self._agreed(key, theirs.value, suite))
        return Response(encode(pace.DYNAMIC_DATA), OK)

    def _agree_at_once(self, objects: Objects) -> Response:
        key, theirs = self._chip_key(objects), objects.first(0x91)
        if theirs is None:
            raise Refused(0x6A80)
        self.session.next_channel = Channel(self._agreed(key, theirs.value, Suite.TRIPLE_DES))
        return Response(b"", OK)

    def _agreed(self, key: AgreementKey, theirs: bytes, suite: Suite) -> Keys:
        try:
            return derive_keys(key.domain.agree(key.private, theirs), suite)
        except PublicInvalid as error:
            raise Refused(0x6A80) from error

    def _internal_authenticate(self, command: Command, is_long: bool) -> Response:
        key = self.personalisation.signing_key
        if key is None:
            raise Refused(_UNKNOWN)
        if self.session.channel is None or not self.session.in_application:
            raise Refused(_DENIED)
        if len(command.data) != 8 or (self.behaviour.signature_extended_only and not is_long):
            raise Refused(_WRONG_LENGTH, is_plain=self.behaviour.signature_extended_only)
        form, name = self.behaviour.signature_form, self.personalisation.signature_hash
        return Response(sign_challenge(key, command.data, name, form, self.random), OK)
