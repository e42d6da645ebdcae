"""Real households for the published worked examples, and random ones that answered everything they were asked."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args

from hypothesis import strategies as st

from registry.facts import (
    BirthPrecision,
    Diploma,
    DwellingType,
    Education,
    Facts,
    HealthCover,
    HouseholdFacts,
    MemberFacts,
    Meter,
    Occupation,
    Relation,
    Schooling,
    Zone,
)
from registry.geography import atlas
from registry.rules.variables import questions

DECLARED_ON = date(2026, 3, 2)
ANFA = "06.141.01.01"
BENI_MELLAL = "05.091.01.01"
RURAL_FES_MEKNES = "03.061.03.01"


def person(number: int, relation: Relation, age: int, **answers: Any) -> MemberFacts:
    """Somebody who had this age on a birthday two months before the declaration."""
    born = date(DECLARED_ON.year - age, 1, 2)
    return MemberFacts(
        person_id=number, relation=relation, birth_date=born, health_cover=HealthCover.NONE, **answers
    )


def urban_home(**answers: Any) -> HouseholdFacts:
    home: dict[str, Any] = {
        "commune": ANFA,
        "rooms": 1,
        "bath": True,
        "meter": Meter.INDIVIDUAL,
        "several_families": False,
        "satellite_antenna": False,
        "landline": False,
        "computers": 0,
        "mobile_phones": 2,
        "cars": 0,
        "motorcycles": 0,
        "water_mad": Decimal(100),
        "electricity_mad": Decimal(200),
        "butane_mad": Decimal(80),
        "telephone_mad": Decimal(60),
        "internet_mad": Decimal(40),
        "loan": False,
        "secondary_dwelling": False,
        "garage": False,
        "professional_premises": False,
    }
    return HouseholdFacts(**(home | answers))


def rural_home(**answers: Any) -> HouseholdFacts:
    home: dict[str, Any] = {
        "commune": RURAL_FES_MEKNES,
        "dwelling_type": DwellingType.RURAL_OTHER_HOUSE,
        "rooms": 2,
        "cars": 0,
        "motorcycles": 0,
        "water_mad": Decimal(40),
        "electricity_mad": Decimal(60),
        "butane_mad": Decimal(80),
        "telephone_mad": Decimal(60),
        "internet_mad": Decimal(0),
        "secondary_dwelling": False,
        "non_agricultural_land": False,
        "irrigated_land": False,
        "cows": 1,
    }
    return HouseholdFacts(**(home | answers))


def couple_with_pupils(**home: Any) -> Facts:
    """A1; with other answers of the home A2 and A3."""
    grown = {"diploma": Diploma.NONE}
    return Facts(
        household=urban_home(**home),
        declared_on=DECLARED_ON,
        members=(
            person(
                1,
                Relation.HEAD,
                42,
                education=Education.BASIC,
                occupation=Occupation.OTHER,
                active=True,
                **grown,
            ),
            person(2, Relation.SPOUSE, 38, occupation=Occupation.NONE, active=False, **grown),
            person(3, Relation.CHILD, 12, schooling=Schooling.PUBLIC),
            person(4, Relation.CHILD, 8, schooling=Schooling.PUBLIC),
        ),
    )


def farmer_family() -> Facts:
    """B."""
    grown = {"diploma": Diploma.NONE, "literate": True}
    return Facts(
        household=rural_home(),
        declared_on=DECLARED_ON,
        members=(
            person(1, Relation.HEAD, 45, education=Education.NONE, occupation=Occupation.FARMER, **grown),
            person(2, Relation.SPOUSE, 40, occupation=Occupation.NONE, **grown),
            person(3, Relation.CHILD, 13, schooling=Schooling.PUBLIC),
            person(4, Relation.CHILD, 9, schooling=Schooling.PUBLIC),
            person(5, Relation.CHILD, 4),
        ),
    )


def woman_alone() -> Facts:
    """C."""
    home = urban_home(
        mobile_phones=1,
        water_mad=Decimal(50),
        electricity_mad=Decimal(70),
        butane_mad=Decimal(40),
        telephone_mad=Decimal(50),
        internet_mad=Decimal(0),
    )
    head = person(
        1,
        Relation.HEAD,
        65,
        education=Education.NONE,
        diploma=Diploma.NONE,
        occupation=Occupation.NONE,
        active=False,
    )
    return Facts(household=home, members=(head,), declared_on=DECLARED_ON)


@st.composite
def complete_facts(draw: st.DrawFn) -> Facts:
    """Any household of any commune that answered what it was asked, and nothing else."""
    commune = draw(st.sampled_from(sorted(atlas().communes.values(), key=lambda each: each.code)))
    asked = questions(commune.zone)
    home = {fact: draw(_answers(HouseholdFacts, fact)) for fact in asked.household}
    members = [draw(_members(number, commune.zone)) for number in range(1, draw(st.integers(1, 12)) + 1)]
    household = HouseholdFacts(commune=commune.code, **home)
    return Facts(household=household, members=tuple(members), declared_on=DECLARED_ON)


@st.composite
def _members(draw: st.DrawFn, number: int, zone: Zone) -> MemberFacts:
    relation = Relation.HEAD
    if number > 1:
        relation = draw(st.sampled_from([relation for relation in Relation if relation is not Relation.HEAD]))
    youngest = 18 if relation is Relation.HEAD else 0
    born = draw(st.dates(date(1930, 1, 1), date(DECLARED_ON.year - youngest, 1, 1)))
    bare = MemberFacts(
        person_id=number,
        relation=relation,
        birth_date=born,
        birth_precision=draw(st.sampled_from(BirthPrecision)),
    )
    asked = questions(zone).of_member(relation, bare.age_on(DECLARED_ON))
    return bare.model_copy(update={fact: draw(_answers(MemberFacts, fact)) for fact in asked})


def _answers(shape: type[HouseholdFacts | MemberFacts], fact: str) -> st.SearchStrategy[Any]:
    if fact.endswith("_mad"):
        return st.integers(0, 2_000_000).map(lambda cents: Decimal(cents) / 100)
    if fact == "rooms":
        return st.integers(1, 30)
    for choice in get_args(shape.model_fields[fact].annotation):
        if choice is bool:
            return st.booleans()
        if isinstance(choice, type) and issubclass(choice, StrEnum):
            return st.sampled_from(choice)
    return st.integers(0, 20)
