"""What somebody tries who wants the portal to fail others: over HTTP, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.db import POOL_SIZE
from tests.app.conftest import BrowserOf, Register
from tests.app.journeys import PASSWORD
from tests.app.pages import FilledForm, PageBrowser, read_html

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


NO_MARKS = ("%00", "a" * 100, "%ED%A0%80", "\xff", "x; DROP TABLE person", "0" * 31 + "G")


@pytest.mark.parametrize("mark", NO_MARKS)
async def test_cookies_that_we_never_gave_are_no_cookies(visitor: PageBrowser, mark: str) -> None:
    names = ("browser", "session", "claim", "sign_in", "recovery", "confirm_email", "visit", "recovery_code")
    forged = "; ".join(f"{name}={mark}" for name in names).encode("latin-1")
    for path in ("/claim/code", "/claim/account", "/sign-in/code", "/recovery/code", "/recovery/password"):
        shown = await visitor.http.get(f"/fr{path}", headers={b"cookie": forged})
        assert shown.status_code == 200, path
        token = FilledForm(read_html(shown.text).first("main").first("form")).values["_csrf"]
        answers = {"_csrf": str(token), "_key": "a key", "code": "123456", "new_password": PASSWORD}
        sent = await visitor.http.post(f"/fr{path}", data=answers, headers={b"cookie": forged})
        assert sent.status_code == 403, path


@pytest.mark.parametrize("key", ["\0", "a\x00b", "k" * 65, "\u202e"])
async def test_a_key_that_no_form_has(visitor: PageBrowser, key: str) -> None:
    await visitor.open("/claim")
    values = {"_csrf": str(visitor.form().values["_csrf"]), "_key": key}
    await visitor.post("/claim/account", values)
    assert visitor.status == 403
