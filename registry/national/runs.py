"""A recomputation of the whole country: begun once, resumed after any interruption, ended once.

The stages are in `national_staging` and `national_publishing`; whoever drives a run commits between their steps.
"""

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import case, delete, func, insert, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.references import new_reference
from registry.dates import local_date
from registry.errors import Refused
from registry.national.sql import index_decimals
from registry.national.tables import (
    ChunkStatus,
    RecomputationChunk,
    RecomputationRun,
    RecomputationStage,
    RunStatus,
    StageState,
)
from registry.rows import insert_unless_taken
from registry.rules.programmes import rules_digest
from registry.rules.scoring import IndexModel, model_on
from registry.tables import Household

MESSAGES_A_SECOND: Final = 20


class RunRefused(Refused):
    """A run cannot begin. The text says why, for the operator."""

    code = "run_refused"


class NotInForce(RunRefused):
    """Citizens who declare on this day get the index of another model."""

    code = "model_not_in_force"

    def __init__(self, model: IndexModel, day: date) -> None:
        super().__init__(
            f"on {day.isoformat()} the model in force is {model_on(day).name}, and not {model.name}"
        )


class AnotherRun(RunRefused):
    """One run goes on at a time."""

    code = "another_run"

    def __init__(self, run: RecomputationRun) -> None:
        kind = "dry run" if run.is_dry_run else "run"
        super().__init__(
            f"the {kind} {run.reference} by the model {run.model}, cut off at {run.cut_off.isoformat()}, has not ended"
        )


def require_in_force(model: IndexModel, *, cut_off: datetime) -> None:
    """Raises NotInForce: whoever declares after the run would go back to the other model."""
    day = local_date(cut_off)
    if model_on(day).name != model.name:
        raise NotInForce(model, day)


async def begin_run(
    session: AsyncSession,
    *,
    model: IndexModel,
    cut_off: datetime | None,
    chunk: int,
    pace: int,
    started_by: str,
    now: datetime,
    dry_run_of: str | None = None,
) -> RecomputationRun:
    """The run of this model that has not ended, or the published one of this very cut-off, or a new one.

    `dry_run_of` names the version that a dry run is of.

    A new run's cut-off is now unless it is given. Raises RunRefused, ModelTooFine.
    """
    index_decimals(model)
    if cut_off is not None and cut_off > now:
        raise RunRefused("the cut-off is still to come")
    if unfinished := await unfinished_run(session):
        return _same(unfinished, dry_run_of or model.name, cut_off, is_dry=dry_run_of is not None)
    if cut_off is not None and (done := await _published(session, model=model.name, cut_off=cut_off)):
        return done
    values = await _new_run(session, model, cut_off or now, pace, started_by, now)
    if dry_run_of is not None:
        values |= {"model": dry_run_of, "is_dry_run": True}
    run_id = await insert_unless_taken(session, RecomputationRun, **values)
    if run_id is None:
        first = await unfinished_run(session)
        if first is None:
            raise RunRefused("another run began and ended at this very moment")
        return _same(first, dry_run_of or model.name, cut_off, is_dry=dry_run_of is not None)
    await _clear_stage(session)
    await _cut_into_chunks(session, run_id, chunk)
    return await session.get_one(RecomputationRun, run_id)


async def unfinished_run(session: AsyncSession) -> RecomputationRun | None:
    found = await session.exec(select(RecomputationRun).where(col(RecomputationRun.unfinished).is_(True)))
    return found.one_or_none()


def _same(run: RecomputationRun, name: str, cut_off: datetime | None, *, is_dry: bool) -> RecomputationRun:
    if run.model != name or run.is_dry_run != is_dry or cut_off not in (None, run.cut_off):
        raise AnotherRun(run)
    return run


async def _published(session: AsyncSession, **which: Any) -> RecomputationRun | None:
    found = await session.exec(
        select(RecomputationRun)
        .filter_by(status=RunStatus.PUBLISHED, **which)
        .order_by(col(RecomputationRun.id).desc())
        .limit(1)
    )
    return found.one_or_none()


async def _new_run(
    session: AsyncSession, model: IndexModel, cut_off: datetime, pace: int, started_by: str, now: datetime
) -> dict[str, Any]:
    """Where other rules of the programmes apply than in the last run, every household is decided again."""
    rules = rules_digest(local_date(cut_off))
    last = await _published(session)
    return {
        "reference": new_reference("N"),
        "model": model.name,
        "cut_off": cut_off,
        "status": RunStatus.RUNNING,
        "unfinished": True,
        "is_dry_run": False,
        "rules": rules,
        "decide_again": last is None or last.rules != rules,
        "pace": pace,
        "messages": 0,
        "started_by": started_by,
        "started_at": now,
        "counts": {},
    }


