"""Reading a travel document: one session from the first command to the last.

The order: what the chip offers (EF.CardAccess) → PACE, else BAC → DG1, so that the voter can be looked for → the
files that prove it (EF.COM, EF.SOD, DG14, DG15) → chip authentication → active authentication → all the rest, the
photograph last. A chip that ends secure messaging is opened again, and reading goes on where it stopped.

Everything a chip sends is untrusted; every length and count is bounded by `ReadingOptions`.

Source: ICAO 9303-10, 9303-11 §4 to §6; FACTS §4 (what real chips do).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from devices.emrtd import access, active_authentication, chip_authentication
from devices.emrtd.access import AccessProtocol, Downgrade, Opened, Plan
from devices.emrtd.active_authentication import ActiveTranscript
from devices.emrtd.chip_authentication import Agreed, ChipKey, ChipTranscript
from devices.emrtd.chip_proofs import chip_keys_of, signing_key_of
from devices.emrtd.document import Attempt, Reading, Unread
from devices.emrtd.faults import AccessDenied, ChannelBroken, ProtocolFailed
from devices.emrtd.file_reading import (
    BY_FILE_ID,
    MASTER_FILE,
    NOTHING_USABLE,
    FileMissing,
    FileUnreadable,
    PartialFile,
    ReadSizes,
    read_on,
    select,
    select_file,
    sizes_for,
)
from devices.emrtd.files import File
from devices.emrtd.key_agreement import Random
from devices.emrtd.keys import AccessKey, PasswordKind
from devices.emrtd.listing import announced_bytes, listed_files
from devices.emrtd.progress import FileRead, Phase, Progress, Report
from devices.emrtd.secure_messaging import SecureTransport
from devices.smartcard.apdu import Command, Response
from devices.smartcard.chaining import ChainingTransport
from devices.smartcard.faults import AnswerInvalid, CardMute
from devices.smartcard.limits import EXCHANGE_LIMITS, ExchangeLimits, LimitedLink
from devices.smartcard.transport import Link, Transport

ALL_FILES: Final = (
    File.DG1,
    File.COM,
    File.SOD,
    File.DG14,
    File.DG15,
    File.DG11,
    File.DG12,
    File.DG2,
)
"""What is read of a document that has it, in this order. DG3 and DG4 (fingers, irises) are never asked for."""
_DENIED: Final = frozenset({0x6982, 0x6985, 0x6986})


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What to read, and what a chip may cost.

    Attributes:
        files: Which, in this order.
        may_downgrade: BAC may be tried where PACE fails or isn't known; the result shows it.
        prove_chip: Chip and active authentication are run.
        use_extended_length: Where chip and reader announce it.
        file_bytes_max: A longer file isn't read.
        total_bytes_max: Of all files together.
        reopenings_max: How often a chip that ends secure messaging is opened again.
        exchange: Of the whole session.
    """

    files: tuple[File, ...] = ALL_FILES
    may_downgrade: bool = False
    prove_chip: bool = True
    use_extended_length: bool = True
    file_bytes_max: int = 512 * 1024
    total_bytes_max: int = 1024 * 1024
    reopenings_max: int = 8
    exchange: ExchangeLimits = EXCHANGE_LIMITS


OPTIONS: Final = ReadingOptions()


def _say_nothing(_told: Progress | FileRead) -> None:
    return


def _go_on() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class World:
    """What a reading takes from outside.

    Attributes:
        report: Is told each step.
        is_stopped: The person wants no more.
        random: Where nonces and ephemeral keys come from.
        now_s: A clock that only goes on.
    """

    report: Report = _say_nothing
    is_stopped: Callable[[], bool] = _go_on
    random: Random = secrets.token_bytes
    now_s: Callable[[], float] = monotonic


WORLD: Final = World()


def read_document(link: Link, key: AccessKey, options: ReadingOptions = OPTIONS, world: World = WORLD) -> Reading:
    """Return what the chip on the link holds.

    Args:
        link: A card that was given power just now.
        key: From the MRZ, or the CAN.
        options: What to read, and the limits.
        world: Who is told, who may stop it, and where randomness comes from.

    Raises:
        AccessDenied: The key is wrong, or the chip has a quirk; the caller counts tries.
        DowngradeRefused: PACE is offered and not known, and BAC isn't allowed.
        KeyDoesNotFit: A CAN, and no PACE.
        NotATravelDocument: Another kind of chip.
        ProtocolFailed: Access control failed for another reason.
        CardFault: The card, the reader or its service; a limit; or the person stopped it.
    """
    limited = LimitedLink(link, options.exchange, world.is_stopped, world.now_s)
    try:
        return _Session(limited, key, options, world).run()
    except (CardMute, AnswerInvalid):
        if not limited.was_extended:
            raise
    # Many readers say nothing about extended length and don't pass it: once more without.
    limited.is_short, limited.was_extended = True, False
    limited.reset()
    return _Session(limited, key, options, world).run()


