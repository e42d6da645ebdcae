"""A colleague who joins: proposed by one manager, approved by another, and finished by nobody but the colleague.

At least one of the two decides about no files. No manager ever sets, or sees, the password or the authenticator of
somebody else: a code goes by e-mail, is good for a day and once, and with it the officer chooses both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits
from identity.audit import IdentityAction, officer, record
from identity.desk_tables import EnrolmentStatus, StaffEnrolment
from identity.entering.recovery import new_recovery_code, parse_recovery_code
from identity.keys import Keys
from identity.people.register import person, person_by_identifier
from identity.proofs.passwords import PasswordHasher
from identity.roles import Duty, Role, may
from identity.staff.colleagues import EnrolmentRefused, answers_for, manager, officer_named
from identity.tables import Staff
from notifications.messages import ENROLMENT_HOURS, Template
from notifications.outbox import Recipient, notify
from notifications.references import new_reference

CODE_LIFE: Final = timedelta(hours=ENROLMENT_HOURS)
ENROL_PAGE: Final = "/staff/enrol"
OPEN: Final = (EnrolmentStatus.PROPOSED, EnrolmentStatus.APPROVED)


@dataclass(frozen=True)
class Proposed:
    email: str
    name_ar: str
    name_latin: str
    role: Role
    centre_code: str
    identifier: str


async def propose_officer(
    session: AsyncSession, *, manager_id: int, proposed: Proposed, language: str, now: datetime
) -> StaffEnrolment:
    """`language` is that of the e-mail which the officer will get. Raises EnrolmentRefused."""
    by = await manager(session, manager_id)
    email = proposed.email.strip().lower()
    if not answers_for(by, proposed.centre_code):
        raise EnrolmentRefused("other_centre")
    own = await person_by_identifier(session, proposed.identifier)
    if own is None or own.deceased_on is not None:
        raise EnrolmentRefused("unknown_person")
    if await _exists(session, Staff.email == email):
        raise EnrolmentRefused("email_used")
    if await _exists(session, (col(Staff.person_id) == own.id) & col(Staff.disabled_at).is_(None)):
        raise EnrolmentRefused("person_used")
    enrolment = StaffEnrolment(
        reference=new_reference("J"),
        email=email,
        name_ar=proposed.name_ar,
        name_latin=proposed.name_latin,
        role=proposed.role,
        centre_code=proposed.centre_code,
        person_id=own.id or 0,
        language=language,
        proposed_by=manager_id,
        proposed_at=now,
    )
    return await _propose(session, enrolment, now)


async def propose_again(
    session: AsyncSession, *, manager_id: int, reference: str, language: str, now: datetime
) -> StaffEnrolment:
    """A lost authenticator, a forgotten password, or a return: the same two managers' way. Raises EnrolmentRefused."""
    by = await manager(session, manager_id)
    colleague = await officer_named(session, by, reference)
    if colleague.id == manager_id:
        raise EnrolmentRefused("same_manager")
    if colleague.person_id is None:
        raise EnrolmentRefused("unknown_person")
    enrolment = StaffEnrolment(
        reference=new_reference("J"),
        staff_id=colleague.id,
        email=colleague.email,
        name_ar=colleague.name_ar,
        name_latin=colleague.name_latin,
        role=Role(colleague.role),
        centre_code=colleague.centre_code,
        person_id=colleague.person_id,
        language=language,
        proposed_by=manager_id,
        proposed_at=now,
    )
    return await _propose(session, enrolment, now)


async def _exists(session: AsyncSession, which: Any) -> bool:
    return (await session.exec(select(Staff.id).where(which).limit(1))).first() is not None


async def _propose(session: AsyncSession, fresh: StaffEnrolment, now: datetime) -> StaffEnrolment:
    """One open proposal an address: the unique index decides. One whose code ran out makes room."""
    await session.exec(
        update(StaffEnrolment)
        .where(col(StaffEnrolment.email) == fresh.email, col(StaffEnrolment.code_until) <= now)
        .where(col(StaffEnrolment.status) == EnrolmentStatus.APPROVED)
        .values(status=EnrolmentStatus.REFUSED)
        .execution_options(synchronize_session=False)
    )
    inserted = await session.exec(
        limits.upsert(session)(StaffEnrolment)
        .values(**fresh.model_dump(exclude={"id"}))
        .on_conflict_do_nothing()
        .returning(col(StaffEnrolment.id))
    )
    if inserted.scalar_one_or_none() is None:
        raise EnrolmentRefused("already_proposed")
    await note_enrolment(session, IdentityAction.STAFF_PROPOSED, fresh, fresh.proposed_by, now)
    return await enrolment_named(session, fresh.reference)


