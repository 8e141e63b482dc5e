"""One precinct's list: its families, its places and pages, its hard cases and its dirt.

The paper list goes by mahalla, street, house and flat; a household's rows follow one another, its head first,
twenty rows a page. Real lists go by street because the commission checks them from door to door.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from random import Random
from typing import Final, NamedTuple

from register.synthesis.addresses import walk
from register.synthesis.births import MALE, Births, births_for, draw_births
from register.synthesis.dirt import DUPLICATE_RATE, Dirt
from register.synthesis.households import Families, Household, Person
from register.synthesis.identity import Identities, document_number, transfer_pinfl
from register.synthesis.plan import Plan, Precinct
from register.synthesis.randomness import pick, share_of, stream
from register.synthesis.rows import ROWS_PER_PAGE, Answer, Kind
from register.voter_rows import VoterRow

NEWCOMER_RATE: Final = 0.02
NAMESAKE_RATE: Final = 0.001
EXAMPLE_BIRTH_YEAR: Final = 1979
"""Every list of some size has a Karimov or Karimova of this year: the example of guides and rehearsals."""
_VOTERS_FOR_BIRTHDAYS: Final = 10  # a smaller precinct has nobody born on D or D+1
_TRANSFER_BANDS: Final = (1, 2)  # who moves house is 25 to 44
_TRANSFERS_MAX: Final = 10  # at most one voter in so many stands in two precincts


class Transfer(NamedTuple):
    """A person who stands in the lists of this precinct and of the next."""

    person: Person
    pinfl: str
    document: str


class Home(NamedTuple):
    """A household of the list; a transfer's comes with its numbers."""

    household: Household
    transfer: Transfer | None = None


@dataclass(frozen=True)
class PrecinctList:
    """One precinct's rows and what the key says of them.

    Attributes:
        answers: By row; the pairs of the same PINFL are not among them.
        sent: Row numbers in the whole file of people who may stand in the next precinct too, in order.
        received: Row numbers of people who stand in the precinct before too, in the same order.
    """

    precinct: Precinct
    rows: list[VoterRow]
    answers: list[Answer]
    sent: list[int]
    received: list[int]


