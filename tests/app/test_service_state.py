"""An administrator sees what the log's alarms say, in words and with what to do."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from app.requests import Portal
from app.service_state import service_state
from identity.keys import Keys
from identity.known_secrets import note_secrets
from identity.people.tables import Person
from identity.proofs import guards
from identity.roles import Role
from notifications.messages import Template
from notifications.outbox import Recipient, notify
from notifications.spending import Ceiling, may_leave
from notifications.tables import Channel
from tests.app.conftest import BrowserOf, Clock, Register
from tests.app.officers import add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser

SERVICE = "/staff/service"


@pytest.fixture
async def administrator(portal: Portal, visitor: PageBrowser, clock: Clock) -> PageBrowser:
    await sign_in_officer(visitor, await add_officer_account(portal, "admin", role=Role.ADMINISTRATOR), clock)
    return visitor


async def test_a_calm_service_is_in_order(administrator: PageBrowser) -> None:
    await administrator.open(SERVICE)
    assert administrator.status == 200
    assert administrator.response.text.count("tag-done") >= 6
    assert "tag-error" not in administrator.response.text
    assert "TIWIZI_SMS_DAILY_CEILING" in administrator.response.text


async def test_every_alarm_is_told_with_what_to_do(
    portal: Portal, administrator: PageBrowser, register: Register, clock: Clock
) -> None:
    owner = await register()
    await _trouble(portal, owner, clock.now - dt.timedelta(minutes=20))
    await administrator.open(SERVICE)
    text = administrator.response.text
    assert text.count("tag-error") == 3
    for told in ("tiwizi worker", "tiwizi keys status", "20"):
        assert told in text


async def _trouble(portal: Portal, owner: Person, now: dt.datetime) -> None:
    """Guessed codes, a message that nobody delivers, and a second secret."""
    both = Keys.from_secret(b"another secret of the tests, as long\n" + portal.settings.secret)
    async with portal.writes() as session, session.begin():
        await guards.close(session, why="spray_suspected", now=now, failed=300)
        await notify(
            session,
            recipient=Recipient(owner.id, "+212612345678", None, "fr", "fr"),
            template=Template.SIGNED_IN,
            values={"at": now},
            now=now,
        )
        await note_secrets(session, keys=portal.keys, now=now)
        await note_secrets(session, keys=both, now=now)


async def test_what_a_day_of_messages_costs_is_counted(portal: Portal, clock: Clock) -> None:
    dear = replace(portal, settings=replace(portal.settings, sms_daily_ceiling=4))
    async with portal.writes() as session, session.begin():
        for _ in range(3):
            assert await may_leave(session, Template.SIGNED_IN, ceiling=Ceiling(4), now=clock.now)
    async with portal.reads() as session:
        state = await service_state(dear, session, now=clock.now)
        tomorrow = await service_state(dear, session, now=clock.now + dt.timedelta(days=1))
    assert (state.sms_today, state.sms_percent, tomorrow.sms_today) == (3, 75, 0)
    assert {each.channel for each in state.channels} == set(Channel)


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.AUDITOR])
async def test_nobody_else_sees_it(portal: Portal, browser_of: BrowserOf, clock: Clock, role: Role) -> None:
    browser = browser_of()
    await sign_in_officer(browser, await add_officer_account(portal, "leila", role=role), clock)
    await browser.open(SERVICE)
    assert browser.status == 403
