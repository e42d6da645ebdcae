"""The appointments of a centre as its officers see them: the list of a day, one of them, and who came."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.roles import Duty
from identity.tables import Staff
from registry.acts import Act
from registry.appointments.desks import TAKES_A_DESK
from registry.appointments.tables import (
    Appointment,
    AppointmentStatus,
    CheckStatus,
    IdentityCheck,
    PreRegistration,
    PreRegistrationStatus,
    Refusal,
)
from registry.centres.officers import officer_with
from registry.dates import country_time
from registry.errors import ChangedMeanwhile, NotFound

ON_THE_LIST: Final = (
    *TAKES_A_DESK,
    AppointmentStatus.SERVED,
    AppointmentStatus.TURNED_AWAY,
    AppointmentStatus.MISSED,
)


@dataclass(frozen=True)
class Expected:
    """An appointment with the person who made it."""

    appointment: Appointment
    kept: PreRegistration


@dataclass(frozen=True)
class AtTheDesk:
    """One appointment with the identity checks made so far, in their order."""

    appointment: Appointment
    kept: PreRegistration
    checks: tuple[IdentityCheck, ...]

    @property
    def of_the_applicant(self) -> IdentityCheck | None:
        counted = (each for each in self.checks if each.status is not CheckStatus.REFUSED)
        return next((each for each in counted if each.is_applicant), None)


async def expected_on(session: AsyncSession, *, staff_id: int, day: date) -> tuple[Expected, ...]:
    """Who comes to the officer's centre on a day of the country, in the order of the hours. Raises NotAllowed."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    begins = datetime.combine(day, time(), country_time())
    ends = datetime.combine(day + timedelta(days=1), time(), country_time())
    rows = await session.exec(
        select(Appointment, PreRegistration)
        .join(PreRegistration, col(PreRegistration.id) == col(Appointment.pre_registration_id))
        .where(
            Appointment.centre_code == staff.centre_code,
            col(Appointment.starts_at) >= begins,
            col(Appointment.starts_at) < ends,
            col(Appointment.status).in_(ON_THE_LIST),
        )
        .order_by(col(Appointment.starts_at), col(Appointment.desk))
    )
    return tuple(Expected(appointment, kept) for appointment, kept in rows)


async def checks_awaiting_second(session: AsyncSession, *, staff_id: int) -> tuple[IdentityCheck, ...]:
    """The checks of the officer's centre that wait for a colleague of whoever made them. Raises NotAllowed."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    rows = await session.exec(
        select(IdentityCheck)
        .join(Appointment, col(Appointment.id) == col(IdentityCheck.appointment_id))
        .where(
            IdentityCheck.status == CheckStatus.AWAITS_SECOND,
            Appointment.centre_code == staff.centre_code,
        )
        .order_by(col(IdentityCheck.id))
    )
    return tuple(rows)


async def open_appointment(
    session: AsyncSession, *, staff_id: int, reference: str, now: datetime
) -> AtTheDesk:
    """One appointment of the officer's centre; that it was read is on the record. Raises NotAllowed and NotFound."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    found = await at_the_desk(session, staff=staff, reference=reference)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.APPOINTMENT_READ,
        reference=found.kept.reference,
        details={"appointment": reference},
        now=now,
    )
    return found


async def at_the_desk(
    session: AsyncSession, *, staff: Staff, reference: str, locked: bool = False
) -> AtTheDesk:
    """Raises NotFound for an appointment of another centre too. `locked`: whoever else wants it waits."""
    wanted = (
        select(Appointment, PreRegistration)
        .join(PreRegistration, col(PreRegistration.id) == col(Appointment.pre_registration_id))
        .where(Appointment.reference == reference, Appointment.centre_code == staff.centre_code)
        .execution_options(populate_existing=True)
    )
    row = (await session.exec(wanted.with_for_update() if locked else wanted)).one_or_none()
    if row is None:
        raise NotFound
    appointment, kept = row
    checks = await session.exec(
        select(IdentityCheck)
        .where(IdentityCheck.pre_registration_id == kept.id)
        .order_by(col(IdentityCheck.id))
    )
    return AtTheDesk(appointment, kept, tuple(checks))


async def note_arrival(session: AsyncSession, *, staff_id: int, reference: str, now: datetime) -> None:
    """The person is here. Raises NotAllowed, NotFound, and ChangedMeanwhile when nobody is expected any more."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    found = await at_the_desk(session, staff=staff, reference=reference)
    await _move(session, found.appointment, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.APPLICANT_ARRIVED,
        reference=found.kept.reference,
        details={"appointment": reference},
        now=now,
    )


async def turn_away(
    session: AsyncSession, *, staff_id: int, reference: str, refusal: Refusal, now: datetime
) -> None:
    """End the appointment without an identifier, for a reason. Whoever is in the register already needs no other.

    Raises NotAllowed, NotFound, and ChangedMeanwhile when an identity was checked meanwhile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    found = await at_the_desk(session, staff=staff, reference=reference, locked=True)
    if found.of_the_applicant is not None:
        raise ChangedMeanwhile
    await _move(session, found.appointment, AppointmentStatus.ARRIVED, AppointmentStatus.TURNED_AWAY)
    found.appointment.refusal, found.appointment.ended_at = refusal, now
    if refusal is Refusal.ALREADY_REGISTERED:
        found.kept.status = PreRegistrationStatus.CLOSED
    await session.flush()
    await record(
        session,
        actor=officer(staff_id),
        action=Act.APPLICANT_TURNED_AWAY,
        reference=found.kept.reference,
        details={"appointment": reference, "why": refusal.value},
        now=now,
    )


async def _move(
    session: AsyncSession, appointment: Appointment, before: AppointmentStatus, after: AppointmentStatus
) -> None:
    moved = await session.exec(
        update(Appointment)
        .where(col(Appointment.id) == appointment.id, col(Appointment.status) == before)
        .values(status=after)
        .returning(col(Appointment.id))
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        raise ChangedMeanwhile
    await session.refresh(appointment)
