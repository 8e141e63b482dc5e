"""The authorities that a station trusts: a value, what may be asked of it, and its form on a disk.

What is in a store has been proven on its way in (`trust_import`). It is kept as it came and parsed by country when a
document asks: a store of all States has some 700 certificates, a document needs one State's.

Source: ICAO 9303-12 §5 and §8.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from devices.emrtd import der
from devices.emrtd.certificates import (
    Certificate,
    Crl,
    is_signed_by,
    may_have_signed,
    read_certificate,
    read_crl,
)
from devices.emrtd.der import DerInvalid
from devices.emrtd.public_keys import KeyUnknown
from devices.emrtd.tlv import ContentInvalid, Limits, Tlv, encode, read_one

_SCHEMA: Final = 1
_LIMITS: Final = Limits(value_bytes_max=1 << 26, depth_max=8, siblings_max=10_000)
# a chain of links: States renew their authority every three to five years
_PATH_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class TakenList:
    """A master list that was taken into the store.

    Attributes:
        country: Of its signer.
        authority: Fingerprint of the authority that certified the signer.
        signed_at: As the signer claims; None if it doesn't say.
        certificates: How many it held.
    """

    country: str
    authority: str
    signed_at: datetime | None
    certificates: int


@dataclass(frozen=True, slots=True, repr=False)
class TrustStore:
    """Trusted certificates and lists of revoked ones, as they came, by country; and the master lists taken."""

    certificates: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    crls: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    lists: tuple[TakenList, ...] = ()

    def __repr__(self) -> str:
        return f"TrustStore(countries={len(self.certificates)}, certificates={self.count})"

    @property
    def count(self) -> int:
        """How many certificates there are."""
        return sum(map(len, self.certificates.values()))

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries of whose authorities it has any, two letters each, in order."""
        return tuple(sorted(self.certificates))

    def authorities_of(self, country: str) -> tuple[Certificate, ...]:
        """Return a country's authorities and links, newest first."""
        found = map(read_certificate, self.certificates.get(country, ()))
        return tuple(sorted(found, key=lambda one: (one.not_before, one.raw), reverse=True))

    def crls_of(self, country: str) -> tuple[Crl, ...]:
        """Return a country's lists of revoked certificates, newest first."""
        found = map(read_crl, self.crls.get(country, ()))
        return tuple(sorted(found, key=lambda one: (one.this_update, one.raw), reverse=True))

    def with_certificates(self, certificates: Iterable[Certificate]) -> "TrustStore":
        """Return a store that has these too; they must have been proven."""
        merged = {country: set(raw) for country, raw in self.certificates.items()}
        for one in certificates:
            merged.setdefault(one.subject.country, set()).add(one.raw)
        return TrustStore({country: frozenset(raw) for country, raw in merged.items()}, self.crls, self.lists)

    def with_crl(self, crl: Crl) -> "TrustStore":
        """Return a store that has this list in place of older ones of the same issuer and key; it must be proven."""
        kept = {
            one.raw
            for one in self.crls_of(crl.issuer.country)
            if (one.issuer.canonical, one.authority_key_id) != (crl.issuer.canonical, crl.authority_key_id)
        }
        crls = {**self.crls, crl.issuer.country: frozenset(kept | {crl.raw})}
        return TrustStore(self.certificates, crls, self.lists)

    def with_list(self, taken: TakenList) -> "TrustStore":
        """Return a store that remembers a master list."""
        return TrustStore(self.certificates, self.crls, (*(one for one in self.lists if one != taken), taken))


EMPTY: Final = TrustStore()


def issuers_among(certificates: Iterable[Certificate], signed: Certificate | Crl) -> Iterator[Certificate]:
    """Yield those whose key signed it; likely ones are tried first. Keys that can't be computed with sign nothing."""
    candidates = sorted(certificates, key=lambda one: not may_have_signed(one, signed))
    for one in candidates:
        try:
            if is_signed_by(signed, one):
                yield one
        except ContentInvalid:
            continue


def path_to_root(store: TrustStore, certificate: Certificate, now: datetime) -> tuple[Certificate, ...]:
    """Return the trusted certificates above one: its issuer, then over links to a root as far as the store has them.

    Of several issuers with one key, one that is valid now is taken before one that is not, and a root before a link.
    Empty if the store has no issuer.
    """
    path: list[Certificate] = []
    current = certificate
    while len(path) < _PATH_MAX:
        candidates = store.authorities_of(current.issuer.country)
        above = [one for one in issuers_among(candidates, current) if one not in path]
        if not above or (path and is_root(current)):
            break
        current = min(above, key=lambda one: (not one.is_valid_at(now), not is_root(one)))
        path.append(current)
    return tuple(path)


def is_root(certificate: Certificate) -> bool:
    """Tell whether a certificate is signed with its own key; a link that keeps the authority's name is not."""
    try:
        return certificate.is_self_issued and is_signed_by(certificate, certificate)
    except ContentInvalid:
        return False


def knows_key(certificate: Certificate) -> bool:
    """Tell whether this program can compute with the certificate's key."""
    try:
        certificate.key()
    except KeyUnknown:
        return False
    return True


def write_trust(store: TrustStore) -> bytes:
    """Return a store's form on a disk: DER, the same bytes for the same content."""

    def by_country(groups: Mapping[str, frozenset[bytes]]) -> bytes:
        return der.write_sequence(
            *(
                der.write_sequence(encode(der.UTF8_STRING, country.encode()), der.write_set(*groups[country]))
                for country in sorted(groups)
            )
        )

    lists = (
        der.write_sequence(
            encode(der.UTF8_STRING, one.country.encode()),
            encode(der.OCTET_STRING, bytes.fromhex(one.authority)),
            der.write_integer(one.certificates),
            *((der.write_time(one.signed_at),) if one.signed_at is not None else ()),
        )
        for one in store.lists
    )
    return der.write_sequence(
        der.write_integer(_SCHEMA), by_country(store.certificates), by_country(store.crls), der.write_sequence(*lists)
    )


def _by_country(one: Tlv) -> dict[str, frozenset[bytes]]:
    found: dict[str, frozenset[bytes]] = {}
    for group in der.sequence(one, limits=_LIMITS):
        country, members, *_ = der.sequence(group, 2, _LIMITS)
        raw = der.expect(members, der.SET).children(_LIMITS)
        found[country.value.decode("utf-8", "replace")] = frozenset(member.raw for member in raw)
    return found


def _taken(one: Tlv) -> TakenList:
    country, authority, count, *signed_at = der.sequence(one, 3)
    return TakenList(
        country.value.decode("utf-8", "replace"),
        der.octets(authority).hex(),
        der.time(signed_at[0]) if signed_at else None,
        der.small_integer(count),
    )


def read_trust(content: bytes) -> TrustStore:
    """Return the store that `write_trust` wrote.

    Raises:
        ContentInvalid: It is none, or of a newer version.
    """
    schema, certificates, crls, lists = der.sequence(read_one(content, _LIMITS), 4, _LIMITS)[:4]
    if der.small_integer(schema) != _SCHEMA:
        raise DerInvalid("a trust store of another version")
    taken = tuple(map(_taken, der.sequence(lists, limits=_LIMITS)))
    return TrustStore(_by_country(certificates), _by_country(crls), taken)
