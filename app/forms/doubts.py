"""Answers that are possible and seldom true: asked about once, before going on, and never held against anybody."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

MANY_ROOMS_EACH: Final = 4
PEOPLE_IN_ONE_ROOM: Final = 6


class Doubt(StrEnum):
    NO_GAS = "no_gas"
    NO_ELECTRICITY = "no_electricity"
    NO_WATER = "no_water"
    NO_MOBILE_PHONE = "no_mobile_phone"
    MANY_ROOMS = "many_rooms"
    FEW_ROOMS = "few_rooms"


ZERO_IS_DOUBTED: Final[Mapping[str, Doubt]] = {
    "butane_mad": Doubt.NO_GAS,
    "electricity_mad": Doubt.NO_ELECTRICITY,
    "water_mad": Doubt.NO_WATER,
    "mobile_phones": Doubt.NO_MOBILE_PHONE,
}


def doubts(facts: Mapping[str, Any], members: int) -> tuple[Doubt, ...]:
    """What to ask again about the facts of one page, in a household of so many members."""
    found = [doubt for fact, doubt in ZERO_IS_DOUBTED.items() if fact in facts and facts[fact] == 0]
    rooms = facts.get("rooms")
    if rooms and rooms > 1 and rooms >= MANY_ROOMS_EACH * members:
        found.append(Doubt.MANY_ROOMS)
    if rooms and members > PEOPLE_IN_ONE_ROOM * rooms:
        found.append(Doubt.FEW_ROOMS)
    return tuple(found)
