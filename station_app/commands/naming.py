"""Which person a word on the command line means: a key, a number, a name in any script, or an office."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pollbook import names
from pollbook.failures import Failure, Refused
from pollbook.types import Person


def person_named(people: Sequence[Person], untrusted_text: str) -> Person | Refused:
    """The one person that the text names; `UNKNOWN_PERSON` where it names none, or several (then listed by key).

    Tried in this order, the first that fits anybody decides: the register's key, the number, both names in either
    order, the surname, the given name, both names and the surname by their loose keys (Yuldashev = Yoʻldoshev), the
    office.
    """
    text = untrusted_text.strip()
    wanted, loose = names.keys(text).canonical, names.keys(text).loose
    ways: tuple[Callable[[Person], bool], ...] = (
        lambda person: person.key == text,
        lambda person: str(person.number) == text,
        lambda person: wanted in _both_orders(person, names.canonical),
        lambda person: names.canonical(person.surname) == wanted,
        lambda person: names.canonical(person.given_name) == wanted,
        lambda person: loose in _both_orders(person, lambda name: names.keys(name).loose),
        lambda person: names.keys(person.surname).loose == loose,
        lambda person: names.canonical(person.role.value) == wanted,
    )
    for fits in ways:
        found = [person for person in people if wanted and fits(person)]
        if len(found) == 1:
            return found[0]
        if found:
            return Refused(Failure.UNKNOWN_PERSON, {"several": [person.key for person in found]})
    return Refused(Failure.UNKNOWN_PERSON)


def _both_orders(person: Person, key: Callable[[str], str]) -> tuple[str, str]:
    surname, given_name = key(person.surname), key(person.given_name)
    return f"{surname} {given_name}", f"{given_name} {surname}"
