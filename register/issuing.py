"""Issuing slices: whether a precinct may have one, and the signed slice itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pollbook.election import Election
from pollbook.failures import Failure, WorldFailed
from pollbook.sealing import box_key_of
from pollbook.signing import SigningKey
from pollbook.slice import SliceHeader, encode_slice
from pollbook.types import BookName, PrecinctCode, can_act
from register.store import decisions, lists, people, stations
from register.store.engine import Transaction
from register.voter_list.tables import made_up_people

REISSUE = "reissue"
"""The decision that a precinct gets another book after the revoked one that it names."""


@dataclass(frozen=True, slots=True)
class IssuedSlice:
    """A slice as it goes out, with what the register must remember of it."""

    content: bytes
    list_version: int
    line_count: int


def check_issuable(connection: Transaction, election: Election, precinct: PrecinctCode, desk: int) -> None:
    """Nothing, where this precinct's slice may be issued to this desk.

    The first desk holds the lines; further ones know them, hold none, and get their share from the first.

    Raises:
        WorldFailed: `NOTHING_IMPORTED`, `UNKNOWN_PRECINCT`, `TOTALS_DIFFER`, `SLICE_TOO_LARGE`, `ALREADY_ENROLLED`,
            or `OFFICERS_UNREADABLE` where a real precinct has no two officers.
    """
    count = lists.precinct_count(connection, precinct)
    if count is None:
        failure = Failure.UNKNOWN_PRECINCT if lists.has_lines(connection) else Failure.NOTHING_IMPORTED
        raise WorldFailed(failure, precinct, precinct=precinct)
    if lists.differs(connection, count, training=election.training):
        raise WorldFailed(
            Failure.TOTALS_DIFFER, precinct, precinct=precinct, loaded=count.loaded, official=count.official
        )
    active = lists.active_lines(connection, precinct)
    if active > election.lines_max:
        raise WorldFailed(Failure.SLICE_TOO_LARGE, precinct, precinct=precinct, found=active, limit=election.lines_max)
    standing = stations.stations_at(connection, precinct)
    if same := [each for each in standing if each.desk == desk]:
        raise WorldFailed(Failure.ALREADY_ENROLLED, precinct, precinct=precinct, book=str(same[0].book))
    if not will_hold(connection, precinct):
        return
    # A revoked book keeps its lines (custody rule 10) and may have marks that never arrived: only people may decide
    # that another book marks them too.
    before = stations.newest_holder_at(connection, precinct)
    if before is not None and not decisions.has_decision(connection, REISSUE, str(before.book)):
        detail = f"the revoked book {before.book} holds the lines of {precinct}; --reissue takes two officers"
        raise WorldFailed(Failure.ALREADY_ENROLLED, detail, precinct=precinct, book=str(before.book))
    if not election.training and not can_act(people.people_of(connection, precinct)):
        detail = f"precinct {precinct} has no officers"
        raise WorldFailed(Failure.OFFICERS_UNREADABLE, detail, precinct=precinct, where=detail)


def will_hold(connection: Transaction, precinct: PrecinctCode) -> bool:
    """Whether the next book of this precinct gets its lines: none that stands has them."""
    return not any(each.holds for each in stations.stations_at(connection, precinct))


def book_to_follow(connection: Transaction, precinct: PrecinctCode) -> BookName:
    """The precinct's revoked book, after which two officers may let another one out.

    Raises:
        WorldFailed: `NOTHING_TO_DECIDE` where there was none, `ALREADY_ENROLLED` where it is not revoked.
    """
    before = stations.newest_holder_at(connection, precinct)
    if before is None:
        raise WorldFailed(Failure.NOTHING_TO_DECIDE, precinct, precinct=precinct)
    if not will_hold(connection, precinct):
        raise WorldFailed(Failure.ALREADY_ENROLLED, precinct, precinct=precinct, book=str(before.book))
    return before.book


def issue_slice(
    connection: Transaction,
    election: Election,
    precinct: PrecinctCode,
    desk: int,
    book: BookName,
    key: SigningKey,
    now: datetime,
) -> IssuedSlice:
    """The precinct's slice for this book, signed by the register.

    Raises:
        WorldFailed: As `check_issuable`.
    """
    check_issuable(connection, election, precinct, desk)
    if election.training and not people.people_of(connection, precinct):
        people.set_people(connection, {precinct: made_up_people(precinct)})
    found = stations.precinct_row(connection, precinct)
    assert found is not None  # noqa: S101 - `check_issuable` found it in this transaction
    name, version = found
    holds = will_hold(connection, precinct)
    voters = tuple(
        stations.lines_to_hold(connection, precinct, stations.newest_holder_at(connection, precinct))
        if holds
        else stations.lines_to_know(connection, precinct)
    )
    header = SliceHeader(
        election=election,
        precinct=precinct,
        precinct_name=name,
        desk=desk,
        book=book,
        list_version=version,
        issued_at_s=int(now.timestamp()),
        line_count=len(voters),
        people=people.people_of(connection, precinct),
        holds=holds,
        box_key=box_key_of(key).public,
    )
    return IssuedSlice(encode_slice(header, voters, key), version, len(voters))
