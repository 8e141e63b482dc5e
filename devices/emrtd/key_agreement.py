"""Diffie-Hellman over a curve or a group, and how PACE moves its generator.

A public value is bytes as they are sent: an uncompressed point, or a number as long as the group's prime. Whatever
comes from a chip is checked to lie on the curve or in the group before it is used.

Source: ICAO 9303-11 §4.4.3.3 (mappings), §9.4-9.5, Appendix B (point encoding); BSI TR-03110-3 A.2, A.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.emrtd import points
from devices.emrtd.ciphers import Suite, encrypt
from devices.emrtd.dh_groups import GROUPS, Group
from devices.emrtd.points import PLANES, Plane, Point, PointInvalid
from devices.emrtd.public_keys import DhPublicKey

Random = Callable[[int], bytes]


class PublicInvalid(ValueError):
    """A public value that may not be used."""


class Domain(Protocol):
    """Where keys are agreed: a curve or a group with its generator, which mapping replaces by another."""

    @property
    def name(self) -> str: ...

    @property
    def is_elliptic(self) -> bool: ...

    @property
    def prime_bits(self) -> int: ...

    def draw_private(self, random: Random) -> int:
        """Return a private number, drawn evenly."""
        ...

    def public_of(self, private: int) -> bytes:
        """Return the public value of a private number, under this domain's generator."""
        ...

    def agree(self, private: int, untrusted_public: bytes) -> bytes:
        """Return the shared secret.

        Raises:
            PublicInvalid: The public value may not be used.
        """
        ...

    def map_generic(self, nonce: bytes, private: int, untrusted_public: bytes) -> "Domain":
        """Return the domain under the generator that nonce and an anonymous key agreement give.

        Raises:
            PublicInvalid: The public value may not be used.
        """
        ...

    def map_integrated(self, pseudo_random: bytes) -> "Domain":
        """Return the domain under the generator that pseudo-random bytes give.

        Raises:
            PublicInvalid: They give none.
        """
        ...


@dataclass(frozen=True, slots=True)
class EllipticDomain:
    """A curve under a generator."""

    plane: Plane
    generator: Point

    @property
    def name(self) -> str:
        return self.plane.name

    @property
    def is_elliptic(self) -> bool:
        return True

    @property
    def prime_bits(self) -> int:
        return self.plane.numbers.p.bit_length()

    def draw_private(self, random: Random) -> int:
        return _draw_below(self.plane.numbers.n, random)

    def public_of(self, private: int) -> bytes:
        return self.plane.encode(points.multiply(self.plane, private, self.generator))

    def agree(self, private: int, untrusted_public: bytes) -> bytes:
        public = self._decode(untrusted_public)
        try:
            return points.shared_x(self.plane, private, public)
        except PointInvalid as error:
            raise PublicInvalid("no multiple of this point") from error

    def map_generic(self, nonce: bytes, private: int, untrusted_public: bytes) -> "EllipticDomain":
        shared = self._multiply(private, self._decode(untrusted_public))
        number = int.from_bytes(nonce) % self.plane.numbers.n
        if number == 0:
            return EllipticDomain(self.plane, shared)
        try:
            moved = points.add(self.plane, self._multiply(number, self.generator), shared)
        except PointInvalid as error:
            raise PublicInvalid("the mapped generator is the point at infinity") from error
        return EllipticDomain(self.plane, moved)

    def map_integrated(self, pseudo_random: bytes) -> "EllipticDomain":
        return EllipticDomain(self.plane, _encode_as_point(self.plane, int.from_bytes(pseudo_random)))

    def _multiply(self, number: int, point: Point) -> Point:
        try:
            return points.multiply(self.plane, number, point)
        except PointInvalid as error:
            raise PublicInvalid("no multiple of this point") from error

    def _decode(self, untrusted: bytes) -> Point:
        try:
            return self.plane.decode(untrusted)
        except PointInvalid as error:
            raise PublicInvalid("no point of the curve") from error


