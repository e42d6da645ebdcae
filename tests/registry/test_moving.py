"""Appointments that a centre moves or calls off: nobody twice at one desk, everybody told, the reference still good."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select

from app.db import Sessions
from identity.roles import Role
from identity.tables import AuditEntry, Staff
from notifications.tables import Channel, Delivery, DeliveryStatus, Notification
from registry.appointments.booking import book
from registry.appointments.closings import closings_of, reopen_day
from registry.appointments.desks import NotBookable, SlotTaken, current_appointment, free_slots
from registry.appointments.moving import call_off, clear_day, day_of_centre, give_time
from registry.appointments.slots import bookable_slots
from registry.appointments.tables import Appointment, AppointmentStatus, DayPart, PreRegistration
from registry.centres.directory import centre
from registry.centres.officers import NotAllowed
from registry.dates import local_date
from registry.errors import ChangedMeanwhile
from tests.registry.newcomers import add_pre_registration

SMALL = "05.091-1"


@pytest.fixture
async def officers(sessions: Sessions, now: datetime) -> dict[Role, int]:
    async with sessions() as session, session.begin():
        made = {
            role: Staff(
                reference=f"O-{role.value}",
                email=f"{role.value}@centre.example.ma",
                name_ar="موظفة",
                name_latin="Amina",
                password_hash="",
                totp_sealed=b"",
                totp_last_step=0,
                role=role,
                centre_code=SMALL,
                created_at=now,
            )
            for role in (Role.AGENT, Role.SUPERVISOR)
        }
        session.add_all(made.values())
        await session.flush()
        return {role: each.id or 0 for role, each in made.items()}


async def booked(sessions: Sessions, now: datetime, starts_at: datetime, **changed: object) -> Appointment:
    async with sessions() as session, session.begin():
        kept = await add_pre_registration(session, now, **changed)
        return await book(session, kept=kept, centre_code=SMALL, starts_at=starts_at, now=now)


async def taken(sessions: Sessions) -> Counter[tuple[datetime, int | None]]:
    """How many people expect to be received at each desk and time."""
    async with sessions() as session:
        rows = await session.exec(
            select(Appointment.starts_at, Appointment.desk).where(
                Appointment.status == AppointmentStatus.BOOKED
            )
        )
        return Counter((starts_at, desk) for starts_at, desk in rows)


async def told(sessions: Sessions, template: str) -> Counter[tuple[Channel, str]]:
    async with sessions() as session:
        rows = await session.exec(
            select(Delivery.channel, Delivery.language)
            .join(Notification, col(Notification.id) == col(Delivery.notification_id))
            .where(Notification.template == template)
        )
        return Counter((channel, language) for channel, language in rows)


async def test_a_closed_morning_moves_everybody_to_the_next_free_times(
    sessions: Sessions, now: datetime, officers: dict[Role, int]
) -> None:
    """In the order of their hours; each is told in the own languages; one whose file ends before is asked to choose."""
    slots = bookable_slots(centre(SMALL), now=now)
    day = local_date(slots[40].starts_at)
    morning = [slot for slot in slots if local_date(slot.starts_at) == day][:3]
    after = [slot for slot in slots if slot.starts_at > morning[-1].starts_at]
    first = await booked(sessions, now, morning[0].starts_at, email="a@example.ma", language="zgh")
    second = await booked(sessions, now, morning[1].starts_at, sms_language="zgh")
    ends_soon = await booked(sessions, now, morning[2].starts_at, expires_at=morning[2].ends_at)
    async with sessions() as session, session.begin():
        await clear_day(
            session,
            staff_id=officers[Role.SUPERVISOR],
            day=day,
            part=DayPart.MORNING,
            moved=True,
            closed=True,
            now=now,
        )
    async with sessions() as session:
        seen = await day_of_centre(session, staff_id=officers[Role.AGENT], day=day)
        assert [closing.part for closing in seen.closings] == [DayPart.MORNING]
        free = await free_slots(session, at=centre(SMALL), until=after[-1].ends_at, now=now)
        assert not [s for s in free if s in morning]
        there = {each.appointment.id: each.now and each.now.starts_at for each in seen.called_off}
    noon = [slot for slot in after if slot.starts_at.hour >= 12 or local_date(slot.starts_at) > day]
    assert there[first.id] == noon[0].starts_at
    assert there[second.id] == noon[0].starts_at
    assert there[ends_soon.id] is None
    assert await told(sessions, "appointment_moved") == {
        (Channel.SMS, "ar"): 1,
        (Channel.EMAIL, "zgh"): 1,
        (Channel.SMS, "zgh"): 1,
    }
    assert await told(sessions, "appointment_called_off") == {(Channel.SMS, "ar"): 1}
    async with sessions() as session:
        reminders = await session.exec(
            select(Delivery.status)
            .join(Notification, col(Notification.id) == col(Delivery.notification_id))
            .where(Notification.template == "appointment_reminder")
        )
        assert Counter(reminders) == {DeliveryStatus.EXPIRED: 3, DeliveryStatus.QUEUED: 2}


async def test_two_officers_and_a_citizen_at_once_put_nobody_twice_at_a_desk(
    sessions: Sessions, now: datetime, officers: dict[Role, int]
) -> None:
    """Two days are cleared while people book and change places among the very times that are being given."""
    slots = bookable_slots(centre(SMALL), now=now)
    days = sorted({local_date(slot.starts_at) for slot in slots})[2:4]
    for day in days:
        for slot in [slot for slot in slots if local_date(slot.starts_at) == day][:5]:
            await booked(sessions, now, slot.starts_at)
            await booked(sessions, now, slot.starts_at)
    later = [slot for slot in slots if local_date(slot.starts_at) > days[-1]]
    others = [await booked(sessions, now, slot.starts_at) for slot in later[:6]]

    async def clear(staff_id: int, day: object) -> None:
        async with sessions() as session, session.begin():
            await clear_day(
                session, staff_id=staff_id, day=day, part=DayPart.WHOLE_DAY, moved=True, closed=False, now=now
            )

    async def change(mine: Appointment, starts_at: datetime) -> None:
        async with sessions() as session:
            kept = await session.get_one(PreRegistration, mine.pre_registration_id)
            try:
                await book(session, kept=kept, centre_code=SMALL, starts_at=starts_at, now=now)
                await session.commit()
            except (SlotTaken, ChangedMeanwhile):
                await session.rollback()

    await asyncio.gather(
        *(clear(staff_id, day) for staff_id, day in zip(officers.values(), days, strict=True)),
        *(change(mine, slot.starts_at) for mine, slot in zip(others, reversed(later[:6]), strict=True)),
    )
    found = await taken(sessions)
    assert sum(found.values()) == 26
    assert set(found.values()) == {1}
    assert not [at for at, _ in found if local_date(at) == days[0]]


async def test_one_appointment_is_moved_or_called_off_and_the_reference_stays_good(
    sessions: Sessions, now: datetime, officers: dict[Role, int]
) -> None:
    slots = bookable_slots(centre(SMALL), now=now)
    mine = await booked(sessions, now, slots[10].starts_at)
    agent = officers[Role.AGENT]
    async with sessions() as session, session.begin():
        moved = await give_time(
            session, staff_id=agent, reference=mine.reference, starts_at=slots[12].starts_at, now=now
        )
    async with sessions() as session:
        with pytest.raises(ChangedMeanwhile):
            await give_time(
                session, staff_id=agent, reference=mine.reference, starts_at=slots[13].starts_at, now=now
            )
        await session.rollback()
        with pytest.raises(NotBookable):
            await give_time(
                session,
                staff_id=agent,
                reference=moved.reference,
                starts_at=slots[12].starts_at + timedelta(minutes=1),
                now=now,
            )
        await session.rollback()
    async with sessions() as session, session.begin():
        await call_off(session, staff_id=agent, reference=moved.reference, now=now)
        kept = await session.get_one(PreRegistration, mine.pre_registration_id)
        again = await book(session, kept=kept, centre_code=SMALL, starts_at=slots[20].starts_at, now=now)
        assert await current_appointment(session, pre_registration_id=kept.id) == again
        acts = await session.exec(select(AuditEntry.action).where(AuditEntry.actor_id == agent))
        assert list(acts) == ["appointment_moved", "appointment_called_off"]
    assert await told(sessions, "appointment_moved") == {(Channel.SMS, "ar"): 1}
    assert await told(sessions, "appointment_called_off") == {(Channel.SMS, "ar"): 1}


async def test_a_day_is_closed_and_opened_by_a_supervisor_alone(
    sessions: Sessions, now: datetime, officers: dict[Role, int]
) -> None:
    slots = bookable_slots(centre(SMALL), now=now)
    slot, agent, supervisor = slots[30], officers[Role.AGENT], officers[Role.SUPERVISOR]
    day = local_date(slot.starts_at)
    known = {"day": day, "part": DayPart.WHOLE_DAY, "moved": False, "closed": True, "now": now}
    async with sessions() as session:
        with pytest.raises(NotAllowed):
            await clear_day(session, staff_id=agent, **known)
        with pytest.raises(NotAllowed):
            await reopen_day(session, staff_id=agent, day=day, now=now)
        await session.rollback()
    for _ in range(2):
        async with sessions() as session, session.begin():
            await clear_day(session, staff_id=supervisor, **known)
    with pytest.raises(NotBookable):
        await booked(sessions, now, slot.starts_at)
    async with sessions() as session, session.begin():
        assert len(await closings_of(session, centre_code=SMALL, first_day=day)) == 1
        await reopen_day(session, staff_id=supervisor, day=day, now=now)
    await booked(sessions, now, slot.starts_at)
