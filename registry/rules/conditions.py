"""Conditions on the facts of a member, written as data: `all`, `any`, `not`, and comparisons of named facts.

A named fact is one that was declared, or one that follows from what was declared (an age on a day, a card that has
not ended). Nothing else can be named, and nothing is evaluated as code: a file that names anything else is refused.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from registry.facts import Facts, MemberFacts, Relation
from registry.geography import atlas

AGE: Final = "age"
PROVINCE: Final = "province"
NO_CARD: Final = 0
COUPLE: Final = frozenset({Relation.HEAD, Relation.SPOUSE})


@dataclass(frozen=True, slots=True)
class Standing:
    """One member of a household, as the rules look at one on a day."""

    facts: Facts
    member: MemberFacts
    on: date


class FactKind(StrEnum):
    TRUTH = "truth"
    NUMBER = "number"
    RELATION = "relation"
    PLACE = "place"


Value = bool | int | str | None


@dataclass(frozen=True, slots=True)
class NamedFact:
    """A fact that a condition can compare. `needs` are the declared facts that it is taken from."""

    kind: FactKind
    read: Callable[[Standing], Value]
    needs: tuple[str, ...] = ()


def _age(standing: Standing) -> int:
    return standing.member.age_on(standing.on)


def _declared(fact: str, standing: Standing) -> bool | None:
    answer: bool | None = getattr(standing.member, fact)
    return answer


def _head_is_national(standing: Standing) -> bool | None:
    return standing.facts.head.national


def _spouse_has_income(standing: Standing) -> bool | None:
    """Of the couple at the head of the household the other's answer counts; anybody else was asked."""
    member = standing.member
    if member.relation not in COUPLE:
        return member.spouse_income
    return _any_income(
        each
        for each in standing.facts.members
        if each.relation in COUPLE and each.relation != member.relation
    )


def _couple_has_income(standing: Standing) -> bool | None:
    return _any_income(each for each in standing.facts.members if each.relation in COUPLE)


def _any_income(members: Any) -> bool | None:
    answers = [each.income for each in members]
    if any(answers):
        return True
    return None if None in answers else False


def _card_rate(standing: Standing) -> int | None:
    if standing.member.special_needs_card is None:
        return None
    return standing.member.card_rate if standing.member.special_needs_card else NO_CARD


def _card_is_valid(standing: Standing) -> bool | None:
    """A card counts on its last day."""
    if not standing.member.special_needs_card:
        return standing.member.special_needs_card
    ends = standing.member.card_expires_on
    return ends is None or standing.on <= ends


def _province(standing: Standing) -> str:
    return atlas().commune(standing.facts.household.commune).province_code


def _truth(fact: str) -> NamedFact:
    return NamedFact(FactKind.TRUTH, partial(_declared, fact), (fact,))


NAMED_FACTS: Final[Mapping[str, NamedFact]] = MappingProxyType(
    {
        AGE: NamedFact(FactKind.NUMBER, _age),
        "relation": NamedFact(FactKind.RELATION, lambda standing: standing.member.relation),
        PROVINCE: NamedFact(FactKind.PLACE, _province),
        "household_size": NamedFact(FactKind.NUMBER, lambda standing: standing.facts.size),
        **{
            fact: _truth(fact)
            for fact in (
                "national",
                "income",
                "unable_to_work",
                "lives_alone",
                "woman_head_of_family",
                "in_institution",
                "chronic_illness",
            )
        },
        "head_is_national": NamedFact(FactKind.TRUTH, _head_is_national, ("national",)),
        "spouse_has_income": NamedFact(FactKind.TRUTH, _spouse_has_income, ("income", "spouse_income")),
        "couple_has_income": NamedFact(FactKind.TRUTH, _couple_has_income, ("income",)),
        "card_rate": NamedFact(FactKind.NUMBER, _card_rate, ("special_needs_card", "card_rate")),
        "card_is_valid": NamedFact(FactKind.TRUTH, _card_is_valid, ("special_needs_card", "card_expires_on")),
    }
)
OPERATORS: Final[Mapping[FactKind, frozenset[str]]] = MappingProxyType(
    {
        FactKind.TRUTH: frozenset({"is"}),
        FactKind.NUMBER: frozenset({"equals", "at_least", "at_most", "below", "above"}),
        FactKind.RELATION: frozenset({"one_of"}),
        FactKind.PLACE: frozenset({"one_of"}),
    }
)


