"""What lies around an index: the next edges of the programmes on both sides, and the birthdays that will count.

Pure rules: nothing is read or written. Only what the formula and the programmes themselves say is foreseen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from registry.facts import (
    BirthPrecision,
    Diploma,
    Education,
    Facts,
    HealthCover,
    MemberFacts,
    Occupation,
    Schooling,
)
from registry.rules.eligibility import Decision, Outcome, decide
from registry.rules.index_models import IndexModel
from registry.rules.measures.base import Variable
from registry.rules.programme_files import Benefit, ThresholdRule
from registry.rules.programmes import rules_in_force
from registry.rules.variables import index_of, missing_facts

# Nearer to an edge than any index can be, by the decimals that coefficients and values have.
JUST_ABOVE: Final = Decimal("1e-18")
AHEAD: Final = timedelta(days=365)
ONE_DAY: Final = timedelta(days=1)
NOTHING: Final = Decimal(0)
# A change of spending that people can picture, in MAD a month.
SMALL_AMOUNT: Final = 50
MONTHS: Final = 12
ANY_ANSWER: Final[Mapping[str, Any]] = {
    "schooling": Schooling.PUBLIC,
    "education": Education.NONE,
    "diploma": Diploma.NONE,
    "literate": False,
    "active": False,
    "occupation": Occupation.NONE,
    "health_cover": HealthCover.NONE,
}


@dataclass(frozen=True)
class Edge:
    """The next value at which a programme decides otherwise, how far it is, and what is decided beyond it."""

    value: Decimal
    distance: Decimal
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Birthday:
    """A birthday that a rule looks at. `moved` is None where it makes an answer needed that was not given: `asked`."""

    on: date
    person_id: int
    age: int
    moved: Decimal | None
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Balance:
    """Money of a month: what programmes give and what the household pays them."""

    received: Decimal
    paid: Decimal

    @property
    def rest(self) -> Decimal:
        return self.received - self.paid


def edge_below(index: Decimal, facts: Facts, on: date) -> Edge | None:
    """The highest edge under an index: at it and below something else is decided."""
    value = max((edge for edge in _edges(on) if edge < index), default=None)
    return None if value is None else Edge(value, index - value, decide(value, facts, on))


def edge_above(index: Decimal, facts: Facts, on: date) -> Edge | None:
    """The lowest edge that an index has not passed: anything above it decides something else."""
    value = min((edge for edge in _edges(on) if edge >= index), default=None)
    return None if value is None else Edge(value, value - index, decide(value + JUST_ABOVE, facts, on))


def _edges(on: date) -> Iterator[Decimal]:
    for rule in rules_in_force(on).values():
        if isinstance(rule, ThresholdRule):
            yield rule.at_or_below
        else:
            yield from (band.above for band in rule.bands)


def balance_of(decisions: Sequence[Mapping[str, Any]]) -> Balance:
    """Of decisions as they are kept with an index."""
    received = paid = NOTHING
    for decision in decisions:
        if decision["outcome"] != Outcome.OPEN or decision["monthly_mad"] is None:
            continue
        if decision["benefit"] == Benefit.PAID_HEALTH_COVER:
            paid += Decimal(decision["monthly_mad"])
        else:
            received += Decimal(decision["monthly_mad"])
    return Balance(received, paid)


def birthdays(facts: Facts, model: IndexModel, today: date) -> tuple[Birthday, ...]:
    """Those since the declaration and in the year ahead that move the index, an amount, or what is asked.

    Ages are counted on the day of a declaration, so each counts from the next declaration after it.
    """
    found = [
        birthday
        for member in facts.members
        for day, age in _days(member, facts.declared_on, today + AHEAD)
        if (birthday := _birthday(facts, model, member, day, age, today))
    ]
    return tuple(sorted(found, key=lambda each: each.on))


def _days(member: MemberFacts, after: date, until: date) -> Iterator[tuple[date, int]]:
    """The days in a span on which the member has a year more, as the rules count."""
    age = member.age_on(after)
    for year in range(after.year, until.year + 1):
        born = member.born_on
        try:
            day = born.replace(year=year)
        except ValueError:
            day = date(year, 3, 1)
        if after < day <= until:
            age = member.age_on(day)
            yield day, age


def _birthday(
    facts: Facts, model: IndexModel, member: MemberFacts, day: date, age: int, today: date
) -> Birthday | None:
    """None where nothing looks at it. The day before is compared with itself, this member having had the birthday:
    nobody else's is in it, though those whose birth record gives the year alone all have theirs on 1 January.

    What earlier birthdays will have made needed is answered alike on both sides, whatever the answer.
    """
    before = _answered(facts.model_copy(update={"declared_on": day - ONE_DAY}), model)
    older = {"birth_date": member.born_on - ONE_DAY, "birth_precision": BirthPrecision.DAY}
    after = before.model_copy(
        update={
            "members": tuple(
                each.model_copy(update=older) if each.person_id == member.person_id else each
                for each in before.members
            )
        }
    )
    if asked := tuple(sorted({missing.fact for missing in missing_facts(after, model)})):
        return Birthday(day, member.person_id, age, None, asked)
    moved = index_of(after, model).index - index_of(before, model).index
    if moved or _amounts(after, model, today) != _amounts(before, model, today):
        return Birthday(day, member.person_id, age, moved)
    return None


def _answered(facts: Facts, model: IndexModel) -> Facts:
    missing: dict[int | None, dict[str, Any]] = {}
    for each in missing_facts(facts, model):
        missing.setdefault(each.person_id, {})[each.fact] = ANY_ANSWER[each.fact]
    members = tuple(member.model_copy(update=missing.get(member.person_id, {})) for member in facts.members)
    return facts.model_copy(update={"members": members})


def _amounts(facts: Facts, model: IndexModel, on: date) -> list[tuple[str, Decimal | None]]:
    decisions = decide(index_of(facts, model).index, facts, on)
    return [(each.programme, each.monthly_mad) for each in decisions]


def step_of(variable: Variable, size: int) -> Decimal:
    """How many points one more moves: a thing, a person, a yes, or fifty dirhams a month."""
    match variable.kind:
        case "mad_per_year_per_head":
            return variable.coefficient * SMALL_AMOUNT * MONTHS / size
        case "share":
            return variable.coefficient / size
        case _:
            return variable.coefficient
