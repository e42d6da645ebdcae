"""What an identity check leads to: whoever decides first, and the identifier in the transaction of the check."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer
from identity.people import register as people_on_file
from identity.people.issuing import NewPerson, issue_person, new_receipt_number
from identity.people.partial_date import PartialDate
from identity.people.population import LineName, RegisterOf
from identity.people.tables import DocumentKind, Gender, Person
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from registry.appointments.arrivals import AtTheDesk
from registry.appointments.papers import CARDS
from registry.appointments.tables import (
    AppointmentStatus,
    CheckStatus,
    IdentityCheck,
    PreRegistrationStatus,
)
from registry.errors import ChangedMeanwhile


async def decide_check(
    session: AsyncSession, check: IdentityCheck, status: CheckStatus, staff_id: int | None, now: datetime
) -> None:
    """Raises ChangedMeanwhile for all but the first who decides."""
    seconded = {} if staff_id is None else {"seconded_by": staff_id, "seconded_at": now}
    moved = await session.exec(
        update(IdentityCheck)
        .where(col(IdentityCheck.id) == check.id, col(IdentityCheck.status) == CheckStatus.AWAITS_SECOND)
        .values(status=status, **seconded)
        .returning(col(IdentityCheck.id))
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        raise ChangedMeanwhile
    await session.refresh(check)


async def issue_identifier(
    session: AsyncSession,
    check: IdentityCheck,
    desk: AtTheDesk,
    *,
    staff_id: int,
    register: RegisterOf,
    invented: bool,
    now: datetime,
) -> None:
    """The identifier, the end of the appointment and the message, in the transaction of the check."""
    issued = await issue_person(
        session,
        newcomer=await _newcomer(session, check, desk),
        register=register,
        invented=invented,
        actor=officer(staff_id),
        reference=check.reference,
        now=now,
    )
    check.person_id = issued.id
    if check.is_applicant:
        desk.kept.status = PreRegistrationStatus.ISSUED
        desk.appointment.status, desk.appointment.ended_at = AppointmentStatus.SERVED, now
    await session.flush()
    if check.phone:
        kept = desk.kept
        email = kept.email if check.is_applicant else None
        await notify(
            session,
            recipient=Recipient(issued.id, check.phone, email, kept.language, kept.sms_language),
            template=Template.IDENTIFIER_ISSUED,
            values={"reference": check.reference},
            now=now,
        )


async def _newcomer(session: AsyncSession, check: IdentityCheck, desk: AtTheDesk) -> NewPerson:
    """A card is its own proof later on; somebody without one proves himself by the receipt. A child has neither."""
    kind, number = CARDS.get(check.paper), check.paper_number
    if kind is None:
        kind, number = (
            (None, None) if check.is_child else (DocumentKind.REGISTER_RECEIPT, new_receipt_number())
        )
    parent = await _parent(session, check, desk)
    is_father = parent is not None and parent.gender is Gender.MALE
    return NewPerson(
        name=name_of(check),
        birth_date=PartialDate.read_back(check.birth_date, check.birth_precision),
        gender=check.gender,
        document_kind=kind,
        document_number=number,
        phone=check.phone,
        father_id=parent.id if parent and is_father else None,
        mother_id=parent.id if parent and not is_father else None,
    )


def name_of(row: people_on_file.Named) -> LineName:
    return LineName(row.given_name_ar, row.family_name_ar, row.given_name_latin, row.family_name_latin)


async def _parent(session: AsyncSession, check: IdentityCheck, desk: AtTheDesk) -> Person | None:
    first = desk.of_the_applicant
    if not check.is_child or first is None or first.person_id is None:
        return None
    return await people_on_file.person(session, first.person_id)
