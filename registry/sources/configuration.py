"""Which source answers about which fact, and whose word counts while the two differ: dated configuration."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry.datafiles import IN_USE, data_files, named, read_json
from registry.geography import PlaceName
from registry.sources.tables import Counts
from registry.versions import HOUSEHOLD_FACTS, MEMBER_FACTS

FILE: Final = "sources.json"
FALLBACK_LANGUAGES: Final = ("ar", "fr")


class Combine(StrEnum):
    """How what is registered in the names of several members becomes one fact of the household.

    Own: it is the member's own fact. Best: the first that holds of individual, shared, none.
    """

    SUM = "sum"
    ANY = "any"
    BEST = "best"
    OWN = "own"


class Source(BaseModel):
    """`names` by language, as they are said inside a sentence. `people_per_request` is how many people one question may
    name, where the source is a service; 1 where the institution answers about one person at a time.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$")]
    names: Mapping[str, str]
    people_per_request: Annotated[int, Field(ge=1, le=100)] = 50
    status: str
    source: str

    @model_validator(mode="after")
    def _named(self) -> Self:
        if not all(self.names.get(lang) for lang in FALLBACK_LANGUAGES):
            raise ValueError("a source has an Arabic and a French name")
        return self

    def label(self, locale: str) -> PlaceName:
        """The name in the language asked for, or in Arabic, with the language it is in."""
        lang = locale if self.names.get(locale) else FALLBACK_LANGUAGES[0]
        return PlaceName(self.names[lang], lang)


class FactRule(BaseModel):
    """Who answers about a fact, and who counts meanwhile.

    `after_days` is the time to answer before a source counts. Within `tolerance_percent` of the declared number the
    two agree.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fact: str
    answered_by: str
    combine: Combine
    counts: Counts
    after_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    tolerance_percent: Annotated[int, Field(ge=1, le=100)] | None = None
    effective_from: date
    status: str
    source: str

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.counts is Counts.SOURCE) != (self.after_days is not None):
            raise ValueError("a source that counts does so after some days, and only then")
        of = MEMBER_FACTS if self.combine is Combine.OWN else HOUSEHOLD_FACTS
        if self.fact not in of:
            raise ValueError(f"{self.fact} is no fact that can be combined by {self.combine}")
        return self


class _SourceFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    ask_again_days: Annotated[int, Field(ge=1, le=3660)]
    sources: tuple[Source, ...]
    facts: tuple[FactRule, ...]

    @model_validator(mode="after")
    def _agree(self) -> Self:
        names = {source.name for source in self.sources}
        if unknown := {rule.answered_by for rule in self.facts} - names:
            raise ValueError(f"there is no source {min(unknown)}")
        dated = [(rule.fact, rule.effective_from) for rule in self.facts]
        if len(set(dated)) != len(dated) or len(names) != len(self.sources):
            raise ValueError("a source, or a fact on one day, is set twice")
        return self


def sources(profile: str = IN_USE) -> Mapping[str, Source]:
    """The sources by name, in the order of the file; none where a profile names none."""
    return {source.name: source for source in _loaded(named(profile)).sources}


def ask_again_days(profile: str = IN_USE) -> int:
    """After how many days an answer is old enough to ask for another."""
    return _loaded(named(profile)).ask_again_days


def rules_on(day: date, profile: str = IN_USE) -> Mapping[str, FactRule]:
    """The rule of each fact that a source answers, as it is on a day."""
    in_force: dict[str, FactRule] = {}
    for rule in _loaded(named(profile)).facts:
        if rule.effective_from <= day:
            in_force[rule.fact] = rule
    return in_force


def facts_of(source: str, profile: str = IN_USE) -> frozenset[str]:
    """Every fact that the source has ever been set to answer."""
    return frozenset(rule.fact for rule in _loaded(named(profile)).facts if rule.answered_by == source)


@cache
def _loaded(profile: str) -> _SourceFile:
    if FILE not in data_files(profile, ""):
        return _SourceFile(ask_again_days=1, sources=(), facts=())
    loaded = read_json(profile, FILE, _SourceFile)
    by_date = sorted(loaded.facts, key=lambda rule: rule.effective_from)
    return loaded.model_copy(update={"facts": tuple(by_date)})
