"""What identifiers, telephone numbers and cards look like in a country: `data/<country>.json`, with its sources.

The length is a condition. The check digit is a reason to ask for a second look, never one to refuse: the rule of the
register is not published, and somebody's real number must always get through.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from identity.people.tables import DocumentKind
from notifications.country import country

DATA: Final = Path(__file__).parent.parent / "data"
# What the database keeps of an identifier.
LONGEST: Final = 18
SHORTEST: Final = 6


# A number is Latin letters and digits in capitals, at least one of them a digit.
ANY_NUMBER: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{4,12}")


class BadRules(Exception):
    """The file of the rules cannot be used; the portal must not start with it."""

    code = "bad_number_rules"


class CheckDigit(StrEnum):
    VERHOEFF = "verhoeff"
    NONE = "none"


@dataclass(frozen=True)
class IdentifierRules:
    """Raises BadRules for a length that the database could not keep."""

    digits: int
    check_digit: CheckDigit

    def __post_init__(self) -> None:
        if not SHORTEST <= self.digits <= LONGEST:
            raise BadRules(f"an identifier has {SHORTEST} to {LONGEST} digits, not {self.digits}")

    def fits(self, identifier: str) -> bool:
        """Whether the last digit is the one that the others ask for; always, where numbers have no such digit."""
        if self.check_digit is CheckDigit.NONE:
            return True
        return identifier[-1] == check_digit(identifier[:-1])


@dataclass(frozen=True)
class TelephoneRules:
    """`region` as the library of telephone numbers names countries. The digits are those without the 0 in front."""

    region: str
    country_code: int
    national_digits: int


@dataclass(frozen=True)
class NumberRules:
    """`cards` are the papers with a photograph that the country gives out, in the order in which they are offered,
    each with what its number looks like."""

    identifier: IdentifierRules
    telephone: TelephoneRules
    cards: Mapping[DocumentKind, re.Pattern[str]]


def read_rules(written: Mapping[str, Any]) -> NumberRules:
    """Raises BadRules."""
    try:
        identifier = written["identifier"]
        return NumberRules(
            IdentifierRules(int(identifier["digits"]), CheckDigit(identifier["check_digit"])),
            TelephoneRules(**written["telephone"]),
            {DocumentKind(kind): re.compile(number) for kind, number in written["cards"].items()},
        )
    except (KeyError, TypeError, ValueError, re.error) as wrong:
        raise BadRules(f"the rules of numbers lack or misspell {wrong}") from wrong


# J. Verhoeff, "Error Detecting Decimal Codes", 1969: multiplication in the dihedral group D5, and a permutation.
_D5 = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 2, 3, 4, 0, 6, 7, 8, 9, 5),
    (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7),
    (4, 0, 1, 2, 3, 9, 5, 6, 7, 8),
    (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2),
    (7, 6, 5, 9, 8, 2, 1, 0, 4, 3),
    (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)
_INVERSE = (0, 4, 3, 2, 1, 5, 6, 7, 8, 9)
_PERMUTATION = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def check_digit(digits: str) -> str:
    """The Verhoeff digit that completes `digits`."""
    checksum = 0
    for position, digit in enumerate(reversed(digits), start=1):
        permuted = int(digit)
        for _ in range(position % 8):
            permuted = _PERMUTATION[permuted]
        checksum = _D5[checksum][permuted]
    return str(_INVERSE[checksum])


def number_rules() -> NumberRules:
    """Of the country in use. Raises BadRules."""
    return _number_rules(country().code)


@cache
def _number_rules(of_country: str) -> NumberRules:
    try:
        written = (DATA / f"{of_country}.json").read_text("utf-8")
    except FileNotFoundError as missing:
        raise BadRules(f"{missing.filename} is missing") from missing
    return read_rules(json.loads(written))


def cards() -> tuple[DocumentKind, ...]:
    """The papers with a photograph that the country in use gives out."""
    return tuple(number_rules().cards)


def document_kinds() -> tuple[DocumentKind, ...]:
    """What somebody can claim an identifier with: a card, or the receipt of an identity check."""
    return (*cards(), DocumentKind.REGISTER_RECEIPT)
