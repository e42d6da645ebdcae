"""Between the numbers of the simulator and facts as a declaration has them, so that one formula serves both.

The people are made up to fit the numbers. Whatever fits them has the same index, because the formula counts people
and never looks at who they are. The amount for children depends on their order of birth: where the numbers leave it
open, those who are not at school are taken for the eldest, which never promises too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from app.forms.declaration import typed, typed_facts
from app.forms.simulator import OTHER_COVER, SimulatorAnswers, counted, ticked_facts, written_facts
from registry.facts import (
    MEMBERS,
    Education,
    Facts,
    HealthCover,
    HouseholdFacts,
    MemberFacts,
    Occupation,
    Relation,
    Schooling,
    Zone,
)
from registry.geography import atlas
from registry.rules.measures import within
from registry.rules.measures.base import Variable
from registry.rules.measures.of_members import MembersAged, ShareOfMembers
from registry.rules.scoring import IndexModel
from registry.rules.variables import only_asked, zone_of

# The ages of the made-up people, and where the groups of the form begin and end.
SMALL, PUPIL, YOUNG = 3, 10, 16
PUPIL_FROM, GROWN_FROM, YOUNG_UNTIL = 6, 15, 20
FIRST_RANKS: Final = 3
# What somebody is said to be whom no line of the formula counts.
UNCOUNTED: Final[Mapping[str, tuple[Any, ...]]] = {
    "diploma": ("general", "none", "technical", "higher"),
    "occupation": ("other", "none"),
    "active": (False, True),
    "literate": (False, True),
}


class Contradiction(Exception):
    """Two answers cannot both be true. `name` is the field to correct."""

    def __init__(self, name: str, code: str, **values: int) -> None:
        super().__init__(name, code)
        self.name, self.code, self.values = name, code, values


@dataclass
class _Person:
    relation: Relation
    age: int
    answers: dict[str, Any] = field(default_factory=dict)


def simulated_facts(answers: SimulatorAnswers, model: IndexModel, on: date) -> Facts:
    """A household that fits the answers, as it would be declared on a day. Raises Contradiction."""
    zone = answers.zone
    people = list(_people(answers))
    if len(people) > MEMBERS.greatest:
        raise Contradiction("others", "too_many_people", most=MEMBERS.greatest)
    grown = [person for person in people if person.age >= GROWN_FROM]
    _set_ages(answers, [each for each in counted(zone, model) if isinstance(each, MembersAged)], grown)
    _set_answers(answers, [each for each in counted(zone, model) if isinstance(each, ShareOfMembers)], grown)
    facts = Facts(
        household=_home(answers, model),
        members=tuple(_member(number, person, on) for number, person in enumerate(people, start=1)),
        declared_on=on,
    )
    return only_asked(facts, model)


def _people(answers: SimulatorAnswers) -> Iterator[_Person]:
    """The head first; then by age, and in each age those who are not at school."""
    cover = HealthCover.OTHER if OTHER_COVER in answers.has else HealthCover.NONE
    head = {"education": answers.education, "occupation": answers.occupation, "health_cover": cover}
    yield _Person(Relation.HEAD, answers.head_age, head)
    if answers.spouse:
        yield _Person(Relation.SPOUSE, YOUNG)
    groups: tuple[tuple[Relation, int, Schooling | None, int], ...] = (
        (Relation.OTHER, YOUNG, None, answers.others),
        (Relation.CHILD, YOUNG, Schooling.NONE, answers.young_not_at_school),
        (Relation.CHILD, YOUNG, Schooling.PUBLIC, answers.young_at_school),
        (Relation.CHILD, PUPIL, Schooling.NONE, answers.children_not_at_school),
        (Relation.CHILD, PUPIL, Schooling.PUBLIC, answers.children_public),
        (Relation.CHILD, PUPIL, Schooling.PRIVATE, answers.children_private),
        (Relation.CHILD, SMALL, None, answers.children_under_6),
        (Relation.GRANDCHILD, PUPIL, Schooling.NONE, answers.relatives_not_at_school),
        (Relation.GRANDCHILD, PUPIL, Schooling.PUBLIC, answers.relatives_public),
        (Relation.GRANDCHILD, PUPIL, Schooling.PRIVATE, answers.relatives_private),
        (Relation.GRANDCHILD, SMALL, None, answers.relatives_under_6),
    )
    for relation, age, schooling, number in groups:
        for _ in range(number):
            yield _Person(relation, age, {"schooling": schooling})


def _set_ages(answers: SimulatorAnswers, lines: list[MembersAged], grown: list[_Person]) -> None:
    """As many people as were counted get an age of each line: the eldest line first, sons and daughters last."""
    _check_total(answers, lines, grown)
    head, *without_age = grown
    for line in sorted(lines, key=lambda each: -each.ages[0]):
        number = _beside(answers, line, int(within(line.ages, head.age)))
        fitting = [
            each for each in without_age if each.relation is not Relation.CHILD or line.ages[0] <= YOUNG_UNTIL
        ]
        if number > len(fitting):
            raise Contradiction(line.code, "more_than_people", people=len(grown))
        for person in fitting[:number]:
            person.age = line.ages[0]
            without_age.remove(person)


def _set_answers(answers: SimulatorAnswers, lines: list[ShareOfMembers], grown: list[_Person]) -> None:
    """As many people as were counted get the answer of each line; what the head does for a living is known already."""
    for fact in dict.fromkeys(line.fact for line in lines):
        of_fact = [line for line in lines if line.fact == fact]
        _check_total(answers, of_fact, grown)
        known = [person.answers[fact] for person in grown if fact in person.answers]
        unknown = iter([person for person in grown if fact not in person.answers])
        for line in of_fact:
            for _ in range(_beside(answers, line, sum(answer in line.answers for answer in known))):
                person = next(unknown, None)
                if person is None:
                    raise Contradiction(line.code, "more_than_people", people=len(grown))
                person.answers[fact] = line.answers[0]
        uncounted = _uncounted(fact, of_fact)
        for person in unknown:
            person.answers[fact] = uncounted


def _check_total(answers: SimulatorAnswers, lines: Sequence[Variable], grown: list[_Person]) -> None:
    """Nobody has two ages or two occupations."""
    if lines and sum(getattr(answers, line.code) for line in lines) > len(grown):
        raise Contradiction(lines[-1].code, "more_than_people", people=len(grown))


def _beside(answers: SimulatorAnswers, line: Variable, known: int) -> int:
    """How many of those who were counted are not known yet."""
    number: int = getattr(answers, line.code) - known
    if number < 0:
        raise Contradiction(line.code, "head_not_counted")
    return number


def _uncounted(fact: str, lines: list[ShareOfMembers]) -> Any:
    counted_answers = {answer for line in lines for answer in line.answers}
    return next(answer for answer in UNCOUNTED[fact] if answer not in counted_answers)


def _home(answers: SimulatorAnswers, model: IndexModel) -> HouseholdFacts:
    written = {fact: getattr(answers, fact) for fact in written_facts(answers.zone, model)}
    ticked = {fact: fact in answers.has for fact in ticked_facts(answers.zone, model)}
    return HouseholdFacts.model_validate(
        {"commune": some_commune(answers.region, answers.zone)} | written | ticked
    )


def _member(number: int, person: _Person, on: date) -> MemberFacts:
    return MemberFacts.model_validate(
        {"health_cover": HealthCover.NONE}
        | person.answers
        | {"person_id": number, "relation": person.relation, "birth_date": date(on.year - person.age, 1, 1)}
    )


def some_commune(region: str, zone: Zone) -> str:
    """Any commune of the region and zone: the formula looks no closer."""
    communes = atlas().communes.values()
    return next(each.code for each in communes if each.region_code == region and each.zone is zone)


def simulator_typed(facts: Facts, model: IndexModel) -> dict[str, str | list[str]]:
    """A declared household as the simulator would have it typed: numbers, and nothing that names anybody."""
    zone = zone_of(facts)
    home = typed_facts(facts.household)
    numbers = _numbers(facts) | {line.code: _number_in(line, facts) for line in counted(zone, model)}
    ticked = [fact for fact in ticked_facts(zone, model) if getattr(facts.household, fact)]
    if any(member.health_cover is HealthCover.OTHER for member in facts.members):
        ticked.append(OTHER_COVER)
    return {
        "zone": zone.value,
        "region": atlas().commune(facts.household.commune).region_code,
        "head_age": str(facts.age(facts.head)),
        "education": typed(facts.head.education or Education.NONE),
        "occupation": typed(facts.head.occupation or Occupation.NONE),
        "spouse": "yes" if _spouses(facts) else "",
        "has": ticked,
        **{name: str(number) for name, number in numbers.items() if number},
        **{fact: home[fact] for fact in written_facts(zone, model) if fact in home},
    }


def _numbers(facts: Facts) -> Counter[str]:
    """How many people are in each group of the simulator; a second wife is one of the others."""
    numbers = Counter(_group(member, facts.age(member)) for member in facts.members)
    numbers["others"] += max(0, _spouses(facts) - 1)
    del numbers[""]
    return numbers


def _spouses(facts: Facts) -> int:
    return sum(member.relation is Relation.SPOUSE for member in facts.members)


def _group(member: MemberFacts, age: int) -> str:
    """The field that counts a member; none for the head and a spouse."""
    if member.relation in (Relation.HEAD, Relation.SPOUSE):
        return ""
    is_child = member.relation is Relation.CHILD
    at_school = member.schooling in (Schooling.PUBLIC, Schooling.PRIVATE)
    if age >= GROWN_FROM:
        if not is_child or age > YOUNG_UNTIL:
            return "others"
        return "young_at_school" if at_school else "young_not_at_school"
    who = "children" if is_child else "relatives"
    if age < PUPIL_FROM:
        return f"{who}_under_6"
    return f"{who}_{member.schooling.value}" if at_school and member.schooling else f"{who}_not_at_school"


def _number_in(line: Variable, facts: Facts) -> int:
    """How many people a line counts: its value, or of a share the part."""
    value = line.value(facts)
    return int(value * facts.size) if isinstance(line, ShareOfMembers) else int(value)


def order_matters(facts: Facts) -> bool:
    """Whether the order of birth of the children, which the numbers leave open, could change an amount."""
    children = [
        member
        for member in facts.members
        if member.relation is Relation.CHILD and facts.age(member) <= YOUNG_UNTIL
    ]
    out_of_school = sum(child.schooling is Schooling.NONE for child in children)
    return len(children) > FIRST_RANKS and 0 < out_of_school < len(children)
