"""Programmes that open by categories: a situation of a person or of a family, its provisos, and an amount."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry.facts import Facts, MemberFacts, Relation
from registry.geography import FALLBACK_LANGUAGES, PlaceName
from registry.rules.conditions import AnyCondition, Comparison, Standing
from registry.rules.measures import Ages, ExactText, MemberQuestion
from registry.rules.scoring import exact_text

ONE_DAY: Final = timedelta(days=1)
NOT_ASKED: Final = ""


class Paid(StrEnum):
    """For whom the amount counts: once for every person who meets the category, or once for the family."""

    EACH_PERSON = "each_person"
    EACH_DEPENDANT = "each_dependant"
    FAMILY = "family"


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Words = Mapping[str, str]


def words_in(words: Words, locale: str) -> PlaceName:
    """In the language asked for, or in Arabic, with the language that they are in."""
    lang = locale if words.get(locale) else FALLBACK_LANGUAGES[0]
    return PlaceName(words[lang], lang)


def _require_words(words: Words, whose: str) -> None:
    if not all(words.get(lang) for lang in FALLBACK_LANGUAGES):
        raise ValueError(f"{whose} has an Arabic and a French text")


class Question(_Written):
    """A fact that is asked because of a category, and of whom."""

    fact: str
    ages: Ages = (0, None)
    relations: frozenset[Relation] | None = None

    def of_members(self) -> MemberQuestion:
        return MemberQuestion(self.fact, self.ages, self.relations)


class Proviso(_Written):
    """What must hold beside the situation. `unmet` says to a reader why it does not."""

    that: AnyCondition
    unmet: Words


class Category(_Written):
    """Who is in a situation and meets every proviso is given the amount, until the card ends where that proves it."""

    code: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$")]
    names: Words
    paid: Paid
    monthly: ExactText
    situation: AnyCondition
    provided: tuple[str, ...] = ()
    ends_with_card: bool = False


class CategoriesRule(_Written):
    """Open when somebody meets a category. A person is given one amount, the largest that their categories give."""

    kind: Literal["categories"]
    effective_from: date
    questions: tuple[Question, ...]
    provisos: Mapping[str, Proviso]
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        codes = [category.code for category in self.categories]
        if twice := {code for code in codes if codes.count(code) > 1}:
            raise ValueError(f"the category {min(twice)} is there twice")
        for category in self.categories:
            if unknown := set(category.provided) - set(self.provisos):
                raise ValueError(f"the category {category.code} names the unknown proviso {min(unknown)}")
            _require_words(category.names, f"the category {category.code}")
        for name, proviso in self.provisos.items():
            _require_words(proviso.unmet, f"the proviso {name}")
        self._require_questions()
        return self

    def _require_questions(self) -> None:
        """Nothing is compared that nobody is asked, and nothing is asked that nobody compares."""
        asked = {question.fact for question in self.questions}
        if unknown := asked - set(MemberFacts.model_fields):
            raise ValueError(f"the question {min(unknown)} is about no fact of a member")
        needed = {need for condition in self.conditions() for need in condition.needs}
        if missing := needed - asked:
            raise ValueError(f"{min(missing)} is compared, and nobody is asked")
        if idle := asked - needed:
            raise ValueError(f"{min(idle)} is asked, and no category compares it")

    def conditions(self) -> tuple[AnyCondition, ...]:
        return (
            *(category.situation for category in self.categories),
            *(proviso.that for proviso in self.provisos.values()),
        )

    def comparisons(self) -> tuple[Comparison, ...]:
        return tuple(each for condition in self.conditions() for each in condition.comparisons())

    def category(self, code: str) -> Category:
        return next(each for each in self.categories if each.code == code)


@dataclass(frozen=True, slots=True)
class Entitled:
    """What one person (or, for a family, the dependants together) is given, and until when; None has no end."""

    people: tuple[int, ...]
    monthly: Decimal
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Unmet:
    """Somebody is in the situation of a category, and a proviso does not hold, or NOT_ASKED: a birthday since the
    declaration has brought questions that nobody has answered yet.
    """

    person_id: int
    proviso: str


@dataclass(frozen=True, slots=True)
class CategoryOutcome:
    """One category for one household: who is entitled by it, whose larger amount makes it idle, and what is unmet.

    All three are empty when nobody is in this situation.
    """

    code: str
    entitled: tuple[Entitled, ...] = ()
    larger: tuple[int, ...] = ()
    unmet: tuple[Unmet, ...] = ()

    def written(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "entitled": [
                {
                    "people": list(each.people),
                    "monthly": exact_text(each.monthly),
                    "until": each.until.isoformat() if each.until else None,
                }
                for each in self.entitled
            ],
            "larger": list(self.larger),
            "unmet": [{"person_id": each.person_id, "proviso": each.proviso} for each in self.unmet],
        }


def outcomes(rule: CategoriesRule, facts: Facts, on: date) -> tuple[CategoryOutcome, ...]:
    """Every category of the rule for a household on a day, in the order of the file. Ages are those of that day."""
    met, unmet = _look(rule, facts, on)
    chosen = {member.person_id: _largest(rule, met, member.person_id) for member in facts.members}
    found = []
    for category in rule.categories:
        members = met[category.code]
        taking = [
            m for m in members if category.paid is not Paid.EACH_PERSON or chosen[m.person_id] is category
        ]
        found.append(
            CategoryOutcome(
                code=category.code,
                entitled=_entitled(category, taking),
                larger=tuple(m.person_id for m in members if m not in taking),
                unmet=tuple(unmet[category.code]),
            )
        )
    return tuple(found)


def _look(
    rule: CategoriesRule, facts: Facts, on: date
) -> tuple[dict[str, list[MemberFacts]], dict[str, list[Unmet]]]:
    """By category: who meets it, and who is in its situation without a proviso (the first that fails)."""
    met: dict[str, list[MemberFacts]] = {}
    unmet: dict[str, list[Unmet]] = {}
    for category in rule.categories:
        met[category.code], unmet[category.code] = [], []
        for member in facts.members:
            standing = Standing(facts, member, on)
            if not category.situation.holds(standing):
                continue
            failed = _first_unmet(rule, category, standing)
            if failed is not None:
                unmet[category.code].append(Unmet(member.person_id, failed))
            else:
                met[category.code].append(member)
    return met, unmet


def _first_unmet(rule: CategoriesRule, category: Category, standing: Standing) -> str | None:
    for name in category.provided:
        holds = rule.provisos[name].that.holds(standing)
        if holds is None:
            return NOT_ASKED
        if not holds:
            return name
    return None


def _largest(rule: CategoriesRule, met: Mapping[str, list[MemberFacts]], person_id: int) -> Category | None:
    """Of equal amounts the one that stands first in the file."""
    meeting = [
        category
        for category in rule.categories
        if category.paid is Paid.EACH_PERSON and any(m.person_id == person_id for m in met[category.code])
    ]
    return max(meeting, key=lambda category: category.monthly, default=None)


def _entitled(category: Category, members: list[MemberFacts]) -> tuple[Entitled, ...]:
    ends = {m.person_id: m.card_expires_on if category.ends_with_card else None for m in members}
    if category.paid is not Paid.FAMILY:
        return tuple(Entitled((m.person_id,), category.monthly, ends[m.person_id]) for m in members)
    if not members:
        return ()
    dates = list(ends.values())
    last = None if None in dates else max(each for each in dates if each)
    return (Entitled(tuple(ends), category.monthly, last),)


def total(found: Iterable[CategoryOutcome]) -> Decimal:
    return sum((each.monthly for outcome in found for each in outcome.entitled), Decimal(0))


def turning_days(rule: CategoriesRule, facts: Facts, after: date) -> tuple[date, ...]:
    """The days after `after` on which time alone may change what the rule gives: birthdays, and ends of cards."""
    ages = {age for condition in rule.conditions() for age in condition.ages}
    days = {_birthday(member, age) for member in facts.members for age in ages}
    days |= {m.card_expires_on + ONE_DAY for m in facts.members if m.card_expires_on}
    return tuple(sorted(day for day in days if day > after))


def _birthday(member: MemberFacts, age: int) -> date:
    """The first day of an age: who is born on 29 February has it on 1 March in other years."""
    born = member.born_on
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