class Condition(BaseModel, ABC):
    """Holds, does not hold, or cannot be said (None) because a fact was never asked of this member."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def holds(self, standing: Standing) -> bool | None: ...

    @abstractmethod
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every comparison in it, however deep."""

    @property
    def needs(self) -> frozenset[str]:
        """The declared facts that it is taken from."""
        return frozenset(need for each in self.comparisons() for need in NAMED_FACTS[each.fact].needs)

    @property
    def ages(self) -> frozenset[int]:
        """The birthdays on which it may change."""
        return frozenset(
            age for each in self.comparisons() if each.fact == AGE for age in each.turning_points()
        )


class Comparison(Condition):
    """One named fact beside one value."""

    fact: str
    is_: Annotated[bool | None, Field(alias="is", strict=True)] = None
    equals: Annotated[int | None, Field(strict=True)] = None
    at_least: Annotated[int | None, Field(strict=True)] = None
    at_most: Annotated[int | None, Field(strict=True)] = None
    below: Annotated[int | None, Field(strict=True)] = None
    above: Annotated[int | None, Field(strict=True)] = None
    one_of: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _compares_what_it_can(self) -> Self:
        if self.fact not in NAMED_FACTS:
            raise ValueError(f"there is no fact {self.fact!r}; there are {', '.join(sorted(NAMED_FACTS))}")
        given = self._given()
        if len(given) != 1:
            raise ValueError(f"{self.fact} needs exactly one comparison")
        kind = NAMED_FACTS[self.fact].kind
        if not set(given) <= OPERATORS[kind]:
            fitting = ", ".join(sorted(OPERATORS[kind]))
            raise ValueError(
                f"{self.fact} is a {kind.value}: it is compared by {fitting}, not by {min(given)}"
            )
        return self

    @model_validator(mode="after")
    def _relations_exist(self) -> Self:
        is_relation = NAMED_FACTS[self.fact].kind is FactKind.RELATION
        if is_relation and (unknown := set(self.one_of or ()) - set(Relation)):
            raise ValueError(f"there is no relation {min(unknown)!r}; there are {', '.join(Relation)}")
        return self

    def _given(self) -> dict[str, Any]:
        return self.model_dump(exclude={"fact"}, exclude_none=True, by_alias=True)

    def holds(self, standing: Standing) -> bool | None:
        value = NAMED_FACTS[self.fact].read(standing)
        if value is None:
            return None
        (operator, wanted), *_ = self._given().items()
        return _COMPARE[operator](value, wanted)

    def comparisons(self) -> tuple[Comparison, ...]:
        return (self,)

    def turning_points(self) -> tuple[int, ...]:
        """The first values at which the comparison of a number may turn."""
        from_here = [edge for edge in (self.at_least, self.below, self.equals) if edge is not None]
        after = [edge + 1 for edge in (self.at_most, self.above, self.equals) if edge is not None]
        return (*from_here, *after)


_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = MappingProxyType(
    {
        "is": lambda value, wanted: value is wanted,
        "equals": lambda value, wanted: value == wanted,
        "at_least": lambda value, wanted: value >= wanted,
        "at_most": lambda value, wanted: value <= wanted,
        "below": lambda value, wanted: value < wanted,
        "above": lambda value, wanted: value > wanted,
        "one_of": lambda value, wanted: value in wanted,
    }
)


class AllOf(Condition):
    all: Annotated[tuple[AnyCondition, ...], Field(min_length=1)]

    def holds(self, standing: Standing) -> bool | None:
        found = [each.holds(standing) for each in self.all]
        if False in found:
            return False
        return None if None in found else True

    def comparisons(self) -> tuple[Comparison, ...]:
        return tuple(inner for each in self.all for inner in each.comparisons())


class AnyOf(Condition):
    any: Annotated[tuple[AnyCondition, ...], Field(min_length=1)]

    def holds(self, standing: Standing) -> bool | None:
        found = [each.holds(standing) for each in self.any]
        if True in found:
            return True
        return None if None in found else False

    def comparisons(self) -> tuple[Comparison, ...]:
        return tuple(inner for each in self.any for inner in each.comparisons())


class Not(Condition):
    not_: Annotated[AnyCondition, Field(alias="not")]

    def holds(self, standing: Standing) -> bool | None:
        found = self.not_.holds(standing)
        return None if found is None else not found

    def comparisons(self) -> tuple[Comparison, ...]:
        return self.not_.comparisons()


def _form_of(written: Any) -> str | None:
    """Which of the four forms somebody wrote: none, when it is not exactly one."""
    names = set(written) if isinstance(written, dict) else set()
    forms = names & {"all", "any", "not", "fact"}
    return forms.pop() if len(forms) == 1 else None


AnyCondition = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Comparison, Tag("fact")],
    Discriminator(
        _form_of,
        custom_error_type="no_condition",
        custom_error_message="a condition has exactly one of: all, any, not, fact",
    ),
]
for _form in (AllOf, AnyOf, Not):
    _form.model_rebuild()
