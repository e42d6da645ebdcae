"""Where connections come from: one engine a process, and factories for the one transaction of a request.

Two databases are promised. SQLite is the embedded default: one file, one process, write-ahead log, every
commit on the disk before it is acknowledged. PostgreSQL is production. What differs is decided here.
"""

import asyncio
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import TimeoutError as DatabaseBusy
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_only
from sqlmodel.ext.asyncio.session import AsyncSession

from app import inline_sqlite

BUSY_TIMEOUT_MS = 5_000
STATEMENT_TIMEOUT_MS = 5_000
POOL_SIZE = 10

# https://www.sqlite.org/wal.html#walresetbug: two connections that checkpoint at the same moment can lose
# committed data. Repaired in 3.51.3, and in the older lines 3.44 and 3.50 from these releases on.
WAL_RESET_BUG_FROM = (3, 7, 0)
WAL_RESET_BUG_REPAIRED = (3, 51, 3)
WAL_RESET_BUG_REPAIRED_IN_LINE = {(3, 44): (3, 44, 6), (3, 50): (3, 50, 7)}

# What only looks. A look that begins with WITH is taken for a change, which costs a wait and breaks nothing.
LOOKS = ("SELECT", "PRAGMA", "EXPLAIN")

Sessions = async_sessionmaker[AsyncSession]


class Begin(StrEnum):
    """How SQLite opens a transaction; a writer that starts as a reader can be refused halfway.

    LATE opens none before something is written or a row is to be locked: until then each statement sees the newest
    commit, as on PostgreSQL, and nobody waits for it.
    """

    READ = "BEGIN"
    WRITE = "BEGIN IMMEDIATE"
    LATE = "late"
    NONE = ""


class SecondProcessRefused(Exception):
    """Another process holds the embedded database, and the SQLite here cannot be trusted with two."""

    code = "second_process"

    def __init__(self, database: Path) -> None:
        super().__init__(
            f"{database} is in use by another process. SQLite {sqlite3.sqlite_version} can lose committed data"
            " when two processes write to one file (the WAL-reset bug, repaired in 3.51.3). Stop the other"
            " process, install a newer SQLite, or set TIWIZI_DATABASE_URL to a PostgreSQL database."
        )


class TurnHeld(Exception):
    """Slow work was begun after something was written: on SQLite all other writers would wait until it is done."""


def database_url(url: str) -> URL:
    """The address with the asynchronous driver named, whichever usual spelling was given."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return _with_asyncpg_names(parsed.set(drivername="postgresql+asyncpg"))
    raise ValueError(
        f"TIWIZI_DATABASE_URL names {parsed.get_backend_name()!r}; sqlite and postgresql are supported"
    )


def _with_asyncpg_names(url: URL) -> URL:
    """libpq's `sslmode`, which every hosting company's address carries, is called `ssl` by asyncpg."""
    if "sslmode" not in url.query:
        return url
    query = dict(url.query)
    query["ssl"] = query.pop("sslmode")
    return url.set(query=query)


def create_engine(
    url: str, *, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS, foreign_keys: bool = True
) -> AsyncEngine:
    """An engine for `url`. A `statement_timeout_ms` of 0 means no limit (PostgreSQL only)."""
    parsed = database_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, foreign_keys)
    engine = create_async_engine(
        parsed,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=STATEMENT_TIMEOUT_MS / 1000,
        connect_args={
            "server_settings": {
                "application_name": "tiwizi",
                "timezone": "UTC",
                "statement_timeout": str(statement_timeout_ms),
                # Compiling the short queries of a page costs more than running them.
                "jit": "off",
            }
        },
    )
    _note_writers(engine)
    return engine


def _note_writers(engine: AsyncEngine) -> None:
    """Remember of a connection that it has written or locked something, until it goes back."""

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(
        connection: Connection, _c: Any, statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        if not connection.info.get("has_turn") and _needs_turn(statement, context):
            connection.info["has_turn"] = True

    @event.listens_for(engine.sync_engine, "checkin")
    def leave(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info.pop("has_turn", None)


async def give_back(session: AsyncSession) -> None:
    """Return the connection of a session that has only read, so that others have it during a long wait.

    Raises TurnHeld for a session that has written: everybody would wait for it.
    """
    connection = await session.connection()
    if connection.info.get("has_turn") or session.new or session.dirty or session.deleted:
        raise TurnHeld
    await session.commit()


async def without_time_limit(session: AsyncSession) -> None:
    """For an operator's statement that reads whole tables; until the connection goes back."""
    if session.get_bind().dialect.name == "postgresql":
        await session.exec(text("SET statement_timeout = 0"))  # type: ignore[call-overload]


