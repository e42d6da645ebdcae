"""Who looked at my file: what officers read and did, cut by the person it concerns."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.tables import ActorKind, AuditEntry, Staff


@dataclass(frozen=True)
class Access:
    """One act of an officer about a person; `action` is a value of `registry.acts.Act` or of identity's actions."""

    at: datetime
    action: str
    reference: str | None
    officer: tuple[str, str]
    centre_code: str
    in_visit: bool


async def accesses(session: AsyncSession, *, person_id: int, limit: int = 50) -> tuple[Access, ...]:
    """The acts of officers about the person, the newest first. Names of officers are in both scripts."""
    rows = await session.exec(
        select(AuditEntry, Staff)
        .join(Staff, col(Staff.id) == AuditEntry.actor_id)
        .where(AuditEntry.person_id == person_id, AuditEntry.actor_kind == ActorKind.STAFF)
        .order_by(col(AuditEntry.id).desc())
        .limit(limit)
    )
    return tuple(
        Access(
            at=entry.at,
            action=entry.action,
            reference=entry.reference,
            officer=(staff.name_ar, staff.name_latin),
            centre_code=staff.centre_code,
            in_visit=entry.visit_id is not None,
        )
        for entry, staff in rows
    )
