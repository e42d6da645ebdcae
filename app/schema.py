"""The database's shape: bringing it up to date, and knowing whether it is."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

import migrations
from app.db import Begin, create_engine

# Any number that nothing else in the database uses: two processes that upgrade at once take turns.
UPGRADE_LOCK = 7_319_042


async def upgrade(url: str, revision: str = "head") -> None:
    """Apply every migration that the database lacks, in one transaction: all of them or none."""
    engine = create_engine(url, statement_timeout_ms=0, foreign_keys=False)
    try:
        writing = engine.execution_options(begin=Begin.WRITE)
        async with writing.begin() as connection:
            await connection.run_sync(_upgrade, revision)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
    configuration = alembic_configuration()
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, revision)
    if connection.dialect.name == "sqlite":
        _refuse_broken_references(connection)


def _refuse_broken_references(connection: Connection) -> None:
    """SQLite rebuilds a table to change it, with foreign keys off: what that broke shows before the commit."""
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"the migration leaves {len(broken)} dangling references, first in {broken[0][0]}")


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database has exactly the migrations that this code was written for."""
    async with engine.connect() as connection:
        return await connection.run_sync(_applied_revisions) == newest_revisions()


def _applied_revisions(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


@cache
def newest_revisions() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(alembic_configuration()).get_heads())


def alembic_configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    return configuration
