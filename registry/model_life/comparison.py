"""Two versions side by side: only what is different, each number as it was and as it would be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from registry.facts import Zone
from registry.model_life.shelf import Content
from registry.rules.index_models import IndexModel
from registry.rules.programme_files import BandsRule, ChildAmounts, Programme, ThresholdRule
from registry.rules.scoring import exact_text


class Subject(StrEnum):
    """What a number belongs to."""

    CONSTANT = "constant"
    REGION = "region"
    VARIABLE = "variable"
    THRESHOLD = "threshold"
    BAND = "band"
    CATEGORY = "category"
    UNDER_SCHOOL_AGE_OR_IN_SCHOOL = "under_school_age_or_in_school"
    OUT_OF_SCHOOL = "out_of_school"
    FAMILY_MINIMUM = "family_minimum"
    WITHOUT_CHILDREN = "without_children"


@dataclass(frozen=True, slots=True)
class Difference:
    """`code` is the region, variable or category, the edges of a band, or the ranks of children. None: not there."""

    subject: Subject
    code: str
    before: str | None
    after: str | None
    zone: Zone | None = None


Numbers = dict[tuple[Zone | None, Subject, str], Decimal]


class Dated(Protocol):
    @property
    def effective_from(self) -> date: ...


class NotComparable(Exception):
    """One is a model of the index and the other a programme, or they are different programmes."""

    code = "not_comparable"


def compare(before: Content, after: Content) -> tuple[Difference, ...]:
    """Programmes as they are when their newest entry counts. Raises NotComparable."""
    if isinstance(before, IndexModel) and isinstance(after, IndexModel):
        return tuple(_differences(_of_model(before), _of_model(after)))
    if isinstance(before, Programme) and isinstance(after, Programme) and before.code == after.code:
        return tuple(_differences(_of_programme(before), _of_programme(after)))
    raise NotComparable


def _differences(before: Numbers, after: Numbers) -> Iterator[Difference]:
    for key in dict.fromkeys((*before, *after)):
        was, will = before.get(key), after.get(key)
        if was != will:
            zone, subject, code = key
            yield Difference(subject, code, _written(was), _written(will), zone)


def _written(number: Decimal | None) -> str | None:
    return None if number is None else exact_text(number)


def _of_model(model: IndexModel) -> Numbers:
    numbers: Numbers = {}
    for zone in Zone:
        formula = model.zones[zone]
        numbers[zone, Subject.CONSTANT, "K"] = formula.constant
        for regional in formula.regions:
            numbers[zone, Subject.REGION, regional.region] = regional.term
        for variable in formula.variables:
            numbers[zone, Subject.VARIABLE, variable.code] = variable.coefficient
    return numbers


def _of_programme(programme: Programme) -> Numbers:
    rule = max(programme.rules, key=_begins)
    numbers: Numbers = {}
    if isinstance(rule, ThresholdRule):
        numbers[None, Subject.THRESHOLD, ""] = rule.at_or_below
    elif isinstance(rule, BandsRule):
        for band in rule.bands:
            edge = "" if band.at_or_below is None else exact_text(band.at_or_below)
            numbers[None, Subject.BAND, f"{exact_text(band.above)} {edge}".strip()] = band.monthly_mad
    else:
        for category in rule.categories:
            numbers[None, Subject.CATEGORY, category.code] = category.monthly
    if programme.amounts:
        numbers |= _of_amounts(max(programme.amounts, key=_begins))
    return numbers


def _begins(dated: Dated) -> date:
    return dated.effective_from


def _of_amounts(amounts: ChildAmounts) -> Numbers:
    numbers: Numbers = {
        (None, Subject(rate.condition), f"{rate.ranks[0]}-{rate.ranks[1]}"): rate.monthly_mad
        for rate in amounts.rates
    }
    numbers[None, Subject.FAMILY_MINIMUM, ""] = amounts.family_minimum
    numbers[None, Subject.WITHOUT_CHILDREN, ""] = amounts.without_children
    return numbers
