"""The desk: who is expected, what the officer saw, who saw it too, and the identifier that follows."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from litestar import Litestar
from sqlmodel import col, select

from app.main import create_app
from app.requests import Portal
from identity.people.numbers import parse_identifier
from identity.people.tables import DocumentKind, Person
from identity.roles import Role
from identity.tables import AuditEntry
from registry.appointments.booking import book
from registry.appointments.slots import bookable_slots
from registry.appointments.tables import (
    Appointment,
    AppointmentStatus,
    IdentityCheck,
    PreRegistration,
    PreRegistrationStatus,
)
from registry.centres.directory import centre
from registry.dates import country_time
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.entering import CENTRE, PHONE, check, choose, come, pre_register
from tests.app.officers import ELSEWHERE, OfficerAccount, add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser, Value
from tests.identity.world import PASSWORD
from tests.registry.newcomers import add_pre_registration

CARD: dict[str, Value] = {
    "paper": "residence_card",
    "paper_number": "ZR 045 678",
    "given_name_ar": "مريامة",
    "family_name_ar": "كمارا",
    "given_name_latin": "Mariama",
    "family_name_latin": "Camara",
}
NONE: dict[str, Value] = CARD | {"paper": "none", "paper_number": ""}
EXTRACT: dict[str, Value] = CARD | {"paper": "birth_extract", "paper_number": "1243/1991"}
Booked = Callable[..., Awaitable[str]]


@pytest.fixture
def booked(portal: Portal) -> Booked:
    """A function that brings somebody to an appointment; gives back its reference."""
    taken = iter(range(4, 400))

    async def make(**changed: object) -> str:
        async with portal.writes() as session, session.begin():
            now = portal.clock()
            kept = await add_pre_registration(session, now, phone=PHONE, **changed)
            slot = bookable_slots(centre(CENTRE), now=now)[next(taken)]
            made = await book(session, kept=kept, centre_code=CENTRE, starts_at=slot.starts_at, now=now)
            return made.reference

    return make


@pytest.fixture
async def officer(portal: Portal) -> OfficerAccount:
    return await add_officer_account(portal)


@pytest.fixture
async def desk(visitor: PageBrowser, officer: OfficerAccount, clock: Clock) -> PageBrowser:
    await sign_in_officer(visitor, officer, clock)
    return visitor


async def test_a_foreign_resident_from_the_first_page_to_a_claimed_account(
    browser_of: BrowserOf, portal: Portal, messages: Messages, clock: Clock, officer: OfficerAccount
) -> None:
    """At home, the reminder, the desk, the receipt, the claim: every step by the page that is really there."""
    mariama, amal = browser_of("fr"), browser_of("ar", "192.0.2.20")
    reference = await pre_register(mariama, messages)
    at = await choose(mariama, day=2)
    assert (await messages.to(PHONE))[0].template == "appointment_booked"
    clock.now = dt.datetime.fromisoformat(at).replace(tzinfo=country_time()) - dt.timedelta(hours=22)
    assert (await messages.to(PHONE))[0].template == "appointment_reminder"
    clock.advance(hours=22)
    await sign_in_officer(amal, officer, clock)
    await amal.open("/staff/appointments")
    assert reference in amal.text
    appointment = await _appointment_of(portal, reference)
    await come(amal, appointment)
    await check(amal, appointment, **CARD)
    assert amal.path.startswith("/staff/identity-checks/")
    identifier = re.findall(r"\b0[0-9]{9}\b", amal.text)[0]
    assert parse_identifier(identifier).check_digit_ok
    told = await messages.to(PHONE)
    assert told[0].template == "identifier_issued"
    assert not any(identifier in message.body for message in told)
    await mariama.open("/claim")
    await mariama.submit(
        document_kind="residence_card",
        document_number="ZR045678",
        birth_date_day="9",
        birth_date_month="11",
        birth_date_year="1991",
        phone="0661234567",
    )
    await mariama.submit(code=await messages.code_to(PHONE))
    assert mariama.path == "/claim/account"
    assert identifier in mariama.text
    await mariama.submit(new_password=PASSWORD, language="fr", sms_language="fr")
    assert mariama.path == "/claim/done"


async def _appointment_of(portal: Portal, reference: str) -> str:
    async with portal.reads() as session:
        found = await session.exec(
            select(Appointment.reference)
            .join(PreRegistration, col(PreRegistration.id) == col(Appointment.pre_registration_id))
            .where(PreRegistration.reference == reference)
        )
        return found.one()


@pytest.mark.parametrize("seen", [EXTRACT, NONE])
async def test_without_a_card_a_colleague_confirms_and_the_receipt_claims(
    desk: PageBrowser,
    browser_of: BrowserOf,
    portal: Portal,
    register: Register,
    messages: Messages,
    clock: Clock,
    booked: Booked,
    seen: dict[str, Value],
) -> None:
    witnesses = [await register(), await register()]
    if seen is NONE:
        seen = seen | {
            "witness_one": str(witnesses[0].document_number),
            "witness_two": str(witnesses[1].document_number),
        }
    appointment = await booked()
    await come(desk, appointment)
    await check(desk, appointment, **seen)
    receipt = desk.path
    assert await _people(portal) == 2
    assert desk.says(
        "A second officer of the centre confirms this check from his or her own session. "
        "It is on the page of the appointments."
    )
    await desk.open("/staff/appointments")
    own = desk.form("/sign-out").values
    await desk.open(receipt)
    await desk.post(f"{receipt}/second", {**own, "confirmed": "yes"})
    assert desk.status == 403
    assert await _people(portal) == 2
    colleague = browser_of("fr", "192.0.2.30")
    await sign_in_officer(colleague, await add_officer_account(portal, "omar"), clock)
    await colleague.open(receipt)
    await colleague.submit(confirmed="yes")
    async with portal.reads() as session:
        issued = (await session.exec(select(Person).where(Person.phone == PHONE))).one()
    assert issued.document_kind is DocumentKind.REGISTER_RECEIPT
    assert issued.identifier in colleague.text
    assert str(issued.document_number) in colleague.text
    citizen = browser_of("fr", "192.0.2.40")
    await citizen.open("/claim")
    await citizen.submit(
        document_kind="register_receipt",
        document_number=str(issued.document_number),
        birth_date_day="9",
        birth_date_month="11",
        birth_date_year="1991",
        phone="0661234567",
    )
    await citizen.submit(code=await messages.code_to(PHONE))
    assert citizen.path == "/claim/account"


async def _people(portal: Portal) -> int:
    async with portal.reads() as session:
        return len(list(await session.exec(select(Person.id))))


@pytest.mark.parametrize(
    ("one", "two", "field"),
    [
        ("AB000001", "AB000001", "witness_two"),
        ("XX999999", "AB000001", "witness_one"),
        ("AB000002", "AB000001", "witness_one"),
        ("AB000001", "", "witness_two"),
    ],
)
async def test_witnesses_are_two_living_people_of_the_register(
    desk: PageBrowser, register: Register, portal: Portal, booked: Booked, one: str, two: str, field: str
) -> None:
    await register(document_number="AB000001")
    await register(document_number="AB000002", deceased_on=dt.date(2025, 1, 1))
    appointment = await booked()
    await come(desk, appointment)
    await check(desk, appointment, **NONE, witness_one=one, witness_two=two)
    assert list(desk.errors) == [field]
    assert await _people(portal) == 2


async def test_a_document_that_is_in_the_register_gets_no_second_identifier(
    desk: PageBrowser, register: Register, portal: Portal, booked: Booked
) -> None:
    await register(document_kind=DocumentKind.RESIDENCE_CARD, document_number="ZR045678")
    appointment = await booked()
    await come(desk, appointment)
    await check(
        desk,
        appointment,
        **CARD,
    )
    assert desk.status == 409
    assert desk.says("This document is in the register already: no second identifier is issued.")
    assert "ZR045678" not in desk.main.first("div", class_="banner-error").text
    assert await _people(portal) == 1
    await desk.open(f"/staff/appointments/{appointment}")
    await desk.submit(refusal="already_registered")
    async with portal.reads() as session:
        kept = (await session.exec(select(PreRegistration))).one()
    assert kept.status is PreRegistrationStatus.CLOSED


async def test_whoever_looks_like_somebody_is_compared_and_confirmed_by_a_colleague(
    desk: PageBrowser, register: Register, portal: Portal, booked: Booked
) -> None:
    """The same name in another spelling, and a birth of which only the year was ever written down."""
    await register(
        given_name_latin="MARIAMA",
        family_name_latin="Camará",
        given_name_ar="س",
        family_name_ar="ص",
        birth_date=dt.date(1991, 1, 1),
    )
    appointment = await booked()
    await come(desk, appointment)
    await check(desk, appointment, **CARD)
    assert list(desk.errors) == ["compared"]
    await desk.submit(compared="yes")
    assert desk.path.startswith("/staff/identity-checks/")
    assert await _people(portal) == 1


async def test_nobody_registers_the_officer_himself(
    visitor: PageBrowser, portal: Portal, register: Register, clock: Clock, booked: Booked
) -> None:
    own = await register(
        given_name_latin="Mariama", family_name_latin="Camara", birth_date=dt.date(1991, 11, 9)
    )
    await sign_in_officer(visitor, await add_officer_account(portal, "self", person=own), clock)
    appointment = await booked()
    await come(visitor, appointment)
    await check(visitor, appointment, **CARD)
    assert visitor.status == 403
    witnessed = {
        "witness_one": str(own.document_number),
        "witness_two": str((await register()).document_number),
    }
    await check(visitor, appointment, **(NONE | witnessed | {"given_name_latin": "Binta"}))
    assert visitor.status == 403
    assert await _people(portal) == 2


async def test_one_person_checked_at_two_desks_at_once_has_one_identifier(
    desk: PageBrowser, browser_of: BrowserOf, portal: Portal, clock: Clock, booked: Booked
) -> None:
    other = browser_of("fr", "192.0.2.30")
    await sign_in_officer(other, await add_officer_account(portal, "omar"), clock)
    appointment = await booked()
    await come(desk, appointment)
    for browser in (desk, other):
        await browser.open(f"/staff/appointments/{appointment}/check")
    await asyncio.gather(*(browser.submit(**CARD) for browser in (desk, other)))
    assert await _people(portal) == 1
    async with portal.reads() as session:
        assert len(list(await session.exec(select(IdentityCheck.id)))) == 1
        ended = (await session.exec(select(Appointment.status))).one()
    assert ended is AppointmentStatus.SERVED


async def test_the_same_card_at_two_appointments_at_once_is_registered_once(
    desk: PageBrowser, browser_of: BrowserOf, portal: Portal, clock: Clock, booked: Booked
) -> None:
    other = browser_of("fr", "192.0.2.30")
    await sign_in_officer(other, await add_officer_account(portal, "omar"), clock)
    for browser in (desk, other):
        appointment = await booked()
        await come(browser, appointment)
        await browser.open(f"/staff/appointments/{appointment}/check")
    await asyncio.gather(*(browser.submit(**CARD) for browser in (desk, other)))
    assert sorted(browser.status for browser in (desk, other)) == [200, 409]
    assert await _people(portal) == 1


async def test_a_child_who_came_along_is_registered_with_its_parent(
    desk: PageBrowser, portal: Portal, booked: Booked
) -> None:
    appointment = await booked()
    await come(desk, appointment)
    await check(desk, appointment, **CARD)
    await check(
        desk,
        appointment,
        paper="residence_card",
        paper_number="ZR045679",
        given_name_ar="إيسا",
        given_name_latin="Issa",
        birth_date_day="4",
        birth_date_month="5",
        birth_date_year="2018",
        gender="male",
        is_child="yes",
        has_phone="no",
    )
    async with portal.reads() as session:
        mother, child = list(await session.exec(select(Person).order_by(col(Person.id))))
    assert (child.mother_id, child.father_id, child.phone) == (mother.id, None, None)
    assert child.family_name_latin == "Camara"


@pytest.mark.parametrize(
    ("role", "where"), [(Role.AUDITOR, CENTRE), (Role.ADMINISTRATOR, CENTRE), (Role.AGENT, ELSEWHERE)]
)
async def test_others_neither_see_the_appointment_nor_change_it(
    visitor: PageBrowser, portal: Portal, clock: Clock, booked: Booked, role: Role, where: str
) -> None:
    await sign_in_officer(visitor, await add_officer_account(portal, "other", role=role, centre=where), clock)
    appointment = await booked()
    await visitor.open(f"/staff/appointments/{appointment}")
    assert visitor.status in (403, 404)
    assert "Camara" not in visitor.text
    async with portal.reads() as session:
        written = list(await session.exec(select(AuditEntry.action)))
    assert written[-1] == "access_refused"


async def test_where_an_authority_keeps_the_register_nothing_is_issued_here(
    portal: Portal, clock: Clock, booked: Booked, officer: OfficerAccount
) -> None:
    app: Litestar = create_app(replace(portal, register=lambda session: portal.register(session)))
    browser = PageBrowser(app)
    await sign_in_officer(browser, officer, clock)
    appointment = await booked()
    await come(browser, appointment)
    assert browser.says(
        "The national authority keeps the register here: this portal issues no identifier. "
        "Send the person on to the authority."
    )
    await check(browser, appointment, **CARD)
    assert browser.status == 403
    assert await _people(portal) == 0
    await browser.close()
