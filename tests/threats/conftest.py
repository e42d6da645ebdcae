"""The portal of the tests of pages, in the process, and the running one, in front of a browser.

What `tests/app/conftest.py` offers is here under the same names. For Chromium: `running`, a portal in a process of its
own, and `at_browser(running, "ar")`, somebody in front of it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from litestar import Litestar

from app.requests import Portal
from tests.app.conftest import (
    app,
    browser_of,
    clock,
    messages,
    portal,
    register,
    service,
    visitor,
)
from tests.app.rewinding import Rewinding, rewinding
from tests.app.standing import Visitors
from tests.app.town import Town, build_town
from tests.browser.conftest import at_browser, world
from tests.browser.portal import RunningPortal, served
from tests.identity.conftest import fatima, hasher, keys

__all__ = [
    "app",
    "at_browser",
    "browser_of",
    "clock",
    "fatima",
    "hasher",
    "keys",
    "messages",
    "portal",
    "register",
    "service",
    "visitor",
    "world",
]


@pytest.fixture
async def town(portal: Portal) -> Town:
    return await build_town(portal)


@pytest.fixture
async def rewound(database: str, town: Town) -> AsyncIterator[Rewinding]:
    async with rewinding(database) as found:
        yield found


@pytest.fixture
def visitors(app: Litestar, portal: Portal, town: Town) -> Visitors:
    return Visitors(app, portal, town)


@pytest.fixture(scope="module")
def running(world: Path) -> Iterator[RunningPortal]:
    with served(world) as portal:
        yield portal
