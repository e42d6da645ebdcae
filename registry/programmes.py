"""What an index opens: programmes, thresholds, contributions and amounts, from `data/<profile>/programmes/*.json`.

An index meets a threshold when it is at or below it, compared without rounding. Adding a programme is adding a file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry.datafiles import DEFAULT_PROFILE, InvalidData, data_files, read_json
from registry.facts import Facts, IncompleteFacts, MemberFacts, MissingFact, Relation, Schooling
from registry.geography import FALLBACK_LANGUAGES, PlaceName
from registry.measures import Ages, ExactText, MemberQuestion, within
from registry.scoring import exact_text

NO_AMOUNT: Final = Decimal(0)


class Benefit(StrEnum):
    """What a programme gives: cover without contribution, money every month, or cover that the household pays for."""

    FREE_HEALTH_COVER = "free_health_cover"
    MONTHLY_AID = "monthly_aid"
    PAID_HEALTH_COVER = "paid_health_cover"


class Outcome(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class ComponentKind(StrEnum):
    """Why a part of a monthly amount is given. The family minimum is what is added to reach it."""

    UNDER_SCHOOL_AGE_OR_IN_SCHOOL = "under_school_age_or_in_school"
    OUT_OF_SCHOOL = "out_of_school"
    FAMILY_MINIMUM = "family_minimum"
    WITHOUT_CHILDREN = "without_children"


class UnknownProgramme(Exception):
    """No programme has this code."""

    code = "unknown_programme"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a monthly amount; for a child: who, which rank by birth, at what age."""

    kind: ComponentKind
    monthly_mad: Decimal
    person_id: int | None = None
    rank: int | None = None
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line of the gauge: the programme opens at or below it."""

    programme: str
    at_or_below: Decimal


@dataclass(frozen=True, slots=True)
class Decision:
    """What one index means in one programme.

    `monthly_mad` is what the household receives (monthly aid) or pays (paid health cover), None when it is closed or
    no money is involved. `threshold` is the edge that decides and `distance` how far the index is from it, exactly
    and never negative: the outcome says on which side. The components sum to the monthly amount.
    """

    programme: str
    benefit: Benefit
    outcome: Outcome
    rule: str
    threshold: Decimal
    distance: Decimal
    source: str
    monthly_mad: Decimal | None = None
    above: Decimal | None = None
    at_or_below: Decimal | None = None
    components: tuple[Component, ...] = ()

    def written_rule(self) -> dict[str, Any]:
        """Everything that explains the decision, as exact text, to be kept with it."""
        return {
            "rule": self.rule,
            "benefit": self.benefit.value,
            "threshold": exact_text(self.threshold),
            "distance": exact_text(self.distance),
            "above": _written(self.above),
            "at_or_below": _written(self.at_or_below),
            "components": [
                {
                    "kind": component.kind.value,
                    "monthly_mad": exact_text(component.monthly_mad),
                    "person_id": component.person_id,
                    "rank": component.rank,
                    "age": component.age,
                }
                for component in self.components
            ],
            "source": self.source,
        }


class _Dated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThresholdRule(_Dated):
    """Open at or below one value."""

    kind: Literal["threshold"]
    effective_from: date
    at_or_below: ExactText


class Band(_Dated):
    above: ExactText
    at_or_below: ExactText | None
    monthly_mad: ExactText

    def holds(self, index: Decimal) -> bool:
        return self.above < index and (self.at_or_below is None or index <= self.at_or_below)


class BandsRule(_Dated):
    """Open above the lowest edge, with the amount of the band where the index lies."""

    kind: Literal["bands"]
    effective_from: date
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _bands_follow(self) -> Self:
        for lower, upper in zip(self.bands, self.bands[1:], strict=False):
            if lower.at_or_below != upper.above:
                raise ValueError(f"the band above {upper.above} does not begin where the one before ends")
        if any(band.at_or_below is not None and band.at_or_below <= band.above for band in self.bands):
            raise ValueError("a band ends before it begins")
        if self.bands[-1].at_or_below is not None:
            raise ValueError("the last band has no upper edge")
        return self


class ChildRate(_Dated):
    condition: Literal["under_school_age_or_in_school", "out_of_school"]
    ranks: tuple[int, int]
    monthly_mad: ExactText


class ChildAmounts(_Dated):
    """Monthly amounts by child. Ranks are by birth among the children of these ages, the eldest first."""

    effective_from: date
    child_ages: Ages
    school_ages: Ages
    relations: frozenset[Relation]
    rates: tuple[ChildRate, ...]
    family_minimum: ExactText
    without_children: ExactText

    def rate(self, kind: ComponentKind, rank: int) -> Decimal:
        """Nothing for a rank that no rate names: a family is helped for so many children at most."""
        for rate in self.rates:
            if rate.condition == kind and rate.ranks[0] <= rank <= rate.ranks[1]:
                return rate.monthly_mad
        return NO_AMOUNT


class Programme(_Dated):
    """`names` by language; an Amazigh name is there only when it is known."""

    code: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$")]
    order: int
    benefit: Benefit
    names: Mapping[str, str]
    source: str
    to_confirm: str | None = None
    rules: tuple[Annotated[ThresholdRule | BandsRule, Field(discriminator="kind")], ...]
    amounts: tuple[ChildAmounts, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not all(self.names.get(lang) for lang in FALLBACK_LANGUAGES):
            raise ValueError("a programme has an Arabic and a French name")
        return self

    def name(self, locale: str) -> PlaceName:
        """The name in the language asked for, or in Arabic, with the language it is in."""
        lang = locale if self.names.get(locale) else FALLBACK_LANGUAGES[0]
        return PlaceName(self.names[lang], lang)


def programmes(profile: str = DEFAULT_PROFILE) -> tuple[Programme, ...]:
    """All programmes of a profile in the order they are shown, read once. Raises InvalidData."""
    return _load_programmes(profile)


@cache
def _load_programmes(profile: str) -> tuple[Programme, ...]:
    loaded = [read_json(profile, path, Programme) for path in data_files(profile, "programmes")]
    if len({programme.code for programme in loaded}) != len(loaded):
        raise InvalidData("two programmes have the same code")
    return tuple(sorted(loaded, key=lambda programme: programme.order))


def programme(code: str, profile: str = DEFAULT_PROFILE) -> Programme:
    """Raises UnknownProgramme."""
    for each in programmes(profile):
        if each.code == code:
            return each
    raise UnknownProgramme(code)


def thresholds(on: date, profile: str = DEFAULT_PROFILE) -> tuple[Threshold, ...]:
    """The thresholds in force on a day, the lowest first."""
    in_force = ((each.code, _latest(each.rules, on)) for each in programmes(profile))
    found = [Threshold(code, rule.at_or_below) for code, rule in in_force if isinstance(rule, ThresholdRule)]
    return tuple(sorted(found, key=lambda threshold: threshold.at_or_below))


def member_questions(profile: str = DEFAULT_PROFILE) -> tuple[MemberQuestion, ...]:
    """The facts of members that amounts depend on."""
    amounts = (amounts for programme in programmes(profile) for amounts in programme.amounts)
    asked = (MemberQuestion("schooling", each.school_ages, each.relations) for each in amounts)
    return tuple(dict.fromkeys(asked))


def decide(index: Decimal, facts: Facts, on: date, profile: str = DEFAULT_PROFILE) -> tuple[Decision, ...]:
    """What an index means in every programme in force on a day, in the order they are shown.

    Ages are those of the day of the declaration, as in the index. Raises IncompleteFacts when the schooling of a child
    is needed and was not answered.
    """
    decisions = []
    for each in programmes(profile):
        rule = _latest(each.rules, on)
        if isinstance(rule, ThresholdRule):
            decisions.append(_decide_by_threshold(each, rule, index, facts, on))
        elif isinstance(rule, BandsRule):
            decisions.append(_decide_by_bands(each, rule, index))
    return tuple(decisions)


def _decide_by_threshold(
    programme: Programme, rule: ThresholdRule, index: Decimal, facts: Facts, on: date
) -> Decision:
    is_open = index <= rule.at_or_below
    amounts = _latest(programme.amounts, on)
    components = _components(amounts, facts) if is_open and amounts else ()
    return Decision(
        programme=programme.code,
        benefit=programme.benefit,
        outcome=Outcome.OPEN if is_open else Outcome.CLOSED,
        rule=rule.kind,
        threshold=rule.at_or_below,
        distance=abs(rule.at_or_below - index),
        source=programme.source,
        monthly_mad=_total(components) if components else None,
        at_or_below=rule.at_or_below,
        components=components,
    )


def _decide_by_bands(programme: Programme, rule: BandsRule, index: Decimal) -> Decision:
    band = next((band for band in rule.bands if band.holds(index)), None)
    lowest_edge = rule.bands[0].above
    return Decision(
        programme=programme.code,
        benefit=programme.benefit,
        outcome=Outcome.OPEN if band else Outcome.CLOSED,
        rule=rule.kind,
        threshold=lowest_edge,
        distance=abs(index - lowest_edge),
        source=programme.source,
        monthly_mad=band.monthly_mad if band else None,
        above=band.above if band else None,
        at_or_below=band.at_or_below if band else None,
    )


def _components(amounts: ChildAmounts, facts: Facts) -> tuple[Component, ...]:
    children = [
        member
        for member in facts.members
        if member.relation in amounts.relations and within(amounts.child_ages, facts.age(member))
    ]
    if not children:
        return (Component(ComponentKind.WITHOUT_CHILDREN, amounts.without_children),)
    children.sort(key=lambda child: (child.born_on, child.person_id))
    components = tuple(_child(amounts, facts, child, rank) for rank, child in enumerate(children, start=1))
    lacking = amounts.family_minimum - _total(components)
    if lacking > NO_AMOUNT:
        components = (*components, Component(ComponentKind.FAMILY_MINIMUM, lacking))
    return components


def _child(amounts: ChildAmounts, facts: Facts, child: MemberFacts, rank: int) -> Component:
    age = facts.age(child)
    kind = ComponentKind.UNDER_SCHOOL_AGE_OR_IN_SCHOOL
    if within(amounts.school_ages, age):
        if child.schooling is None:
            raise IncompleteFacts((MissingFact("schooling", child.person_id),))
        if child.schooling is Schooling.NONE:
            kind = ComponentKind.OUT_OF_SCHOOL
    return Component(kind, amounts.rate(kind, rank), child.person_id, rank, age)


def _total(components: Iterable[Component]) -> Decimal:
    return sum((component.monthly_mad for component in components), NO_AMOUNT)


DatedRule = TypeVar("DatedRule", ThresholdRule | BandsRule, ChildAmounts)


def _latest(dated: Iterable[DatedRule], on: date) -> DatedRule | None:
    """Of several versions, the one in force on a day; None before the first."""
    in_force = [each for each in dated if each.effective_from <= on]
    return max(in_force, key=lambda each: each.effective_from, default=None)


def _written(number: Decimal | None) -> str | None:
    return None if number is None else exact_text(number)