@dataclass(slots=True, repr=False)
class _Capturing:
    """Keeps the last response as it came over the air."""

    below: Transport
    last: Response | None = None

    def transmit(self, command: Command) -> Response:
        self.last = self.below.transmit(command)
        return self.last


@dataclass(slots=True, repr=False)
class _Session:
    link: LimitedLink
    key: AccessKey
    options: ReadingOptions
    world: World
    plain: ChainingTransport = field(init=False)
    sizes: ReadSizes = field(default_factory=ReadSizes)
    files: dict[File, bytes] = field(default_factory=dict)
    unread: dict[File, Unread] = field(default_factory=dict)
    downgrades: list[Downgrade] = field(default_factory=list)
    opened: Opened | None = None
    reopened: int = 0

    def __post_init__(self) -> None:
        self.plain = ChainingTransport(self.link)

    def run(self) -> Reading:
        self.world.report(Progress(Phase.CARD_ACCESS))
        card_access = self._look_at_master_file()
        self.world.report(Progress(Phase.OPENING))
        plan = access.plan_access(card_access, self.key, may_downgrade=self.options.may_downgrade)
        self.opened = opened = self._open(plan)
        early = [file for file in self.options.files if file in _PROVING]
        for file in early:
            self._read_if_listed(file)
        chip_attempt, chip_transcript = self._authenticate_chip()
        active_attempt, active_transcript = self._authenticate_actively()
        for file in self.options.files:
            if file not in _PROVING:
                self._read_if_listed(file)
        if opened.chip_proof is not None:
            self._read_if_listed(File.CARD_SECURITY)  # under the master file, hence after all in the application
        return Reading(
            files=self.files,
            access=opened.access,
            downgrades=tuple(self.downgrades),
            unread=self.unread,
            chip_attempt=chip_attempt,
            chip_transcript=chip_transcript,
            active_attempt=active_attempt,
            active_transcript=active_transcript,
            mapping_proof=opened.chip_proof,
            commands=self.link.commands,
            piece_bytes=self.sizes.piece_bytes,
        )

    # --- before access control: any status but 9000 means "not there" (FACTS §4, row 3)

    def _look_at_master_file(self) -> bytes | None:
        card_access = self._read_plainly(File.CARD_ACCESS)
        if card_access is None and self._select_master_file(self.plain):
            card_access = self._read_plainly(File.CARD_ACCESS)
        reader_bytes = self.link.data_bytes_max
        if self.options.use_extended_length and (reader_bytes is None or reader_bytes > 256):
            announced = announced_bytes(self.link.atr, self._read_announcement)
            if announced is not None:
                longest = min(announced, reader_bytes or announced)
                self.plain.extended = True
                self.sizes = sizes_for(longest)
        return card_access

    def _select_master_file(self, transport: Transport) -> bool:
        return select(transport, MASTER_FILE, b"\x3f\x00").is_ok

    def _read_plainly(self, file: File) -> bytes | None:
        partial = PartialFile(file, self.options.file_bytes_max)
        try:
            select_file(self.plain, file)
            read_on(self.plain, partial, ReadSizes(), self.world.report)
        except FileMissing:
            return None
        except FileUnreadable:
            # There is a file; what came of it can't be parsed, and the plan says so.
            content = bytes(partial.content)
        else:
            content = bytes(partial.content)
        self.files[file] = content
        return content

    def _read_announcement(self) -> bytes | None:
        """EF.ATR/INFO: a run of objects, read in one piece."""
        try:
            select_file(self.plain, File.ATR_INFO)
        except FileMissing:
            return None
        response = self.plain.transmit(Command(0, 0xB0, 0, 0, expected=ReadSizes().piece_bytes))
        if response.data:
            self.files[File.ATR_INFO] = response.data
        return response.data or None

    # --- access control

    def _open(self, plan: Plan) -> Opened:
        if not plan.offers:
            if plan.downgrade is not None:
                self.downgrades.append(plan.downgrade)
            return self._open_by_bac()
        try:
            return self._open_by_pace(plan)
        except (AccessDenied, ProtocolFailed):
            if not self.options.may_downgrade or self.key.kind is PasswordKind.CAN:
                raise
        self.link.reset()  # PACE and BAC never in one session
        opened = self._open_by_bac()
        self.downgrades.append(Downgrade.PACE_FAILED)
        return opened

    def _open_by_pace(self, plan: Plan) -> Opened:
        for offer in plan.offers[:-1]:
            try:
                return access.open_by_pace(self.plain, offer, self.key, self.world.random)
            except ProtocolFailed:
                self.link.reset()
        return access.open_by_pace(self.plain, plan.offers[-1], self.key, self.world.random)

    def _open_by_bac(self) -> Opened:
        opened = access.open_by_bac(self.plain, self.key, self.world.random)
        if opened.access.protocol is AccessProtocol.NONE:
            self.downgrades.append(Downgrade.NO_ACCESS_CONTROL)
        return opened

    def _reopen(self) -> None:
        """The chip is open as before, after it ended secure messaging (FACTS §4, row 9)."""
        assert self.opened is not None  # noqa: S101 - only what was open breaks
        self.reopened += 1
        if self.reopened > self.options.reopenings_max:
            raise ChannelBroken("the chip ends secure messaging again and again")
        self.world.report(Progress(Phase.REOPENING))
        self.link.reset()
        info = self.opened.access.pace
        if info is None:
            again = access.open_by_bac(self.plain, self.key, self.world.random)
        else:
            plan = access.plan_access(self.files.get(File.CARD_ACCESS), self.key, may_downgrade=False)
            offer = next(offer for offer in plan.offers if offer.info == info)
            again = access.open_by_pace(self.plain, offer, self.key, self.world.random)
        # The first run's proof of the chip is kept: it is the same card, which never left the reader.
        self.opened = Opened(self.opened.access, again.transport, self.opened.chip_proof)

    @property
    def transport(self) -> Transport:
        assert self.opened is not None  # noqa: S101 - nothing is read before
        return self.opened.transport

    # --- files

    def _read_if_listed(self, file: File) -> None:
        listed = listed_files(self.files.get(File.COM), self.files.get(File.SOD))
        if file in _LISTED_ONLY and listed is not None and file not in listed:
            return
        try:
            self._read(file)
        except FileMissing as error:
            self.unread[file] = Unread.DENIED if error.status in _DENIED else Unread.MISSING
        except FileUnreadable:
            self.unread[file] = Unread.UNREADABLE

    def _read(self, file: File) -> None:
        left = self.options.total_bytes_max - sum(map(len, self.files.values()))
        partial = PartialFile(file, min(self.options.file_bytes_max, left))
        while not partial.is_whole:
            try:
                if file.is_under_master_file:
                    self._select_master_file(self.transport)
                select_file(self.transport, file)
                read_on(self.transport, partial, self.sizes, self.world.report)
            except NOTHING_USABLE as error:
                if not isinstance(error, ChannelBroken) and self.link.was_extended:
                    raise  # the reader may not pass long commands: all of it once more without
                self._reopen()
        self.files[file] = bytes(partial.content)
        self.world.report(FileRead(file, self.files[file]))

    # --- proofs of the chip

    def _authenticate_chip(self) -> tuple[Attempt, ChipTranscript | None]:
        if not self.options.prove_chip or self.opened is None:
            return Attempt.NOT_TRIED, None
        keys, attempt = chip_keys_of(self.files.get(File.DG14))
        if not keys:
            return attempt, None
        self.world.report(Progress(Phase.CHIP_AUTHENTICATION))
        for key in keys:
            try:
                agreed = chip_authentication.agree(self.transport, key, self.world.random)
            except ProtocolFailed:
                continue  # the answer was protected: the session goes on
            except ChannelBroken:
                self._reopen()
                return Attempt.REFUSED, None
            return Attempt.DONE, self._first_answer(key, agreed)
        return Attempt.REFUSED, None

    def _first_answer(self, key: ChipKey, agreed: Agreed) -> ChipTranscript:
        """What the first command under the new keys leaves, whatever its answer; the session goes on under them.

        A chip without the private key can't answer under them: the transcript shows it, and the old way opens it again.
        """
        assert self.opened is not None  # noqa: S101 - it was asked before
        capturing = _Capturing(self.plain)
        secure = SecureTransport(capturing, agreed.channel)
        try:
            secure.transmit(Command(0, 0xA4, BY_FILE_ID, 0x0C, File.DG14.file_id.to_bytes(2)))  # any status proves
        except ChannelBroken:
            self._reopen()
        else:
            proven = SecureTransport(self.plain, agreed.channel)
            self.opened = Opened(self.opened.access, proven, self.opened.chip_proof)
        response = capturing.last.data if capturing.last else b""
        return ChipTranscript(key.oid, key.public, agreed.private, response)

    def _authenticate_actively(self) -> tuple[Attempt, ActiveTranscript | None]:
        if not self.options.prove_chip:
            return Attempt.NOT_TRIED, None
        key, attempt = signing_key_of(self.files.get(File.DG15))
        if key is None:
            return attempt, None
        self.world.report(Progress(Phase.ACTIVE_AUTHENTICATION))
        for form in active_authentication.forms_for(key):
            try:
                return Attempt.DONE, active_authentication.authenticate(self.transport, form, self.world.random)
            except ProtocolFailed:
                continue
            except ChannelBroken:
                self._reopen()
        return Attempt.REFUSED, None


_PROVING: Final = frozenset({File.DG1, File.COM, File.SOD, File.DG14, File.DG15})
# Asked for only if the document lists them; the others every document has.
_LISTED_ONLY: Final = frozenset({File.DG11, File.DG12, File.DG14, File.DG15})
