"""What a person has typed and not sent: one draft a person, kept until it is sent."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.dates import local_date
from registry.delays import delays_on
from registry.errors import ChangedMeanwhile
from registry.rows import insert_unless_taken
from registry.tables import Draft


async def find_draft(session: AsyncSession, *, person_id: int) -> Draft | None:
    wanted = select(Draft).where(Draft.person_id == person_id)
    found = await session.exec(wanted.execution_options(populate_existing=True))
    return found.first()


async def save_draft(
    session: AsyncSession, *, person_id: int, answers: Mapping[str, Any], version: int, now: datetime
) -> int:
    """Keep `answers` in place of what was there and return the new version.

    `version` is the one that was read, 0 where there was none. Raises ChangedMeanwhile when another tab or telephone
    saved in between; nothing is lost then.
    """
    saved = (
        await _first_version(session, person_id, answers, now)
        if version == 0
        else await _next_version(session, person_id, answers, version, now)
    )
    if saved is None:
        raise ChangedMeanwhile
    return saved


async def _first_version(
    session: AsyncSession, person_id: int, answers: Mapping[str, Any], now: datetime
) -> int | None:
    inserted = await insert_unless_taken(
        session, Draft, person_id=person_id, answers=dict(answers), saved_at=now, version=1
    )
    return None if inserted is None else 1


async def _next_version(
    session: AsyncSession, person_id: int, answers: Mapping[str, Any], version: int, now: datetime
) -> int | None:
    return await session.scalar(
        update(Draft)
        .where(col(Draft.person_id) == person_id, col(Draft.version) == version)
        .values(answers=dict(answers), saved_at=now, version=version + 1)
        .returning(col(Draft.version))
        .execution_options(synchronize_session=False)
    )


async def discard_draft(session: AsyncSession, *, person_id: int, version: int | None = None) -> bool:
    """Delete the draft, if it is still at `version`. Of two senders of one draft exactly one gets True."""
    statement = delete(Draft).where(col(Draft.person_id) == person_id)
    if version is not None:
        statement = statement.where(col(Draft.version) == version)
    found = await session.scalar(statement.returning(col(Draft.id)))
    return found is not None


async def forget_drafts(session: AsyncSession, *, now: datetime) -> int:
    """Delete the drafts that nobody has touched for as long as the delays say; returns how many. For the worker."""
    oldest = now - timedelta(days=delays_on(local_date(now)).draft_days)
    gone = await session.exec(delete(Draft).where(col(Draft.saved_at) <= oldest).returning(col(Draft.id)))
    return len(gone.all())
