"""Driving a recomputation of the whole country: short transactions, each of which leaves everything whole."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import TextClause
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import checkpoint
from app.requests import Portal
from registry.national.publishing import publish_next
from registry.national.runs import begin_run, chunks_staged, end_publishing, end_staging, left_to_publish
from registry.national.staging import stage_next_chunk, staging_statement
from registry.national.tables import RecomputationRun, RunStatus
from registry.rules.scoring import IndexModel

# SQLite keeps every other writer waiting while a chunk is written: less than half a second.
CHUNKS: Final = {"sqlite": 4_000, "postgresql": 25_000}
# One connection computes while another waits for the disk. SQLite has one writer.
CONNECTIONS: Final = {"sqlite": 1, "postgresql": 2}
# A writer of another process looks again every tenth of a second whether SQLite is free.
BREATH_SECONDS: Final = 0.12
# How often to look whether another process has ended what it took, or died and given it back.
POLL_SECONDS: Final = 0.5

LOOK_SECONDS: Final = 2.0

Ask = Callable[[AsyncSession], Awaitable[bool]]
Look = Callable[[AsyncSession], Awaitable[None]]
# How much is done, of how much.
Show = Callable[[int, int], object]


@dataclass(frozen=True)
class Order:
    """What an operator asks for. `cut_off`, `chunk` and `connections` have defaults of their own when None."""

    model: IndexModel
    started_by: str
    pace: int
    cut_off: dt.datetime | None = None
    chunk: int | None = None
    connections: int | None = None
    stage_only: bool = False


@dataclass(frozen=True)
class Pace:
    """How much of the machine a run takes. With `stop` set it ends after the step in hand, and goes on another time."""

    connections: int | None = None
    stop: asyncio.Event | None = None

    @property
    def is_stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()


async def recompute(portal: Portal, order: Order, *, staged: Show, published: Show) -> RecomputationRun:
    """Begin or resume a run and bring it to its end. Raises RunRefused, ModelTooFine, TwoIndexes."""
    run = await _begin(portal, order)
    if run.status is RunStatus.RUNNING:
        statement = staging_statement(run, order.model, portal.engine.dialect.name)
        await stage_all(portal, run, statement, staged, Pace(order.connections))
    if run.status is not RunStatus.PUBLISHED and not order.stage_only:
        await _publish(portal, run, order, published)
    async with portal.reads() as session:
        return await session.get_one(RecomputationRun, run.id, populate_existing=True)


async def _begin(portal: Portal, order: Order) -> RecomputationRun:
    database = portal.engine.dialect.name
    async with portal.writes() as session:
        run = await begin_run(
            session,
            model=order.model,
            cut_off=order.cut_off,
            chunk=order.chunk or CHUNKS[database],
            pace=order.pace,
            started_by=order.started_by,
            now=portal.clock(),
        )
        await session.commit()
        return run


async def stage_all(
    portal: Portal, run: RecomputationRun, statement: TextClause, show: Show, pace: Pace | None = None
) -> None:
    async def step(session: AsyncSession) -> bool:
        return await stage_next_chunk(session, run=run, statement=statement) is not None

    async def is_over(session: AsyncSession) -> bool:
        return await end_staging(session, run_id=run.id, now=portal.clock())

    async def look(session: AsyncSession) -> None:
        show(*await chunks_staged(session, run_id=run.id))

    await take_all_steps(portal, step, is_over, look, pace)


async def _publish(portal: Portal, run: RecomputationRun, order: Order, show: Show) -> None:
    async with portal.reads() as session:
        changed = await left_to_publish(session, run_id=run.id)

    async def step(session: AsyncSession) -> bool:
        return await publish_next(session, run=run, model=order.model, now=portal.clock()) > 0

    async def is_over(session: AsyncSession) -> bool:
        return await end_publishing(session, run_id=run.id, now=portal.clock())

    async def look(session: AsyncSession) -> None:
        show(changed - await left_to_publish(session, run_id=run.id), changed)

    await take_all_steps(portal, step, is_over, look, Pace(order.connections))


async def take_all_steps(
    portal: Portal, step: Ask, is_over: Ask, look: Look, pace: Pace | None = None
) -> None:
    """Take steps on several connections until none is left here, and wait for those that other processes took."""
    pace = pace or Pace()
    looking = _Looking(portal, look)
    while not pace.is_stopped:
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(pace.connections or CONNECTIONS[portal.engine.dialect.name]):
                    tasks.create_task(_take_steps(portal, step, looking, pace))
        except ExceptionGroup as failed:
            # The others were stopped because of it.
            raise failed.exceptions[0] from None
        await looking.now()
        if await _in_transaction(portal, is_over):
            return
        await asyncio.sleep(POLL_SECONDS)


async def _take_steps(portal: Portal, step: Ask, looking: _Looking, pace: Pace) -> None:
    while not pace.is_stopped and await _in_transaction(portal, step):
        await looking.now_and_then()
        if portal.engine.dialect.name == "sqlite":
            await checkpoint(portal.engine)
            await asyncio.sleep(BREATH_SECONDS)


async def _in_transaction(portal: Portal, ask: Ask) -> bool:
    async with portal.writes() as session:
        answer = await ask(session)
        await session.commit()
        return answer


class _Looking:
    """Showing how far it is: not more often than somebody looks, because counting what is left takes a while."""

    def __init__(self, portal: Portal, look: Look) -> None:
        self.portal, self.look = portal, look
        self.seen_at = time.monotonic()

    async def now_and_then(self) -> None:
        if time.monotonic() - self.seen_at >= LOOK_SECONDS:
            await self.now()

    async def now(self) -> None:
        async with self.portal.reads() as session:
            await self.look(session)
        self.seen_at = time.monotonic()
