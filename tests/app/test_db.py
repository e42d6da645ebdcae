"""What the two databases promise the rest of the code."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as DatabaseBusy
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import (
    SecondProcessRefused,
    Sessions,
    checkpoint,
    create_engine,
    database_url,
    guard_single_process,
    has_wal_reset_bug,
    session_factory,
)


@pytest.fixture
def sessions(engine: AsyncEngine) -> Sessions:
    return session_factory(engine)


@pytest.fixture
async def counter(sessions: Sessions) -> Sessions:
    async with sessions() as session, session.begin():
        connection = await session.connection()
        await connection.execute(text("CREATE TABLE counter (n INTEGER NOT NULL)"))
        await connection.execute(text("INSERT INTO counter VALUES (0)"))
    return sessions


async def count(sessions: Sessions) -> int:
    async with sessions() as session:
        connection = await session.connection()
        return int((await connection.execute(text("SELECT n FROM counter"))).scalar_one())


async def test_a_transaction_that_fails_leaves_nothing(counter: Sessions) -> None:
    async def fail_halfway() -> None:
        async with counter() as session, session.begin():
            await (await session.connection()).execute(text("UPDATE counter SET n = 7"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_halfway()
    assert await count(counter) == 0


async def test_writers_at_once_wait_for_each_other(counter: Sessions) -> None:
    async def add_one() -> None:
        async with counter() as session, session.begin():
            connection = await session.connection()
            locking = "" if connection.dialect.name == "sqlite" else "FOR UPDATE"
            n = (await connection.execute(text(f"SELECT n FROM counter {locking}"))).scalar_one()
            await connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert await count(counter) == 12


async def test_who_reads_before_it_writes_keeps_nobody_waiting(
    engine: AsyncEngine, counter: Sessions
) -> None:
    late = session_factory(engine, late=True)
    async with late() as reader, late() as other:
        assert await read(reader) == 0
        await add(other)
        await other.commit()
        assert await read(reader) == 1, "each statement sees the newest commit"
        await add(reader)
        await reader.rollback()
    assert await count(counter) == 1


async def test_late_writers_that_lock_what_they_read_lose_nothing(
    engine: AsyncEngine, counter: Sessions
) -> None:
    late = session_factory(engine, late=True)
    counters = Table("counter", MetaData(), Column("n", Integer))

    async def add_one() -> None:
        async with late() as session, session.begin():
            await read(session)
            connection = await session.connection()
            n = (await connection.execute(select(counters.c.n).with_for_update())).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(update(counters).values(n=n + 1))

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert await count(counter) == 12


async def read(session: AsyncSession) -> int:
    return int((await (await session.connection()).execute(text("SELECT n FROM counter"))).scalar_one())


async def add(session: AsyncSession) -> None:
    await (await session.connection()).execute(text("UPDATE counter SET n = n + 1"))


async def test_a_writer_that_gives_up_leaves_the_queue(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.BUSY_TIMEOUT_MS", 50)
    engine = create_engine(sqlite)
    sessions = session_factory(engine)

    async def write() -> None:
        async with sessions() as session:
            await session.connection()

    async with sessions() as first:
        await first.connection()
        with pytest.raises(DatabaseBusy):
            await write()
    async with asyncio.timeout(2):
        await write()
    await engine.dispose()


async def test_a_cancelled_writer_leaves_the_queue(sqlite: str) -> None:
    engine = create_engine(sqlite)
    sessions = session_factory(engine)

    async def write_for_ever() -> None:
        async with sessions() as session:
            await session.connection()
            await asyncio.sleep(60)

    writers = [asyncio.create_task(write_for_ever()) for _ in range(3)]
    await asyncio.sleep(0.1)
    for writer in writers:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    async with asyncio.timeout(2), sessions() as next_one:
        await next_one.connection()
    await engine.dispose()


async def test_a_reader_does_not_wait_for_a_writer(engine: AsyncEngine, counter: Sessions) -> None:
    reading = session_factory(engine, writing=False)
    async with counter() as session, session.begin():
        await (await session.connection()).execute(text("UPDATE counter SET n = 7"))
        assert await asyncio.wait_for(count(reading), timeout=2) == 0
    assert await count(reading) == 7


async def test_foreign_keys_hold(sessions: Sessions) -> None:
    async with sessions() as session, session.begin():
        connection = await session.connection()
        await connection.execute(text("CREATE TABLE above (id INTEGER PRIMARY KEY)"))
        await connection.execute(text("CREATE TABLE below (above_id INTEGER REFERENCES above (id))"))
    with pytest.raises(IntegrityError):
        async with sessions() as session, session.begin():
            await (await session.connection()).execute(text("INSERT INTO below VALUES (1)"))


async def test_an_endless_statement_is_ended(postgresql: str) -> None:
    engine = create_engine(postgresql, statement_timeout_ms=50)
    with pytest.raises(DBAPIError, match="statement timeout"):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_sleep(10)"))
    await engine.dispose()


async def test_every_commit_is_on_the_disk(sqlite: str) -> None:
    engine = create_engine(sqlite)
    async with engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA synchronous"))).scalar_one() == 2
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
    await engine.dispose()


def in_the_file(url: str) -> bool:
    return b"marker_of_the_test" in Path(database_url(url).database or "").read_bytes()


async def test_a_checkpoint_moves_the_log_into_the_file(sqlite: str) -> None:
    engine = create_engine(sqlite)
    sessions = session_factory(engine)
    async with sessions() as session, session.begin():
        await (await session.connection()).execute(text("CREATE TABLE marker_of_the_test (n INTEGER)"))
    assert not in_the_file(sqlite)
    await checkpoint(engine)
    assert in_the_file(sqlite)
    await engine.dispose()


async def test_a_checkpoint_asks_nothing_of_postgresql(postgresql: str) -> None:
    engine = create_engine(postgresql)
    await checkpoint(engine)
    await engine.dispose()


@pytest.mark.parametrize(
    ("version", "affected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_which_sqlite_can_lose_data(version: tuple[int, int, int], affected: bool) -> None:
    assert has_wal_reset_bug(version) is affected


def test_a_second_process_is_refused_where_it_could_lose_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.has_wal_reset_bug", lambda: True)
    url = f"sqlite:///{tmp_path / 'tiwizi.db'}"
    with guard_single_process(url):
        second = guard_single_process(url)
        with pytest.raises(SecondProcessRefused, match="in use by another process"):
            second.__enter__()
    with guard_single_process(url):
        pass


def test_a_second_process_is_welcome_where_it_is_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.has_wal_reset_bug", lambda: False)
    url = f"sqlite:///{tmp_path / 'tiwizi.db'}"
    with guard_single_process(url), guard_single_process(url):
        pass
    with guard_single_process("postgresql:///tiwizi"), guard_single_process("postgresql:///tiwizi"):
        pass


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("sqlite:////var/tiwizi.db", "sqlite+aiosqlite:////var/tiwizi.db"),
        ("postgresql://u:p@host/db", "postgresql+asyncpg://u:p@host/db"),
        ("postgres://u:p@host:5433/db", "postgresql+asyncpg://u:p@host:5433/db"),
        ("postgresql+asyncpg://host/db", "postgresql+asyncpg://host/db"),
        ("postgresql://host/db?sslmode=require", "postgresql+asyncpg://host/db?ssl=require"),
    ],
)
def test_the_usual_spellings_of_an_address(given: str, understood: str) -> None:
    assert database_url(given).render_as_string(hide_password=False) == understood


def test_another_database_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="sqlite and postgresql are supported"):
        database_url("mysql://host/db")
