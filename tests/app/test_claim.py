"""Claiming one's identifier by filling in the pages, as a citizen, as a stranger and as somebody in a hurry."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from app.requests import Portal
from identity.limits import FLOOD_FROM, spend
from identity.people.tables import BirthPrecision, DocumentKind
from notifications.country import country
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import PASSWORD, claim_account, prove_claim, shown_code, start_claim
from tests.app.pages import PageBrowser

STEPS = ["/claim/code", "/claim/account", "/claim/done"]


async def test_from_three_facts_to_an_account(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    person = await register()
    await start_claim(visitor, person)
    assert visitor.path == "/claim/code"
    await visitor.submit(code=await messages.code_to(person.phone))
    assert visitor.path == "/claim/account"
    assert person.identifier in visitor.text
    assert visitor.form().values["language"] == "fr"
    await visitor.submit(new_password=PASSWORD, language="zgh", sms_language="ar")
    assert visitor.path == "/claim/done"
    assert re.fullmatch(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", shown_code(visitor))
    assert (await messages.to(person.phone))[0].language == "ar"


async def test_the_recovery_code_is_shown_until_it_was_kept_and_never_again(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    code = await claim_account(visitor, await register(), messages)
    await visitor.open("/claim/done")
    assert shown_code(visitor) == code
    await visitor.submit()
    assert visitor.path.startswith("/household")
    await visitor.open("/claim/done")
    assert code not in visitor.response.text


async def test_numbers_may_be_typed_as_people_type_them(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    person = await register(document_number="AB123456", phone="+212612345678")
    typed = {
        "document_number": " ab-123 456 ",
        "phone": "٠٦ ١٢ ٣٤ ٥٦ ٧٨",
        "birth_date_day": "٢٧",
        "birth_date_year": "١٩٨٤",
    }
    await start_claim(visitor, person, **typed)
    assert visitor.path == "/claim/code"
    assert await messages.to(person.phone)


async def test_a_birth_date_may_be_a_year_alone(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    person = await register(birth_date=dt.date(1950, 1, 1), birth_precision=BirthPrecision.YEAR)
    await start_claim(visitor, person, birth_date_day="", birth_date_month="")
    assert visitor.path == "/claim/code"
    assert await messages.to(person.phone)


@pytest.mark.parametrize(
    "wrong",
    [
        {"document_number": "ZZ999999"},
        {"birth_date_year": "1985"},
        {"phone": "0699999999"},
        {"document_kind": DocumentKind.RESIDENCE_CARD.value},
    ],
)
async def test_nobody_learns_whether_the_register_knows_these_facts(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, messages: Messages, wrong: dict[str, str]
) -> None:
    person, stranger = await register(), browser_of()
    await start_claim(visitor, person)
    await start_claim(stranger, person, **wrong)
    assert _without_chance(visitor) == _without_chance(stranger)
    assert (visitor.path, visitor.status) == (stranger.path, stranger.status)
    assert await messages.to(wrong.get("phone", "")) == []
    for code in ("000000", "111111"):
        await visitor.submit(code=code)
        await stranger.submit(code=code)
        assert _without_chance(visitor) == _without_chance(stranger)


def _without_chance(browser: PageBrowser) -> str:
    """The page without what differs between any two: the tokens of its forms and its reference."""
    html = re.sub(r'name="_(csrf|key)" value="\w+"', "", browser.response.text)
    return re.sub(r"C-[0-9A-Z]{10}", "", html)


async def test_an_identifier_with_an_account_answers_alike_and_its_owner_is_warned(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, messages: Messages, clock: Clock
) -> None:
    person = await register()
    await claim_account(visitor, person, messages)
    clock.advance(minutes=5)
    stranger = browser_of()
    await start_claim(stranger, person)
    assert stranger.path == "/claim/code"
    assert (await messages.to(person.phone))[0].template == "claim_attempted"


@pytest.mark.parametrize("step", STEPS)
async def test_no_step_can_be_skipped(visitor: PageBrowser, register: Register, step: str) -> None:
    await visitor.open(step)
    assert visitor.path in ("/claim", "/sign-in")
    await start_claim(visitor, await register())
    await visitor.open(step)
    assert visitor.path in ("/claim/code", "/sign-in")


async def test_an_account_is_not_opened_by_a_post_out_of_turn(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    await start_claim(visitor, await register())
    tokens = {name: visitor.form().values[name] for name in ("_csrf", "_key")}
    answers = {"new_password": PASSWORD, "language": "fr", "sms_language": "fr"}
    await visitor.post("/claim/account", tokens | answers)
    assert visitor.path == "/claim/code"
    await visitor.open("/account")
    assert visitor.path == "/sign-in"


async def test_the_page_says_how_many_tries_are_left_and_closes_after_five(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    person = await register()
    await start_claim(visitor, person)
    code = await messages.code_to(person.phone)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for left in (4, 3, 2, 1):
        await visitor.submit(code=wrong)
        assert visitor.status == 422
        assert str(left) in visitor.errors["code"]
    await visitor.submit(code=wrong)
    await visitor.submit(code=code)
    assert visitor.status == 422
    assert visitor.path == "/claim/code"


async def test_an_expired_code_says_so_and_another_one_works(
    visitor: PageBrowser, register: Register, messages: Messages, clock: Clock
) -> None:
    person = await register()
    await start_claim(visitor, person)
    old = await messages.code_to(person.phone)
    clock.advance(minutes=11)
    await visitor.submit(code=old)
    assert "code" in visitor.errors
    assert not re.search(r"\d", visitor.errors["code"])
    visitor.form("/claim/code/again")
    await visitor.submit()
    fresh = await messages.code_to(person.phone)
    await visitor.submit(code=fresh)
    assert visitor.path == "/claim/account"


async def test_another_code_can_be_asked_for_after_a_minute_and_the_page_says_when(
    visitor: PageBrowser, register: Register, messages: Messages, clock: Clock
) -> None:
    person = await register()
    await start_claim(visitor, person)
    in_a_minute = (clock.now + dt.timedelta(seconds=60)).astimezone(country().time_zone)
    assert f"{in_a_minute:%H:%M:%S}" in visitor.text
    visitor.form("/claim/code/again")
    await visitor.submit()
    assert len(await messages.to(person.phone)) == 1
    clock.advance(seconds=61)
    visitor.form("/claim/code/again")
    await visitor.submit()
    assert len(await messages.to(person.phone)) == 2


async def test_a_code_is_worth_nothing_in_another_browser(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, messages: Messages
) -> None:
    person, thief = await register(), browser_of()
    await start_claim(visitor, person)
    code = await messages.code_to(person.phone)
    await thief.open("/claim")
    thief.http.cookies.set("claim", visitor.http.cookies["claim"])
    await thief.open("/claim/code")
    assert thief.path == "/claim"
    tokens = {"_csrf": thief.form().values["_csrf"], "code": code}
    await thief.post("/claim/code", tokens)
    assert thief.path == "/claim"


async def test_the_same_answers_sent_twice_open_one_account(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    await prove_claim(visitor, await register(), messages)
    visitor.fill(new_password=PASSWORD)
    form, address = visitor.form(), visitor.path
    await visitor.send(form)
    first = shown_code(visitor)
    await visitor.post(address, {**form.values})
    # The session is another one since then: the old form is no longer its own.
    assert visitor.status == 403
    await visitor.open("/claim/done")
    assert shown_code(visitor) == first


async def test_two_browsers_of_one_person_open_one_account(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, messages: Messages, clock: Clock
) -> None:
    person, second = await register(), browser_of()
    await prove_claim(visitor, person, messages)
    clock.advance(minutes=2)
    await prove_claim(second, person, messages)
    await visitor.submit(new_password=PASSWORD)
    await second.submit(new_password="une autre phrase longue")
    assert second.path == "/sign-in"
    assert second.says("This identifier already has an account. Sign in with your password.")


async def test_a_password_that_is_easy_to_guess_is_refused_with_the_answers_kept(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    await prove_claim(visitor, await register(), messages)
    await visitor.submit(new_password="12345678", sms_language="zgh", email="fatima@example.ma")
    assert visitor.status == 422
    assert set(visitor.errors) == {"new_password"}
    assert visitor.form().values["sms_language"] == "zgh"
    assert visitor.form().values["email"] == "fatima@example.ma"
    assert visitor.form().values["new_password"] == ""


async def test_an_email_address_is_confirmed_by_its_code(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    await claim_account(visitor, await register(), messages, email="Fatima@Example.ma")
    await visitor.submit()
    assert visitor.path == "/account/email/code"
    await visitor.submit(code=await messages.code_to("Fatima@example.ma"))
    assert visitor.path == "/account"
    assert "Fatima@example.ma" in visitor.text


async def test_what_is_missing_or_wrong_is_said_field_by_field(visitor: PageBrowser) -> None:
    await visitor.open("/claim")
    first_title = visitor.title
    await visitor.submit()
    assert visitor.status == 422
    assert list(visitor.errors) == ["document_kind", "document_number", "birth_date_year", "phone"]
    assert visitor.title != first_title
    facts = {
        "birth_date_day": "31",
        "birth_date_month": "2",
        "birth_date_year": "1984",
        "phone": "0522334455",
    }
    await visitor.submit(document_kind="national_card", document_number="A", **facts)
    assert set(visitor.errors) == {"document_number", "birth_date_day", "phone"}
    assert visitor.form().values["phone"] == "0522334455"


async def test_a_birth_date_in_the_future_is_refused(visitor: PageBrowser, register: Register) -> None:
    await start_claim(visitor, await register(), birth_date_year="2080")
    assert set(visitor.errors) == {"birth_date_year"}


async def test_from_an_address_of_many_people_the_code_is_longer(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    for number in range(10):
        await start_claim(visitor, await register(), document_number=f"ZZ{number:06}")
    fatima = await register(phone="+212699000001")
    await start_claim(visitor, fatima)
    assert visitor.path == "/claim/code"
    code = await messages.code_to("+212699000001")
    assert len(code) == 8
    for too_short in (code[:6], code[:7]):
        await visitor.submit(code=too_short)
        assert visitor.status == 422
    spoken = f"{code[:4]} {code[4:]}".translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    await visitor.submit(code=spoken)
    assert visitor.path == "/claim/account"


async def test_a_flood_from_one_address_is_told_to_wait(
    visitor: PageBrowser, register: Register, portal: Portal, clock: Clock
) -> None:
    async with portal.writes() as session, session.begin():
        for _ in range(FLOOD_FROM.count):
            facts = {"subject": "192.0.2.10", "keys": portal.keys, "now": clock.now}
            await spend(session, FLOOD_FROM, **facts)
    await start_claim(visitor, await register())
    assert visitor.status == 429
    assert "document_number" in visitor.errors
    clock.advance(minutes=5)
    await visitor.submit()
    assert visitor.path == "/claim/code"


async def test_in_a_browser_whose_tries_were_used_up_twice_one_waits_and_another_does_not(
    visitor: PageBrowser, browser_of: BrowserOf, register: Register, messages: Messages, clock: Clock
) -> None:
    fatima = await register()
    for _ in range(2):
        await start_claim(visitor, fatima)
        code = await messages.code_to(str(fatima.phone))
        for slip in range(1, 6):
            await visitor.submit(code=f"{(int(code) + slip) % 1_000_000:06}")
        clock.advance(minutes=2)
    await start_claim(visitor, fatima)
    assert "code" in visitor.errors
    received = len(await messages.to(str(fatima.phone)))
    await visitor.submit(code=code)
    assert "code" in visitor.errors
    assert len(await messages.to(str(fatima.phone))) == received
    other = browser_of()
    clock.advance(minutes=7)
    await start_claim(other, fatima)
    await other.submit(code=await messages.code_to(str(fatima.phone)))
    assert other.path == "/claim/account"
