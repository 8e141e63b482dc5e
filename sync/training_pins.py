"""The PINs of a training election: made up, and kept in a file so that commands can sign in unattended (DESIGN §9)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence

from pollbook.files import write_secret
from pollbook.people import pin_refusal
from pollbook.store.home import StationHome
from pollbook.types import Person

TRAINING_PIN_DIGITS = 6


def made_up_pin() -> str:
    """A random PIN that could also be chosen."""
    while pin_refusal(pin := f"{secrets.randbelow(10**TRAINING_PIN_DIGITS):0{TRAINING_PIN_DIGITS}d}") is not None:
        pass
    return pin


def write_training_pins(home: StationHome, people: Sequence[Person], pins: Mapping[str, str]) -> None:
    """The file by which the commands of a training election sign in unattended, readable by its owner alone."""
    table = {
        person.key: {
            "name": f"{person.surname} {person.given_name}",
            "role": person.role.value,
            "pin": pins[person.key],
        }
        for person in people
    }
    write_secret(home.training_pins, (json.dumps(table, ensure_ascii=False, indent=1) + "\n").encode())
