"""Files that an officer was refused, on the record: whoever knocks at doors that are none of theirs leaves a trace."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.people import register
from registry.acts import Act
from registry.appointments.tables import Appointment, PreRegistration
from registry.errors import Refused
from registry.tables import RecomputationRequest


async def record_refused_request(
    session: AsyncSession, *, staff_id: int, reference: str, refusal: Refused, now: datetime
) -> None:
    """Note that the officer was not let see a request. A reference that nobody has is not written down."""
    found = await session.exec(
        select(RecomputationRequest).where(RecomputationRequest.reference == reference)
    )
    request = found.first()
    await record(
        session,
        actor=officer(staff_id),
        action=Act.ACCESS_REFUSED,
        person_id=request.person_id if request else None,
        household_id=request.household_id if request else None,
        reference=request.reference if request else None,
        details={"why": refusal.code},
        now=now,
    )


async def record_refused_visit(
    session: AsyncSession, *, staff_id: int, refusal: Refused, now: datetime, identifier: str | None = None
) -> None:
    """Note that the officer was not let open a visit; of whom, when the number typed is somebody's."""
    person = await register.person_by_identifier(session, identifier) if identifier else None
    await record(
        session,
        actor=officer(staff_id),
        action=Act.ACCESS_REFUSED,
        person_id=person.id if person else None,
        details={"why": refusal.code},
        now=now,
    )


async def record_refused_appointment(
    session: AsyncSession, *, staff_id: int, reference: str, refusal: Refused, now: datetime
) -> None:
    """Note that the officer was not let see an appointment or a check. What nobody has is not written down."""
    found = await session.exec(
        select(PreRegistration.reference)
        .join(Appointment, col(Appointment.pre_registration_id) == col(PreRegistration.id))
        .where(Appointment.reference == reference)
    )
    await record(
        session,
        actor=officer(staff_id),
        action=Act.ACCESS_REFUSED,
        reference=found.first(),
        details={"why": refusal.code},
        now=now,
    )
