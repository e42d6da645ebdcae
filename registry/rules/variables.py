"""From what a household declared to the values of its model, and back: which facts are asked, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from registry.facts import (
    MAY_STAY_OPEN,
    ONLY_WITH,
    Facts,
    HouseholdFacts,
    IncompleteFacts,
    MemberFacts,
    MissingFact,
    Relation,
    Zone,
)
from registry.geography import atlas
from registry.profiles import profile, profile_names
from registry.rules.measures import MemberQuestion
from registry.rules.programmes import member_questions as programme_questions
from registry.rules.scoring import Index, IndexModel, exact_text, models, score


def _models_of_all_countries() -> Iterator[IndexModel]:
    for country in sorted(profile_names()):
        if profile(country).index:
            yield from models(country)


# Which facts feed a variable, the one that a reader would correct first in front. "members" means who lives here.
FACTS_OF_VARIABLE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {variable.code: variable.facts() for model in _models_of_all_countries() for variable in model.variables}
)


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked in a zone: facts of the household in the order of their definition, and facts of members."""

    household: tuple[str, ...]
    members: tuple[MemberQuestion, ...]

    def of_member(self, relation: Relation, age: int) -> tuple[str, ...]:
        """The facts asked of a member of this relation and age, in the order of their definition."""
        asked = {question.fact for question in self.members if question.asks(relation, age)}
        return tuple(fact for fact in MemberFacts.model_fields if fact in asked)


def index_of(facts: Facts, model: IndexModel) -> Index:
    """The index of a household by its facts. Raises IncompleteFacts, UnknownPlace."""
    commune = atlas().commune(facts.household.commune)
    values = variable_values(facts, model)
    return score(model, zone=commune.index_zone, region=commune.region_code, values=values)


def variable_values(facts: Facts, model: IndexModel) -> dict[str, Decimal]:
    """Every variable of the zone's model. Shares and yearly amounts are rounded once, half up, as the model says.

    Raises IncompleteFacts, UnknownPlace.
    """
    if missing := missing_facts(facts, model):
        raise IncompleteFacts(missing)
    formula = model.zones[zone_of(facts)]
    return {
        variable.code: _rounded_half_up(variable.value(facts), model.value_decimals)
        for variable in formula.variables
    }


def missing_facts(facts: Facts, model: IndexModel | None) -> tuple[MissingFact, ...]:
    """What the zone's model and the programmes need and was not answered. Raises UnknownPlace."""
    asked = questions(_zone(facts), model)
    missing = [MissingFact(fact) for fact in asked.household if getattr(facts.household, fact) is None]
    for member in facts.members:
        answers = asked.of_member(member.relation, facts.age(member))
        missing += [MissingFact(fact, member.person_id) for fact in unanswered(answers, member)]
    return tuple(missing)


def unanswered(asked: Iterable[str], answers: BaseModel) -> tuple[str, ...]:
    """The asked facts of a member that have no answer and need one: not those that follow from a "no"."""
    return tuple(
        fact
        for fact in asked
        if getattr(answers, fact) is None
        and fact not in MAY_STAY_OPEN
        and (fact not in ONLY_WITH or getattr(answers, ONLY_WITH[fact]))
    )


def only_asked(facts: Facts, model: IndexModel | None) -> Facts:
    """The same facts without the answers that no rule uses, such as those given before a move to another zone.

    Raises UnknownPlace.
    """
    asked = questions(_zone(facts), model)
    kept = {"commune", "district", *asked.household}
    household = facts.household.model_copy(update=dict.fromkeys(set(HouseholdFacts.model_fields) - kept))
    members = tuple(
        member.model_copy(update=dict.fromkeys(_member_answers() - {*asked.of_member(member.relation, age)}))
        for member, age in ((member, facts.age(member)) for member in facts.members)
    )
    return facts.model_copy(update={"household": household, "members": members})


def _zone(facts: Facts) -> Zone | None:
    return atlas().commune(facts.household.commune).zone


def zone_of(facts: Facts) -> Zone:
    """Raises UnknownPlace."""
    return atlas().commune(facts.household.commune).index_zone


def questions(zone: Zone | None, model: IndexModel | None = None) -> Questions:
    """What the zone's model (any model, when none is given) and the programmes ask, and nothing else.

    A form without a day of its own must neither hide what the model in force needs nor what the next one will need.
    A country without an index has neither zones nor models.
    """
    asking = ((model,) if model else models()) if profile().index else ()
    return _questions(zone, asking, programme_questions())


@cache
def _questions(
    zone: Zone | None, asking: tuple[IndexModel, ...], of_programmes: tuple[MemberQuestion, ...]
) -> Questions:
    variables = [variable for model in asking if zone for variable in model.zones[zone].variables]
    household = {fact for variable in variables for fact in variable.household_questions()}
    of_models = [question for variable in variables if (question := variable.member_question())]
    return Questions(
        household=tuple(fact for fact in HouseholdFacts.model_fields if fact in household),
        members=tuple(dict.fromkeys([*of_models, *of_programmes])),
    )


def _member_answers() -> set[str]:
    """The facts of a member that are answers, and not who the member is."""
    return set(MemberFacts.model_fields) - {"person_id", "relation", "birth_date", "birth_precision"}


def _rounded_half_up(value: int | Fraction, decimals: int) -> Decimal:
    """Exact values are never negative, so half up is: add a half and cut."""
    scaled = value * 10**decimals
    cut = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(exact_text(Decimal(cut).scaleb(-decimals)))
