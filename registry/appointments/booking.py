"""Appointments that people book, change and cancel themselves, from their own telephone."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import ANONYMOUS, record
from notifications.messages import Template
from notifications.outbox import notify
from registry.acts import Act
from registry.appointments.desks import (
    current_appointment,
    end_appointment,
    open_slot,
    remind,
    take_calendars,
    take_desk,
    take_pre_registration,
)
from registry.appointments.pre_registrations import recipient_of
from registry.appointments.tables import Appointment, AppointmentStatus, PreRegistration
from registry.centres.directory import Centre, centre
from registry.errors import ChangedMeanwhile, NotFound


async def book(
    session: AsyncSession, *, kept: PreRegistration, centre_code: str, starts_at: datetime, now: datetime
) -> Appointment:
    """Take a desk at a time, and give back the one that was booked before.

    Raises UnknownCentre, NotBookable, SlotTaken and ChangedMeanwhile: then nothing may be kept.
    """
    at = centre(centre_code)
    before = await current_appointment(session, pre_registration_id=kept.id)
    calendars = {at.code, before.centre_code if before else at.code}
    await take_calendars(session, *calendars)
    await take_pre_registration(session, kept)
    slot = await open_slot(session, at=at, starts_at=starts_at, kept=kept, now=now)
    earlier = await current_appointment(session, pre_registration_id=kept.id)
    if earlier is not None:
        if earlier.centre_code not in calendars:
            raise ChangedMeanwhile
        if (earlier.centre_code, earlier.starts_at) == (at.code, slot.starts_at):
            return earlier
        over = AppointmentStatus.MISSED if earlier.ends_at <= now else AppointmentStatus.MOVED
        await end_appointment(session, earlier, over, now=now)
    booked = await take_desk(session, kept, at, slot, now)
    await record(
        session,
        actor=ANONYMOUS,
        action=Act.APPOINTMENT_BOOKED,
        reference=kept.reference,
        details={"appointment": booked.reference, "before": earlier.reference if earlier else None},
        now=now,
    )
    await tell_booked(session, kept, booked, at, now)
    return booked


async def tell_booked(
    session: AsyncSession, kept: PreRegistration, booked: Appointment, at: Centre, now: datetime
) -> None:
    await notify(
        session,
        recipient=recipient_of(kept),
        template=Template.APPOINTMENT_BOOKED,
        values={"reference": kept.reference, "at": booked.starts_at, "place": place_of(at, kept.language)},
        now=now,
    )
    await remind(session, kept, booked, now=now)


def place_of(at: Centre, language: str) -> str:
    return f"{at.name(language).text}, {at.address(language).text}"


async def cancel(session: AsyncSession, *, kept: PreRegistration, now: datetime) -> Appointment:
    """Give the desk back; the pre-registration stays. Raises NotFound without an appointment, and ChangedMeanwhile."""
    await take_pre_registration(session, kept)
    booked = await current_appointment(session, pre_registration_id=kept.id)
    if booked is None:
        raise NotFound
    await end_appointment(session, booked, AppointmentStatus.CANCELLED, now=now)
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
