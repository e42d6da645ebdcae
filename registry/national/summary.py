"""What a recomputation of the whole country means, for whoever answers for it."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.dates import local_date
from registry.national.sql import index_decimals
from registry.national.tables import RecomputationRun, StageState
from registry.rules.programmes import rules_in_force
from registry.rules.scoring import IndexModel

# The states in which a household's new index counts, published already or still to be.
MOVED: Final = (StageState.CHANGED, StageState.PUBLISHED)


@dataclass(frozen=True)
class Crossing:
    """The households that a programme opens for, and closes for, by the rule of the run's day."""

    programme: str
    opened: int
    closed: int


@dataclass(frozen=True)
class Moves:
    """How many households' index rises and falls, and who crosses which threshold."""

    rising: int
    falling: int
    crossings: tuple[Crossing, ...]


async def moves(session: AsyncSession, *, run: RecomputationRun, model: IndexModel) -> Moves:
    """From the stage, so only until the next run begins."""
    decimals = index_decimals(model)
    rules = rules_in_force(local_date(run.cut_off))
    counted = ['"index" > previous', '"index" < previous']
    for rule in rules.values():
        now, before = rule.sql_is_open('"index"', decimals), rule.sql_is_open("previous", decimals)
        counted += [f"{now} AND NOT {before}", f"{before} AND NOT {now}"]
    columns = ", ".join(f"count(CASE WHEN {condition} THEN 1 END)" for condition in counted)
    states = ", ".join(f"'{state.value}'" for state in MOVED)
    query = f"SELECT {columns} FROM recomputation_stage WHERE run_id = :run AND state IN ({states})"  # noqa: S608
    connection = await session.connection()
    row = (await connection.execute(text(query), {"run": run.id})).one()
    return Moves(
        rising=row[0],
        falling=row[1],
        crossings=tuple(
            Crossing(code, row[2 + 2 * place], row[3 + 2 * place]) for place, code in enumerate(rules)
        ),
    )
