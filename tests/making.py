"""Small real elections for tests: an authority, a register's key, synthetic voters, slices and books."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from pollbook import pinfl
from pollbook.bundle import resource_path
from pollbook.election import Election, read_election
from pollbook.failures import Refused
from pollbook.people import PinCost
from pollbook.sealing import box_key_of
from pollbook.signing import REGISTER_SUBJECT, SigningKey, device_id
from pollbook.slice import Expected, SliceHeader, encode_slice, read_slice
from pollbook.store.book import Book, open_book
from pollbook.store.creation import create_book
from pollbook.store.home import StationHome
from pollbook.store.link import Link
from pollbook.store.sign_in import two_signers
from pollbook.types import BookName, LineId, Person, PersonNumber, PrecinctCode, Role
from pollbook.voters import Voter
from register.synthesis.plan import Plan, precincts
from register.synthesis.precinct import precinct_list
from register.synthesis.territory import read_districts

CHEAP = PinCost(memory_kib=8, passes=1, lanes=1)
START = datetime(2026, 12, 20, 3, 0, tzinfo=UTC)
PEOPLE = tuple(
    Person(PersonNumber(number), f"1708-0001-{number:02d}", surname, given_name, role)
    for number, (surname, given_name, role) in enumerate(
        [
            ("Raisova", "Nodira", Role.CHAIR),
            ("Oʻrinbosarov", "Jasur", Role.DEPUTY_CHAIR),
            ("Kotibov", "Botir", Role.SECRETARY),
            ("Aʼzoyev", "Sanjar", Role.MEMBER),
            ("Operatorova", "Lola", Role.OPERATOR),
        ],
        1,
    )
)
CHAIR, DEPUTY, SECRETARY, MEMBER, OPERATOR = (person.number for person in PEOPLE)
PINS = {person.number: f"{739100 + 7 * person.number}" for person in PEOPLE}


@dataclass
class FakeClock:
    """A clock that goes where the test sends it."""

    at: datetime = START
    passed_s: float = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.passed_s

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.passed_s += seconds


@dataclass(frozen=True)
class Authority:
    """An election's own authority, and the register's signing key under it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    register_key: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def certificate(self) -> x509.Certificate:
        return self._issue("Test authority", self.key.public_key(), ca=True)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def certify(self, subject: str, public_key: bytes) -> bytes:
        return self._issue(subject, Ed25519PublicKey.from_public_bytes(public_key)).public_bytes(
            serialization.Encoding.DER
        )

    def _issue(self, subject: str, public_key: object, *, ca: bool = False) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        return (
            x509.CertificateBuilder()
            .issuer_name(name)
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)]))
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(START - timedelta(days=300))
            .not_valid_after(START + timedelta(days=300))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )


@cache
def training_election() -> Election:
    return read_election(resource_path("elections", "training.toml").read_text("utf-8"))


