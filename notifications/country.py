"""The country that this process serves: taken up once at the start, and asked for by every room.

A process without a word about it serves Morocco.
"""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Country:
    """`code` names the country's data files, and its own texts of messages."""

    code: str
    time_zone: ZoneInfo


MOROCCO: Final = Country("ma", ZoneInfo("Africa/Casablanca"))
_in_use = [MOROCCO]


def country() -> Country:
    return _in_use[0]


def take_up(taken: Country) -> None:
    """Serve another country from now on. What was read for the one before is kept apart by its code."""
    _in_use[0] = taken
