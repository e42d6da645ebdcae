"""The desk that receives people who are not in the register: today's list, the identity check, the receipt."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.identity_checks import (
    CheckAnswers,
    RefusalAnswers,
    SecondAnswers,
    check_document,
    prefilled,
    prefilled_for_family,
)
from app.i18n.days import clock_time, weekday_date
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.reviewing import WRITES, officer_id
from app.routes.staff import centre_name
from identity.people.issuing import AlreadyInRegister, IssuingElsewhere, may_issue
from identity.people.register import Named, PersonName, names
from identity.people.tables import Gender
from identity.roles import Duty, may
from registry.appointments.arrivals import (
    AtTheDesk,
    checks_awaiting_second,
    expected_on,
    note_arrival,
    open_appointment,
    turn_away,
)
from registry.appointments.identity_checks import LooksLikeSomebody, WitnessUnknown, check_identity
from registry.appointments.papers import papers
from registry.appointments.second_checks import IdentityReceipt, SameOfficer, open_receipt, second_check
from registry.appointments.tables import AppointmentStatus, CheckStatus, Refusal
from registry.centres.officers import NotAllowed, OwnFile
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, NotFound, Refused
from registry.refusals import record_refused_appointment

LIST: Final = "/staff/appointments"
ONE: Final = f"{LIST}/{{reference:str}}"
CHECKS: Final = "/staff/identity-checks"
CHECK: Final = f"{CHECKS}/{{reference:str}}"
CONFLICT: Final = 409
DAYS_SHOWN: Final = 7
NOT_YOURS: Final = (NotAllowed, OwnFile, NotFound)


@get(LIST)
async def show_appointments(request: PortalRequest) -> Response[bytes]:
    """Who is expected on a day, today unless the address says another, and what waits for a second officer."""
    officer = request.signed_in
    if officer.role is None or not may(officer.role, Duty.CHECK_IDENTITIES):
        return await refused(request, "", NotAllowed())
    today = local_date(request.now)
    day = _day(request.query_params.get("day", ""), today)
    expected = await expected_on(request.db, staff_id=officer_id(request), day=day)
    waiting = await checks_awaiting_second(request.db, staff_id=officer_id(request))
    days = [today + dt.timedelta(days=ahead) for ahead in range(DAYS_SHOWN)]
    return page(
        request,
        "staff/appointments.html",
        path=f"{LIST}?day={day.isoformat()}",
        centre=centre_name(request),
        day=day,
        day_words=weekday_date(day, request.lang),
        is_today=day == today,
        days=[(each.isoformat(), weekday_date(each, request.lang), each == day) for each in days],
        lines=[
            (each, clock_time(each.appointment.starts_at), name_of(request, each.kept)) for each in expected
        ],
        waiting=[(each, name_of(request, each), each.checked_by == officer_id(request)) for each in waiting],
    )


def _day(written: str, today: dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return today


def name_of(request: PortalRequest, named: Named) -> PersonName:
    """The name in the script of the page, or in the only one that was given."""
    wanted = names(named, request.lang)
    other = names(named, "fr" if wanted.language == "ar" else "ar")
    return wanted if wanted.full else other


@get(ONE, opt=WRITES)
async def show_appointment(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    desk = await _opened(request, reference)
    if isinstance(desk, Response):
        return desk
    return _appointment_page(request, desk, Form(RefusalAnswers, request.lang))


async def _opened(request: PortalRequest, reference: str) -> AtTheDesk | Response[bytes]:
    try:
        return await open_appointment(
            request.db, staff_id=officer_id(request), reference=reference, now=request.now
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)


def _appointment_page(
    request: PortalRequest, desk: AtTheDesk, form: Form[RefusalAnswers], status: int = 200
) -> Response[bytes]:
    first = desk.of_the_applicant
    return page(
        request,
        "staff/appointment.html",
        status=status,
        path=_address(desk),
        desk=desk,
        name=name_of(request, desk.kept),
        day_words=weekday_date(local_date(desk.appointment.starts_at), request.lang),
        time=clock_time(desk.appointment.starts_at),
        form=form,
        refusals=[(each.value, label(request.lang, each)) for each in Refusal],
        checks=[(each, name_of(request, each)) for each in desk.checks],
        issues_here=may_issue(request.portal.register),
        is_booked=desk.appointment.status is AppointmentStatus.BOOKED,
        is_here=desk.appointment.status is AppointmentStatus.ARRIVED and first is None,
        takes_family=first is not None and first.status is CheckStatus.ISSUED,
    )


def _address(desk: AtTheDesk) -> str:
    return f"{LIST}/{desk.appointment.reference}"


async def refused(request: PortalRequest, reference: str, refusal: Refused) -> Response[bytes]:
    """Say why, and keep on the record that it was asked for."""
    await record_refused_appointment(
        request.db, staff_id=officer_id(request), reference=reference, refusal=refusal, now=request.now
    )
    status = 404 if isinstance(refusal, NotFound) else 403
    return page(request, "staff/appointment_refused.html", status=status, keep=True, why=refusal.code)


@post(f"{ONE}/arrival")
async def receive(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    try:
        await note_arrival(request.db, staff_id=officer_id(request), reference=reference, now=request.now)
    except ChangedMeanwhile:
        return go(request, f"{LIST}/{reference}")
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    return go(request, f"{LIST}/{reference}")


@post(f"{ONE}/refusal")
async def send_away(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    form = await read_form(request, RefusalAnswers)
    desk = await _opened(request, reference)
    if isinstance(desk, Response):
        return desk
    if desk.appointment.status is not AppointmentStatus.ARRIVED or desk.of_the_applicant is not None:
        return go(request, f"{LIST}/{reference}")
    if not form.valid:
        return _appointment_page(request, desk, form, status=422)
    try:
        await turn_away(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            refusal=form.data.refusal,
            now=request.now,
        )
    except ChangedMeanwhile:
        return go(request, f"{LIST}/{reference}")
    return go(request, LIST)


@get(f"{ONE}/check", opt=WRITES)
async def show_check(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    desk = await _opened(request, reference)
    if isinstance(desk, Response):
        return desk
    form = Form(CheckAnswers, request.lang)
    is_applicant = desk.of_the_applicant is None
    form.answers = prefilled(desk.kept) if is_applicant else prefilled_for_family(desk.kept)
    return _check_page(request, desk, form)


def _check_page(
    request: PortalRequest, desk: AtTheDesk, form: Form[CheckAnswers], status: int = 200, **context: Any
) -> Response[bytes]:
    return page(
        request,
        "staff/identity_check.html",
        status=status,
        path=f"{_address(desk)}/check",
        desk=desk,
        address=_address(desk),
        form=form,
        is_applicant=desk.of_the_applicant is None,
        papers=[(paper.value, label(request.lang, paper)) for paper in papers()],
        genders=[(gender.value, label(request.lang, gender)) for gender in Gender],
        **{"alike": (), "on_file": None, **context},
    )


@post(f"{ONE}/check")
async def record_check(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """Record what was seen. The identifier is issued here, or once a second officer has confirmed."""
    form = await read_form(request, CheckAnswers)
    check_document(form, local_date(request.now))
    desk = await _opened(request, reference)
    if isinstance(desk, Response):
        return desk
    if not form.valid:
        return _check_page(request, desk, form, status=422)
    try:
        check = await check_identity(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            seen=form.data.seen,
            compared=form.data.compared,
            register=request.portal.register,
            invented=request.portal.settings.demonstration,
            now=request.now,
        )
    except WitnessUnknown as refusal:
        form.refuse(refusal.field, refusal.code)
        return _check_page(request, desk, form, status=422)
    except LooksLikeSomebody as refusal:
        form.refuse("compared", refusal.code)
        alike = [(each, name_of(request, each)) for each in refusal.people]
        return _check_page(request, desk, form, status=422, alike=alike)
    except AlreadyInRegister as refusal:
        found = (refusal.person, name_of(request, refusal.person))
        return _check_page(request, desk, form, status=CONFLICT, on_file=found)
    except IssuingElsewhere:
        return await refused(request, reference, _Elsewhere())
    except ChangedMeanwhile:
        return go(request, f"{LIST}/{reference}")
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    return go(request, f"{CHECKS}/{check.reference}")


class _Elsewhere(Refused):
    """Identifiers are issued by the national authority."""

    code = IssuingElsewhere.code


@get(CHECK, opt=WRITES)
async def show_receipt(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    receipt = await _receipt(request, reference)
    if isinstance(receipt, Response):
        return receipt
    return _receipt_page(request, receipt, Form(SecondAnswers, request.lang))


async def _receipt(request: PortalRequest, reference: str) -> IdentityReceipt | Response[bytes]:
    try:
        return await open_receipt(
            request.db, staff_id=officer_id(request), reference=reference, now=request.now
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)


def _receipt_page(
    request: PortalRequest,
    receipt: IdentityReceipt,
    form: Form[SecondAnswers],
    status: int = 200,
    **context: Any,
) -> Response[bytes]:
    in_arabic = request.lang == "ar"
    return page(
        request,
        "staff/identity_receipt.html",
        status=status,
        path=f"{CHECKS}/{receipt.check.reference}",
        receipt=receipt,
        name=name_of(request, receipt.check),
        form=form,
        centre=centre_name(request),
        portal_address=f"{request.portal.settings.public_url}/{receipt.kept.language}/claim",
        officers=[each.name_ar if in_arabic else each.name_latin for each in receipt.officers],
        witnesses=[name_of(request, each) for each in receipt.witnesses],
        may_second=receipt.check.checked_by != officer_id(request),
        **{"on_file": None, **context},
    )


@post(f"{CHECK}/second")
async def second(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    """The second officer, in a session of his own, has seen the same person and the same proof; or has not."""
    form = await read_form(request, SecondAnswers)
    receipt = await _receipt(request, reference)
    if isinstance(receipt, Response):
        return receipt
    if receipt.check.checked_by == officer_id(request):
        return await refused(request, reference, SameOfficer())
    if receipt.check.status is not CheckStatus.AWAITS_SECOND:
        return go(request, f"{CHECKS}/{reference}")
    if not form.valid:
        return _receipt_page(request, receipt, form, status=422)
    try:
        await second_check(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            confirmed=form.data.confirmed,
            register=request.portal.register,
            invented=request.portal.settings.demonstration,
            now=request.now,
        )
    except AlreadyInRegister as refusal:
        found = (refusal.person, name_of(request, refusal.person))
        return _receipt_page(request, receipt, form, status=CONFLICT, on_file=found)
    except IssuingElsewhere:
        return await refused(request, reference, _Elsewhere())
    except ChangedMeanwhile:
        return go(request, f"{CHECKS}/{reference}")
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    return go(request, f"{CHECKS}/{reference}")


HANDLERS = [
    show_appointments,
    show_appointment,
    receive,
    send_away,
    show_check,
    record_check,
    show_receipt,
    second,
]
