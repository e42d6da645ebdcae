"""T-14: twenty captured cookies, replayed after each way in which a session ends."""

import pytest
from sqlmodel import col, select

from app.requests import Portal
from identity import sessions
from identity.tables import PortalSession
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import claim_account

COOKIES = 20
HOLDER = "/household"


async def captured(portal: Portal, clock: Clock, account_id: int) -> list[str]:
    async with portal.writes() as session, session.begin():
        return [
            await sessions.open_citizen_session(
                session, account_id=account_id, shared_device=False, now=clock.now
            )
            for _ in range(COOKIES)
        ]


async def accepted(browser_of: BrowserOf, tokens: list[str]) -> int:
    """How many of the cookies still open the page of a household."""
    browser, opened = browser_of(), 0
    for token in tokens:
        answer = await browser.http.get(
            f"/fr{HOLDER}", headers={"cookie": f"session={token}"}, follow_redirects=False
        )
        opened += answer.status_code == 200
    return opened


async def account_of(portal: Portal) -> int:
    async with portal.reads() as session:
        found = await session.exec(select(PortalSession.account_id).where(col(PortalSession.account_id) > 0))
        return found.first() or 0


ENDINGS = ("sign_out", "idle", "absolute", "password")


@pytest.mark.parametrize("ending", ENDINGS)
async def test_no_captured_cookie_outlives_its_session(
    portal: Portal, clock: Clock, browser_of: BrowserOf, register: Register, messages: Messages, ending: str
) -> None:
    await claim_account(browser_of(), await register(), messages)
    account_id = await account_of(portal)
    tokens = await captured(portal, clock, account_id)
    assert await accepted(browser_of, tokens) == COOKIES
    await end(portal, clock, account_id, tokens, ending)
    assert await accepted(browser_of, tokens) == 0


async def end(portal: Portal, clock: Clock, account_id: int, tokens: list[str], ending: str) -> None:
    async with portal.writes() as session, session.begin():
        if ending == "sign_out":
            for token in tokens:
                hashed = sessions.hash_token(token)
                await sessions.end_session(session, token_hash=hashed, now=clock.now)
        if ending == "password":
            await sessions.end_account_sessions(session, account_id=account_id, now=clock.now)
    if ending == "idle":
        clock.advance(minutes=15)
    if ending == "absolute":
        for _ in range(12 * 6):
            clock.advance(minutes=10)
            async with portal.writes() as session, session.begin():
                for token in tokens:
                    await sessions.touch_session(
                        session, token_hash=sessions.hash_token(token), now=clock.now
                    )


async def test_the_same_cookies_against_sessions_that_end_in_the_browser_alone(
    portal: Portal,
    clock: Clock,
    browser_of: BrowserOf,
    register: Register,
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def change_nothing(*_arguments: object, **_facts: object) -> None:
        """The cookie is deleted; the server does not know."""

    await claim_account(browser_of(), await register(), messages)
    account_id = await account_of(portal)
    tokens = await captured(portal, clock, account_id)
    monkeypatch.setattr(sessions, "_change", change_nothing)
    await end(portal, clock, account_id, tokens, "sign_out")
    assert await accepted(browser_of, tokens) == COOKIES
