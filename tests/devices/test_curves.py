from __future__ import annotations

from dataclasses import fields, replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from devices.emrtd.curves import BY_OID, BY_STANDARDIZED_ID, CURVES, Curve, DomainParameters, named_curve

every_curve = pytest.mark.parametrize("curve", CURVES, ids=lambda curve: curve.name)


@every_curve
def test_the_generator_is_the_librarys(curve: Curve) -> None:
    numbers = ec.derive_private_key(1, curve.library).public_key().public_numbers()
    assert (numbers.x, numbers.y) == (curve.parameters.x, curve.parameters.y)
    assert (curve.field_bytes, curve.oid) == (
        (curve.library.key_size + 7) // 8,
        getattr(ec.EllipticCurveOID, type(curve.library).__name__.upper()).dotted_string,
    )


@every_curve
def test_the_generator_lies_on_the_curve_and_its_order_is_n(curve: Curve) -> None:
    d = curve.parameters
    assert (d.y**2 - (d.x**3 + d.a * d.x + d.b)) % d.p == 0
    # (n - 1) G = -G, and the library knows the true order
    numbers = ec.derive_private_key(d.n - 1, curve.library).public_key().public_numbers()
    assert (numbers.x, numbers.y) == (d.x, d.p - d.y)


@every_curve
def test_a_curve_is_known_by_all_of_its_numbers_and_by_none_less(curve: Curve) -> None:
    assert named_curve(curve.parameters) is curve
    for one in fields(DomainParameters):
        altered = replace(curve.parameters, **{one.name: getattr(curve.parameters, one.name) + 1})
        assert named_curve(altered) is None


def test_every_curve_has_its_own_oid_and_standardized_id() -> None:
    assert len(BY_OID) == len(BY_STANDARDIZED_ID) == len(CURVES) == 8
