"""What a mirror says, proven: the slice, the ledger up to its last signed head, and what was kept beside it.

    authority (the spare's own) -> register's certificate -> slice -> election, people, lines
    the old device's key (in the mirror's header, named by the slice or by a takeover) -> signed head -> entries

Nothing here touches the spare's home: what comes out is what a successor is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cryptography import x509

from pollbook import cbor, ledger, mirror_file
from pollbook.cbor import Fields
from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.feed_items import Content, FeedItem, FeedKind, decode_content
from pollbook.ledger import Head, SignedHead
from pollbook.mirror_file import HEADER_NAME, TAIL_BYTES, Journal, MirrorHeader, MirrorKeys, Record, RecordKind
from pollbook.people import unwrap
from pollbook.signing import REGISTER_SUBJECT, SigningKey, certified_key, device_id
from pollbook.slice import Expected, Slice, open_header, read_slice
from pollbook.store.stick import Files, StickChanged, StickFolder, failure_of
from pollbook.store.succession import Chain, chain_of, take_takeover
from pollbook.types import EntryNumber, LineId, PersonNumber
from pollbook.voters import Voter

_BYTES_MAX = mirror_file.CONTENT_BYTES_MAX


@dataclass(frozen=True, slots=True)
class OpenedMirror:
    """A mirror that its code opened; by `tail`, its last bytes, it is known again when it is written to."""

    folder: Path
    code: str
    keys: MirrorKeys
    header: MirrorHeader
    journal: Journal
    tail: bytes

    def __repr__(self) -> str:
        return f"OpenedMirror(folder={self.folder})"


@dataclass(frozen=True, slots=True)
class MirrorContent:
    """An opened mirror, proven.

    Attributes:
        chain: The book that was mirrored, and those before it.
        entries: Its ledger, from 1 to the last head that it signed; `hashes` is the chain after each of them.
        signed: That head.
        is_damaged: Whether something after `signed` could not be read; a torn end is not damage.
        arrived: Voters of lines that came to the book and are not of its slice.
        wrapped_keys: Each person's signing key under the PIN.
    """

    mirror: OpenedMirror
    issued: Slice
    chain: Chain
    entries: tuple[bytes, ...]
    hashes: tuple[bytes, ...]
    signed: SignedHead
    is_damaged: bool
    arrived: tuple[Voter, ...]
    wrapped_keys: Mapping[PersonNumber, bytes]
    feed: tuple[FeedItem, ...]
    annex: Mapping[LineId, tuple[bytes, str]]
    releases: tuple[tuple[EntryNumber, bytes, str, bytes], ...]

    def try_pin(self, person: PersonNumber, pin: str) -> SigningKey | None:
        """The person's key where the PIN is right."""
        wrapped = self.wrapped_keys.get(person)
        seed = unwrap(wrapped, pin) if wrapped is not None else None
        return None if seed is None else SigningKey.from_seed(seed)


def folder_of(path: Path) -> Path:
    """The mirror's folder, where `path` is that or a medium with one mirror on it.

    Raises:
        WorldFailed: `MIRROR_NOT_THERE`: none, or several of which one must be named.
    """
    try:
        if (path / HEADER_NAME).is_file():
            return path
        found = [folder for folder in sorted(path.glob("uchastka-mirror-*")) if (folder / HEADER_NAME).is_file()]
    except OSError as error:
        raise WorldFailed(Failure.MIRROR_NOT_THERE, path=path) from error
    if len(found) != 1:
        raise WorldFailed(Failure.MIRROR_NOT_THERE, f"{len(found)} mirrors", path=path)
    return found[0]


def open_mirror(folder: Path, untrusted_code: str, authority_pem: str) -> MirrorContent:
    """The mirror in `folder`, opened by its code and proven under the election's authority.

    Raises:
        WorldFailed: `MIRROR_NOT_THERE`, `MIRROR_CODE_WRONG`, `MIRROR_TAKEN_OVER`, `MIRROR_OTHER_ELECTION`,
            `MIRROR_DAMAGED`: no signed head could be saved; `SLICE_…`.
    """
    files = _read(folder)
    try:
        key = mirror_file.open_key(files.header, untrusted_code)
        if key is None:
            raise WorldFailed(Failure.MIRROR_CODE_WRONG)
        keys = mirror_file.keys_of(key, mirror_file.mirror_id_of(files.header))
        header = mirror_file.decode_header(files.header, keys)
    except InputInvalid as error:
        raise WorldFailed(Failure.MIRROR_DAMAGED, str(error), found=0) from error
    journal = mirror_file.read_journal(files.journal, keys)
    if any(record.kind is RecordKind.SUPERSEDED for record in journal.records):
        raise WorldFailed(Failure.MIRROR_TAKEN_OVER)
    issued, chain = _proven(header, authority_pem)
    opened = OpenedMirror(
        folder, untrusted_code, keys, header, journal, files.journal[: journal.end.offset][-TAIL_BYTES:]
    )
    try:
        return _content(opened, issued, chain)
    except InputInvalid as error:
        raise WorldFailed(Failure.MIRROR_DAMAGED, str(error), found=0) from error


def _read(folder: Path) -> Files:
    try:
        return StickFolder(folder).read()
    except StickChanged as error:
        raise WorldFailed(Failure.MIRROR_DAMAGED, "larger than a mirror", found=0) from error
    except OSError as error:
        failure = failure_of(error)
        gone = failure is Failure.MIRROR_GONE
        raise WorldFailed(Failure.MIRROR_NOT_THERE if gone else failure, path=folder) from error


