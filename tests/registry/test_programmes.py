from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pytest

from registry.facts import Facts, IncompleteFacts, MemberFacts, MissingFact, Relation, Schooling
from registry.rules.eligibility import Decision, Outcome, decide
from registry.rules.programme_files import Benefit, ComponentKind
from registry.rules.programmes import UnknownProgramme, programme, programmes, thresholds
from registry.rules.scoring import model_named
from registry.rules.variables import index_of
from tests.registry.worked_households import (
    DECLARED_ON,
    couple_with_pupils,
    farmer_family,
    person,
    urban_home,
    woman_alone,
)

IN_SCHOOL, OUT_OF_SCHOOL = Schooling.PUBLIC, Schooling.NONE


def decision(code: str, index: str, facts: Facts | None = None, on: date = DECLARED_ON) -> Decision:
    (found,) = (each for each in decide(Decimal(index), facts or woman_alone(), on) if each.programme == code)
    return found


def family(children: Iterable[tuple[int, Schooling | None]]) -> Facts:
    members = [person(1, Relation.HEAD, 45)]
    members += [
        person(number, Relation.CHILD, age, schooling=schooling)
        for number, (age, schooling) in enumerate(children, start=2)
    ]
    return Facts(household=urban_home(), members=tuple(members), declared_on=DECLARED_ON)


@pytest.mark.parametrize(
    ("code", "index", "outcome"),
    [
        ("amo_tadamon", "9.3264284", Outcome.OPEN),
        ("amo_tadamon", "9.32642840000000000000000000000000000001", Outcome.CLOSED),
        ("amo_tadamon", "9.3264285", Outcome.CLOSED),
        ("asd", "9.743001", Outcome.OPEN),
        ("asd", "9.7430010000000000000000000000000000001", Outcome.CLOSED),
        ("asd", "9.743002", Outcome.CLOSED),
        ("amo_achamil", "9.3264284", Outcome.CLOSED),
        ("amo_achamil", "9.32642840000000000000000000000000000001", Outcome.OPEN),
    ],
)
def test_a_threshold_is_met_at_the_last_digit(code: str, index: str, outcome: Outcome) -> None:
    assert decision(code, index).outcome is outcome


@pytest.mark.parametrize(
    ("index", "monthly_mad"),
    [
        ("9.3264285", 144),
        ("9.5124369", 144),
        ("9.5124370", 176),
        ("9.743001", 176),
        ("9.7430011", 224),
        ("9.9903727", 224),
        ("9.9903728", 287),
        ("10.237316", 287),
        ("10.2373161", 355),
        ("10.431048", 355),
        ("10.4310481", 454),
        ("10.739952", 454),
        ("10.7399521", 611),
        ("11.013068", 611),
        ("11.0130681", 1164),
        ("15", 1164),
    ],
)
def test_the_contribution_is_that_of_the_band(index: str, monthly_mad: int) -> None:
    found = decision("amo_achamil", index)
    assert found.monthly_mad == monthly_mad
    assert found.above is not None
    assert found.above < Decimal(index)
    assert found.at_or_below is None or Decimal(index) <= found.at_or_below


def test_no_contribution_where_cover_is_free() -> None:
    assert decision("amo_achamil", "9.3").monthly_mad is None


def test_the_distance_is_exact_and_the_outcome_says_on_which_side() -> None:
    assert decision("amo_tadamon", "9.6012644").distance == Decimal("0.2748360")
    assert decision("asd", "9.6012644").distance == Decimal("0.1417366")
    assert decision("asd", "9.743001").distance == 0
    assert decision("amo_achamil", "9.6012644").distance == Decimal("0.2748360")


@pytest.mark.parametrize(
    ("facts", "opened"),
    [
        (couple_with_pupils(), {"asd", "amo_achamil"}),
        (farmer_family(), {"amo_tadamon", "asd"}),
        (woman_alone(), {"amo_achamil"}),
    ],
    ids=["A1", "B", "C"],
)
def test_what_the_worked_examples_open(facts: Facts, opened: set[str]) -> None:
    index = index_of(facts, model_named("ma-ise-2021"))
    decisions = decide(index.index, facts, DECLARED_ON)
    assert [each.programme for each in decisions] == ["amo_tadamon", "asd", "amo_achamil"]
    assert {each.programme for each in decisions if each.outcome is Outcome.OPEN} == opened


YEARS = {2024: date(2024, 6, 1), 2025: date(2025, 1, 1), 2026: date(2026, 1, 1)}


