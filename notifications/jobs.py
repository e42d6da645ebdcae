"""What time alone brings about, done once however many processes watch the clock.

A job is taken and done in one transaction: a process that dies halfway has done nothing, and the job is still due.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.tables import PeriodicJob

log = logging.getLogger(__name__)

# A batch at a time, so that no transaction is long; what is left is due again at once.
MOST_BATCHES: Final = 1000


@dataclass(frozen=True)
class Job:
    """`work` does a batch in the transaction it is given and says whether there may be more."""

    name: str
    every: timedelta
    work: Callable[[AsyncSession, datetime], Awaitable[bool]]


async def run_due_jobs(
    sessions: async_sessionmaker[AsyncSession], jobs: Iterable[Job], *, now: datetime
) -> None:
    """Do every job that is due and that nobody else is doing. One that fails is logged and does not stop the others."""
    for job in jobs:
        try:
            for _ in range(MOST_BATCHES):
                if not await _run_batch(sessions, job, now):
                    break
        except Exception as failure:
            # Its words may hold what a statement was given.
            log.error("job_failed name=%s error=%s", job.name, type(failure).__name__)


async def _run_batch(sessions: async_sessionmaker[AsyncSession], job: Job, now: datetime) -> bool:
    async with sessions() as session, session.begin():
        if not await take_job(session, name=job.name, now=now, next_at=now + job.every):
            return False
        more = await job.work(session, now)
        if more:
            await _put_off(session, job.name, now, ran_at=None)
        return more


async def take_job(session: AsyncSession, *, name: str, now: datetime, next_at: datetime) -> bool:
    """Whether the job is due and ours until the end of the transaction; of several who ask at once one gets it."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    await session.exec(insert(PeriodicJob).values(name=name, due_at=now).on_conflict_do_nothing())
    # SQLite has no row locks and needs none: it has one writer. On PostgreSQL nobody waits for a job in hand.
    due = (
        select(PeriodicJob.name)
        .where(PeriodicJob.name == name, col(PeriodicJob.due_at) <= now)
        .with_for_update(skip_locked=True)
    )
    if (await session.exec(due)).first() is None:
        return False
    await _put_off(session, name, next_at, ran_at=now)
    return True


async def _put_off(session: AsyncSession, name: str, due_at: datetime, ran_at: datetime | None) -> None:
    await session.exec(
        update(PeriodicJob)
        .where(col(PeriodicJob.name) == name)
        .values(due_at=due_at, **({"ran_at": ran_at} if ran_at else {}))
        .execution_options(synchronize_session=False)
    )
