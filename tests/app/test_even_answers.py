"""Answers that must not tell by their time what they do not say in words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from app.db import POOL_SIZE
from app.main import create_app
from app.requests import Portal
from app.rights import RIGHTS, Audience, route_name
from tests.app.conftest import Register
from tests.app.journeys import start_claim
from tests.app.pages import PageBrowser

# No real work takes so long, and nobody waits for it here: what is asked for is noted.
SHORTEST = timedelta(seconds=60)


@pytest.fixture
def waits(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """How long each answer was held back, and how many connections were out meanwhile."""
    found: list[tuple[float, int]] = []
    sleep = asyncio.sleep

    async def noted(seconds: float, *rest: object) -> None:
        if seconds < 5:
            await sleep(seconds)
            return
        pool = portal.engine.pool
        found.append((seconds, pool.checkedout()))  # type: ignore[attr-defined]

    monkeypatch.setattr("app.conversation.asyncio.sleep", noted)
    return found


@pytest.fixture
def slow_app(portal: Portal) -> Litestar:
    return create_app(replace(portal, settings=replace(portal.settings, shortest_answer=SHORTEST)))


async def test_a_claim_is_held_back_whether_it_matches_or_not_and_holds_no_connection(
    slow_app: Litestar, register: Register, waits: list[tuple[float, int]]
) -> None:
    browser = PageBrowser(slow_app)
    person = await register()
    for changed in ({}, {"document_number": "ZZ000001"}):
        before = len(waits)
        await start_claim(browser, person, **changed)
        assert browser.path == "/claim/code"
        [(seconds, connections)] = waits[before:]
        assert 0 < seconds < SHORTEST.total_seconds()
        assert connections == 0
    await browser.close()


async def test_pages_that_are_only_read_wait_for_nothing(
    slow_app: Litestar, waits: list[tuple[float, int]]
) -> None:
    browser = PageBrowser(slow_app)
    for path in ("/claim", "/sign-in", "/recovery"):
        await browser.open(path)
    assert waits == []
    await browser.close()


async def test_more_claims_than_connections_are_answered_together(
    slow_app: Litestar, register: Register, waits: list[tuple[float, int]]
) -> None:
    browsers = [PageBrowser(slow_app, address=f"192.0.2.{number}") for number in range(POOL_SIZE + 4)]
    people = [await register() for _ in browsers]
    await asyncio.gather(
        *(start_claim(browser, person) for browser, person in zip(browsers, people, strict=True))
    )
    assert {browser.path for browser in browsers} == {"/claim/code"}
    assert len(waits) == len(browsers)
    for browser in browsers:
        await browser.close()


# Whoever posts these is known by then, or the answer depends on what was sent alone.
MAY_TELL = {
    "/claim/account",
    "/claim/national-identity",
    "/pre-registration/appointment",
    "/pre-registration/cancel",
    "/recovery/centre/password",
    "/recovery/password",
    "/sign-out",
    "/simulator",
    "/staff/enrol/authenticator",
}


async def test_whatever_a_stranger_posts_is_answered_evenly_or_was_looked_at(slow_app: Litestar) -> None:
    told = {
        route_name(route.path)
        for route in slow_app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if "POST" in handler.http_methods
        and RIGHTS[route_name(route.path)]["POST"] in (Audience.EVERYBODY, Audience.STAFF_DOOR)
        and not handler.opt.get("even")
    }
    assert told == MAY_TELL
