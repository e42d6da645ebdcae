"""How Alembic sees the database: the tables of every room, under one naming rule.

`app.schema.upgrade` hands over its connection; the `alembic` command, which writes migrations, opens its own.
"""

import asyncio
import os
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

import migrations.tables
from app.db import Begin, create_engine
from notifications.columns import BigId


def run_migrations(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        render_item=stored_type,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def stored_type(kind: str, item: Any, _autogenerate: object) -> str | Literal[False]:
    """A migration names what the database stores: the column types of today's code may change or go."""
    if kind != "type":
        return False
    if isinstance(item, BigId):
        return "ID"
    if isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    if isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


async def run_with_own_connection() -> None:
    url = os.environ.get("TIWIZI_DATABASE_URL", "sqlite:///var/tiwizi.sqlite")
    engine = create_engine(url, statement_timeout_ms=0, foreign_keys=False)
    async with engine.execution_options(begin=Begin.WRITE).begin() as connection:
        await connection.run_sync(run_migrations)
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run_migrations(given)
else:
    asyncio.run(run_with_own_connection())
