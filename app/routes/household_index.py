"""Why this index: what it opens, what made it, how it moved, and the whole sum for who wants to check it."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from app.explanations.gauge import gauge
from app.explanations.ledger import (
    Explained,
    account_lines,
    ledger_groups,
    ledger_lines,
    most_telling,
    without_effect,
)
from app.explanations.moves import change_between, told_moves
from app.explanations.outlook import balance_words
from app.explanations.programmes import programme_words
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date, local_day
from app.pages import go, page
from app.requests import PortalRequest
from registry.household_views import HouseholdView, history, household_view
from registry.indexes import ledger
from registry.model_life.coming import next_change
from registry.rules.programmes import thresholds
from registry.rules.scoring import model_named
from registry.sources.marks import read_marks

MOST_CAUSES = 3


@get("/household/index")
async def show_index(request: PortalRequest) -> Response[bytes]:
    """The current index for who reads little first, every line of it after that, and the indexes before it."""
    view = await _view(request)
    if view is None or view.index is None or view.lines is None:
        return go(request, "/household")
    lines = ledger(view.lines)
    about = explained(request, view, contestable=view.request_reference is None)
    return page(
        request,
        "household/explained.html",
        view=view,
        balance=balance_words(view.decisions or [], request.lang),
        programmes=programme_words(view.decisions or [], request.lang),
        causes=most_telling(lines, about)[:MOST_CAUSES],
        groups=ledger_groups(ledger_lines(lines, about), request.lang),
        scale=gauge(view.index, thresholds(local_day(request.now)), request.lang),
        changes_on=next_change(local_day(request.now)),
        **await _since_last_time(request, view),
    )


@get("/household/index/sum")
async def show_sum(request: PortalRequest) -> Response[bytes]:
    """Every line of the formula, also those that count nothing: value × coefficient = points."""
    view = await _view(request)
    if view is None or view.index is None or view.lines is None or view.model is None:
        return go(request, "/household")
    lines = ledger(view.lines)
    return page(
        request,
        "household/sum.html",
        view=view,
        account=account_lines(lines, request.lang),
        without=without_effect(lines, request.lang),
        model=model_named(view.model),
    )


async def _view(request: PortalRequest) -> HouseholdView | None:
    return await household_view(request.db, person_id=request.signed_in.citizen_id, now=request.now)


async def _since_last_time(request: PortalRequest, view: HouseholdView) -> dict[str, Any]:
    past = await history(request.db, household_id=view.household_id)
    if len(past) < 2:
        return {"past": past, "moves": None, "change": None}
    now, before = past[:2]
    return {
        "past": past,
        "moves": told_moves(before.lines, now.lines, request.lang),
        "change": change_between(before.index, now.index),
    }


def explained(request: PortalRequest, view: HouseholdView, *, contestable: bool) -> Explained:
    """How the lines of this household's index are told; "is this wrong?" leads on where it is `contestable`."""
    declared = format_date(view.declared_at, request.locale)
    prefix = f"/{request.lang}/household/recomputation?line="
    return Explained(
        lang=request.lang,
        region=view.region or "",
        source=gettext(request.lang, N_("Declared on %(day)s")) % {"day": declared},
        contest=(lambda code: prefix + code) if contestable else None,
        declared=declared,
        marks=read_marks(view.marks),
    )


HANDLERS = [show_index, show_sum]
