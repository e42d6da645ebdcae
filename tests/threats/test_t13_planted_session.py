"""T-13: what an attacker left in a browser before its owner came: a session, a mark, a claim that was begun."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from litestar import Litestar
from sqlmodel import select

from app import code_pages
from app.requests import Portal
from app.rights import RIGHTS
from identity import sessions
from identity.tables import Account, PortalSession
from tests.app.conftest import BrowserOf, Messages, Register
from tests.app.journeys import PASSWORD, claim_account, sign_in, start_claim
from tests.app.pages import PageBrowser
from tests.app.places import NOBODY, PLACES
from tests.app.rewinding import Rewinding
from tests.app.standing import Visitors
from tests.threats.conftest import SQLITE

PLANTED = "attacker-chosen-session-0123456789abcdefghij"
PARAMETER = re.compile(r"\{[a-z_]+\}")
# Every form after which a browser may do more than before, or is the only one that still may.
CHANGES_OF_RIGHTS = (
    "claim account",
    "sign in code",
    "sign in by authenticator",
    "sign in by recovery code",
    "recovery password",
    "recovery, centre password",
    "staff sign in",
    "staff prove",
    "account prove",
    "account prove by authenticator",
    "account prove by recovery code",
    "account prove by telephone, code",
    "account password",
    "account phone code",
    "account authenticator confirm",
    "account authenticator remove",
)


async def test_a_planted_session_is_answered_by_no_route(portal: Portal, app: Litestar) -> None:
    """Every route and method of the rights table: the value never comes back as a cookie, and is nobody."""
    browser = PageBrowser(app)
    browser.http.follow_redirects = False
    for route, methods in RIGHTS.items():
        path = PARAMETER.sub("x", route)
        address = path[1:] if path.startswith("!") else f"/fr{path}"
        for method in methods:
            answer = await browser.http.request(method, address, headers={"cookie": f"session={PLANTED}"})
            assert PLANTED not in "".join(answer.headers.get_list("set-cookie")), (method, route)
    assert not await is_somebody(portal, PLANTED)
    await browser.close()


async def test_every_change_of_rights_gives_a_new_session(
    portal: Portal, visitors: Visitors, rewound: Rewinding
) -> None:
    """Whoever knows the session of before, planted or copied, has nothing afterwards."""
    moment, kept = await rewound.remember(), []
    visitors.town.tokens["attacker"] = PLANTED
    for name in CHANGES_OF_RIGHTS:
        await rewound.rewind(moment)
        place = PLACES[name]
        if place.who == NOBODY:
            place = replace(place, who="attacker")
        browser, form = await visitors.stand(place)
        [before] = sessions_of(browser)
        await browser.send(form)
        assert browser.status == 200, name
        fresh = sessions_of(browser) - {before}
        if await is_somebody(portal, before) or [await is_somebody(portal, token) for token in fresh] != [
            True
        ]:
            kept.append(name)
        await browser.close()
    assert kept == []


def sessions_of(browser: PageBrowser) -> set[str]:
    return {str(cookie.value) for cookie in browser.http.cookies.jar if cookie.name == "session"}


async def is_somebody(portal: Portal, token: str) -> bool:
    async with portal.reads() as session:
        return await sessions.find_session(session, token=token, now=portal.clock()) is not None


async def comes_in_with_a_planted_session(
    browser_of: BrowserOf, register: Register, messages: Messages, way: str
) -> bool:
    """Whether the attacker, who knows the planted value, has the session afterwards."""
    person = await register()
    if way == "sign_in":
        await claim_account(browser_of(), person, messages)
    victim, attacker = browser_of(), browser_of()
    victim.http.cookies.set("session", PLANTED)
    await victim.open("/claim")
    assert victim.http.cookies.get("session") in (PLANTED, None)
    if way == "sign_in":
        await sign_in(victim, person, messages)
    else:
        await claim_account(victim, person, messages)
    attacker.http.cookies.set("session", PLANTED)
    await attacker.open("/account")
    return attacker.path == "/account"


@pytest.mark.parametrize("way", ["claim", "sign_in"])
async def test_a_planted_session_is_never_somebodys(
    browser_of: BrowserOf, register: Register, messages: Messages, way: str
) -> None:
    assert not await comes_in_with_a_planted_session(browser_of, register, messages, way)


@SQLITE
async def test_the_same_against_a_portal_that_keeps_the_session_it_is_shown(
    browser_of: BrowserOf, register: Register, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "new_token", lambda: PLANTED)
    assert await comes_in_with_a_planted_session(browser_of, register, messages, "claim")


async def takes_the_claim_over(
    portal: Portal, browser_of: BrowserOf, register: Register, messages: Messages
) -> bool:
    """The attacker sat at this computer first, knows its mark and all facts, and waits for her to give the code."""
    person = await register()
    attacker, victim = browser_of(address="198.51.100.1"), browser_of(address="198.51.100.2")
    await start_claim(attacker, person)
    for name in ("browser", "claim"):
        victim.http.cookies.set(name, str(attacker.http.cookies[name]), domain="127.0.0.1", path="/")
    await start_claim(victim, person)
    assert victim.http.cookies["claim"] == attacker.http.cookies["claim"]
    await victim.submit(code=await messages.code_to(str(person.phone)))
    assert victim.path == "/claim/account"
    await attacker.open("/claim/account")
    if attacker.path == "/claim/account":
        await attacker.submit(new_password="quatre grenades rouges")
    else:
        await victim.submit(new_password=PASSWORD)
        assert victim.path == "/claim/done"
    async with portal.reads() as session:
        assert len((await session.exec(select(Account.id))).all()) == 1
        assert len((await session.exec(select(PortalSession.reference))).all()) == 1
    return "session" in attacker.http.cookies


async def test_a_planted_mark_and_a_planted_claim_lead_nowhere_once_the_code_was_given(
    portal: Portal, browser_of: BrowserOf, register: Register, messages: Messages
) -> None:
    assert not await takes_the_claim_over(portal, browser_of, register, messages)


@SQLITE
async def test_the_same_where_the_mark_of_a_browser_stays_what_it_was(
    portal: Portal,
    browser_of: BrowserOf,
    register: Register,
    messages: Messages,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def stays(_request: object, response: object) -> object:
        return response

    monkeypatch.setattr(code_pages, "renew_mark", stays)
    assert await takes_the_claim_over(portal, browser_of, register, messages)
