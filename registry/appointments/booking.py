"""Appointments at a centre: free times, booking, changing and cancelling. A constraint decides who has a desk."""

from collections import Counter
from datetime import datetime
from typing import Final

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import ANONYMOUS, record
from identity.limits import upsert
from notifications.messages import Template, Value
from notifications.outbox import notify, withdraw
from notifications.references import new_reference
from notifications.tables import Channel
from registry.acts import Act
from registry.appointments.pre_registrations import recipient_of
from registry.appointments.slots import Slot, bookable_slots, reminder_due
from registry.appointments.tables import (
    Appointment,
    AppointmentStatus,
    PreRegistration,
    PreRegistrationStatus,
)
from registry.centres.directory import Centre, centre
from registry.errors import ChangedMeanwhile, NotFound, Refused

TAKES_A_DESK: Final = (AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
REMINDER: Final = "appointment_reminder"


class SlotTaken(Refused):
    """Every desk of this time has just been taken."""

    code = "slot_taken"


class NotBookable(Refused):
    """This is no time that can be booked: closed, over, too soon or too far ahead."""

    code = "not_bookable"


async def free_slots(
    session: AsyncSession, *, at: Centre, until: datetime, now: datetime
) -> tuple[Slot, ...]:
    """The slots of a centre that have a desk left, from now on; none that ends after `until`."""
    slots = bookable_slots(at, now=now, until=until)
    if not slots:
        return ()
    rows = await session.exec(
        select(Appointment.starts_at, func.count())
        .where(
            Appointment.centre_code == at.code,
            col(Appointment.status).in_(TAKES_A_DESK),
            col(Appointment.starts_at).between(slots[0].starts_at, slots[-1].starts_at),
        )
        .group_by(col(Appointment.starts_at))
    )
    taken: Counter[datetime] = Counter(dict(rows.all()))
    return tuple(slot for slot in slots if taken[slot.starts_at] < slot.desks)


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


async def book(
    session: AsyncSession, *, kept: PreRegistration, centre_code: str, starts_at: datetime, now: datetime
) -> Appointment:
    """Take a desk at a time, and give back the one that was booked before.

    Raises UnknownCentre, NotBookable, SlotTaken and ChangedMeanwhile: then nothing may be kept.
    """
    at = centre(centre_code)
    await _take(session, kept)
    slot = _slot(at, starts_at, kept, now)
    earlier = await current_appointment(session, pre_registration_id=kept.id)
    if earlier is not None:
        if (earlier.centre_code, earlier.starts_at) == (at.code, slot.starts_at):
            return earlier
        over = AppointmentStatus.MISSED if earlier.ends_at <= now else AppointmentStatus.MOVED
        await _end(session, earlier, over, now)
    booked = await _insert(session, kept, at, slot, now)
    await record(
        session,
        actor=ANONYMOUS,
        action=Act.APPOINTMENT_BOOKED,
        reference=kept.reference,
        details={"appointment": booked.reference, "before": earlier.reference if earlier else None},
        now=now,
    )
    await _tell(session, kept, booked, at, now)
    return booked


async def _take(session: AsyncSession, kept: PreRegistration) -> None:
    """Whoever books for the same person waits here. Raises ChangedMeanwhile when there is nothing to book for."""
    taken = await session.exec(
        select(PreRegistration.status).where(PreRegistration.id == kept.id).with_for_update()
    )
    if taken.one_or_none() is not PreRegistrationStatus.OPEN:
        raise ChangedMeanwhile


def _slot(at: Centre, starts_at: datetime, kept: PreRegistration, now: datetime) -> Slot:
    slots = bookable_slots(at, now=now, until=kept.expires_at)
    found = next((slot for slot in slots if slot.starts_at == starts_at), None)
    if found is None:
        raise NotBookable
    return found


async def _insert(
    session: AsyncSession, kept: PreRegistration, at: Centre, slot: Slot, now: datetime
) -> Appointment:
    """The first desk that is free. The constraint decides, and a lost desk leaves the transaction whole."""
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


async def _tell(
    session: AsyncSession, kept: PreRegistration, booked: Appointment, at: Centre, now: datetime
) -> None:
    values: dict[str, Value] = {"reference": kept.reference, "at": booked.starts_at}
    place = f"{at.name(kept.language).text}, {at.address(kept.language).text}"
    await notify(
        session,
        recipient=recipient_of(kept),
        template=Template.APPOINTMENT_BOOKED,
        values={**values, "place": place},
        now=now,
    )
    due = reminder_due(booked.starts_at)
    if due > now:
        await notify(
            session,
            recipient=recipient_of(kept),
            template=Template.APPOINTMENT_REMINDER,
            values=values,
            channels=frozenset({Channel.SMS}),
            available_at=due,
            expires_at=booked.starts_at,
            dedup_key=reminder_key(booked),
            now=now,
        )


def reminder_key(booked: Appointment) -> str:
    return f"{REMINDER}|{booked.reference}"


async def cancel(session: AsyncSession, *, kept: PreRegistration, now: datetime) -> Appointment:
    """Give the desk back; the pre-registration stays. Raises NotFound without an appointment, and ChangedMeanwhile."""
    await _take(session, kept)
    booked = await current_appointment(session, pre_registration_id=kept.id)
    if booked is None:
        raise NotFound
    await _end(session, booked, AppointmentStatus.CANCELLED, now)
    await record(
        session,
        actor=ANONYMOUS,
        action=Act.APPOINTMENT_CANCELLED,
        reference=kept.reference,
        details={"appointment": booked.reference},
        now=now,
    )
    await notify(
        session,
        recipient=recipient_of(kept),
        template=Template.APPOINTMENT_CANCELLED,
        values={"reference": kept.reference, "at": booked.starts_at},
        now=now,
    )
    return booked


async def _end(session: AsyncSession, booked: Appointment, status: AppointmentStatus, now: datetime) -> None:
    """Give the desk back and take the reminder back. Raises ChangedMeanwhile when somebody is at the desk already."""
    ended = await session.exec(
        update(Appointment)
        .where(col(Appointment.id) == booked.id, col(Appointment.status) == AppointmentStatus.BOOKED)
        .values(status=status, ended_at=now)
        .returning(col(Appointment.id))
        .execution_options(synchronize_session=False)
    )
    if ended.first() is None:
        raise ChangedMeanwhile
    await session.refresh(booked)
    await withdraw(session, dedup_key=reminder_key(booked))
