"""A colleague who joins: proposed by one manager, approved by another, and finished by nobody but the colleague.

At least one of the two decides about no files. No manager ever sets, or sees, the password or the authenticator of
somebody else: a code goes by e-mail, is good for a day and once, and with it the officer chooses both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.audit import IdentityAction, officer, record
from identity.desk_tables import EnrolmentStatus, StaffEnrolment
from identity.entering.recovery import new_recovery_code, parse_recovery_code
from identity.keys import Keys
from identity.people.register import person, person_by_identifier
from identity.proofs.passwords import PasswordHasher, ShortestPassword, check_password
from identity.proofs.totp import matching_step
from identity.roles import DUTIES, Duty, Role, may
from identity.staff.officers import seal_authenticator
from identity.tables import Staff, saved_id
from notifications.messages import ENROLMENT_HOURS, Template
from notifications.outbox import Recipient, notify
from notifications.references import new_reference

CODE_LIFE: Final = timedelta(hours=ENROLMENT_HOURS)
# With fewer, nobody could ever be enrolled again.
FEWEST_MANAGERS: Final = 2
ENROL_PAGE: Final = "/staff/enrol"
OPEN: Final = (EnrolmentStatus.PROPOSED, EnrolmentStatus.APPROVED)


class EnrolmentRefused(Exception):
    """`not_allowed`, `not_found`: as everywhere. `other_centre`: a supervisor proposes for the own centre.

    `email_used`, `person_used`, `unknown_person`, `already_proposed`: what was typed. `same_manager`: the second one is
    the first, or the officer. `no_manager`: neither of the two is one who decides about no files. `over`: decided
    already. `last_managers`: too few would be left. `wrong`, `wait`, `not_current`: the code, or the authenticator.
    Whoever catches this keeps the transaction.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Proposed:
    email: str
    name_ar: str
    name_latin: str
    role: Role
    centre_code: str
    identifier: str


async def manager(session: AsyncSession, staff_id: int) -> Staff:
    """Raises EnrolmentRefused (`not_allowed`)."""
    found = await session.get(Staff, staff_id)
    if found is None or found.disabled_at is not None or not may(Role(found.role), Duty.ENROL_STAFF):
        raise EnrolmentRefused("not_allowed")
    return found


def _within(of: Staff, centre_code: str) -> bool:
    return may(Role(of.role), Duty.MANAGE_STAFF) or of.centre_code == centre_code


async def propose_officer(
    session: AsyncSession, *, manager_id: int, proposed: Proposed, language: str, now: datetime
) -> StaffEnrolment:
    """`language` is that of the e-mail which the officer will get. Raises EnrolmentRefused."""
    by = await manager(session, manager_id)
    email = proposed.email.strip().lower()
    if not _within(by, proposed.centre_code):
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
    await _note(session, IdentityAction.STAFF_PROPOSED, fresh, fresh.proposed_by, now)
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
    if not _within(by, enrolment.centre_code):
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
    await _note(session, IdentityAction.STAFF_APPROVED, enrolment, manager_id, now)
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
    await _note(session, IdentityAction.STAFF_PROPOSAL_REFUSED, enrolment, manager_id, now)
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