async def enrolment_named(session: AsyncSession, reference: str) -> StaffEnrolment:
    """Raises EnrolmentRefused (`not_found`)."""
    rows = await session.exec(
        select(StaffEnrolment)
        .where(StaffEnrolment.reference == reference)
        .execution_options(populate_existing=True)
    )
    found = rows.one_or_none()
    if found is None:
        raise EnrolmentRefused("not_found")
    return found


async def enrolment_for(session: AsyncSession, *, manager_id: int, reference: str) -> StaffEnrolment:
    """A proposal that this manager may see. Raises EnrolmentRefused."""
    by, enrolment = await manager(session, manager_id), await enrolment_named(session, reference)
    if not answers_for(by, enrolment.centre_code):
        raise EnrolmentRefused("not_found")
    return enrolment


async def identifier_of(session: AsyncSession, person_id: int) -> str:
    return (await person(session, person_id)).identifier


async def approve_enrolment(
    session: AsyncSession,
    *,
    manager_id: int,
    reference: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> StaffEnrolment:
    """The second manager. Of several at once the first counts, and one code leaves. Raises EnrolmentRefused, Busy."""
    enrolment = await _to_decide(session, manager_id, reference)
    first, second = await session.get_one(Staff, enrolment.proposed_by), await manager(session, manager_id)
    if first.disabled_at is not None:
        raise EnrolmentRefused("over")
    if not any(may(Role(each.role), Duty.MANAGE_STAFF) for each in (first, second)):
        raise EnrolmentRefused("no_manager")
    code = new_recovery_code()
    hashed = await hasher.hash(parse_recovery_code(code))
    await _decide(
        session,
        enrolment,
        manager_id,
        now,
        status=EnrolmentStatus.APPROVED,
        code_hash=hashed,
        code_until=now + CODE_LIFE,
    )
    await note_enrolment(session, IdentityAction.STAFF_APPROVED, enrolment, manager_id, now)
    await notify(
        session,
        recipient=Recipient(None, None, enrolment.email, enrolment.language, enrolment.language),
        template=Template.STAFF_ENROLMENT,
        values={},
        secret={"code": code},
        sealer=keys.sealer,
        expires_at=now + CODE_LIFE,
        link=ENROL_PAGE,
        in_inbox=False,
        now=now,
    )
    return enrolment


async def refuse_enrolment(
    session: AsyncSession, *, manager_id: int, reference: str, now: datetime
) -> StaffEnrolment:
    """By the second manager, or taken back by the first. Raises EnrolmentRefused."""
    enrolment = await enrolment_for(session, manager_id=manager_id, reference=reference)
    await _decide(session, enrolment, manager_id, now, status=EnrolmentStatus.REFUSED)
    await note_enrolment(session, IdentityAction.STAFF_PROPOSAL_REFUSED, enrolment, manager_id, now)
    return enrolment


async def _to_decide(session: AsyncSession, manager_id: int, reference: str) -> StaffEnrolment:
    enrolment = await enrolment_for(session, manager_id=manager_id, reference=reference)
    first, second = await session.get_one(Staff, enrolment.proposed_by), await manager(session, manager_id)
    same_human = first.person_id is not None and first.person_id == second.person_id
    concerned = enrolment.staff_id == manager_id or enrolment.person_id == second.person_id
    if first.id == second.id or same_human or concerned:
        raise EnrolmentRefused("same_manager")
    return enrolment


async def _decide(
    session: AsyncSession, enrolment: StaffEnrolment, manager_id: int, now: datetime, **values: Any
) -> None:
    decided = await session.exec(
        update(StaffEnrolment)
        .where(col(StaffEnrolment.id) == enrolment.id, col(StaffEnrolment.status) == EnrolmentStatus.PROPOSED)
        .values(decided_by=manager_id, decided_at=now, **values)
        .returning(col(StaffEnrolment.id))
        .execution_options(synchronize_session=False)
    )
    if decided.first() is None:
        raise EnrolmentRefused("over")
    await session.refresh(enrolment)


async def open_enrolments(
    session: AsyncSession, *, manager_id: int, now: datetime
) -> Sequence[StaffEnrolment]:
    """What waits for a second manager, or for the officer, the oldest first."""
    by = await manager(session, manager_id)
    rows = await session.exec(
        select(StaffEnrolment)
        .where(col(StaffEnrolment.status).in_(OPEN))
        .where((col(StaffEnrolment.code_until) > now) | col(StaffEnrolment.code_until).is_(None))
        .order_by(col(StaffEnrolment.proposed_at))
    )
    return [each for each in rows if answers_for(by, each.centre_code)]


async def note_enrolment(
    session: AsyncSession, action: IdentityAction, enrolment: StaffEnrolment, staff_id: int, now: datetime
) -> None:
    await record(
        session,
        actor=officer(staff_id),
        action=action,
        reference=enrolment.reference,
        details={"role": Role(enrolment.role).value, "centre": enrolment.centre_code},
        now=now,
    )
