"""T-14: twenty captured cookies, replayed after each way in which a session ends, through the real pages."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from app.db import Sessions
from app.requests import Portal
from identity import sessions
from identity.account import own_sessions
from identity.tables import Account, PortalSession, SessionKind
from tests.app.conftest import Clock
from tests.app.pages import PageBrowser
from tests.app.places import PLACES
from tests.app.rewinding import Rewinding
from tests.app.standing import Visitors
from tests.identity.world import PASSWORD
from tests.threats.conftest import SQLITE
from tests.threats.people import Owner, add_owner
from tests.threats.rig import AT_ONCE, Client, Rig, now

COOKIES, AT_THE_END = 20, 30
HOLDER = "/household"

# Forms after which no other session of the account goes on, and whose account it is.
ENDING_FORMS = {
    "account sessions end": "amal",
    "account password": "amal",
    "account phone code": "amal",
    "account authenticator confirm": "amal",
    "account authenticator remove": "amal",
    "account email code": "amal",
    "recovery password": "amal",
    "recovery, centre password": "touria",
    "not me, change code": "malika",
}


async def captured(portal: Portal, visitors: Visitors, name: str) -> list[str]:
    person = visitors.town.people[name]
    async with portal.writes() as session, session.begin():
        account_id = (await session.exec(select(Account.id).where(Account.person_id == person.id))).one()
        return [
            await sessions.open_citizen_session(
                session, account_id=account_id or 0, shared_device=True, now=portal.clock()
            )
            for _ in range(COOKIES)
        ]


async def accepted(visitors: Visitors, tokens: list[str]) -> int:
    """How many of the cookies still open the page of a household."""
    browser, opened = PageBrowser(visitors.app), 0
    for token in tokens:
        cookie = {"cookie": f"session={token}"}
        answer = await browser.http.get(f"/fr{HOLDER}", headers=cookie, follow_redirects=False)
        opened += answer.status_code == 200
    await browser.close()
    return opened


async def left_after(portal: Portal, visitors: Visitors, form_name: str, owner: str) -> tuple[int, int]:
    """How many cookies were good before the form was sent, and after."""
    browser, form = await visitors.stand(PLACES[form_name])
    tokens = await captured(portal, visitors, owner)
    before = await accepted(visitors, tokens)
    await browser.send(form)
    assert browser.status == 200, form_name
    await browser.close()
    return before, await accepted(visitors, tokens)


async def test_no_captured_cookie_outlives_its_session(
    portal: Portal, visitors: Visitors, rewound: Rewinding, clock: Clock
) -> None:
    moment, begins, left = await rewound.remember(), clock.now, {}
    for form_name, owner in ENDING_FORMS.items():
        await rewound.rewind(moment)
        left[form_name] = await left_after(portal, visitors, form_name, owner)
    for ending in ("sign out", "one by one", "idle", "absolute"):
        await rewound.rewind(moment)
        clock.now = begins
        tokens = await captured(portal, visitors, "amal")
        before = await accepted(visitors, tokens)
        await end(portal, visitors, clock, tokens, ending)
        left[ending] = before, await accepted(visitors, tokens)
    assert left == dict.fromkeys(left, (COOKIES, 0))


async def end(portal: Portal, visitors: Visitors, clock: Clock, tokens: list[str], ending: str) -> None:
    if ending == "sign out":
        await sign_all_out(visitors, tokens)
    elif ending == "one by one":
        # One more, because Amal is signed in on another device too.
        await end_one_by_one(visitors, len(tokens) + 1)
    elif ending == "idle":
        clock.advance(minutes=15)
    else:
        await keep_awake(portal, clock, tokens)


async def sign_all_out(visitors: Visitors, tokens: list[str]) -> None:
    for token in tokens:
        browser = PageBrowser(visitors.app)
        browser.http.cookies.set("session", token)
        await browser.open("/sign-out")
        await browser.submit()
        await browser.close()


async def end_one_by_one(visitors: Visitors, many: int) -> None:
    browser = visitors.browser("amal")
    await browser.open("/account/sessions")
    for _ in range(many):
        await browser.send(browser.form("/end"))
    await browser.close()


async def keep_awake(portal: Portal, clock: Clock, tokens: list[str]) -> None:
    """For two hours, which is as long as a shared device is trusted, a request every ten minutes."""
    for _ in range(2 * 6):
        clock.advance(minutes=10)
        async with portal.writes() as session, session.begin():
            for token in tokens:
                hashed = sessions.hash_token(token)
                await sessions.touch_session(session, token_hash=hashed, now=clock.now)


@SQLITE
async def test_the_same_cookies_where_the_others_are_not_ended(
    portal: Portal, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def end_nothing(*_arguments: object) -> int:
        return 0

    monkeypatch.setattr(own_sessions, "_end", end_nothing)
    assert await left_after(portal, visitors, "account password", "amal") == (COOKIES, COOKIES)


@SQLITE
async def test_the_same_cookies_against_sessions_that_end_in_the_browser_alone(
    portal: Portal, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def change_nothing(*_arguments: object, **_facts: object) -> None:
        """The cookie is deleted; the server does not know."""

    tokens = await captured(portal, visitors, "amal")
    monkeypatch.setattr(sessions, "_change", change_nothing)
    await sign_all_out(visitors, tokens)
    assert await accepted(visitors, tokens) == COOKIES


async def of_owner(rig_sessions: Sessions, owner: Owner, many: int = COOKIES) -> list[str]:
    async with rig_sessions() as session, session.begin():
        return [
            await sessions.open_citizen_session(
                session, account_id=owner.account_id, shared_device=False, now=now()
            )
            for _ in range(many)
        ]


async def asked_at_once(rig: Rig, tokens: list[str], *, naive: bool = False) -> Counter[int]:
    """The household page with each of the cookies, all together, half of them from each process."""
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(limits=limits, timeout=60) as http:
        client = Client(rig, naive=naive)
        asking = [
            http.get(
                client._url(HOLDER, number), headers=client._headers(number) | {"cookie": f"session={token}"}
            )
            for number, token in enumerate(tokens)
        ]
        return Counter(answer.status_code for answer in await asyncio.gather(*asking))


async def test_what_one_process_ends_the_other_does_not_open(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    owner = await add_owner(rig_sessions)
    tokens = await of_owner(rig_sessions, owner)
    assert await asked_at_once(two_processes, tokens) == {200: COOKIES}
    client = Client(two_processes, cookies={"session": tokens[0]})
    form = await client.open("/account/prove")
    await client.post("/account/prove", form | {"password": PASSWORD})
    form = await client.open("/account/password")
    changed = await client.post("/account/password", form | {"new_password": "quatre grenades rouges"})
    assert changed.status_code == 303
    assert await asked_at_once(two_processes, tokens) == {303: COOKIES}
    [own] = [await asked_at_once(two_processes, [str(client.cookies["session"])])]
    assert own == {200: 1}


async def asked_at_the_second_of_its_end(
    rig: Rig, rig_sessions: Sessions, *, naive: bool = False
) -> tuple[Counter[int], bool]:
    """Thirty requests of one session a moment after its idle time; what they were told, and whether it is awake."""
    [token] = await of_owner(rig_sessions, await add_owner(rig_sessions), 1)
    mine = col(PortalSession.token_hash) == sessions.hash_token(token)
    slept = now() - sessions.IDLE[SessionKind.CITIZEN] - timedelta(milliseconds=1)
    async with rig_sessions() as session, session.begin():
        await session.exec(update(PortalSession).where(mine).values(seen_at=slept))
    told = await asked_at_once(rig, [token] * AT_THE_END, naive=naive)
    async with rig_sessions() as session:
        seen_at = (await session.exec(select(PortalSession.seen_at).where(mine))).one()
    return told, seen_at > slept


async def test_thirty_requests_at_the_second_of_its_end_do_not_revive_a_session(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    assert await asked_at_the_second_of_its_end(two_processes, rig_sessions) == ({303: AT_THE_END}, False)


async def test_the_same_requests_where_each_counts_before_anybody_looks(
    two_processes: Rig, rig_sessions: Sessions
) -> None:
    told, awake = await asked_at_the_second_of_its_end(two_processes, rig_sessions, naive=True)
    assert awake
    assert told[200] > 0