def _encode_as_point(plane: Plane, pseudo_random: int) -> Point:
    """The point that a number is encoded as, in affine coordinates (Part 11, Appendix B.2)."""
    p, a, b = plane.numbers.p, plane.numbers.a, plane.numbers.b
    if p % 4 != 3:
        raise PublicInvalid("integrated mapping is told for primes of the form 4k + 3 only")
    t = pseudo_random % p
    alpha = -t * t % p
    denominator = (alpha + alpha * alpha) % p
    if denominator == 0:
        raise PublicInvalid("the number has no encoding")
    x2 = -b * pow(a, -1, p) * (1 + pow(denominator, -1, p)) % p
    x3 = alpha * x2 % p
    h2 = (pow(x2, 3, p) + a * x2 + b) % p
    u = pow(t, 3, p) * h2 % p
    root = pow(h2, p - 1 - (p + 1) // 4, p)
    point = Point(x2, root * h2 % p) if root * root * h2 % p == 1 else Point(x3, root * u % p)
    if not plane.has(point):
        raise PublicInvalid("the number has no encoding")
    return point


@dataclass(frozen=True, slots=True)
class ModularDomain:
    """A group under a generator."""

    group: Group
    generator: int

    @property
    def name(self) -> str:
        return f"DH-{self.group.p.bit_length()}-{self.group.q.bit_length()}"

    @property
    def is_elliptic(self) -> bool:
        return False

    @property
    def prime_bits(self) -> int:
        return self.group.p.bit_length()

    def draw_private(self, random: Random) -> int:
        return _draw_below(self.group.q, random)

    def public_of(self, private: int) -> bytes:
        return pow(self.generator, private, self.group.p).to_bytes(self.group.field_bytes)

    def agree(self, private: int, untrusted_public: bytes) -> bytes:
        return pow(self._decode(untrusted_public), private, self.group.p).to_bytes(self.group.field_bytes)

    def map_generic(self, nonce: bytes, private: int, untrusted_public: bytes) -> "ModularDomain":
        p = self.group.p
        shared = pow(self._decode(untrusted_public), private, p)
        return self._under(pow(self.generator, int.from_bytes(nonce), p) * shared % p)

    def map_integrated(self, pseudo_random: bytes) -> "ModularDomain":
        p, q = self.group.p, self.group.q
        return self._under(pow(int.from_bytes(pseudo_random) % p, (p - 1) // q, p))

    def _under(self, generator: int) -> "ModularDomain":
        if generator in {0, 1}:
            raise PublicInvalid("the mapped generator generates nothing")
        return ModularDomain(self.group, generator)

    def _decode(self, untrusted: bytes) -> int:
        number = int.from_bytes(untrusted)
        if len(untrusted) > self.group.field_bytes or not 1 < number < self.group.p - 1:
            raise PublicInvalid("no number of the group")
        if pow(number, self.group.q, self.group.p) != 1:
            raise PublicInvalid("a number outside the subgroup")
        return number


def standardized_domain(number: int) -> Domain | None:
    """Return the standardized domain parameters of a number (Part 11 §9.5.1), None if there are none."""
    if 0 <= number < len(GROUPS):
        return ModularDomain(GROUPS[number], GROUPS[number].g)
    plane = PLANES.get(number)
    return EllipticDomain(plane, plane.generator) if plane else None


def domain_of_key(key: ec.EllipticCurvePublicKey | DhPublicKey) -> tuple[Domain, bytes]:
    """Return the domain that a public key lies in, and the key as it is sent."""
    if isinstance(key, DhPublicKey):
        return ModularDomain(key.group, key.group.g), key.y.to_bytes(key.group.field_bytes)
    plane = next(plane for plane in PLANES.values() if plane.library and plane.library.name == key.curve.name)
    return EllipticDomain(plane, plane.generator), key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _draw_below(order: int, random: Random) -> int:
    """A number from 1 to `order` - 1; eight bytes more than needed make it even enough (FIPS 186-4 B.4.1)."""
    return int.from_bytes(random((order.bit_length() + 7) // 8 + 8)) % (order - 1) + 1


# Part 11 §4.4.3.3.2: the constants for ciphers with keys of up to 128 bits, and for longer ones.
_CONSTANTS = {
    False: (bytes.fromhex("A668892A7C41E3CA739F40B057D85904"), bytes.fromhex("A4E136AC725F738B01C1F60217C188AD")),
    True: (
        bytes.fromhex("D463D65234124EF7897054986DCA0A174E28DF758CBAA03F240616414D5A1676"),
        bytes.fromhex("54BD7255F0AAF831BEC3423FCF39D69B6CBF066677D0FAAE5AADD99DF8E53517"),
    ),
}


def pseudo_random_bytes(suite: Suite, nonce: bytes, reader_nonce: bytes, domain: Domain) -> bytes:
    """Return R(s, t), what integrated mapping makes a generator of.

    Args:
        suite: The cipher of the protocol.
        nonce: s, the chip's.
        reader_nonce: t, as long as the cipher's key.
        domain: Its prime tells how many bytes are needed.

    Source: Part 11 §4.4.3.3.2.
    """
    first, second = _CONSTANTS[suite.key_bytes > 16]
    key = encrypt(suite, reader_nonce, nonce)
    made = b""
    while len(made) * 8 < domain.prime_bits + 64:
        made += encrypt(suite, key[: suite.key_bytes], second)
        key = encrypt(suite, key[: suite.key_bytes], first)
    return made
