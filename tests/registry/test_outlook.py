"""What lies around an index: the edges are the programmes' own, and only birthdays that count are told."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.facts import Schooling
from registry.indexes import written_decision
from registry.rules.eligibility import decide
from registry.rules.outlook import JUST_ABOVE, balance_of, birthdays, edge_above, edge_below
from registry.rules.scoring import model_on
from registry.rules.variables import index_of
from tests.registry.worked_households import DECLARED_ON, complete_facts, couple_with_pupils

MODEL = model_on(DECLARED_ON)
A1 = couple_with_pupils()


def given_by(decisions):
    return [(each.programme, each.outcome, each.monthly_mad) for each in decisions]


@given(st.decimals(min_value=8, max_value=12, places=7))
def test_between_two_edges_nothing_changes_and_at_each_of_them_something_does(index):
    below, above = edge_below(index, A1, DECLARED_ON), edge_above(index, A1, DECLARED_ON)
    here = given_by(decide(index, A1, DECLARED_ON))
    if below:
        assert below.value == index - below.distance < index
        assert given_by(below.decisions) != here
        assert given_by(decide(below.value + JUST_ABOVE, A1, DECLARED_ON)) == here
    if above:
        assert above.value == index + above.distance >= index
        assert given_by(above.decisions) != here
        assert given_by(decide(above.value, A1, DECLARED_ON)) == here
    assert below or above


@pytest.mark.parametrize(
    ("index", "received", "paid"),
    [
        ("9.3264284", "600", "0"),
        ("9.3264285", "600", "144"),
        ("9.743001", "600", "176"),
        ("9.75", "0", "224"),
    ],
)
def test_the_money_of_a_month(index, received, paid):
    kept = [written_decision(each) for each in decide(Decimal(index), A1, DECLARED_ON)]
    balance = balance_of(kept)
    assert (balance.received, balance.paid) == (Decimal(received), Decimal(paid))
    assert balance.rest == Decimal(received) - Decimal(paid)


def test_only_birthdays_that_a_rule_looks_at_are_told():
    """The head's age moves the urban index; a pupil's only where a school age or a grown one begins or ends."""
    found = birthdays(A1, MODEL, DECLARED_ON)
    told = [(each.person_id, each.age, each.moved is None) for each in found]
    assert told == [(A1.head.person_id, 43, False)]


@pytest.mark.parametrize(("age", "asked"), [(5, ("schooling",)), (14, ("active", "diploma", "occupation"))])
def test_a_birthday_that_makes_an_answer_needed(age, asked):
    child = A1.members[-1].model_copy(
        update={
            "birth_date": DECLARED_ON.replace(year=DECLARED_ON.year - age - 1) + timedelta(days=30),
            "schooling": None if age < 6 else Schooling.PUBLIC,
        }
    )
    facts = A1.model_copy(update={"members": (*A1.members[:-1], child)})
    [birthday] = [each for each in birthdays(facts, MODEL, DECLARED_ON) if each.person_id == child.person_id]
    assert (birthday.age, birthday.moved) == (age + 1, None)
    assert set(asked) <= set(birthday.asked)


def test_a_birthday_since_the_declaration_is_told():
    today = DECLARED_ON + timedelta(days=200)
    days = [each.on for each in birthdays(A1, MODEL, today) if each.person_id == A1.head.person_id]
    assert any(DECLARED_ON < day <= today for day in days) or any(day > today for day in days)
    assert all(DECLARED_ON < day <= today + timedelta(days=365) for day in days)
    assert len(days) in (1, 2)


@given(complete_facts())
def test_the_birthdays_of_any_household_are_told_as_the_formula_counts_them(facts):
    for each in birthdays(facts, MODEL, DECLARED_ON):
        [member] = [member for member in facts.members if member.person_id == each.person_id]
        assert member.age_on(each.on) == each.age == member.age_on(each.on - timedelta(days=1)) + 1
        if len(facts.members) == 1 and each.moved is not None:
            then = index_of(facts.model_copy(update={"declared_on": each.on}), MODEL).index
            before = facts.model_copy(update={"declared_on": each.on - timedelta(days=1)})
            assert each.moved == then - index_of(before, MODEL).index


def test_somebody_born_on_29_february_has_a_birthday_in_every_year():
    head = A1.head.model_copy(update={"birth_date": date(1984, 2, 29)})
    facts = A1.model_copy(update={"members": (head, *A1.members[1:])})
    days = [each.on for each in birthdays(facts, MODEL, DECLARED_ON) if each.person_id == head.person_id]
    assert days == [date(DECLARED_ON.year + 1, 3, 1)] or days == [date(DECLARED_ON.year, 3, 1)]
