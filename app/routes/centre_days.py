"""Appointments that the centre cannot keep: another time for one person, or a day cleared, closed and opened again."""

from __future__ import annotations

import datetime as dt
from typing import Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from app.forms.base import Form, read_form
from app.forms.centre_days import ClearAnswers, Handling, TimeAnswers
from app.i18n.days import clock_time, weekday_date, weekday_time
from app.i18n.labels import label
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.appointments import instant, written
from app.routes.receiving import LIST, NOT_YOURS, ONE, address_of, name_of, opened, refused
from app.routes.reviewing import WRITES, officer_id
from app.routes.staff import centre_name
from identity.roles import Duty, may
from registry.appointments.arrivals import AtTheDesk
from registry.appointments.closings import reopen_day
from registry.appointments.desks import NotBookable, SlotTaken, free_slots
from registry.appointments.moving import (
    CentreDay,
    call_off,
    clear_day,
    day_of_centre,
    give_time,
    may_be_moved,
)
from registry.appointments.slots import Slot
from registry.appointments.tables import DayPart, PreRegistrationStatus
from registry.centres.directory import centre
from registry.centres.officers import NotAllowed
from registry.dates import local_date
from registry.errors import ChangedMeanwhile

TIME: Final = f"{ONE}/time"
DAY: Final = "/staff/days/{day:str}"
DAYS_OFFERED: Final = 10


@get(TIME, opt=WRITES)
async def show_times(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    desk = await _movable(request, reference)
    if isinstance(desk, Response):
        return desk
    return await _times_page(request, desk, Form(TimeAnswers, request.lang))


async def _movable(request: PortalRequest, reference: str) -> AtTheDesk | Response[bytes]:
    desk = await opened(request, reference)
    if isinstance(desk, Response):
        return desk
    is_open = desk.kept.status is PreRegistrationStatus.OPEN
    return desk if may_be_moved(desk.appointment) and is_open else go(request, address_of(desk))


async def _times_page(
    request: PortalRequest, desk: AtTheDesk, form: Form[TimeAnswers], status: int = 200
) -> Response[bytes]:
    """The free times of one day, the first that has any unless the address says another."""
    at = centre(desk.appointment.centre_code)
    free = await free_slots(request.db, at=at, until=desk.kept.expires_at, now=request.now)
    by_day: dict[dt.date, list[Slot]] = {}
    for slot in free:
        by_day.setdefault(local_date(slot.starts_at), []).append(slot)
    offered = list(by_day)[:DAYS_OFFERED]
    asked = request.query_params.get("day", "")
    day = next((each for each in offered if each.isoformat() == asked), next(iter(offered), None))
    return page(
        request,
        "staff/appointment_time.html",
        status=status,
        path=f"{address_of(desk)}/time" + (f"?day={day.isoformat()}" if day else ""),
        address=address_of(desk),
        desk=desk,
        name=name_of(request, desk.kept),
        is_booked=desk.appointment.ended_at is None,
        booked_words=weekday_time(desk.appointment.starts_at, request.lang),
        form=form,
        day_words=weekday_date(day, request.lang) if day else "",
        times=[(written(slot), clock_time(slot.starts_at)) for slot in by_day[day]] if day else [],
        days=[(each.isoformat(), weekday_date(each, request.lang), each == day) for each in offered],
    )


@post(TIME)
async def take_time(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    form = await read_form(request, TimeAnswers)
    desk = await _movable(request, reference)
    if isinstance(desk, Response):
        return desk
    if not form.valid:
        return await _times_page(request, desk, form, status=422)
    try:
        booked = await give_time(
            request.db,
            staff_id=officer_id(request),
            reference=reference,
            starts_at=instant(form.data.time),
            now=request.now,
        )
    except (SlotTaken, NotBookable) as refusal:
        form.refuse("time", refusal.code)
        return await _times_page(request, desk, form, status=422)
    except ValueError:
        form.refuse("time", NotBookable.code)
        return await _times_page(request, desk, form, status=422)
    except ChangedMeanwhile:
        return go(request, f"{LIST}/{reference}")
    return go(request, f"{LIST}/{booked.reference}")


@post(f"{ONE}/call-off")
async def call_one_off(request: PortalRequest, reference: FromPath[str]) -> Response[bytes]:
    try:
        await call_off(request.db, staff_id=officer_id(request), reference=reference, now=request.now)
    except ChangedMeanwhile:
        return go(request, f"{LIST}/{reference}")
    except NOT_YOURS as refusal:
        return await refused(request, reference, refusal)
    return go(request, f"{LIST}/{reference}")


@get(DAY)
async def show_day(request: PortalRequest, day: FromPath[str]) -> Response[bytes]:
    return await _day_page(request, _day(day), Form(ClearAnswers, request.lang))


def _day(written: str) -> dt.date:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        raise NotFoundException from None


async def _day_page(
    request: PortalRequest, day: dt.date, form: Form[ClearAnswers], status: int = 200
) -> Response[bytes]:
    try:
        found: CentreDay = await day_of_centre(request.db, staff_id=officer_id(request), day=day)
    except NotAllowed as refusal:
        return await refused(request, "", refusal)
    return page(
        request,
        "staff/centre_day.html",
        status=status,
        path=f"/staff/days/{day.isoformat()}",
        form=form,
        centre=centre_name(request),
        day=day,
        day_words=weekday_date(day, request.lang),
        is_over=day < local_date(request.now),
        found=found,
        may_close=_may_close(request),
        parts=[(each.value, label(request.lang, each)) for each in DayPart],
        booked=[
            (each, clock_time(each.appointment.starts_at), name_of(request, each.kept))
            for each in found.booked
        ],
        called_off=[
            (
                each,
                clock_time(each.appointment.starts_at),
                name_of(request, each.kept),
                weekday_time(each.now.starts_at, request.lang) if each.now else "",
            )
            for each in found.called_off
        ],
    )


def _may_close(request: PortalRequest) -> bool:
    role = request.signed_in.role
    return role is not None and may(role, Duty.CLOSE_DAYS)


@post(DAY)
async def clear(request: PortalRequest, day: FromPath[str]) -> Response[bytes]:
    """Everybody who was expected is told, in the language of each; the page then says who could not be."""
    chosen, form = _day(day), await read_form(request, ClearAnswers)
    if chosen < local_date(request.now):
        return go(request, f"/staff/days/{chosen.isoformat()}")
    if not form.valid:
        return await _day_page(request, chosen, form, status=422)
    try:
        await clear_day(
            request.db,
            staff_id=officer_id(request),
            day=chosen,
            part=form.data.part,
            moved=form.data.handling is Handling.MOVE,
            closed=form.data.closed,
            now=request.now,
        )
    except NotAllowed as refusal:
        return await refused(request, "", refusal)
    return go(request, f"/staff/days/{chosen.isoformat()}")


@post(f"{DAY}/reopen")
async def reopen(request: PortalRequest, day: FromPath[str]) -> Response[bytes]:
    chosen = _day(day)
    try:
        await reopen_day(request.db, staff_id=officer_id(request), day=chosen, now=request.now)
    except NotAllowed as refusal:
        return await refused(request, "", refusal)
    return go(request, f"/staff/days/{chosen.isoformat()}")


HANDLERS = [show_times, take_time, call_one_off, show_day, clear, reopen]
