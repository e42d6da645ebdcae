"""What is stored comes back the same, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from sqlalchemy import Column, MetaData, Table, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from notifications.columns import BigId, ExactDecimal, UtcDateTime, enum_text


class Colour(StrEnum):
    RED = "red"


METADATA = MetaData()
THINGS = Table(
    "thing",
    METADATA,
    Column("id", BigId, primary_key=True),
    Column("at", UtcDateTime),
    Column("number", ExactDecimal),
    Column("colour", enum_text(Colour)),
)


@pytest.fixture
async def things(engine: AsyncEngine) -> AsyncEngine:
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    return engine


async def test_an_instant_comes_back_aware_and_in_utc(things: AsyncEngine) -> None:
    in_casablanca = datetime(2026, 11, 21, 14, 30, 5, 123456, tzinfo=timezone(timedelta(hours=1)))
    async with things.begin() as connection:
        await connection.execute(insert(THINGS).values(at=in_casablanca))
        kept = (await connection.execute(select(THINGS.c.at))).scalar_one()
        earlier = select(THINGS.c.id).where(THINGS.c.at < in_casablanca + timedelta(microseconds=1))
        assert (await connection.execute(earlier)).scalar_one() == 1
    assert kept == in_casablanca
    assert kept.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "written", ["9.6012644", "0.10", "-0.000000000000000000000000001", "1E+5", "123456789012345678901.5"]
)
async def test_a_number_keeps_every_digit(things: AsyncEngine, written: str) -> None:
    async with things.begin() as connection:
        await connection.execute(insert(THINGS).values(number=Decimal(written)))
        kept = (await connection.execute(select(THINGS.c.number))).scalar_one()
    assert kept == Decimal(written)
    assert format(kept, "f") == format(Decimal(written), "f")


async def test_a_closed_set_comes_back_as_its_member(things: AsyncEngine) -> None:
    async with things.begin() as connection:
        await connection.execute(insert(THINGS).values(colour=Colour.RED))
        assert (await connection.execute(select(THINGS.c.colour))).scalar_one() is Colour.RED


@pytest.mark.parametrize(
    "refused",
    [
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"number": Decimal("NaN")},
        {"number": 1.5},
        {"colour": "blue"},
    ],
)
async def test_what_cannot_be_kept_exactly_is_refused(
    things: AsyncEngine, refused: dict[str, object]
) -> None:
    async with things.connect() as connection:
        with pytest.raises(StatementError):
            await connection.execute(insert(THINGS).values(**refused))


async def test_rows_are_numbered_by_the_database(things: AsyncEngine) -> None:
    async with things.begin() as connection:
        for _ in range(2):
            await connection.execute(insert(THINGS).values(at=datetime.now(UTC)))
        assert (await connection.execute(select(THINGS.c.id).order_by(THINGS.c.id))).scalars().all() == [1, 2]
