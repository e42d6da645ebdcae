"""An appointment for somebody with a pre-registration: province, centre, day, time; changed and cancelled alike."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from litestar import Response, get, post

from app.forms.base import Form, read_form
from app.forms.centres import CentreAnswers
from app.forms.members import Confirmation
from app.forms.pre_registration import BookingAnswers
from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from app.i18n.days import clock_time, weekday_date, weekday_time
from app.pages import go, page
from app.requests import PortalRequest
from app.routes.pre_registration import FILE, RETURN, START, kept_pre_registration
from registry.appointments.booking import book, cancel
from registry.appointments.desks import (
    NotBookable,
    SlotTaken,
    current_appointment,
    free_slots,
)
from registry.appointments.slots import Slot
from registry.appointments.tables import AppointmentStatus, PreRegistration, PreRegistrationStatus
from registry.centres.directory import Centre, UnknownCentre, centre, centres_of
from registry.dates import country_time, local_date
from registry.errors import ChangedMeanwhile, NotFound
from registry.geography import UnknownPlace, atlas, options, place_name

APPOINTMENT: Final = f"{START}/appointment"
CANCEL: Final = f"{START}/cancel"
CONFLICT: Final = 409
PROBLEMS: Final = {
    SlotTaken.code: N_("This time has just been taken. Nothing was changed: choose another one."),
    NotBookable.code: N_("This time can no longer be booked. Choose another one."),
}


@get(APPOINTMENT)
async def choose_appointment(request: PortalRequest) -> Response[bytes]:
    """One question after the other; what was chosen is in the address, and nothing is kept before the end."""
    kept = await _open(request)
    if isinstance(kept, Response):
        return kept
    asked = request.query_params
    if code := asked.get("centre"):
        return await _centre_page(request, kept, code, asked.get("day", ""), asked.get("at", ""))
    if province := asked.get("province"):
        return await _province_page(request, kept, province)
    return _start_page(request)


async def _open(request: PortalRequest) -> PreRegistration | Response[bytes]:
    """The pre-registration while an appointment can be made for it; or the page to go to."""
    kept = await kept_pre_registration(request)
    if kept is None:
        return go(request, RETURN)
    booked = await current_appointment(request.db, pre_registration_id=kept.id)
    at_the_desk = booked is not None and booked.status is AppointmentStatus.ARRIVED
    if kept.status is not PreRegistrationStatus.OPEN or at_the_desk:
        return go(request, FILE)
    return kept


def _start_page(request: PortalRequest) -> Response[bytes]:
    groups = [
        (region.text, [(place.code, place.text) for place in options(region.code, request.lang)])
        for region in options(None, request.lang)
    ]
    choice = Form(CentreAnswers, request.lang)
    return page(request, "pre_registration/province.html", groups=groups, choice=choice)


async def _province_page(request: PortalRequest, kept: PreRegistration, code: str) -> Response[bytes]:
    try:
        province, near = atlas().province(code), centres_of(code)
    except UnknownPlace:
        return _start_page(request)
    shown = []
    for each in near:
        free = await _free(request, kept, each)
        shown.append((each, local_date(free[0].starts_at) if free else None))
    return page(
        request,
        "pre_registration/centre.html",
        path=f"{APPOINTMENT}?province={code}",
        province=place_name(province, request.lang),
        centres=shown,
    )


async def _free(request: PortalRequest, kept: PreRegistration, at: Centre) -> tuple[Slot, ...]:
    return await free_slots(request.db, at=at, until=kept.expires_at, now=request.now)


async def _centre_page(
    request: PortalRequest, kept: PreRegistration, code: str, day: str, at: str
) -> Response[bytes]:
    try:
        chosen = centre(code)
    except UnknownCentre:
        return _start_page(request)
    free = await _free(request, kept, chosen)
    if at:
        slot = next((each for each in free if written(each) == at), None)
        if slot is not None:
            return await _confirm_page(request, kept, chosen, slot)
        return _day_page(request, chosen, free, at.partition("T")[0], problem=NotBookable.code)
    return _day_page(request, chosen, free, day)


def _day_page(
    request: PortalRequest,
    at: Centre,
    free: tuple[Slot, ...],
    day: str,
    *,
    problem: str = "",
    status: int = 200,
) -> Response[bytes]:
    """The times of a day that has any; else the days that have."""
    by_day: dict[dt.date, list[Slot]] = {}
    for slot in free:
        by_day.setdefault(local_date(slot.starts_at), []).append(slot)
    chosen = next((each for each in by_day if each.isoformat() == day), None)
    return page(
        request,
        "pre_registration/day.html",
        status=status,
        path=f"{APPOINTMENT}?centre={at.code}" + (f"&day={day}" if chosen else ""),
        centre=at,
        problem=gettext(request.lang, PROBLEMS[problem]) if problem else "",
        day=chosen,
        day_words=weekday_date(chosen, request.lang) if chosen else "",
        times=[(written(slot), clock_time(slot.starts_at)) for slot in by_day[chosen]] if chosen else [],
        days=[(each.isoformat(), weekday_date(each, request.lang)) for each in by_day],
    )


async def _confirm_page(
    request: PortalRequest, kept: PreRegistration, at: Centre, slot: Slot
) -> Response[bytes]:
    booked = await current_appointment(request.db, pre_registration_id=kept.id)
    before = booked if booked and booked.ends_at > request.now else None
    day = local_date(slot.starts_at).isoformat()
    return page(
        request,
        "pre_registration/confirm.html",
        path=f"{APPOINTMENT}?centre={at.code}&at={written(slot)}",
        form=Form(BookingAnswers, request.lang),
        kept=kept,
        centre=at,
        day=day,
        at=written(slot),
        slot_words=weekday_time(slot.starts_at, request.lang),
        booked=before,
        booked_words=weekday_time(before.starts_at, request.lang) if before else "",
    )


def written(slot: Slot) -> str:
    """The time of the country, as an address carries it: `2026-11-23T09:00`."""
    return slot.starts_at.astimezone(country_time()).strftime("%Y-%m-%dT%H:%M")


@post(APPOINTMENT)
async def book_appointment(request: PortalRequest) -> Response[bytes]:
    """The desk is taken here, and by nobody else: whoever comes second chooses another time."""
    kept = await _open(request)
    if isinstance(kept, Response):
        return kept
    form = await read_form(request, BookingAnswers)
    if not form.valid:
        return go(request, APPOINTMENT)
    try:
        chosen, starts_at = centre(form.data.centre), instant(form.data.at)
    except (UnknownCentre, ValueError):
        return go(request, APPOINTMENT)
    try:
        await book(request.db, kept=kept, centre_code=chosen.code, starts_at=starts_at, now=request.now)
    except (SlotTaken, NotBookable) as refusal:
        free = await _free(request, kept, chosen)
        day = local_date(starts_at).isoformat()
        return _day_page(request, chosen, free, day, problem=refusal.code, status=CONFLICT)
    except ChangedMeanwhile:
        return go(request, FILE)
    return go(request, FILE)


def instant(written: str) -> dt.datetime:
    """Raises ValueError."""
    return dt.datetime.strptime(written, "%Y-%m-%dT%H:%M").replace(tzinfo=country_time()).astimezone(dt.UTC)


@get(CANCEL)
async def show_cancel(request: PortalRequest) -> Response[bytes]:
    kept = await _open(request)
    if isinstance(kept, Response):
        return kept
    booked = await current_appointment(request.db, pre_registration_id=kept.id)
    if booked is None:
        return go(request, FILE)
    context: dict[str, Any] = {"booked": booked, "centre": centre(booked.centre_code)}
    return page(
        request,
        "pre_registration/cancel.html",
        form=Form(Confirmation, request.lang),
        slot_words=weekday_time(booked.starts_at, request.lang),
        **context,
    )


@post(CANCEL)
async def cancel_appointment(request: PortalRequest) -> Response[bytes]:
    kept = await _open(request)
    if isinstance(kept, Response):
        return kept
    try:
        await cancel(request.db, kept=kept, now=request.now)
    except (NotFound, ChangedMeanwhile):
        return go(request, FILE)
    return go(request, FILE)


HANDLERS = [choose_appointment, book_appointment, show_cancel, cancel_appointment]