def precinct_list(plan: Plan, precinct: Precinct, previous: Precinct | None) -> PrecinctList:
    """Return the precinct's list; it depends on nothing but the arguments."""
    rng = stream(plan.seed, "voters", precinct.index)
    births = births_for(plan.election_day)
    sent = transfers(plan, precinct, births)
    received = transfers(plan, previous, births)[: precinct.voters // _TRANSFERS_MAX] if previous else []
    homes = _homes(rng, precinct, births, [*sent, *received])
    identities = Identities(precinct, births, plan.seed, len(sent))
    rows, answers = _place(rng, plan, precinct, homes, identities)
    place_of = {row.pinfl: place for place, row in enumerate(rows)} if sent or received else {}
    sent_places = [place_of[transfer.pinfl] for transfer in sent]
    received_places = [place_of[transfer.pinfl] for transfer in received]

    answers += _namesakes(rows)
    answers += _birthdays(rows, births)
    dirt = Dirt(rng, rows, plan.seed, precinct)
    answers += dirt.lay({*sent_places, *received_places}, previous.code if previous else "")
    first = precinct.first_row + 1
    return PrecinctList(
        precinct,
        rows,
        [_numbered(answer, place, rows, first) for place, answer in sorted(answers, key=itemgetter(0))],
        [first + place for place in sent_places],
        [first + place for place in received_places],
    )


def transfers(plan: Plan, precinct: Precinct, births: Births) -> list[Transfer]:
    """Return the people of a precinct who may stand in the next one too, known without its list."""
    rng = stream(plan.seed, "transfers", precinct.index)
    count = min(share_of(rng, precinct.voters, DUPLICATE_RATE), precinct.voters // _TRANSFERS_MAX)
    families = Families(rng, births, precinct.district.region)
    found: dict[str, Transfer] = {}
    while len(found) < count:
        is_male = rng.random() < 0.5
        birth = pick(rng, births.bands[pick(rng, _TRANSFER_BANDS)])
        person = families.lone_person(birth, is_male)
        pinfl = transfer_pinfl(precinct, births, plan.seed, person.sex, birth)
        document = document_number(plan.seed, precinct.first_row + len(found))
        found.setdefault(pinfl, Transfer(person, pinfl, document))
    return list(found.values())


def duplicates(before: PrecinctList, after: PrecinctList) -> tuple[list[Answer], list[Answer]]:
    """Return what the key says of people in both of two neighbouring lists: in the first, in the second."""
    of_before: list[Answer] = []
    of_after: list[Answer] = []
    for row, other in zip(before.sent, after.received, strict=False):
        pinfl = after.rows[other - after.precinct.first_row - 1].pinfl
        of_before.append(Answer(row, pinfl, Kind.DUPLICATE_PINFL, other_row=other))
        of_after.append(Answer(other, pinfl, Kind.DUPLICATE_PINFL, other_row=row))
    return of_before, of_after


def _homes(rng: Random, precinct: Precinct, births: Births, moving: Sequence[Transfer]) -> list[Home]:
    people = precinct.voters - len(moving)
    has_birthdays = people >= _VOTERS_FOR_BIRTHDAYS
    bands = draw_births(rng, births, people - 2 if has_birthdays else people)
    if has_birthdays:
        # At both ends, so that they seldom come to one family.
        bands[0] = [births.after_day, *bands[0], births.on_day]
    homes = [Home(household) for household in Families(rng, births, precinct.district.region).compose(bands)]
    _rename_namesakes(rng, homes, share_of(rng, people, NAMESAKE_RATE))
    _rename_example(homes, births)
    homes += (Home(Household([transfer.person], []), transfer) for transfer in moving)
    rng.shuffle(homes)
    return homes


def _rename_namesakes(rng: Random, homes: list[Home], count: int) -> None:
    """Give some who live alone the whole name of somebody else of their sex."""
    lone = [home for home in homes if len(home.household.members) == 1]
    for _ in range(count if lone else 0):
        members = pick(rng, lone).household.members
        namesake = pick(rng, pick(rng, homes).household.members)
        if namesake.sex == members[0].sex and namesake.birth != members[0].birth:
            members[0] = namesake._replace(birth=members[0].birth)


def _rename_example(homes: list[Home], births: Births) -> None:
    """One family is the one that the guides look for; in a small precinct there may be none."""
    for home in homes:
        members, ties = home.household
        years = {births.written(member.birth).year for member in members}
        if EXAMPLE_BIRTH_YEAR in years and all(tie.kind is not Kind.DOUBLE_SURNAME for tie in ties):
            members[:] = [
                member._replace(surname="Karimov" if member.sex == MALE else "Karimova") for member in members
            ]
            return


def _place(
    rng: Random, plan: Plan, precinct: Precinct, homes: Sequence[Home], identities: Identities
) -> tuple[list[VoterRow], list[tuple[int, Answer]]]:
    births = births_for(plan.election_day)
    rows: list[VoterRow] = []
    answers: list[tuple[int, Answer]] = []
    soato = precinct.district.soato
    all_contests = ";".join(plan.contests)
    newcomer_contests = ";".join(plan.newcomer_contests)
    for home, (mahalla, address) in zip(homes, walk(rng, precinct.district.is_town), strict=False):
        contests = newcomer_contests if rng.random() < NEWCOMER_RATE else all_contests
        first = len(rows)
        for sex, asked_birth, surname, given_name, patronymic in home.household.members:
            if home.transfer:
                pinfl, document, birth = home.transfer.pinfl, home.transfer.document, asked_birth
            else:
                pinfl, document, birth = identities.issue(sex, asked_birth)
            page, row = divmod(len(rows), ROWS_PER_PAGE)
            rows.append(
                VoterRow(
                    pinfl,
                    document,
                    surname,
                    given_name,
                    patronymic,
                    births.written(birth).text,
                    sex,
                    address,
                    mahalla,
                    soato,
                    precinct.code,
                    page + 1,
                    row + 1,
                    contests,
                )
            )
        for kind, member, other in home.household.ties:
            other_place = "" if other is None else first + other
            answers.append((first + member, Answer(0, "", kind, other_row=other_place)))
    return rows, answers


def _namesakes(rows: Sequence[VoterRow]) -> Iterator[tuple[int, Answer]]:
    seen: dict[tuple[str, str, str], int] = {}
    for place, row in enumerate(rows):
        other = seen.setdefault((row.surname, row.given_name, row.patronymic), place)
        if other != place:
            yield place, Answer(0, "", Kind.NAMESAKE, other_row=other)
            yield other, Answer(0, "", Kind.NAMESAKE, other_row=place)


def _birthdays(rows: Sequence[VoterRow], births: Births) -> Iterator[tuple[int, Answer]]:
    kinds = {
        births.written(births.on_day).text: Kind.BIRTHDAY_ON_ELECTION_DAY,
        births.written(births.after_day).text: Kind.BIRTHDAY_AFTER_ELECTION_DAY,
    }
    for place, row in enumerate(rows):
        if kind := kinds.get(row.birth_date):
            yield place, Answer(0, "", kind)


def _numbered(answer: Answer, place: int, rows: Sequence[VoterRow], first: int) -> Answer:
    """Give an answer its row numbers in the whole file, and its PINFL."""
    other = answer.other_row
    return answer._replace(
        row=first + place,
        pinfl=rows[place].pinfl,
        other_row=first + other if isinstance(other, int) else other,
    )
