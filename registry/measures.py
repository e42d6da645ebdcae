"""The measures that an index model is made of: how each variable is taken from the facts.

A model file lists variables; each names one of these rules with its parameters. Ages are completed years on the day
of the declaration, both ends included. A share is over all members, also where only some ages are counted.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from registry.facts import Facts, HouseholdFacts, MemberFacts, Relation

MONTHS_A_YEAR: Final = 12

# The fact "who lives here": no field of its own, but what shares and yearly amounts are divided by.
MEMBERS: Final = "members"


def _only_text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("exact numbers are written as strings")
    return value


ExactText = Annotated[Decimal, BeforeValidator(_only_text), Field(allow_inf_nan=False)]
Ages = tuple[int, int | None]
Answers = Annotated[tuple[str | bool, ...], Field(min_length=1, alias="is")]

ALL_AGES: Final[Ages] = (0, None)


def within(ages: Ages, age: int) -> bool:
    least, greatest = ages
    return least <= age and (greatest is None or age <= greatest)


@dataclass(frozen=True, slots=True)
class MemberQuestion:
    """A fact asked of the members of some ages, and where `relations` is given of these alone."""

    fact: str
    ages: Ages = ALL_AGES
    relations: frozenset[Relation] | None = None

    def asks(self, relation: Relation, age: int) -> bool:
        return within(self.ages, age) and (self.relations is None or relation in self.relations)


class Variable(BaseModel, ABC):
    """One line of a model. `to_confirm` says what an operator must check against the source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{1,3}$")]
    rule: str
    kind: str
    coefficient: ExactText
    text: str
    to_confirm: str | None = None

    @abstractmethod
    def value(self, facts: Facts) -> int | Fraction:
        """The exact value, before any rounding. The facts that it needs have been answered."""

    @abstractmethod
    def facts(self) -> tuple[str, ...]:
        """The facts behind the value; first the one that a reader would want to correct."""

    def household_questions(self) -> tuple[str, ...]:
        return ()

    def member_question(self) -> MemberQuestion | None:
        return None


class Size(Variable):
    rule: Literal["size"]
    kind: Literal["count"]

    def value(self, facts: Facts) -> int:
        return facts.size

    def facts(self) -> tuple[str, ...]:
        return (MEMBERS,)


class SizeSquared(Variable):
    rule: Literal["size_squared"]
    kind: Literal["count_squared"]

    def value(self, facts: Facts) -> int:
        return facts.size**2

    def facts(self) -> tuple[str, ...]:
        return (MEMBERS,)


class HeadAge(Variable):
    rule: Literal["head_age"]
    kind: Literal["years"]

    def value(self, facts: Facts) -> int:
        return facts.age(facts.head)

    def facts(self) -> tuple[str, ...]:
        return ("birth_date",)


class HeadAgeSquared(Variable):
    rule: Literal["head_age_squared"]
    kind: Literal["years_squared"]

    def value(self, facts: Facts) -> int:
        return facts.age(facts.head) ** 2

    def facts(self) -> tuple[str, ...]:
        return ("birth_date",)