def reading_engine(engine: AsyncEngine) -> AsyncEngine:
    """The engine that pages are read through: on SQLite one without threads, on PostgreSQL the same one."""
    if engine.dialect.name != "sqlite":
        return engine
    return _sqlite_engine(engine.url.set(drivername=inline_sqlite.DRIVER), foreign_keys=True)


def _sqlite_engine(url: URL, foreign_keys: bool) -> AsyncEngine:
    engine = create_async_engine(url, pool_size=POOL_SIZE, max_overflow=0)
    pragmas = [
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
    ]
    if has_wal_reset_bug():
        pragmas.append("PRAGMA wal_autocheckpoint = 0")

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:
        # The driver must not open transactions of its own: `begin` below does, and says which kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    _queue_writers(engine)

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        statement = _begin_of(connection)
        if statement in (Begin.READ, Begin.WRITE):
            connection.exec_driver_sql(statement)

    return engine


def _queue_writers(engine: AsyncEngine) -> None:
    """Let the writers of this process through one by one, in the order they came.

    Left to itself SQLite makes a writer that finds the file taken sleep and try again, ever longer: of
    sixteen at once the unluckiest waited half a second, and waits a fifteenth of that in a queue.
    """
    turn = asyncio.Lock()

    async def take_turn() -> None:
        try:
            async with asyncio.timeout(BUSY_TIMEOUT_MS / 1000):
                await turn.acquire()
        except TimeoutError:
            raise DatabaseBusy("other writers held the database for too long") from None

    @event.listens_for(engine.sync_engine, "begin")
    def wait(connection: Connection) -> None:
        if _begin_of(connection) == Begin.WRITE and not connection.info.get("has_turn"):
            await_only(take_turn())
            connection.info["has_turn"] = True

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def begin_late(
        connection: Connection, cursor: Any, statement: str, _values: Any, context: Any, _many: bool
    ) -> None:
        late = _begin_of(connection) == Begin.LATE and not connection.info.get("has_turn")
        if late and _needs_turn(statement, context):
            await_only(take_turn())
            connection.info["has_turn"] = True
            cursor.execute(Begin.WRITE.value)

    @event.listens_for(engine.sync_engine, "checkin")
    def leave(_connection: object, record: ConnectionPoolEntry) -> None:
        if record.info.pop("has_turn", False):
            turn.release()


def _needs_turn(statement: str, context: Any) -> bool:
    """A change, or a look that PostgreSQL would lock the rows of."""
    locks = getattr(context.invoked_statement, "_for_update_arg", None) is not None
    return locks or not statement.lstrip()[:8].upper().startswith(LOOKS)


def _begin_of(connection: Connection) -> Begin:
    return Begin(connection.get_execution_options().get("begin", Begin.READ))


def session_factory(engine: AsyncEngine, *, writing: bool = True, late: bool = False) -> Sessions:
    """Sessions whose transaction may write, or (`writing=False`) only reads and waits for no writer.

    On SQLite a writing transaction takes the write lock when it begins, so that it is never refused after
    it has read; with `late`, for code that locks what it reads before it changes it, at its first write.
    Reading opens no transaction at all: each statement of a page sees the newest commit, and
    the two round trips around them are spared.
    """
    reading = {"begin": Begin.NONE} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    bound = engine.execution_options(
        **({"begin": Begin.LATE if late else Begin.WRITE} if writing else reading)
    )
    return async_sessionmaker(bound, class_=AsyncSession, expire_on_commit=False)


def has_wal_reset_bug(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    repaired = WAL_RESET_BUG_REPAIRED_IN_LINE.get(version[:2], WAL_RESET_BUG_REPAIRED)
    return WAL_RESET_BUG_FROM <= version < repaired


async def checkpoint(engine: AsyncEngine) -> None:
    """Move SQLite's write-ahead log into the database file; nothing on PostgreSQL.

    Where the WAL-reset bug exists no connection does it by itself: one periodic task calls this.
    """
    if engine.dialect.name != "sqlite":
        return
    async with engine.connect() as connection:
        await connection.execution_options(begin=Begin.NONE)
        await connection.execute(text("PRAGMA wal_checkpoint(PASSIVE)"))


@contextmanager
def guard_single_process(url: str) -> Iterator[None]:
    """Hold the embedded database, for this process alone where two would endanger it.

    Raises SecondProcessRefused when another process holds it. The lock ends with the process, however that
    ends; where two processes are welcome it still shows that the database is in use.
    """
    database = database_url(url).database
    if database_url(url).get_backend_name() != "sqlite" or not database:
        yield
        return
    kind = fcntl.LOCK_EX if has_wal_reset_bug() else fcntl.LOCK_SH
    lock = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SecondProcessRefused(Path(database)) from None
        yield
    finally:
        os.close(lock)
