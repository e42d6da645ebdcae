"""One's own account: what it shows, and what can be changed after proving who is there."""

from __future__ import annotations

import pytest

from identity.people.tables import Person
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import PASSWORD, claim_account, shown_code
from tests.app.pages import PageBrowser


@pytest.fixture
async def owner(visitor: PageBrowser, register: Register, messages: Messages) -> Person:
    """Somebody who has just opened an account, in the browser of the test."""
    person = await register(phone="+212612345678")
    await claim_account(visitor, person, messages)
    await visitor.submit()
    return person


async def test_the_account_says_who_one_is_and_hides_the_number(visitor: PageBrowser, owner: Person) -> None:
    await visitor.open("/account")
    assert owner.identifier in visitor.text
    assert "678" in visitor.text
    assert "612345" not in visitor.response.text


async def test_languages_are_changed(
    visitor: PageBrowser, owner: Person, messages: Messages, clock: Clock
) -> None:
    await visitor.open("/account/languages")
    await visitor.submit(language="zgh", sms_language="ar")
    assert visitor.path == "/account"
    await visitor.open("/account/languages")
    assert (visitor.form().values["language"], visitor.form().values["sms_language"]) == ("zgh", "ar")


async def test_an_address_counts_only_when_its_code_is_given(
    visitor: PageBrowser, owner: Person, messages: Messages
) -> None:
    await visitor.open("/account/email")
    await visitor.submit(email="fatima@example.ma")
    assert visitor.path == "/account/email/code"
    await visitor.open("/account")
    assert "fatima@example.ma" not in visitor.text
    await visitor.open("/account/email/code")
    await visitor.submit(code=await messages.code_to("fatima@example.ma"))
    assert visitor.path == "/account"
    assert "fatima@example.ma" in visitor.text
    await visitor.open("/account/email")
    visitor.form("/account/email/remove")
    await visitor.submit()
    assert "fatima@example.ma" not in visitor.text


@pytest.mark.parametrize("typed", ["", "fatima", "fatima@", "@example.ma", "a b@example.ma", "f@example"])
async def test_what_is_no_address_is_said_so(visitor: PageBrowser, owner: Person, typed: str) -> None:
    await visitor.open("/account/email")
    await visitor.submit(email=typed)
    assert visitor.status == 422
    assert set(visitor.errors) == {"email"}


@pytest.mark.parametrize("page", ["/account/email", "/account/password"])
async def test_after_twenty_minutes_the_password_is_asked_again(
    visitor: PageBrowser, owner: Person, clock: Clock, page: str
) -> None:
    await _stay_for(visitor, clock, minutes=21)
    await visitor.open(page)
    assert visitor.path == "/account/prove"
    await visitor.submit(password="a wrong one")
    assert visitor.status == 422
    before = visitor.http.cookies["session"]
    await visitor.submit(password=PASSWORD)
    assert visitor.path == page
    assert visitor.http.cookies["session"] != before


async def test_a_change_prepared_before_the_proof_ran_out_is_not_made(
    visitor: PageBrowser, owner: Person, clock: Clock
) -> None:
    await _stay_for(visitor, clock, minutes=14)
    await visitor.open("/account/email")
    clock.advance(minutes=8)
    await visitor.submit(email="thief@example.ma")
    assert visitor.path == "/account/prove"


async def _stay_for(browser: PageBrowser, clock: Clock, *, minutes: int) -> None:
    for _ in range(minutes):
        clock.advance(minutes=1)
        await browser.open("/account")


async def test_a_new_recovery_code_is_shown_until_it_was_kept(
    visitor: PageBrowser, owner: Person, clock: Clock
) -> None:
    await visitor.open("/account/recovery-code")
    await visitor.submit()
    code = shown_code(visitor)
    await visitor.open("/account/recovery-code")
    assert shown_code(visitor) == code
    await visitor.submit()
    assert visitor.path == "/account"
    await visitor.open("/account/recovery-code")
    assert code not in visitor.response.text


async def test_a_recovery_code_on_its_way_opens_in_its_own_session_alone(
    visitor: PageBrowser, owner: Person, messages: Messages, register: Register, browser_of: BrowserOf
) -> None:
    await visitor.open("/account/recovery-code")
    await visitor.submit()
    code = shown_code(visitor)
    other = browser_of(address="192.0.2.30")
    await claim_account(other, await register(), messages)
    other.http.cookies.set("recovery_code", visitor.http.cookies["recovery_code"])
    await other.open("/account/recovery-code")
    assert code not in other.response.text


async def test_nobody_has_looked_at_a_fresh_file(visitor: PageBrowser, owner: Person) -> None:
    await visitor.open("/account")
    assert visitor.says("No officer has opened your file.")


async def test_the_account_is_for_people_who_are_signed_in(visitor: PageBrowser) -> None:
    for path in (
        "/account",
        "/account/email",
        "/account/languages",
        "/account/recovery-code",
        "/account/prove",
    ):
        await visitor.open(path)
        assert visitor.path == "/sign-in"
