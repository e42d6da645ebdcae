"""Since last time: what changed between two indexes, and for how many points. The moves sum to the change."""

from __future__ import annotations

from dataclasses import dataclass

from app.i18n.catalogues import gettext
from app.i18n.formats import format_exact
from app.i18n.variables import VARIABLES
from registry.indexes import PastIndex


@dataclass(frozen=True, slots=True)
class ToldMove:
    label: str
    before: str
    after: str
    points: str
    direction: str


def told_moves(past: PastIndex, lang: str) -> tuple[ToldMove, ...]:
    """The lines that moved, the largest move first."""
    moves = sorted(past.moves, key=lambda move: -abs(move.moved))
    return tuple(
        ToldMove(
            label=gettext(lang, VARIABLES[move.code]),
            before=format_exact(move.value_before),
            after=format_exact(move.value_after),
            points=format_exact(move.moved, signed=True),
            direction="up" if move.moved > 0 else "down",
        )
        for move in moves
        if move.moved
    )
