"""The people of a precinct commission: five to nine, two of them operators."""

from typing import Final

from register.synthesis.names import pick_given_name, pick_stock
from register.synthesis.plan import Plan, Precinct
from register.synthesis.randomness import pick, stream
from register.synthesis.rows import OfficerRow

_MEMBERS_MAX: Final = 4
_HEADS: Final = ("chair", "deputy_chair", "secretary")
_OPERATORS: Final = ("operator", "operator")


def officers_of(plan: Plan, precinct: Precinct) -> list[OfficerRow]:
    """Return the commission, the chair first; `person` is the precinct's code and a number from 01."""
    rng = stream(plan.seed, "officers", precinct.index)
    roles = (*_HEADS, *["member"] * rng.randint(0, _MEMBERS_MAX), *_OPERATORS)
    officers: list[OfficerRow] = []
    for number, role in enumerate(roles, start=1):
        stock = pick_stock(rng, precinct.district.region)
        surname = pick(rng, stock.surnames)
        is_male = rng.random() < 0.5
        officers.append(
            OfficerRow(
                precinct.code,
                f"{precinct.code}-{number:02}",
                surname.man if is_male else surname.woman,
                pick_given_name(rng, stock, is_male),
                role,
            )
        )
    return officers
