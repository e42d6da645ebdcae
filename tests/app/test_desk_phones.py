"""A lost telephone at the desk, by filling in the pages: two officers in two browsers, and the citizen is in again."""

from __future__ import annotations

import re

import pytest
from sqlmodel import select

from app.requests import Portal
from identity.desk_tables import PhoneBinding
from identity.people.tables import Person
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.journeys import claim_account, give_password
from tests.app.officers import OfficerAccount, add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser

NEW_PHONE = "+212698765432"
PHONES = "/staff/phones"


@pytest.fixture
async def owner(browser_of: BrowserOf, register: Register, messages: Messages) -> Person:
    person = await register(phone="+212612345678")
    await claim_account(browser_of(), person, messages)
    return person


@pytest.fixture
async def amal(portal: Portal) -> OfficerAccount:
    return await add_officer_account(portal, "amal")


@pytest.fixture
async def omar(portal: Portal) -> OfficerAccount:
    return await add_officer_account(portal, "omar")


@pytest.fixture
async def desk(visitor: PageBrowser, amal: OfficerAccount, clock: Clock) -> PageBrowser:
    await sign_in_officer(visitor, amal, clock)
    return visitor


@pytest.fixture
async def colleague(browser_of: BrowserOf, omar: OfficerAccount, clock: Clock) -> PageBrowser:
    browser = browser_of()
    await sign_in_officer(browser, omar, clock)
    return browser


async def ask(desk: PageBrowser, person: Person, messages: Messages, **more: str) -> str:
    """Fill in the form with the person's document, and the code; the page of the request."""
    await desk.open(PHONES)
    await desk.submit(
        document_kind="national_card",
        document_number=str(person.document_number),
        new_phone="06 98 76 54 32",
        why="lost",
        document_seen="yes",
        **more,
    )
    assert desk.path == f"{PHONES}/code", desk.errors
    await desk.submit(code=await messages.code_to(NEW_PHONE))
    assert desk.path.startswith(f"{PHONES}/T-")
    return desk.path


async def test_two_officers_and_the_citizen_is_in_again(
    desk: PageBrowser,
    colleague: PageBrowser,
    owner: Person,
    omar: OfficerAccount,
    browser_of: BrowserOf,
    messages: Messages,
    clock: Clock,
) -> None:
    request = await ask(desk, owner, messages)
    for private in (owner.given_name_latin, owner.identifier, NEW_PHONE[-6:], str(owner.document_number)):
        assert private not in desk.response.text
    clock.advance(minutes=6)
    await colleague.open("/staff")
    await colleague.open(f"{request}/witness")
    assert colleague.path == "/staff/prove"
    await colleague.submit(code=omar.code(clock))
    assert colleague.path == f"{request}/witness"
    for shown in (owner.given_name_latin, str(owner.document_number), NEW_PHONE):
        assert shown in colleague.text
    await colleague.submit(confirmation="confirm")
    assert (colleague.status, set(colleague.errors)) == (422, {"document_seen"})
    await colleague.submit(confirmation="confirm", document_seen="yes")
    assert colleague.path == request
    await desk.open(request)
    assert not list(desk.page.all("form", action=f"/fr{request}/withdraw"))
    assert any(each.template == "phone_changed" for each in await messages.to(str(owner.phone)))
    citizen = browser_of(address="192.0.2.77")
    await citizen.open("/sign-in")
    await give_password(citizen, owner)
    await citizen.submit(code=await messages.code_to(NEW_PHONE))
    assert citizen.path == "/household"
    await citizen.open("/account/password")
    assert citizen.status == 403
    await citizen.open("/account")
    assert "Amal Skalli" in citizen.text


async def test_who_asked_cannot_witness_whatever_address_is_typed(
    desk: PageBrowser, owner: Person, messages: Messages, portal: Portal
) -> None:
    request = await ask(desk, owner, messages)
    await desk.open(f"{request}/witness")
    assert (desk.path, NEW_PHONE in desk.response.text) == (request, False)
    keys = {name: str(desk.form().values[name]) for name in ("_csrf", "_key")}
    await desk.post(f"{request}/witness", {**keys, "confirmation": "confirm", "document_seen": "yes"})
    assert desk.status == 403
    async with portal.reads() as session:
        binding = (await session.exec(select(PhoneBinding))).one()
    assert binding.status == "waiting"