@pytest.mark.parametrize(
    ("children", "by_year"),
    [
        ([], (500, 500, 500)),
        ([(21, None)], (500, 500, 500)),
        ([(0, None)], (500, 500, 500)),
        ([(8, IN_SCHOOL), (3, None)], (500, 500, 600)),
        ([(8, IN_SCHOOL)] * 3, (600, 750, 900)),
        ([(8, OUT_OF_SCHOOL)] * 3, (500, 525, 600)),
        ([(20, OUT_OF_SCHOOL), (16, IN_SCHOOL), (5, None)], (550, 675, 800)),
        ([(8, IN_SCHOOL)] * 4, (636, 786, 936)),
        ([(8, IN_SCHOOL)] * 6, (708, 858, 1008)),
        ([(8, IN_SCHOOL)] * 7, (708, 858, 1008)),
        ([(8, OUT_OF_SCHOOL)] * 6, (522, 597, 672)),
        ([(18, OUT_OF_SCHOOL)] * 3 + [(8, IN_SCHOOL)], (500, 561, 636)),
    ],
)
def test_direct_aid_by_children_and_year(
    children: list[tuple[int, Schooling | None]], by_year: tuple[int, int, int]
) -> None:
    facts = family(children)
    for on, monthly_mad in zip(YEARS.values(), by_year, strict=True):
        found = decision("asd", "9.5", facts, on)
        assert found.monthly_mad == monthly_mad
        assert sum(component.monthly_mad for component in found.components) == monthly_mad


def test_ranks_are_by_birth_and_the_minimum_is_what_is_added() -> None:
    found = decision("asd", "9.5", family([(4, None), (9, OUT_OF_SCHOOL)]), YEARS[2025])
    eldest, youngest, minimum = found.components
    assert (eldest.kind, eldest.person_id, eldest.rank, eldest.age, eldest.monthly_mad) == (
        ComponentKind.OUT_OF_SCHOOL, 3, 1, 9, 175,
    )  # fmt: skip
    assert (youngest.kind, youngest.person_id, youngest.rank, youngest.age, youngest.monthly_mad) == (
        ComponentKind.UNDER_SCHOOL_AGE_OR_IN_SCHOOL, 2, 2, 4, 250,
    )  # fmt: skip
    assert (minimum.kind, minimum.monthly_mad) == (ComponentKind.FAMILY_MINIMUM, 75)


def test_only_children_of_the_household_are_counted() -> None:
    facts = family([])
    grandchild = person(9, Relation.GRANDCHILD, 8)
    with_grandchild = facts.model_copy(update={"members": (*facts.members, grandchild)})
    (component,) = decision("asd", "9.5", with_grandchild).components
    assert component.kind is ComponentKind.WITHOUT_CHILDREN


def test_a_seventh_child_is_named_and_gives_nothing() -> None:
    components = decision("asd", "9.5", family([(8, IN_SCHOOL)] * 7)).components
    assert [(each.rank, each.monthly_mad) for each in components][-2:] == [(6, 36), (7, 0)]


def test_a_closed_programme_has_no_amount() -> None:
    found = decision("asd", "9.8", couple_with_pupils())
    assert (found.monthly_mad, found.components) == (None, ())


def test_schooling_that_was_not_answered_is_asked_for() -> None:
    with pytest.raises(IncompleteFacts) as refused:
        decision("asd", "9.5", family([(8, None)]))
    assert refused.value.missing == (MissingFact("schooling", 2),)


def test_a_programme_is_not_there_before_its_time() -> None:
    before = decide(Decimal(9), woman_alone(), date(2023, 11, 30))
    assert [each.programme for each in before] == ["amo_tadamon"]
    assert decide(Decimal(9), woman_alone(), date(2020, 1, 1)) == ()


def test_the_gauge_has_the_thresholds_in_order() -> None:
    assert [(each.programme, str(each.at_or_below)) for each in thresholds(DECLARED_ON)] == [
        ("amo_tadamon", "9.3264284"),
        ("asd", "9.743001"),
    ]


def test_a_decision_is_kept_as_exact_text() -> None:
    rule = decision("asd", "9.6012644", couple_with_pupils()).written_rule()
    assert (rule["threshold"], rule["distance"], rule["at_or_below"]) == ("9.743001", "0.1417366", "9.743001")
    assert [component["monthly_mad"] for component in rule["components"]] == ["300", "300"]


def test_names_and_benefits() -> None:
    assert programme("amo_tadamon").name("fr") == ("AMO Tadamon", "fr")
    assert programme("amo_tadamon").name("zgh") == ("أمو تضامن", "ar")
    assert programme("asd").name("zgh").lang == "zgh"
    assert [each.benefit for each in programmes()] == [
        Benefit.FREE_HEALTH_COVER,
        Benefit.MONTHLY_AID,
        Benefit.PAID_HEALTH_COVER,
    ]
    assert all(each.source for each in programmes())
    with pytest.raises(UnknownProgramme):
        programme("tayssir")


def test_twins_are_ranked_the_same_way_every_time() -> None:
    facts = family([(8, IN_SCHOOL), (8, OUT_OF_SCHOOL)])
    reversed_order = facts.model_copy(update={"members": _reversed(facts.members)})
    assert decision("asd", "9.5", facts) == decision("asd", "9.5", reversed_order)


def _reversed(members: tuple[MemberFacts, ...]) -> tuple[MemberFacts, ...]:
    return tuple(reversed(members))
