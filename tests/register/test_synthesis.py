import csv
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, islice
from pathlib import Path

import pytest

from pollbook.pinfl import check_digit
from register.synthesis.cyrillic import to_cyrillic
from register.synthesis.marks import is_synthetic
from register.synthesis.plan import CONTESTS, ELECTION_DAY, Plan, PlanRefused, precincts
from register.synthesis.precinct import precinct_list
from register.synthesis.rows import Kind
from register.synthesis.territory import REGION_WEIGHTS, read_districts
from register.synthesis.writer import synthesise
from register.voter_rows import VoterRow

FILES = ("voters.csv", "totals.csv", "answers.csv", "officers.csv")
HEADER = (
    "pinfl,document,surname,given_name,patronymic,birth_date,sex,address,mahalla,district_soato,"
    "precinct,page,row,contests"
)
RIGHT_APOSTROPHES = "ʻʼ"
WRONG_APOSTROPHES = "'‘’`´′"


@dataclass(frozen=True)
class Written:
    folder: Path
    voters: list[VoterRow]
    answers: list[dict[str, str]]

    def of_kind(self, kind: Kind) -> list[dict[str, str]]:
        return [answer for answer in self.answers if answer["kind"] == kind]

    def rows_of_kind(self, kind: Kind) -> set[int]:
        return {int(answer["row"]) for answer in self.of_kind(kind)}

    def voter(self, row: str) -> VoterRow:
        return self.voters[int(row) - 1]


def read(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def voters_in(folder: Path) -> list[VoterRow]:
    return [
        VoterRow(**{**row, "page": int(row["page"]), "row": int(row["row"])})  # type: ignore[arg-type]
        for row in read(folder, "voters.csv")
    ]


def rows_of(plan: Plan) -> Iterator[VoterRow]:
    previous = None
    for precinct in precincts(plan, read_districts()):
        yield from precinct_list(plan, precinct, previous).rows
        previous = precinct


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def birth_of(voter: VoterRow) -> date:
    day, month, year = map(int, voter.birth_date.split("."))
    return date(year, month, day)


def age_of(voter: VoterRow) -> int:
    born = birth_of(voter)
    had_birthday = (ELECTION_DAY.month, ELECTION_DAY.day) >= (born.month, born.day)
    return ELECTION_DAY.year - born.year - (not had_birthday)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("synthetic")
    synthesise(Plan(precincts=20, voters_each=2000, seed=7), folder)
    return Written(folder, voters_in(folder), read(folder, "answers.csv"))


# The files


def test_the_headers_are_those_of_the_design(written: Written) -> None:
    heads = {name: (written.folder / name).read_text(encoding="utf-8").split("\n", 1)[0] for name in FILES[:2]}
    assert heads == {"voters.csv": HEADER, "totals.csv": "precinct,voters"}
    assert list(read(written.folder, "officers.csv")[0]) == [
        "precinct", "person", "surname", "given_name", "role",
    ]  # fmt: skip
    assert list(written.answers[0]) == ["row", "pinfl", "kind", "field", "clean", "other_row"]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("first", 7), ("second", 7), ("third", 8)):
        synthesise(Plan(precincts=3, voters_each=300, seed=seed), tmp_path / name)
    assert bytes_of(tmp_path / "first") == bytes_of(tmp_path / "second")
    assert bytes_of(tmp_path / "first")["voters.csv"] != bytes_of(tmp_path / "third")["voters.csv"]


def test_a_precinct_does_not_change_when_more_come_after(tmp_path: Path) -> None:
    for count in (3, 6):
        synthesise(Plan(precincts=count, voters_each=300, seed=7), tmp_path / str(count))
    for name in ("voters.csv", "totals.csv", "officers.csv"):
        short = (tmp_path / "3" / name).read_bytes()
        assert (tmp_path / "6" / name).read_bytes().startswith(short)


