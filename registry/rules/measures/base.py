"""What every measure is: a line of a model that takes an exact value from the facts and says which ones."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Final, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from registry.facts import Facts, Relation
from registry.rules.measures.sql import HouseholdSql, SqlValue

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
    def sql(self, household: HouseholdSql) -> SqlValue:
        """The same value in SQL, for the computation of a whole country."""

    @abstractmethod
    def facts(self) -> tuple[str, ...]:
        """The facts behind the value; first the one that a reader would want to correct."""

    def household_questions(self) -> tuple[str, ...]:
        return ()

    def member_question(self) -> MemberQuestion | None:
        return None


def require_field(shape: type[BaseModel], fact: str) -> None:
    if fact not in shape.model_fields:
        raise ValueError(f"{fact!r} is no fact of {shape.__name__}")


def require_answers(shape: type[BaseModel], fact: str, answers: Iterable[str | bool]) -> None:
    possible: set[str | bool] = set()
    for choice in get_args(shape.model_fields[fact].annotation):
        if choice is bool:
            possible |= {True, False}
        elif isinstance(choice, type) and issubclass(choice, StrEnum):
            possible |= set(choice)
    if unknown := [answer for answer in answers if answer not in possible]:
        raise ValueError(f"{fact!r} is never {unknown[0]!r}")
