"""My household: the index or what it is entitled to, what that opens, and where the file stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response, get

from app.explanations.gauge import gauge
from app.explanations.ledger import most_telling
from app.explanations.programmes import programme_words
from app.explanations.timeline import moments_of
from app.i18n.formats import local_day
from app.pages import page
from app.requests import PortalRequest
from app.routes.household_index import explained
from app.routes.people import names_to_show
from identity.people.register import PersonName, names
from registry.declarations import drafts, invitations
from registry.declarations.invitations import Invitation
from registry.delays import delays_on
from registry.geography import PlaceName, atlas, place_name
from registry.household_views import HouseholdView, household_view
from registry.indexes import ledger
from registry.model_life.coming import next_change
from registry.profiles import profile
from registry.rules.programmes import thresholds


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
    view = await household_view(request.db, person_id=person_id, now=request.now)
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
        about = explained(request, view, contestable=False)
        context["telling"] = most_telling(ledger(view.lines), about)
        context["scale"] = gauge(view.index, thresholds(local_day(request.now)), request.lang)
    return context


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
