"""A version of what decides, in words: what it changes, where it is in its life, and whom its dry run found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from app.explanations.categories import in_its_language
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import MINUS, format_date, format_datetime, format_mad
from app.i18n.labels import label
from app.i18n.locales import LOCALES
from app.i18n.variables import VARIABLES
from registry.facts import Zone
from registry.geography import PlaceName, atlas, place_name
from registry.model_life.comparison import Difference, Subject
from registry.model_life.known import Known, Phase
from registry.model_life.reports import MOST_PEOPLE, CrossingRow
from registry.model_life.shelf import Content
from registry.model_life.tables import HouseholdType
from registry.rules.index_models import IndexModel
from registry.rules.programme_files import Programme
from registry.rules.programmes import UnknownProgramme, programme

SUBJECTS = {
    Subject.THRESHOLD: N_("Threshold of the index"),
    Subject.FAMILY_MINIMUM: N_("Least amount for a family"),
    Subject.WITHOUT_CHILDREN: N_("Household without a child under 21"),
}
BAND = N_("Contribution of an index above %(above)s and up to %(up_to)s")
LAST_BAND = N_("Contribution of an index above %(above)s")
RANKS = {
    Subject.UNDER_SCHOOL_AGE_OR_IN_SCHOOL: N_(
        "Children number %(first)s to %(last)s, under six or at school"
    ),
    Subject.OUT_OF_SCHOOL: N_("Children number %(first)s to %(last)s, not at school"),
}
TAGS = {
    Phase.DRAFT: "todo",
    Phase.APPROVED: "now",
    Phase.IN_FORCE: "done",
    Phase.REPLACED: "plain",
    Phase.WITHDRAWN: "blocked",
}


@dataclass(frozen=True, slots=True)
class VersionWords:
    """A version as a list and the head of a page show it."""

    name: str
    title: Markup
    phase: str
    tag: str
    effective_from: dt.date


@dataclass(frozen=True, slots=True)
class DifferenceWords:
    label: Markup
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CrossingWords:
    of: Markup | str
    programme: Markup
    crossing: str
    households: int
    money: Markup


def version_words(known: Known, lang: str) -> VersionWords:
    return VersionWords(
        name=known.name,
        title=content_title(known.content, lang),
        phase=label(lang, known.phase),
        tag=TAGS[known.phase],
        effective_from=known.effective_from,
    )


def content_title(content: Content, lang: str) -> Markup:
    if isinstance(content, IndexModel):
        return escape(gettext(lang, N_("Model of the index")))
    return in_its_language(content.name(lang), lang)


def difference_words(difference: Difference, content: Content, lang: str) -> DifferenceWords:
    return DifferenceWords(
        _label(difference, content, lang),
        _amount(difference, difference.before, lang),
        _amount(difference, difference.after, lang),
    )


def _label(difference: Difference, content: Content, lang: str) -> Markup:
    match difference.subject:
        case Subject.CONSTANT:
            words = _zoned(gettext(lang, N_("Constant of the formula")), difference.zone, lang)
        case Subject.REGION:
            words = _zoned(_region(difference.code, lang), difference.zone, lang)
        case Subject.VARIABLE:
            named = gettext(lang, VARIABLES[difference.code])
            words = Markup('{} <bdi dir="ltr" class="quiet">{}</bdi>').format(named, difference.code)
        case Subject.BAND:
            words = _band(difference.code, lang)
        case Subject.UNDER_SCHOOL_AGE_OR_IN_SCHOOL | Subject.OUT_OF_SCHOOL:
            first, _, last = difference.code.partition("-")
            words = escape(gettext(lang, RANKS[difference.subject])) % {"first": first, "last": last}
        case Subject.CATEGORY:
            words = _category(difference.code, content, lang)
        case _:
            words = escape(gettext(lang, SUBJECTS[difference.subject]))
    return words


def _zoned(words: str, zone: Zone | None, lang: str) -> Markup:
    return Markup("{} · {}").format(words, label(lang, zone)) if zone else escape(words)


def _region(code: str, lang: str) -> str:
    return place_name(atlas().region(code), lang).text


def _band(edges: str, lang: str) -> Markup:
    above, _, up_to = edges.partition(" ")
    numbers = {
        name: Markup("<bdi>{}</bdi>").format(edge) for name, edge in (("above", above), ("up_to", up_to))
    }
    return escape(gettext(lang, BAND if up_to else LAST_BAND)) % numbers


def _category(code: str, content: Content, lang: str) -> Markup:
    if isinstance(content, Programme):
        for rule in content.rules:
            for category in getattr(rule, "categories", ()):
                if category.code == code:
                    return in_its_language(category.name(lang), lang)
    return escape(code)


def _amount(difference: Difference, number: str | None, lang: str) -> str:
    if number is None:
        return "–"
    if difference.zone is not None or difference.subject is Subject.THRESHOLD:
        return Markup('<bdi dir="ltr">{}</bdi>').format(number.replace("-", MINUS))
    return format_mad(number, LOCALES[lang])


def crossing_words(rows: Sequence[CrossingRow], lang: str, part: str = "") -> tuple[CrossingWords, ...]:
    """`part` says what the rows are of: region, zone, type or size."""
    return tuple(
        CrossingWords(
            of=_part(part, row.of, lang),
            programme=programme_name(row.programme, lang),
            crossing=label(lang, row.crossing),
            households=row.households,
            money=_signed(row, lang),
        )
        for row in rows
    )


def programme_name(code: str, lang: str) -> Markup:
    """A programme that is still to come may have no name yet where it is asked for."""
    try:
        return in_its_language(programme(code).name(lang), lang)
    except UnknownProgramme:
        return escape(code)


def _part(part: str, of: str, lang: str) -> Markup | str:
    match part:
        case "region":
            return _region(of, lang)
        case "zone":
            return label(lang, Zone(of))
        case "type":
            return label(lang, HouseholdType(of))
        case "size":
            words = N_("%(number)s people or more") if int(of) == MOST_PEOPLE else N_("People: %(number)s")
            return gettext(lang, words) % {"number": of}
    return ""


def _signed(row: CrossingRow, lang: str) -> Markup:
    if not row.monthly_mad:
        return Markup("–")
    sign = "+" if row.monthly_mad > 0 else MINUS
    amount = format_mad(abs(row.monthly_mad), LOCALES[lang])
    signed = str(amount).replace("<bdi>", f'<bdi dir="ltr">{sign}', 1)
    return Markup(f"<span>{signed}</span>")  # noqa: S704 -- made by us; one thing in a row that spreads its parts.


def source_of(content: Content, lang: str) -> PlaceName:
    """The official text, as readers of a language know it where that is kept."""
    return content.source_name(lang) if isinstance(content, IndexModel) else PlaceName(content.source, "en")


Moment = dict[str, str]


def life_of(
    known: Known, tried_at: dt.datetime | None, approvals: Sequence[Mapping[str, Any]], lang: str
) -> list[Moment]:
    """The moments of a version's life: what happened, and what comes next."""
    version, locale = known.version, LOCALES[lang]
    if version is None:
        return []
    tried = "done" if tried_at else "now"
    moments = [
        _moment(
            gettext(lang, N_("Proposed as a draft")), "done", format_datetime(version.proposed_at, locale)
        ),
        _moment(gettext(lang, N_("Tried on all households")), tried, format_datetime(tried_at, locale)),
        *_approvals(approvals, lang, may_come=tried_at is not None),
    ]
    if known.phase is Phase.WITHDRAWN:
        withdrawn = format_datetime(version.withdrawn_at, locale)
        happened = [moment for moment in moments if moment["state"] == "done"]
        return [*happened, _moment(gettext(lang, N_("Withdrawn")), "done", withdrawn)]
    state = {Phase.DRAFT: "todo", Phase.APPROVED: "now"}.get(known.phase, "done")
    day = format_date(known.effective_from, locale)
    return [*moments, _moment(gettext(lang, N_("Counts from this day on")), state, day)]


def _approvals(given: Sequence[Mapping[str, Any]], lang: str, *, may_come: bool) -> Iterator[Moment]:
    for place, title in enumerate((N_("First approval"), N_("Second approval"))):
        if place < len(given):
            moment = format_datetime(given[place]["at"], LOCALES[lang])
            yield _moment(gettext(lang, title), "done", moment, given[place]["by"])
        else:
            is_next = may_come and place == len(given)
            yield _moment(gettext(lang, title), "now" if is_next else "todo", "")


def _moment(title: str, state: str, date: str, words: str = "") -> Moment:
    return {"title": title, "state": state, "date": date, "words": words}
