"""Appointments that the centre itself moves or calls off: one, or all of a day on which it cannot receive."""

from collections import deque
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.roles import Duty
from identity.tables import Staff
from notifications.messages import Template
from notifications.outbox import notify
from registry.acts import Act
from registry.appointments.arrivals import Expected, at_the_desk
from registry.appointments.booking import place_of, tell_booked
from registry.appointments.closings import close_part, closings_of, span_of
from registry.appointments.desks import (
    TAKES_A_DESK,
    current_appointment,
    end_appointment,
    free_desks,
    open_slot,
    remind,
    take_calendars,
    take_desk,
    take_pre_registration,
)
from registry.appointments.pre_registrations import recipient_of
from registry.appointments.slots import Slot
from registry.appointments.tables import (
    Appointment,
    AppointmentStatus,
    CentreClosing,
    DayPart,
    PreRegistration,
)
from registry.centres.directory import Centre, centre
from registry.centres.officers import officer_with
from registry.errors import ChangedMeanwhile

OVER = (AppointmentStatus.TURNED_AWAY, AppointmentStatus.CANCELLED, AppointmentStatus.MISSED)


@dataclass(frozen=True)
class CalledOff:
    """An appointment that the centre could not keep, and the one that its person has now, at whatever centre."""

    appointment: Appointment
    kept: PreRegistration
    now: Appointment | None


@dataclass(frozen=True)
class CentreDay:
    """What a centre has before it on a day: who is still expected, what it is closed for, whom it could not receive."""

    booked: tuple[Expected, ...]
    closings: tuple[CentreClosing, ...]
    called_off: tuple[CalledOff, ...]


def may_be_moved(appointment: Appointment) -> bool:
    """What is over without an identifier can be followed by another appointment."""
    return appointment.status is AppointmentStatus.BOOKED or appointment.status in OVER


async def give_time(
    session: AsyncSession, *, staff_id: int, reference: str, starts_at: datetime, now: datetime
) -> Appointment:
    """Another time at the officer's centre for the appointment `reference`, or a new one after it.

    Raises NotAllowed, NotFound, NotBookable, SlotTaken, and ChangedMeanwhile: then nothing may be kept.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    at = centre(staff.centre_code)
    await take_calendars(session, at.code)
    found = await at_the_desk(session, staff=staff, reference=reference, locked=True)
    await take_pre_registration(session, found.kept)
    slot = await open_slot(session, at=at, starts_at=starts_at, kept=found.kept, now=now)
    earlier = await current_appointment(session, pre_registration_id=found.kept.id)
    if not may_be_moved(found.appointment) or (earlier and earlier.id != found.appointment.id):
        raise ChangedMeanwhile
    if earlier is None:
        booked = await take_desk(session, found.kept, at, slot, now)
        await tell_booked(session, found.kept, booked, at, now)
    else:
        booked = await _move(session, staff, Expected(earlier, found.kept), at, slot, now)
    details = {"appointment": booked.reference, "before": found.appointment.reference}
    await _note(session, staff, Act.APPOINTMENT_MOVED, found.kept, details, now)
    return booked


async def _move(
    session: AsyncSession, staff: Staff, expected: Expected, at: Centre, slot: Slot, now: datetime
) -> Appointment:
    earlier, kept = expected.appointment, expected.kept
    over = AppointmentStatus.MISSED if earlier.ends_at <= now else AppointmentStatus.MOVED
    await end_appointment(session, earlier, over, ended_by=staff.id, now=now)
    booked = await take_desk(session, kept, at, slot, now)
    await notify(
        session,
        recipient=recipient_of(kept),
        template=Template.APPOINTMENT_MOVED,
        values={
            "reference": kept.reference,
            "before": earlier.starts_at,
            "at": booked.starts_at,
            "place": place_of(at, kept.language),
        },
        now=now,
    )
    await remind(session, kept, booked, now=now)
    return booked


async def _note(
    session: AsyncSession,
    staff: Staff,
    act: Act,
    kept: PreRegistration,
    details: dict[str, str],
    now: datetime,
) -> None:
    await record(
        session, actor=officer(staff.id or 0), action=act, reference=kept.reference, details=details, now=now
    )


async def call_off(session: AsyncSession, *, staff_id: int, reference: str, now: datetime) -> None:
    """The centre cannot receive this person: the reference stays good for another time, which the person chooses.

    Raises NotAllowed, NotFound, and ChangedMeanwhile when nobody is expected any more.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    found = await at_the_desk(session, staff=staff, reference=reference, locked=True)
    await _call_off(session, staff, Expected(found.appointment, found.kept), now)