def _proven(header: MirrorHeader, authority_pem: str) -> tuple[Slice, Chain]:
    # Only the spare's own authority is believed, whatever the mirror says of its own.
    authority = x509.load_pem_x509_certificate(authority_pem.encode())
    try:
        register_key = certified_key(header.register_certificate, authority, REGISTER_SUBJECT, None)
    except InputInvalid as error:
        raise WorldFailed(Failure.MIRROR_OTHER_ELECTION, str(error)) from error
    try:
        named = open_header(header.slice, register_key)
        takeovers = [take_takeover(packed) for packed in header.succession]
    except InputInvalid as error:
        raise WorldFailed(Failure.SLICE_INVALID, str(error)) from error
    issued = read_slice(header.slice, register_key, Expected(named.election.id, named.book, named.precinct))
    chain = chain_of(issued.header, takeovers, header.device_key, register_key)
    if chain.identity.name.device != device_id(header.device_key):
        raise WorldFailed(Failure.SLICE_OTHER_BOOK)
    return issued, chain


def _content(opened: OpenedMirror, issued: Slice, chain: Chain) -> MirrorContent:
    journal = opened.journal
    entries = _numbered(journal.records)
    hashes = _hashes(chain, entries)
    signed = _last_signed(journal.records, chain, hashes)
    if signed is None:
        raise WorldFailed(Failure.MIRROR_DAMAGED, "no signed head", found=len(entries))
    count = signed.head.number
    records = [record for record in journal.records if record.kind is not RecordKind.RELEASE or record.number <= count]
    return MirrorContent(
        mirror=opened,
        issued=issued,
        chain=chain,
        entries=tuple(entries[:count]),
        hashes=tuple(hashes[:count]),
        signed=signed,
        is_damaged=journal.damaged_at is not None,
        arrived=tuple({voter.line: voter for voter in map(_voter, _of(records, RecordKind.VOTER))}.values()),
        wrapped_keys={
            PersonNumber(record.number): _fields(record, 1).take_bytes(1, 512)
            for record in _of(records, RecordKind.PIN)
        },
        feed=tuple(map(_feed_item, _of(records, RecordKind.FEED))),
        annex=dict(map(_annex, _of(records, RecordKind.ANNEX))),
        releases=tuple(map(_release, _of(records, RecordKind.RELEASE))),
    )


def _of(records: list[Record], kind: RecordKind) -> Iterator[Record]:
    return (record for record in records if record.kind is kind)


def _numbered(records: tuple[Record, ...]) -> list[bytes]:
    """The entries from 1 as far as they follow each other."""
    entries: list[bytes] = []
    for record in records:
        if record.kind is RecordKind.ENTRY:
            if record.number != len(entries) + 1:
                break
            entries.append(record.content)
    return entries


def _hashes(chain: Chain, entries: list[bytes]) -> list[bytes]:
    """The chain's hash after each entry, through the takeovers that led to this book.

    Raises:
        InputInvalid: The entries are not those that were taken over.
    """
    starts = [start for _, start in chain.earlier] + [chain.start]
    steps = {takeover.head.number: takeover.head for takeover in chain.takeovers}
    head, hashes = starts.pop(0), []
    for entry in entries:
        if (taken := steps.get(head.number)) is not None:
            if head != taken:
                raise InputInvalid("not the entries that were taken over")
            head = starts.pop(0)
        head = ledger.extend(head, entry)
        hashes.append(head.hash)
    return hashes


def _last_signed(records: tuple[Record, ...], chain: Chain, hashes: list[bytes]) -> SignedHead | None:
    for record in reversed(records):
        if record.kind is RecordKind.HEAD and chain.start.number < record.number <= len(hashes):
            head = Head(EntryNumber(record.number), hashes[record.number - 1])
            signed = SignedHead(head, record.content)
            if ledger.is_signed_head(chain.start, signed, chain.identity.public_key):
                return signed
    return None


def _fields(record: Record, count: int) -> Fields:
    return Fields(cbor.decode(record.content, _BYTES_MAX), count)


def _voter(record: Record) -> Voter:
    fields = _fields(record, 14)
    line = LineId(fields.take_int(1))
    pinfl, document, surname, given_name, patronymic = (fields.take_text(400) for _ in range(5))
    born: date = fields.take_date()
    sex, address, mahalla, district = (fields.take_text(400) for _ in range(4))
    page, row, contests = fields.take_int(), fields.take_int(), fields.take_text(400)
    codes = tuple(code for code in contests.split(";") if code)
    return Voter(
        line,
        pinfl,
        document,
        surname,
        given_name,
        patronymic,
        born,
        sex,
        address,
        mahalla,
        district,
        page,
        row,
        codes,
    )


def _feed_item(record: Record) -> FeedItem:
    fields = _fields(record, 5)
    number, kind = fields.take_int(mirror_file.NUMBER_MIN), fields.take_int(0, 255)
    text, entry = fields.take_text(4096), fields.take_int()
    try:
        known = FeedKind(kind)
    except ValueError as error:
        raise InputInvalid("a feed item of an unknown kind") from error
    return FeedItem(number, known, text, entry, fields.take_bytes(0, _BYTES_MAX))


def _annex(record: Record) -> tuple[LineId, tuple[bytes, str]]:
    fields = _fields(record, 2)
    return LineId(record.number), (fields.take_bytes(0, _BYTES_MAX), fields.take_text(100))


def _release(record: Record) -> tuple[EntryNumber, bytes, str, bytes]:
    fields = _fields(record, 3)
    release_id, way = fields.take_bytes(1, 32), fields.take_text(20)
    return EntryNumber(record.number), release_id, way, fields.take_bytes(1, _BYTES_MAX)


def contents(feed: tuple[FeedItem, ...]) -> Iterator[Content]:
    """What the feed's items carry, but for those that carry nothing that this release reads."""
    for item in feed:
        try:
            content = decode_content(item.kind, item.content)
        except InputInvalid:
            continue
        if content is not None:
            yield content
