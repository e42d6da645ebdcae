"""The portal in a process of its own, and people in front of it.

world       the data directory with the demonstration's people, made once a run and copied for each portal
portal      a running portal on SQLite, for the whole module
at_browser  a function that puts somebody in front of a screen: `at_browser(portal, "ar", width=360, script=True)`
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.portal import RunningPortal, made_world, served
from tests.browser.visitors import PATIENCE_MS, PHONE, Visitor


@pytest.fixture(scope="session")
def world() -> Iterator[Path]:
    with made_world() as directory:
        yield directory


@pytest.fixture(scope="module")
def portal(world: Path) -> Iterator[RunningPortal]:
    with served(world) as portal:
        yield portal


class AtBrowser(Protocol):
    def __call__(
        self, portal: RunningPortal, lang: str, *, width: int = PHONE, script: bool = True
    ) -> Visitor: ...


@pytest.fixture(scope="module")
def at_browser(browser: Browser) -> Iterator[AtBrowser]:
    opened: list[BrowserContext] = []

    def another(portal: RunningPortal, lang: str, *, width: int = PHONE, script: bool = True) -> Visitor:
        context = browser.new_context(
            base_url=portal.url,
            viewport={"width": width, "height": 740},
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return Visitor(context.new_page(), portal, lang, script)

    yield another
    for context in opened:
        context.close()
