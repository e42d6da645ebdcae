"""A family whose index is computed, and browsers that are signed in for it: where most tests of its pages begin."""

from __future__ import annotations

import datetime as dt

from sqlmodel import select

from app.requests import Portal
from identity import sessions
from identity.people.tables import Person
from identity.tables import Account
from registry.requests.decisions import correct_facts, refuse_request
from registry.requests.reviews import open_request
from tests.app.pages import PageBrowser
from tests.registry.family import Family, add_officer, settled_family

CENTRE = "06.141-1"


async def settle(portal: Portal) -> Family:
    """Hassan, Fatima and their two children: the household A1 of the worked examples, index 9.6012644."""
    async with portal.writes() as session, session.begin():
        return await settled_family(session, portal.clock())


async def come_in(portal: Portal, browser: PageBrowser, person: Person) -> None:
    """Sign the person in without the pages of signing in, which have tests of their own."""
    async with portal.writes() as session, session.begin():
        account = (await session.exec(select(Account).where(Account.person_id == person.id))).one()
        token = await sessions.open_citizen_session(
            session, account_id=account.id or 0, shared_device=False, now=portal.clock()
        )
    browser.http.cookies.set("session", token)


async def decide(portal: Portal, reference: str, **changed: object) -> None:
    """An officer of the centre corrects the facts of `changed`; without any, refuses."""
    now: dt.datetime = portal.clock()
    async with portal.writes() as session, session.begin():
        staff_id = await add_officer(session, CENTRE, now)
        await open_request(session, staff_id=staff_id, reference=reference, now=now)
    async with portal.writes() as session, session.begin():
        if changed:
            words = "You were right."
            await correct_facts(
                session, staff_id=staff_id, reference=reference, changed=changed, words=words, now=now
            )
        else:
            words = "The bill says 60."
            await refuse_request(session, staff_id=staff_id, reference=reference, words=words, now=now)
