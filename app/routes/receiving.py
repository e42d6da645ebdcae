"""The desk that receives people who are not in the register: the list of a day, and who came."""

from __future__ import annotations

import datetime as dt
from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.identity_checks import RefusalAnswers
from app.i18n.days import clock_time, weekday_date
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.reviewing import WRITES, officer_id
from app.routes.staff import centre_name
from identity.people.issuing import may_issue
from identity.people.register import Named, PersonName, names
from identity.roles import Duty, may
from registry.appointments.arrivals import (
    AtTheDesk,
    checks_awaiting_second,
    expected_on,
    note_arrival,
    open_appointment,
    turn_away,
)
from registry.appointments.closings import closings_of
from registry.appointments.moving import OVER, may_be_moved
from registry.appointments.tables import AppointmentStatus, CheckStatus, PreRegistrationStatus, Refusal
from registry.centres.officers import NotAllowed, OwnFile
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, NotFound, Refused
from registry.refusals import record_refused_appointment

LIST: Final = "/staff/appointments"
ONE: Final = f"{LIST}/{{reference:str}}"
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
        closings=await closings_of(
            request.db, centre_code=officer.centre_code or "", first_day=day, last_day=day
        ),
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
    desk = await opened(request, reference)
    if isinstance(desk, Response):
        return desk
    return _appointment_page(request, desk, Form(RefusalAnswers, request.lang))


async def opened(request: PortalRequest, reference: str) -> AtTheDesk | Response[bytes]:
    try:
        return await open_appointment(
            request.db, staff_id=officer_id(request), reference=reference, now=request.now
        )
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)


def _appointment_page(
    request: PortalRequest, desk: AtTheDesk, form: Form[RefusalAnswers], status: int = 200
) -> Response[bytes]:
    first, is_open = desk.of_the_applicant, desk.kept.status is PreRegistrationStatus.OPEN
    return page(
        request,
        "staff/appointment.html",
        status=status,
        path=address_of(desk),
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
        may_have_time=may_be_moved(desk.appointment) and is_open,
        may_return=desk.appointment.status in OVER and is_open,
        takes_family=first is not None and first.status is CheckStatus.ISSUED,
    )


def address_of(desk: AtTheDesk) -> str:
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
    desk = await opened(request, reference)
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
    return go(request, f"{LIST}/{reference}")


HANDLERS = [
    show_appointments,
    show_appointment,
    receive,
    send_away,
]
