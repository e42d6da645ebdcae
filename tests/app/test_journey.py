"""Where a declaration stands, from the answers alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.forms.declaration import Step
from app.forms.doubts import Doubt, doubts
from app.forms.journey import DraftAnswers, Journey, StepState, WaitsFor, stamp
from identity.people.tables import Gender
from registry.facts import BirthPrecision, Relation
from registry.members import Member, Registered
from tests.app.declaring import (
    ANFA,
    PUPIL,
    RURAL,
    RURAL_FES_MEKNES,
    RURAL_HEAD,
    URBAN,
    URBAN_HEAD,
    URBAN_SPOUSE,
)

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, tzinfo=UTC)
TOWN, COUNTRY = {"commune": ANFA["commune"]}, {"commune": RURAL_FES_MEKNES["commune"]}
URBAN_HOME = TOWN | {fact: answer for page in URBAN.values() for fact, answer in page.items()}
RURAL_HOME = COUNTRY | {fact: answer for page in RURAL.values() for fact, answer in page.items()}


def member(relation: Relation, born: int, reference: str = "") -> Member:
    person = Registered(
        person_id=born,
        identifier=f"{born:010}",
        given_name_ar="فاطمة",
        family_name_ar="بناني",
        given_name_latin="Fatima",
        family_name_latin="Bennani",
        gender=Gender.FEMALE,
        birth_date=date(born, 1, 2),
        birth_precision=BirthPrecision.DAY,
        age=TODAY.year - born,
    )
    return _place(relation, reference, person, born)


def invited(born: int, reference: str) -> Member:
    return _place(Relation.SPOUSE, reference, None, born)


def _place(relation: Relation, reference: str, person: Registered | None, born: int) -> Member:
    return Member(
        reference=reference,
        membership_id=0,
        person=person,
        relation=relation,
        awaited=person is None,
        identifier="0000000001",
        birth_year=born,
        since=NOW,
        expires_at=None,
    )


HEAD = member(Relation.HEAD, 1984)
CHILD = member(Relation.CHILD, 2014, "M-CHILD")


def journey(household: dict[str, str], *members: Member, **about: dict[str, str]) -> Journey:
    return Journey(DraftAnswers(household, about), members or (HEAD,), TODAY)


def states(of: Journey) -> dict[str, str]:
    return {step.value: of.state(step).value for step in of.steps}


@pytest.mark.parametrize(
    ("household", "about", "expected", "following"),
    [
        ({}, {}, "to_do waiting waiting waiting waiting waiting waiting", Step.ADDRESS),
        ({"commune": "99"}, {}, "to_do waiting waiting waiting waiting waiting waiting", Step.ADDRESS),
        (TOWN, {}, "done to_do to_do to_do to_do to_do waiting", Step.DWELLING),
        (TOWN | {"rooms": "3"}, {}, "done started to_do to_do to_do to_do waiting", Step.DWELLING),
        (TOWN | {"rooms": "0"}, {}, "done started to_do to_do to_do to_do waiting", Step.DWELLING),
        (TOWN | URBAN["dwelling"], {}, "done done to_do to_do to_do to_do waiting", Step.EQUIPMENT),
        (TOWN | URBAN["spending"], {}, "done to_do to_do done to_do to_do waiting", Step.DWELLING),
        (URBAN_HOME, {}, "done done done done done to_do waiting", Step.MEMBERS),
        (URBAN_HOME, {"head": {"diploma": "none"}}, "done done done done done started waiting", Step.MEMBERS),
        (URBAN_HOME, {"head": URBAN_HEAD}, "done done done done done done to_do", Step.CHECK),
        (RURAL_HOME, {"head": RURAL_HEAD}, "done done done done done done to_do", Step.CHECK),
        (
            URBAN_HOME | COUNTRY,
            {"head": URBAN_HEAD},
            "done started done done started started waiting",
            Step.DWELLING,
        ),
    ],
)
def test_what_is_done_and_what_comes_next(
    household: dict[str, str], about: dict[str, Any], expected: str, following: Step
) -> None:
    found = journey(household, **about)
    assert " ".join(states(found).values()) == expected
    assert found.next is following
    assert found.complete == (following is Step.CHECK)


def test_the_address_comes_first_and_the_check_last() -> None:
    nothing, town = journey({}), journey(TOWN)
    assert nothing.waits_for(Step.DWELLING) is WaitsFor.ADDRESS
    assert nothing.waits_for(Step.CHECK) is WaitsFor.ALL_PARTS
    assert town.waits_for(Step.DWELLING) is None
    assert town.waits_for(Step.CHECK) is WaitsFor.ALL_PARTS
    assert not town.allows(Step.CHECK)


def test_after_a_page_comes_the_next_unfinished_one() -> None:
    found = journey(TOWN | URBAN["spending"])
    assert found.after(Step.SPENDING) is Step.PROPERTY
    assert found.after(Step.MEMBERS) is Step.DWELLING
    assert journey(URBAN_HOME, head=URBAN_HEAD).after(Step.DWELLING) is Step.CHECK


def test_each_zone_asks_its_own_questions() -> None:
    town, country = journey(TOWN), journey(COUNTRY)
    assert "bath" in town.asked_in(Step.DWELLING)
    assert "bath" not in country.asked_in(Step.DWELLING)
    assert "cows" in country.asked_in(Step.PROPERTY)
    assert "cows" not in town.asked_in(Step.PROPERTY)
    assert "literate" in country.asked_of(HEAD)
    assert "literate" not in town.asked_of(HEAD)
    assert town.asked_of(CHILD) == ("schooling", "health_cover")


def test_every_member_is_described() -> None:
    adult = invited(1988, "M-ADULT")
    two = {"head": URBAN_HEAD, "M-CHILD": PUPIL}
    assert journey(URBAN_HOME, HEAD, CHILD, adult, **two).state(Step.MEMBERS) is StepState.STARTED
    three = two | {"M-ADULT": URBAN_SPOUSE}
    assert journey(URBAN_HOME, HEAD, CHILD, adult, **three).state(Step.MEMBERS) is StepState.DONE


def test_a_change_of_zone_and_back_loses_nothing_and_declares_nothing_else() -> None:
    answers = DraftAnswers(URBAN_HOME, {"head": URBAN_HEAD, "M-GONE": PUPIL})
    moved = Journey(answers.about_household(COUNTRY, ("commune", "district")), (HEAD,), TODAY)
    declared = moved.asked_answers()
    assert "bath" not in declared.household
    assert "active" not in declared.members["head"]
    assert "M-GONE" not in declared.members
    back = Journey(moved.answers.about_household(TOWN, ("commune", "district")), (HEAD,), TODAY)
    assert back.complete


def test_what_is_stored_is_what_was_answered() -> None:
    answers = DraftAnswers({"commune": "1"}, {"head": {"diploma": "none"}})
    assert DraftAnswers.stored(answers.to_store()) == answers
    assert DraftAnswers.stored({}) == DraftAnswers()


def test_a_mark_tells_answers_apart_whatever_their_order() -> None:
    assert stamp({"a": "1", "b": "2"}) == stamp({"b": "2", "a": "1"}) != stamp({"a": "1", "b": "3"})


@pytest.mark.parametrize(
    ("facts", "members", "found"),
    [
        ({"butane_mad": 0, "water_mad": 10}, 1, [Doubt.NO_GAS]),
        ({"water_mad": 0, "electricity_mad": 0}, 1, [Doubt.NO_ELECTRICITY, Doubt.NO_WATER]),
        ({"internet_mad": 0, "cars": 0}, 1, []),
        ({"mobile_phones": 0}, 1, [Doubt.NO_MOBILE_PHONE]),
        ({"rooms": 1}, 6, []),
        ({"rooms": 1}, 7, [Doubt.FEW_ROOMS]),
        ({"rooms": 3}, 1, []),
        ({"rooms": 4}, 1, [Doubt.MANY_ROOMS]),
    ],
)
def test_what_is_asked_about_again(facts: dict[str, Any], members: int, found: list[Doubt]) -> None:
    assert list(doubts(facts, members)) == found
