from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from registry.facts import Facts, HouseholdFacts, MemberFacts, Relation

DAY = date(2026, 3, 2)
HEAD = MemberFacts(person_id=1, relation=Relation.HEAD, birth_date=date(1980, 1, 1))


@pytest.mark.parametrize(
    ("answers", "fault"),
    [
        ({"rooms": 0}, "greater_than_equal"),
        ({"rooms": 31}, "less_than_equal"),
        ({"cars": -1}, "greater_than_equal"),
        ({"cars": 21}, "less_than_equal"),
        ({"water_mad": Decimal("-0.01")}, "greater_than_equal"),
        ({"water_mad": Decimal("20000.01")}, "less_than_equal"),
        ({"water_mad": Decimal("1.001")}, "decimal_max_places"),
        ({"water_mad": Decimal("NaN")}, "finite_number"),
        ({"meter": "gas"}, "enum"),
        ({"district": "x" * 201}, "string_too_long"),
        ({"pools": 1}, "extra_forbidden"),
    ],
)
def test_household_answers_out_of_bounds(answers: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        HouseholdFacts(commune="06.141.01.01", **answers)
    assert [error["type"] for error in refused.value.errors()] == [fault]


@pytest.mark.parametrize("amount", ["0", "20000", "0.01", "19999.99"])
def test_amounts_up_to_the_bounds(amount: str) -> None:
    assert HouseholdFacts(commune="06.141.01.01", water_mad=Decimal(amount)).water_mad == Decimal(amount)


def other(person_id: int, relation: Relation = Relation.CHILD, born: date = DAY) -> MemberFacts:
    return MemberFacts(person_id=person_id, relation=relation, birth_date=born)


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ((), "too_short"),
        ((other(1),), "one_head"),
        ((HEAD, other(2, Relation.HEAD)), "one_head"),
        ((HEAD, other(1)), "person_twice"),
        ((HEAD, other(2, born=date(2026, 3, 3))), "born_later"),
        ((HEAD, *(other(number) for number in range(2, 32))), "too_long"),
    ],
)
def test_members_that_make_no_household(members: tuple[MemberFacts, ...], fault: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Facts(household=HouseholdFacts(commune="06.141.01.01"), members=members, declared_on=DAY)
    assert [error["type"] for error in refused.value.errors()] == [fault]


def test_facts_do_not_change() -> None:
    with pytest.raises(ValidationError):
        HEAD.relation = Relation.CHILD  # type: ignore[misc]
