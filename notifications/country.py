"""The country that this process serves: taken up once at the start, and asked for by every room.

A process without a word about it serves Morocco.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Country:
    """`code` names the country's data files, and its own texts of messages.

    `terms` are, by language, words that the country has for something that all countries have: each is exchanged
    wherever it stands, the first of the list first. A term and its exchange have the same gender and number, so that
    the sentence around them stays right.
    """

    code: str
    time_zone: ZoneInfo
    terms: Mapping[str, Mapping[str, str]] = field(default_factory=dict, compare=False)

    def in_its_terms(self, language: str, text: str) -> str:
        for term, own in self.terms.get(language, {}).items():
            text = text.replace(term, own)
        return text


MOROCCO: Final = Country("ma", ZoneInfo("Africa/Casablanca"))
_in_use = [MOROCCO]


def country() -> Country:
    return _in_use[0]


def take_up(taken: Country) -> None:
    """Serve another country from now on. What was read for the one before is kept apart by its code."""
    _in_use[0] = taken
