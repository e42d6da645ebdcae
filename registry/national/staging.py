"""The first half of a recomputation: every household's result into the stage, chunk by chunk, seen by nobody."""

from typing import Final

from sqlalchemy import TextClause, bindparam, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.columns import UtcDateTime
from registry.national.dialects import DIALECTS
from registry.national.sql import index_decimals, scoring_sql
from registry.national.tables import ChunkStatus, RecomputationChunk, RecomputationRun, StageState
from registry.rules.scoring import IndexModel
from registry.tables import HouseholdStatus

# Beside the columns of the declaration behind each household's index.
PASSING: Final = ("household", "id", "event", "event_model", "event_at", "previous")

# The range is said of every table, so that each of them is read from one end of it to the other.
DECLARATIONS: Final = """SELECT declaration.*, present.*
    FROM present JOIN declaration ON declaration.id = present.declaration_id
    WHERE declaration.household_id BETWEEN :lo AND :hi"""

# A chunk takes seconds where a page takes milliseconds. Its plan is made for its own range, and reads each table once:
# the only loop is the one over the members of each household, which is written as one.
LONG_STATEMENTS: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL plan_cache_mode = force_custom_plan",
    "SET LOCAL enable_nestloop = off",
    "SET LOCAL enable_mergejoin = off",
    "SET LOCAL work_mem = '32MB'",
)


async def stage_next_chunk(
    session: AsyncSession, *, run: RecomputationRun, statement: TextClause
) -> int | None:
    """Put the next chunk that nobody has taken into the stage. Returns its households, None when none is left."""
    chunk = (
        await session.exec(
            select(RecomputationChunk)
            .where(RecomputationChunk.run_id == run.id, RecomputationChunk.status == ChunkStatus.WAITING)
            .order_by(col(RecomputationChunk.lo))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
    ).one_or_none()
    if chunk is None:
        return None
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        for setting in LONG_STATEMENTS:
            await connection.execute(text(setting))
    written = await connection.execute(
        statement, {"run": run.id, "lo": chunk.lo, "hi": chunk.hi, "cut_off": run.cut_off}
    )
    households = written.rowcount
    await session.exec(
        update(RecomputationChunk)
        .where(col(RecomputationChunk.run_id) == run.id, col(RecomputationChunk.lo) == chunk.lo)
        .values(status=ChunkStatus.STAGED, households=households)
    )
    return households


def staging_statement(
    run: RecomputationRun, model: IndexModel, database: str, *, is_changed: str | None = None
) -> TextClause:
    """Score a range of households on the facts of their present index, and say what that changes.

    A household whose index is newer than the cut-off keeps it. `is_changed` is a condition in SQL on `index`,
    `previous` and `event_model`; without it, another index or model counts as a change. Raises ModelTooFine.
    """
    scoring = scoring_sql(
        model, database, declarations=DECLARATIONS, passing=PASSING, given=_current(model, database)
    )
    decide_again = "TRUE" if run.decide_again else "FALSE"
    another = f"event_model <> '{model.name}' OR \"index\" <> previous OR {decide_again}"
    return text(
        f"""INSERT INTO recomputation_stage
    (run_id, household_id, declaration_id, previous_event_id, "index", previous, state)
SELECT :run, household, id, event, "index", previous, CASE
    WHEN event_at > :cut_off THEN '{StageState.OVERTAKEN.value}'
    WHEN "index" IS NULL THEN '{StageState.UNSCORABLE.value}'
    WHEN {is_changed or another} THEN '{StageState.CHANGED.value}'
    ELSE '{StageState.SAME.value}' END
FROM ({scoring.query}) scored"""  # noqa: S608 -- written from the model's file alone.
    ).bindparams(bindparam("cut_off", type_=UtcDateTime()))


def _current(model: IndexModel, database: str) -> str:
    """The index that each household of the range has now. The index of the table holds all of it but the ledgers."""
    previous = DIALECTS[database].scaled('event."index"', index_decimals(model))
    return f"""present AS MATERIALIZED (
    SELECT household.id AS household, event.id AS event, event.declaration_id, event.model AS event_model,
        event.computed_at AS event_at, {previous} AS previous
    FROM household JOIN index_event event
        ON event.household_id = household.id AND event.id = household.current_index_id
    WHERE household.id BETWEEN :lo AND :hi AND event.household_id BETWEEN :lo AND :hi
        AND household.status = '{HouseholdStatus.ACTIVE.value}'
)"""  # noqa: S608 -- as above.
