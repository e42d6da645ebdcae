"""The officers, for those who answer for them: two managers enrol a colleague, one of them ends a service."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from app.conversation import HASHES, answered_before
from app.forms.base import Form, read_form
from app.forms.people import OfficerActAnswers, OfficerAnswers, ProposalAnswers
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.reviewing import officer_id
from identity.roles import Duty, Role, may
from identity.staff import enrolment as enrolling
from identity.staff.colleagues import (
    EnrolmentRefused,
    disable_officer,
    manager,
    officer_named,
    officers_under,
)
from identity.staff.enrolment import Proposed
from registry.centres.directory import centres

PEOPLE: Final = "/staff/people"
NEW: Final = f"{PEOPLE}/new"
OFFICERS_A_PAGE: Final = 50
FIELD_OF_REFUSAL: Final = {
    "other_centre": "centre_code",
    "unknown_person": "person_identifier",
    "person_used": "person_identifier",
    "email_used": "work_email",
    "already_proposed": "work_email",
}


def _refused(request: PortalRequest, refusal: EnrolmentRefused) -> Response[bytes]:
    if refusal.code == "not_found":
        raise NotFoundException() from None
    return page(request, "staff/refused.html", status=403, why="not_allowed")


@get(PEOPLE)
async def show_people(request: PortalRequest) -> Response[bytes]:
    after = request.query_params.get("after", "")
    try:
        found = await officers_under(
            request.db,
            manager_id=officer_id(request),
            after=after if after.isprintable() else None,
            limit=OFFICERS_A_PAGE + 1,
        )
        waiting = await enrolling.open_enrolments(request.db, manager_id=officer_id(request), now=request.now)
    except EnrolmentRefused as refusal:
        return _refused(request, refusal)
    shown = found[:OFFICERS_A_PAGE]
    return page(
        request,
        "people/index.html",
        officers=shown,
        waiting=waiting,
        centres=centres(),
        later=shown[-1].email if len(found) > len(shown) else None,
        here=officer_id(request),
    )


@get(NEW)
async def show_new(request: PortalRequest) -> Response[bytes]:
    return _new_page(request, Form(OfficerAnswers, request.lang))


def _new_page(request: PortalRequest, form: Form[OfficerAnswers], status: int = 200) -> Response[bytes]:
    role = request.signed_in.role
    if role is None or not may(role, Duty.ENROL_STAFF):
        return _refused(request, EnrolmentRefused("not_allowed"))
    own = None if may(role, Duty.MANAGE_STAFF) else request.signed_in.centre_code
    return page(
        request,
        "people/new.html",
        status=status,
        form=form,
        roles=[(each.value, label(request.lang, each)) for each in Role],
        choices=[
            (code, centre.name(request.lang).text)
            for code, centre in centres().items()
            if own in (None, code)
        ],
    )


@post(NEW)
async def propose(request: PortalRequest) -> Response[bytes]:
    form = await read_form(request, OfficerAnswers)
    if not form.valid:
        return _new_page(request, form, status=422)
    answers = form.data
    proposed = Proposed(
        email=answers.work_email,
        name_ar=answers.name_ar,
        name_latin=answers.name_latin,
        role=answers.role,
        centre_code=answers.centre_code,
        identifier=answers.person_identifier,
    )
    try:
        enrolment = await enrolling.propose_officer(
            request.db,
            manager_id=officer_id(request),
            proposed=proposed,
            language=request.lang,
            now=request.now,
        )
    except EnrolmentRefused as refusal:
        if refusal.code not in FIELD_OF_REFUSAL:
            return _refused(request, refusal)
        form.refuse(FIELD_OF_REFUSAL[refusal.code], refusal.code)
        return _new_page(request, form, status=422)
    return go(request, f"{PEOPLE}/proposals/{enrolment.reference}")


@get(f"{PEOPLE}/proposals/{{reference:str}}")
async def show_proposal(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    return await _proposal_page(request, reference, Form(ProposalAnswers, request.lang))


async def _proposal_page(
    request: PortalRequest, reference: str, form: Form[ProposalAnswers], status: int = 200
) -> Response[bytes]:
    try:
        enrolment = await enrolling.enrolment_for(
            request.db, manager_id=officer_id(request), reference=reference
        )
    except EnrolmentRefused as refusal:
        return _refused(request, refusal)
    centre = centres().get(enrolment.centre_code)
    return page(
        request,
        "people/proposal.html",
        status=status,
        form=form,
        enrolment=enrolment,
        centre=centre.name(request.lang) if centre else None,
        is_own=enrolment.proposed_by == officer_id(request),
        identifier=await enrolling.identifier_of(request.db, enrolment.person_id),
    )


@post(f"{PEOPLE}/proposals/{{reference:str}}", opt=HASHES)
async def decide(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    form = await read_form(request, ProposalAnswers)
    if not form.valid:
        return await _proposal_page(request, reference, form, status=422)
    known: dict[str, Any] = {"manager_id": officer_id(request), "reference": reference, "now": request.now}
    try:
        if form.data.decision == "approve":
            await enrolling.approve_enrolment(request.db, **known, hasher=request.hasher, keys=request.keys)
        else:
            if earlier := await answered_before(request):
                return earlier
            await enrolling.refuse_enrolment(request.db, **known)
    except EnrolmentRefused as refusal:
        if refusal.code in ("not_found", "not_allowed"):
            return _refused(request, refusal)
        if refusal.code != "over":
            form.refuse("decision", refusal.code)
            return await _proposal_page(request, reference, form, status=422)
    return await answered_before(request) or go(request, f"{PEOPLE}/proposals/{reference}")


@get(f"{PEOPLE}/{{reference:str}}")
async def show_officer(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    return await _officer_page(request, reference, Form(OfficerActAnswers, request.lang))


async def _officer_page(
    request: PortalRequest, reference: str, form: Form[OfficerActAnswers], status: int = 200
) -> Response[bytes]:
    try:
        by = await manager(request.db, officer_id(request))
        colleague = await officer_named(request.db, by, reference)
    except EnrolmentRefused as refusal:
        return _refused(request, refusal)
    centre = centres().get(colleague.centre_code)
    return page(
        request,
        "people/officer.html",
        status=status,
        form=form,
        officer=colleague,
        centre=centre.name(request.lang) if centre else None,
    )


@post(f"{PEOPLE}/{{reference:str}}")
async def act(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    form = await read_form(request, OfficerActAnswers)
    if not form.valid:
        return await _officer_page(request, reference, form, status=422)
    known: dict[str, Any] = {"manager_id": officer_id(request), "reference": reference, "now": request.now}
    try:
        if form.data.officer_act == "disable":
            await disable_officer(request.db, **known)
            return go(request, f"{PEOPLE}/{reference}")
        enrolment = await enrolling.propose_again(request.db, **known, language=request.lang)
    except EnrolmentRefused as refusal:
        if refusal.code in ("not_found", "not_allowed"):
            return _refused(request, refusal)
        form.refuse("officer_act", refusal.code)
        return await _officer_page(request, reference, form, status=422)
    return go(request, f"{PEOPLE}/proposals/{enrolment.reference}")


HANDLERS = [show_people, show_new, propose, show_proposal, decide, show_officer, act]
