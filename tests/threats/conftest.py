"""The portal of the tests of pages, in the process, and the running one, in front of a browser.

What `tests/app/conftest.py` offers is here under the same names. For Chromium: `running`, a portal in a process of its
own, and `at_browser(running, "ar")`, somebody in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.conftest import (
    app,
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
    "rewound",
    "scenes",
    "service",
    "town",
    "visitor",
    "visitors",
    "world",
]


@pytest.fixture(scope="session")
def running(world: Path) -> Iterator[RunningPortal]:
    with served(world) as portal:
        yield portal
