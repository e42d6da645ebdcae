"""Somebody at the counter without an appointment: the officer finds the pre-registration, or prepares one."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from app.code_pages import (
    REPEATABLE,
    CodePage,
    browser_mark,
    code_routes,
    forget_challenge,
    keep_challenge,
)
from app.forms.base import Form, read_form
from app.forms.pre_registration import NewcomerAnswers, ReferenceAnswers, check_applicant
from app.i18n.days import weekday_time
from app.i18n.labels import label
from app.i18n.locales import LOCALES
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.receiving import LIST, refused
from app.routes.reviewing import officer_id
from identity.people.issuing import may_issue
from identity.people.tables import Gender
from identity.proofs.tables import Challenge, Purpose
from identity.roles import Duty, may
from registry.appointments.papers import papers
from registry.appointments.pre_registrations import TooManyOfTelephone
from registry.appointments.tables import Appointment
from registry.appointments.walk_ins import (
    BookedForLater,
    ReceivedElsewhere,
    ask_code_at_desk,
    receive_newcomer,
    receive_with_code,
    receive_with_reference,
)
from registry.centres.directory import centres
from registry.centres.officers import NotAllowed
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, NotFound
from registry.refusals import record_refused_appointment

NEWCOMERS: Final = "/staff/newcomers"
NEW: Final = f"{NEWCOMERS}/new"
CONFLICT: Final = 409
CODE: Final = CodePage(
    purpose=Purpose.NEWCOMER,
    template="staff/newcomer_code.html",
    start=NEW,
    path=f"{NEWCOMERS}/code",
    proven=NEW,
)


def _may_receive(request: PortalRequest) -> bool:
    role = request.signed_in.role
    return role is not None and may(role, Duty.CHECK_IDENTITIES)


@get(NEWCOMERS)
async def show_newcomers(request: PortalRequest) -> Response[bytes]:
    if not _may_receive(request):
        return await refused(request, "", NotAllowed())
    return _reference_page(request, Form(ReferenceAnswers, request.lang))


def _reference_page(
    request: PortalRequest,
    form: Form[ReferenceAnswers],
    *,
    booked: Appointment | None = None,
    status: int = 200,
    keep: bool = False,
) -> Response[bytes]:
    at = centres().get(booked.centre_code) if booked else None
    return page(
        request,
        "staff/newcomers.html",
        status=status,
        keep=keep,
        form=form,
        booked_words=weekday_time(booked.starts_at, request.lang) if booked else "",
        booked_at=at.name(request.lang) if at else None,
    )


@post(NEWCOMERS)
async def receive(request: PortalRequest) -> Response[bytes]:
    """An appointment that the person has elsewhere or later is given back only when the officer says so."""
    if not _may_receive(request):
        return await refused(request, "", NotAllowed())
    form = await read_form(request, ReferenceAnswers)
    if not form.valid:
        return _reference_page(request, form, status=422)
    try:
        present = await receive_with_reference(
            request.db,
            staff_id=officer_id(request),
            reference=form.data.newcomer_reference,
            instead=form.data.instead,
            now=request.now,
        )
    except BookedForLater as refusal:
        form.refuse("instead", refusal.code)
        return _reference_page(request, form, booked=refusal.booked, status=CONFLICT)
    except (NotFound, ReceivedElsewhere) as refusal:
        form.refuse("newcomer_reference", refusal.code)
        await record_refused_appointment(
            request.db, staff_id=officer_id(request), reference="", refusal=refusal, now=request.now
        )
        return _reference_page(request, form, status=422, keep=True)
    except ChangedMeanwhile as refusal:
        form.refuse("newcomer_reference", refusal.code)
        return _reference_page(request, form, status=422)
    return go(request, f"{LIST}/{present.reference}")


@get(NEW)
async def show_new(request: PortalRequest) -> Response[bytes]:
    if not _may_receive(request):
        return await refused(request, "", NotAllowed())
    form = Form(NewcomerAnswers, request.lang)
    form.answers = {"members": "1", "language": request.lang}
    return _new_page(request, form)


def _new_page(
    request: PortalRequest, form: Form[NewcomerAnswers], status: int = 200, **context: Any
) -> Response[bytes]:
    return page(
        request,
        "staff/newcomer_new.html",
        status=status,
        form=form,
        papers=[(paper.value, label(request.lang, paper)) for paper in papers()],
        genders=[(gender.value, label(request.lang, gender)) for gender in Gender],
        languages=[(locale.code, locale.own_name) for locale in LOCALES.values()],
        issues_here=may_issue(request.portal.register),
        **context,
    )


@post(NEW)
async def prepare(request: PortalRequest) -> Response[bytes]:
    """A telephone is taken only with the code that was sent to it; without one the person is here at once."""
    if not _may_receive(request):
        return await refused(request, "", NotAllowed())
    form = await read_form(request, NewcomerAnswers)
    check_applicant(form, local_date(request.now))
    if not form.valid:
        return _new_page(request, form, status=422)
    applicant = form.data.applicant
    if applicant.phone:
        challenge = await ask_code_at_desk(
            request.db,
            staff_id=officer_id(request),
            applicant=applicant,
            browser=browser_mark(request),
            keys=request.keys,
            now=request.now,
        )
        return keep_challenge(request, go(request, CODE.path), challenge)
    present = await receive_newcomer(
        request.db, staff_id=officer_id(request), applicant=applicant, keys=request.keys, now=request.now
    )
    return go(request, f"{LIST}/{present.reference}")


async def take(request: PortalRequest, challenge: Challenge, code: str) -> Response[bytes]:
    try:
        present = await receive_with_code(
            request.db,
            staff_id=officer_id(request),
            challenge_id=challenge.id,
            code=code,
            browser=browser_mark(request),
            keys=request.keys,
            now=request.now,
        )
    except TooManyOfTelephone:
        form = Form(NewcomerAnswers, request.lang)
        form.refuse("phone", "too_many_at_desk")
        return _new_page(request, form, status=422, path=NEW)
    response = go(request, f"{LIST}/{present.reference}")
    return forget_challenge(request, response, Purpose.NEWCOMER)


HANDLERS = [show_newcomers, receive, show_new, prepare, *code_routes(CODE, take, opt=REPEATABLE)]
