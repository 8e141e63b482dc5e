"""Taking in what a book sends by hand: each request in it as over the wire, each its own transaction.

A bundle that was taken before, in part or whole, changes nothing a second time. Where one request is refused, those
before it are stored and answered; the book sends the rest again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pollbook.failures import Failure, InputInvalid, WorldFailed
from pollbook.sealed_bundle import BUNDLE_BYTES_MAX, Answered, read_requests, write_answers
from pollbook.sync_request import Address
from pollbook.types import BookName
from register.centre import Centre
from register.ingest import ingest
from register.store import books, stations
from register.store.engine import Database

_ANSWERS_BYTES_MAX = BUNDLE_BYTES_MAX // 2


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a bundle: `answer` is the file to carry back, of as many requests as were `answered`.

    `refused` is why the next one was not taken, where it was not.
    """

    book: BookName
    answer: bytes
    requests: int
    answered: int
    acknowledged: int
    refused: WorldFailed | None


def take_bundle(database: Database, centre: Centre, untrusted: bytes, now: datetime) -> Taken:
    """Every request in the bundle is stored and answered.

    Raises:
        WorldFailed: As `sealed_bundle.read_requests`; why the first request was refused, where not even that was taken.
    """

    def key_of(book: BookName) -> bytes | None:
        with database.read() as connection:
            station = stations.find_station(connection, book)
        return None if station is None else station.public_key

    requests = read_requests(untrusted, centre.election.id, centre.box_key, key_of)
    answered: list[Answered] = []
    refused: WorldFailed | None = None
    size = 0
    for each in requests.carried:
        try:
            answer = _take(database, centre, each.address, each.request, now)
        except WorldFailed as error:
            refused = error
            break
        answered.append(Answered(each, answer))
        size += len(each.request) + len(answer)
        if size > _ANSWERS_BYTES_MAX:
            break
    if refused is not None and not answered:
        raise refused
    try:
        answer = write_answers(requests, answered, centre.keys.key)
    except InputInvalid as error:
        raise WorldFailed(Failure.BUNDLE_UNREADABLE, str(error)) from error
    with database.read() as connection:
        station = stations.find_station(connection, requests.book)
        assert station is not None  # noqa: S101 - its key was found above, and stations are never deleted
        acknowledged = books.load_book(connection, station.id).head.number
    return Taken(requests.book, answer, len(requests.carried), len(answered), acknowledged, refused)


def _take(database: Database, centre: Centre, address: Address, untrusted: bytes, now: datetime) -> bytes:
    return database.change_book(lambda connection: ingest(connection, centre, untrusted, address, now, is_carried=True))
