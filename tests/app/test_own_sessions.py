"""The list of one's sessions, ending them, and what a page says before the session ends by itself."""

from __future__ import annotations

import pytest

from identity.people.tables import Person
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import claim_account, sign_in
from tests.app.pages import PageBrowser

PHONE_BROWSER = "Mozilla/5.0 (Android 11; Mobile; rv:120.0) Gecko/120.0 Firefox/120.0"


@pytest.fixture
async def owner(visitor: PageBrowser, register: Register, messages: Messages) -> Person:
    """Somebody who is signed in, in the browser of the test."""
    visitor.http.headers["user-agent"] = PHONE_BROWSER
    person = await register()
    await claim_account(visitor, person, messages)
    await visitor.submit()
    return person


@pytest.fixture
async def elsewhere(owner: Person, browser_of: BrowserOf, messages: Messages, clock: Clock) -> PageBrowser:
    """The same person on another device, a few minutes later."""
    clock.advance(minutes=2)
    browser = browser_of(address="192.0.2.40")
    browser.http.headers["user-agent"] = "curl"
    await sign_in(browser, owner, messages)
    return browser


async def is_signed_in(browser: PageBrowser) -> bool:
    await browser.open("/account")
    return browser.path == "/account"


async def test_each_session_says_where_and_since_when(visitor: PageBrowser, elsewhere: PageBrowser) -> None:
    await visitor.open("/account/sessions")
    here, other = (item.text for item in visitor.main.all("li", class_="message"))
    assert "Firefox, Android" in here
    assert "09:30" in here
    assert "09:32" in other
    assert visitor.says("A browser that does not say what it is")
    assert "Android 11" not in visitor.response.text


async def test_one_session_is_ended_and_the_others_go_on(
    visitor: PageBrowser, elsewhere: PageBrowser
) -> None:
    await visitor.open("/account/sessions")
    await visitor.submit()
    assert visitor.path == "/account/sessions"
    assert len(list(visitor.main.all("li", class_="message"))) == 1
    assert not await is_signed_in(elsewhere)
    assert await is_signed_in(visitor)


async def test_all_the_others_are_ended(
    visitor: PageBrowser,
    elsewhere: PageBrowser,
    owner: Person,
    browser_of: BrowserOf,
    messages: Messages,
    clock: Clock,
) -> None:
    clock.advance(minutes=2)
    third = browser_of(address="192.0.2.41")
    await sign_in(third, owner, messages)
    await third.open("/account/sessions")
    third.form("/end-others")
    await third.submit()
    assert await is_signed_in(third)
    assert not await is_signed_in(visitor)
    assert not await is_signed_in(elsewhere)


async def test_nobody_ends_the_session_of_somebody_else(
    visitor: PageBrowser,
    elsewhere: PageBrowser,
    register: Register,
    browser_of: BrowserOf,
    messages: Messages,
) -> None:
    stranger = browser_of(address="192.0.2.42")
    await claim_account(stranger, await register(), messages)
    await stranger.submit()
    await stranger.open("/account/sessions")
    assert not list(stranger.main.all("form"))
    await visitor.open("/account/sessions")
    named = visitor.form().action
    await stranger.post(named.removeprefix("/fr"), dict(stranger.form("/sign-out").values))
    assert stranger.path == "/account/sessions"
    assert await is_signed_in(elsewhere)


async def test_every_page_says_when_the_session_ends_and_can_show_it_in_time(
    visitor: PageBrowser, owner: Person
) -> None:
    await visitor.open("/household")
    assert "09:44" in visitor.page.first("footer").text
    notice = visitor.page.first("section", class_="bar-ending")
    assert notice.get("data-ending") == str(12 * 60 + 30)
    assert "hidden" in notice.attributes
    visitor.form("/account/stay")
    await visitor.submit()
    assert visitor.path == "/household"


async def test_a_script_stays_on_its_page(visitor: PageBrowser, owner: Person, clock: Clock) -> None:
    await visitor.open("/account")
    values = dict(visitor.form("/account/stay").values)
    clock.advance(minutes=14)
    await visitor.post("/account/stay", values, **{"hx-request": "true"})
    assert visitor.status == 204
    assert "hx-redirect" not in visitor.response.headers
    clock.advance(minutes=14)
    assert await is_signed_in(visitor)
    clock.advance(minutes=16)
    await visitor.post("/account/stay", values, **{"hx-request": "true"})
    assert visitor.response.headers["hx-redirect"].startswith("/fr/sign-in")


async def test_the_last_minutes_of_two_hours_are_said_without_script(
    visitor: PageBrowser, owner: Person, clock: Clock
) -> None:
    for _ in range(11):
        clock.advance(minutes=10)
        await visitor.open("/household")
    clock.advance(minutes=8)
    await visitor.open("/household")
    notice = visitor.page.first("section", class_="bar-ending")
    assert "hidden" not in notice.attributes
    assert not list(notice.all("form"))


async def test_a_reader_is_told_nothing_about_sessions(visitor: PageBrowser) -> None:
    await visitor.open("/")
    assert not list(visitor.page.all("section", class_="bar-ending"))
