"""Not in the register yet: a pre-registration, a code, a reference, and coming back to it from any telephone."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post

from app.code_pages import (
    EVEN,
    CodePage,
    browser_mark,
    code_routes,
    current_challenge,
    forget_challenge,
    keep_challenge,
)
from app.forms.base import Form, read_form
from app.forms.pre_registration import PreRegistrationAnswers, ReturnAnswers, check_applicant
from app.i18n.days import weekday_time
from app.i18n.labels import label
from app.i18n.locales import LOCALES
from app.pages import go, page
from app.requests import PortalRequest
from identity.people.issuing import may_issue
from identity.people.tables import Gender
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code
from identity.proofs.tables import Challenge, Purpose, Step
from registry.appointments import pre_registrations
from registry.appointments.desks import current_appointment
from registry.appointments.papers import papers
from registry.appointments.pre_registrations import TooManyOfTelephone, TooManyRequests, pre_registration_of
from registry.appointments.tables import AppointmentStatus, PreRegistration
from registry.centres.directory import centres
from registry.dates import local_date
from registry.delays import delays_on

START: Final = "/pre-registration"
FILE: Final = f"{START}/file"
RETURN: Final = f"{START}/return"
TOO_MANY_TRIES: Final = 429
CODE: Final = CodePage(
    purpose=Purpose.PRE_REGISTRATION,
    template="pre_registration/code.html",
    start=START,
    path=f"{START}/code",
    proven=FILE,
)
RETURN_CODE: Final = CodePage(
    purpose=Purpose.APPOINTMENT,
    template="pre_registration/return_code.html",
    start=RETURN,
    path=f"{RETURN}/code",
    proven=FILE,
)
KEYS: Final = (Purpose.APPOINTMENT, Purpose.PRE_REGISTRATION)


async def kept_pre_registration(request: PortalRequest) -> PreRegistration | None:
    """The pre-registration that this browser has proven a telephone for, half an hour ago at most."""
    for purpose in KEYS:
        challenge = await current_challenge(request, purpose)
        kept = await pre_registration_of(request.db, challenge, now=request.now)
        if kept is not None:
            return kept
    return None


@get(START)
async def show_pre_registration(request: PortalRequest) -> Response[bytes]:
    form = Form(PreRegistrationAnswers, request.lang)
    form.answers = {"sms_language": request.lang}
    return _start_page(request, form)


@post(START, opt=EVEN)
async def start_pre_registration(request: PortalRequest) -> Response[bytes]:
    """The register is not asked: nothing here depends on who is in it."""
    form = await read_form(request, PreRegistrationAnswers)
    check_applicant(form, local_date(request.now))
    if not form.valid:
        return _start_page(request, form, status=422)
    try:
        challenge = await pre_registrations.ask_code(
            request.db,
            applicant=form.data.applicant(request.lang),
            browser=browser_mark(request),
            address=request.client_address,
            keys=request.keys,
            now=request.now,
        )
    except TooManyRequests as refusal:
        form.refuse("phone", refusal.code)
        return _start_page(request, form, status=TOO_MANY_TRIES)
    return keep_challenge(request, go(request, CODE.path), challenge)


def _start_page(
    request: PortalRequest, form: Form[PreRegistrationAnswers], status: int = 200
) -> Response[bytes]:
    return page(
        request,
        "pre_registration/index.html",
        status=status,
        form=form,
        papers=[(paper.value, label(request.lang, paper)) for paper in papers()],
        genders=[(gender.value, label(request.lang, gender)) for gender in Gender],
        languages=[(locale.code, locale.own_name) for locale in LOCALES.values()],
        days=delays_on(local_date(request.now)).pre_registration_days,
        issues_here=may_issue(request.portal.register),
    )


async def confirm_pre_registration(
    request: PortalRequest, challenge: Challenge, code: str
) -> Response[bytes]:
    try:
        await pre_registrations.confirm(
            request.db,
            challenge_id=challenge.id,
            code=code,
            browser=browser_mark(request),
            keys=request.keys,
            now=request.now,
        )
    except TooManyOfTelephone as refusal:
        form = Form(PreRegistrationAnswers, request.lang)
        form.refuse("phone", refusal.code)
        return _start_page(request, form, status=TOO_MANY_TRIES)
    return forget_challenge(request, go(request, CODE.proven), Purpose.APPOINTMENT)


@get(RETURN)
async def show_return(request: PortalRequest) -> Response[bytes]:
    return page(request, "pre_registration/return.html", form=Form(ReturnAnswers, request.lang))


@post(RETURN, opt=EVEN)
async def start_return(request: PortalRequest) -> Response[bytes]:
    """The answer is the same whether or not the reference and the telephone belong together."""
    form = await read_form(request, ReturnAnswers)
    if not form.valid:
        return page(request, "pre_registration/return.html", form=form, status=422)
    try:
        challenge = await pre_registrations.ask_code_to_return(
            request.db,
            reference=form.data.pre_registration,
            phone=form.data.phone,
            language=request.lang,
            browser=browser_mark(request),
            address=request.client_address,
            keys=request.keys,
            now=request.now,
        )
    except TooManyRequests as refusal:
        form.refuse("pre_registration", refusal.code)
        return page(request, "pre_registration/return.html", form=form, status=TOO_MANY_TRIES)
    return keep_challenge(request, go(request, RETURN_CODE.path), challenge)


async def return_to_pre_registration(
    request: PortalRequest, challenge: Challenge, code: str
) -> Response[bytes]:
    await check_code(
        request.db,
        challenge_id=challenge.id,
        purpose=Purpose.APPOINTMENT,
        code=code,
        browser=browser_mark(request),
        keys=request.keys,
        now=request.now,
    )
    return forget_challenge(request, go(request, RETURN_CODE.proven), Purpose.PRE_REGISTRATION)


@get(FILE)
async def show_file(request: PortalRequest) -> Response[bytes]:
    """The reference, what to bring, and the appointment."""
    kept = await kept_pre_registration(request)
    if kept is None:
        return go(request, RETURN)
    booked = await current_appointment(request.db, pre_registration_id=kept.id)
    if booked is not None and booked.ends_at <= request.now and booked.status is AppointmentStatus.BOOKED:
        booked = None
    return page(
        request,
        "pre_registration/file.html",
        kept=kept,
        booked=booked,
        centre=centres().get(booked.centre_code) if booked else None,
        slot_words=weekday_time(booked.starts_at, request.lang) if booked else "",
    )


@post(f"{START}/leave", opt=EVEN)
async def leave_file(request: PortalRequest) -> Response[bytes]:
    """Close the page on a telephone or computer that others use too: a code opens it again."""
    response = go(request, RETURN)
    for purpose in KEYS:
        challenge = await current_challenge(request, purpose)
        if challenge is not None and challenge.step == Step.PROVEN:
            try:
                await use_proof(request.db, challenge, now=request.now)
            except CodeRefused:
                continue
        forget_challenge(request, response, purpose)
    return response


HANDLERS = [
    show_pre_registration,
    start_pre_registration,
    *code_routes(CODE, confirm_pre_registration),
    show_return,
    start_return,
    *code_routes(RETURN_CODE, return_to_pre_registration),
    show_file,
    leave_file,
]