async def test_the_queue_of_the_centre_shows_it_to_the_colleague_until_it_is_taken_back(
    desk: PageBrowser, colleague: PageBrowser, owner: Person, messages: Messages
) -> None:
    request = await ask(desk, owner, messages)
    await colleague.open("/staff")
    assert f"/fr{request}/witness" in colleague.links
    assert owner.given_name_latin not in colleague.response.text
    await desk.submit()
    assert desk.path == request
    await colleague.open("/staff")
    assert f"/fr{request}/witness" not in colleague.links
    await colleague.open(f"{request}/witness")
    assert colleague.path == request


async def test_with_telephone_and_password_lost_the_receipt_leads_to_a_new_password_once(
    desk: PageBrowser,
    colleague: PageBrowser,
    owner: Person,
    browser_of: BrowserOf,
    messages: Messages,
    clock: Clock,
) -> None:
    request = await ask(desk, owner, messages, password_lost="yes")
    reference = request.rpartition("/")[2]
    await colleague.open(f"{request}/witness")
    await colleague.submit(confirmation="confirm", document_seen="yes")
    clock.advance(minutes=2)
    citizen = browser_of(address="192.0.2.77")
    await citizen.open("/recovery/centre")
    await citizen.submit(identifier=owner.identifier, binding=reference.lower())
    await citizen.submit(code=await messages.code_to(NEW_PHONE))
    await citizen.submit(new_password="huit cigognes au bord du lac")
    assert citizen.path == "/household"
    assert any(each.template == "password_changed" for each in await messages.to(str(owner.phone)))
    # Nothing but the telephone was shown, and it is on hold.
    for path in ("/account/recovery-code/new", "/account/password", "/account/authenticator/new"):
        await citizen.open(path)
        assert citizen.status == 403
    clock.advance(minutes=2)
    before = len(await messages.to(NEW_PHONE))
    again = browser_of(address="192.0.2.78")
    await again.open("/recovery/centre")
    await again.submit(identifier=owner.identifier, binding=reference)
    assert again.path == "/recovery/centre/code"
    assert len(await messages.to(NEW_PHONE)) == before


@pytest.mark.parametrize("spoilt", ["not said", "cancelled", "a day later", "somebody else's number"])
async def test_the_receipt_alone_opens_nothing(
    desk: PageBrowser,
    colleague: PageBrowser,
    owner: Person,
    register: Register,
    browser_of: BrowserOf,
    messages: Messages,
    clock: Clock,
    spoilt: str,
) -> None:
    more = {} if spoilt == "not said" else {"password_lost": "yes"}
    request = await ask(desk, owner, messages, **more)
    await colleague.open(f"{request}/witness")
    await colleague.submit(confirmation="confirm", document_seen="yes")
    identifier = owner.identifier
    clock.advance(minutes=2)
    if spoilt == "cancelled":
        await cancel(browser_of(), owner, messages)
    elif spoilt == "somebody else's number":
        identifier = (await register()).identifier
    clock.advance(hours=24 if spoilt == "a day later" else 1)
    before = len(await messages.to(NEW_PHONE))
    citizen = browser_of(address="192.0.2.77")
    await citizen.open("/recovery/centre")
    await citizen.submit(identifier=identifier, binding=request.rpartition("/")[2])
    assert citizen.path == "/recovery/centre/code"
    assert len(await messages.to(NEW_PHONE)) == before


async def cancel(browser: PageBrowser, owner: Person, messages: Messages) -> None:
    told = next(each for each in await messages.to(str(owner.phone)) if each.template == "phone_changed")
    found = re.search(r"P-[0-9A-Z]{10}", told.body)
    assert found is not None
    await browser.open("/not-me/change")
    await browser.submit(reference=found.group())
    await browser.submit(code=await messages.code_to(str(owner.phone)))
    assert browser.path == "/not-me/change/done"