class AloneOrChildlessCouple(Variable):
    rule: Literal["alone_or_childless_couple"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        others = [member.relation for member in facts.members if member.relation is not Relation.HEAD]
        return int(others in ([], [Relation.SPOUSE]))

    def facts(self) -> tuple[str, ...]:
        return (MEMBERS, "relation")


class PersonsPerRoom(Variable):
    """Compared by multiplying, so that no quotient is rounded."""

    rule: Literal["persons_per_room"]
    kind: Literal["flag"]
    more_than: int
    at_most: int

    def value(self, facts: Facts) -> int:
        rooms = facts.household.rooms or 0
        return int(self.more_than * rooms < facts.size <= self.at_most * rooms)

    def facts(self) -> tuple[str, ...]:
        return ("rooms", MEMBERS)

    def household_questions(self) -> tuple[str, ...]:
        return ("rooms",)


class OfHousehold(Variable):
    """Taken from one fact of the household."""

    fact: str

    @model_validator(mode="after")
    def _fact_exists(self) -> Self:
        _require_field(HouseholdFacts, self.fact)
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
        _require_answers(HouseholdFacts, self.fact, self.answers)
        return self

    def value(self, facts: Facts) -> int:
        return int(getattr(facts.household, self.fact) in self.answers)


class AtLeastOne(OfHousehold):
    rule: Literal["at_least_one"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        return int(getattr(facts.household, self.fact) >= 1)


class NumberOf(OfHousehold):
    rule: Literal["number_of"]
    kind: Literal["count"]

    def value(self, facts: Facts) -> int:
        return int(getattr(facts.household, self.fact))


class YearlyPerHead(Variable):
    """Monthly amounts in MAD added up, times twelve, divided by the household's size."""

    rule: Literal["yearly_per_head"]
    kind: Literal["mad_per_year_per_head"]
    amounts: Annotated[tuple[str, ...], Field(min_length=1, alias="facts")]

    @model_validator(mode="after")
    def _facts_exist(self) -> Self:
        for fact in self.amounts:
            _require_field(HouseholdFacts, fact)
        return self

    def value(self, facts: Facts) -> Fraction:
        monthly = sum(Fraction(getattr(facts.household, fact)) for fact in self.amounts)
        return Fraction(monthly * MONTHS_A_YEAR, facts.size)

    def facts(self) -> tuple[str, ...]:
        return (*self.amounts, MEMBERS)

    def household_questions(self) -> tuple[str, ...]:
        return self.amounts


class OfMembers(Variable):
    """Looks for some answers to one fact of the members."""

    fact: str
    answers: Answers

    @model_validator(mode="after")
    def _answers_exist(self) -> Self:
        _require_field(MemberFacts, self.fact)
        _require_answers(MemberFacts, self.fact, self.answers)
        return self

    def facts(self) -> tuple[str, ...]:
        return (self.fact,)

    def is_met_by(self, member: MemberFacts) -> bool:
        return getattr(member, self.fact) in self.answers


class HeadIs(OfMembers):
    rule: Literal["head_is"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        return int(self.is_met_by(facts.head))

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact, relations=frozenset({Relation.HEAD}))


class AnyMemberIs(OfMembers):
    rule: Literal["any_member_is"]
    kind: Literal["flag"]

    def value(self, facts: Facts) -> int:
        return int(any(self.is_met_by(member) for member in facts.members))

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact)


class MembersWho(OfMembers):
    rule: Literal["members_who"]
    kind: Literal["count"]
    ages: Ages

    def value(self, facts: Facts) -> int:
        return sum(
            within(self.ages, facts.age(member)) and self.is_met_by(member) for member in facts.members
        )

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact, self.ages)


class ShareOfMembers(OfMembers):
    rule: Literal["share_of_members"]
    kind: Literal["share"]
    ages: Ages

    def value(self, facts: Facts) -> Fraction:
        met = sum(within(self.ages, facts.age(member)) and self.is_met_by(member) for member in facts.members)
        return Fraction(met, facts.size)

    def facts(self) -> tuple[str, ...]:
        return (self.fact, MEMBERS)

    def member_question(self) -> MemberQuestion:
        return MemberQuestion(self.fact, self.ages)


class MembersAged(Variable):
    rule: Literal["members_aged"]
    kind: Literal["count"]
    ages: Ages

    def value(self, facts: Facts) -> int:
        return sum(within(self.ages, facts.age(member)) for member in facts.members)

    def facts(self) -> tuple[str, ...]:
        return ("birth_date", MEMBERS)


AnyVariable = Annotated[
    Size
    | SizeSquared
    | HeadAge
    | HeadAgeSquared
    | AloneOrChildlessCouple
    | PersonsPerRoom
    | HouseholdIs
    | AtLeastOne
    | NumberOf
    | YearlyPerHead
    | HeadIs
    | AnyMemberIs
    | MembersWho
    | ShareOfMembers
    | MembersAged,
    Field(discriminator="rule"),
]


def _require_field(shape: type[BaseModel], fact: str) -> None:
    if fact not in shape.model_fields:
        raise ValueError(f"{fact!r} is no fact of {shape.__name__}")


def _require_answers(shape: type[BaseModel], fact: str, answers: Iterable[str | bool]) -> None:
    possible: set[str | bool] = set()
    for choice in get_args(shape.model_fields[fact].annotation):
        if choice is bool:
            possible |= {True, False}
        elif isinstance(choice, type) and issubclass(choice, StrEnum):
            possible |= set(choice)
    if unknown := [answer for answer in answers if answer not in possible]:
        raise ValueError(f"{fact!r} is never {unknown[0]!r}")
