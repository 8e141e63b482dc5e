"""Points of the elliptic curves that access control runs over.

Curves that the library has are computed there. It lacks the brainpool curves of 192, 224 and 320 bits; their points
are multiplied here, in time that depends on the number: enough for a reader's ephemeral keys, never for a key that
outlives a session.

Source: ICAO 9303-11 §9.5.1 (standardized domain parameters), RFC 5639, BSI TR-03111 §3 and §4.3.1.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devices.emrtd.curves import BY_STANDARDIZED_ID, Curve, DomainParameters


class PointInvalid(ValueError):
    """The bytes or coordinates are no point that may be used."""


@dataclass(frozen=True, slots=True)
class Point:
    """An affine point; never the one at infinity."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Plane:
    """A curve to compute on; its generator has the prime order n, and the cofactor is 1."""

    name: str
    library: ec.EllipticCurve | None
    numbers: DomainParameters

    @property
    def generator(self) -> Point:
        return Point(self.numbers.x, self.numbers.y)

    @property
    def field_bytes(self) -> int:
        return (self.numbers.p.bit_length() + 7) // 8

    @property
    def order_bytes(self) -> int:
        return (self.numbers.n.bit_length() + 7) // 8

    def has(self, point: Point) -> bool:
        """Tell whether the point lies on the curve."""
        p, a, b = self.numbers.p, self.numbers.a, self.numbers.b
        inside = 0 <= point.x < p and 0 <= point.y < p
        return inside and (point.y * point.y - (point.x * point.x + a) * point.x - b) % p == 0

    def encode(self, point: Point) -> bytes:
        """Return the uncompressed form (TR-03111 §3.2.1)."""
        return b"\x04" + point.x.to_bytes(self.field_bytes) + point.y.to_bytes(self.field_bytes)

    def decode(self, untrusted: bytes) -> Point:
        """Return the point that uncompressed bytes hold.

        Raises:
            PointInvalid: The form is another, or the point isn't on the plane.
        """
        size = self.field_bytes
        if len(untrusted) != 1 + 2 * size or untrusted[0] != 4:
            raise PointInvalid("no uncompressed point of this curve")
        point = Point(int.from_bytes(untrusted[1 : 1 + size]), int.from_bytes(untrusted[1 + size :]))
        if not self.has(point):
            raise PointInvalid("the point isn't on the curve")
        return point


def add(plane: Plane, left: Point, right: Point) -> Point:
    """Return the sum.

    Raises:
        PointInvalid: It is the point at infinity.
    """
    p = plane.numbers.p
    if left.x == right.x:
        if (left.y + right.y) % p == 0:
            raise PointInvalid("the sum is the point at infinity")
        slope = (3 * left.x * left.x + plane.numbers.a) * pow(2 * left.y, -1, p) % p
    else:
        slope = (right.y - left.y) * pow(right.x - left.x, -1, p) % p
    x = (slope * slope - left.x - right.x) % p
    return Point(x, (slope * (left.x - x) - left.y) % p)


def multiply(plane: Plane, number: int, point: Point) -> Point:
    """Return `number` times the point.

    Raises:
        PointInvalid: The point isn't on the curve, or the product is the point at infinity.
    """
    if not plane.has(point):
        raise PointInvalid("the point isn't on the curve")
    number %= plane.numbers.n
    if number == 0:
        raise PointInvalid("the product is the point at infinity")
    if plane.library is None:
        return _multiply_here(plane, number, point)
    if point == plane.generator:
        numbers = ec.derive_private_key(number, plane.library).public_key().public_numbers()
        return Point(numbers.x, numbers.y)
    if number == plane.numbers.n - 1:
        return Point(point.x, -point.y % plane.numbers.p)
    x = _x_of_product(plane, number, point)
    candidate = _lift(plane, x)
    # ECDH tells x alone; the candidate is the product if adding the point leads to (number + 1) times it. If it is
    # the point's own inverse there is no sum; it is left to the other sign, which the same comparison then proves.
    next_x = _x_of_product(plane, number + 1, point) if number + 1 < plane.numbers.n else None
    for found in (candidate, Point(x, -candidate.y % plane.numbers.p)):
        if _leads_to(plane, found, point, next_x):
            return found
    raise PointInvalid("no multiple of the point")  # a point outside the group of order n


def _leads_to(plane: Plane, found: Point, point: Point, next_x: int | None) -> bool:
    try:
        return add(plane, found, point).x == next_x
    except PointInvalid:
        return False


def shared_x(plane: Plane, private: int, public: Point) -> bytes:
    """Return the x coordinate of `private` times `public`, as long as the field (TR-03111 §4.3.1).

    Raises:
        PointInvalid: As `multiply`.
    """
    if not plane.has(public):
        raise PointInvalid("the point isn't on the curve")
    if plane.library is None:
        x = multiply(plane, private, public).x
    else:
        x = _x_of_product(plane, private % plane.numbers.n, public)
    return x.to_bytes(plane.field_bytes)


