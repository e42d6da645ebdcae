"""What is asked about the household, page by page: only what the model of its zone uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, StringConstraints, TypeAdapter, create_model

from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import WrittenDay, YesNo, money, refused, text, whole_number
from app.i18n.catalogues import mark as N_
from registry.facts import (
    CARD_RATES,
    COUNTS,
    DISTRICT_LENGTH,
    MONTHLY_MAD,
    ROOMS,
    Diploma,
    DwellingType,
    Education,
    HealthCover,
    Meter,
    Occupation,
    Schooling,
    Zone,
)
from registry.geography import atlas
from registry.profiles import profile
from registry.rules.variables import questions


class Step(StrEnum):
    """The parts of a declaration, in the order in which they are asked. Each is the last word of its address."""

    ADDRESS = "address"
    DWELLING = "dwelling"
    EQUIPMENT = "equipment"
    SPENDING = "spending"
    PROPERTY = "property"
    MEMBERS = "members"
    CHECK = "check"


ABOUT_HOUSEHOLD: Final = (Step.DWELLING, Step.EQUIPMENT, Step.SPENDING, Step.PROPERTY)

FACTS_OF_STEP: Final[Mapping[Step, tuple[str, ...]]] = {
    Step.ADDRESS: ("commune", "district"),
    Step.DWELLING: ("dwelling_type", "rooms", "bath", "meter", "several_families"),
    Step.EQUIPMENT: ("satellite_antenna", "landline", "computers", "mobile_phones", "cars", "motorcycles"),
    Step.SPENDING: ("water_mad", "electricity_mad", "butane_mad", "telephone_mad", "internet_mad"),
    Step.PROPERTY: (
        "loan",
        "secondary_dwelling",
        "garage",
        "professional_premises",
        "non_agricultural_land",
        "irrigated_land",
        "cows",
    ),
}

count = whole_number(*COUNTS)
monthly_mad = money(MONTHLY_MAD.greatest)


class PlaceLevel(StrEnum):
    REGION = "regions"
    PROVINCE = "provinces"
    COMMUNE = "communes"


def _known(level: PlaceLevel) -> Callable[[str], str]:
    def check(code: str) -> str:
        if code not in getattr(atlas(), level):
            raise refused("enum")
        return code

    return check


CommuneCode = Annotated[str, AfterValidator(_known(PlaceLevel.COMMUNE))]

ANSWER_OF_FACT: Final[dict[str, Any]] = {
    "dwelling_type": DwellingType,
    "rooms": whole_number(*ROOMS),
    "bath": YesNo,
    "meter": Meter,
    "several_families": YesNo,
    "satellite_antenna": YesNo,
    "landline": YesNo,
    "computers": count,
    "mobile_phones": count,
    "cars": count,
    "motorcycles": count,
    "water_mad": monthly_mad,
    "electricity_mad": monthly_mad,
    "butane_mad": monthly_mad,
    "telephone_mad": monthly_mad,
    "internet_mad": monthly_mad,
    "loan": YesNo,
    "secondary_dwelling": YesNo,
    "garage": YesNo,
    "professional_premises": YesNo,
    "non_agricultural_land": YesNo,
    "irrigated_land": YesNo,
    "cows": count,
}


ANSWER_OF_MEMBER_FACT: Final[dict[str, Any]] = {
    "schooling": Schooling,
    "education": Education,
    "diploma": Diploma,
    "literate": YesNo,
    "active": YesNo,
    "occupation": Occupation,
    "health_cover": HealthCover,
    "national": YesNo,
    "income": YesNo,
    "spouse_income": YesNo,
    "unable_to_work": YesNo,
    "lives_alone": YesNo,
    "woman_head_of_family": YesNo,
    "in_institution": YesNo,
    "chronic_illness": YesNo,
    "special_needs_card": YesNo,
    "card_rate": whole_number(*CARD_RATES),
    "card_expires_on": WrittenDay,
}


class PageAnswers(Answers):
    """A page of a declaration. `seen` is the mark of the answers that it showed."""

    seen: Annotated[str, StringConstraints(max_length=64)] = ""


class AddressAnswers(PageAnswers):
    """The commune decides the zone; the region and the province only lead to it."""

    region: Annotated[str, AfterValidator(_known(PlaceLevel.REGION))]
    province: Annotated[str, AfterValidator(_known(PlaceLevel.PROVINCE))]
    commune: CommuneCode
    district: text(DISTRICT_LENGTH) | None = None  # type: ignore[valid-type]


class SendAnswers(Answers):
    """`version` is that of the draft that the page showed: nothing else is sent."""

    version: whole_number(1, 1_000_000_000)  # type: ignore[valid-type]


def may_ask(step: Step) -> bool:
    """Whether the page asks something in any commune of the country."""
    zones = tuple(Zone) if profile().index else (None,)
    return any(asked_in(step, zone) for zone in zones)


def asked_in(step: Step, zone: Zone | None) -> tuple[str, ...]:
    """The facts of a page that the zone's model uses. A page that asks nothing is left out of the declaration."""
    used = questions(zone).household
    return tuple(fact for fact in FACTS_OF_STEP[step] if fact in used)


