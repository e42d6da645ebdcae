"""Places of a profile on three levels: names by language, and who belongs to whom.

In Morocco these are regions, provinces and communes, with the codes of the statistics office: region `RR`, province
`RR.PPP`, commune `RR.PPP.CC.NN`. A country that has wilayas is one region; its wilayas stand where provinces do, and
a commune names its daïra.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from registry.datafiles import IN_USE, InvalidData, has_file, named, read_csv
from registry.facts import Zone

# A reader of Amazigh without an Amazigh name reads the Arabic one, which is official everywhere.
FALLBACK_LANGUAGES: Final = ("ar", "fr")


class PlaceKind(StrEnum):
    REGION = "region"
    PROVINCE = "province"
    PREFECTURE = "prefecture"
    MUNICIPALITY = "municipality"
    ARRONDISSEMENT = "arrondissement"
    RURAL = "rural"
    COUNTRY = "country"
    WILAYA = "wilaya"
    COMMUNE = "commune"


class UnknownPlace(Exception):
    """No place has this code. `name` is the code that was asked for."""

    code = "unknown_place"

    def __init__(self, name: str) -> None:
        super().__init__(f"no place has the code {name!r}")
        self.name = name


class PlaceName(NamedTuple):
    """A name and the language it is really in, which is not always the one asked for."""

    text: str
    lang: str


class Option(NamedTuple):
    """A place as one line of a list to choose from. `group` is the part of the list where it stands, if any."""

    code: str
    text: str
    lang: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    code: str
    kind: PlaceKind
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Region(Place):
    pass


@dataclass(frozen=True, slots=True)
class Province(Place):
    region_code: str


@dataclass(frozen=True, slots=True)
class Commune(Place):
    province_code: str
    region_code: str
    zone: Zone | None
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def index_zone(self) -> Zone:
        """The zone by whose formula the commune counts. Raises LookupError where communes have none."""
        if self.zone is None:
            raise LookupError(f"the commune {self.code} has no zone")
        return self.zone


SomePlace = TypeVar("SomePlace", bound=Place)
Found = TypeVar("Found")


def place_name(place: Place, locale: str) -> PlaceName:
    """The name in the language asked for, or in Arabic, or in French, with the language it is in."""
    for lang in (locale, *FALLBACK_LANGUAGES):
        if text := place.names.get(lang):
            return PlaceName(text, lang)
    raise InvalidData(f"the place {place.code} has no name")


@dataclass(frozen=True)
class Atlas:
    """All places of a profile, by code. The mappings keep the order of the codes."""

    regions: Mapping[str, Region]
    provinces: Mapping[str, Province]
    communes: Mapping[str, Commune]
    _children: Mapping[str, tuple[Place, ...]] = field(repr=False)
    _regions_by_name: Mapping[str, Region] = field(repr=False)

    def region(self, code: str) -> Region:
        return _find(self.regions, code)

    def province(self, code: str) -> Province:
        return _find(self.provinces, code)

    def commune(self, code: str) -> Commune:
        return _find(self.communes, code)

    def children(self, code: str) -> tuple[Place, ...]:
        """The provinces of a region or the communes of a province, in the order of their codes."""
        return _find(self._children, code)

    def region_named(self, text: str) -> Region:
        """A region by its code or by its name in any language, whatever the case, accents and hyphens.

        Raises UnknownPlace.
        """
        found = self.regions.get(text.strip()) or self._regions_by_name.get(fold(text))
        if found is None:
            raise UnknownPlace(text)
        return found


def atlas(profile: str = IN_USE) -> Atlas:
    """The places of a profile, read once. Raises InvalidData when a file contradicts another."""
    return _load_atlas(named(profile))


@cache
def _load_atlas(profile: str) -> Atlas:
    if has_file(profile, "geography/wilayas.csv"):
        return _atlas(*_wilayas(profile))
    regions = _by_code(_region(row) for row in read_csv(profile, "geography/regions.csv"))
    provinces = _by_code(_province(row, regions) for row in read_csv(profile, "geography/provinces.csv"))
    communes = _by_code(_commune(row, provinces) for row in read_csv(profile, "geography/communes.csv"))
    return _atlas(regions, provinces, communes)


def _wilayas(
    profile: str,
) -> tuple[Mapping[str, Region], Mapping[str, Province], Mapping[str, Commune]]:
    (country,) = read_csv(profile, "geography/country.csv")
    whole = Region(code=country["code"], kind=PlaceKind.COUNTRY, names=_names(country))
    wilayas = _by_code(
        Province(code=row["code"], kind=PlaceKind.WILAYA, names=_names(row), region_code=whole.code)
        for row in read_csv(profile, "geography/wilayas.csv")
    )
    communes = _by_code(
        _commune_of_wilaya(row, wilayas) for row in read_csv(profile, "geography/communes.csv")
    )
    return {whole.code: whole}, wilayas, communes


def _commune_of_wilaya(row: Mapping[str, str], wilayas: Mapping[str, Province]) -> Commune:
    wilaya = wilayas.get(row["wilaya_code"])
    if wilaya is None:
        raise InvalidData(f"commune {row['code']} names an unknown wilaya {row['wilaya_code']!r}")
    return Commune(
        code=row["code"],
        kind=PlaceKind.COMMUNE,
        names=_names(row),
        province_code=wilaya.code,
        region_code=wilaya.region_code,
        zone=None,
        groups={lang: row[f"daira_{lang}"] for lang in FALLBACK_LANGUAGES},
    )


def _atlas(
    regions: Mapping[str, Region], provinces: Mapping[str, Province], communes: Mapping[str, Commune]
) -> Atlas:
    return Atlas(
        regions=regions,
        provinces=provinces,
        communes=communes,
        _children=_children(regions, provinces, communes),
        _regions_by_name=_regions_by_name(regions),
    )


def options(parent: str | None, locale: str, profile: str = IN_USE) -> tuple[Option, ...]:
    """What a list offers, sorted by name: the regions (no parent), a region's provinces, a province's communes.

    Raises UnknownPlace.
    """
    return _options(parent, locale, named(profile))


@cache
def _options(parent: str | None, locale: str, profile: str) -> tuple[Option, ...]:
    places: Iterable[Place] = (
        atlas(profile).regions.values() if parent is None else atlas(profile).children(parent)
    )
    offered = [Option(place.code, *place_name(place, locale), _group(place, locale)) for place in places]
    return tuple(sorted(offered, key=lambda option: (fold(option.group), fold(option.text), option.code)))


def _group(place: Place, locale: str) -> str:
    groups = place.groups if isinstance(place, Commune) else {}
    return groups.get(locale) or groups.get(FALLBACK_LANGUAGES[0], "")


def fold(text: str) -> str:
    """Letters and digits alone, without case, accents, vowel signs or the spellings of one Arabic letter."""
    decomposed = unicodedata.normalize("NFD", text.casefold().translate(_ONE_ARABIC_LETTER))
    return "".join(letter for letter in decomposed if letter.isalnum())


# The tatweel is dropped; hamza carriers, alif maqsura and ta marbuta are often typed one for another.
_ONE_ARABIC_LETTER: Final = str.maketrans("أإآٱىة", "اااايه", "ـ")


def _find(places: Mapping[str, Found], code: str) -> Found:
    if code not in places:
        raise UnknownPlace(code)
    return places[code]


def _region(row: Mapping[str, str]) -> Region:
    return Region(code=row["code"], kind=PlaceKind.REGION, names=_names(row))


def _province(row: Mapping[str, str], regions: Mapping[str, Region]) -> Province:
    if row["region_code"] not in regions:
        raise InvalidData(f"province {row['code']} names an unknown region {row['region_code']!r}")
    return Province(code=row["code"], kind=_kind(row), names=_names(row), region_code=row["region_code"])


def _commune(row: Mapping[str, str], provinces: Mapping[str, Province]) -> Commune:
    province = provinces.get(row["province_code"])
    if province is None:
        raise InvalidData(f"commune {row['code']} names an unknown province {row['province_code']!r}")
    if row["zone"] not in set(Zone):
        raise InvalidData(f"commune {row['code']} has an unknown zone {row['zone']!r}")
    return Commune(
        code=row["code"],
        kind=_kind(row),
        names=_names(row),
        province_code=province.code,
        region_code=province.region_code,
        zone=Zone(row["zone"]),
    )


def _kind(row: Mapping[str, str]) -> PlaceKind:
    if row["kind"] not in set(PlaceKind):
        raise InvalidData(f"place {row['code']} is of an unknown kind {row['kind']!r}")
    return PlaceKind(row["kind"])


def _names(row: Mapping[str, str]) -> Mapping[str, str]:
    names = {column.removeprefix("name_"): text for column, text in row.items() if column.startswith("name_")}
    if not all(names.get(lang) for lang in FALLBACK_LANGUAGES):
        raise InvalidData(f"place {row['code']} lacks its Arabic or its French name")
    return MappingProxyType(names)


def _by_code(places: Iterable[SomePlace]) -> Mapping[str, SomePlace]:
    by_code: dict[str, SomePlace] = {}
    for place in places:
        if place.code in by_code:
            raise InvalidData(f"two places have the code {place.code}")
        by_code[place.code] = place
    return MappingProxyType(dict(sorted(by_code.items())))


def _children(
    regions: Mapping[str, Region], provinces: Mapping[str, Province], communes: Mapping[str, Commune]
) -> Mapping[str, tuple[Place, ...]]:
    children: dict[str, list[Place]] = {code: [] for code in (*regions, *provinces)}
    for province in provinces.values():
        children[province.region_code].append(province)
    for commune in communes.values():
        children[commune.province_code].append(commune)
    if childless := [code for code, places in children.items() if not places]:
        raise InvalidData(f"nothing belongs to {', '.join(childless)}")
    return MappingProxyType({code: tuple(places) for code, places in children.items()})


def _regions_by_name(regions: Mapping[str, Region]) -> Mapping[str, Region]:
    """Everybody writes « Oriental » for « L'Oriental »: the French article may be left out."""
    by_name = {}
    for region in regions.values():
        for text in region.names.values():
            by_name[fold(text)] = region
            by_name[fold(text.removeprefix("L'"))] = region
    return MappingProxyType(by_name)
