"""Slow work keeps nobody waiting: while a password is hashed or a photograph drawn, others write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from io import BytesIO
from pathlib import Path
from threading import Event

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from PIL import Image
from sqlalchemy import text, update

from app import routes as route_package
from app.db import POOL_SIZE, TurnHeld, give_back
from app.requests import Portal
from app.rights import route_name
from identity.tables import Usage
from registry.requests import documents
from tests.app.addresses import route_of
from tests.app.conftest import BrowserOf, Register
from tests.app.journeys import give_password
from tests.app.pages import PageBrowser
from tests.app.places import PLACES
from tests.app.rewinding import Rewinding
from tests.app.scenes import every_scene
from tests.app.settled import come_in, settle
from tests.app.standing import Visitors

SOON = 3
HASHING = (
    "claim account",
    "account password",
    "account recovery code",
    "recovery password",
    "recovery, centre password",
    "people, approve",
)
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
async def test_while_a_secret_is_hashed(
    visitors: Visitors, rewound: Rewinding, app: Litestar, portal: Portal
) -> None:
    """Every form that says that it hashes: others write meanwhile, and it is answered as ever."""
    reached = set()
    async for name, scene in every_scene(visitors, rewound, {name: PLACES[name] for name in HASHING}):
        async with portal.hasher._gate.limiter:
            task = await begun(scene.send(scene.attacks.sound()), portal)
        response = await task
        assert isinstance(response, httpx.Response)
        assert response.status_code == 303, name
        reached.add(route_of(scene.path, "POST"))
    assert reached == {
        route_name(route.path)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if handler.opt.get("hashes")
    }


async def test_nothing_is_hashed_once_something_is_written(portal: Portal) -> None:
    """Every form is walked through with this guard in its way (test_every_form.py): none of them hashes too late."""
    async with portal.changes() as session:
        await give_back(session)
        await session.exec(update(Usage).values(count=Usage.count))
        with pytest.raises(TurnHeld):
            await give_back(session)


def test_no_page_goes_round_the_guard() -> None:
    routes = Path(route_package.__file__).parent
    assert [each.name for each in routes.glob("*.py") if "portal.hasher" in each.read_text()] == []


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
