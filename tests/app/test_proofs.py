"""Page by page: the authenticator, a new telephone and its hold, the recovery code at the door, "this is not me"."""

from __future__ import annotations

import re

import pyotp
import pytest

from app.rights import RightsMissing
from app.sensitive import ORDINARY, SENSITIVE, check_sensitive
from identity.assurance import SensitiveAct
from identity.people.tables import Person
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import PASSWORD, claim_account, give_password, shown_code, sign_in
from tests.app.pages import PageBrowser

NEW_PHONE = "+212698765432"
NEW_PASSWORD = "sept figues sous la lune"


@pytest.fixture
async def owner(visitor: PageBrowser, register: Register, messages: Messages) -> Person:
    person = await register(phone="+212612345678")
    await claim_account(visitor, person, messages)
    await visitor.submit()
    return person


async def set_up(browser: PageBrowser, clock: Clock) -> str:
    """The secret of an authenticator that the page has just taken into use."""
    await browser.open("/account/authenticator/new")
    await browser.submit()
    assert browser.main.first("img").get("src").startswith("data:image/svg+xml")
    secret = browser.main.first(class_="panel-value").text.replace(" ", "")
    await browser.submit(code=pyotp.TOTP(secret).at(clock.now))
    assert browser.path == "/account/authenticator"
    return secret


async def change_phone(browser: PageBrowser, messages: Messages) -> None:
    await browser.open("/account/phone")
    await browser.submit(phone=NEW_PHONE)
    await browser.submit(code=await messages.code_to(NEW_PHONE))
    assert browser.path == "/account"


async def test_the_authenticator_opens_the_account_instead_of_the_sms(
    visitor: PageBrowser, owner: Person, browser_of: BrowserOf, clock: Clock
) -> None:
    secret = await set_up(visitor, clock)
    clock.advance(minutes=2)
    browser = browser_of(address="192.0.2.50")
    await browser.open("/sign-in")
    await give_password(browser, owner)
    await browser.open("/sign-in/authenticator")
    await browser.submit(code="000000")
    assert set(browser.errors) == {"code"}
    code = pyotp.TOTP(secret).at(clock.now)
    await browser.submit(code=code)
    assert browser.path == "/household"
    again = browser_of(address="192.0.2.51")
    await again.open("/sign-in")
    await give_password(again, owner)
    await again.open("/sign-in/authenticator")
    await again.submit(code=code)
    assert again.status == 422


async def test_the_code_page_offers_the_authenticator_to_who_has_one(
    visitor: PageBrowser, owner: Person, browser_of: BrowserOf, clock: Clock
) -> None:
    browser = browser_of(address="192.0.2.50")
    for offered in (False, True):
        if offered:
            await set_up(visitor, clock)
        await browser.open("/sign-in")
        await give_password(browser, owner)
        assert ("/fr/sign-in/authenticator" in browser.links) == offered


async def test_setting_up_is_told_and_removing_asks_for_a_second_proof(
    visitor: PageBrowser, owner: Person, messages: Messages, clock: Clock
) -> None:
    secret = await set_up(visitor, clock)
    assert any(each.template == "authenticator_changed" for each in await messages.to("+212612345678"))
    for _ in range(3):
        clock.advance(minutes=10)
        await visitor.open("/account")
    await visitor.open("/account/authenticator/remove")
    await visitor.submit(password=PASSWORD)
    assert visitor.path == "/account/prove/second"
    await visitor.open("/account/prove/authenticator?next=/account/authenticator/remove")
    await visitor.submit(code=pyotp.TOTP(secret).at(clock.now))
    assert visitor.path == "/account/authenticator/remove"
    await visitor.submit()
    assert visitor.says("Set up an authenticator")


async def test_the_key_is_shown_to_its_own_session_alone(
    visitor: PageBrowser, owner: Person, register: Register, browser_of: BrowserOf, messages: Messages
) -> None:
    await visitor.open("/account/authenticator/new")
    await visitor.submit()
    key = visitor.main.first(class_="panel-value").text
    other = browser_of(address="192.0.2.60")
    await claim_account(other, await register(), messages)
    other.http.cookies.set("authenticator", visitor.http.cookies["authenticator"])
    await other.open("/account/authenticator/confirm")
    assert other.path == "/account/authenticator/new"
    assert key not in other.response.text


HELD = [
    "/account/email",
    "/account/password",
    "/account/phone",
    "/account/recovery-code/new",
    "/household/leave",
]


@pytest.mark.parametrize("page", HELD)
async def test_a_new_telephone_is_on_hold_for_72_hours(
    visitor: PageBrowser, owner: Person, messages: Messages, clock: Clock, page: str
) -> None:
    await change_phone(visitor, messages)
    told = [each.template for each in await messages.to("+212612345678")]
    assert "phone_changed" in told
    owner.phone = NEW_PHONE
    for hours, allowed in ((71, False), (2, True)):
        clock.advance(hours=hours)
        await sign_in(visitor, owner, messages)
        assert visitor.path == "/household"
        await visitor.open(page)
        assert (visitor.status == 200) == allowed, visitor.text
        assert visitor.says("Your new telephone has to wait") != allowed


