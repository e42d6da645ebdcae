"""What lies around an index, in words: the next edges, the knock-on between programmes, birthdays, lines to re-read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from app.explanations.comparison import changed_programmes
from app.explanations.effects import effect_words
from app.explanations.ledger import CONSTANTS, SIZES, SQUARES, Explained, LedgerLine, kinds, told_line
from app.explanations.programmes import ProgrammeWords
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_exact, format_mad
from app.i18n.locales import LOCALES
from registry.indexes import written_decision
from registry.rules.eligibility import Outcome
from registry.rules.index_models import IndexModel
from registry.rules.outlook import Balance, Edge, balance_of, step_of
from registry.rules.programme_files import Benefit
from registry.rules.scoring import Line

NOTHING = Decimal(0)
MOST_TO_READ = 8
AGE_LINES = ("U21", "R19", "R20", "R21")

Kept = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ToldEdge:
    """One side: how far the next edge is, what changes beyond it, and what that does to the money of a month."""

    value: str
    distance: str
    effect: Markup
    programmes: tuple[tuple[ProgrammeWords | None, ProgrammeWords | None], ...]
    sentences: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class LineToRead:
    """A line whose fact changes with life, and how many points one more or one less of it moves."""

    line: LedgerLine
    one_more: str
    points: str
    effect: Markup
    to_confirm: bool


def told_edge(edge: Edge | None, now: Kept, lang: str, *, falls: bool) -> ToldEdge | None:
    if edge is None:
        return None
    then = [written_decision(each) for each in edge.decisions]
    return ToldEdge(
        value=format_exact(edge.value),
        distance=format_exact(edge.distance),
        effect=effect_words(-edge.distance if falls else edge.distance, lang),
        programmes=changed_programmes(now, then, lang),
        sentences=knock_on(now, then, lang),
    )


def knock_on(before: Kept, after: Kept, lang: str) -> tuple[Markup, ...]:
    """How one programme moves another one, and the money of a month before and after. Nothing where nothing moves."""
    was, will_be = balance_of(before), balance_of(after)
    sentences = [escape(gettext(lang, words)) for words in _links(before, after)]
    if not sentences and was == will_be:
        return ()
    difference = will_be.rest - was.rest
    amount = format_mad(abs(difference), LOCALES[lang])
    if difference > 0:
        sentences.append(_said(lang, N_("In all, %(amount)s more a month for the household."), amount))
    elif difference < 0:
        sentences.append(_said(lang, N_("In all, %(amount)s less a month for the household."), amount))
    else:
        sentences.append(escape(gettext(lang, N_("In all, the same money a month for the household."))))
    return tuple(sentences)


def _links(before: Kept, after: Kept) -> list[str]:
    """What opens or ends because something else does."""
    had, has = _open(before), _open(after)
    free, paid, aid = Benefit.FREE_HEALTH_COVER, Benefit.PAID_HEALTH_COVER, Benefit.MONTHLY_AID
    links = []
    if free in had - has and paid in has - had:
        links.append(N_("The health cover without contribution ends, so a contribution begins."))
    if free in has - had and paid in had - has:
        links.append(N_("The health cover without contribution opens, so the contribution ends."))
    if aid in has - had and paid in has:
        links.append(N_("The aid opens, and a part of it goes to the contribution for health cover."))
    if aid in had - has and paid in has:
        links.append(N_("The aid ends, and the contribution for health cover is still to pay."))
    if paid in had & has and _paid(before) != _paid(after):
        links.append(N_("The contribution for health cover changes with the index."))
    return links


def _open(decisions: Kept) -> set[Benefit]:
    return {Benefit(each["benefit"]) for each in decisions if each["outcome"] == Outcome.OPEN}


def _paid(decisions: Kept) -> Decimal:
    return balance_of(decisions).paid


def balance_words(decisions: Kept, lang: str) -> Markup:
    """The money of a month in one sentence."""
    balance = balance_of(decisions)
    sentence = _balance_sentence(balance)
    locale = LOCALES[lang]
    return escape(gettext(lang, sentence)) % {
        "received": format_mad(balance.received, locale),
        "paid": format_mad(balance.paid, locale),
        "rest": format_mad(balance.rest, locale),
    }


def _balance_sentence(balance: Balance) -> str:
    if balance.received and balance.paid:
        return N_("Every month: %(received)s received, %(paid)s to pay for health cover; %(rest)s remain.")
    if balance.received:
        return N_("Every month: %(received)s received, nothing to pay.")
    if balance.paid:
        return N_("Every month: nothing received, %(paid)s to pay for health cover.")
    return N_("Every month: nothing received, nothing to pay.")


def lines_to_read(
    lines: Sequence[Line], model: IndexModel, size: int, about: Explained
) -> tuple[LineToRead, ...]:
    """The lines that count and that life changes: not the place, the ages or the number of people. Heaviest first."""
    variables = {variable.code: variable for variable in model.variables}
    apart = {*CONSTANTS, *SQUARES, *SIZES, *AGE_LINES}
    counted = [line for line in lines if line.points and line.code not in apart and line.code in variables]
    found = []
    for line in sorted(counted, key=lambda each: -abs(each.points))[:MOST_TO_READ]:
        told = told_line(lines, line.code, about)
        if told is None:
            continue
        step = step_of(variables[line.code], size)
        found.append(
            LineToRead(
                line=told,
                one_more=gettext(about.lang, _one_more(line.code)),
                points=format_exact(step, signed=True),
                effect=effect_words(step, about.lang),
                to_confirm=variables[line.code].to_confirm is not None,
            )
        )
    return tuple(found)


def _one_more(code: str) -> str:
    match kinds()[code]:
        case "mad_per_year_per_head":
            return N_("50 dirhams more a month")
        case "flag":
            return N_("Yes rather than no")
        case "share":
            return N_("One person more")
        case _:
            return N_("One more")


@dataclass(frozen=True, slots=True)
class ToldBirthday:
    """`asked` are the facts that the next declaration asks because of it."""

    on: date
    who: str
    age: int
    points: str
    effect: Markup | None
    asked: tuple[str, ...]
    is_past: bool


def _said(lang: str, sentence: str, amount: Markup) -> Markup:
    return escape(gettext(lang, sentence)) % {"amount": amount}
