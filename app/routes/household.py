"""My household: the index, what it opens, why, and how it moved."""

from __future__ import annotations

from dataclasses import dataclass
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
from app.explanations.programmes import programme_words
from app.explanations.timeline import moments_of
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.formats import format_date, local_day
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.people import names_to_show
from identity.people.register import PersonName, names
from registry import indexes
from registry.declarations import drafts, invitations
from registry.declarations.invitations import Invitation
from registry.delays import delays_on
from registry.geography import PlaceName, atlas, place_name
from registry.indexes import HouseholdView
from registry.model_life.coming import next_change
from registry.profiles import profile
from registry.rules.programmes import thresholds
from registry.rules.scoring import model_named
from registry.sources.marks import read_marks


@dataclass(frozen=True)
class _Head:
    """The head of household as the register's name functions want it."""

    given_name_ar: str
    family_name_ar: str
    given_name_latin: str
    family_name_latin: str


@get("/household")
async def show_household(request: PortalRequest) -> Response[bytes]:
    person_id = request.signed_in.citizen_id
    view = await indexes.household_view(request.db, person_id=person_id, now=request.now)
    if view is None:
        draft = await drafts.find_draft(request.db, person_id=person_id)
        asked = await _invitations(request, person_id)
        return page(request, "household/none.html", invitations=asked, has_draft=draft is not None)
    return page(
        request,
        "household/index.html" if profile().index else "household/entitlements.html",
        invitations=await _invitations(request, person_id) if view.has_invitation else (),
        has_draft=view.has_draft,
        report_days=delays_on(local_day(request.now)).change_report_days,
        **await _household(request, view),
    )


@get("/household/index")
async def show_index(request: PortalRequest) -> Response[bytes]:
    """Every line of the current index, what moved since the last one, and the indexes before it."""
    view = await indexes.household_view(request.db, person_id=request.signed_in.citizen_id, now=request.now)
    if view is None or view.index is None or view.lines is None or view.model is None:
        return go(request, "/household")
    lines = indexes.ledger(view.lines)
    told = ledger_lines(lines, _explained(request, view, contestable=view.request_reference is None))
    past = await indexes.history(request.db, household_id=view.household_id)
    return page(
        request,
        "household/explained.html",
        view=view,
        groups=ledger_groups(told, request.lang),
        account=account_lines(lines, request.lang),
        without=without_effect(lines, request.lang),
        programmes=programme_words(view.decisions or [], request.lang),
        scale=gauge(view.index, thresholds(local_day(request.now)), request.lang),
        model=model_named(view.model),
        moves=told_moves(past[1].lines, past[0].lines, request.lang) if len(past) > 1 else None,
        change=change_between(past[1].index, past[0].index) if len(past) > 1 else None,
        past=past,
        changes_on=next_change(local_day(request.now)),
    )


async def _household(request: PortalRequest, view: HouseholdView) -> dict[str, Any]:
    context: dict[str, Any] = {
        "view": view,
        "head_name": _head_name(view, request.lang).full,
        "commune": _commune(view, request.lang),
        "moments": moments_of(view, request.lang),
        "programmes": programme_words(
            view.decisions or [],
            request.lang,
            await names_to_show(request, view.decisions or [], view.is_head),
        ),
        "awaiting_new_index": view.computed_at is not None and view.complete is False,
        "looks_again_on": view.looks_again_on,
        "changes_on": next_change(local_day(request.now)) if view.index is not None else None,
        "scale": None,
        "telling": (),
    }
    if view.index is not None and view.lines is not None:
        about = _explained(request, view, contestable=False)
        context["telling"] = most_telling(indexes.ledger(view.lines), about)
        context["scale"] = gauge(view.index, thresholds(local_day(request.now)), request.lang)
    return context


def _explained(request: PortalRequest, view: HouseholdView, *, contestable: bool) -> Explained:
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


def _head_name(view: HouseholdView, lang: str) -> PersonName:
    return names(
        _Head(
            view.head_given_name_ar,
            view.head_family_name_ar,
            view.head_given_name_latin,
            view.head_family_name_latin,
        ),
        lang,
    )


def _commune(view: HouseholdView, lang: str) -> PlaceName | None:
    return place_name(atlas().commune(view.commune), lang) if view.commune else None


async def _invitations(request: PortalRequest, person_id: int) -> list[dict[str, Any]]:
    asked = await invitations.invitations_of(request.db, person_id=person_id, now=request.now)
    return [_invitation(each, request.lang) for each in asked]


def _invitation(invitation: Invitation, lang: str) -> dict[str, Any]:
    head = _Head(
        invitation.head_given_name_ar,
        invitation.head_family_name_ar,
        invitation.head_given_name_latin,
        invitation.head_family_name_latin,
    )
    return {"from_name": names(head, lang).full, "expires_at": invitation.expires_at}


HANDLERS = [show_household]
OF_AN_INDEX = [show_index]
