"""The ledger: what counts in an index, for how much, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache

from markupsafe import Markup, escape

from app.explanations.effects import effect_words
from app.explanations.provenance import origin_words
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_exact, format_mad
from app.i18n.locales import LOCALES
from app.i18n.variables import GROUPS, VARIABLES
from registry.geography import atlas, place_name
from registry.rules.scoring import Line, models
from registry.rules.variables import FACTS_OF_VARIABLE
from registry.sources.marks import Mark

CONSTANTS = ("K", "k")
# A variable and its square are two lines of the formula and one fact of life.
SQUARES = {"U20": "U19", "U22": "U21", "R18": "R17"}
SIZES = ("U19", "R17")
# Told as they are multiplied; of the others the account has the value that the coefficient belongs to.
COUNTED_AS_TOLD = ("flag", "count", "years")
MONTHS = 12
PLACE = "place"
CENT = Decimal("0.01")
MOST_TOLD = 4


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line as a page shows it; `width` is the size of its bar, 0 to 100, against the largest."""

    code: str
    label: str
    value: Markup | str
    source: str
    exact_points: Decimal
    points: str
    direction: str
    width: int
    coefficient: str = ""
    href: str = ""
    effect: Markup | str = ""


@dataclass(frozen=True, slots=True)
class LedgerGroup:
    """Lines that belong together, with their sum; `width` is the size of its bar against the largest group's."""

    title: str
    lines: tuple[LedgerLine, ...]
    total: str
    effect: Markup | str
    direction: str
    width: int


@dataclass(frozen=True)
class Explained:
    """What an index page needs to speak of its lines: the region of the index and the source of the facts.

    `declared` is the day of the declaration in words, `marks` what else is known of the origin of its facts.
    """

    lang: str
    region: str
    source: str
    contest: Callable[[str], str] | None = None
    declared: str = ""
    marks: Mapping[str, Mark] = field(default_factory=dict)


def ledger_lines(lines: Sequence[Line], about: Explained) -> tuple[LedgerLine, ...]:
    """Every line with something to say, the largest effect first; a square is told with its variable.

    Their points still sum to the index, together with the two constants, which come last.
    """
    return _told_in_order(lines, about, [line.code for line in lines if line.code not in SQUARES])


def most_telling(lines: Sequence[Line], about: Explained) -> tuple[LedgerLine, ...]:
    """The few lines that say most, in plain words alone. Only these are told: the page is the one read most."""
    points = _points_with_squares(lines)
    codes = sorted(points.keys() - set(CONSTANTS), key=lambda code: -abs(points[code]))[:MOST_TOLD]
    return tuple(replace(line, coefficient="") for line in _told_in_order(lines, about, codes))


def _told_in_order(lines: Sequence[Line], about: Explained, codes: Iterable[str]) -> tuple[LedgerLine, ...]:
    by_code = {line.code: line for line in lines}
    size = household_size(lines)
    told = [_told(by_code[code], by_code, size, about) for code in codes]
    largest = max((abs(line.exact_points) for line in told if line.code not in CONSTANTS), default=Decimal(0))
    sized = [
        replace(line, width=_width(line, largest)) for line in told if line.exact_points or line.code == "k"
    ]
    return tuple(sorted(sized, key=lambda line: (line.code in CONSTANTS, -abs(line.exact_points))))


def _points_with_squares(lines: Iterable[Line]) -> dict[str, Decimal]:
    """The points of each variable, those of its square included."""
    points: dict[str, Decimal] = {}
    for line in lines:
        code = SQUARES.get(line.code, line.code)
        points[code] = points.get(code, Decimal(0)) + line.points
    return points


def told_line(lines: Sequence[Line], code: str, about: Explained) -> LedgerLine | None:
    """One line of an index, also where it counts nothing; None for a constant, a square and a code of another zone."""
    by_code = {line.code: line for line in lines}
    if code not in by_code or code in CONSTANTS or code in SQUARES:
        return None
    return _told(by_code[code], by_code, household_size(lines), about)


def ledger_groups(lines: Iterable[LedgerLine], lang: str) -> tuple[LedgerGroup, ...]:
    """The same lines as people think of their life, the group that weighs most first and the place last.

    A group without an effect is left out. The totals sum to the index as the lines do.
    """
    told = tuple(lines)
    found = [
        (name, gettext(lang, title), tuple(line for line in told if line.code in codes))
        for name, (title, codes) in GROUPS.items()
    ]
    totals = {name: sum((line.exact_points for line in of_group), Decimal(0)) for name, _, of_group in found}
    largest = max((abs(total) for name, total in totals.items() if name != PLACE), default=Decimal(0))
    found.sort(key=lambda group: (group[0] == PLACE, -abs(totals[group[0]])))
    return tuple(
        _group(name, title, of_group, totals[name], largest, lang)
        for name, title, of_group in found
        if of_group
    )


