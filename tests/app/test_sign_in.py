"""Signing in and out by filling in the pages."""

from __future__ import annotations

import re

import pytest

from app.onward import onward
from app.rights import Audience
from app.routes.sign_in import FOR_CITIZENS
from identity.people.tables import Person
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import PASSWORD, READ_AGAIN, claim_account, give_password, sign_in
from tests.app.pages import PageBrowser


@pytest.fixture
async def owner(register: Register, browser_of: BrowserOf, messages: Messages, clock: Clock) -> Person:
    """Somebody who opened an account some time ago, elsewhere."""
    person = await register()
    await claim_account(browser_of(address="192.0.2.99"), person, messages)
    clock.advance(hours=3)
    return person


async def test_password_and_code_lead_to_the_household(
    visitor: PageBrowser, owner: Person, messages: Messages
) -> None:
    await sign_in(visitor, owner, messages)
    assert visitor.path.startswith("/household")
    await visitor.open("/account")
    assert owner.identifier in visitor.text
    assert "Fatima Bennani" in visitor.text


async def test_after_signing_in_one_is_back_where_one_was(
    visitor: PageBrowser, owner: Person, messages: Messages
) -> None:
    await visitor.open("/account/languages")
    assert visitor.path == "/sign-in"
    await give_password(visitor, owner)
    await visitor.submit(code=await messages.code_to(str(owner.phone)))
    assert visitor.path == "/account/languages"


@pytest.mark.parametrize("path", ["/", "/account", "/account/email", "/centres", "/household"])
def test_next_leads_to_the_pages_of_the_portal(path: str) -> None:
    assert onward(path, fallback="/nothing", to=FOR_CITIZENS) == path
    assert onward(path, fallback="/nothing", to=frozenset({Audience.STAFF})) == "/nothing"


async def test_a_doubtful_number_is_shown_again_when_signing_in_failed(
    visitor: PageBrowser, owner: Person
) -> None:
    doubtful = owner.identifier[:-1] + str((int(owner.identifier[-1]) + 1) % 10)
    for identifier, shown in ((owner.identifier, False), (doubtful, True)):
        await visitor.open("/sign-in")
        await visitor.submit(identifier=identifier, password="a long enough one", shared_device="yes")
        assert (visitor.status, visitor.says(READ_AGAIN)) == (422, shown)
        assert visitor.form().values["identifier"] == identifier


async def test_an_account_whose_number_does_not_fit_signs_in_like_any_other(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, messages: Messages, clock: Clock
) -> None:
    owner = await register(identifier="0999999990")
    await claim_account(browser_of(address="192.0.2.99"), owner, messages)
    clock.advance(hours=3)
    await sign_in(visitor, owner, messages)
    assert visitor.path.startswith("/household")


async def test_an_unknown_identifier_and_a_wrong_password_get_one_answer(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person
) -> None:
    stranger = browser_of()
    for browser, identifier in ((visitor, owner.identifier), (stranger, "0999999993")):
        await browser.open("/sign-in")
        await browser.submit(identifier=identifier, password="a wrong one")
        assert browser.status == 422
        assert browser.form().values["password"] == ""
    assert _masked(visitor, owner.identifier) == _masked(stranger, "0999999993")


def _masked(browser: PageBrowser, identifier: str) -> str:
    html = browser.response.text.replace(identifier, "")
    return re.sub(r'name="_(csrf|key)" value="\w+"', "", html)


async def test_after_some_wrong_passwords_one_has_to_wait(
    visitor: PageBrowser, owner: Person, clock: Clock
) -> None:
    await visitor.open("/sign-in")
    for _ in range(4):
        await give_password(visitor, owner, password="a wrong one")
        assert visitor.status == 422
    await give_password(visitor, owner)
    assert visitor.status == 429
    assert "identifier" in visitor.errors
    clock.advance(seconds=20)
    await give_password(visitor, owner)
    assert visitor.path == "/sign-in/code"


async def test_the_code_page_is_not_reached_without_the_password(visitor: PageBrowser) -> None:
    await visitor.open("/sign-in/code")
    assert visitor.path == "/sign-in"


async def test_a_wrong_code_says_how_many_tries_are_left(
    visitor: PageBrowser, owner: Person, messages: Messages
) -> None:
    await visitor.open("/sign-in")
    await give_password(visitor, owner)
    code = await messages.code_to(str(owner.phone))
    await visitor.submit(code=f"{(int(code) + 1) % 10**6:06}")
    assert visitor.status == 422
    assert "4" in visitor.errors["code"]
    await visitor.submit(code=f" {code[:3]}-{code[3:]} ")
    assert visitor.path.startswith("/household")


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "12 34"])
async def test_what_is_no_code_costs_no_try(
    visitor: PageBrowser, owner: Person, messages: Messages, typed: str
) -> None:
    await visitor.open("/sign-in")
    await give_password(visitor, owner)
    for _ in range(6):
        await visitor.submit(code=typed)
        assert visitor.status == 422
    await visitor.submit(code=await messages.code_to(str(owner.phone)))
    assert visitor.path.startswith("/household")


