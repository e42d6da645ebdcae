"""Somebody at the counter without an appointment: with the reference of a pre-registration, or with nothing at all.

What follows is what follows for everybody: `arrivals.py`, and the identity check with its second officer.
"""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.keys import Keys
from identity.limits import upsert
from identity.proofs.challenges import CodeRefused, use_proof
from identity.proofs.codes import check_code, start_challenge
from identity.proofs.tables import Challenge, Purpose
from identity.roles import Duty
from identity.tables import Staff, saved_id
from notifications.outbox import Recipient
from notifications.references import new_reference
from registry.acts import Act
from registry.appointments.arrivals import note_arrival
from registry.appointments.desks import current_appointment, end_appointment
from registry.appointments.pre_registrations import Applicant, find_pre_registration, keep
from registry.appointments.slots import rules_on
from registry.appointments.tables import (
    Appointment,
    AppointmentStatus,
    CheckStatus,
    IdentityCheck,
    PreRegistration,
    PreRegistrationStatus,
)
from registry.centres.officers import officer_with
from registry.dates import local_date
from registry.errors import ChangedMeanwhile, NotFound, Refused


class ReceivedElsewhere(Refused):
    """An identity was checked for this pre-registration in another centre."""

    code = "received_elsewhere"


class BookedForLater(Refused):
    """The person has an appointment on another day or in another centre: receiving them now gives it back."""

    code = "booked_for_later"

    def __init__(self, booked: Appointment) -> None:
        super().__init__(self.code)
        self.booked = booked


async def receive_with_reference(
    session: AsyncSession, *, staff_id: int, reference: str, instead: bool, now: datetime
) -> Appointment:
    """The appointment of whoever is at the counter: the one of today, or a new one without a desk.

    `instead`: an appointment for another day or centre is given back. Raises NotAllowed, NotFound, ReceivedElsewhere,
    BookedForLater and ChangedMeanwhile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    kept = await find_pre_registration(session, reference=reference, now=now, locked=True)
    if kept is None:
        raise NotFound
    if (checked := await _checked(session, kept)) is not None:
        if checked.centre_code != staff.centre_code:
            raise ReceivedElsewhere
        return checked
    booked = await current_appointment(session, pre_registration_id=kept.id)
    if booked is not None and _is_for_here_and_now(booked, staff, now):
        if booked.status is AppointmentStatus.BOOKED:
            await note_arrival(session, staff_id=staff_id, reference=booked.reference, now=now)
        return booked
    if booked is not None and not instead:
        raise BookedForLater(booked)
    if booked is not None:
        over = AppointmentStatus.MISSED if booked.ends_at <= now else AppointmentStatus.MOVED
        await end_appointment(session, booked, over, ended_by=staff_id, now=now, present_too=True)
    return await _receive(session, staff, kept, booked, now)


async def _checked(session: AsyncSession, kept: PreRegistration) -> Appointment | None:
    """The appointment at which the applicant's identity was checked, while that check counts."""
    found = await session.exec(
        select(Appointment)
        .join(IdentityCheck, col(IdentityCheck.appointment_id) == col(Appointment.id))
        .where(
            IdentityCheck.pre_registration_id == kept.id,
            col(IdentityCheck.is_applicant),
            col(IdentityCheck.status) != CheckStatus.REFUSED,
        )
    )
    return found.one_or_none()


def _is_for_here_and_now(booked: Appointment, staff: Staff, now: datetime) -> bool:
    is_today = local_date(booked.starts_at) == local_date(now)
    return booked.centre_code == staff.centre_code and is_today


async def _receive(
    session: AsyncSession,
    staff: Staff,
    kept: PreRegistration,
    before: Appointment | None,
    now: datetime,
) -> Appointment:
    """Of two officers who receive the same person at once the second is told. Raises ChangedMeanwhile."""
    if kept.status is not PreRegistrationStatus.OPEN:
        raise ChangedMeanwhile
    fresh = Appointment(
        reference=new_reference("A"),
        pre_registration_id=kept.id,
        centre_code=staff.centre_code,
        starts_at=now,
        ends_at=now + timedelta(minutes=rules_on(local_date(now)).slot_minutes),
        desk=None,
        status=AppointmentStatus.ARRIVED,
        booked_at=now,
    )
    inserted = await session.exec(
        upsert(session)(Appointment)
        .values(**fresh.model_dump(exclude={"id"}))
        .on_conflict_do_nothing()
        .returning(col(Appointment.id))
    )
    if (appointment_id := inserted.scalar_one_or_none()) is None:
        raise ChangedMeanwhile
    await record(
        session,
        actor=officer(saved_id(staff)),
        action=Act.WALK_IN_RECEIVED,
        reference=kept.reference,
        details={"appointment": fresh.reference, "before": before.reference if before else None},
        now=now,
    )
    return await session.get_one(Appointment, appointment_id)


async def ask_code_at_desk(
    session: AsyncSession, *, staff_id: int, applicant: Applicant, browser: str, keys: Keys, now: datetime
) -> Challenge:
    """Send a code to the telephone that the person has at the counter. Raises NotAllowed."""
    await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    return await start_challenge(
        session,
        purpose=Purpose.NEWCOMER,
        subject=f"{staff_id}|{applicant.phone}",
        browser=browser,
        recipient=Recipient(None, applicant.phone, None, applicant.language, applicant.sms_language),
        staff_id=staff_id,
        data=applicant.kept(),
        keys=keys,
        now=now,
    )


async def receive_with_code(
    session: AsyncSession,
    *,
    staff_id: int,
    challenge_id: str,
    code: str,
    browser: str,
    keys: Keys,
    now: datetime,
) -> Appointment:
    """With the code that the person read out, the pre-registration is kept and the person is here.

    Raises CodeRefused (keep the transaction: the try counts), NotAllowed and TooManyOfTelephone.
    """
    await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    checked = await check_code(
        session,
        challenge_id=challenge_id,
        purpose=Purpose.NEWCOMER,
        code=code,
        browser=browser,
        keys=keys,
        now=now,
    )
    challenge = checked.challenge
    if challenge.staff_id != staff_id:
        raise CodeRefused("unknown")
    applicant = Applicant.from_kept(challenge.data)
    await use_proof(session, challenge, now=now)
    challenge.data = {}
    return await receive_newcomer(session, staff_id=staff_id, applicant=applicant, keys=keys, now=now)


async def receive_newcomer(
    session: AsyncSession, *, staff_id: int, applicant: Applicant, keys: Keys, now: datetime
) -> Appointment:
    """A pre-registration that an officer prepared, of somebody who is here. The telephone, if any, was proven.

    Raises NotAllowed and TooManyOfTelephone.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    kept = await keep(session, applicant=applicant, prepared_by=staff_id, keys=keys, now=now)
    return await _receive(session, staff, kept, None, now)
