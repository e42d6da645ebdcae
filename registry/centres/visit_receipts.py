"""What was shown and changed in a visit, for the person and for the officer. Nothing in it says who the person is."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.tables import AuditEntry, Staff
from registry.acts import Act
from registry.centres.tables import Visit, VisitPurpose
from registry.errors import NotFound


@dataclass(frozen=True)
class VisitAct:
    """One thing done during a visit; `page` is the path of a page that was read."""

    at: datetime
    action: str
    reference: str | None
    page: str | None


@dataclass(frozen=True)
class VisitReceipt:
    """What was done in a visit, for both: the names of the officer are in both scripts.

    `ended_at` is empty while the visit lasts, and for a moment after `ends_at`, until the worker has noted the end.
    """

    reference: str
    officer: tuple[str, str]
    centre_code: str
    purpose: VisitPurpose
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    acts: tuple[VisitAct, ...]

    def over_since(self, now: datetime) -> datetime | None:
        """When the visit was over; None while it lasts."""
        return self.ended_at or (self.ends_at if self.ends_at <= now else None)


async def visit_receipt(session: AsyncSession, *, reference: str, person_id: int) -> VisitReceipt:
    """The receipt of a visit for the person it was about. Raises NotFound."""
    return await receipt_of(session, await _find(session, reference, person_id=person_id))


async def officers_receipt(session: AsyncSession, *, reference: str, staff_id: int) -> VisitReceipt:
    """The receipt of a visit for the officer who opened it. Raises NotFound."""
    return await receipt_of(session, await _find(session, reference, staff_id=staff_id))


async def _find(session: AsyncSession, reference: str, **whose: int) -> Visit:
    found = await session.exec(select(Visit).filter_by(reference=reference, **whose))
    visit = found.first()
    if visit is None:
        raise NotFound
    return visit


async def receipt_of(session: AsyncSession, visit: Visit) -> VisitReceipt:
    staff = await session.get_one(Staff, visit.staff_id)
    entries = await session.exec(
        select(AuditEntry)
        .where(
            AuditEntry.person_id == visit.person_id,
            AuditEntry.visit_id == visit.id,
            col(AuditEntry.action).not_in((Act.VISIT_OPENED.value, Act.VISIT_ENDED.value)),
        )
        .order_by(col(AuditEntry.id))
    )
    return VisitReceipt(
        reference=visit.reference,
        officer=(staff.name_ar, staff.name_latin),
        centre_code=visit.centre_code,
        purpose=visit.purpose,
        opened_at=visit.opened_at,
        ends_at=visit.ends_at,
        ended_at=visit.ended_at,
        acts=tuple(
            VisitAct(entry.at, entry.action, entry.reference, entry.details.get("page")) for entry in entries
        ),
    )


async def visits_of_officer(session: AsyncSession, *, staff_id: int, limit: int = 10) -> tuple[Visit, ...]:
    """The officer's visits, the newest first."""
    found = await session.exec(
        select(Visit).where(Visit.staff_id == staff_id).order_by(col(Visit.id).desc()).limit(limit)
    )
    return tuple(found)
