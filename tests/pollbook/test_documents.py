from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pollbook.documents import (
    Comparison,
    DocumentSays,
    Field,
    Likeness,
    NameSaid,
    Remark,
    compare,
    find_keys,
    remarks,
)
from pollbook.types import LineId
from pollbook.voters import Voter

TODAY = date(2026, 12, 20)
VOTER = Voter(
    line=LineId(7),
    pinfl="40211799000012",
    document="ZZ1000001",
    surname="Karimova",
    given_name="Nodira",
    patronymic="Botirovna",
    birth_date=date(1979, 11, 2),
    sex="f",
    address="Bogʻ koʻchasi, 2-uy",
    mahalla="Zargarlik MFY",
    district_soato="1708401",
    page=1,
    row=2,
    contests=(),
)
SAYS = DocumentSays(
    issuer="UZB",
    number="ZZ1000001",
    pinfl="40211799000012",
    names=(NameSaid("KARIMOVA", "NODIRA BOTIROVNA"),),
    birth_dates=("791102",),
    sex="f",
    expires_on=date(2030, 1, 1),
)
TEXTS = st.text(max_size=30)
DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
ANY_DOCUMENT = st.builds(
    DocumentSays,
    issuer=st.sampled_from(["UZB", "UTO", "D", ""]) | TEXTS,
    number=TEXTS,
    pinfl=TEXTS,
    names=st.lists(st.builds(NameSaid, TEXTS, TEXTS, st.booleans()), max_size=3).map(tuple),
    birth_dates=st.lists(st.text("0123456789<", max_size=8), max_size=3).map(tuple),
    sex=st.sampled_from(["m", "f", ""]),
    expires_on=st.none() | DAYS,
    doubts=st.sets(st.sampled_from(Remark)).map(tuple),
)


def likeness(compared: Comparison, field: Field) -> Likeness:
    return next(each.likeness for each in compared.fields if each.field is field)


def test_the_voter_s_own_document_is_the_same_in_every_field() -> None:
    compared = compare(SAYS, VOTER, TODAY)
    assert {each.likeness for each in compared.fields} == {Likeness.SAME}
    assert (compared.differing, compared.remarks) == ((), ())


@given(ANY_DOCUMENT)
def test_any_document_is_compared_in_every_field_once_and_in_order(says: DocumentSays) -> None:
    compared = compare(says, VOTER, TODAY)
    assert tuple(each.field for each in compared.fields) == tuple(Field)
    assert set(compared.differing) <= set(Field)
    assert list(compared.remarks) == sorted(compared.remarks, key=list(Remark).index)


@given(ANY_DOCUMENT)
def test_what_either_side_does_not_say_never_differs(says: DocumentSays) -> None:
    mute = compare(DocumentSays(), VOTER, TODAY)
    assert {each.likeness for each in mute.fields} == {Likeness.ABSENT}
    nameless = replace(VOTER, patronymic="")
    assert likeness(compare(says, nameless, TODAY), Field.PATRONYMIC) is Likeness.ABSENT


@given(ANY_DOCUMENT)
def test_only_a_document_of_uzbekistan_finds_anybody_by_its_pinfl_first(says: DocumentSays) -> None:
    keys = find_keys(says)
    if says.issuer != "UZB":
        assert keys == ()
    else:
        assert keys == tuple(key for key in (says.pinfl, says.number) if key)


@given(ANY_DOCUMENT, DAYS)
def test_what_a_document_says_is_in_no_repr(says: DocumentSays, today: date) -> None:
    said = replace(says, pinfl="40211799000012", number="ZZ1000001")
    compared = compare(said, VOTER, today)
    for value in (said, compared, *compared.fields, NameSaid("KARIMOVA", "NODIRA")):
        assert "KARIMOVA" not in repr(value)
        assert "4021179" not in repr(value)
        assert "ZZ1000001" not in repr(value)


@given(DAYS)
def test_a_document_is_expired_from_the_day_after_its_last(last: date) -> None:
    says = replace(SAYS, expires_on=last)
    assert Remark.EXPIRED not in remarks(says, last)
    assert Remark.EXPIRED in remarks(says, last + timedelta(days=1))
    assert compare(says, VOTER, last + timedelta(days=1)).differing == ()


@given(st.sampled_from(["UTO", "D", "KAZ"]))
def test_another_state_s_document_is_told(issuer: str) -> None:
    assert compare(replace(SAYS, issuer=issuer), VOTER, TODAY).remarks == (Remark.OTHER_STATE,)


def test_each_field_that_differs_is_named() -> None:
    other = DocumentSays(
        issuer="UZB",
        number="ZZ7654321",
        pinfl="31203799000017",
        names=(NameSaid("RAHIMOV", "AZIZ ANVAROVICH"),),
        birth_dates=("790312",),
        sex="m",
    )
    compared = compare(other, VOTER, TODAY)
    assert set(compared.differing) == set(Field) - {Field.PATRONYMIC}
    assert likeness(compared, Field.PATRONYMIC) is Likeness.ABSENT
    sister = replace(SAYS, names=(NameSaid("KARIMOVA", "NARGIZA BOTIROVNA"),))
    assert compare(sister, VOTER, TODAY).differing == (Field.GIVEN_NAME,)
    other_father = replace(SAYS, names=(NameSaid("KARIMOVA", "NODIRA ANVAROVNA"),))
    assert compare(other_father, VOTER, TODAY).differing == (Field.PATRONYMIC,)


def test_a_name_is_the_same_where_one_place_of_the_document_writes_it_so() -> None:
    cyrillic = NameSaid("Каримова", "Нодира Ботир қизи")
    odd = NameSaid("CARIMOVE", "NODIRAH")
    compared = compare(replace(SAYS, names=(odd, cyrillic)), VOTER, TODAY)
    assert compared.differing == ()
    assert next(each.said for each in compared.fields if each.field is Field.SURNAME) == "Каримова"


def test_a_name_that_the_zone_cut_does_not_differ() -> None:
    voter = replace(VOTER, surname="Gʻulomqodirovxoʻjayeva", given_name="Muhammadrahimaxon")
    cut = NameSaid("GULOMQODIROVXOJAYEVA", "MUHAMMADRAHI", is_cut=True)
    compared = compare(replace(SAYS, names=(cut,)), voter, TODAY)
    assert compared.differing == ()
    without_given = NameSaid("GULOMQODIROVXOJ", "", is_cut=True)
    compared = compare(replace(SAYS, names=(without_given,)), voter, TODAY)
    assert (likeness(compared, Field.SURNAME), likeness(compared, Field.GIVEN_NAME)) == (
        Likeness.SAME,
        Likeness.ABSENT,
    )


def test_a_birth_date_is_compared_in_the_parts_that_are_known() -> None:
    def born(*said: str) -> Likeness:
        return likeness(compare(replace(SAYS, birth_dates=said), VOTER, TODAY), Field.BIRTH_DATE)

    assert born("79<<<<") is Likeness.SAME
    assert born("<<<<<<") is Likeness.ABSENT
    assert born("80<<<<") is Likeness.DIFFERS
    assert born("19791102") is Likeness.SAME
    assert born("18791102", "791102") is Likeness.DIFFERS