async def check_enrolment_code(
    session: AsyncSession,
    *,
    email: str,
    code: str,
    address: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> StaffEnrolment:
    """The officer's first step. `code` is parsed; `address` is the network address. Raises EnrolmentRefused, Busy."""
    typed = email.strip().lower()
    ladder, subject = limits.STAFF_TRIES, f"enrol {typed}|{address}"
    if await limits.seconds_to_wait(session, ladder, subject=subject, keys=keys, now=now):
        raise EnrolmentRefused("wait")
    rows = await session.exec(select(StaffEnrolment).where(StaffEnrolment.email == typed, _is_ready(now)))
    found = rows.one_or_none()
    # Hashing comes before the first write, so that no row is locked while it lasts.
    fits = await hasher.verify(found.code_hash if found else None, code)
    if not await limits.take_turn(session, ladder, subject=subject, keys=keys, now=now):
        raise EnrolmentRefused("wait")
    if found is None or not fits:
        raise EnrolmentRefused("wrong")
    await limits.forget_tries(session, ladder, subject=subject, keys=keys)
    return found


def _is_ready(now: datetime) -> ColumnElement[bool]:
    return (col(StaffEnrolment.status) == EnrolmentStatus.APPROVED) & (col(StaffEnrolment.code_until) > now)


async def finish_enrolment(
    session: AsyncSession,
    *,
    reference: str,
    secret: str,
    totp: str,
    password: str,
    hasher: PasswordHasher,
    keys: Keys,
    now: datetime,
) -> Staff:
    """The officer's own password, and an authenticator that has shown its first code; once.

    Raises EnrolmentRefused (`over`, `not_current`), PasswordRefused and Busy.
    """
    enrolment = await enrolment_named(session, reference)
    known = (enrolment.email, enrolment.name_ar, enrolment.name_latin)
    check_password(password, shortest=ShortestPassword.STAFF, personal=known)
    step = matching_step(secret, totp, now)
    if step is None:
        raise EnrolmentRefused("not_current")
    hashed = await hasher.hash(password)
    await _use(session, enrolment, now)
    chosen: dict[str, Any] = {
        "password_hash": hashed,
        "totp_sealed": seal_authenticator(secret, enrolment.email, keys),
        "totp_last_step": step,
    }
    staff = await (_renew if enrolment.staff_id else _insert)(session, enrolment, chosen, now)
    enrolment.staff_id = staff.id
    session.add(enrolment)
    await session.flush()
    await _note(session, IdentityAction.STAFF_ENROLLED, enrolment, saved_id(staff), now)
    return staff


async def _use(session: AsyncSession, enrolment: StaffEnrolment, now: datetime) -> None:
    used = await session.exec(
        update(StaffEnrolment)
        .where(col(StaffEnrolment.id) == enrolment.id, _is_ready(now))
        .values(status=EnrolmentStatus.ENROLLED, enrolled_at=now, code_hash=None)
        .returning(col(StaffEnrolment.id))
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        raise EnrolmentRefused("over")
    await session.refresh(enrolment)


async def _insert(
    session: AsyncSession, enrolment: StaffEnrolment, chosen: dict[str, Any], now: datetime
) -> Staff:
    inserted = await session.exec(
        limits.upsert(session)(Staff)
        .values(
            reference=new_reference("O"),
            email=enrolment.email,
            name_ar=enrolment.name_ar,
            name_latin=enrolment.name_latin,
            role=enrolment.role,
            centre_code=enrolment.centre_code,
            person_id=enrolment.person_id,
            created_at=now,
            **chosen,
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(col(Staff.id))
    )
    staff_id = inserted.scalar_one_or_none()
    if staff_id is None:
        raise EnrolmentRefused("over")
    return await session.get_one(Staff, staff_id)


async def _renew(
    session: AsyncSession, enrolment: StaffEnrolment, chosen: dict[str, Any], now: datetime
) -> Staff:
    """Whoever had the old secrets is out."""
    staff = await session.get_one(Staff, enrolment.staff_id)
    for name, value in (chosen | {"disabled_at": None}).items():
        setattr(staff, name, value)
    session.add(staff)
    await session.flush()
    await sessions.end_staff_sessions(session, staff_id=saved_id(staff), now=now)
    return staff


async def disable_officer(session: AsyncSession, *, manager_id: int, reference: str, now: datetime) -> Staff:
    """At once, and by one manager: it takes nothing but a way in. Coming back takes two. Raises EnrolmentRefused."""
    by = await manager(session, manager_id)
    colleague = await officer_named(session, by, reference)
    if colleague.id == manager_id:
        raise EnrolmentRefused("same_manager")
    if may(Role(colleague.role), Duty.ENROL_STAFF) and await _managers(session) <= FEWEST_MANAGERS:
        raise EnrolmentRefused("last_managers")
    if colleague.disabled_at is None:
        colleague.disabled_at = now
        session.add(colleague)
        await session.flush()
        await sessions.end_staff_sessions(session, staff_id=saved_id(colleague), now=now)
        await record(
            session,
            actor=officer(manager_id),
            action=IdentityAction.STAFF_DISABLED,
            reference=colleague.reference,
            details={"staff": colleague.id},
            now=now,
        )
    return colleague


async def _managers(session: AsyncSession) -> int:
    roles = [role for role in Role if Duty.ENROL_STAFF in DUTIES[role]]
    counted = await session.exec(
        select(func.count()).where(col(Staff.role).in_(roles), col(Staff.disabled_at).is_(None))
    )
    return counted.one()


async def officer_named(session: AsyncSession, by: Staff, reference: str) -> Staff:
    """A colleague whom this manager may see. Raises EnrolmentRefused (`not_found`)."""
    found = (await session.exec(select(Staff).where(Staff.reference == reference))).one_or_none()
    if found is None or not _within(by, found.centre_code):
        raise EnrolmentRefused("not_found")
    return found


async def officers_under(
    session: AsyncSession, *, manager_id: int, after: str | None = None, limit: int = 50
) -> Sequence[Staff]:
    """The colleagues of a supervisor's centre, or everybody's for an administrator, by e-mail address."""
    by = await manager(session, manager_id)
    wanted = select(Staff).order_by(col(Staff.email)).limit(limit)
    if not may(Role(by.role), Duty.MANAGE_STAFF):
        wanted = wanted.where(Staff.centre_code == by.centre_code)
    if after:
        wanted = wanted.where(col(Staff.email) > after)
    return (await session.exec(wanted)).all()


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
    return [each for each in rows if _within(by, each.centre_code)]


async def _note(
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