def make_pinfl(born: date, male: bool, serial: int) -> str:
    century = {18: 1, 19: 3, 20: 5}[born.year // 100] + (0 if male else 1)
    first = f"{century}{born:%d%m%y}{900 + serial // 1000 % 100:03d}{serial % 1000:03d}"
    return first + str(pinfl.check_digit(first))


SURNAMES = ("Karimov", "Xudoyberdiyev", "Qodirov", "Oʻrinboyev", "Gʻaniyev", "Shodiyev", "Choriyev", "Yusupov")
GIVEN = ("Alisher", "Botir", "Oʻktam", "Sanʼat", "Jasur", "Dilshod", "Ravshan", "Ilyos")


def make_voters(count: int, seed: int = 7) -> tuple[Voter, ...]:
    """Synthetic voters, adults on election day, twenty rows a page."""
    rng = random.Random(seed)
    contests = tuple(contest.code for contest in training_election().contests)
    return tuple(
        Voter(
            line=LineId(rng.getrandbits(62) | 1),
            pinfl=make_pinfl(born := date(1940 + serial % 60, 1 + serial % 12, 1 + serial % 28), True, serial),
            document=f"ZZ{serial:07d}",
            surname=SURNAMES[serial % 8] + ("" if serial < 64 else f"-{SURNAMES[serial // 8 % 8]}"),
            given_name=GIVEN[serial // 8 % 8],
            patronymic=f"{GIVEN[serial % 5]} oʻgʻli",
            birth_date=born,
            sex="m",
            address=f"Bogʻ koʻchasi, {serial}-uy",
            mahalla="Zargarlik",
            district_soato="1708201",
            page=1 + serial // 20,
            row=1 + serial % 20,
            contests=contests,
        )
        for serial in range(count)
    )


@dataclass(frozen=True)
class Station:
    """A station made for a test: where it is, and what the register knows of it."""

    home: StationHome
    voters: tuple[Voter, ...]
    device_key: SigningKey
    authority: Authority
    clock: FakeClock
    slice_bytes: bytes

    def open(self, *, writer: bool = True) -> Book:
        return open_book(self.home, self.clock, writer=writer)


def make_slice(
    authority: Authority, device_key: SigningKey, voters: tuple[Voter, ...], **changes: object
) -> tuple[SliceHeader, bytes]:
    """A slice for a device, with header fields changed as the test wants them."""
    fields: dict[str, object] = {
        "election": training_election(),
        "precinct": PrecinctCode("1708-0001"),
        "precinct_name": "Jizzax, 12-maktab",
        "desk": 1,
        "book": BookName(device_id(device_key.public), 1),
        "list_version": 1,
        "issued_at_s": int(START.timestamp()) - 86400,
        "line_count": len(voters),
        "people": PEOPLE,
        "box_key": box_key_of(authority.register_key).public,
    }
    header = SliceHeader(**{**fields, **changes})  # type: ignore[arg-type]
    return header, encode_slice(header, voters, authority.register_key)


def make_station(
    folder: Path,
    count: int = 40,
    voters: tuple[Voter, ...] | None = None,
    election: Election | None = None,
    *,
    day_opened: bool = True,
) -> Station:
    """A home with a real encrypted book of `count` voters, all people's PINs set (`PINS`), its day opened."""
    authority, device_key, clock = Authority(), SigningKey.generate(), FakeClock()
    voters = make_voters(count) if voters is None else voters
    header, slice_bytes = make_slice(authority, device_key, voters, **({"election": election} if election else {}))
    link = Link(
        "https://127.0.0.1:1",
        authority.pem,
        authority.certify(REGISTER_SUBJECT, authority.register_key.public),
        authority.certify(header.book.device.hex(), device_key.public),
        device_key,
    )
    issued = read_slice(slice_bytes, authority.register_key.public, Expected(header.election.id, header.book))
    home = StationHome(folder)
    create_book(home, link, slice_bytes, issued, PINS, clock, CHEAP)
    station = Station(home, voters, device_key, authority, clock, slice_bytes)
    if day_opened:
        with station.open() as book:
            signers = two_signers(book, (CHAIR, PINS[CHAIR]), (DEPUTY, PINS[DEPUTY]))
            assert not isinstance(signers, Refused)
            book.open_the_day(START.date(), *signers)
    return station


def copy_station(made: Station, folder: Path) -> Station:
    """The same station in another folder, with a clock of its own: nothing that happens to one happens to the other."""
    home = StationHome(shutil.copytree(made.home.path, folder))
    return replace(made, home=home, clock=replace(made.clock))


def listed_voters(count: int, seed: int = 7) -> tuple[Voter, ...]:
    """Voters of one precinct as the generator lists them: real distributions of names, households and dirt."""
    plan = Plan(precincts=1, voters_each=count, seed=seed)
    precinct = next(iter(precincts(plan, read_districts())))
    rng = random.Random(seed)
    return tuple(
        Voter(
            line=LineId(rng.getrandbits(62) | 1),
            pinfl=row.pinfl,
            document=row.document,
            surname=row.surname,
            given_name=row.given_name,
            patronymic=row.patronymic,
            birth_date=datetime.strptime(row.birth_date, "%d.%m.%Y").replace(tzinfo=UTC).date(),
            sex=row.sex,
            address=row.address,
            mahalla=row.mahalla,
            district_soato=row.district_soato,
            page=row.page,
            row=row.row,
            contests=tuple(row.contests.split(";")),
        )
        for row in precinct_list(plan, precinct, None).rows
    )


def make_listed_station(folder: Path, count: int) -> Station:
    """A home with a real encrypted book of `count` voters from the generator."""
    election = replace(training_election(), lines_max=max(count, training_election().lines_max))
    return make_station(folder, voters=listed_voters(count), election=election)
