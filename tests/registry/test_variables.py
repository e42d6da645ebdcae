from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from registry.facts import (
    BirthPrecision,
    Diploma,
    DwellingType,
    Facts,
    HealthCover,
    HouseholdFacts,
    IncompleteFacts,
    MemberFacts,
    MissingFact,
    Occupation,
    Relation,
    Schooling,
    Zone,
)
from registry.geography import UnknownPlace
from registry.rules.programmes import member_questions
from registry.rules.scoring import models
from registry.rules.variables import (
    FACTS_OF_VARIABLE,
    index_of,
    missing_facts,
    only_asked,
    questions,
    variable_values,
)
from tests.registry.test_scoring import A1, MODEL, B, C
from tests.registry.worked_households import (
    BENI_MELLAL,
    DECLARED_ON,
    complete_facts,
    couple_with_pupils,
    farmer_family,
    person,
    rural_home,
    urban_home,
    woman_alone,
)


@pytest.mark.parametrize(
    ("facts", "values", "published"),
    [
        (couple_with_pupils(), A1, "9.6012644"),
        (couple_with_pupils(telephone_mad=Decimal(110)), A1 | {"U35": "450"}, "9.6465644"),
        (couple_with_pupils(commune=BENI_MELLAL), A1, "9.3812644"),
        (farmer_family(), B, "9.046350"),
        (woman_alone(), C, "10.3542375"),
    ],
    ids=["A1", "A2", "A3", "B", "C"],
)
def test_worked_examples_come_out_of_real_households(
    facts: Facts, values: dict[str, str], published: str
) -> None:
    derived = variable_values(facts, MODEL)
    assert {code: str(value) for code, value in derived.items() if value} == values
    assert str(index_of(facts, MODEL).index) == published


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(complete_facts())
def test_any_household_that_answered_has_an_index_that_is_the_sum_of_its_lines(facts: Facts) -> None:
    index = index_of(facts, MODEL)
    formula = MODEL.zones[index.zone]
    assert [line.code for line in index.lines] == ["K", "k", *formula.by_code]
    assert index.index == sum(line.points for line in index.lines)
    assert only_asked(facts, MODEL) == facts
    for line in index.lines[2:]:
        assert line.value == round(line.value, MODEL.value_decimals)
        assert line.value >= 0


def value_of(code: str, facts: Facts) -> Decimal:
    return variable_values(facts, MODEL)[code]


def city(*members: MemberFacts, **home: Any) -> Facts:
    return Facts(household=urban_home(**home), members=members, declared_on=DECLARED_ON)


def village(*members: MemberFacts, **home: Any) -> Facts:
    return Facts(household=rural_home(**home), members=members, declared_on=DECLARED_ON)


def citizen(number: int, relation: Relation, age: int, **answers: Any) -> MemberFacts:
    """Somebody in a town who answered everything, in the plainest way."""
    plain: dict[str, Any] = {}
    if relation is Relation.HEAD:
        plain |= {"education": "none"}
    if relation is Relation.CHILD and 6 <= age <= 20:
        plain |= {"schooling": "public"}
    if age >= 15:
        plain |= {"diploma": "general", "active": False, "occupation": "other"}
    return person(number, relation, age, **(plain | answers))


def villager(number: int, relation: Relation, age: int, **answers: Any) -> MemberFacts:
    grown = {"literate": False, "active": None} if age >= 15 else {}
    return citizen(number, relation, age, **(grown | answers))


HEAD = citizen(1, Relation.HEAD, 40)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), 1),
        ((Relation.SPOUSE,), 1),
        ((Relation.CHILD,), 0),
        ((Relation.PARENT,), 0),
        ((Relation.SPOUSE, Relation.CHILD), 0),
        ((Relation.SPOUSE, Relation.SPOUSE), 0),
    ],
)
def test_alone_or_a_couple_without_children(others: tuple[Relation, ...], expected: int) -> None:
    members = [citizen(number, relation, 30) for number, relation in enumerate(others, start=2)]
    assert value_of("U1", city(HEAD, *members)) == expected


