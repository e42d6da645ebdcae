"""What an index opens, in words: open or not, how much money, by how much, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup, escape

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_exact, format_mad
from app.i18n.locales import LOCALES
from registry.geography import PlaceName
from registry.programmes import Benefit, ComponentKind, Outcome, programme

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


def programme_words(decisions: Sequence[Mapping[str, Any]], lang: str) -> tuple[ProgrammeWords, ...]:
    """The decisions that were kept with an index, in words."""
    return tuple(_words(decision, lang) for decision in decisions)


def in_its_language(name: PlaceName, lang: str) -> Markup:
    """A name for a page of another language perhaps: so that it is read out and drawn as what it is."""
    if name.lang == lang:
        return escape(name.text)
    return Markup('<bdi lang="{}">{}</bdi>').format(name.lang, name.text)


def _words(decision: Mapping[str, Any], lang: str) -> ProgrammeWords:
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
    )


def _explanation(decision: Mapping[str, Any], outcome: Outcome, lang: str) -> Markup:
    if Benefit(decision["benefit"]) is Benefit.PAID_HEALTH_COVER and outcome is Outcome.OPEN:
        sentence = BAND if decision["at_or_below"] else LAST_BAND
        return _sentence(lang, sentence, above=decision["above"], up_to=decision["at_or_below"])
    if Benefit(decision["benefit"]) is Benefit.PAID_HEALTH_COVER:
        return Markup("")
    if not Decimal(decision["distance"]):
        return _sentence(lang, AT, threshold=decision["threshold"])
    sentence = BELOW if outcome is Outcome.OPEN else ABOVE
    return _sentence(lang, sentence, threshold=decision["threshold"], distance=decision["distance"])


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
