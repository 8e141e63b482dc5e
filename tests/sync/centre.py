"""A small working register without a wire: certificates, slices, and the custody rules over ledgers in memory."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pollbook import ledger, line_state
from pollbook.asks import Ask
from pollbook.book_view import Identity
from pollbook.effects import Anomaly
from pollbook.election import Election, read_election
from pollbook.enrolment_messages import EnrolAnswer, decode_enrol_request, encode_enrol_answer
from pollbook.entries import decode_entry
from pollbook.failures import Failure
from pollbook.feed_items import FeedItem
from pollbook.ledger import Head
from pollbook.line_state import UNMARKED, LineState
from pollbook.packing import SliceOrder
from pollbook.parcels import PieceAddress, decode_piece, encode_taken
from pollbook.replay import Replay
from pollbook.sealing import box_key_of
from pollbook.signing import SigningKey, device_id
from pollbook.slice import Expected, SliceHeader, encode_slice, read_slice
from pollbook.sync_answer import SyncAnswer, encode_sync_answer
from pollbook.sync_request import Address, SyncRequest, decode_sync_request
from pollbook.types import BookName, LineId, Person, PersonNumber, PrecinctCode, Role
from pollbook.voters import Voter
from pollbook.wire import short_digest
from tests.sync.worlds import ELECTION_TOML, made_up_voters

COME_BACK_S = 20


class Refuse(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.key)
        self.failure = failure


class Authority:
    """An election's CA."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
        self.certificate = (
            self._builder(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, None)
        )
        self.pem = self.certificate.public_bytes(Encoding.PEM)

    def certify(self, subject: str, public_key: bytes) -> bytes:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
        certificate = self._builder(name, Ed25519PublicKey.from_public_bytes(public_key)).sign(self.key, None)
        return certificate.public_bytes(Encoding.DER)

    def tls(self) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        alternative = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        certificate = self._builder(name, key.public_key()).add_extension(alternative, critical=False)
        signed = certificate.sign(self.key, None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "tls.pem"
            file.write_bytes(
                key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
            )
            context.load_cert_chain(file)
        return context

    def _builder(self, name: x509.Name, key: Ed25519PublicKey | ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=400))
        )


@dataclass
class Shelf:
    """The register's copy of one book."""

    device_key: bytes
    copy: Replay
    head: Head
    entries: list[bytes] = field(default_factory=list)
    anomalies: list[tuple[int, str]] = field(default_factory=list)
    feed: list[FeedItem] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)

    @property
    def start(self) -> Head:
        return self.copy.start

    @property
    def lines(self) -> dict[LineId, LineState]:
        return self.copy.states

    @property
    def keys_bound(self) -> Mapping[PersonNumber, bytes]:
        return self.copy.bound

    def take(self, stored: bytes) -> None:
        self.entries.append(stored)
        self.head = ledger.extend(self.head, stored)
        effect = self.copy.take(self.head.number, decode_entry(stored))
        if isinstance(effect, Anomaly):
            self.anomalies.append((self.head.number, effect.value))

    @property
    def marked(self) -> list[LineId]:
        return [line for line, state in self.lines.items() if state.mark is not None]


@dataclass
class Ticket:
    precinct: PrecinctCode
    voters: tuple[Voter, ...]
    used_by: bytes | None = None


