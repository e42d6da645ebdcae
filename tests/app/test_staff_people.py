"""A new colleague by filling in the pages: proposed, approved, and in with secrets of their own."""

from __future__ import annotations

import re

import pyotp
import pytest

from app.requests import Portal
from identity.roles import Role
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.officers import add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser
from tests.app.settled import CENTRE

EMAIL, PASSWORD = "hind@centre.example", "sept figues sous la lune de mai"
CODE = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}")


@pytest.fixture
async def managers(
    portal: Portal, visitor: PageBrowser, browser_of: BrowserOf, clock: Clock
) -> tuple[PageBrowser, PageBrowser]:
    """A supervisor's browser and an administrator's, both signed in."""
    second = browser_of()
    for browser, name, role in (
        (visitor, "leila", Role.SUPERVISOR),
        (second, "samir", Role.ADMINISTRATOR),
    ):
        await sign_in_officer(browser, await add_officer_account(portal, name, role=role), clock)
    return visitor, second


async def propose(browser: PageBrowser, register: Register) -> str:
    person = await register(given_name_latin="Hind")
    await browser.open("/staff/people/new")
    await browser.submit(
        work_email=EMAIL,
        name_ar="هند العلوي",
        name_latin="Hind Alaoui",
        person_identifier=person.identifier,
        role="agent",
        centre_code=CENTRE,
    )
    assert browser.path.startswith("/staff/people/proposals/J-"), browser.errors
    return browser.path


async def test_a_colleague_is_proposed_approved_and_comes_in(
    managers: tuple[PageBrowser, PageBrowser],
    register: Register,
    browser_of: BrowserOf,
    messages: Messages,
    clock: Clock,
) -> None:
    first, second = managers
    proposal = await propose(first, register)
    await second.open(proposal)
    await second.submit(decision="approve")
    assert second.path == proposal
    body = (await messages.to(EMAIL))[0].body
    found = CODE.search(body)
    assert found is not None
    assert "/staff/enrol" in body
    for manager in managers:
        await manager.open(proposal)
        assert found.group() not in manager.response.text
    colleague = browser_of(address="192.0.2.80")
    await colleague.open("/staff/enrol")
    await colleague.submit(work_email=EMAIL, enrolment_code=found.group().lower())
    assert colleague.path == "/staff/enrol/authenticator"
    secret = colleague.main.first(class_="panel-value").text.replace(" ", "")
    await colleague.submit(new_password="quatorze signe", totp=pyotp.TOTP(secret).at(clock.now))
    assert set(colleague.errors) == {"new_password"}
    await colleague.submit(new_password=PASSWORD, totp=pyotp.TOTP(secret).at(clock.now))
    assert colleague.path == "/staff/sign-in"
    clock.advance(minutes=1)
    await colleague.submit(email=EMAIL, password=PASSWORD, totp=pyotp.TOTP(secret).at(clock.now))
    assert colleague.path == "/staff"
    again = browser_of(address="192.0.2.81")
    await again.open("/staff/enrol")
    await again.submit(work_email=EMAIL, enrolment_code=found.group())
    assert set(again.errors) == {"work_email"}


async def test_the_page_of_the_first_manager_offers_no_approval(
    managers: tuple[PageBrowser, PageBrowser], register: Register, messages: Messages
) -> None:
    first, _second = managers
    proposal = await propose(first, register)
    form = first.form()
    form.values["decision"] = "approve"
    form.press(None)
    await first.send(form)
    assert (first.status, set(first.errors)) == (422, {"decision"})
    await first.open(proposal)
    with pytest.raises(AssertionError, match="offers"):
        first.fill(decision="approve")
    assert await messages.to(EMAIL) == []


async def test_a_service_that_ends_closes_the_session(
    managers: tuple[PageBrowser, PageBrowser],
    portal: Portal,
    browser_of: BrowserOf,
    clock: Clock,
) -> None:
    first, _second = managers
    colleague = browser_of()
    await sign_in_officer(colleague, await add_officer_account(portal, "omar"), clock)
    await first.open("/staff/people")
    rows = [row for row in first.main.all("tr") if "omar@centre.example" in row.text]
    await first.open(rows[0].first("a").get("href").removeprefix("/fr"))
    await first.submit(officer_act="disable")
    await colleague.open("/staff/visits")
    assert colleague.path == "/staff/sign-in"