@pytest.mark.parametrize(
    ("size", "rooms", "at_most_two", "two_to_three"),
    [
        (2, 1, 1, 0),
        (3, 1, 0, 1),
        (4, 1, 0, 0),
        (4, 2, 1, 0),
        (5, 2, 0, 1),
        (6, 2, 0, 1),
        (7, 2, 0, 0),
        (1, 30, 1, 0),
    ],
)
def test_persons_per_room_are_in_one_class_at_most(
    size: int, rooms: int, at_most_two: int, two_to_three: int
) -> None:
    rest = [villager(number, Relation.SIBLING, 30) for number in range(2, size + 1)]
    facts = village(villager(1, Relation.HEAD, 40), *rest, rooms=rooms)
    assert (value_of("R3", facts), value_of("R4", facts)) == (at_most_two, two_to_three)


@pytest.mark.parametrize(
    ("cover", "expected"), [(HealthCover.NONE, 0), (HealthCover.AMO_TADAMON, 0), (HealthCover.OTHER, 1)]
)
def test_cover_by_amo_tadamon_does_not_count_as_cover(cover: HealthCover, expected: int) -> None:
    child = citizen(2, Relation.CHILD, 3).model_copy(update={"health_cover": cover})
    assert value_of("U14", city(HEAD, child)) == expected


def test_shares_are_over_all_members_and_rounded_once() -> None:
    members = [
        citizen(1, Relation.HEAD, 40, diploma=Diploma.NONE),
        citizen(2, Relation.SPOUSE, 38, diploma=Diploma.NONE),
        citizen(3, Relation.CHILD, 3),
    ]
    assert value_of("U25", city(*members)) == Decimal("0.666667")


def test_yearly_amounts_per_head_are_rounded_half_up() -> None:
    """0.01 a month is 0.12 a year; over 7 heads 0.0171428…, over 16 heads 0.0075 exactly."""
    rest = [citizen(number, Relation.SIBLING, 30) for number in range(2, 17)]
    assert value_of("U33", city(HEAD, *rest[:6], butane_mad=Decimal("0.01"))) == Decimal("0.017143")
    assert value_of("U33", city(HEAD, *rest, butane_mad=Decimal("0.01"))) == Decimal("0.0075")


@pytest.mark.parametrize(("age", "expected"), [(5, 0), (6, 1), (14, 1), (15, 0)])
def test_pupils_are_six_to_fourteen_whatever_the_relation(age: int, expected: int) -> None:
    pupil = citizen(2, Relation.GRANDCHILD, age, schooling=Schooling.PRIVATE)
    assert value_of("U23", city(HEAD, pupil)) == expected


@pytest.mark.parametrize(
    ("age", "counted"),
    [(18, (0, 1, 0)), (19, (1, 1, 0)), (29, (1, 1, 0)), (30, (0, 2, 0)), (59, (0, 2, 0)), (60, (0, 1, 1))],
)
def test_rural_age_classes(age: int, counted: tuple[int, int, int]) -> None:
    facts = village(villager(1, Relation.HEAD, 40), villager(2, Relation.SIBLING, age))
    assert tuple(value_of(code, facts) for code in ("R19", "R20", "R21")) == counted


@pytest.mark.parametrize(
    ("dwelling", "expected"),
    [
        (DwellingType.VILLA, 1),
        (DwellingType.APARTMENT, 1),
        (DwellingType.TRADITIONAL_HOUSE, 1),
        (DwellingType.RURAL_STONE_HOUSE, 1),
        (DwellingType.MODERN_HOUSE, 0),
        (DwellingType.RURAL_OTHER_HOUSE, 0),
        (DwellingType.PRECARIOUS, 0),
        (DwellingType.OTHER, 0),
    ],
)
def test_rural_dwelling(dwelling: DwellingType, expected: int) -> None:
    assert value_of("R2", village(villager(1, Relation.HEAD, 40), dwelling_type=dwelling)) == expected


@pytest.mark.parametrize(
    ("occupation", "code"),
    [
        (Occupation.SENIOR_EXECUTIVE, "R6"),
        (Occupation.MACHINE_OPERATOR, "R7"),
        (Occupation.CRAFTSMAN, "R8"),
        (Occupation.FARMER, "R9"),
        (Occupation.EMPLOYER, "R10"),
    ],
)
def test_the_occupation_that_counts_is_the_head_s(occupation: Occupation, code: str) -> None:
    spouse = villager(2, Relation.SPOUSE, 40, occupation=occupation)
    assert value_of(code, village(villager(1, Relation.HEAD, 40), spouse)) == 0
    head = villager(1, Relation.HEAD, 40, occupation=occupation)
    assert value_of(code, village(head)) == 1


