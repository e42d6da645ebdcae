"""A request as an officer compares it: every fact as declared, as proposed and as it is on file now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup
from pydantic import ValidationError

from app.explanations.categories import in_its_language
from app.forms.declaration import FACTS_OF_STEP, facts_of, typed
from identity.people.register import PersonName, names
from registry.geography import atlas
from registry.requests.reviews import Review, ReviewMember
from registry.rules.variables import FACTS_OF_VARIABLE, questions
from registry.sources.configuration import sources
from registry.sources.contradictions import SourceAnswer
from registry.versions import HOUSEHOLD_FACTS, MEMBER_FACTS

# Asked of every household, in both zones; the other facts are those that the zone's model uses.
ADDRESS = ("commune", "district")


@dataclass(frozen=True, slots=True)
class ReviewedMember:
    """A member under review. An adult who has not answered an invitation has no name here."""

    member: ReviewMember
    name: PersonName | None


@dataclass(frozen=True, slots=True)
class ReviewedFact:
    """One fact, named as `registry.requests.corrections` says. `proposed` is a value of the fact, or else words.

    `answer` is that of the fact's `source`, where it has one.
    """

    name: str
    fact: str
    member: ReviewedMember | None
    declared: Any
    proposed: Any
    current: Any
    is_concerned: bool
    is_asked: bool
    answer: SourceAnswer | None = None
    source: Markup | str = ""

    @property
    def person_id(self) -> int | None:
        """Whose fact it is; None for one of the household."""
        return self.member.member.person.person_id if self.member and self.member.member.person else None

    @property
    def has_changed(self) -> bool:
        """Whether the fact on file is no longer the one that the contested index was computed from."""
        return bool(self.declared != self.current)


def reviewed_facts(review: Review, lang: str) -> tuple[ReviewedFact, ...]:
    """Every fact that has a value or that the model asks for: of the household, then member by member."""
    members = [_member(each, lang) for each in review.members]
    answers = {answer.name: answer for answer in review.answers}
    found = [*_of_household(review), *(fact for member in members for fact in _of_member(review, member))]
    found = [_with_source(fact, answers.get(fact.name), lang) for fact in found]
    return tuple(
        fact for fact in found if fact.is_asked or fact.current is not None or fact.declared is not None
    )


def _with_source(fact: ReviewedFact, answer: SourceAnswer | None, lang: str) -> ReviewedFact:
    if answer is None:
        return fact
    return replace(fact, answer=answer, source=in_its_language(sources()[answer.source].label(lang), lang))


def _member(member: ReviewMember, lang: str) -> ReviewedMember:
    return ReviewedMember(member, names(member.person, lang) if member.person else None)


def _of_household(review: Review) -> Iterator[ReviewedFact]:
    asked = {*ADDRESS, *questions(atlas().commune(review.current.commune).zone).household}
    in_order = [fact for facts in FACTS_OF_STEP.values() for fact in facts if fact in HOUSEHOLD_FACTS]
    for fact in in_order:
        yield ReviewedFact(
            name=fact,
            fact=fact,
            member=None,
            declared=getattr(review.declared, fact),
            proposed=_proposed(review, fact, fact),
            current=getattr(review.current, fact),
            is_concerned=_is_concerned(review, fact, fact),
            is_asked=fact in asked,
        )


def _of_member(review: Review, member: ReviewedMember) -> Iterator[ReviewedFact]:
    asked = _asked_of(review, member.member)
    declared = member.member.declared
    for fact in MEMBER_FACTS:
        name = f"{member.member.reference}.{fact}"
        yield ReviewedFact(
            name=name,
            fact=fact,
            member=member,
            declared=getattr(declared, fact) if declared else None,
            proposed=_proposed(review, name, fact),
            current=getattr(member.member.current, fact),
            is_concerned=fact in asked and _is_concerned(review, name, fact),
            is_asked=fact in asked,
        )


def _asked_of(review: Review, member: ReviewMember) -> tuple[str, ...]:
    """Nothing of an awaited adult, who does not count yet."""
    if member.person is None:
        return ()
    zone = atlas().commune(review.current.commune).zone
    return questions(zone).of_member(member.relation, member.person.age)


def _is_concerned(review: Review, name: str, fact: str) -> bool:
    """The fact that the citizen names, or without one every fact that feeds the contested line."""
    request = review.request
    if request.fact is not None:
        return request.fact == name
    return fact in FACTS_OF_VARIABLE.get(request.line_code or "", ())


def _proposed(review: Review, name: str, fact: str) -> Any:
    request = review.request
    if request.fact != name or not request.proposed_value:
        return None
    try:
        return facts_of({fact: request.proposed_value})[fact]
    except ValidationError:
        return request.proposed_value


def typed_to_correct(facts: tuple[ReviewedFact, ...]) -> dict[str, str]:
    """The answers with which the form of a correction begins: the facts on file, and what the citizen proposes."""
    begun = {}
    for fact in facts:
        # Every value is of a kind of its own; a bare text is what the citizen wrote instead of one.
        is_value = fact.proposed is not None and (type(fact.proposed) is not str or fact.fact in ADDRESS)
        value = fact.proposed if is_value else fact.current
        if value is not None:
            begun[fact.name] = typed(value)
    return begun
