"""The questions of the simulator: as few as the formula of its zone needs; what is left empty counts as none."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, create_model

from app.forms.base import Answers
from app.forms.declaration import ANSWER_OF_FACT
from app.forms.errors import add_sentences
from app.forms.fields import YesNo, refused, whole_number
from app.i18n.catalogues import mark as N_
from registry.facts import COUNTS, Education, Occupation, Zone
from registry.geography import atlas
from registry.rules.measures.base import Variable
from registry.rules.measures.of_members import MembersAged, ShareOfMembers
from registry.rules.scoring import IndexModel, model_named
from registry.rules.variables import questions

HEAD_AGES: Final = (15, 110)
# Ticked with the facts of the home, though it is asked of the members one by one in a declaration.
OTHER_COVER: Final = "other_cover"

count = whole_number(*COUNTS)
none_of_them: Any = (count, 0)


def _known_region(code: str) -> str:
    if code not in atlas().regions:
        raise refused("enum")
    return code


def _ticked(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


class SimulatorAnswers(Answers):
    """Who lives in the home, in numbers: nobody is named. The home and what it has are added for each zone."""

    zone: Zone
    region: Annotated[str, AfterValidator(_known_region)]
    head_age: whole_number(*HEAD_AGES)  # type: ignore[valid-type]
    education: Education
    occupation: Occupation
    spouse: YesNo = False
    children_under_6: count = 0  # type: ignore[valid-type]
    children_public: count = 0  # type: ignore[valid-type]
    children_private: count = 0  # type: ignore[valid-type]
    children_not_at_school: count = 0  # type: ignore[valid-type]
    young_at_school: count = 0  # type: ignore[valid-type]
    young_not_at_school: count = 0  # type: ignore[valid-type]
    others: count = 0  # type: ignore[valid-type]
    relatives_under_6: count = 0  # type: ignore[valid-type]
    relatives_public: count = 0  # type: ignore[valid-type]
    relatives_private: count = 0  # type: ignore[valid-type]
    relatives_not_at_school: count = 0  # type: ignore[valid-type]
    has: Annotated[tuple[str, ...], BeforeValidator(_ticked)] = ()


def counted(zone: Zone, model: IndexModel) -> tuple[Variable, ...]:
    """The lines of the formula that count people by age, diploma or work: each is asked as a number of people."""
    return tuple(
        variable
        for variable in model.zones[zone].variables
        if isinstance(variable, (MembersAged, ShareOfMembers))
    )


def ticked_facts(zone: Zone, model: IndexModel) -> tuple[str, ...]:
    """The facts of the home that are a yes or a no."""
    return tuple(fact for fact in questions(zone, model).household if ANSWER_OF_FACT[fact] is YesNo)


def written_facts(zone: Zone, model: IndexModel) -> tuple[str, ...]:
    """The facts of the home that are chosen from a list or written as a number."""
    return tuple(fact for fact in questions(zone, model).household if ANSWER_OF_FACT[fact] is not YesNo)


def simulator_answers(zone: Zone, model: IndexModel) -> type[SimulatorAnswers]:
    return _simulator_answers(zone, model.name)


@cache
def _simulator_answers(zone: Zone, model_name: str) -> type[SimulatorAnswers]:
    model = model_named(model_name)
    fields: dict[str, Any] = {variable.code: none_of_them for variable in counted(zone, model)}
    fields |= {fact: _written(fact) for fact in written_facts(zone, model)}
    offered = {*ticked_facts(zone, model), OTHER_COVER}

    def known(ticked: tuple[str, ...]) -> tuple[str, ...]:
        if not offered.issuperset(ticked):
            raise refused("enum")
        return ticked

    fields["has"] = (Annotated[tuple[str, ...], BeforeValidator(_ticked), AfterValidator(known)], ())
    return create_model(f"{zone.title()}SimulatorAnswers", __base__=SimulatorAnswers, **fields)


def _written(fact: str) -> Any:
    """Rooms and choices are needed; an amount or a number that is left empty is none."""
    kind = ANSWER_OF_FACT[fact]
    if fact == "rooms" or (isinstance(kind, type) and issubclass(kind, Enum)):
        return (kind, ...)
    return (kind, Decimal(0) if fact.endswith("_mad") else 0)


add_sentences(
    {
        ("head_age", "missing"): N_("Write the age of the head of household."),
        ("others", "too_many_people"): N_("A household has at most %(most)s people. Check the numbers."),
        ("*", "more_than_people"): N_(
            "You counted more people than live in the home: %(people)s aged 15 and over."
        ),
        ("*", "head_not_counted"): N_("Count the head of household too."),
    }
)
