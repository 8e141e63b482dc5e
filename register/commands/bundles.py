"""`bundle take`: what a station sent by hand."""

from __future__ import annotations

import argparse

from pollbook.commanding import Answer, Console, read_given, refused
from pollbook.failures import Failure, WorldFailed
from pollbook.files import write_secret
from pollbook.sealed_bundle import BUNDLE_BYTES_MAX
from register.authority import load_keys
from register.bundles import take_bundle
from register.centre import Centre
from register.commands.opening import open_register


def take(arguments: argparse.Namespace, console: Console) -> Answer:
    """Take a bundle in and write the answer that is carried back."""
    untrusted = read_given(arguments.file, BUNDLE_BYTES_MAX)
    with open_register(arguments) as register:
        centre = Centre(register.election, load_keys(register.home))
        taken = take_bundle(register.database, centre, untrusted, register.clock.now())
    try:
        write_secret(arguments.answer, taken.answer)
    except OSError as error:
        raise WorldFailed(Failure.FILE_UNREADABLE, str(arguments.answer), path=arguments.answer) from error
    data = {
        "book": str(taken.book),
        "requests": taken.requests,
        "answered": taken.answered,
        "acknowledged": taken.acknowledged,
        "answer": str(arguments.answer),
    }
    if taken.refused is not None:
        console.tell_failure(taken.refused.failure, taken.refused.facts, taken.refused.detail)
        return refused(taken.refused.failure, taken.refused.facts, **data)
    return Answer(data, f"{taken.book}: acknowledged up to {taken.acknowledged}; carry {arguments.answer} back")
