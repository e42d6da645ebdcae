"""The identity check at the desk: what the officer saw, who else saw it, and the identifier that follows.

A card with a photograph is enough for one officer. Without one, or when somebody in the register looks the same, a
second officer of the centre confirms from a session of his own before anything is issued.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.limits import upsert
from identity.people import register as people_on_file
from identity.people.issuing import (
    AlreadyInRegister,
    IssuingElsewhere,
    NewPerson,
    issue_person,
    look_alikes,
    may_issue,
    new_receipt_number,
    person_with_document,
)
from identity.people.partial_date import PartialDate
from identity.people.population import LineName, RegisterOf
from identity.roles import Duty
from identity.tables import DocumentKind, Gender, Person, Staff
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.references import new_reference
from registry.acts import Act
from registry.appointments.arrivals import AtTheDesk, at_the_desk
from registry.appointments.tables import (
    Appointment,
    AppointmentStatus,
    CheckStatus,
    IdentityCheck,
    Paper,
    PreRegistration,
    PreRegistrationStatus,
)
from registry.centres.officers import NotAllowed, OwnFile, check_stranger, officer_with
from registry.errors import ChangedMeanwhile, NotFound, Refused

FAMILY_FOLLOWS: Final = timedelta(hours=8)
CARDS: Final = {
    Paper.NATIONAL_CARD: DocumentKind.NATIONAL_CARD,
    Paper.RESIDENCE_CARD: DocumentKind.RESIDENCE_CARD,
}


class WitnessUnknown(Refused):
    """A witness has to be a living person of the register with a national card, and two witnesses are two people."""

    code = "witness_unknown"

    def __init__(self, field: str) -> None:
        super().__init__(self.code)
        self.field = field


class LooksLikeSomebody(Refused):
    """People of the register have the same names and birth date: the officer compares before going on."""

    code = "looks_like_somebody"

    def __init__(self, people: tuple[Person, ...]) -> None:
        super().__init__(self.code)
        self.people = people


class SameOfficer(NotAllowed):
    """The second officer is not the first."""

    code = "same_officer"


@dataclass(frozen=True)
class Seen:
    """What the officer reads on the document. `witnesses` are the numbers of two national cards."""

    paper: Paper
    number: str | None
    witnesses: tuple[str, str] | None
    name: LineName
    birth_date: PartialDate
    gender: Gender
    is_child: bool = False
    has_phone: bool = True


@dataclass(frozen=True)
class IdentityReceipt:
    """An identity check with the person whom it brought into the register, once it did."""

    check: IdentityCheck
    kept: PreRegistration
    appointment: Appointment
    person: Person | None
    witnesses: tuple[Person, ...]
    officers: tuple[Staff, ...]


async def check_identity(
    session: AsyncSession,
    *,
    staff_id: int,
    reference: str,
    seen: Seen,
    compared: bool,
    register: RegisterOf,
    invented: bool,
    now: datetime,
) -> IdentityCheck:
    """Record what was seen at the appointment `reference`, and issue the identifier unless a second officer is needed.

    The first check is of the person who made the appointment. `compared`: the officer looked at the people who look
    the same, and it is none of them. `invented` is for the demonstration. Raises IssuingElsewhere, AlreadyInRegister,
    LooksLikeSomebody, WitnessUnknown, OwnFile, NotAllowed, NotFound, and ChangedMeanwhile.
    """
    if not may_issue(register):
        raise IssuingElsewhere
    staff = await officer_with(session, staff_id=staff_id, duty=Duty.CHECK_IDENTITIES)
    desk = await at_the_desk(session, staff=staff, reference=reference, locked=True)
    _check_present(desk, now)
    witnesses = await _witnesses(session, staff, seen, now)
    alike = await _compare(session, staff, seen, compared)
    check = await _insert(session, desk, seen, staff, witnesses, alike, now)
    await record(
        session,
        actor=officer(staff_id),
        action=Act.IDENTITY_CHECKED,
        reference=check.reference,
        details={"pre_registration": desk.kept.reference, "paper": seen.paper.value, "look_alikes": alike},
        now=now,
    )
    if seen.paper in CARDS and not alike:
        await _move(session, check, CheckStatus.ISSUED, None, now)
        await _issue(session, check, desk, staff_id=staff_id, register=register, invented=invented, now=now)
    return check


def _check_present(desk: AtTheDesk, now: datetime) -> None:
    """The applicant is checked while present; the family follows the same day, once the applicant has an identifier."""
    first, ended = desk.of_the_applicant, desk.appointment.ended_at
    if first is None and desk.appointment.status is not AppointmentStatus.ARRIVED:
        raise ChangedMeanwhile
    if first is not None and (
        first.status is not CheckStatus.ISSUED or ended is None or now - ended > FAMILY_FOLLOWS
    ):
        raise ChangedMeanwhile


async def _witnesses(session: AsyncSession, staff: Staff, seen: Seen, now: datetime) -> tuple[Person, ...]:
    if seen.witnesses is None:
        return ()
    found: list[Person] = []
    for field, number in zip(("witness_one", "witness_two"), seen.witnesses, strict=True):
        witness = await person_with_document(session, DocumentKind.NATIONAL_CARD, number)
        if witness is None or witness.deceased_on is not None or witness in found:
            raise WitnessUnknown(field)
        found.append(witness)
    await check_stranger(session, staff=staff, person_ids=[each.id or 0 for each in found], now=now)
    return tuple(found)


async def _compare(session: AsyncSession, staff: Staff, seen: Seen, compared: bool) -> int:
    """How many people look the same. The very document is never issued for twice, whatever the officer says."""
    if on_file := await person_with_document(session, CARDS.get(seen.paper), seen.number):
        raise AlreadyInRegister(on_file)
    if extract := await _person_with_extract(session, seen):
        raise AlreadyInRegister(extract)
    alike = await look_alikes(session, name=seen.name, birth_date=seen.birth_date)
    if staff.person_id is not None and any(each.id == staff.person_id for each in alike):
        raise OwnFile
    if alike and not compared:
        raise LooksLikeSomebody(tuple(alike))
    return len(alike)


async def _person_with_extract(session: AsyncSession, seen: Seen) -> Person | None:
    """Acts of birth are numbered anew in each commune and year: the same number is the same act with the same birth."""
    if seen.paper is not Paper.BIRTH_EXTRACT:
        return None
    found = await session.exec(
        select(Person)
        .join(IdentityCheck, col(IdentityCheck.person_id) == col(Person.id))
        .where(
            IdentityCheck.paper == Paper.BIRTH_EXTRACT,
            IdentityCheck.paper_number == seen.number,
            IdentityCheck.birth_date == seen.birth_date.first_day,
            IdentityCheck.gender == seen.gender,
        )
        .limit(1)
    )
    return found.first()


async def _insert(
    session: AsyncSession,
    desk: AtTheDesk,
    seen: Seen,
    staff: Staff,
    witnesses: tuple[Person, ...],
    alike: int,
    now: datetime,
) -> IdentityCheck:
    """Two officers who check the same person at once: the constraint lets one through. Raises ChangedMeanwhile."""
    is_applicant = desk.of_the_applicant is None
    one, two = (witnesses[0].id, witnesses[1].id) if witnesses else (None, None)
    fresh = IdentityCheck(
        reference=new_reference("K"),
        pre_registration_id=desk.kept.id,
        appointment_id=desk.appointment.id,
        is_applicant=is_applicant,
        status=CheckStatus.AWAITS_SECOND,
        paper=seen.paper,
        paper_number=seen.number,
        witness_one_id=one,
        witness_two_id=two,
        **asdict(seen.name),
        birth_date=seen.birth_date.first_day,
        birth_precision=seen.birth_date.precision,
        gender=seen.gender,
        phone=desk.kept.phone if is_applicant or seen.has_phone else None,
        is_child=seen.is_child and not is_applicant,
        look_alikes=alike,
        checked_by=staff.id or 0,
        checked_at=now,
    )
    inserted = await session.exec(
        upsert(session)(IdentityCheck)
        .values(**fresh.model_dump(exclude={"id"}))
        .on_conflict_do_nothing()
        .returning(col(IdentityCheck.id))
    )
    check_id = inserted.scalar_one_or_none()
    if check_id is None:
        raise ChangedMeanwhile
    return await session.get_one(IdentityCheck, check_id)


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
        await _move(session, check, CheckStatus.REFUSED, staff_id, now)
        return check
    await _move(session, check, CheckStatus.ISSUED, staff_id, now)
    await _issue(session, check, desk, staff_id=staff_id, register=register, invented=invented, now=now)
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


async def _move(
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


async def _issue(
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
