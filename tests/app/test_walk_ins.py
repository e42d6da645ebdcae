"""Somebody at the counter without an appointment is served like everybody, by the same rules."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest
from sqlmodel import col, select

from app.requests import Portal
from identity.people.tables import DocumentKind, Person
from identity.tables import AuditEntry
from registry.appointments.booking import book
from registry.appointments.desks import current_appointment
from registry.appointments.slots import bookable_slots
from registry.appointments.tables import Appointment, AppointmentStatus, PreRegistration
from registry.centres.directory import centre
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.entering import CENTRE, PHONE, check
from tests.app.officers import ELSEWHERE, OfficerAccount, add_officer_account, audited, sign_in_officer
from tests.app.pages import PageBrowser, Value
from tests.registry.newcomers import add_pre_registration

NEW = "/staff/newcomers/new"
BARIKA: dict[str, Value] = {
    "paper": "none",
    "given_name_ar": "بريكة",
    "family_name_ar": "أوعلي",
    "birth_date_year": "1961",
    "gender": "female",
    "members": "1",
    "language": "zgh",
}
SEEN: dict[str, Value] = {"given_name_latin": "Barika", "family_name_latin": "Ouali"}


@pytest.fixture
async def officer(portal: Portal) -> OfficerAccount:
    return await add_officer_account(portal)


@pytest.fixture
async def desk(visitor: PageBrowser, officer: OfficerAccount, clock: Clock) -> PageBrowser:
    await sign_in_officer(visitor, officer, clock)
    return visitor


async def kept(portal: Portal, *, at: str | None = None, slot: int = 30, **changed: object) -> str:
    """The reference of a pre-registration; with an appointment at a centre, when one is named."""
    async with portal.writes() as session, session.begin():
        made = await add_pre_registration(session, portal.clock(), **changed)
        if at:
            starts_at = bookable_slots(centre(at), now=portal.clock())[slot].starts_at
            await book(session, kept=made, centre_code=at, starts_at=starts_at, now=portal.clock())
        return made.reference


async def appointments(portal: Portal) -> list[tuple[str, int | None, str]]:
    async with portal.reads() as session:
        rows = await session.exec(select(Appointment).order_by(col(Appointment.id)))
        return [(each.centre_code, each.desk, each.status.value) for each in rows]


async def test_without_papers_telephone_or_appointment_somebody_leaves_with_a_receipt(
    desk: PageBrowser,
    browser_of: BrowserOf,
    portal: Portal,
    register: Register,
    messages: Messages,
    clock: Clock,
) -> None:
    """Two witnesses and two officers, as for everybody without a card; and nothing is sent to anybody."""
    witnesses = [str((await register()).document_number) for _ in range(2)]
    await desk.open(NEW)
    await desk.submit(**BARIKA)
    assert desk.path.startswith("/staff/appointments/A-"), desk.errors
    appointment = desk.path.rpartition("/")[2]
    await check(desk, appointment, **SEEN, witness_one=witnesses[0], witness_two=witnesses[1])
    receipt = desk.path
    assert desk.says(
        "A second officer of the centre confirms this check from his or her own session. "
        "It is on the page of the appointments."
    )
    colleague = browser_of("ar", "192.0.2.30")
    await sign_in_officer(colleague, await add_officer_account(portal, "omar"), clock)
    await colleague.open(receipt)
    await colleague.submit(confirmed="yes")
    async with portal.reads() as session:
        issued = (await session.exec(select(Person).where(Person.given_name_latin == "Barika"))).one()
        prepared = (await session.exec(select(PreRegistration))).one()
    assert (issued.phone, issued.document_kind) == (None, DocumentKind.REGISTER_RECEIPT)
    assert (issued.identifier in colleague.text, str(issued.document_number) in colleague.text) == (
        True,
        True,
    )
    assert (prepared.prepared_by is not None, prepared.language) == (True, "zgh")
    assert await appointments(portal) == [(CENTRE, None, "served")]
    assert await messages.to("") == []


async def test_a_telephone_is_taken_only_with_the_code_that_it_received(
    desk: PageBrowser, officer: OfficerAccount, portal: Portal, messages: Messages
) -> None:
    await desk.open(NEW)
    await desk.submit(**BARIKA, phone="0661234567")
    assert desk.path == "/staff/newcomers/code"
    await desk.submit(code="000000")
    assert list(desk.errors) == ["code"]
    assert await appointments(portal) == []
    await desk.submit(code=await messages.code_to(PHONE))
    assert desk.path.startswith("/staff/appointments/A-")
    async with portal.reads() as session:
        prepared = (await session.exec(select(PreRegistration))).one()
    assert prepared.phone == PHONE
    assert prepared.reference in (await messages.to(PHONE))[0].body
    acts = [entry.action for entry in await audited(portal, officer)]
    assert acts[-3:] == ["pre_registered", "walk_in_received", "appointment_read"]


async def test_whoever_has_a_reference_is_received_with_it(desk: PageBrowser, portal: Portal) -> None:
    """Nobody loses an appointment without being asked, and a free desk stays free for others."""
    reference = await kept(portal, at=ELSEWHERE)
    await desk.open("/staff/newcomers")
    await desk.submit(newcomer_reference=reference.lower().replace("-", " "))
    assert list(desk.errors) == ["instead"]
    assert await appointments(portal) == [(ELSEWHERE, 1, "booked")]
    await desk.submit(instead="yes")
    assert desk.path.startswith("/staff/appointments/A-")
    assert await appointments(portal) == [(ELSEWHERE, 1, "moved"), (CENTRE, None, "arrived")]
    once = desk.path
    await desk.open("/staff/newcomers")
    await desk.submit(newcomer_reference=reference)
    assert desk.path == once


async def test_the_appointment_of_today_is_the_one_that_is_kept(
    desk: PageBrowser, portal: Portal, clock: Clock
) -> None:
    reference = await kept(portal, at=CENTRE, slot=4)
    async with portal.reads() as session:
        made = (await session.exec(select(PreRegistration))).one()
        booked = await current_appointment(session, pre_registration_id=made.id)
    assert booked is not None
    clock.now = booked.starts_at - dt.timedelta(minutes=4)
    await sign_in_officer(desk, await add_officer_account(portal, "omar"), clock)
    await desk.open("/staff/newcomers")
    await desk.submit(newcomer_reference=reference)
    assert desk.path == f"/staff/appointments/{booked.reference}"
    assert await appointments(portal) == [(CENTRE, 1, "arrived")]


@pytest.mark.parametrize(
    "changed", [{"status": "closed"}, {"expires_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, {}]
)
async def test_a_reference_that_opens_nothing_is_recorded_and_says_nothing(
    desk: PageBrowser, officer: OfficerAccount, portal: Portal, changed: dict[str, object]
) -> None:
    reference = await kept(portal, given_name_latin="Hidden", **changed) if changed else "B-7K2M9QXZ4D"
    await desk.open("/staff/newcomers")
    await desk.submit(newcomer_reference=reference)
    assert list(desk.errors) == ["newcomer_reference"]
    assert "Hidden" not in desk.text
    assert [entry.action for entry in await audited(portal, officer)][-1] == "access_refused"


async def test_two_officers_who_receive_the_same_person_at_once_receive_her_once(
    desk: PageBrowser, browser_of: BrowserOf, portal: Portal, clock: Clock
) -> None:
    reference = await kept(portal)
    other = browser_of("fr", "192.0.2.30")
    await sign_in_officer(other, await add_officer_account(portal, "omar"), clock)
    for browser in (desk, other):
        await browser.open("/staff/newcomers")
    await asyncio.gather(*(browser.submit(newcomer_reference=reference) for browser in (desk, other)))
    assert await appointments(portal) == [(CENTRE, None, "arrived")]


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        ({"paper": "national_card", "paper_number": "AB000001"}, 409),
        ({"paper": "national_card", "paper_number": "AB000009"}, 422),
    ],
)
async def test_whom_the_officer_was_shown_sees_it_in_the_own_file(
    desk: PageBrowser, register: Register, portal: Portal, seen: dict[str, Value], status: int
) -> None:
    """The document is in the register, or the names and the birth are: the officer learns of whom, on the record."""
    known = await register(
        document_number="AB000001",
        given_name_ar="بريكة",
        family_name_ar="أوعلي",
        birth_date=dt.date(1961, 1, 1),
    )
    await desk.open(NEW)
    await desk.submit(**BARIKA)
    await check(desk, desk.path.rpartition("/")[2], **SEEN, **seen)
    assert desk.status == status
    async with portal.reads() as session:
        found = await session.exec(select(AuditEntry).where(AuditEntry.person_id == known.id))
        assert [entry.action for entry in found] == ["newcomer_recognised"]
        assert len(list(await session.exec(select(Person.id)))) == 1


async def test_whoever_is_sent_home_can_come_back(desk: PageBrowser, portal: Portal) -> None:
    """The reference is there for the paper, and the officer chooses another day with somebody without a telephone."""
    await desk.open(NEW)
    await desk.submit(**BARIKA)
    desk.form("/refusal").fill(refusal="not_proven").press(None)
    await desk.send(desk.form())
    async with portal.reads() as session:
        reference = (await session.exec(select(PreRegistration.reference))).one()
    assert reference in desk.main.first(class_="panel").text
    await desk.follow("Donner un nouveau rendez-vous")
    assert desk.says("This person has no telephone: say the day and the hour yourself, and write them down.")
    times = [each.get("value") for each in desk.main.all("input", name="time")]
    await desk.submit(time=times[0])
    assert [each[2] for each in await appointments(portal)] == [
        AppointmentStatus.TURNED_AWAY,
        AppointmentStatus.BOOKED,
    ]
