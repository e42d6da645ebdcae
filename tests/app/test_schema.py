"""The migrations lead, on both databases, to exactly the tables that the code declares."""

import asyncio
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from app.db import Begin, create_engine
from app.schema import alembic_configuration, is_current, upgrade


@pytest.fixture
async def empty(database: str) -> str:
    """A database as its administrator hands it over: nothing in it."""
    engine = create_engine(database, foreign_keys=False)
    async with engine.execution_options(begin=Begin.WRITE).begin() as connection:
        await connection.run_sync(drop_everything)
    await engine.dispose()
    return database


def drop_everything(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        return
    SQLModel.metadata.drop_all(connection)
    connection.execute(text("DROP TABLE alembic_version"))


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    found: list[Any] = compare_metadata(context, SQLModel.metadata)
    return found


async def test_the_migrated_database_is_what_the_code_declares(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_column_that_no_migration_knows_is_noticed(engine: AsyncEngine) -> None:
    async with engine.execution_options(begin=Begin.WRITE).begin() as connection:
        await connection.execute(text("ALTER TABLE notification ADD COLUMN forgotten INTEGER"))
        assert await connection.run_sync(differences) != []


async def test_a_database_is_current_only_when_migrated(empty: str) -> None:
    engine = create_engine(empty)
    assert not await is_current(engine)
    await upgrade(empty)
    assert await is_current(engine)
    await engine.dispose()


async def test_upgrades_at_once_and_again_change_nothing(empty: str) -> None:
    await asyncio.gather(*(upgrade(empty) for _ in range(3)))
    await upgrade(empty)
    engine = create_engine(empty)
    assert await is_current(engine)
    await engine.dispose()


async def test_every_migration_can_be_taken_back(engine: AsyncEngine) -> None:
    def take_back(connection: Connection) -> set[str]:
        configuration = alembic_configuration()
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, "base")
        return set(inspect(connection).get_table_names())

    async with engine.execution_options(begin=Begin.WRITE).begin() as connection:
        assert await connection.run_sync(take_back) == {"alembic_version"}


async def test_every_constraint_has_a_name_by_which_a_later_migration_can_change_it(
    engine: AsyncEngine,
) -> None:
    def unnamed(connection: Connection) -> list[str]:
        seen = inspect(connection)
        return [
            table
            for table in SQLModel.metadata.tables
            for constraint in (
                seen.get_pk_constraint(table),
                *seen.get_foreign_keys(table),
                *seen.get_unique_constraints(table),
            )
            if constraint["name"] is None
        ]

    async with engine.connect() as connection:
        assert await connection.run_sync(unnamed) == []