async def _clear_stage(session: AsyncSession) -> None:
    """No run goes on: the results of the last one have served."""
    connection = await session.connection()
    table = RecomputationStage.__tablename__
    empty = f"TRUNCATE {table}" if connection.dialect.name == "postgresql" else f"DELETE FROM {table}"  # noqa: S608
    await connection.execute(text(empty))


async def _cut_into_chunks(session: AsyncSession, run_id: int, chunk: int) -> None:
    first = await session.scalar(select(func.min(Household.id)))
    last = await session.scalar(select(func.max(Household.id)))
    if first is None or last is None:
        return
    connection = await session.connection()
    await connection.execute(
        insert(RecomputationChunk),
        [
            {
                "run_id": run_id,
                "lo": lo,
                "hi": lo + chunk - 1,
                "status": ChunkStatus.WAITING,
                "households": 0,
            }
            for lo in range(first, last + 1, chunk)
        ],
    )


async def chunks_staged(session: AsyncSession, *, run_id: int) -> tuple[int, int]:
    """How many chunks are in the stage, of how many."""
    is_staged = case((col(RecomputationChunk.status) == ChunkStatus.STAGED, 1))
    counted = await session.exec(
        select(func.count(is_staged), func.count()).where(RecomputationChunk.run_id == run_id)
    )
    staged, chunks = counted.one()
    return staged, chunks


async def left_to_publish(session: AsyncSession, *, run_id: int) -> int:
    left = await session.scalar(
        select(func.count()).where(
            RecomputationStage.run_id == run_id, RecomputationStage.state == StageState.CHANGED
        )
    )
    return left or 0


async def end_staging(session: AsyncSession, *, run_id: int, now: datetime) -> bool:
    """Whether every chunk is in the stage; of several processes one writes it down."""
    waiting = await session.scalar(
        select(RecomputationChunk.lo)
        .where(RecomputationChunk.run_id == run_id, RecomputationChunk.status == ChunkStatus.WAITING)
        .limit(1)
    )
    if waiting is not None:
        return False
    await _move(session, run_id, RunStatus.RUNNING, status=RunStatus.STAGED, staged_at=now)
    return True


async def end_publishing(session: AsyncSession, *, run_id: int, now: datetime) -> bool:
    """Whether nothing is left to be published; of several processes one ends the run, with its summary."""
    left = await session.scalar(
        select(RecomputationStage.household_id)
        .where(RecomputationStage.run_id == run_id, RecomputationStage.state == StageState.CHANGED)
        .limit(1)
    )
    if left is not None:
        return False
    counts = await count_states(session, run_id=run_id)
    ended = {"status": RunStatus.PUBLISHED, "unfinished": None, "finished_at": now, "counts": counts}
    await _move(session, run_id, RunStatus.STAGED, **ended)
    return True


async def abandon(session: AsyncSession, *, now: datetime) -> RecomputationRun | None:
    """Give up the run that has not ended: what it has published stays, the rest is forgotten."""
    run = await unfinished_run(session)
    if run is None:
        return None
    counts = await count_states(session, run_id=run.id)
    ended = {"status": RunStatus.ABANDONED, "unfinished": None, "finished_at": now, "counts": counts}
    await _move(session, run.id, run.status, **ended)
    # Whoever is at work on it finds nothing more to do.
    await session.exec(
        delete(RecomputationChunk).where(
            col(RecomputationChunk.run_id) == run.id, col(RecomputationChunk.status) == ChunkStatus.WAITING
        )
    )
    return run


async def count_states(session: AsyncSession, *, run_id: int) -> dict[str, int]:
    stage = RecomputationStage
    found = await session.exec(
        select(stage.state, func.count()).where(stage.run_id == run_id).group_by(col(stage.state))
    )
    return {state.value: 0 for state in StageState} | {str(state): households for state, households in found}


async def _move(session: AsyncSession, run_id: int, was: RunStatus, **values: Any) -> None:
    await session.exec(
        update(RecomputationRun)
        .where(col(RecomputationRun.id) == run_id, col(RecomputationRun.status) == was)
        .values(**values)
    )