def test_totals_count_every_row_of_a_precinct(written: Written) -> None:
    counted = Counter(voter.precinct for voter in written.voters)
    assert {row["precinct"]: int(row["voters"]) for row in read(written.folder, "totals.csv")} == counted
    assert len(written.voters) == 20 * 2000


def test_a_total_for_the_whole_list_is_met_exactly(tmp_path: Path) -> None:
    done = synthesise(Plan.of_total(precincts=7, voters=1003, seed=1), tmp_path)
    assert done.voters == len(voters_in(tmp_path)) == 1003


def test_twenty_voters_are_a_list(tmp_path: Path) -> None:
    synthesise(Plan(precincts=1, voters_each=20, seed=3), tmp_path)
    voters = voters_in(tmp_path)
    assert [(voter.page, voter.row) for voter in voters] == [(1, row) for row in range(1, 21)]
    kinds = {answer["kind"] for answer in read(tmp_path, "answers.csv")}
    assert {Kind.BIRTHDAY_ON_ELECTION_DAY, Kind.BIRTHDAY_AFTER_ELECTION_DAY} <= kinds


@pytest.mark.parametrize("voters", range(1, 40))
def test_the_smallest_lists_have_the_voters_asked_for(voters: int) -> None:
    assert len(list(rows_of(Plan(precincts=2, voters_each=voters, seed=voters)))) == 2 * voters


