"""What a database holds, and bringing it back to what it held before: each attack meets the same town.

moment = await database.remember()
...
await database.rewind(moment)
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Set
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from sqlalchemy import make_url
from sqlmodel import SQLModel

import migrations.tables  # noqa: F401  every table is declared

TABLES = tuple(table.name for table in SQLModel.metadata.sorted_tables)
COLUMNS = sorted({column.name for table in SQLModel.metadata.sorted_tables for column in table.columns})
# What every request may touch: when a session was last seen, that a form was answered, how often something was tried.
BESIDE = frozenset({"portal_session", "answered_form", "usage"})
Contents = Mapping[str, list[str]]


class Rewinding(Protocol):
    async def remember(self) -> Any: ...

    async def rewind(self, moment: Any) -> None: ...

    async def contents(self) -> Contents:
        """The rows of every table, in no particular order of meaning."""
        ...


def changed(before: Contents, after: Contents, *, beside: Set[str] = BESIDE) -> set[str]:
    """The tables whose rows differ."""
    return {table for table in TABLES if table not in beside and before[table] != after[table]}


def counts(contents: Contents, *, beside: Set[str] = BESIDE) -> dict[str, int]:
    return {table: len(rows) for table, rows in contents.items() if table not in beside}


class SqliteRewinding:
    """Rows are copied aside, and back where they differ. Pages of the file would be copied sooner, but then every
    connection of the portal reads the whole schema anew."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self._look_past_guards()

    def _look_past_guards(self) -> None:
        """They refuse, rightly, that a row of the audit goes. This connection reads a schema without triggers, which is
        as it was before anybody else can see it."""
        for statement in ("PRAGMA writable_schema = ON", "BEGIN IMMEDIATE"):
            self.connection.execute(statement)
        guards = self.connection.execute("SELECT * FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        self.connection.execute("DELETE FROM sqlite_schema WHERE type = 'trigger'")
        for statement in ("PRAGMA writable_schema = RESET", "PRAGMA writable_schema = ON"):
            self.connection.execute(statement)
        self.connection.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", guards)
        for statement in ("COMMIT", "PRAGMA writable_schema = OFF"):
            self.connection.execute(statement)

    def close(self) -> None:
        self.connection.close()

    def _rows(self, table: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(f"SELECT * FROM {table}").fetchall()

    async def remember(self) -> Mapping[str, list[tuple[Any, ...]]]:
        return {table: self._rows(table) for table in TABLES}

    async def rewind(self, moment: Mapping[str, list[tuple[Any, ...]]]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        for table, rows in moment.items():
            if self._rows(table) != rows:
                self.connection.execute(f"DELETE FROM {table}")
                for row in rows:
                    self.connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        self.connection.execute("COMMIT")

    async def contents(self) -> Contents:
        return {table: sorted(map(repr, self._rows(table))) for table in TABLES}


class PostgresRewinding:
    """Rows are copied to a schema aside, and back."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection, self.numbers = connection, count()

    async def remember(self) -> str:
        moment = f"moment_{next(self.numbers)}"
        copies = [f"CREATE UNLOGGED TABLE {moment}.{table} AS TABLE public.{table}" for table in TABLES]
        await self.connection.execute("; ".join([f"CREATE SCHEMA {moment}", *copies]))
        return moment

    async def rewind(self, moment: str) -> None:
        """Without the guards of the tables: they refuse, rightly, that a row of the audit goes."""
        back = [
            f"DELETE FROM public.{table};"
            f"INSERT INTO public.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {moment}.{table}"
            for table in TABLES
        ]
        await self.connection.execute("; ".join(["SET session_replication_role = replica", *back]))

    async def contents(self) -> Contents:
        return {
            table: sorted(
                row[0] for row in await self.connection.fetch(f"SELECT each::text FROM {table} AS each")
            )
            for table in TABLES
        }


@asynccontextmanager
async def rewinding(url: str) -> AsyncIterator[Rewinding]:
    """The database of a test, which nobody else uses while it is being rewound."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        database = SqliteRewinding(Path(parsed.database or ""))
        yield database
        database.close()
        return
    connection = await asyncpg.connect(
        host=parsed.query["host"], user=parsed.username, database=parsed.database
    )
    try:
        yield PostgresRewinding(connection)
    finally:
        await connection.close()