async def _call_off(session: AsyncSession, staff: Staff, expected: Expected, now: datetime) -> None:
    booked, kept = expected.appointment, expected.kept
    await end_appointment(session, booked, AppointmentStatus.CANCELLED, ended_by=staff.id, now=now)
    await _note(session, staff, Act.APPOINTMENT_CALLED_OFF, kept, {"appointment": booked.reference}, now)
    await notify(
        session,
        recipient=recipient_of(kept),
        template=Template.APPOINTMENT_CALLED_OFF,
        values={"reference": kept.reference, "at": booked.starts_at},
        now=now,
    )


async def clear_day(
    session: AsyncSession,
    *,
    staff_id: int,
    day: date,
    part: DayPart,
    moved: bool,
    closed: bool,
    now: datetime,
) -> None:
    """Nobody is received in this part of a day: everybody who is expected has the next free time, or chooses one.

    `moved`: in the order in which they would have come; for whom no time is left, the appointment is called off like
    all of them otherwise. `closed`: nobody can choose this part of the day any more. Raises NotAllowed.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    at = centre(staff.centre_code)
    await take_calendars(session, at.code)
    if closed:
        await close_part(session, staff_id=staff_id, day=day, part=part, now=now)
    expected = await _expected_in(session, staff, span_of(day, part))
    ends = span_of(day, part)[1]
    times = await _desks_after(session, at, ends, now) if moved else deque()
    for each in expected:
        if not times or times[0].ends_at > each.kept.expires_at:
            await _call_off(session, staff, each, now)
            continue
        booked = await _move(session, staff, each, at, times.popleft(), now)
        details = {"appointment": booked.reference, "before": each.appointment.reference}
        await _note(session, staff, Act.APPOINTMENT_MOVED, each.kept, details, now)


async def _expected_in(
    session: AsyncSession, staff: Staff, span: tuple[datetime, datetime]
) -> tuple[Expected, ...]:
    """Locked, so that nobody is noted as present meanwhile."""
    rows = await session.exec(
        select(Appointment, PreRegistration)
        .join(PreRegistration, col(PreRegistration.id) == col(Appointment.pre_registration_id))
        .where(
            Appointment.centre_code == staff.centre_code,
            Appointment.status == AppointmentStatus.BOOKED,
            col(Appointment.starts_at) >= span[0],
            col(Appointment.starts_at) < span[1],
        )
        .order_by(col(Appointment.starts_at), col(Appointment.desk))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return tuple(Expected(appointment, kept) for appointment, kept in rows)


async def _desks_after(session: AsyncSession, at: Centre, after: datetime, now: datetime) -> deque[Slot]:
    """Each free time as often as it has desks left, from the earliest on."""
    free = await free_desks(session, at=at, now=now)
    return deque(slot for slot, desks in free.items() if slot.starts_at >= after for _ in range(desks))


async def day_of_centre(session: AsyncSession, *, staff_id: int, day: date) -> CentreDay:
    """Raises NotAllowed."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    span = span_of(day, DayPart.WHOLE_DAY)
    present = aliased(Appointment)
    rows = await session.exec(
        select(Appointment, PreRegistration, present)
        .join(PreRegistration, col(PreRegistration.id) == col(Appointment.pre_registration_id))
        .outerjoin(
            present,
            (col(present.pre_registration_id) == col(Appointment.pre_registration_id))
            & col(present.status).in_(TAKES_A_DESK),
        )
        .where(
            Appointment.centre_code == staff.centre_code,
            col(Appointment.starts_at) >= span[0],
            col(Appointment.starts_at) < span[1],
        )
        .order_by(col(Appointment.starts_at), col(Appointment.id))
    )
    found = [CalledOff(*row) for row in rows]
    return CentreDay(
        booked=tuple(
            Expected(each.appointment, each.kept)
            for each in found
            if each.appointment.status is AppointmentStatus.BOOKED
        ),
        closings=await closings_of(session, centre_code=staff.centre_code, first_day=day, last_day=day),
        called_off=tuple(each for each in found if each.appointment.ended_by is not None),
    )