def _group(
    name: str, title: str, lines: tuple[LedgerLine, ...], total: Decimal, largest: Decimal, lang: str
) -> LedgerGroup:
    """The place is where everybody begins: it has no effect of its own."""
    is_place = name == PLACE
    return LedgerGroup(
        title=title,
        lines=lines,
        total=format_exact(total, signed=True),
        effect=gettext(lang, N_("where everybody starts")) if is_place else effect_words(total, lang),
        direction="" if is_place or not total else "up" if total > 0 else "down",
        width=0 if is_place or not largest else round(abs(total) / largest * 100),
    )


def without_effect(lines: Sequence[Line], lang: str) -> tuple[str, ...]:
    """The words of the lines that count nothing for this household."""
    return tuple(
        gettext(lang, VARIABLES[line.code])
        for line in lines
        if not line.points and line.code not in (*CONSTANTS, *SQUARES)
    )


def account_lines(lines: Sequence[Line], lang: str) -> tuple[LedgerLine, ...]:
    """Every line of the formula, in its own order, to be checked by hand."""
    return tuple(
        LedgerLine(
            code=line.code,
            label=gettext(lang, VARIABLES[line.code]),
            value=format_exact(line.value),
            source="",
            exact_points=line.points,
            points=format_exact(line.points),
            direction="",
            width=0,
            coefficient=format_exact(line.coefficient),
        )
        for line in lines
    )


def household_size(lines: Iterable[Line]) -> Decimal:
    """How many people an index was computed for."""
    return next((line.value for line in lines if line.code in SIZES), Decimal(1))


def _told(line: Line, by_code: dict[str, Line], size: Decimal, about: Explained) -> LedgerLine:
    squares = [by_code[square] for square, base in SQUARES.items() if base == line.code and square in by_code]
    points = line.points + sum((square.points for square in squares), Decimal(0))
    constant = line.code in CONSTANTS
    return LedgerLine(
        code=line.code,
        label=gettext(about.lang, VARIABLES[line.code]),
        value=_region(about) if line.code == "k" else value_words(line, size, about.lang),
        source=_source(line.code, about),
        exact_points=points,
        points=format_exact(points, signed=True),
        direction="" if not points or line.code == "K" else "up" if points > 0 else "down",
        width=0,
        coefficient=format_exact(line.coefficient)
        if kinds().get(line.code) in COUNTED_AS_TOLD and not squares
        else "",
        href=about.contest(line.code) if about.contest and not constant else "",
        effect="" if line.code == "K" or not points else effect_words(points, about.lang),
    )


def value_words(line: Line, size: Decimal, lang: str) -> Markup | str:
    """The value as people count: people, dirhams a month, yes or no. Nothing for a constant."""
    if line.code in CONSTANTS:
        return ""
    match kinds()[line.code]:
        case "flag":
            return gettext(lang, N_("Yes")) if line.value else gettext(lang, N_("No"))
        case "share":
            part = (line.value * size).to_integral_value()
            return escape(gettext(lang, N_("%(part)s of %(whole)s people"))) % {
                "part": int(part),
                "whole": int(size),
            }
        case "mad_per_year_per_head":
            monthly = (line.value * size / MONTHS).quantize(CENT)
            return escape(gettext(lang, N_("%(amount)s a month"))) % {
                "amount": format_mad(monthly, LOCALES[lang])
            }
        case _:
            return Markup("<bdi>{}</bdi>").format(format_exact(line.value))


def _region(about: Explained) -> str:
    return place_name(atlas().region(about.region), about.lang).text


def _source(code: str, about: Explained) -> str:
    if not about.source:
        # An estimate: everything in it was typed just now.
        return ""
    if code == "K":
        return gettext(about.lang, N_("Part of the formula"))
    if code in ("U21", "R19", "R20", "R21"):
        return _origin(("birth_date",), about) or gettext(
            about.lang, N_("Birth dates of the National Population Register")
        )
    return _origin(FACTS_OF_VARIABLE.get(code, ()), about) or about.source


def _origin(facts: tuple[str, ...], about: Explained) -> str | None:
    return origin_words(facts, about.marks, declared=about.declared, lang=about.lang)


def _width(line: LedgerLine, largest: Decimal) -> int:
    if line.code in CONSTANTS or not largest:
        return 0
    return max(1, round(abs(line.exact_points) / largest * 100))


@cache
def kinds() -> dict[str, str]:
    """How each variable is counted, by its code, which means the same in every model."""
    return {variable.code: variable.kind for model in models() for variable in model.variables}
