"""The shape of a programme's data file: what it gives, from which index on, and how its amount is made up."""

from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry.datafiles import InvalidData, data_files, read_json
from registry.facts import Relation
from registry.geography import FALLBACK_LANGUAGES, PlaceName, atlas
from registry.profiles import profile
from registry.rules.categories import CategoriesRule
from registry.rules.conditions import PROVINCE
from registry.rules.measures import Ages, ExactText

NO_AMOUNT: Final = Decimal(0)


class Benefit(StrEnum):
    """What a programme gives: cover without contribution, money every month, or cover that the household pays for."""

    FREE_HEALTH_COVER = "free_health_cover"
    MONTHLY_AID = "monthly_aid"
    PAID_HEALTH_COVER = "paid_health_cover"


class ComponentKind(StrEnum):
    """Why a part of a monthly amount is given. The family minimum is what is added to reach it."""

    UNDER_SCHOOL_AGE_OR_IN_SCHOOL = "under_school_age_or_in_school"
    OUT_OF_SCHOOL = "out_of_school"
    FAMILY_MINIMUM = "family_minimum"
    WITHOUT_CHILDREN = "without_children"


def scaled_down(edge: Decimal, decimals: int) -> int:
    """An edge as a whole number: a finer one lies above the same indexes as the next one below it."""
    return int(edge.scaleb(decimals).to_integral_value(ROUND_FLOOR))


class _Dated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThresholdRule(_Dated):
    """Open at or below one value."""

    kind: Literal["threshold"]
    effective_from: date
    at_or_below: ExactText

    def sql_is_open(self, index: str, decimals: int) -> str:
        """Whether an index, scaled to so many decimals, opens the programme, in SQL."""
        return f"{index} <= {scaled_down(self.at_or_below, decimals)}"


class Band(_Dated):
    above: ExactText
    at_or_below: ExactText | None
    monthly_mad: ExactText

    def holds(self, index: Decimal) -> bool:
        return self.above < index and (self.at_or_below is None or index <= self.at_or_below)


class BandsRule(_Dated):
    """Open above the lowest edge, with the amount of the band where the index lies."""

    kind: Literal["bands"]
    effective_from: date
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _bands_follow(self) -> Self:
        for lower, upper in zip(self.bands, self.bands[1:], strict=False):
            if lower.at_or_below != upper.above:
                raise ValueError(f"the band above {upper.above} does not begin where the one before ends")
        if any(band.at_or_below is not None and band.at_or_below <= band.above for band in self.bands):
            raise ValueError("a band ends before it begins")
        if self.bands[-1].at_or_below is not None:
            raise ValueError("the last band has no upper edge")
        return self

    def sql_is_open(self, index: str, decimals: int) -> str:
        return f"{index} > {scaled_down(self.bands[0].above, decimals)}"


class ChildRate(_Dated):
    condition: Literal["under_school_age_or_in_school", "out_of_school"]
    ranks: tuple[int, int]
    monthly_mad: ExactText


class ChildAmounts(_Dated):
    """Monthly amounts by child. Ranks are by birth among the children of these ages, the eldest first."""

    effective_from: date
    child_ages: Ages
    school_ages: Ages
    relations: frozenset[Relation]
    rates: tuple[ChildRate, ...]
    family_minimum: ExactText
    without_children: ExactText

    def rate(self, kind: ComponentKind, rank: int) -> Decimal:
        """Nothing for a rank that no rate names: a family is helped for so many children at most."""
        for rate in self.rates:
            if rate.condition == kind and rate.ranks[0] <= rank <= rate.ranks[1]:
                return rate.monthly_mad
        return NO_AMOUNT


class Programme(_Dated):
    """`names` by language; an Amazigh name is there only when it is known."""

    code: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$")]
    order: int
    benefit: Benefit
    names: Mapping[str, str]
    source: str
    to_confirm: str | None = None
    rules: tuple[Annotated[ThresholdRule | BandsRule | CategoriesRule, Field(discriminator="kind")], ...]
    amounts: tuple[ChildAmounts, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not all(self.names.get(lang) for lang in FALLBACK_LANGUAGES):
            raise ValueError("a programme has an Arabic and a French name")
        return self

    def name(self, locale: str) -> PlaceName:
        """The name in the language asked for, or in Arabic, with the language it is in."""
        lang = locale if self.names.get(locale) else FALLBACK_LANGUAGES[0]
        return PlaceName(self.names[lang], lang)


def faults_in(country: str, programme: Programme) -> Iterator[tuple[int, str]]:
    """What a rule cannot do in a country, by its place in the file: look at an index where there is none, or name a
    province that is not there.
    """
    provinces = atlas(country).provinces
    for place, rule in enumerate(programme.rules):
        if not isinstance(rule, CategoriesRule):
            if not profile(country).index:
                yield place, f"{rule.kind}: a rule looks at the index, and this country computes none"
            continue
        named = {code for each in rule.comparisons() if each.fact == PROVINCE for code in each.one_of or ()}
        if unknown := named - set(provinces):
            kind = next(iter(provinces.values())).kind
            yield place, f"there is no {kind.value} {min(unknown)!r}"


@cache
def load_programmes(country: str) -> tuple[Programme, ...]:
    """All programmes of a country in the order they are shown. Raises InvalidData."""
    loaded = []
    for path in data_files(country, "programmes"):
        programme = read_json(country, path, Programme)
        for place, words in faults_in(country, programme):
            raise InvalidData(f"{country}/{path}: rules[{place}]: {words}")
        loaded.append(programme)
    if len({programme.code for programme in loaded}) != len(loaded):
        raise InvalidData("two programmes have the same code")
    return tuple(sorted(loaded, key=lambda programme: programme.order))


# Programmes as approved beside the files, each with all its dated rules, the oldest approval of one first: the last one
# counts. Set by `registry.model_life.shelf`.
APPROVED_PROGRAMMES: Final[ContextVar[tuple[Programme, ...]]] = ContextVar("approved_programmes", default=())


def programmes_in_use(profile: str) -> tuple[Programme, ...]:
    """All programmes in the order they are shown; an approved one takes the place of the file's. Raises InvalidData."""
    approved = APPROVED_PROGRAMMES.get()
    if not approved:
        return load_programmes(profile)
    by_code = {programme.code: programme for programme in (*load_programmes(profile), *approved)}
    return tuple(sorted(by_code.values(), key=lambda programme: programme.order))
