"""Where a file stands: what happened, what is under way, what comes."""

from __future__ import annotations

from dataclasses import dataclass

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date
from app.i18n.locales import LOCALES
from registry.household_views import HouseholdView
from registry.profiles import profile

COMPUTED, DECIDED = N_("Index computed"), N_("Decision taken")
STUDIED, REVIEWED = N_("Recomputation request under study"), N_("Request for review under study")


@dataclass(frozen=True, slots=True)
class Moment:
    """One step; `state` is done, now or todo."""

    title: str
    state: str
    date: str = ""


def moments_of(view: HouseholdView, lang: str) -> tuple[Moment, ...]:
    """The way from the declaration to the index or the decision, and a recomputation request when one is open."""
    locale = LOCALES[lang]
    declared, computed = view.declared_at is not None, view.computed_at is not None
    moments = [
        Moment(
            gettext(lang, N_("Declaration sent")),
            _state(declared, True),
            format_date(view.declared_at, locale),
        )
    ]
    if view.awaited:
        moments.append(Moment(gettext(lang, N_("Invited members answer")), "now" if declared else "todo"))
    fresh = computed and view.complete is not False
    moments.append(
        Moment(
            gettext(lang, COMPUTED if profile().index else DECIDED),
            _state(fresh, declared and not view.awaited),
            format_date(view.computed_at, locale) if fresh else "",
        )
    )
    if view.request_reference:
        before = gettext(lang, N_("Before %(day)s")) % {"day": format_date(view.request_due_on, locale)}
        moments.append(Moment(gettext(lang, STUDIED if profile().index else REVIEWED), "now", before))
    return tuple(moments)


def _state(done: bool, is_next: bool) -> str:
    return "done" if done else "now" if is_next else "todo"
