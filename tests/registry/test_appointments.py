"""Who has a desk at which time: slots from configuration, and constraints that decide between people in a hurry."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import col, select

from app.db import Sessions
from notifications.tables import Delivery, DeliveryStatus, Notification
from registry.appointments.booking import book, cancel
from registry.appointments.desks import (
    NotBookable,
    SlotTaken,
    current_appointment,
    free_slots,
)
from registry.appointments.pre_registrations import forget_pre_registrations
from registry.appointments.slots import bookable_slots, is_closed, reminder_due, slots_on
from registry.appointments.tables import Appointment, AppointmentStatus, PreRegistration
from registry.centres.directory import centre
from registry.dates import country_time
from registry.errors import ChangedMeanwhile
from tests.registry.newcomers import add_pre_registration

# A Monday: 08:30 in Morocco, which is on its Ramadan hour until the 22nd.
MONDAY = date(2026, 3, 2)
SMALL = "05.091-1"


async def kept(sessions: Sessions, now: datetime, **changed: object) -> PreRegistration:
    async with sessions() as session, session.begin():
        return await add_pre_registration(session, now, **changed)


async def try_to_book(
    sessions: Sessions, made: PreRegistration, starts_at: datetime, now: datetime
) -> Appointment | str:
    async with sessions() as session:
        try:
            booked = await book(session, kept=made, centre_code=SMALL, starts_at=starts_at, now=now)
        except (SlotTaken, ChangedMeanwhile) as refusal:
            await session.rollback()
            return refusal.code
        await session.commit()
        return booked


@pytest.mark.parametrize(
    ("day", "times"),
    [
        (MONDAY, ("08:30", "16:00", 16)),
        (date(2026, 3, 6), ("08:30", "16:00", 11)),
        (date(2026, 3, 8), None),
        (date(2026, 5, 1), None),
        (date(2026, 1, 14), None),
    ],
)
def test_slots_follow_the_opening_hours_and_the_holidays(
    day: date, times: tuple[str, str, int] | None
) -> None:
    slots = slots_on(centre("06.141-1"), day)
    hours = [f"{slot.starts_at.astimezone(country_time()):%H:%M}" for slot in slots]
    assert (hours[0], hours[-1], len(hours)) == times if times else slots == ()


def test_a_holiday_counts_from_the_year_that_made_it_one() -> None:
    assert is_closed(date(2025, 10, 31))
    assert not is_closed(date(2024, 10, 31))


def test_nothing_is_bookable_too_soon_or_too_far_ahead(now: datetime) -> None:
    slots = bookable_slots(centre(SMALL), now=now)
    assert slots[0].starts_at >= now + timedelta(hours=2)
    assert slots[-1].starts_at <= now + timedelta(days=31)
    assert bookable_slots(centre(SMALL), now=now, until=slots[3].ends_at) == slots[:4]


@pytest.mark.parametrize("desks", [1, 2])
async def test_many_people_at_once_for_the_last_desks_of_a_time(
    sessions: Sessions, now: datetime, desks: int
) -> None:
    """As many have it as there are desks; the others are told, and none of them holds anything."""
    slot = bookable_slots(centre(SMALL), now=now)[5]
    waiting = [await kept(sessions, now) for _ in range(8)]
    if desks == 1:
        assert isinstance(await try_to_book(sessions, waiting.pop(), slot.starts_at, now), Appointment)
    outcomes = await asyncio.gather(*(try_to_book(sessions, each, slot.starts_at, now) for each in waiting))
    assert Counter(each if isinstance(each, str) else "booked" for each in outcomes) == {
        "booked": desks,
        "slot_taken": len(waiting) - desks,
    }
    async with sessions() as session:
        rows = list(
            await session.exec(select(Appointment.desk).where(Appointment.starts_at == slot.starts_at))
        )
        assert sorted(rows) == [1, 2]
        free = await free_slots(session, at=centre(SMALL), until=slot.ends_at + timedelta(hours=1), now=now)
        assert slot not in free


async def test_one_person_on_two_telephones_has_one_appointment(sessions: Sessions, now: datetime) -> None:
    slots, made = bookable_slots(centre(SMALL), now=now), await kept(sessions, now)
    await asyncio.gather(*(try_to_book(sessions, made, slot.starts_at, now) for slot in slots[:6]))
    async with sessions() as session:
        rows = list(await session.exec(select(Appointment.status)))
    assert Counter(rows) == {AppointmentStatus.BOOKED: 1, AppointmentStatus.MOVED: 5}


async def test_whoever_finds_the_new_time_taken_keeps_the_old_one(sessions: Sessions, now: datetime) -> None:
    slots = bookable_slots(centre(SMALL), now=now)[40:]
    made = await kept(sessions, now)
    before = await try_to_book(sessions, made, slots[0].starts_at, now)
    assert isinstance(before, Appointment)
    for _ in range(2):
        await try_to_book(sessions, await kept(sessions, now), slots[1].starts_at, now)
    assert await try_to_book(sessions, made, slots[1].starts_at, now) == "slot_taken"
    async with sessions() as session:
        still = await current_appointment(session, pre_registration_id=made.id)
        assert still is not None
        assert still.starts_at == slots[0].starts_at
    assert await _reminders(sessions) == {DeliveryStatus.QUEUED: 3}


async def test_a_reminder_waits_for_the_day_before_and_goes_with_its_appointment(
    sessions: Sessions, now: datetime
) -> None:
    slots, made = bookable_slots(centre(SMALL), now=now), await kept(sessions, now)
    await try_to_book(sessions, made, slots[-1].starts_at, now)
    async with sessions() as session:
        waiting = (await session.exec(_of_reminders())).one()
    assert waiting.available_at == reminder_due(slots[-1].starts_at)
    assert waiting.available_at > now + timedelta(days=25)
    assert waiting.expires_at == slots[-1].starts_at
    assert waiting.language == "ar"
    await try_to_book(sessions, made, slots[-2].starts_at, now)
    assert await _reminders(sessions) == {DeliveryStatus.EXPIRED: 1, DeliveryStatus.QUEUED: 1}
    async with sessions() as session, session.begin():
        await cancel(session, kept=made, now=now)
    assert await _reminders(sessions) == {DeliveryStatus.EXPIRED: 2}


async def _reminders(sessions: Sessions) -> Counter[DeliveryStatus]:
    async with sessions() as session:
        return Counter(each.status for each in await session.exec(_of_reminders()))


def _of_reminders() -> object:
    return (
        select(Delivery)
        .join(Notification, col(Notification.id) == col(Delivery.notification_id))
        .where(Notification.template == "appointment_reminder")
    )


async def test_a_time_that_no_page_offers_cannot_be_booked(sessions: Sessions, now: datetime) -> None:
    made = await kept(sessions, now, expires_at=now + timedelta(days=5))
    slots = bookable_slots(centre(SMALL), now=now)
    for wrong in (
        now - timedelta(days=1),
        slots[0].starts_at + timedelta(minutes=7),
        datetime(2026, 3, 7, 10, 0, tzinfo=UTC),
        slots[-1].starts_at,
    ):
        async with sessions() as session:
            with pytest.raises(NotBookable):
                await book(session, kept=made, centre_code=SMALL, starts_at=wrong, now=now)


async def test_what_led_to_nothing_is_forgotten_in_its_time(sessions: Sessions, now: datetime) -> None:
    old, young = await kept(sessions, now, expires_at=now + timedelta(days=20)), await kept(sessions, now)
    for made in (old, young):
        await try_to_book(sessions, made, bookable_slots(centre(SMALL), now=now)[0].starts_at, now)
    async with sessions() as session, session.begin():
        assert await forget_pre_registrations(session, now=now + timedelta(days=19)) == 0
        assert await forget_pre_registrations(session, now=now + timedelta(days=20)) == 1
    async with sessions() as session:
        assert list(await session.exec(select(PreRegistration.reference))) == [young.reference]
        assert len(list(await session.exec(select(Appointment.id)))) == 1
