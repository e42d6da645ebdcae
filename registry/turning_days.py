"""What time alone changes: a card ends, somebody has a birthday. The same facts are decided anew on that day."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.dates import local_date
from registry.households import lock_household
from registry.indexes import compute_index
from registry.tables import Household, HouseholdStatus, IndexEvent, IndexReason
from registry.versions import read_version

BATCH = 200


async def decide_again(session: AsyncSession, *, now: datetime, limit: int = BATCH) -> int:
    """Decide anew for the households whose day has come, and tell them; returns how many. For the worker.

    A declaration that waits for an invited adult is decided when the last one has answered, not here.
    """
    due = await session.exec(
        select(Household.id)
        .join(IndexEvent, col(IndexEvent.id) == Household.current_index_id)
        .where(
            Household.status == HouseholdStatus.ACTIVE,
            col(IndexEvent.looks_again_on) <= local_date(now),
        )
        .order_by(col(Household.id))
        .limit(limit)
    )
    decided = 0
    for household_id in due.all():
        household = await lock_household(session, household_id=household_id)
        event = await session.get(IndexEvent, household.current_index_id)
        if event is None or event.looks_again_on is None or event.looks_again_on > local_date(now):
            continue
        version = await read_version(session, declaration_id=event.declaration_id)
        await compute_index(session, household=household, version=version, reason=IndexReason.TIME, now=now)
        decided += 1
    return decided
