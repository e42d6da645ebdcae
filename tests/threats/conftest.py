"""The portal of the tests of pages, in the process, and the running one, in front of a browser.

What `tests/app/conftest.py` offers is here under the same names. For Chromium: `running`, a portal in a process of its
own, and `at_browser(running, "ar")`, somebody in front of it. For races: `two_processes` on one PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.db import Sessions, create_engine, session_factory
from tests.app.conftest import (
    app,
    application,
    browser_of,
    clock,
    messages,
    portal,
    register,
    rewound,
    scenes,
    service,
    town,
    visitor,
    visitors,
)
from tests.browser.conftest import at_browser, world
from tests.browser.portal import RunningPortal, served
from tests.databases import PostgresServer
from tests.identity.conftest import fatima, hasher, keys
from tests.threats import rig
from tests.threats.rig import Rig

__all__ = [
    "app",
    "application",
    "at_browser",
    "browser_of",
    "clock",
    "fatima",
    "hasher",
    "keys",
    "messages",
    "portal",
    "register",
    "rewound",
    "scenes",
    "service",
    "town",
    "visitor",
    "visitors",
    "world",
]


# A positive control shows that its test can fail; once is enough.
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(scope="session")
def rig_of_the_run(postgres: PostgresServer) -> Iterator[Rig]:
    with postgres.fresh() as database, rig.running(database) as made:
        yield made


@pytest.fixture
async def two_processes(rig_of_the_run: Rig) -> Rig:
    """Two processes of the portal on one PostgreSQL, started once; `rig_sessions` are on the same database."""
    return rig_of_the_run


@pytest.fixture
async def rig_sessions(rig_of_the_run: Rig) -> AsyncIterator[Sessions]:
    engine = create_engine(rig_of_the_run.database)
    sessions = session_factory(engine)
    await rig.emptied(sessions)
    yield sessions
    await engine.dispose()


@pytest.fixture(scope="session")
def running(world: Path) -> Iterator[RunningPortal]:
    with served(world) as portal:
        yield portal
