"""What every test can ask for.

database    the address of a fresh, migrated database; a test that asks for it (or for any of the next
            three) runs twice, on SQLite and on PostgreSQL
engine      an `AsyncEngine` on it
sessions    the factory of sessions that a changing request has: `async with sessions() as session, session.begin():`
session     one session in a transaction that is rolled back after the test; once it has written, SQLite keeps
            every other writer waiting, so a test takes either this or `sessions`
sqlite      the address of a fresh, migrated SQLite database, for what need not be shown on both
postgresql  the same on PostgreSQL
now         a fixed instant, aware and in UTC
full_size   whether a long proof is wanted in the size that it is promised in
browser     Chromium, driven by Playwright's synchronous interface; the test is marked `browser`

A test written `async def` runs under asyncio by itself. A module that uses `browser` holds no `async def`
test, because the synchronous interface keeps an event loop of its own running for the whole module; what
such a test needs of the domain it asks through `tests.databases.run_apart`.
"""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.db import Sessions, create_engine, session_factory
from tests.chromium import chromium_executable, chromium_options
from tests.databases import (
    PostgresServer,
    SqliteFiles,
    keep_what_was_compiled,
    postgres_server,
    sqlite_files,
)

# A shared machine may be slow at any moment; a run in CI repeats the one before it.
hypothesis.settings.register_profile("tiwizi", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("tiwizi")

keep_what_was_compiled()

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--full-size", action="store_true", help="the longest proofs in the size that they are promised in"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first, so that no worker waits for another at the end: browsers, then what goes through every
    form or route."""
    for item in items:
        if "browser" in _fixtures(item):
            item.add_marker("browser")
    generated = {item.path for item in items if _fixtures(item) & {"scenes", "stage"}}
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None, item.path not in generated))


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def full_size(pytestconfig: pytest.Config) -> bool:
    """Whether a long proof is wanted in its promised size: `make test ARGS=--full-size`."""
    return bool(pytestconfig.getoption("--full-size"))


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def sqlite_template() -> Iterator[SqliteFiles]:
    with sqlite_files() as files:
        yield files


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def sqlite(sqlite_template: SqliteFiles) -> Iterator[str]:
    with sqlite_template.fresh() as url:
        yield url


@pytest.fixture
def postgresql(postgres: PostgresServer) -> Iterator[str]:
    with postgres.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database)
    yield engine
    await engine.dispose()


@pytest.fixture
def sessions(engine: AsyncEngine) -> Sessions:
    return session_factory(engine, late=True)


@pytest.fixture
async def session(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    async with sessions() as session:
        yield session
        await session.rollback()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_executable(), args=chromium_options())
        yield browser
        browser.close()
