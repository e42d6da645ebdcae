"""The colleague's own part of joining: the code of the e-mail, then a password and an authenticator of their own."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import limits, sessions
from identity.audit import IdentityAction
from identity.desk_tables import EnrolmentStatus, StaffEnrolment
from identity.keys import Keys
from identity.proofs.passwords import PasswordHasher, ShortestPassword, check_password
from identity.proofs.totp import matching_step
from identity.staff.colleagues import EnrolmentRefused
from identity.staff.enrolment import enrolment_named, note_enrolment
from identity.staff.officers import seal_authenticator
from identity.tables import Staff, saved_id
from notifications.references import new_reference


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
    await note_enrolment(session, IdentityAction.STAFF_ENROLLED, enrolment, saved_id(staff), now)
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
