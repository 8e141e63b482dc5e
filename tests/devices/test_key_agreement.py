"""Points, groups and domains: both sides come to the same secret, and what may not be used is refused."""

from __future__ import annotations

import secrets
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.emrtd import points
from devices.emrtd.ciphers import Suite
from devices.emrtd.dh_groups import GROUPS
from devices.emrtd.key_agreement import (
    EllipticDomain,
    ModularDomain,
    PublicInvalid,
    pseudo_random_bytes,
    standardized_domain,
)
from devices.emrtd.points import PLANES, Plane, Point, PointInvalid

every_plane = pytest.mark.parametrize("plane", PLANES.values(), ids=lambda plane: plane.name)
every_domain = pytest.mark.parametrize("number", [0, 1, 2, *sorted(PLANES)])


@every_plane
def test_points_multiplied_by_the_library_and_here_are_the_same(plane: Plane) -> None:
    n = plane.numbers.n
    assert plane.has(plane.generator)
    base = points.multiply(plane, 1 + secrets.randbelow(n - 1), plane.generator)
    for number in (1, 2, 3, n - 2, n - 1, n + 5, 1 + secrets.randbelow(n - 1)):
        assert points.multiply(plane, number, base) == points._multiply_here(plane, number % n, base)


@every_plane
def test_sums_agree_with_products(plane: Plane) -> None:
    g = plane.generator
    two = points.add(plane, g, g)
    assert two == points.multiply(plane, 2, g)
    assert points.add(plane, two, g) == points.multiply(plane, 3, g)
    with pytest.raises(PointInvalid):
        points.add(plane, g, Point(g.x, plane.numbers.p - g.y))


@every_plane
def test_what_is_no_point_is_refused(plane: Plane) -> None:
    g, size = plane.generator, plane.field_bytes
    good = plane.encode(g)
    assert plane.decode(good) == g
    outside = Point(g.x, (g.y + 1) % plane.numbers.p)
    for bad in (
        b"",
        b"\x00",
        good[:-1],
        good + b"\x00",
        b"\x02" + good[1:],
        plane.encode(outside),
        b"\x04" + bytes(2 * size),
    ):
        with pytest.raises(PointInvalid):
            plane.decode(bad)
    for number in (0, plane.numbers.n):
        with pytest.raises(PointInvalid):
            points.multiply(plane, number, g)
    for use in (lambda: points.multiply(plane, 2, outside), lambda: points.shared_x(plane, 2, outside)):
        with pytest.raises(PointInvalid):
            use()


@every_domain
def test_both_sides_agree_under_a_generator_moved_by_generic_mapping(number: int) -> None:
    domain = standardized_domain(number)
    assert domain is not None
    nonce = secrets.token_bytes(16)
    one, other = (domain.draw_private(secrets.token_bytes) for _ in range(2))
    mine = domain.map_generic(nonce, one, domain.public_of(other))
    theirs = domain.map_generic(nonce, other, domain.public_of(one))
    assert mine == theirs
    a, b = (mine.draw_private(secrets.token_bytes) for _ in range(2))
    assert mine.agree(a, theirs.public_of(b)) == theirs.agree(b, mine.public_of(a))


@every_domain
def test_a_nonce_of_zero_still_moves_the_generator(number: int) -> None:
    domain = standardized_domain(number)
    assert domain is not None
    assert domain.map_generic(bytes(16), 5, domain.public_of(7)).public_of(1) == domain.public_of(35)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_numbers_outside_the_group_are_refused(number: int) -> None:
    group = GROUPS[number]
    domain = ModularDomain(group, group.g)
    size = group.field_bytes
    for bad in (
        0,
        1,
        group.p - 1,
        group.p,
        group.p + 1,
        next(x for x in range(2, 99) if pow(x, group.q, group.p) != 1),
    ):
        with pytest.raises(PublicInvalid):
            domain.agree(5, bad.to_bytes(size + 1).removeprefix(b"\x00"))
    with pytest.raises(PublicInvalid):
        domain.agree(5, bytes(size + 1))
    with pytest.raises(PublicInvalid):
        domain.map_integrated(bytes(16))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=140))
def test_any_bytes_are_a_public_value_or_refused(untrusted: bytes) -> None:
    for number in (0, 12, 13):
        domain = standardized_domain(number)
        assert domain is not None
        with suppress(PublicInvalid):
            domain.agree(5, untrusted)
        with suppress(PublicInvalid):
            domain.map_generic(b"n", 5, untrusted)


def test_a_mapping_that_leads_to_infinity_is_refused() -> None:
    domain = standardized_domain(12)
    assert isinstance(domain, EllipticDomain)
    # 3 G + 1 · (-3 G)
    opposite = points.multiply(domain.plane, domain.plane.numbers.n - 3, domain.generator)
    with pytest.raises(PublicInvalid):
        domain.map_generic(b"\x03", 1, domain.plane.encode(opposite))


def test_there_are_fourteen_standardized_domains() -> None:
    assert [number for number in range(-1, 40) if standardized_domain(number)] == [0, 1, 2, *range(8, 19)]


@pytest.mark.parametrize("suite", list(Suite))
def test_pseudo_random_bytes_are_enough_for_the_prime(suite: Suite) -> None:
    for number in (2, 12, 18):
        domain = standardized_domain(number)
        assert domain is not None
        nonce = bytes(32 if suite.key_bytes > 16 else 16)
        made = pseudo_random_bytes(suite, nonce, bytes(suite.key_bytes), domain)
        assert len(made) * 8 >= domain.prime_bits + 64
