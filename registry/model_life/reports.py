"""A dry run as people read it: who comes in and who goes out, of which region, zone and kind of household."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from registry.model_life.tables import Crossing, CrossingCount, DryRun, ModelNotice

CENTS: Final = 100
MOST_PEOPLE: Final = 9


@dataclass(frozen=True, slots=True)
class CrossingRow:
    """`of` is the region, the zone, the type of household or its size; empty for all of them together."""

    programme: str
    crossing: Crossing
    of: str
    households: int
    monthly_mad: Decimal


@dataclass(frozen=True)
class Crossings:
    """`losing` are the households that would lose something in any programme."""

    by_programme: tuple[CrossingRow, ...]
    by_region: tuple[CrossingRow, ...]
    by_zone: tuple[CrossingRow, ...]
    by_type: tuple[CrossingRow, ...]
    by_size: tuple[CrossingRow, ...]
    losing: int


async def crossings(session: AsyncSession, *, dry_run: DryRun) -> Crossings:
    counted = (await session.exec(select(CrossingCount).where(CrossingCount.dry_run_id == dry_run.id))).all()
    losing = await session.scalar(
        select(func.count()).select_from(ModelNotice).where(col(ModelNotice.version_id) == dry_run.version_id)
    )
    return Crossings(
        by_programme=_summed(counted, lambda _: ""),
        by_region=_summed(counted, lambda row: row.region),
        by_zone=_summed(counted, lambda row: row.zone),
        by_type=_summed(counted, lambda row: row.household_type.value),
        by_size=_summed(counted, lambda row: str(min(row.size, MOST_PEOPLE))),
        losing=losing or 0,
    )


def _summed(counted: Iterable[CrossingCount], of: Callable[[CrossingCount], str]) -> tuple[CrossingRow, ...]:
    sums: dict[tuple[str, str, Crossing], list[int]] = {}
    for row in counted:
        key = (of(row), row.programme, row.crossing)
        households, cents = sums.get(key, [0, 0])
        sums[key] = [households + row.households, cents + row.monthly_cents]
    order = list(Crossing)
    return tuple(
        CrossingRow(programme, crossing, part, households, Decimal(cents) / CENTS)
        for (part, programme, crossing), (households, cents) in sorted(
            sums.items(), key=lambda item: (item[0][0], item[0][1], order.index(item[0][2]))
        )
    )
