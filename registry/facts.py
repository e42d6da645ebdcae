"""What a household declares: the one definition of every fact that a rule uses.

A fact that the zone's model does not use is None. `registry.rules.variables` says which facts are asked of whom.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError


class Bounds(NamedTuple):
    """The least and the greatest value that a form takes, both allowed."""

    least: int
    greatest: int


ROOMS: Final = Bounds(1, 30)
COUNTS: Final = Bounds(0, 20)
MONTHLY_MAD: Final = Bounds(0, 20_000)
MONTHLY_MAD_DECIMALS: Final = 2
MEMBERS: Final = Bounds(1, 30)
DISTRICT_LENGTH: Final = 200
CARD_RATES: Final = Bounds(1, 100)


class Zone(StrEnum):
    URBAN = "urban"
    RURAL = "rural"


class DwellingType(StrEnum):
    APARTMENT = "apartment"
    VILLA = "villa"
    TRADITIONAL_HOUSE = "traditional_house"
    MODERN_HOUSE = "modern_house"
    RURAL_STONE_HOUSE = "rural_stone_house"
    RURAL_OTHER_HOUSE = "rural_other_house"
    PRECARIOUS = "precarious"
    OTHER = "other"


class Meter(StrEnum):
    INDIVIDUAL = "individual"
    SHARED = "shared"
    NONE = "none"


class Relation(StrEnum):
    """What a member is to the head of household."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    PARENT_IN_LAW = "parent_in_law"
    SIBLING = "sibling"
    GRANDCHILD = "grandchild"
    OTHER = "other"