def _x_of_product(plane: Plane, number: int, point: Point) -> int:
    assert plane.library is not None  # noqa: S101 - both callers asked
    try:
        peer = ec.EllipticCurvePublicNumbers(point.x, point.y, plane.library).public_key()
        return int.from_bytes(ec.derive_private_key(number, plane.library).exchange(ec.ECDH(), peer))
    except ValueError as error:
        raise PointInvalid("the library refuses the point or the number") from error


def _lift(plane: Plane, x: int) -> Point:
    """One of the two points with this x."""
    assert plane.library is not None  # noqa: S101 - the caller asked
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(plane.library, b"\x02" + x.to_bytes(plane.field_bytes))
    except ValueError as error:
        raise PointInvalid("no point has this coordinate") from error
    raw = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return plane.decode(raw)


_Jacobian = tuple[int, int, int]


def _multiply_here(plane: Plane, number: int, point: Point) -> Point:
    p = plane.numbers.p

    def double(one: _Jacobian) -> _Jacobian:
        x, y, z = one
        yy = y * y % p
        s = 4 * x * yy % p
        m = (3 * x * x + plane.numbers.a * pow(z, 4, p)) % p
        x3 = (m * m - 2 * s) % p
        return x3, (m * (s - x3) - 8 * yy * yy) % p, 2 * y * z % p

    def plus_point(one: _Jacobian) -> _Jacobian:
        x, y, z = one
        if z == 0:
            return point.x, point.y, 1
        zz = z * z % p
        h = (point.x * zz - x) % p
        r = (point.y * zz * z - y) % p
        if h == 0:
            return double(one) if r == 0 else (1, 1, 0)
        hh = h * h % p
        hhh, v = h * hh % p, x * hh % p
        x3 = (r * r - hhh - 2 * v) % p
        return x3, (r * (v - x3) - y * hhh) % p, h * z % p

    product: _Jacobian = (1, 1, 0)
    for bit in f"{number:b}":
        product = double(product)
        if bit == "1":
            product = plus_point(product)
    x, y, z = product
    if z == 0:
        raise PointInvalid("the product is the point at infinity")
    inverse = pow(z, -1, p)
    return Point(x * inverse * inverse % p, y * pow(inverse, 3, p) % p)


def _plane(curve: Curve) -> Plane:
    return Plane(curve.name, curve.library, curve.parameters)


def _further(name: str, *hexadecimal: str) -> Plane:
    p, a, b, x, y, n = (int(text, 16) for text in hexadecimal)
    return Plane(name, None, DomainParameters(p, a, b, x, y, n, 1))


# RFC 5639 §3; the others are told in `curves`.
_FURTHER: Final = {
    9: _further(
        "brainpoolP192r1",
        "C302F41D932A36CDA7A3463093D18DB78FCE476DE1A86297",
        "6A91174076B1E0E19C39C031FE8685C1CAE040E5C69A28EF",
        "469A28EF7C28CCA3DC721D044F4496BCCA7EF4146FBF25C9",
        "C0A0647EAAB6A48753B033C56CB0F0900A2F5C4853375FD6",
        "14B690866ABD5BB88B5F4828C1490002E6773FA2FA299B8F",
        "C302F41D932A36CDA7A3462F9E9E916B5BE8F1029AC4ACC1",
    ),
    11: _further(
        "brainpoolP224r1",
        "D7C134AA264366862A18302575D1D787B09F075797DA89F57EC8C0FF",
        "68A5E62CA9CE6C1C299803A6C1530B514E182AD8B0042A59CAD29F43",
        "2580F63CCFE44138870713B1A92369E33E2135D266DBB372386C400B",
        "0D9029AD2C7E5CF4340823B2A87DC68C9E4CE3174C1E6EFDEE12C07D",
        "58AA56F772C0726F24C6B89E4ECDAC24354B9E99CAA3F6D3761402CD",
        "D7C134AA264366862A18302575D0FB98D116BC4B6DDEBCA3A5A7939F",
    ),
    14: _further(
        "brainpoolP320r1",
        "D35E472036BC4FB7E13C785ED201E065F98FCFA6F6F40DEF4F92B9EC7893EC28FCD412B1F1B32E27",
        "3EE30B568FBAB0F883CCEBD46D3F3BB8A2A73513F5EB79DA66190EB085FFA9F492F375A97D860EB4",
        "520883949DFDBC42D3AD198640688A6FE13F41349554B49ACC31DCCD884539816F5EB4AC8FB1F1A6",
        "43BD7E9AFB53D8B85289BCC48EE5BFE6F20137D10A087EB6E7871E2A10A599C710AF8D0D39E20611",
        "14FDD05545EC1CC8AB4093247F77275E0743FFED117182EAA9C77877AAAC6AC7D35245D1692E8EE1",
        "D35E472036BC4FB7E13C785ED201E065F98FCFA5B68F12A32D482EC7EE8658E98691555B44C59311",
    ),
}
PLANES: Final[dict[int, Plane]] = {number: _plane(curve) for number, curve in BY_STANDARDIZED_ID.items()} | _FURTHER
"""By the number of the standardized domain parameters."""
