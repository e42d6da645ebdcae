"""Driving a dry run: short transactions, each of which leaves everything whole, so that it can be killed anywhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

from sqlmodel.ext.asyncio.session import AsyncSession

from app.errors import without_values
from app.national import CHUNKS, Pace, Show, stage_all, take_all_steps
from app.requests import Portal
from registry.model_life.dry_runs import (
    BATCH,
    begin_dry_run,
    dry_run_statement,
    end_dry_run,
    look_at_next,
    unfinished_dry_run,
)
from registry.model_life.tables import DryRun, ModelVersion
from registry.model_life.versions import find_version, read
from registry.national.publishing import TwoIndexes
from registry.national.runs import RunRefused, abandon, left_to_publish
from registry.national.tables import RecomputationRun, RunStatus

POLL_SECONDS: Final = 2.0
# Deciding a household is arithmetic, and pages may be served by the same process: some thirty milliseconds.
BESIDE_PAGES: Final = 20
log = logging.getLogger("tiwizi")


async def try_version(
    portal: Portal, name: str, *, started_by: str, staged: Show, looked_at: Show, chunk: int | None = None
) -> DryRun:
    """Begin or resume the dry run of a version and bring it to its end.

    Raises NotFound, NotOpen, RunRefused, ModelTooFine, TwoIndexes.
    """
    async with portal.writes() as session:
        dry_run = await begin_dry_run(
            session,
            version=await find_version(session, name=name),
            chunk=chunk or CHUNKS[portal.engine.dialect.name],
            started_by=started_by,
            now=portal.clock(),
        )
        await session.commit()
    await carry_on(portal, dry_run, staged=staged, looked_at=looked_at)
    async with portal.reads() as session:
        tried = await session.get_one(DryRun, dry_run.id)
    if tried.finished_at is None:
        raise RunRefused(f"the dry run of {name} was given up meanwhile")
    return tried


async def carry_on(
    portal: Portal,
    dry_run: DryRun,
    *,
    staged: Show,
    looked_at: Show,
    pace: Pace | None = None,
    batch: int = BATCH,
) -> None:
    """Bring a dry run to its end, unless it is given up or `pace` says to stop. Raises TwoIndexes."""
    async with portal.reads() as session:
        run = await session.get_one(RecomputationRun, dry_run.run_id)
        content = read(await session.get_one(ModelVersion, dry_run.version_id)).content
    if run.status is RunStatus.RUNNING:
        statement = dry_run_statement(run, content, portal.engine.dialect.name)
        await stage_all(portal, run, statement, staged, pace)
    async with portal.reads() as session:
        marked = await left_to_publish(session, run_id=run.id)

    async def step(session: AsyncSession) -> bool:
        return await look_at_next(session, dry_run=dry_run, content=content, limit=batch) > 0

    async def is_over(session: AsyncSession) -> bool:
        return await end_dry_run(session, dry_run=dry_run, now=portal.clock())

    async def look(session: AsyncSession) -> None:
        looked_at(marked - await left_to_publish(session, run_id=run.id), marked)

    await take_all_steps(portal, step, is_over, look, pace)


async def try_what_was_begun(portal: Portal, stop: asyncio.Event) -> None:
    """The worker's part: bring to its end what was begun in the pages, or anywhere and then interrupted."""
    while not stop.is_set():
        try:
            await _carry_on_quietly(portal, stop)
        except Exception as error:
            log.error("the dry run failed; it is tried again", exc_info=without_values(error))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await stop.wait()


async def _carry_on_quietly(portal: Portal, stop: asyncio.Event) -> None:
    async with portal.reads() as session:
        dry_run = await unfinished_dry_run(session)
        if dry_run is None:
            return
        await portal.shelf.open(session)
    pace = Pace(connections=1, stop=stop)
    try:
        await carry_on(portal, dry_run, staged=_unseen, looked_at=_unseen, pace=pace, batch=BESIDE_PAGES)
    except TwoIndexes as error:
        # A fault of the portal: it would come again with each try, and no other run could begin.
        log.error("dry_run_given_up %s", error)
        async with portal.writes() as session:
            await abandon(session, now=portal.clock())
            await session.commit()


def _unseen(done: int, of: int) -> None:
    """Nobody watches: the page of the version tells how far it is."""
