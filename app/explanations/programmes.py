"""What is open, in words: how much money, by how much or by which category, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from app.explanations.categories import CategoryWords, category_words, in_its_language
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_exact, format_mad
from app.i18n.locales import LOCALES
from registry.rules.eligibility import Outcome
from registry.rules.programme_files import Benefit, ComponentKind
from registry.rules.programmes import programme

STATUS = {
    (Benefit.FREE_HEALTH_COVER, Outcome.OPEN): N_("Open: health cover without contribution"),
    (Benefit.FREE_HEALTH_COVER, Outcome.CLOSED): N_("Not open"),
    (Benefit.MONTHLY_AID, Outcome.OPEN): N_("Open: received every month"),
    (Benefit.MONTHLY_AID, Outcome.CLOSED): N_("Not open"),
    (Benefit.PAID_HEALTH_COVER, Outcome.OPEN): N_(
        "Open: health cover with a contribution to pay every month"
    ),
    (Benefit.PAID_HEALTH_COVER, Outcome.CLOSED): N_("Not needed: the cover without contribution is open"),
}
COMPONENTS = {
    ComponentKind.UNDER_SCHOOL_AGE_OR_IN_SCHOOL: N_(
        "Child number %(rank)s, aged %(age)s, under six or at school"
    ),
    ComponentKind.OUT_OF_SCHOOL: N_("Child number %(rank)s, aged %(age)s, not at school"),
    ComponentKind.FAMILY_MINIMUM: N_("Added to reach the least amount for a family"),
    ComponentKind.WITHOUT_CHILDREN: N_("Household without a child under 21"),
}
ABOVE = N_("The index is above the threshold of %(threshold)s by %(distance)s.")
BELOW = N_("The index is under the threshold of %(threshold)s by %(distance)s.")
AT = N_("The index is exactly at the threshold of %(threshold)s.")
BAND = N_("The contribution of an index above %(above)s and up to %(up_to)s.")
NO_CATEGORY = N_("Nobody in the household is in a situation that opens it, with all its conditions.")
LAST_BAND = N_("The contribution of an index above %(above)s.")


@dataclass(frozen=True, slots=True)
class ProgrammeWords:
    """One programme as a page shows it. The name says which language it is in, where that is not the page's."""

    code: str
    name: Markup
    open: bool
    status: str
    amount: Markup | str
    explanation: Markup
    parts: tuple[tuple[str, Markup], ...]
    source: str
    categories: tuple[CategoryWords, ...] = ()


def programme_words(
    decisions: Sequence[Mapping[str, Any]], lang: str, people: Mapping[int, Markup] | None = None
) -> tuple[ProgrammeWords, ...]:
    """The decisions that were kept, in words; with the names of `people` where a decision is about persons."""
    return tuple(_words(decision, lang, people or {}) for decision in decisions)


def _words(decision: Mapping[str, Any], lang: str, people: Mapping[int, Markup]) -> ProgrammeWords:
    name = programme(decision["programme"]).name(lang)
    outcome = Outcome(decision["outcome"])
    monthly = decision["monthly_mad"]
    return ProgrammeWords(
        code=decision["programme"],
        name=in_its_language(name, lang),
        open=outcome is Outcome.OPEN,
        status=gettext(lang, STATUS[Benefit(decision["benefit"]), outcome]),
        amount=format_mad(Decimal(monthly), LOCALES[lang]) if monthly is not None else "",
        explanation=_explanation(decision, outcome, lang),
        parts=tuple(_part(component, lang) for component in decision["components"]),
        source=decision["source"],
        categories=category_words(decision, people, lang),
    )


def _explanation(decision: Mapping[str, Any], outcome: Outcome, lang: str) -> Markup:
    if decision["threshold"] is None:
        return _by_category(decision, outcome, lang)
    if Benefit(decision["benefit"]) is Benefit.PAID_HEALTH_COVER and outcome is Outcome.OPEN:
        sentence = BAND if decision["at_or_below"] else LAST_BAND
        return _sentence(lang, sentence, above=decision["above"], up_to=decision["at_or_below"])
    if Benefit(decision["benefit"]) is Benefit.PAID_HEALTH_COVER:
        return Markup("")
    if not Decimal(decision["distance"]):
        return _sentence(lang, AT, threshold=decision["threshold"])
    sentence = BELOW if outcome is Outcome.OPEN else ABOVE
    return _sentence(lang, sentence, threshold=decision["threshold"], distance=decision["distance"])


def _by_category(decision: Mapping[str, Any], outcome: Outcome, lang: str) -> Markup:
    """The categories that opened it; else that none did."""
    if outcome is Outcome.CLOSED:
        return escape(gettext(lang, NO_CATEGORY))
    names = [each.name for each in category_words(decision, {}, lang) if each.given]
    return Markup("<br>").join(names)


def _sentence(lang: str, source: str, **numbers: str | None) -> Markup:
    isolated = {
        name: Markup("<bdi>{}</bdi>").format(format_exact(number)) for name, number in numbers.items()
    }
    return escape(gettext(lang, source)) % isolated


def _part(component: Mapping[str, Any], lang: str) -> tuple[str, Markup]:
    words = gettext(lang, COMPONENTS[ComponentKind(component["kind"])])
    if component["rank"] is not None:
        words = words % {"rank": component["rank"], "age": component["age"]}
    return words, format_mad(Decimal(component["monthly_mad"]), LOCALES[lang])