def step_answers(step: Step, zone: Zone | None) -> type[PageAnswers]:
    """The form of a page about the household: every question that it asks has to be answered."""
    return _step_answers(step, asked_in(step, zone))


@cache
def _step_answers(step: Step, facts: tuple[str, ...]) -> type[PageAnswers]:
    asked: dict[str, Any] = {fact: (ANSWER_OF_FACT[fact], ...) for fact in facts}
    return create_model(f"{step.title()}Answers", __base__=PageAnswers, **asked)


def typed_facts(facts: BaseModel) -> dict[str, str]:
    """The facts as they would be typed, for a form or a draft; what is not answered is left out."""
    return {name: typed(value) for name, value in facts if value is not None and name in _ADAPTERS}


def typed(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case Decimal():
            return format(value, "f")
        case date():
            return f"{value:%d/%m/%Y}"
    return str(value)


def choices_of(fact: str) -> tuple[Enum, ...]:
    """The answers to choose from, for a question that offers some."""
    kind = (ANSWER_OF_FACT | ANSWER_OF_MEMBER_FACT)[fact]
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, Enum) else ()


def facts_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """The values behind answers that are kept as they were typed."""
    return {name: _ADAPTERS[name].validate_python(answer) for name, answer in typed.items()}


_ADAPTERS: Final[Mapping[str, TypeAdapter[Any]]] = {
    "commune": TypeAdapter(str),
    "district": TypeAdapter(str),
    **{name: TypeAdapter(kind) for name, kind in (ANSWER_OF_FACT | ANSWER_OF_MEMBER_FACT).items()},
}

add_sentences(
    {
        ("region", "missing"): N_("Choose the region."),
        ("province", "missing"): N_("Choose the province or the prefecture."),
        ("commune", "missing"): N_("Choose the commune."),
        ("commune", "enum"): N_("Choose the commune from the list."),
        ("dwelling_type", "missing"): N_("Choose the kind of dwelling."),
        ("rooms", "missing"): N_("Write the number of rooms."),
        ("bath", "missing"): N_("Say whether the dwelling has a bath or a shower."),
        ("meter", "missing"): N_("Choose the kind of electricity meter."),
        ("several_families", "missing"): N_("Say whether more than one family lives in the household."),
        ("satellite_antenna", "missing"): N_("Say whether the household has a satellite antenna."),
        ("landline", "missing"): N_("Say whether the household has a landline telephone."),
        ("computers", "missing"): N_("Write the number of computers. If there is none, write 0."),
        ("mobile_phones", "missing"): N_("Write the number of mobile telephones. If there is none, write 0."),
        ("cars", "missing"): N_("Write the number of cars. If there is none, write 0."),
        ("motorcycles", "missing"): N_("Write the number of motorcycles. If there is none, write 0."),
        ("water_mad", "missing"): N_("Write the amount for water. If you pay nothing, write 0."),
        ("electricity_mad", "missing"): N_("Write the amount for electricity. If you pay nothing, write 0."),
        ("butane_mad", "missing"): N_("Write the amount for butane gas. If you pay nothing, write 0."),
        ("telephone_mad", "missing"): N_("Write the amount for the telephone. If you pay nothing, write 0."),
        ("internet_mad", "missing"): N_("Write the amount for the internet. If you pay nothing, write 0."),
        ("loan", "missing"): N_("Say whether a member is paying back a loan."),
        ("secondary_dwelling", "missing"): N_("Say whether the household owns another dwelling."),
        ("garage", "missing"): N_("Say whether the household owns a garage."),
        ("professional_premises", "missing"): N_("Say whether the household owns premises for work."),
        ("non_agricultural_land", "missing"): N_("Say whether the household owns land that is not farmed."),
        ("irrigated_land", "missing"): N_("Say whether the household owns or works irrigated land."),
        ("cows", "missing"): N_("Write the number of cows. If there is none, write 0."),
    }
)
