"""What a version would change for one household on its first day: its index, what opens, what closes, and the money.

Both sides are of that day, with the version and without it, so that nothing else is put down to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from registry.facts import Facts, Relation
from registry.model_life.checks import name_and_day
from registry.model_life.shelf import Content, as_if_approved, as_if_never
from registry.model_life.tables import Crossing, HouseholdType
from registry.rules.eligibility import Decision, Outcome, decide
from registry.rules.programme_files import Benefit
from registry.rules.scoring import Index, model_on
from registry.rules.variables import index_of

NOTHING: Final = Decimal(0)


@dataclass(frozen=True)
class Change:
    """One programme on the first day, without the version and with it; None where it decides nothing."""

    programme: str
    benefit: Benefit
    before: Decision | None
    after: Decision | None

    @property
    def gain(self) -> Decimal:
        """Money of every month, below zero when it is lost; a contribution is lost money."""
        difference = _money(self.after) - _money(self.before)
        return -difference if self.benefit is Benefit.PAID_HEALTH_COVER else difference

    @property
    def crossing(self) -> Crossing | None:
        was, will = _is_open(self.before), _is_open(self.after)
        if was != will:
            return Crossing.OPENED if will else Crossing.CLOSED
        if self.gain == NOTHING:
            return None
        return Crossing.MORE if self.gain > NOTHING else Crossing.LESS

    @property
    def is_loss(self) -> bool:
        """Cover that has to be paid for is lost with the cover without contribution, and not once more."""
        if self.benefit is Benefit.PAID_HEALTH_COVER:
            return self.crossing is Crossing.LESS
        return self.crossing in (Crossing.CLOSED, Crossing.LESS)


@dataclass(frozen=True)
class Foreseen:
    """A household on the first day of a version."""

    before: Index
    after: Index
    programmes: tuple[Change, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(change for change in self.programmes if change.crossing is not None)

    @property
    def loses(self) -> bool:
        return any(change.is_loss for change in self.programmes)


def foresee(content: Content, facts: Facts) -> Foreseen:
    """Raises IncompleteFacts where a household would have to declare anew."""
    _, day = name_and_day(content)
    with as_if_never(content):
        before, was = _on(facts, day)
    with as_if_approved(content):
        after, will = _on(facts, day)
    return Foreseen(before, after, tuple(_changes(was, will)))


def _on(facts: Facts, day: date) -> tuple[Index, dict[str, Decision]]:
    index = index_of(facts, model_on(day))
    return index, {decision.programme: decision for decision in decide(index.index, facts, day)}


def _changes(was: dict[str, Decision], will: dict[str, Decision]) -> Iterable[Change]:
    for code in dict.fromkeys((*will, *was)):
        known = will.get(code) or was[code]
        yield Change(code, known.benefit, was.get(code), will.get(code))


def _is_open(decision: Decision | None) -> bool:
    return decision is not None and decision.outcome is Outcome.OPEN


def _money(decision: Decision | None) -> Decimal:
    return decision.monthly_mad or NOTHING if decision else NOTHING


def household_type(facts: Facts) -> HouseholdType:
    """Children are those of the head, of whatever age."""
    relations = [member.relation for member in facts.members]
    with_spouse, with_children = Relation.SPOUSE in relations, Relation.CHILD in relations
    if set(relations) - {Relation.HEAD, Relation.SPOUSE, Relation.CHILD}:
        return HouseholdType.OTHER
    if with_children:
        return HouseholdType.COUPLE_WITH_CHILDREN if with_spouse else HouseholdType.ONE_PARENT
    return HouseholdType.COUPLE if with_spouse else HouseholdType.ALONE
