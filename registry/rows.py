"""Statements that behave alike on both databases."""

from typing import Any

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.limits import upsert
from notifications.columns import table_of


async def insert_unless_taken(session: AsyncSession, table: type[SQLModel], **values: Any) -> int | None:
    """Insert a row and return its id, or None where a unique index says that somebody was first.

    No error is raised inside the transaction, so the caller can still write who lost and why.
    """
    key = table_of(table).c.id
    statement = upsert(session)(table).values(**values).on_conflict_do_nothing().returning(key)
    inserted: int | None = await session.scalar(statement)
    return inserted
