"""SQLite read on the event loop itself, without a thread.

A page asks the embedded database a few questions that it answers in microseconds; handing each over to a thread and
back costs many times more than the answer. In write-ahead mode a reader waits for nobody, so nothing is held up.
Writing, which waits for its turn and for the disk, stays on threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only

DRIVER = "sqlite+inline"


class _Ready:
    """An awaitable that is done at once: SQLAlchemy insists that an asynchronous driver awaits something."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


class _Cursor(sqlite3.Cursor):
    """A cursor that SQLAlchemy may close as it closes asynchronous ones."""

    server_side = False

    async def _async_soft_close(self) -> None:
        return


class _Connection(sqlite3.Connection):
    def cursor(self, _factory: object = None) -> _Cursor:  # type: ignore[override]
        return super().cursor(_Cursor)


class InlineSQLite(SQLiteDialect_pysqlite):
    """The standard driver behind SQLAlchemy's asynchronous interface."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> tuple[Any, Any]:
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, "factory": _Connection}

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        await_only(_Ready())
        cursor.execute(statement, parameters)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        await_only(_Ready())
        cursor.execute(statement)


registry.register("sqlite.inline", __name__, InlineSQLite.__name__)
