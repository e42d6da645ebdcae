"""What somebody tries who wants the portal to fail others: over HTTP, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from app.db import POOL_SIZE
from tests.app.conftest import BrowserOf, Register
from tests.app.pages import PageBrowser

FORM = "application/x-www-form-urlencoded"


async def test_bodies_that_stop_halfway_keep_nobody_waiting(
    browser_of: BrowserOf, register: Register
) -> None:
    stranger, never = browser_of(), asyncio.Event()

    async def half_a_form() -> AsyncIterator[bytes]:
        yield b"_csrf="
        await never.wait()

    headers = {"content-type": FORM, "cookie": "session=of-nobody"}
    stalled = [
        asyncio.create_task(stranger.http.post("/fr/sign-in", content=half_a_form(), headers=headers))
        for _ in range(POOL_SIZE + 1)
    ]
    await asyncio.sleep(0.1)
    async with asyncio.timeout(3):
        await register()
        await browser_of().open("/sign-in")
    for task in stalled:
        task.cancel()
    assert all(
        isinstance(end, asyncio.CancelledError)
        for end in await asyncio.gather(*stalled, return_exceptions=True)
    )


async def test_asking_for_the_methods_of_a_page_is_answered(visitor: PageBrowser) -> None:
    for path in ("/fr/claim", "/fr/household", "/fr/staff", "/favicon.ico"):
        answer = await visitor.http.options(path)
        assert answer.status_code == 204
        assert "GET" in answer.headers["allow"].split(", ")
