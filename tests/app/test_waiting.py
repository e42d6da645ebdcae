"""Slow work keeps nobody waiting: while a password is hashed or a photograph drawn, others write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from io import BytesIO
from threading import Event

import pytest
from PIL import Image
from sqlalchemy import text

from app.db import POOL_SIZE
from app.requests import Portal
from registry.requests.asking import documents
from tests.app.conftest import BrowserOf, Register
from tests.app.journeys import give_password
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle

SOON = 3
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def others_write(portal: Portal) -> None:
    async with asyncio.timeout(SOON), portal.writes() as session:
        await (await session.connection()).execute(text("UPDATE usage SET count = count"))
        await session.commit()


async def begun(work: Awaitable[object], portal: Portal) -> asyncio.Task[object]:
    """The request is on its way, and waits for what the test holds."""
    task = asyncio.ensure_future(work)
    await asyncio.sleep(0.3)
    assert not task.done()
    await others_write(portal)
    assert not task.done()
    return task


@only_sqlite
async def test_while_a_password_is_checked(visitor: PageBrowser, portal: Portal, register: Register) -> None:
    person = await register()
    await visitor.open("/sign-in")
    async with portal.hasher._gate.limiter:
        task = await begun(give_password(visitor, person), portal)
    await task
    assert visitor.status == 422


async def test_who_waits_for_a_password_holds_no_connection(
    browser_of: BrowserOf, portal: Portal, register: Register
) -> None:
    """As many sign-ins as there are connections, and pages are shown and rows written all the same."""
    await register()
    strangers = [browser_of(address=f"192.0.2.{n}") for n in range(POOL_SIZE + 2)]
    for stranger in strangers:
        await stranger.open("/sign-in")
        stranger.fill(identifier="0999999993", password="a wrong one")
    async with portal.hasher._gate.limiter:
        waiting = [asyncio.create_task(stranger.submit()) for stranger in strangers]
        await asyncio.sleep(0.5)
        await others_write(portal)
        async with asyncio.timeout(SOON):
            await browser_of().open("/centres")
            await browser_of().open("/simulator")
    await asyncio.gather(*waiting)
    assert {stranger.status for stranger in strangers} <= {422, 429}


@only_sqlite
async def test_while_a_photograph_is_drawn(visitor: PageBrowser, portal: Portal) -> None:
    family, written, held = await settle(portal), BytesIO(), Event()
    Image.new("RGB", (40, 30), "white").save(written, "PNG")
    await come_in(portal, visitor, family.hassan)
    await visitor.open("/household/recomputation?line=U35")
    await visitor.submit(words="Plus d’abonnement.")
    form = visitor.form("/household/recomputation").fill(document=("b.png", written.getvalue(), "image/png"))
    form.press(None)
    documents._cleaning.submit(held.wait)
    try:
        task = await begun(visitor.send(form), portal)
    finally:
        held.set()
    await task
    assert visitor.path.startswith("/household/recomputation/receipts/")
