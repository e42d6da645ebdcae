"""The programmes of a country, from `data/<profile>/programmes/*.json`, and their rules in force on a day.

Adding a programme is adding a file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import TypeVar

from pydantic_core import to_json

from registry.datafiles import IN_USE, named
from registry.rules.categories import CategoriesRule
from registry.rules.measures import MemberQuestion
from registry.rules.programme_files import (
    BandsRule,
    ChildAmounts,
    Programme,
    ThresholdRule,
    load_programmes,
    programmes_in_use,
)


class UnknownProgramme(Exception):
    """No programme has this code."""

    code = "unknown_programme"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line of the gauge: the programme opens at or below it."""

    programme: str
    at_or_below: Decimal


def programmes(profile: str = IN_USE) -> tuple[Programme, ...]:
    """All programmes of a profile in the order they are shown, as they are approved. Raises InvalidData."""
    return programmes_in_use(named(profile))


def programmes_of_files(profile: str = IN_USE) -> tuple[Programme, ...]:
    """The programmes that came with the portal. Raises InvalidData."""
    return load_programmes(named(profile))


def programme(code: str, profile: str = IN_USE) -> Programme:
    """Raises UnknownProgramme."""
    for each in programmes(profile):
        if each.code == code:
            return each
    raise UnknownProgramme(code)


def thresholds(on: date, profile: str = IN_USE) -> tuple[Threshold, ...]:
    """The thresholds in force on a day, the lowest first."""
    in_force = ((each.code, latest(each.rules, on)) for each in programmes(profile))
    found = [Threshold(code, rule.at_or_below) for code, rule in in_force if isinstance(rule, ThresholdRule)]
    return tuple(sorted(found, key=lambda threshold: threshold.at_or_below))


def member_questions(profile: str = IN_USE) -> tuple[MemberQuestion, ...]:
    """The facts of members that amounts and categories depend on."""
    rules = (rule for programme in programmes(profile) for rule in programme.rules)
    of_categories = [
        question.of_members()
        for rule in rules
        if isinstance(rule, CategoriesRule)
        for question in rule.questions
    ]
    amounts = (amounts for programme in programmes(profile) for amounts in programme.amounts)
    asked = (MemberQuestion("schooling", each.school_ages, each.relations) for each in amounts)
    return tuple(dict.fromkeys([*asked, *of_categories]))


def categories_in_force(on: date, profile: str = IN_USE) -> Mapping[str, CategoriesRule]:
    """What opens each programme that looks at no index on a day, by the programme's code."""
    in_force = {each.code: latest(each.rules, on) for each in programmes(profile)}
    return {code: rule for code, rule in in_force.items() if isinstance(rule, CategoriesRule)}


def categories_rule(code: str, since: date, profile: str = IN_USE) -> CategoriesRule:
    """The version of a programme's categories that a decision was taken by. Raises UnknownProgramme."""
    for rule in programme(code, profile).rules:
        if isinstance(rule, CategoriesRule) and rule.effective_from == since:
            return rule
    raise UnknownProgramme(code)


def rules_in_force(on: date, profile: str = IN_USE) -> Mapping[str, ThresholdRule | BandsRule]:
    """What an index opens each programme by on a day, by the programme's code."""
    in_force = {each.code: latest(each.rules, on) for each in programmes(profile)}
    return {code: rule for code, rule in in_force.items() if isinstance(rule, ThresholdRule | BandsRule)}


def amounts_in_force(on: date, profile: str = IN_USE) -> Mapping[str, ChildAmounts | None]:
    """What the programmes give on a day where it depends on children, by the programme's code."""
    return {each.code: latest(each.amounts, on) for each in programmes(profile)}


def rules_digest(on: date, profile: str = IN_USE) -> str:
    """A mark of all the rules and amounts in force on a day: two days with the same one decide alike."""
    in_force = [
        (each.code, each.benefit, each.source, latest(each.rules, on), latest(each.amounts, on))
        for each in programmes(profile)
    ]
    return sha256(to_json(in_force)).hexdigest()


DatedRule = TypeVar("DatedRule", ThresholdRule | BandsRule | CategoriesRule, ChildAmounts)


def latest(dated: Iterable[DatedRule], on: date) -> DatedRule | None:
    """Of several versions, the one in force on a day; None before the first."""
    in_force = [each for each in dated if each.effective_from <= on]
    return max(in_force, key=lambda each: each.effective_from, default=None)
