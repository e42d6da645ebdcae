"""Two indexes side by side, in words: what the household changed, what the formula changed, and the sum of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from app.explanations.effects import effect_words
from app.explanations.ledger import CONSTANTS, SQUARES, household_size, value_words
from app.explanations.programmes import ProgrammeWords, programme_words
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date, format_exact
from app.i18n.locales import LOCALES
from app.i18n.variables import VARIABLES
from registry.comparisons import Cause, Comparison, IndexInHistory, Reason
from registry.geography import atlas, place_name
from registry.rules.moves import Move
from registry.rules.scoring import Line, exact_text

CAUSES = {
    Cause.ADDRESS: N_("Another address, declared on %(day)s"),
    Cause.DECLARATION: N_("You declared it on %(day)s"),
    Cause.CORRECTION: N_("An officer corrected it on %(day)s"),
    Cause.SOURCE: N_("Taken from a source on %(day)s"),
    Cause.MEMBERS: N_("The members of the household changed, on %(day)s"),
    Cause.BIRTHDAY: N_("A birthday, counted on %(day)s"),
    Cause.REGISTER: N_("A birth date was corrected in the population register, on %(day)s"),
}


@dataclass(frozen=True, slots=True)
class ComparedMove:
    """One move as a page shows it. `why` has a sentence for each step of the way, the latest first."""

    label: str
    before: Markup | str
    after: Markup | str
    points: str
    exact_points: Decimal
    effect: Markup
    direction: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToldComparison:
    """The moves of the one sum that leads from the earlier index to the later one."""

    before: IndexInHistory
    after: IndexInHistory
    change: Decimal
    effect: Markup
    by_facts: tuple[ComparedMove, ...]
    by_formula: tuple[ComparedMove, ...]
    programmes: tuple[tuple[ProgrammeWords | None, ProgrammeWords | None], ...]

    @property
    def moved_by_facts(self) -> Decimal:
        return _sum(self.by_facts)

    @property
    def moved_by_formula(self) -> Decimal:
        return _sum(self.by_formula)


def told_comparison(comparison: Comparison, lang: str) -> ToldComparison:
    old, between, new = comparison.lines_before, comparison.lines_between, comparison.lines_after
    was, would_be = comparison.regions
    facts = _moves(comparison.by_facts, _values(old, was, lang), _values(between, would_be, lang))
    return ToldComparison(
        before=comparison.before,
        after=comparison.after,
        change=Decimal(exact_text(comparison.change)),
        effect=effect_words(comparison.change, lang),
        by_facts=tuple(_told(code, *told, lang, comparison.causes.get(code, ())) for code, told in facts),
        by_formula=tuple(
            _told(code, *told, lang)
            for code, told in _moves(comparison.by_formula, _coefficients(between), _coefficients(new))
        ),
        programmes=changed_programmes(comparison.decisions_before, comparison.decisions_after, lang),
    )


Told = tuple[Decimal, Markup | str, Markup | str]


def _moves(
    moves: Sequence[Move],
    before: Mapping[str, Markup | str],
    after: Mapping[str, Markup | str],
) -> list[tuple[str, Told]]:
    """By code, the largest first; a square moves with its variable."""
    moved: dict[str, Decimal] = {}
    for move in moves:
        code = SQUARES.get(move.code, move.code)
        moved[code] = moved.get(code, Decimal(0)) + move.moved
    ordered = sorted(moved.items(), key=lambda item: -abs(item[1]))
    return [(code, (points, before.get(code, ""), after.get(code, ""))) for code, points in ordered if points]


def _told(
    code: str,
    points: Decimal,
    before: Markup | str,
    after: Markup | str,
    lang: str,
    reasons: Sequence[Reason] = (),
) -> ComparedMove:
    return ComparedMove(
        label=gettext(lang, VARIABLES[code]),
        before=before,
        after=after,
        points=format_exact(points, signed=True),
        exact_points=points,
        effect=effect_words(points, lang),
        direction="up" if points > 0 else "down",
        why=tuple(dict.fromkeys(cause_words(reason, lang) for reason in reasons)),
    )


def cause_words(reason: Reason, lang: str) -> str:
    return gettext(lang, CAUSES[reason.cause]) % {"day": format_date(reason.on, LOCALES[lang])}


def _values(lines: Sequence[Line], region: str, lang: str) -> dict[str, Markup | str]:
    size = household_size(lines)
    told = {line.code: value_words(line, size, lang) for line in lines if line.code not in CONSTANTS}
    return told | {"k": place_name(atlas().region(region), lang).text}


def _coefficients(lines: Sequence[Line]) -> dict[str, Markup | str]:
    """What a formula multiplies by: the fact is the same on both sides."""
    return {
        line.code: Markup('× <bdi dir="ltr">{}</bdi>').format(format_exact(line.coefficient))
        for line in lines
    }


def changed_programmes(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], lang: str
) -> tuple[tuple[ProgrammeWords | None, ProgrammeWords | None], ...]:
    """The programmes that mean something else now than then; decisions as they are kept with an index."""
    then = {each.code: each for each in programme_words(before, lang)}
    now = {each.code: each for each in programme_words(after, lang)}
    pairs = ((then.get(code), now.get(code)) for code in now | then)
    return tuple((old, new) for old, new in pairs if _means(old) != _means(new))


def _means(programme: ProgrammeWords | None) -> tuple[object, ...]:
    return () if programme is None else (programme.open, programme.status, escape(programme.amount))


def _sum(moves: Sequence[ComparedMove]) -> Decimal:
    return sum((move.exact_points for move in moves), Decimal(0))