class Centre:
    """What a register knows and answers, without any wire."""

    def __init__(self, *, training: bool = True, voters: int = 12) -> None:
        self.authority = Authority()
        self.key = SigningKey.generate()
        self.certificate = self.authority.certify("register", self.key.public)
        self.election: Election = read_election(ELECTION_TOML.format(training=str(training).lower()))
        self.people = (
            Person(PersonNumber(1), "1708-0001-01", "Karimova", "Nodira", Role.CHAIR),
            Person(PersonNumber(2), "1708-0001-02", "Yo‘ldoshev", "Anvar", Role.SECRETARY),
            Person(PersonNumber(3), "1708-0001-03", "Karimova", "Zulfiya", Role.OPERATOR),
        )
        self.voters = made_up_voters(voters)
        self.tickets = {"RIGHT-CODE": Ticket(PrecinctCode("1708-0001"), self.voters)}
        self.shelves: dict[BookName, Shelf] = {}
        self.issued: dict[bytes, bytes] = {}
        self.requests = 0
        self.parcels: dict[bytes, bytes] = {}
        self.pieces: list[tuple[int, int]] = []
        self.come_back_s = COME_BACK_S

    def enrol(self, untrusted: bytes) -> bytes:
        request = decode_enrol_request(untrusted)
        ticket = self.tickets.get(request.code)
        if ticket is None:
            raise Refuse(Failure.CODE_WRONG)
        if ticket.used_by not in {None, request.public_key}:
            raise Refuse(Failure.CODE_USED)
        ticket.used_by = request.public_key
        if request.public_key not in self.issued:
            self.issued[request.public_key] = self._issue(ticket, request.public_key)
        device = device_id(request.public_key)
        certificate = self.authority.certify(device.hex(), request.public_key)
        return encode_enrol_answer(
            EnrolAnswer(certificate, self.certificate, self.issued[request.public_key]), self.key
        )

    def _issue(self, ticket: Ticket, public_key: bytes) -> bytes:
        book = BookName(device_id(public_key), 1)
        header = SliceHeader(
            election=self.election,
            precinct=ticket.precinct,
            precinct_name="1-sonli maktab",
            desk=1,
            book=book,
            list_version=1,
            issued_at_s=1_790_000_000,
            line_count=len(ticket.voters),
            people=self.people,
            box_key=box_key_of(self.key).public,
        )
        issued = encode_slice(header, ticket.voters, self.key)
        read = read_slice(issued, self.key.public, Expected(self.election.id, book))
        start = ledger.origin(self.election.id, book, read.header.sha256)
        people = {person.number: person for person in self.people}
        lines = {voter.line: UNMARKED for voter in ticket.voters}
        identity = Identity(self.election.id, book, public_key, self.key.public, read.header.sha256)
        self.shelves[book] = Shelf(public_key, Replay(identity, start, people, lines), start)
        return issued

    def sync(self, address: Address, untrusted: bytes) -> bytes:
        self.requests += 1
        shelf = self.shelves.get(address.book)
        if shelf is None:
            raise Refuse(Failure.REQUEST_NOT_ACCEPTED)
        request = self.read_request(address, untrusted)
        known = len(shelf.entries) - (request.first - 1)
        if known >= 0:
            if request.entries[:known] != tuple(shelf.entries[request.first - 1 :])[: len(request.entries)]:
                raise Refuse(Failure.REQUEST_NOT_ACCEPTED)
            fresh = request.entries[known:]
            head = ledger.extend_all(shelf.head, fresh)
            if fresh and (head != request.head.head or not self._vouched(shelf, request.head)):
                raise Refuse(Failure.REQUEST_NOT_ACCEPTED)
            for entry in fresh:
                shelf.take(entry)
        shelf.asks += request.asks
        feed = tuple(item for item in shelf.feed if item.number > request.feed_cursor)
        digest = short_digest(line_state.digest(shelf.lines.items())) if request.digest is not None else None
        now = int(datetime.now(UTC).timestamp())
        answer = SyncAnswer(shelf.head, feed, digest, now, self.come_back_s)
        return encode_sync_answer(answer, request, untrusted, self.key)

    def read_request(self, address: Address, untrusted: bytes) -> SyncRequest:
        shelf = self.shelves[address.book]
        order = SliceOrder.of(shelf.lines)
        return decode_sync_request(
            untrusted, address, shelf.device_key, lambda check: order if check == order.check else None
        )

    def piece(self, address: PieceAddress, untrusted: bytes) -> bytes:
        """Takes a piece of a parcel; what was answered stays in `parcels`, whoever dies."""
        shelf = self.shelves[address.book]
        piece = decode_piece(untrusted, address, shelf.device_key)
        self.pieces.append((address.offset, len(piece.content)))
        held = self.parcels.get(address.parcel, b"")
        if address.offset <= len(held):
            held += piece.content[len(held) - address.offset :]
            self.parcels[address.parcel] = held
        return encode_taken(len(held), untrusted, self.key)

    def _vouched(self, shelf: Shelf, head: ledger.SignedHead) -> bool:
        return ledger.is_signed_head(shelf.start, head, shelf.device_key)

    @property
    def shelf(self) -> Shelf:
        """The only book's."""
        (shelf,) = self.shelves.values()
        return shelf