def test_a_number_of_cars_counts_in_town_and_having_one_counts_in_the_country() -> None:
    assert value_of("U31", city(HEAD, cars=3)) == 3
    assert value_of("R11", village(villager(1, Relation.HEAD, 40), cars=3)) == 1


@pytest.mark.parametrize(
    ("precision", "age"), [(BirthPrecision.DAY, 39), (BirthPrecision.MONTH, 40), (BirthPrecision.YEAR, 40)]
)
def test_what_is_unknown_of_a_birth_date_is_taken_as_the_beginning(
    precision: BirthPrecision, age: int
) -> None:
    born = MemberFacts(
        person_id=1, relation=Relation.HEAD, birth_date=date(1986, 3, 3), birth_precision=precision
    )
    assert born.age_on(date(2026, 3, 2)) == age


def test_somebody_born_on_a_leap_day_is_a_year_older_on_the_first_of_march() -> None:
    born = MemberFacts(person_id=1, relation=Relation.HEAD, birth_date=date(2008, 2, 29))
    assert (born.age_on(date(2026, 2, 28)), born.age_on(date(2026, 3, 1))) == (17, 18)


def test_only_what_a_rule_of_the_zone_uses_is_asked() -> None:
    town, country = questions(Zone.URBAN), questions(Zone.RURAL)
    assert "dwelling_type" not in town.household
    assert "cows" not in town.household
    assert not {"bath", "meter", "loan", "computers", "mobile_phones"} & set(country.household)
    assert town.of_member(Relation.HEAD, 40) == (
        "education",
        "diploma",
        "active",
        "occupation",
        "health_cover",
    )
    assert country.of_member(Relation.SPOUSE, 40) == ("diploma", "literate", "occupation", "health_cover")
    assert town.of_member(Relation.CHILD, 5) == ("health_cover",)
    assert country.of_member(Relation.CHILD, 6) == ("schooling", "health_cover")
    assert country.of_member(Relation.GRANDCHILD, 6) == ("health_cover",)
    assert "schooling" not in town.of_member(Relation.CHILD, 21)


def test_every_fact_is_used_by_some_rule() -> None:
    asked = {fact for zone in Zone for fact in questions(zone).household}
    assert asked | {"commune", "district"} == set(HouseholdFacts.model_fields)
    of_members = {question.fact for zone in Zone for question in questions(zone).members}
    of_members |= {question.fact for question in member_questions("dz")}
    identity = {"person_id", "relation", "birth_date", "birth_precision"}
    assert of_members | identity == set(MemberFacts.model_fields)


def test_every_variable_names_the_facts_behind_it() -> None:
    known = {*HouseholdFacts.model_fields, *MemberFacts.model_fields, "members"}
    assert set(FACTS_OF_VARIABLE) == {variable.code for model in models() for variable in model.variables}
    assert all(facts and set(facts) <= known for facts in FACTS_OF_VARIABLE.values())


def test_what_was_not_answered_is_named() -> None:
    facts = city(HEAD, citizen(7, Relation.SPOUSE, 38, diploma=None), bath=None)
    missing = (MissingFact("bath"), MissingFact("diploma", 7))
    assert missing_facts(facts, MODEL) == missing
    with pytest.raises(IncompleteFacts) as refused:
        index_of(facts, MODEL)
    assert refused.value.missing == missing


def test_answers_of_another_zone_are_dropped_after_a_move() -> None:
    moved = village(villager(1, Relation.HEAD, 40, active=True), bath=True, computers=2)
    kept = only_asked(moved, MODEL)
    assert (kept.household.bath, kept.household.computers, kept.household.cows) == (None, None, 1)
    assert (kept.members[0].active, kept.members[0].literate) == (None, False)
    assert kept.household.commune == moved.household.commune


def test_a_commune_that_does_not_exist_has_no_zone() -> None:
    with pytest.raises(UnknownPlace):
        index_of(city(HEAD, commune="99.999.99.99"), MODEL)
