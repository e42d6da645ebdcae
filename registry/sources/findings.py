"""What the sources say of a household beside what it declared. Pure: rows come in, findings go out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from registry.facts import Meter
from registry.rules.scoring import model_on
from registry.rules.variables import questions, zone_of
from registry.sources.configuration import Combine, FactRule, rules_on
from registry.sources.tables import SourceFact
from registry.sources.values import read_value
from registry.versions import Version, VersionMember

# Younger people hold no contract and own no vehicle in their own name.
OWNS_FROM_AGE: Final = 18
METERS: Final = (Meter.INDIVIDUAL, Meter.SHARED, Meter.NONE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact that a source knows: named as `registry.requests.corrections` says, its `value`, `declared` beside it.

    `is_whole` says that the source knows every adult: what it knows of some is the least of what there is.
    """

    name: str
    fact: str
    rule: FactRule
    value: Any
    declared: Any
    as_of: date
    is_whole: bool
    membership_id: int | None = None

    @property
    def agrees(self) -> bool:
        """Amounts are averages: a small difference is none."""
        if self.rule.tolerance_percent is not None:
            return bool(abs(self.value - self.declared) * 100 <= self.declared * self.rule.tolerance_percent)
        return bool(self.value == self.declared)

    @property
    def contradicts(self) -> bool:
        return not self.agrees and (self.is_whole or _exceeds(self.value, self.declared))


def _exceeds(value: Any, declared: Any) -> bool:
    """Whether what a source knows of some of the adults is more than what was declared of all."""
    if isinstance(value, Meter):
        return METERS.index(value) < METERS.index(declared)
    return bool(value > declared)


def asked_facts(version: Version, references: Mapping[int, str], day: date) -> dict[str, FactRule]:
    """The facts of the household's zone that have a source on this day, by name. `references` are memberships'."""
    rules, facts = rules_on(day), version.facts()
    if not rules:
        return {}
    asked = questions(zone_of(facts), model_on(day))
    named = {fact: rules[fact] for fact in asked.household if fact in rules}
    for member in _counted(version):
        for fact in asked.of_member(member.relation, facts.age(member.facts())):
            if fact in rules:
                named[f"{references[member.membership_id]}.{fact}"] = rules[fact]
    return named


def findings(
    version: Version, told: Iterable[SourceFact], references: Mapping[int, str], day: date
) -> tuple[Finding, ...]:
    """What the newest answers say about the facts that count. What is not asked in the zone is nobody's business."""
    newest = {(row.person_id, row.fact): row for row in sorted(told, key=lambda row: row.id)}
    by_reference = {references[member.membership_id]: member for member in _counted(version)}
    found: list[Finding] = []
    for name, rule in asked_facts(version, references, day).items():
        reference = name.rpartition(".")[0]
        if reference:
            found += _of_member(version, by_reference[reference], name, rule, newest)
        else:
            found += _of_household(version, rule, newest)
    return tuple(found)


def _counted(version: Version) -> Iterator[VersionMember]:
    return (member for member in version.members if not member.awaited)


def _of_member(
    version: Version,
    member: VersionMember,
    name: str,
    rule: FactRule,
    newest: Mapping[tuple[int, str], SourceFact],
) -> Iterator[Finding]:
    row = newest.get((member.person_id or 0, rule.fact))
    declared = getattr(member.answers, rule.fact)
    if row is not None and row.source == rule.answered_by and declared is not None:
        value = read_value(rule.fact, row.value)
        yield Finding(name, rule.fact, rule, value, declared, row.as_of, True, member.membership_id)


def _of_household(
    version: Version, rule: FactRule, newest: Mapping[tuple[int, str], SourceFact]
) -> Iterator[Finding]:
    facts = version.facts()
    rows = [newest.get((member.person_id, rule.fact)) for member in facts.members]
    known = [row for row in rows if row is not None and row.source == rule.answered_by]
    declared = getattr(version.household, rule.fact)
    if not known or declared is None:
        return
    owners = {member.person_id for member in facts.members if facts.age(member) >= OWNS_FROM_AGE}
    value = _combined(rule.combine, [read_value(rule.fact, row.value) for row in known])
    is_whole = owners <= {row.person_id for row in known}
    yield Finding(rule.fact, rule.fact, rule, value, declared, max(row.as_of for row in known), is_whole)


def _combined(how: Combine, values: Sequence[Any]) -> Any:
    match how:
        case Combine.ANY:
            return any(values)
        case Combine.BEST:
            return min(values, key=METERS.index)
        case _:
            return sum(values)
