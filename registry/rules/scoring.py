"""The index: a weighted sum in exact decimals, with its parts. No rounding, no logarithm, no cap.

index = K(zone) + k(zone, region) + sum of coefficient x value
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from typing import Final

from registry.facts import Zone
from registry.geography import UnknownPlace, atlas
from registry.rules.index_models import IndexModel, UnknownModel, ZoneFormula, model_named, model_on, models
from registry.rules.measures import Variable

__all__ = [
    "Index",
    "IndexModel",
    "InputFault",
    "InvalidInput",
    "Line",
    "UnknownModel",
    "exact_text",
    "model_named",
    "model_on",
    "models",
    "score",
]

ZONE_CONSTANT: Final = "K"
REGIONAL_CONSTANT: Final = "k"

# Inputs have at most 15 digits on each side of the point, so every product and sum fits with room to spare.
# Should one ever not fit, Inexact stops the computation instead of rounding it.
DIGITS_EACH_SIDE: Final = 15
_EXACT: Final = Context(prec=80, traps=[Inexact, InvalidOperation])
_WRITTEN_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_LONGEST_NUMBER: Final = 60

Value = Decimal | int | str


class InputFault(StrEnum):
    UNKNOWN_ZONE = "unknown_zone"
    UNKNOWN_REGION = "unknown_region"
    UNKNOWN_VARIABLE = "unknown_variable"
    NOT_A_NUMBER = "not_a_number"
    OUT_OF_RANGE = "out_of_range"
    WRONG_FOR_KIND = "wrong_for_kind"
    NOT_A_DOCUMENT = "not_a_document"
    MISSING_KEY = "missing_key"
    UNKNOWN_KEY = "unknown_key"


class InvalidInput(Exception):
    """An index cannot be computed from this. `name` is the offending zone, region, variable or key."""

    def __init__(self, code: InputFault, name: str) -> None:
        super().__init__(f"{code.value.replace('_', ' ')}: {name}")
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger: points = coefficient x value, exactly."""

    code: str
    value: Decimal
    coefficient: Decimal
    points: Decimal


@dataclass(frozen=True, slots=True)
class Index:
    """An index with the model that gave it. The lines begin with the two constants and sum to the index."""

    index: Decimal
    model: str
    zone: Zone
    region: str
    lines: tuple[Line, ...]

    def written_lines(self) -> list[dict[str, str]]:
        """The lines as exact text, to be kept or printed."""
        return [
            {
                "code": line.code,
                "value": exact_text(line.value),
                "coefficient": exact_text(line.coefficient),
                "points": exact_text(line.points),
            }
            for line in self.lines
        ]


def score(model: IndexModel, *, zone: str, region: str, values: Mapping[str, Value]) -> Index:
    """The index of a household in a zone and a region, the values by variable code.

    A variable of the zone that is not among the values counts 0 and has its line all the same. The region is a code
    or a name in any of the languages. The index is written with at least as many decimals as the coefficients have.
    Raises InvalidInput.
    """
    formula = _formula(model, zone)
    region_code = _region_code(region)
    exact_values = _exact_values(formula, values)
    lines = [
        _line(ZONE_CONSTANT, formula.constant, Decimal(1)),
        _line(REGIONAL_CONSTANT, formula.regional_terms[region_code].term, Decimal(1)),
    ]
    lines.extend(
        _line(variable.code, variable.coefficient, exact_values.get(variable.code, Decimal(0)))
        for variable in formula.variables
    )
    index = Decimal(0)
    for line in lines:
        index = _EXACT.add(index, line.points)
    return Index(index, model.name, Zone(zone), region_code, tuple(lines))


def exact_text(number: Decimal) -> str:
    """A decimal as people write it: no exponent, no zeros at the end, no sign on zero."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _formula(model: IndexModel, zone: str) -> ZoneFormula:
    if zone not in set(Zone):
        raise InvalidInput(InputFault.UNKNOWN_ZONE, zone)
    return model.zones[Zone(zone)]


def _region_code(region: str) -> str:
    try:
        return atlas().region_named(region).code
    except UnknownPlace as error:
        raise InvalidInput(InputFault.UNKNOWN_REGION, region) from error


def _exact_values(formula: ZoneFormula, values: Mapping[str, Value]) -> dict[str, Decimal]:
    exact = {}
    for code, value in values.items():
        variable = formula.by_code.get(code)
        if variable is None:
            raise InvalidInput(InputFault.UNKNOWN_VARIABLE, code)
        exact[code] = _exact_value(variable, value)
    return exact


def _exact_value(variable: Variable, value: Value) -> Decimal:
    number = _number(variable.code, value)
    if not _FITS_KIND[variable.kind](number):
        raise InvalidInput(InputFault.WRONG_FOR_KIND, variable.code)
    return number


def _number(name: str, value: Value) -> Decimal:
    """The same number without zeros at the end: 960.00 and 960 are one input."""
    number = _read_number(value)
    if number is None or not number.is_finite():
        raise InvalidInput(InputFault.NOT_A_NUMBER, name)
    if not number:
        return Decimal(0)
    if not -DIGITS_EACH_SIDE <= number.adjusted() < DIGITS_EACH_SIDE:
        raise InvalidInput(InputFault.OUT_OF_RANGE, name)
    short = Decimal(exact_text(number))
    if int(short.as_tuple().exponent) < -DIGITS_EACH_SIDE:
        raise InvalidInput(InputFault.OUT_OF_RANGE, name)
    return short


def _read_number(value: object) -> Decimal | None:
    """None for anything but an exact number: a float has already lost what was written, a boolean is none."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _WRITTEN_NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def _is_whole(number: Decimal) -> bool:
    return number >= 0 and number == number.to_integral_value()


_FITS_KIND: Final[Mapping[str, Callable[[Decimal], bool]]] = {
    "flag": lambda number: number in (0, 1),
    "count": _is_whole,
    "count_squared": _is_whole,
    "years": _is_whole,
    "years_squared": _is_whole,
    "share": lambda number: 0 <= number <= 1,
    "mad_per_year_per_head": lambda number: number >= 0,
}


def _line(code: str, coefficient: Decimal, value: Decimal) -> Line:
    return Line(code, value, coefficient, _EXACT.multiply(coefficient, value))
