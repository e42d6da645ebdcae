"""Measures of the home and of what the household has and spends."""

from fractions import Fraction
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from registry.facts import Facts, HouseholdFacts
from registry.rules.measures.base import MEMBERS, Answers, Variable, require_answers, require_field
from registry.rules.measures.sql import (
    CENTIMES,
    SIZE,
    HouseholdSql,
    SqlCount,
    SqlFlag,
    SqlQuotient,
    SqlValue,
    is_one_of,
)

MONTHS_A_YEAR: Final = 12


class PersonsPerRoom(Variable):
    """Compared by multiplying, so that no quotient is rounded."""

    rule: Literal["persons_per_room"]
    kind: Literal["flag"]
    more_than: int
    at_most: int

    def value(self, facts: Facts) -> int:
        rooms = facts.household.rooms or 0
        return int(self.more_than * rooms < facts.size <= self.at_most * rooms)

    def sql(self, household: HouseholdSql) -> SqlValue:
        rooms = household.fact("rooms")
        return SqlFlag(f"{self.more_than} * {rooms} < {SIZE} AND {SIZE} <= {self.at_most} * {rooms}")

    def facts(self) -> tuple[str, ...]:
        return ("rooms", MEMBERS)

    def household_questions(self) -> tuple[str, ...]:
        return ("rooms",)


class OfHousehold(Variable):
    """Taken from one fact of the household."""

    fact: str

    @model_validator(mode="after")
    def _fact_exists(self) -> Self:
        require_field(HouseholdFacts, self.fact)
        return self

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def household_questions(self) -> tuple[str, ...]:
        return (self.fact,)


class HouseholdIs(OfHousehold):
    rule: Literal["household_is"]
    kind: Literal["flag"]
    answers: Answers

    @model_validator(mode="after")
    def _answers_exist(self) -> Self:
        require_answers(HouseholdFacts, self.fact, self.answers)
        return self

    def value(self, facts: Facts) -> int:
        return int(getattr(facts.household, self.fact) in self.answers)

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlFlag(is_one_of(household.fact(self.fact), self.answers))


class AtLeastOne(OfHousehold):
    rule: Literal["at_least_one"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        return int(getattr(facts.household, self.fact) >= 1)

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlFlag(f"{household.fact(self.fact)} >= 1")


class NumberOf(OfHousehold):
    rule: Literal["number_of"]
    kind: Literal["count"]

    def value(self, facts: Facts) -> int:
        return int(getattr(facts.household, self.fact))

    def sql(self, household: HouseholdSql) -> SqlValue:
        return SqlCount(household.fact(self.fact))


class YearlyPerHead(Variable):
    """Monthly amounts in MAD added up, times twelve, divided by the household's size."""

    rule: Literal["yearly_per_head"]
    kind: Literal["mad_per_year_per_head"]
    amounts: Annotated[tuple[str, ...], Field(min_length=1, alias="facts")]

    @model_validator(mode="after")
    def _facts_exist(self) -> Self:
        for fact in self.amounts:
            require_field(HouseholdFacts, fact)
        return self

    def value(self, facts: Facts) -> Fraction:
        monthly = sum(Fraction(getattr(facts.household, fact)) for fact in self.amounts)
        return Fraction(monthly * MONTHS_A_YEAR, facts.size)

    def sql(self, household: HouseholdSql) -> SqlValue:
        monthly = " + ".join(household.amount(fact) for fact in self.amounts)
        return SqlQuotient(f"({MONTHS_A_YEAR} * ({monthly}))", f"({CENTIMES} * {SIZE})")

    def facts(self) -> tuple[str, ...]:
        return (*self.amounts, MEMBERS)

    def household_questions(self) -> tuple[str, ...]:
        return self.amounts
