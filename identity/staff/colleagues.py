"""The officers whom a manager answers for: who they are, and taking away the way in of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity import sessions
from identity.audit import IdentityAction, officer, record
from identity.roles import DUTIES, Duty, Role, may
from identity.tables import Staff, saved_id

# With fewer, nobody could ever be enrolled again.
FEWEST_MANAGERS: Final = 2


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


async def manager(session: AsyncSession, staff_id: int) -> Staff:
    """Raises EnrolmentRefused (`not_allowed`)."""
    found = await session.get(Staff, staff_id)
    if found is None or found.disabled_at is not None or not may(Role(found.role), Duty.ENROL_STAFF):
        raise EnrolmentRefused("not_allowed")
    return found


def answers_for(of: Staff, centre_code: str) -> bool:
    return may(Role(of.role), Duty.MANAGE_STAFF) or of.centre_code == centre_code


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
    """How many there are. Of two who end each other's service at once, the second waits here and counts anew."""
    roles = [role for role in Role if Duty.ENROL_STAFF in DUTIES[role]]
    rows = await session.exec(
        select(Staff.id)
        .where(col(Staff.role).in_(roles), col(Staff.disabled_at).is_(None))
        .order_by(col(Staff.id))
        .with_for_update()
    )
    return len(rows.all())


async def officer_named(session: AsyncSession, by: Staff, reference: str) -> Staff:
    """A colleague whom this manager may see. Raises EnrolmentRefused (`not_found`)."""
    found = (await session.exec(select(Staff).where(Staff.reference == reference))).one_or_none()
    if found is None or not answers_for(by, found.centre_code):
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