async def test_the_recovery_code_lifts_the_hold_and_is_replaced(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    person = await register(phone="+212612345678")
    recovery_code = await claim_account(visitor, person, messages)
    await visitor.submit()
    await change_phone(visitor, messages)
    await visitor.open("/account/password")
    assert visitor.status == 403
    await visitor.open("/account/prove/second?next=/account/password")
    assert not visitor.says("Send a code to my telephone")
    await visitor.open("/account/prove/recovery-code?next=/account/password")
    await visitor.submit(recovery_code=recovery_code)
    assert visitor.path == "/account/recovery-code"
    assert shown_code(visitor) != recovery_code
    await visitor.submit()
    assert visitor.path == "/account/password"
    await visitor.submit(new_password=NEW_PASSWORD)
    assert visitor.path == "/account"


async def test_a_changed_password_ends_the_others_and_is_told(
    visitor: PageBrowser, owner: Person, browser_of: BrowserOf, messages: Messages, clock: Clock
) -> None:
    clock.advance(minutes=2)
    other = browser_of(address="192.0.2.70")
    await sign_in(other, owner, messages)
    await visitor.open("/account/password")
    await visitor.submit(new_password="fatima")
    assert set(visitor.errors) == {"new_password"}
    await visitor.submit(new_password=NEW_PASSWORD)
    assert visitor.path == "/account"
    assert any(each.template == "password_changed" for each in await messages.to(str(owner.phone)))
    await other.open("/account")
    assert other.path == "/sign-in"
    clock.advance(minutes=2)
    await other.open("/sign-in")
    await give_password(other, owner, password=NEW_PASSWORD)
    assert other.path == "/sign-in/code"


async def test_without_the_telephone_the_recovery_code_opens_the_account_and_a_new_number_is_given(
    register: Register, browser_of: BrowserOf, messages: Messages, clock: Clock
) -> None:
    person = await register(phone="+212612345678")
    recovery_code = await claim_account(browser_of(address="192.0.2.80"), person, messages)
    clock.advance(hours=3)
    browser = browser_of(address="192.0.2.81")
    await browser.open("/sign-in")
    await give_password(browser, person)
    await browser.open("/sign-in/recovery-code")
    await browser.submit(recovery_code="0000-0000-0000-0000")
    assert set(browser.errors) == {"recovery_code"}
    await browser.submit(recovery_code=recovery_code)
    assert browser.path == "/account/recovery-code"
    await browser.submit()
    assert browser.path == "/account/phone"
    await browser.submit(phone=NEW_PHONE)
    await browser.submit(code=await messages.code_to(NEW_PHONE))
    assert browser.path == "/account"
    again = browser_of(address="192.0.2.82")
    await again.open("/sign-in")
    await give_password(again, person)
    await again.open("/sign-in/recovery-code")
    await again.submit(recovery_code=recovery_code)
    assert again.status == 422


async def test_the_recovery_code_needs_the_password_first(visitor: PageBrowser) -> None:
    await visitor.open("/sign-in/recovery-code")
    assert visitor.path == "/sign-in"


async def test_the_old_telephone_cancels_a_change_that_its_owner_did_not_ask_for(
    visitor: PageBrowser, owner: Person, browser_of: BrowserOf, messages: Messages, clock: Clock
) -> None:
    await change_phone(visitor, messages)
    [sms] = [each for each in await messages.to("+212612345678") if each.template == "phone_changed"]
    found = re.search(r"P-[0-9A-Z]{10}", sms.body)
    assert found
    clock.advance(minutes=2)
    elsewhere = browser_of(address="192.0.2.90")
    await elsewhere.open("/not-me/change")
    await elsewhere.submit(reference=found.group().lower())
    await elsewhere.submit(code=await messages.code_to("+212612345678"))
    assert elsewhere.path == "/not-me/change/done"
    await visitor.open("/account")
    assert visitor.path == "/sign-in"
    clock.advance(minutes=2)
    await give_password(visitor, owner)
    await visitor.submit(code=await messages.code_to("+212612345678"))
    assert visitor.path == "/account"


async def test_a_recycled_number_is_taken_off_in_one_step(
    visitor: PageBrowser, owner: Person, browser_of: BrowserOf, messages: Messages, clock: Clock
) -> None:
    clock.advance(minutes=2)
    stranger = browser_of(address="192.0.2.91")
    await stranger.open("/not-me")
    await stranger.submit(phone="06 12 34 56 78")
    await stranger.submit(code=await messages.code_to("+212612345678"))
    assert stranger.path == "/not-me/done"
    await visitor.open("/account")
    assert visitor.says("Not provided")
    sent = len(await messages.to("+212612345678"))
    await stranger.open("/sign-in")
    await give_password(stranger, owner)
    assert stranger.path == "/sign-in/code"
    assert len(await messages.to("+212612345678")) == sent


async def test_whether_a_number_or_a_reference_is_known_is_not_told(
    owner: Person, browser_of: BrowserOf, messages: Messages
) -> None:
    for page, field, known, unknown in (
        ("/not-me", "phone", "0612345678", "0655555555"),
        ("/not-me/change", "reference", "P-11111111", "P-22222222"),
    ):
        shown = []
        for number, typed in enumerate((known, unknown)):
            browser = browser_of(address=f"192.0.2.{100 + number}")
            await browser.open(page)
            await browser.submit(**{field: typed})
            assert browser.path == f"{page}/code"
            shown.append(re.sub(r'name="_(csrf|key)" value="\w+"', "", browser.response.text))
        assert shown[0] == shown[1]
    assert await messages.to("+212655555555") == []


def test_every_change_of_a_citizen_was_looked_at() -> None:
    check_sensitive()
    assert {each.act for each in SENSITIVE.values()} == set(SensitiveAct)


def test_a_change_that_nobody_looked_at_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.sensitive.ORDINARY", ORDINARY - {"/account/languages"})
    with pytest.raises(RightsMissing, match="/account/languages"):
        check_sensitive()