async def test_signing_out_ends_the_session_on_the_server(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person, messages: Messages
) -> None:
    await sign_in(visitor, owner, messages)
    await visitor.open("/account")
    copied = visitor.http.cookies["session"]
    visitor.form("/sign-out")
    visitor.http.follow_redirects = False
    await visitor.submit()
    assert "cache" in visitor.response.headers["clear-site-data"]
    assert visitor.response.headers["location"] == "/fr/sign-out"
    thief = browser_of()
    thief.http.cookies.set("session", copied)
    await thief.open("/account")
    assert thief.path == "/sign-in"


async def test_a_link_to_sign_out_only_asks(visitor: PageBrowser, owner: Person, messages: Messages) -> None:
    await sign_in(visitor, owner, messages)
    await visitor.open("/sign-out")
    assert visitor.form().method == "post"
    await visitor.open("/account")
    assert visitor.path == "/account"
    await visitor.open("/sign-out")
    await visitor.submit()
    assert visitor.status == 200
    assert visitor.says("You are signed out")


@pytest.mark.parametrize(("shared", "hours"), [(True, 2), (False, 12)])
async def test_a_session_ends_sooner_on_a_shared_device(
    visitor: PageBrowser, owner: Person, messages: Messages, clock: Clock, shared: bool, hours: int
) -> None:
    await sign_in(visitor, owner, messages, shared=shared)
    for _ in range(hours * 6 - 1):
        clock.advance(minutes=10)
        await visitor.open("/account")
        assert visitor.path == "/account"
    clock.advance(minutes=10)
    await visitor.open("/account")
    assert visitor.path == "/sign-in"


async def test_without_activity_a_session_ends_and_staying_is_a_button(
    visitor: PageBrowser, owner: Person, messages: Messages, clock: Clock
) -> None:
    await sign_in(visitor, owner, messages)
    await visitor.open("/account")
    clock.advance(minutes=14)
    visitor.form("/account/stay")
    await visitor.submit()
    clock.advance(minutes=14)
    await visitor.open("/account")
    assert visitor.path == "/account"
    clock.advance(minutes=16)
    await visitor.open("/account")
    assert visitor.path == "/sign-in"


async def test_the_session_cookie_is_new_and_out_of_reach_of_scripts(
    visitor: PageBrowser, owner: Person, messages: Messages
) -> None:
    visitor.http.cookies.set("session", "planted")
    await visitor.open("/sign-in")
    await give_password(visitor, owner)
    visitor.http.follow_redirects = False
    await visitor.submit(code=await messages.code_to(str(owner.phone)))
    session = next(c for c in visitor.response.headers.get_list("set-cookie") if c.startswith("session="))
    assert "planted" not in session
    assert "HttpOnly" in session
    assert "SameSite=lax" in session


async def test_a_signed_in_citizen_needs_no_door(
    visitor: PageBrowser, owner: Person, messages: Messages
) -> None:
    await sign_in(visitor, owner, messages)
    await visitor.open("/sign-in?next=/account")
    assert visitor.path == "/account"
    await visitor.open("/")
    assert "/fr/household" in visitor.links


async def test_a_code_of_signing_in_opens_no_claim(
    visitor: PageBrowser, owner: Person, messages: Messages
) -> None:
    await visitor.open("/sign-in")
    await give_password(visitor, owner)
    visitor.http.cookies.set("claim", visitor.http.cookies["sign_in"])
    await visitor.open("/claim/code")
    assert visitor.path == "/claim"


@pytest.mark.parametrize("lang", ["ar", "zgh"])
async def test_the_way_in_works_in_every_language(
    browser_of: BrowserOf, owner: Person, messages: Messages, lang: str
) -> None:
    browser = browser_of(lang)
    await sign_in(browser, owner, messages)
    assert browser.response.url.path.startswith(f"/{lang}/household")


async def test_the_password_is_never_on_a_page(visitor: PageBrowser, owner: Person) -> None:
    await visitor.open("/sign-in")
    await visitor.submit(identifier="12", password=PASSWORD)
    assert visitor.status == 422
    assert PASSWORD not in visitor.response.text
