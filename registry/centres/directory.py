"""Service centres by province: where to go, when, and whom to call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from registry.datafiles import IN_USE, InvalidData, named, read_csv
from registry.geography import FALLBACK_LANGUAGES, Atlas, PlaceName, atlas


class UnknownCentre(Exception):
    """No centre has this code."""

    code = "unknown_centre"


class OpeningHours(NamedTuple):
    """Open from one weekday to another, both included, in local time. Monday is 1."""

    first_day: int
    last_day: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Centre:
    code: str
    province_code: str
    commune_code: str
    names: Mapping[str, str]
    addresses: Mapping[str, str]
    phone: str
    hours: tuple[OpeningHours, ...]

    def name(self, locale: str) -> PlaceName:
        """The whole name, with the language it is in."""
        return _in_language(self.names, locale)

    def address(self, locale: str) -> PlaceName:
        """The address in the language asked for, or in Arabic, with the language it is in."""
        return _in_language(self.addresses, locale)


def centres(profile: str = IN_USE) -> Mapping[str, Centre]:
    """All centres by code, read once. Raises InvalidData when one is in no commune, or a province has none."""
    return _load_centres(named(profile))


@cache
def _load_centres(profile: str) -> Mapping[str, Centre]:
    places = atlas(profile)
    by_code: dict[str, Centre] = {}
    for row in read_csv(profile, "centres.csv"):
        if row["code"] in by_code:
            raise InvalidData(f"two centres have the code {row['code']}")
        by_code[row["code"]] = _centre(row, places)
    served = {centre.province_code for centre in by_code.values()}
    if without := set(places.provinces) - served:
        raise InvalidData(f"the province {min(without)} has no centre")
    return MappingProxyType(by_code)


def centre(code: str, profile: str = IN_USE) -> Centre:
    """Raises UnknownCentre."""
    if code not in centres(profile):
        raise UnknownCentre(code)
    return centres(profile)[code]


def centres_of(province_code: str, profile: str = IN_USE) -> tuple[Centre, ...]:
    """The centres of a province, its main one first. Raises UnknownPlace."""
    return _centres_of(province_code, named(profile))


@cache
def _centres_of(province_code: str, profile: str) -> tuple[Centre, ...]:
    province = atlas(profile).province(province_code)
    return tuple(each for each in centres(profile).values() if each.province_code == province.code)


def centre_for(commune_code: str, profile: str = IN_USE) -> Centre:
    """The centre that serves a commune: its own, or the main one of its province. Raises UnknownPlace."""
    commune = atlas(profile).commune(commune_code)
    near = centres_of(commune.province_code, profile)
    return next((each for each in near if each.commune_code == commune.code), near[0])


def _centre(row: Mapping[str, str], places: Atlas) -> Centre:
    commune = places.communes.get(row["commune_code"])
    if commune is None or commune.province_code != row["province_code"]:
        raise InvalidData(f"centre {row['code']} is in no commune of {row['province_code']!r}")
    return Centre(
        code=row["code"],
        province_code=row["province_code"],
        commune_code=row["commune_code"],
        names=_by_language(row, "name_"),
        addresses=_by_language(row, "address_"),
        phone=row["phone"],
        hours=_hours(row),
    )


def _hours(row: Mapping[str, str]) -> tuple[OpeningHours, ...]:
    """`1-4 08:30-16:30;5 08:30-12:00` is Monday to Thursday all day and Friday morning."""
    try:
        return tuple(_span(span) for span in row["hours"].split(";"))
    except ValueError as error:
        raise InvalidData(f"centre {row['code']} has unreadable hours {row['hours']!r}") from error


def _span(text: str) -> OpeningHours:
    days, _, times = text.strip().partition(" ")
    first_day, _, last_day = days.partition("-")
    opens, _, closes = times.partition("-")
    span = OpeningHours(
        int(first_day), int(last_day or first_day), time.fromisoformat(opens), time.fromisoformat(closes)
    )
    if not (1 <= span.first_day <= span.last_day <= 7 and span.opens < span.closes):
        raise ValueError(text)
    return span


def _by_language(row: Mapping[str, str], prefix: str) -> Mapping[str, str]:
    texts = {column.removeprefix(prefix): text for column, text in row.items() if column.startswith(prefix)}
    if not all(texts.get(lang) for lang in FALLBACK_LANGUAGES):
        raise InvalidData(f"centre {row['code']} lacks an Arabic or a French {prefix.rstrip('_')}")
    return MappingProxyType(texts)


def _in_language(texts: Mapping[str, str], locale: str) -> PlaceName:
    lang = locale if texts.get(locale) else FALLBACK_LANGUAGES[0]
    return PlaceName(texts[lang], lang)
