"""The simulator counts as the registry does: a household put into its few numbers comes out with its own index."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given

from app.forms.base import Form
from app.forms.simulated import simulated_facts, simulator_typed
from app.forms.simulator import simulator_answers
from registry.facts import Facts, Relation
from registry.programmes import decide
from registry.scoring import model_on
from registry.variables import index_of, zone_of
from tests.registry.worked_households import (
    DECLARED_ON,
    complete_facts,
    couple_with_pupils,
    farmer_family,
    woman_alone,
)

MODEL = model_on(DECLARED_ON)


def simulated(facts: Facts, **changed: Any) -> Facts:
    form = Form(simulator_answers(zone_of(facts), MODEL), "fr", simulator_typed(facts, MODEL) | changed)
    assert form.valid, form.errors
    return simulated_facts(form.data, MODEL, DECLARED_ON)


@given(complete_facts())
def test_any_household_has_the_same_index_in_the_simulator(facts: Facts) -> None:
    ages = Counter(facts.age(member) < 15 for member in facts.members if member.relation is Relation.SPOUSE)
    assume(not ages[True])
    assert index_of(simulated(facts), MODEL).lines == index_of(facts, MODEL).lines


@pytest.mark.parametrize("facts", [couple_with_pupils(), farmer_family(), woman_alone()])
def test_the_worked_examples_have_the_same_index_and_the_same_amounts(facts: Facts) -> None:
    index = index_of(facts, MODEL).index
    again = simulated(facts)
    assert index_of(again, MODEL).index == index
    amounts = [each.monthly_mad for each in decide(index, facts, DECLARED_ON)]
    assert [each.monthly_mad for each in decide(index, again, DECLARED_ON)] == amounts
