"""Since last time: what changed between two indexes, and for how many points. The moves sum to the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from app.explanations.ledger import CONSTANTS, SQUARES, household_size, value_words
from app.i18n.catalogues import gettext
from app.i18n.formats import format_exact
from app.i18n.variables import VARIABLES
from registry.rules.moves import compare
from registry.rules.scoring import Line, exact_text


@dataclass(frozen=True, slots=True)
class ToldMove:
    """`before` and `after` are empty for what has no value, and for a line that one of the two does not have."""

    label: str
    before: Markup | str
    after: Markup | str
    points: str
    direction: str


def told_moves(before: Sequence[Line], after: Sequence[Line], lang: str) -> tuple[ToldMove, ...]:
    """The lines that moved, the largest move first; a square moves with its variable."""
    moved: dict[str, Decimal] = {}
    for move in compare(before, after):
        code = SQUARES.get(move.code, move.code)
        moved[code] = moved.get(code, Decimal(0)) + move.moved
    was, now = _words(before, lang), _words(after, lang)
    return tuple(
        ToldMove(
            label=gettext(lang, VARIABLES[code]),
            before=was.get(code, ""),
            after=now.get(code, ""),
            points=format_exact(points, signed=True),
            direction="up" if points > 0 else "down",
        )
        for code, points in sorted(moved.items(), key=lambda item: -abs(item[1]))
        if points
    )


def change_between(before: Decimal, after: Decimal) -> Decimal:
    """The change as the moves are written: without zeros at its end."""
    return Decimal(exact_text(after - before))


def _words(lines: Sequence[Line], lang: str) -> dict[str, Markup | str]:
    size = household_size(lines)
    return {line.code: value_words(line, size, lang) for line in lines if line.code not in CONSTANTS}
