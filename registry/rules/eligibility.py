"""What the programmes mean for one household: decided by its index, or by the categories of its people.

An index meets a threshold when it is at or below it, compared without rounding; a category is met by what people
declared.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from registry.datafiles import IN_USE
from registry.facts import Facts, IncompleteFacts, MemberFacts, MissingFact, Schooling
from registry.rules.categories import CategoriesRule, CategoryOutcome, outcomes, total, turning_days
from registry.rules.measures import within
from registry.rules.programme_files import (
    NO_AMOUNT,
    BandsRule,
    Benefit,
    ChildAmounts,
    ComponentKind,
    Programme,
    ThresholdRule,
)
from registry.rules.programmes import categories_in_force, latest, programmes
from registry.rules.scoring import exact_text


class Outcome(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a monthly amount; for a child: who, which rank by birth, at what age."""

    kind: ComponentKind
    monthly_mad: Decimal
    person_id: int | None = None
    rank: int | None = None
    age: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What one programme means for one household.

    `monthly_mad` is what the household receives (monthly aid) or pays (paid health cover), None when it is closed or
    no money is involved. `threshold` is the edge that decides and `distance` how far the index is from it, exactly
    and never negative: the outcome says on which side. The components sum to the monthly amount. A programme that
    looks at no index has neither, and `categories` instead, which sum to the monthly amount too.
    """

    programme: str
    benefit: Benefit
    outcome: Outcome
    rule: str
    threshold: Decimal | None
    distance: Decimal | None
    source: str
    monthly_mad: Decimal | None = None
    above: Decimal | None = None
    at_or_below: Decimal | None = None
    components: tuple[Component, ...] = ()
    categories: tuple[CategoryOutcome, ...] = ()
    in_force_since: date | None = None

    @property
    def opened_by(self) -> tuple[str, ...]:
        """The codes of the categories that somebody is entitled by."""
        return tuple(each.code for each in self.categories if each.entitled)

    def written_rule(self) -> dict[str, Any]:
        """Everything that explains the decision, as exact text, to be kept with it."""
        return {
            "rule": self.rule,
            "benefit": self.benefit.value,
            "threshold": _written(self.threshold),
            "distance": _written(self.distance),
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
        } | self._written_categories()

    def _written_categories(self) -> dict[str, Any]:
        if self.in_force_since is None:
            return {}
        return {
            "in_force_since": self.in_force_since.isoformat(),
            "categories": [each.written() for each in self.categories],
        }


def decide(index: Decimal | None, facts: Facts, on: date, profile: str = IN_USE) -> tuple[Decision, ...]:
    """What every programme in force on a day means for a household, in the order they are shown.

    An index is None where the country computes none. For an index ages are those of the day of the declaration, as in
    the index; for categories those of the day of the decision. Raises IncompleteFacts when the schooling of a child is
    needed and was not answered.
    """
    decisions = []
    for each in programmes(profile):
        rule = latest(each.rules, on)
        if isinstance(rule, CategoriesRule):
            decisions.append(decide_by_categories(each, rule, facts, on))
        elif isinstance(rule, ThresholdRule) and index is not None:
            decisions.append(_decide_by_threshold(each, rule, index, facts, on))
        elif isinstance(rule, BandsRule) and index is not None:
            decisions.append(_decide_by_bands(each, rule, index))
    return tuple(decisions)


def decide_by_categories(programme: Programme, rule: CategoriesRule, facts: Facts, on: date) -> Decision:
    found = outcomes(rule, facts, on)
    is_open = any(each.entitled for each in found)
    return Decision(
        programme=programme.code,
        benefit=programme.benefit,
        outcome=Outcome.OPEN if is_open else Outcome.CLOSED,
        rule=rule.kind,
        threshold=None,
        distance=None,
        source=programme.source,
        monthly_mad=total(found) if is_open else None,
        categories=found,
        in_force_since=rule.effective_from,
    )


def looks_again_on(facts: Facts, after: date, profile: str = IN_USE) -> date | None:
    """The first day on which the same facts decide a category otherwise: a card has ended, somebody has a birthday,
    a new version of the rule is in force. None when time alone changes nothing.
    """
    days = {
        day
        for each in programmes(profile)
        for rule in each.rules
        if isinstance(rule, CategoriesRule)
        for day in (*turning_days(rule, facts, after), rule.effective_from)
        if day > after
    }
    today = _by_category(facts, after, profile)
    return next((day for day in sorted(days) if _by_category(facts, day, profile) != today), None)


def _by_category(facts: Facts, on: date, profile: str) -> tuple[tuple[CategoryOutcome, ...], ...]:
    return tuple(outcomes(rule, facts, on) for rule in categories_in_force(on, profile).values())


def _decide_by_threshold(
    programme: Programme, rule: ThresholdRule, index: Decimal, facts: Facts, on: date
) -> Decision:
    is_open = index <= rule.at_or_below
    amounts = latest(programme.amounts, on)
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


def _written(number: Decimal | None) -> str | None:
    return None if number is None else exact_text(number)
