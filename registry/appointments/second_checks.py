"""The second officer, who saw the person and the proof too and says so from a session of his own; and the receipt."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.people import register as people_on_file
from identity.people.population import RegisterOf
from identity.people.tables import Person
from identity.roles import Duty
from identity.tables import Staff
from registry.acts import Act
from registry.appointments.arrivals import AtTheDesk, at_the_desk
from registry.appointments.identity_issuing import decide_check, issue_identifier
from registry.appointments.tables import Appointment, CheckStatus, IdentityCheck, PreRegistration
from registry.centres.officers import NotAllowed, check_stranger, officer_with
from registry.errors import NotFound


class SameOfficer(NotAllowed):
    """The second officer is not the first."""

    code = "same_officer"


@dataclass(frozen=True)
class IdentityReceipt:
    """An identity check with the person whom it brought into the register, once it did."""

    check: IdentityCheck
    kept: PreRegistration
    appointment: Appointment
    person: Person | None
    witnesses: tuple[Person, ...]
    officers: tuple[Staff, ...]


async def second_check(
    session: AsyncSession,
    *,
    staff_id: int,
    reference: str,
    confirmed: bool,
    register: RegisterOf,
    invented: bool,
    now: datetime,
) -> IdentityCheck:
    """A second officer, who saw the person and the proof too, confirms the check `reference` or does not.

    Raises SameOfficer, OwnFile, NotAllowed, NotFound, AlreadyInRegister, IssuingElsewhere, and ChangedMeanwhile.
    """
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    check, desk = await _check_and_desk(session, staff, reference)
    if check.checked_by == staff_id:
        raise SameOfficer
    witnesses = [each for each in (check.witness_one_id, check.witness_two_id) if each is not None]
    await check_stranger(session, staff=staff, person_ids=witnesses, now=now)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.IDENTITY_SECONDED if confirmed else Act.IDENTITY_CHECK_REFUSED,
        reference=reference,
        details={"pre_registration": desk.kept.reference},
        now=now,
    )
    if not confirmed:
        await decide_check(session, check, CheckStatus.REFUSED, staff_id, now)
        return check
    await decide_check(session, check, CheckStatus.ISSUED, staff_id, now)
    await issue_identifier(
        session, check, desk, staff_id=staff_id, register=register, invented=invented, now=now
    )
    return check


async def _check_and_desk(
    session: AsyncSession, staff: Staff, reference: str
) -> tuple[IdentityCheck, AtTheDesk]:
    """Raises NotFound for a check of another centre too."""
    row = await session.exec(
        select(IdentityCheck, Appointment.reference)
        .join(Appointment, col(Appointment.id) == col(IdentityCheck.appointment_id))
        .where(IdentityCheck.reference == reference)
    )
    found = row.one_or_none()
    if found is None:
        raise NotFound
    check, appointment = found
    return check, await at_the_desk(session, staff=staff, reference=appointment)


async def open_receipt(
    session: AsyncSession, *, staff_id: int, reference: str, now: datetime
) -> IdentityReceipt:
    """An identity check of the officer's centre; that it was read is on the record. Raises NotAllowed and NotFound."""
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    check, desk = await _check_and_desk(session, staff, reference)
    ids = [each for each in (check.witness_one_id, check.witness_two_id, check.person_id) if each is not None]
    found = await people_on_file.people(session, ids)
    witnesses = [each for each in (check.witness_one_id, check.witness_two_id) if each is not None]
    officers = [await session.get_one(Staff, each) for each in (check.checked_by, check.seconded_by) if each]
    await record(
        session,
        actor=officer(staff_id),
        action=Act.IDENTITY_RECEIPT_READ,
        person_id=check.person_id,
        reference=reference,
        now=now,
    )
    return IdentityReceipt(
        check=check,
        kept=desk.kept,
        appointment=desk.appointment,
        person=found.get(check.person_id or 0),
        witnesses=tuple(found[each] for each in witnesses),
        officers=tuple(officers),
    )
