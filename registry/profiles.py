"""A country as data: what `data/<profile>/profile.json` says, beside its geography, centres, delays and programmes."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator

from notifications.country import Country, take_up
from registry.datafiles import IN_USE, named, read_json


class Profile(BaseModel):
    """`index` says whether the country computes one; without it every programme opens by categories.

    By language, `currency` is written after an amount, and `terms` are exchanged in every sentence and message.
    `phone_example` is a number as people write it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    code: str
    index: bool
    time_zone: Annotated[ZoneInfo, PlainValidator(lambda name: ZoneInfo(str(name)))]
    currency: Annotated[Mapping[str, str], Field(min_length=3)]
    terms: Mapping[str, Mapping[str, str]] = {}
    phone_example: Annotated[str, AfterValidator(lambda written: written.replace(" ", "\u00a0"))]
    source: str


def profile(code: str = IN_USE) -> Profile:
    """The country in use, or another one. Raises InvalidData."""
    return _load_profile(named(code))


@cache
def _load_profile(code: str) -> Profile:
    return read_json(code, "profile.json", Profile)


def profile_names() -> frozenset[str]:
    """Every country that there is data of."""
    return frozenset(
        entry.name for entry in (files("registry") / "data").iterdir() if (entry / "profile.json").is_file()
    )


def use_profile(code: str) -> None:
    """Serve this country from now on. Raises InvalidData when there is no such profile."""
    take_up(country_of(code))


def country_of(code: str) -> Country:
    """What every room knows of a country. Raises InvalidData when there is no such profile."""
    found = _load_profile(code)
    return Country(code, found.time_zone, found.terms)
