"""The identity check at the desk: what the officer saw, who testified, and who of the register looks the same.

A card with a photograph is enough for one officer. Without one, or when somebody in the register looks the same, a
second officer of the centre confirms from a session of his own before anything is issued (`second_checks.py`).
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import officer, record
from identity.limits import upsert
from identity.people.issuing import (
    AlreadyInRegister,
    IssuingElsewhere,
    look_alikes,
    may_issue,
    person_with_document,
)
from identity.people.partial_date import PartialDate
from identity.people.population import LineName, RegisterOf
from identity.people.tables import DocumentKind, Gender, Person
from identity.roles import Duty
from identity.tables import Staff
from notifications.references import new_reference
from registry.acts import Act
from registry.appointments.arrivals import AtTheDesk, at_the_desk
from registry.appointments.identity_issuing import decide_check, issue_identifier
from registry.appointments.papers import CARDS
from registry.appointments.tables import AppointmentStatus, CheckStatus, IdentityCheck, Paper
from registry.centres.officers import OwnFile, check_stranger, officer_with
from registry.errors import ChangedMeanwhile, Refused

FAMILY_FOLLOWS: Final = timedelta(hours=8)


class WitnessUnknown(Refused):
    """A witness has to be a living person of the register with a national card, and two witnesses are two people."""

    code = "witness_unknown"

    def __init__(self, field: str) -> None:
        super().__init__(self.code)
        self.field = field


class LooksLikeSomebody(Refused):
    """People of the register have the same names and birth date: the officer compares before going on.

    That they were shown is on the record: keep the transaction.
    """

    code = "looks_like_somebody"

    def __init__(self, people: tuple[Person, ...]) -> None:
        super().__init__(self.code)
        self.people = people


class Recognised(AlreadyInRegister):
    """The document was issued for already. That the officer was told of whom is on the record: keep the transaction."""


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
    alike = await _compare(session, staff, desk, seen, compared, now)
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
        await decide_check(session, check, CheckStatus.ISSUED, None, now)
        await issue_identifier(
            session, check, desk, staff_id=staff_id, register=register, invented=invented, now=now
        )
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


async def _compare(
    session: AsyncSession, staff: Staff, desk: AtTheDesk, seen: Seen, compared: bool, now: datetime
) -> int:
    """How many people look the same. The very document is never issued for twice, whatever the officer says."""
    on_file = await person_with_document(session, CARDS.get(seen.paper), seen.number)
    if found := on_file or await _person_with_extract(session, seen):
        await _note_recognised(session, staff, desk, [found], now)
        raise Recognised(found)
    alike = await look_alikes(session, name=seen.name, birth_date=seen.birth_date)
    if staff.person_id is not None and any(each.id == staff.person_id for each in alike):
        raise OwnFile
    if alike and not compared:
        await _note_recognised(session, staff, desk, alike, now)
        raise LooksLikeSomebody(tuple(alike))
    return len(alike)


async def _note_recognised(
    session: AsyncSession, staff: Staff, desk: AtTheDesk, shown: list[Person], now: datetime
) -> None:
    """Each of them sees in the own file that an officer was shown their name."""
    for each in shown:
        await record(
            session,
            actor=officer(staff.id or 0),
            action=Act.NEWCOMER_RECOGNISED,
            person_id=each.id,
            reference=desk.kept.reference,
            now=now,
        )


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
