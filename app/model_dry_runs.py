"""Driving a dry run: short transactions, each of which leaves everything whole, so that it can be killed anywhere."""

from __future__ import annotations

from sqlmodel.ext.asyncio.session import AsyncSession

from app.national import CHUNKS, Show, stage_all, take_all_steps
from app.requests import Portal
from registry.model_life.dry_runs import begin_dry_run, dry_run_statement, end_dry_run, look_at_next
from registry.model_life.tables import DryRun
from registry.model_life.versions import find_version, read
from registry.national.runs import left_to_publish
from registry.national.tables import RecomputationRun, RunStatus


async def try_version(
    portal: Portal, name: str, *, started_by: str, staged: Show, looked_at: Show, chunk: int | None = None
) -> DryRun:
    """Begin or resume the dry run of a version and bring it to its end.

    Raises NotFound, NotOpen, AnotherRun, ModelTooFine, TwoIndexes.
    """
    database = portal.engine.dialect.name
    async with portal.writes() as session:
        version = await find_version(session, name=name)
        dry_run = await begin_dry_run(
            session,
            version=version,
            chunk=chunk or CHUNKS[database],
            started_by=started_by,
            now=portal.clock(),
        )
        run = await session.get_one(RecomputationRun, dry_run.run_id)
        await session.commit()
    content = read(version).content
    if run.status is RunStatus.RUNNING:
        await stage_all(portal, run, dry_run_statement(run, content, database), None, staged)
    async with portal.reads() as session:
        marked = await left_to_publish(session, run_id=run.id)

    async def step(session: AsyncSession) -> bool:
        return await look_at_next(session, dry_run=dry_run, content=content) > 0

    async def is_over(session: AsyncSession) -> bool:
        return await end_dry_run(session, dry_run=dry_run, now=portal.clock())

    async def look(session: AsyncSession) -> None:
        looked_at(marked - await left_to_publish(session, run_id=run.id), marked)

    await take_all_steps(portal, None, step, is_over, look)
    async with portal.reads() as session:
        return await session.get_one(DryRun, dry_run.id)
