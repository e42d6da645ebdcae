"""Desks of a centre at a time: which are free, taking one, giving it back. A constraint decides between people."""

from collections import Counter
from datetime import datetime
from typing import Final

from sqlalchemy import func, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.limits import upsert
from notifications.messages import Template
from notifications.outbox import notify, withdraw
from notifications.references import new_reference
from notifications.tables import Channel
from registry.appointments.closings import open_slots
from registry.appointments.pre_registrations import recipient_of
from registry.appointments.slots import Slot, reminder_due
from registry.appointments.tables import (
    Appointment,
    AppointmentStatus,
    PreRegistration,
    PreRegistrationStatus,
)
from registry.centres.directory import Centre
from registry.errors import ChangedMeanwhile, Refused

TAKES_A_DESK: Final = (AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
REMINDER: Final = "appointment_reminder"
# The family of locks that PostgreSQL keeps for the calendars of the centres.
CALENDARS: Final = 0x63656E74


class SlotTaken(Refused):
    """Every desk of this time has just been taken."""

    code = "slot_taken"


class NotBookable(Refused):
    """This is no time that can be booked: closed, over, too soon or too far ahead."""

    code = "not_bookable"


async def take_calendars(session: AsyncSession, *centre_codes: str) -> None:
    """Whoever gives or takes desks of these centres waits here for whoever did before, in the same order everywhere.

    Two people who change places would wait for each other otherwise, and a centre would close a day on which somebody
    is just booking. On SQLite nobody writes beside another anyway.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for code in sorted(set(centre_codes)):
        lock = text("SELECT pg_advisory_xact_lock(:calendars, hashtext(:centre))")
        await (await session.connection()).execute(lock, {"calendars": CALENDARS, "centre": code})


async def free_slots(
    session: AsyncSession, *, at: Centre, until: datetime, now: datetime
) -> tuple[Slot, ...]:
    """The slots of a centre that have a desk left, from now on; none that ends after `until`."""
    return tuple(await free_desks(session, at=at, now=now, until=until))


async def free_desks(
    session: AsyncSession, *, at: Centre, now: datetime, until: datetime | None = None
) -> dict[Slot, int]:
    """How many desks each slot of a centre has left, in their order, of those that have any."""
    slots = await open_slots(session, at=at, now=now, until=until)
    if not slots:
        return {}
    rows = await session.exec(
        select(Appointment.starts_at, func.count())
        .where(
            Appointment.centre_code == at.code,
            col(Appointment.status).in_(TAKES_A_DESK),
            col(Appointment.desk).is_not(None),
            col(Appointment.starts_at).between(slots[0].starts_at, slots[-1].starts_at),
        )
        .group_by(col(Appointment.starts_at))
    )
    taken: Counter[datetime] = Counter(dict(rows.all()))
    left = {slot: slot.desks - taken[slot.starts_at] for slot in slots}
    return {slot: desks for slot, desks in left.items() if desks > 0}


async def current_appointment(session: AsyncSession, *, pre_registration_id: int) -> Appointment | None:
    """The one appointment that takes a desk, also when its time has passed and nobody came."""
    found = await session.exec(
        select(Appointment)
        .where(
            Appointment.pre_registration_id == pre_registration_id,
            col(Appointment.status).in_(TAKES_A_DESK),
        )
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def take_pre_registration(session: AsyncSession, kept: PreRegistration) -> None:
    """Whoever books for the same person waits here. Raises ChangedMeanwhile when there is nothing to book for."""
    taken = await session.exec(
        select(PreRegistration.status).where(PreRegistration.id == kept.id).with_for_update()
    )
    if taken.one_or_none() is not PreRegistrationStatus.OPEN:
        raise ChangedMeanwhile


async def open_slot(
    session: AsyncSession, *, at: Centre, starts_at: datetime, kept: PreRegistration, now: datetime
) -> Slot:
    """Raises NotBookable."""
    slots = await open_slots(session, at=at, now=now, until=kept.expires_at)
    found = next((slot for slot in slots if slot.starts_at == starts_at), None)
    if found is None:
        raise NotBookable
    return found


async def take_desk(
    session: AsyncSession, kept: PreRegistration, at: Centre, slot: Slot, now: datetime
) -> Appointment:
    """The first desk that is free. The constraint decides, and a lost desk leaves the transaction whole.

    Raises SlotTaken.
    """
    for desk in range(1, slot.desks + 1):
        fresh = Appointment(
            reference=new_reference("A"),
            pre_registration_id=kept.id,
            centre_code=at.code,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            desk=desk,
            booked_at=now,
        )
        inserted = await session.exec(
            upsert(session)(Appointment)
            .values(**fresh.model_dump(exclude={"id"}))
            .on_conflict_do_nothing()
            .returning(col(Appointment.id))
        )
        if (appointment_id := inserted.scalar_one_or_none()) is not None:
            return await session.get_one(Appointment, appointment_id)
    raise SlotTaken


async def remind(session: AsyncSession, kept: PreRegistration, booked: Appointment, *, now: datetime) -> None:
    """Queue the reminder of the day before, unless that has passed."""
    due = reminder_due(booked.starts_at)
    if due > now:
        await notify(
            session,
            recipient=recipient_of(kept),
            template=Template.APPOINTMENT_REMINDER,
            values={"reference": kept.reference, "at": booked.starts_at},
            channels=frozenset({Channel.SMS}),
            available_at=due,
            expires_at=booked.starts_at,
            dedup_key=reminder_key(booked),
            now=now,
        )


def reminder_key(booked: Appointment) -> str:
    return f"{REMINDER}|{booked.reference}"


async def end_appointment(
    session: AsyncSession,
    booked: Appointment,
    status: AppointmentStatus,
    *,
    now: datetime,
    ended_by: int | None = None,
    present_too: bool = False,
) -> None:
    """Give the desk back and take the reminder back. Raises ChangedMeanwhile when somebody is at the desk already.

    `present_too`: also of somebody who was noted as present, and is somewhere else now.
    """
    ending = TAKES_A_DESK if present_too else (AppointmentStatus.BOOKED,)
    ended = await session.exec(
        update(Appointment)
        .where(col(Appointment.id) == booked.id, col(Appointment.status).in_(ending))
        .values(status=status, ended_at=now, ended_by=ended_by)
        .returning(col(Appointment.id))
        .execution_options(synchronize_session=False)
    )
    if ended.first() is None:
        raise ChangedMeanwhile
    await session.refresh(booked)
    await withdraw(session, dedup_key=reminder_key(booked))