class BirthPrecision(StrEnum):
    """How much of a birth date the register knows."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Schooling(StrEnum):
    NONE = "none"
    PUBLIC = "public"
    PRIVATE = "private"


class Education(StrEnum):
    """The highest level that the head of household followed."""

    NONE = "none"
    BASIC = "basic"
    SECONDARY = "secondary"
    HIGHER = "higher"


class Diploma(StrEnum):
    """The highest diploma obtained."""

    NONE = "none"
    GENERAL = "general"
    TECHNICAL = "technical"
    HIGHER = "higher"


class Occupation(StrEnum):
    NONE = "none"
    SENIOR_EXECUTIVE = "senior_executive"
    MIDDLE_EXECUTIVE = "middle_executive"
    EMPLOYER = "employer"
    CRAFTSMAN = "craftsman"
    FARMER = "farmer"
    TRADER = "trader"
    MACHINE_OPERATOR = "machine_operator"
    RETIRED_OR_RENTIER = "retired_or_rentier"
    OTHER = "other"


class HealthCover(StrEnum):
    NONE = "none"
    AMO_TADAMON = "amo_tadamon"
    OTHER = "other"


CardRate = Annotated[int, Field(ge=CARD_RATES.least, le=CARD_RATES.greatest)]
Rooms = Annotated[int, Field(ge=ROOMS.least, le=ROOMS.greatest)]
Count = Annotated[int, Field(ge=COUNTS.least, le=COUNTS.greatest)]
MonthlyMad = Annotated[
    Decimal,
    Field(
        ge=MONTHLY_MAD.least,
        le=MONTHLY_MAD.greatest,
        decimal_places=MONTHLY_MAD_DECIMALS,
        allow_inf_nan=False,
    ),
]
District = Annotated[str, StringConstraints(strip_whitespace=True, max_length=DISTRICT_LENGTH)]


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HouseholdFacts(Declared):
    """What is declared of the household as a whole. Amounts are monthly averages in MAD."""

    commune: str
    district: District | None = None
    dwelling_type: DwellingType | None = None
    rooms: Rooms | None = None
    bath: bool | None = None
    meter: Meter | None = None
    several_families: bool | None = None
    satellite_antenna: bool | None = None
    landline: bool | None = None
    computers: Count | None = None
    mobile_phones: Count | None = None
    cars: Count | None = None
    motorcycles: Count | None = None
    water_mad: MonthlyMad | None = None
    electricity_mad: MonthlyMad | None = None
    butane_mad: MonthlyMad | None = None
    telephone_mad: MonthlyMad | None = None
    internet_mad: MonthlyMad | None = None
    loan: bool | None = None
    secondary_dwelling: bool | None = None
    garage: bool | None = None
    professional_premises: bool | None = None
    non_agricultural_land: bool | None = None
    irrigated_land: bool | None = None
    cows: Count | None = None


class MemberFacts(Declared):
    """What is declared of one member. Which parts are asked depends on the rules, the age and the relation.

    `card_rate` is a percentage and belongs, like `card_expires_on` (the last day of the card; None when it has no
    end), to the special-needs card.
    """

    person_id: int
    relation: Relation
    birth_date: date
    birth_precision: BirthPrecision = BirthPrecision.DAY
    schooling: Schooling | None = None
    education: Education | None = None
    diploma: Diploma | None = None
    literate: bool | None = None
    active: bool | None = None
    occupation: Occupation | None = None
    health_cover: HealthCover | None = None
    national: bool | None = None
    income: bool | None = None
    spouse_income: bool | None = None
    unable_to_work: bool | None = None
    lives_alone: bool | None = None
    woman_head_of_family: bool | None = None
    in_institution: bool | None = None
    chronic_illness: bool | None = None
    special_needs_card: bool | None = None
    card_rate: CardRate | None = None
    card_expires_on: date | None = None

    @property
    def born_on(self) -> date:
        """The birth date that the rules use: an unknown day is the 1st, an unknown month is January."""
        match self.birth_precision:
            case BirthPrecision.YEAR:
                return self.birth_date.replace(month=1, day=1)
            case BirthPrecision.MONTH:
                return self.birth_date.replace(day=1)
            case BirthPrecision.DAY:
                return self.birth_date

    def age_on(self, day: date) -> int:
        """Completed years on `day`."""
        return completed_years(self.born_on, day)


# A fact that is asked only of who answered yes to another one; the last of them may stay open.
ONLY_WITH: Final = MappingProxyType(
    {"card_rate": "special_needs_card", "card_expires_on": "special_needs_card"}
)
MAY_STAY_OPEN: Final = frozenset({"card_expires_on"})


class Facts(Declared):
    """One version of everything a household declared, as it was on `declared_on`.

    Refused: no member or too many, one person twice, no head or several, a birth after the declaration.
    """

    household: HouseholdFacts
    members: Annotated[tuple[MemberFacts, ...], Field(min_length=MEMBERS.least, max_length=MEMBERS.greatest)]
    declared_on: date

    @model_validator(mode="after")
    def _members_agree(self) -> Self:
        relations = Counter(member.relation for member in self.members)
        if relations[Relation.HEAD] != 1:
            raise PydanticCustomError("one_head", "A household has exactly one head.")
        if len({member.person_id for member in self.members}) != len(self.members):
            raise PydanticCustomError("person_twice", "A person is named once in a household.")
        if any(member.born_on > self.declared_on for member in self.members):
            raise PydanticCustomError("born_later", "A member is born after the declaration.")
        return self

    @property
    def size(self) -> int:
        return len(self.members)

    @property
    def head(self) -> MemberFacts:
        return next(member for member in self.members if member.relation is Relation.HEAD)

    def age(self, member: MemberFacts) -> int:
        """The member's completed years on the day of the declaration."""
        return member.age_on(self.declared_on)


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact that a rule needs and nobody has answered; of the household when `person_id` is None."""

    fact: str
    person_id: int | None = None


class IncompleteFacts(Exception):
    """A rule cannot be applied yet. `missing` says what is not answered."""

    code = "incomplete_facts"

    def __init__(self, missing: tuple[MissingFact, ...]) -> None:
        super().__init__(", ".join(sorted({each.fact for each in missing})))
        self.missing = missing


def completed_years(born_on: date, day: date) -> int:
    """Somebody born on 29 February has a birthday on 1 March in the other years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
