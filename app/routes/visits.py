"""Visits: an officer acts for a citizen who is present and reads out a code; it ends, and nothing of it stays here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from app.code_pages import (
    EVEN,
    REPEATABLE,
    CodePage,
    browser_mark,
    code_routes,
    forget_challenge,
    keep_challenge,
)
from app.forms.base import Form, read_form
from app.forms.staff import VisitAnswers
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.reviewing import officer_id
from identity import sessions
from identity.proofs.tables import Challenge, Purpose
from identity.roles import Duty, may
from registry.acts import Act
from registry.centres.directory import centres
from registry.centres.officers import NotAllowed, OwnFile
from registry.centres.tables import VisitPurpose
from registry.centres.visit_receipts import VisitAct, VisitReceipt, officers_receipt, visits_of_officer
from registry.centres.visits import end_visit, open_visit, request_visit_code
from registry.errors import NotFound, Refused
from registry.refusals import record_refused_visit

VISITS: Final = "/staff/visits"
CODE = CodePage(
    purpose=Purpose.VISIT,
    template="staff/visit_code.html",
    start=VISITS,
    path=f"{VISITS}/code",
    proven=VISITS,
)
# Not the account: what is done there, a citizen does alone.
PURPOSES: Final = (VisitPurpose.DECLARATION, VisitPurpose.RECOMPUTATION, VisitPurpose.INFORMATION)
# Nothing that a browser kept of one citizen is there for the next.
WIPE: Final = {"clear-site-data": '"cache"'}


@get(VISITS)
async def show_visits(request: PortalRequest) -> Response[bytes]:
    return await _visits(request, Form(VisitAnswers, request.lang))


async def _visits(request: PortalRequest, form: Form[VisitAnswers], status: int = 200) -> Response[bytes]:
    return page(
        request,
        "staff/visits.html",
        status=status,
        form=form,
        may_open=_may_open(request),
        purposes=[(purpose.value, label(request.lang, purpose)) for purpose in PURPOSES],
        visits=await visits_of_officer(request.db, staff_id=officer_id(request)),
    )


def _may_open(request: PortalRequest) -> bool:
    role = request.signed_in.role
    return role is not None and may(role, Duty.OPEN_VISITS)


@post(VISITS, opt=EVEN)
async def ask_for_visit(request: PortalRequest) -> Response[bytes]:
    """Send the code, and answer alike whoever has the number, or nobody."""
    if not _may_open(request):
        return await _refused(request, NotAllowed())
    form = await read_form(request, VisitAnswers)
    if not form.valid:
        return await _visits(request, form, status=422)
    identifier = form.data.person_identifier
    try:
        challenge = await request_visit_code(
            request.db,
            staff_id=officer_id(request),
            identifier=identifier,
            purpose=form.data.purpose,
            browser=browser_mark(request),
            keys=request.keys,
            now=request.now,
        )
    except (NotAllowed, OwnFile) as refusal:
        return await _refused(request, refusal, identifier)
    return keep_challenge(request, go(request, CODE.path), challenge)


async def _refused(
    request: PortalRequest, refusal: Refused, identifier: str | None = None
) -> Response[bytes]:
    await record_refused_visit(
        request.db, staff_id=officer_id(request), refusal=refusal, identifier=identifier, now=request.now
    )
    return page(request, "staff/refused.html", status=403, keep=True, why=refusal.code, path=VISITS)


async def begin_visit(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    try:
        visit = await open_visit(
            request.db,
            staff_id=officer_id(request),
            challenge_id=challenge.id,
            code=code,
            browser=browser_mark(request),
            keys=request.keys,
            now=request.now,
        )
    except (NotAllowed, OwnFile) as refusal:
        return await _refused(request, refusal)
    await sessions.set_visit(request.db, token_hash=request.signed_in.token_hash, visit_id=visit.id)
    response = go(request, "/household")
    response.headers.update(WIPE)
    return forget_challenge(request, response, Purpose.VISIT)


@post(f"{VISITS}/end")
async def end(request: PortalRequest) -> Response[bytes]:
    """End the visit, whose receipt comes next. One whose half hour is over has ended by itself: its line says so."""
    officer = request.signed_in
    address = VISITS
    if officer.visit is not None:
        receipt = await end_visit(
            request.db,
            visit_id=officer.visit.running.visit_id,
            staff_id=officer_id(request),
            now=request.now,
        )
        address = f"{VISITS}/{receipt.reference}"
    await sessions.set_visit(request.db, token_hash=officer.token_hash, visit_id=None)
    response = go(request, address)
    response.headers.update(WIPE)
    return response


@get(f"{VISITS}/{{reference:str}}")
async def show_visit_receipt(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    try:
        receipt = await officers_receipt(request.db, reference=reference, staff_id=officer_id(request))
    except NotFound:
        raise NotFoundException() from None
    centre = centres().get(receipt.centre_code)
    return page(
        request,
        "staff/visit_receipt.html",
        receipt=receipt,
        over_since=receipt.over_since(request.now),
        officer=receipt.officer[0 if request.lang == "ar" else 1],
        centre=centre.name(request.lang) if centre else None,
        shown=_shown(receipt),
        done=_done(receipt.acts),
    )


def _shown(receipt: VisitReceipt) -> list[VisitAct]:
    """Each page once, when it was first read."""
    first: dict[str | None, VisitAct] = {}
    for act in receipt.acts:
        if act.action == Act.FILE_READ:
            first.setdefault(act.page, act)
    return list(first.values())


def _done(acts: Iterable[VisitAct]) -> list[tuple[VisitAct, Act]]:
    return [(act, Act(act.action)) for act in acts if act.action != Act.FILE_READ and act.action in set(Act)]


HANDLERS = [
    show_visits,
    ask_for_visit,
    *code_routes(CODE, begin_visit, opt=REPEATABLE),
    end,
    show_visit_receipt,
]
