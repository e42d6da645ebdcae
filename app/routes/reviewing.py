"""What the pages about a request share: opening one on the record, refusing to, and what each of them shows."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from app.explanations.ledger import Explained, told_line
from app.explanations.reviewed import ReviewedFact, reviewed_facts
from app.i18n.catalogues import gettext
from app.i18n.variables import VARIABLES
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.declaration_sending import Place, place_of
from identity.people.register import names
from registry.centres.officers import NotAllowed, OwnFile
from registry.dates import local_date
from registry.errors import NotFound, Refused
from registry.refusals import record_refused_request
from registry.requests.reviews import OPEN, Review, open_request

REQUESTS: Final = "/staff/requests"
ONE: Final = f"{REQUESTS}/{{reference:str}}"
WRITES: Final = {"writes": True}
# Looked at as often as one likes: only the confirmation decides.
LOOK: Final = {"repeatable": True}
AGAIN: Final = "again"
NOT_YOURS = (NotAllowed, OwnFile, NotFound)


async def opened(request: PortalRequest, reference: str) -> Review | Response[bytes]:
    """The request, with the audit entries that say who sees it now; or the page of the refusal."""
    try:
        return await open_request(
            request.db, staff_id=officer_id(request), reference=reference, now=request.now
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)


async def refused(request: PortalRequest, reference: str, refusal: Refused) -> Response[bytes]:
    """Say why, and keep on the record that it was asked for."""
    await record_refused_request(
        request.db, staff_id=officer_id(request), reference=reference, refusal=refusal, now=request.now
    )
    status = 404 if isinstance(refusal, NotFound) else 403
    return page(request, "staff/refused.html", status=status, keep=True, why=refusal.code, path="/staff")


def officer_id(request: PortalRequest) -> int:
    """The officer of a route that the rights table keeps for staff."""
    staff_id = request.signed_in.staff_id
    if staff_id is None:
        raise LookupError("The rights table let somebody who is no officer reach a page of the staff.")
    return staff_id


def told(request: PortalRequest, review: Review, *communes: str) -> dict[str, Any]:
    """What every page about a request shows; with the names of further `communes`, by code."""
    facts = reviewed_facts(review, request.lang)
    asked = review.request
    return {
        "review": review,
        "address": f"{REQUESTS}/{asked.reference}",
        "requester": names(review.requester, request.lang),
        "contested": gettext(request.lang, VARIABLES[asked.line_code]) if asked.line_code else "",
        "contested_line": told_line(
            review.lines_before,
            asked.line_code or "",
            Explained(lang=request.lang, region=review.index_before.region, source=""),
        ),
        "days": (asked.due_on - local_date(request.now)).days,
        "is_open": asked.status in OPEN,
        "facts": facts,
        "concerned": [fact for fact in facts if fact.is_concerned],
        "places": _places(facts, communes, request.lang),
    }


def _places(facts: tuple[ReviewedFact, ...], communes: tuple[str, ...], lang: str) -> dict[str, Place]:
    on_file = {
        code for fact in facts if fact.fact == "commune" for code in (fact.declared, fact.current) if code
    }
    return {code: place_of(code, lang) for code in {*on_file, *communes}}


async def to_decide(request: PortalRequest, reference: str) -> Review | Response[bytes]:
    """The request, for somebody who may decide it while it is open."""
    review = await opened(request, reference)
    if isinstance(review, Response) or review.may_decide:
        return review
    if review.request.decided_at is not None:
        return go(request, f"{REQUESTS}/{reference}")
    return await refused(request, reference, NotAllowed())


def not_done(request: PortalRequest, reference: str, why: str, status: int) -> Response[bytes]:
    """Nothing was decided: what stands in the file now is a click away, and this page shows nothing of it."""
    address = f"{REQUESTS}/{reference}"
    return page(request, "staff/not_done.html", status=status, why=why, address=address, path=address)
