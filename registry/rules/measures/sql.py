"""How a measure is written in SQL: with whole numbers alone, so that every database and Python give the same digits.

The text names three things that the query around it provides: `home` is the declaration, `member` one member who
counts, and `who` what has been counted among the members.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from registry.facts import Relation

CENTIMES: Final = 100
SIZE: Final = "who.size"
IS_HEAD: Final = f"member.relation = '{Relation.HEAD.value}'"


class SqlValue(ABC):
    """A value in SQL. `points` is coefficient x value as one whole number.

    The coefficient comes scaled by a power of ten, and a value counts 10 to the power of `decimals`.
    """

    @abstractmethod
    def points(self, coefficient: int, decimals: int) -> str: ...


@dataclass(frozen=True, slots=True)
class SqlFlag(SqlValue):
    condition: str

    def points(self, coefficient: int, decimals: int) -> str:
        return f"CASE WHEN {self.condition} THEN {whole(coefficient * 10**decimals)} ELSE 0 END"


@dataclass(frozen=True, slots=True)
class SqlCount(SqlValue):
    expression: str

    def points(self, coefficient: int, decimals: int) -> str:
        return f"{whole(coefficient * 10**decimals)} * {self.expression}"


@dataclass(frozen=True, slots=True)
class SqlQuotient(SqlValue):
    """Rounded once, half up: neither part is negative, so half up is to add a half and cut."""

    dividend: str
    divisor: str

    def points(self, coefficient: int, decimals: int) -> str:
        rounded = f"({whole(2 * 10**decimals)} * {self.dividend} + {self.divisor}) / (2 * {self.divisor})"
        return f"{whole(coefficient)} * ({rounded})"


class Dialect(ABC):
    """What the databases say differently.

    `materialized` and `fence` make the part of a query that they end be computed once, and not wherever it is used.
    """

    name: str
    materialized: str
    fence: str

    @abstractmethod
    def amount(self, column: str) -> str:
        """An exact amount kept as text, in centimes."""

    @abstractmethod
    def scaled(self, column: str, decimals: int) -> str:
        """An exact number kept as text, times ten to the power of `decimals`."""

    @abstractmethod
    def born_on(self, date: str, precision: str) -> str:
        """The birth date that the rules use: an unknown day is the 1st, an unknown month is January."""

    @abstractmethod
    def years_before(self, day: str, years: int) -> str:
        """The last birth date of somebody who has completed so many years on `day`."""

    @abstractmethod
    def completed_years(self, born: str, day: str) -> str: ...

    @abstractmethod
    def join_counted(self, homes: str, counted: str) -> str:
        """The `homes` (a table named home), each beside what is `counted` among its members (named who)."""


@dataclass
class HouseholdSql:
    """What measures take from a household, and what has to be counted among its members for that.

    `counted` names each aggregate, and `ages` holds the ages at which something begins or ends.
    """

    dialect: Dialect
    counted: dict[str, str] = field(default_factory=dict)
    ages: set[int] = field(default_factory=set)

    def fact(self, name: str) -> str:
        return f"home.{name}"

    def amount(self, name: str) -> str:
        return self.dialect.amount(self.fact(name))

    def head_age(self) -> str:
        age = self.dialect.completed_years("member.born", self.fact("facts_on"))
        return self._counted(f"max(CASE WHEN {IS_HEAD} THEN {age} END)")

    def fact_of_head(self, fact: str) -> str:
        """For facts that are words: there is no greatest of two truths."""
        return self._counted(f"max(CASE WHEN {IS_HEAD} THEN member.{fact} END)")

    def members_who(self, *conditions: str) -> str:
        """How many members meet all the conditions."""
        if not conditions:
            return SIZE
        return self._counted(f"count(CASE WHEN {' AND '.join(conditions)} THEN 1 END)")

    def aged(self, least: int, greatest: int | None) -> tuple[str, ...]:
        """The conditions on a member to be of these ages, both included, on the day of the declaration."""
        conditions = []
        if least > 0:
            self.ages.add(least)
            conditions.append(f"member.born <= home.{age_column(least)}")
        if greatest is not None:
            self.ages.add(greatest + 1)
            conditions.append(f"member.born > home.{age_column(greatest + 1)}")
        return tuple(conditions)

    def _counted(self, aggregate: str) -> str:
        return "who." + self.counted.setdefault(aggregate, f"counted_{len(self.counted) + 1}")


def age_column(age: int) -> str:
    return f"aged_{age}"


def is_one_of(column: str, answers: Iterable[str | bool]) -> str:
    return f"{column} IN ({', '.join(_literal(answer) for answer in answers)})"


def whole(number: int) -> str:
    """A 64-bit literal: PostgreSQL would multiply two small ones in 32 bits."""
    return f"CAST({number} AS BIGINT)"


def _literal(answer: str | bool) -> str:
    if isinstance(answer, bool):
        return "TRUE" if answer else "FALSE"
    if not answer.replace("_", "").isalnum():
        raise ValueError(f"{answer!r} is not the code of an answer")
    return f"'{answer}'"