def test_progress_is_told_after_each_precinct(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    synthesise(Plan(precincts=3, voters_each=50, seed=1), tmp_path, lambda done, total: told.append((done, total)))
    assert told[:2] == [(50, told[-1][1]), (100, told[-1][1])]
    assert told[-1][0] == told[-1][1]


def test_memory_does_not_grow_with_the_number_of_precincts(tmp_path: Path) -> None:
    synthesise(Plan(precincts=2, voters_each=300, seed=1), tmp_path)  # fills what is made once
    peaks: list[int] = []
    for count in (4, 40):
        tracemalloc.start()
        synthesise(Plan(precincts=count, voters_each=300, seed=1), tmp_path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_no_unfinished_file_is_left_and_the_folder_says_synthetic(written: Written) -> None:
    assert {path.name for path in written.folder.iterdir()} == {*FILES, "SYNTHETIC.txt"}
    assert (written.folder / "SYNTHETIC.txt").read_text(encoding="utf-8").startswith("SYNTHETIC\n")


@pytest.mark.parametrize(
    "asked",
    [
        {"precincts": 0, "voters_each": 10},
        {"precincts": 1, "voters_each": 0},
        {"precincts": 1, "voters_each": 10, "election_day": date(2028, 2, 29)},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(asked: dict[str, int]) -> None:
    with pytest.raises(PlanRefused):
        Plan(seed=1, **asked)


def test_more_people_than_numbers_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(PlanRefused, match="no PINFL serials left"):
        synthesise(Plan(precincts=12_501, voters_each=10, seed=1), tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Precincts and officers


def test_the_first_precinct_is_the_one_that_rehearsals_name() -> None:
    assert next(precincts(Plan(precincts=1, voters_each=20, seed=9), read_districts())).code == "1708-0001"


def test_precinct_codes_are_unique_and_regions_have_their_shares_of_the_nation() -> None:
    plan = Plan(precincts=10_260, voters_each=2000, seed=1)
    nation = list(precincts(plan, read_districts()))
    assert len({precinct.code for precinct in nation}) == 10_260
    assert all(precinct.district.region == precinct.code[:4] for precinct in nation)
    by_region = Counter(precinct.district.region for precinct in nation)
    total = sum(REGION_WEIGHTS.values())
    for region, weight in REGION_WEIGHTS.items():
        assert abs(by_region[region] - 10_260 * weight / total) < 2


def test_a_commission_has_its_heads_and_two_operators(written: Written) -> None:
    officers = read(written.folder, "officers.csv")
    assert len({officer["person"] for officer in officers}) == len(officers)
    for precinct, group in groupby(officers, key=lambda officer: officer["precinct"]):
        commission = list(group)
        roles = Counter(officer["role"] for officer in commission)
        assert 5 <= len(commission) <= 9
        assert (roles["chair"], roles["deputy_chair"], roles["secretary"], roles["operator"]) == (1, 1, 1, 2)
        assert commission[0]["person"] == f"{precinct}-01"


# People


def test_pinfls_are_unique_but_for_deliberate_duplicates_across_200_precincts() -> None:
    plan = Plan(precincts=200, voters_each=150, seed=11)
    districts = read_districts()
    deliberate: set[str] = set()
    seen: Counter[str] = Counter()
    documents: dict[str, set[str]] = defaultdict(set)
    previous = None
    for precinct in precincts(plan, districts):
        listed = precinct_list(plan, precinct, previous)
        deliberate |= {listed.rows[row - precinct.first_row - 1].pinfl for row in listed.received}
        seen.update(row.pinfl for row in listed.rows)
        for row in listed.rows:
            documents[row.document].add(row.pinfl)
        previous = precinct
    assert {pinfl for pinfl, times in seen.items() if times > 1} == deliberate
    assert all(seen[pinfl] == 2 for pinfl in deliberate)
    assert all(len(holders) == 1 for holders in documents.values())


def test_a_precinct_larger_than_a_block_of_numbers_keeps_them_unique() -> None:
    rows = list(rows_of(Plan(precincts=1, voters_each=30_000, seed=5)))
    assert len({row.pinfl for row in rows}) == len({row.document for row in rows}) == 30_000
    assert len({(row.mahalla, row.address, row.birth_date, row.pinfl) for row in rows}) == 30_000


def test_every_pinfl_agrees_with_birth_date_sex_and_check_digit(written: Written) -> None:
    bad = written.rows_of_kind(Kind.BAD_CHECK_DIGIT)
    for number, voter in enumerate(written.voters, start=1):
        born = birth_of(voter)
        century = (3 if born.year < 2000 else 5) + (voter.sex == "f")
        assert voter.pinfl[:7] == f"{century}{born:%d%m%y}"
        assert is_synthetic(voter.pinfl, voter.document)
        assert (voter.pinfl[13] != str(check_digit(voter.pinfl[:13]))) == (number in bad)


def test_a_precincts_pinfls_do_not_share_their_last_digits(written: Written) -> None:
    endings = {voter.pinfl[-4:] for voter in written.voters[:2000]}
    assert len(endings) > 1500


def test_ages_and_sexes_have_the_nations_shares(written: Written) -> None:
    ages = [age_of(voter) for voter in written.voters]
    shares = {(18, 24): 15, (25, 34): 25, (35, 44): 22, (45, 54): 15, (55, 64): 13, (65, 74): 7, (75, 99): 3}
    for (first, last), percent in shares.items():
        share = 100 * sum(first <= age <= last for age in ages) / len(ages)
        assert abs(share - percent) < 0.5
    assert max(ages) <= 99
    women = 100 * sum(voter.sex == "f" for voter in written.voters) / len(written.voters)
    assert abs(women - 51) < 1


def test_households_share_surname_and_address(written: Written) -> None:
    not_latin = written.rows_of_kind(Kind.CYRILLIC_ROW) | written.rows_of_kind(Kind.WRONG_APOSTROPHE)
    clean = [voter for number, voter in enumerate(written.voters, 1) if number not in not_latin]
    sizes: list[int] = []
    for _, group in groupby(clean, key=lambda voter: (voter.precinct, voter.mahalla, voter.address)):
        household = list(group)
        sizes.append(len(household))
        families = {voter.surname.rsplit("-")[-1].removesuffix("aya").removesuffix("iy").removesuffix("a")
                    for voter in household}  # fmt: skip
        assert len(families) == 1
    assert 2.4 < sum(sizes) / len(sizes) < 3.4
    addresses = [key for key, _ in groupby((voter.precinct, voter.mahalla, voter.address) for voter in clean)]
    assert len(addresses) == len(set(addresses))


def test_a_sons_patronymic_is_the_given_name_of_a_man_in_the_house(written: Written) -> None:
    households = defaultdict(list)
    for voter in written.voters:
        households[voter.precinct, voter.mahalla, voter.address].append(voter)
    sons = [
        (household[0], voter)
        for household in households.values()
        for voter in household[1:]
        if household[0].sex == voter.sex == "m" and age_of(household[0]) - age_of(voter) > 20
        and voter.patronymic and voter.given_name.isascii() and household[0].given_name.isascii()
    ]  # fmt: skip
    assert len(sons) > 1000
    named = sum(son.patronymic.startswith(father.given_name[:4]) for father, son in sons)
    assert named / len(sons) > 0.99


def test_both_styles_of_patronymic_occur(written: Written) -> None:
    endings = Counter(voter.patronymic.replace(" ", "-").rsplit("-")[-1][-5:] for voter in written.voters)
    assert endings["oʻgʻli"[-5:]] > 1000
    assert endings["qizi"] > 1000
    assert sum(count for ending, count in endings.items() if ending.endswith(("vich", "vna"))) > 10_000


def test_karakalpak_names_live_in_qoraqalpogiston_and_russian_style_ones_are_five_percent(written: Written) -> None:
    from_elsewhere = written.rows_of_kind(Kind.DUPLICATE_PINFL)
    karakalpak = Counter(
        voter.precinct[:4]
        for number, voter in enumerate(written.voters, 1)
        if number not in from_elsewhere and set(voter.surname + voter.given_name) & set("áǵıńóúÁǴŃÓÚ")
    )
    assert set(karakalpak) == {"1735"}
    russian = sum(voter.given_name in {"Sergey", "Yelena", "Olga", "Andrey"} for voter in written.voters)
    assert 20 < russian < 400


def test_pages_have_twenty_rows_in_the_order_of_the_list(written: Written) -> None:
    for _, group in groupby(written.voters, key=lambda voter: voter.precinct):
        places = [(voter.page, voter.row) for voter in group]
        assert places == [(place // 20 + 1, place % 20 + 1) for place in range(len(places))]


def test_two_percent_are_entitled_to_the_first_two_contests_only(written: Written) -> None:
    counted = Counter(voter.contests for voter in written.voters)
    assert set(counted) == {";".join(CONTESTS), ";".join(CONTESTS[:2])}
    assert abs(counted[";".join(CONTESTS[:2])] / len(written.voters) - 0.02) < 0.006


def test_contests_are_the_plans() -> None:
    plan = Plan(precincts=1, voters_each=400, seed=2, contests=("one", "two"), newcomer_contests=("one",))
    assert {row.contests for row in rows_of(plan)} == {"one;two", "one"}


# Dirt and its key


@pytest.mark.parametrize(
    ("kind", "rate"),
    [
        (Kind.WRONG_APOSTROPHE, 0.01),
        (Kind.CYRILLIC_ROW, 0.02),
        (Kind.OLD_DOCUMENT, 0.005),
        (Kind.NO_PATRONYMIC, 0.003),
        (Kind.DUPLICATE_PINFL, 2 * 0.002 * 19 / 20),  # both rows are told; the first precinct has none before
        (Kind.DECEASED, 0.001),
        (Kind.MOVED, 0.005),
        (Kind.BAD_CHECK_DIGIT, 0.0005),
    ],
)
def test_dirt_is_laid_at_the_nations_rates(written: Written, kind: Kind, rate: float) -> None:
    expected = rate * len(written.voters)
    assert abs(len(written.rows_of_kind(kind)) - expected) <= 10


@pytest.mark.parametrize("kind", [Kind.TWIN, Kind.NAMESAKE, Kind.FATHER_AND_SON_SAME_NAME, Kind.DOUBLE_SURNAME])
def test_hard_cases_occur(written: Written, kind: Kind) -> None:
    assert 20 <= len(written.rows_of_kind(kind)) < 800


def test_the_key_names_rows_in_order_by_their_pinfl(written: Written) -> None:
    rows = [int(answer["row"]) for answer in written.answers]
    assert rows == sorted(rows)
    assert all(written.voter(answer["row"]).pinfl == answer["pinfl"] for answer in written.answers)


def test_the_key_has_every_wrong_and_cyrillic_letter_and_no_other(written: Written) -> None:
    cyrillic: set[int] = set()
    wrong: set[int] = set()
    for number, voter in enumerate(written.voters, start=1):
        text = voter.surname + voter.given_name + voter.patronymic
        if any("\u0400" <= letter <= "\u04ff" for letter in text):
            cyrillic.add(number)
        if set(text) & set(WRONG_APOSTROPHES):
            wrong.add(number)
    assert cyrillic == written.rows_of_kind(Kind.CYRILLIC_ROW)
    assert wrong == written.rows_of_kind(Kind.WRONG_APOSTROPHE)


def test_clean_values_differ_from_the_file_in_what_the_kind_says(written: Written) -> None:
    for answer in written.answers:
        if not answer["field"] or answer["field"] == "precinct":
            continue
        dirty = getattr(written.voter(answer["row"]), answer["field"])
        assert dirty != answer["clean"]
        match answer["kind"]:
            case Kind.CYRILLIC_ROW:
                assert to_cyrillic(answer["clean"]) == dirty
            case Kind.WRONG_APOSTROPHE:
                spots = [(a, b) for a, b in zip(answer["clean"], dirty, strict=True) if a != b]
                assert all(a in RIGHT_APOSTROPHES and b in WRONG_APOSTROPHES for a, b in spots)
            case Kind.NO_PATRONYMIC:
                assert dirty == ""
            case Kind.OLD_DOCUMENT:
                assert is_synthetic("", answer["clean"])
            case Kind.BAD_CHECK_DIGIT:
                assert answer["clean"][:13] == dirty[:13]
                assert int(answer["clean"][13]) == check_digit(dirty[:13])
            case kind:
                pytest.fail(f"{kind} has no clean value")


def test_a_row_without_patronymic_is_in_the_key(written: Written) -> None:
    empty = {number for number, voter in enumerate(written.voters, 1) if not voter.patronymic}
    assert empty == written.rows_of_kind(Kind.NO_PATRONYMIC)


def test_the_moved_are_said_to_be_in_another_precinct(written: Written) -> None:
    codes = {voter.precinct for voter in written.voters}
    for answer in written.of_kind(Kind.MOVED):
        home = written.voter(answer["row"]).precinct
        assert answer["clean"] in codes - {home} or (answer["clean"] == "" and home == "1708-0001")


def test_duplicates_name_each_other_and_lie_in_two_precincts(written: Written) -> None:
    told = {answer["row"]: answer["other_row"] for answer in written.of_kind(Kind.DUPLICATE_PINFL)}
    assert told
    assert all(told[other] == row for row, other in told.items())
    for row, other in told.items():
        one, two = written.voter(row), written.voter(other)
        assert one[:7] == two[:7]
        assert one.precinct != two.precinct
    counted = Counter(voter.pinfl for voter in written.voters)
    assert {int(row) for row in told} == {
        number for number, voter in enumerate(written.voters, 1) if counted[voter.pinfl] > 1
    }


def test_twins_share_birth_day_and_address(written: Written) -> None:
    for answer in written.of_kind(Kind.TWIN):
        one, two = written.voter(answer["row"]), written.voter(answer["other_row"])
        assert one.birth_date == two.birth_date
        assert (one.precinct, one.page) <= (two.precinct, two.page + 1)
        assert one.pinfl != two.pinfl


def test_namesakes_share_all_their_names_in_one_precinct(written: Written) -> None:
    retyped = written.rows_of_kind(Kind.CYRILLIC_ROW) | written.rows_of_kind(Kind.WRONG_APOSTROPHE)
    retyped |= written.rows_of_kind(Kind.NO_PATRONYMIC)
    for answer in written.of_kind(Kind.NAMESAKE):
        if int(answer["row"]) in retyped or int(answer["other_row"]) in retyped:
            continue
        one, two = written.voter(answer["row"]), written.voter(answer["other_row"])
        assert one[2:5] == two[2:5]
        assert one.precinct == two.precinct
        assert one.pinfl != two.pinfl


def test_a_birthday_on_the_day_may_vote_and_one_the_day_after_may_not(written: Written) -> None:
    on_day = written.of_kind(Kind.BIRTHDAY_ON_ELECTION_DAY)
    after = written.of_kind(Kind.BIRTHDAY_AFTER_ELECTION_DAY)
    assert len(on_day) == len(after) == 20
    assert all(written.voter(answer["row"]).birth_date == "20.12.2008" for answer in on_day)
    young = {number for number, voter in enumerate(written.voters, 1) if age_of(voter) < 18}
    assert young == {int(answer["row"]) for answer in after}


def test_another_election_day_moves_the_birthdays() -> None:
    plan = Plan(precincts=1, voters_each=200, seed=4, election_day=date(2027, 10, 24))
    births = [datetime.strptime(row.birth_date, "%d.%m.%Y").date() for row in rows_of(plan)]  # noqa: DTZ007 - a day of birth knows no zones
    assert max(births) == date(2009, 10, 25)
    assert date(2009, 10, 24) in births


# The rest


def test_a_precinct_is_made_without_the_ones_before_it() -> None:
    plan = Plan(precincts=10_260, voters_each=1900, seed=7)
    before, last = islice(precincts(plan, read_districts()), 10_258, None)
    listed = precinct_list(plan, last, before)
    assert len(listed.rows) == last.voters
    assert listed.received


@pytest.mark.parametrize(
    ("pinfl", "document", "verdict"),
    [
        ("31210639000000", "ZZ0000001", True),
        ("31210639999999", "ZZ0000001", True),
        ("31210632040244", "ZZ0000001", False),
        ("31210639000000", "AA0000001", False),
        ("", "ZZ0000001", True),
        ("31210639000000", "", True),
        ("", "", False),
        ("3121063900", "ZZ0000001", False),
    ],
)
def test_synthetic_data_are_known_by_both_marks(pinfl: str, document: str, verdict: bool) -> None:
    assert is_synthetic(pinfl, document) is verdict


@pytest.mark.parametrize(
    ("latin", "cyrillic"),
    [
        ("Oʻktamov", "Ўктамов"),
        ("Yoʻldoshev", "Йўлдошев"),
        ("Gʻani oʻgʻli", "Ғани ўғли"),
        ("Ergashev", "Эргашев"),
        ("Aliyev", "Алиев"),
        ("Maʼrufovich", "Маъруфович"),
        ("Isʼhoq", "Исҳоқ"),
        ("Kuznetsova", "Кузнецова"),
        ("Ótegenov", "Өтегенов"),
        ("Nurlıbek", "Нурлыбек"),
        ("Shodiya", "Шодия"),
        ("Yelena", "Елена"),
        ("Navoiy koʻchasi, 12-uy, 5-xonadon", "Навоий кўчаси, 12-уй, 5-хонадон"),
        ("Gulobod MFY", "Гулобод МФЙ"),
    ],
)
def test_latin_becomes_the_cyrillic_of_old_records(latin: str, cyrillic: str) -> None:
    assert to_cyrillic(latin) == cyrillic


def test_territory_names_have_right_apostrophes() -> None:
    names = [district.name for around in read_districts().values() for district in around]
    assert len(names) == 206
    assert not set("".join(names)) & set(WRONG_APOSTROPHES)
