"""Coming back without the password."""

from __future__ import annotations

import re

import pytest

from identity.people.tables import Person
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import PASSWORD, claim_account, give_password, shown_code, sign_in
from tests.app.pages import PageBrowser

NEW_PASSWORD = "cinq chevaux verts"
EMAIL = "fatima@example.ma"


@pytest.fixture
async def owner(register: Register) -> Person:
    return await register()


@pytest.fixture
async def code(owner: Person, browser_of: BrowserOf, messages: Messages, clock: Clock) -> str:
    """The recovery code of an account that was opened some time ago, elsewhere."""
    shown = await claim_account(browser_of(address="192.0.2.99"), owner, messages)
    clock.advance(hours=3)
    return shown


async def recover(browser: PageBrowser, owner: Person, code: str, messages: Messages) -> None:
    await browser.open("/recovery")
    await browser.submit(identifier=owner.identifier, recovery_code=code)
    await browser.submit(code=await messages.code_to(str(owner.phone)))


async def test_the_printed_code_and_the_telephone_give_a_new_password(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person, code: str, messages: Messages, clock: Clock
) -> None:
    await recover(visitor, owner, code.lower().replace("-", " "), messages)
    assert visitor.path == "/recovery/password"
    await visitor.submit(new_password=NEW_PASSWORD)
    assert visitor.path == "/account/recovery-code"
    assert shown_code(visitor) != code
    await visitor.submit()
    assert visitor.path == "/account"
    clock.advance(minutes=5)
    other = browser_of()
    await other.open("/sign-in")
    await give_password(other, owner, password=PASSWORD)
    assert other.status == 422
    await sign_in(other, owner, messages, password=NEW_PASSWORD)
    assert other.path.startswith("/household")


async def test_every_other_session_is_ended(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person, code: str, messages: Messages, clock: Clock
) -> None:
    elsewhere = browser_of(address="192.0.2.20")
    await sign_in(elsewhere, owner, messages)
    clock.advance(minutes=2)
    await recover(visitor, owner, code, messages)
    await visitor.submit(new_password=NEW_PASSWORD)
    await elsewhere.open("/account")
    assert elsewhere.path == "/sign-in"


async def test_a_recovery_code_works_once(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person, code: str, messages: Messages, clock: Clock
) -> None:
    await recover(visitor, owner, code, messages)
    await visitor.submit(new_password=NEW_PASSWORD)
    clock.advance(minutes=5)
    sent = len(await messages.to(str(owner.phone)))
    again = browser_of()
    await again.open("/recovery")
    await again.submit(identifier=owner.identifier, recovery_code=code)
    assert again.path == "/recovery/code"
    assert len(await messages.to(str(owner.phone))) == sent


async def test_a_wrong_code_gets_the_same_page_and_no_message(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person, code: str, messages: Messages
) -> None:
    stranger, sent = browser_of(), len(await messages.to(str(owner.phone)))
    await stranger.open("/recovery")
    await stranger.submit(identifier=owner.identifier, recovery_code="0000-0000-0000-0000")
    assert len(await messages.to(str(owner.phone))) == sent
    await visitor.open("/recovery")
    await visitor.submit(identifier=owner.identifier, recovery_code=code)
    assert _without_tokens(visitor) == _without_tokens(stranger)


def _without_tokens(browser: PageBrowser) -> str:
    return re.sub(r'name="_(csrf|key)" value="\w+"', "", browser.response.text)


async def test_no_step_can_be_skipped(visitor: PageBrowser, owner: Person, code: str) -> None:
    for step in ("/recovery/code", "/recovery/password"):
        await visitor.open(step)
        assert visitor.path == "/recovery"
    await visitor.submit(identifier=owner.identifier, recovery_code=code)
    await visitor.open("/recovery/password")
    assert visitor.path == "/recovery/code"


async def test_a_code_that_cannot_be_one_is_said_so(visitor: PageBrowser) -> None:
    await visitor.open("/recovery")
    await visitor.submit(identifier="123", recovery_code="ABCD")
    assert set(visitor.errors) == {"identifier", "recovery_code"}
    assert visitor.status == 422


async def confirm_email(browser: PageBrowser, owner: Person, messages: Messages) -> None:
    await sign_in(browser, owner, messages)
    await browser.open("/account/email")
    await browser.submit(email=EMAIL)
    await browser.submit(code=await messages.code_to(EMAIL))


async def test_without_the_telephone_the_second_code_comes_by_email(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person, code: str, messages: Messages, clock: Clock
) -> None:
    await confirm_email(browser_of(address="192.0.2.20"), owner, messages)
    clock.advance(hours=72, minutes=1)
    told = len(await messages.to(str(owner.phone)))
    await visitor.open("/recovery")
    await visitor.submit(identifier=owner.identifier, recovery_code=code, channel="email")
    assert len(await messages.to(str(owner.phone))) == told
    await visitor.submit(code=await messages.code_to(EMAIL))
    await visitor.submit(new_password=NEW_PASSWORD)
    assert visitor.path == "/account/recovery-code"
    assert len(await messages.to(str(owner.phone))) == told + 1


async def test_an_address_confirmed_a_moment_ago_receives_no_code(
    visitor: PageBrowser, browser_of: BrowserOf, owner: Person, code: str, messages: Messages, clock: Clock
) -> None:
    await confirm_email(browser_of(address="192.0.2.20"), owner, messages)
    clock.advance(hours=71, minutes=59)
    told = len(await messages.to(EMAIL))
    await visitor.open("/recovery")
    await visitor.submit(identifier=owner.identifier, recovery_code=code, channel="email")
    assert visitor.path == "/recovery/code"
    assert len(await messages.to(EMAIL)) == told


async def test_signing_in_never_asks_the_email_for_its_code(
    browser_of: BrowserOf, owner: Person, code: str, messages: Messages, clock: Clock
) -> None:
    await confirm_email(browser_of(address="192.0.2.20"), owner, messages)
    clock.advance(hours=80)
    told = len(await messages.to(EMAIL))
    other = browser_of()
    await other.open("/sign-in")
    await give_password(other, owner, password=PASSWORD)
    assert other.path == "/sign-in/code"
    assert len(await messages.to(EMAIL)) == told
