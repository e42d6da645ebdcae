"""Visits by filling in the pages: an officer acts for somebody who is there, and nothing of it stays."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlmodel import select

from app.i18n.labels import label
from app.requests import Portal
from app.rights import RIGHTS, Audience
from identity.people.tables import Person
from identity.roles import Role
from registry.acts import Act
from registry.centres.tables import Visit
from registry.tables import Declaration, RecomputationRequest
from tests.app.conftest import BrowserOf, Clock, Messages, Register
from tests.app.declaring import declare_alone
from tests.app.officers import OfficerAccount, add_officer_account, audited, sign_in_officer
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.family import Family

VISITS = "/staff/visits"
CODE = "/staff/visits/code"


@pytest.fixture
async def amal(portal: Portal) -> OfficerAccount:
    return await add_officer_account(portal)


@pytest.fixture
async def desk(visitor: PageBrowser, amal: OfficerAccount, clock: Clock) -> PageBrowser:
    """Amal's browser, signed in."""
    await sign_in_officer(visitor, amal, clock)
    return visitor


@pytest.fixture
async def zahra(register: Register) -> Person:
    """Somebody with a telephone and without an account, who comes to the centre."""
    return await register(given_name_latin="Zahra", given_name_ar="زهراء")


async def ask_for_visit(desk: PageBrowser, person: Person, purpose: str = "declaration") -> None:
    await desk.open(VISITS)
    await desk.submit(person_identifier=person.identifier, purpose=purpose)
    assert desk.path == CODE


async def open_visit(desk: PageBrowser, person: Person, messages: Messages) -> None:
    await ask_for_visit(desk, person)
    await desk.submit(code=await messages.code_to(str(person.phone)))
    assert desk.path == "/household"


async def end_visit(desk: PageBrowser) -> str:
    """End it from the banner; the reference of the receipt."""
    desk.form("/staff/visits/end")
    await desk.submit()
    folder, _, reference = desk.path.rpartition("/")
    assert folder == VISITS
    return reference


def banners(desk: PageBrowser) -> list[str]:
    return [bar.text for bar in desk.page.all(class_="bar-visit")]


async def test_a_visit_from_the_code_to_the_receipt(
    desk: PageBrowser, amal: OfficerAccount, zahra: Person, messages: Messages, portal: Portal, clock: Clock
) -> None:
    await open_visit(desk, zahra, messages)
    assert "Zahra Bennani" in banners(desk)[0]
    assert zahra.identifier in desk.text
    reference = await declare_alone(desk)
    assert "Amal Skalli" in desk.text
    async with portal.reads() as session:
        sent = (await session.exec(select(Declaration).where(Declaration.reference == reference))).one()
    assert (sent.staff_id, sent.declared_by) == (amal.staff_id, zahra.id)
    assert sent.visit_id is not None
    await desk.open("/household/index")
    clock.advance(minutes=8)
    visit = await end_visit(desk)
    assert desk.response.history[0].headers["clear-site-data"] == '"cache"'
    assert banners(desk) == []
    for words in (visit, reference, label("fr", Act.DECLARATION_SENT), "Amal Skalli"):
        assert words in desk.text
    for private in ("Zahra", "Bennani", zahra.identifier):
        assert private not in desk.response.text
    assert {entry.action for entry in await audited(portal, amal) if entry.visit_id} >= {
        "visit_opened",
        "file_read",
        "declaration_sent",
        "visit_ended",
    }
    templates = [message.template for message in await messages.to(str(zahra.phone))]
    assert {"visit_code", "visit_opened", "declaration_received", "visit_ended"} <= set(templates)


async def test_nothing_of_the_person_stays_with_the_officer(
    desk: PageBrowser, zahra: Person, messages: Messages
) -> None:
    await open_visit(desk, zahra, messages)
    visit = await end_visit(desk)
    for path in (VISITS, "/staff", f"{VISITS}/{visit}"):
        await desk.open(path)
        assert desk.status == 200
        assert "Zahra" not in desk.response.text
        assert zahra.identifier not in desk.response.text
    await desk.open("/household")
    assert desk.status == 403
    assert f"/fr{VISITS}" in desk.links


async def test_a_page_left_open_is_not_sent_in_the_visit_of_the_next(
    desk: PageBrowser, zahra: Person, register: Register, messages: Messages
) -> None:
    next_one, relative = await register(), await register(birth_date=dt.date(1950, 1, 1))
    await open_visit(desk, zahra, messages)
    await desk.open("/household/members/invite")
    left_open = desk.form().fill(person_identifier=relative.identifier, birth_year="1950", relation="parent")
    await desk.open("/household")
    await end_visit(desk)
    await open_visit(desk, next_one, messages)
    await desk.open("/household/members/invite")
    await desk.send(left_open)
    assert desk.status == 403
    await desk.open("/household/members")
    assert relative.identifier not in desk.text


async def test_every_page_that_is_read_is_on_the_record_and_the_citizen_sees_it(
    desk: PageBrowser, portal: Portal, amal: OfficerAccount, messages: Messages, browser_of: BrowserOf
) -> None:
    family = await settle(portal)
    await open_visit(desk, family.hassan, messages)
    for path in ("/household/index", "/household/index", "/household/recomputation", "/messages"):
        await desk.open(path)
        assert desk.status == 200, path
    read = [entry.details["page"] for entry in await audited(portal, amal) if entry.action == Act.FILE_READ]
    assert read == [
        "/household",
        "/household/index",
        "/household/index",
        "/household/recomputation",
        "/messages",
    ]
    await end_visit(desk)
    shown = list(desk.main.all("tbody"))[-1]
    assert len(list(shown.all("tr"))) == 4
    hassan = browser_of()
    await come_in(portal, hassan, family.hassan)
    await hassan.open("/account")
    assert label("fr", Act.FILE_READ) in hassan.text
    assert "Amal Skalli" in hassan.text


async def test_after_half_an_hour_the_pages_are_closed_and_what_is_sent_changes_nothing(
    desk: PageBrowser, portal: Portal, messages: Messages, clock: Clock, browser_of: BrowserOf
) -> None:
    family = await settle(portal)
    await open_visit(desk, family.hassan, messages)
    for _ in range(3):
        clock.advance(minutes=9)
        await desk.open("/household/declaration/dwelling")
        assert desk.status == 200
    clock.advance(minutes=3)
    await desk.submit(rooms="7")
    assert desk.status == 403
    assert banners(desk) == []
    assert "Hassan" not in desk.text
    await desk.open("/household")
    assert (desk.status, f"/fr{VISITS}" in desk.links) == (403, True)
    await desk.open(VISITS)
    (line,) = desk.main.first("tbody").all("tr")
    assert line.all("td")
    await desk.open(line.first("a").get("href").removeprefix("/fr"))
    assert "10:00" in desk.text
    hassan = browser_of()
    await come_in(portal, hassan, family.hassan)
    await hassan.open("/household/declaration/dwelling")
    assert hassan.form().values["rooms"] == "1"


async def test_what_a_citizen_does_alone_stays_closed_during_a_visit(
    desk: PageBrowser, portal: Portal, messages: Messages
) -> None:
    family = await settle(portal)
    await open_visit(desk, family.hassan, messages)
    own = desk.form("/sign-out").values
    alone = [
        (path, method)
        for path, methods in RIGHTS.items()
        for method, audience in methods.items()
        if audience is Audience.CITIZEN_ALONE
    ]
    assert ("/account", "GET") in alone
    for path, method in alone:
        if method == "GET":
            await desk.open(path)
        else:
            await desk.post(path, {"_csrf": own["_csrf"], "_key": path})
        assert desk.status == 403, (path, method)
        assert "/fr/household" in desk.links
        assert banners(desk)


async def test_without_a_visit_no_page_of_a_citizen_opens_to_an_officer(desk: PageBrowser) -> None:
    own = desk.form("/sign-out").values
    closed = [
        (path.replace("{reference}", "X-7K2M9QXZ").replace("{key}", "head"), method)
        for path, methods in RIGHTS.items()
        for method, audience in methods.items()
        if audience in (Audience.CITIZEN, Audience.CITIZEN_ALONE)
    ]
    for path, method in closed:
        if method == "GET":
            await desk.open(path)
        else:
            await desk.post(path, {"_csrf": own["_csrf"], "_key": path})
        assert desk.status == 403, (path, method)


async def test_the_answer_is_the_same_for_a_number_that_nobody_has(
    desk: PageBrowser, zahra: Person, messages: Messages, browser_of: BrowserOf, portal: Portal, clock: Clock
) -> None:
    await ask_for_visit(desk, zahra)
    other = browser_of()
    await sign_in_officer(other, await add_officer_account(portal, "omar"), clock)
    await other.open(VISITS)
    await other.submit(person_identifier="0000099999", purpose="declaration")
    assert (other.path, other.text) == (desk.path, desk.text)
    for browser in (desk, other):
        await browser.submit(code="000000")
    assert (other.status, other.errors) == (desk.status, desk.errors)
    assert desk.status == 422
    assert await messages.code_to(str(zahra.phone)) != "000000"
    await desk.submit(code=await messages.code_to(str(zahra.phone)))
    assert desk.path == "/household"


async def test_a_code_opens_a_visit_for_the_officer_who_asked_and_once(
    desk: PageBrowser, zahra: Person, messages: Messages, browser_of: BrowserOf, portal: Portal, clock: Clock
) -> None:
    await ask_for_visit(desk, zahra)
    code = await messages.code_to(str(zahra.phone))
    other = browser_of()
    await sign_in_officer(other, await add_officer_account(portal, "omar"), clock)
    other.http.cookies.set("visit", desk.http.cookies["visit"])
    await other.open(CODE)
    assert other.path == VISITS
    await desk.submit(code=code)
    await end_visit(desk)
    await desk.open(CODE)
    assert desk.path == VISITS


async def test_nobody_visits_himself_or_the_family_and_the_try_is_on_the_record(
    portal: Portal, browser_of: BrowserOf, clock: Clock, messages: Messages
) -> None:
    family: Family = await settle(portal)
    himself = await add_officer_account(portal, "hassan", person=family.hassan)
    desk = browser_of()
    await sign_in_officer(desk, himself, clock)
    for person in (family.hassan, family.fatima):
        await desk.open(VISITS)
        await desk.submit(person_identifier=person.identifier, purpose="information")
        assert desk.status == 403
        last = (await audited(portal, himself))[-1]
        assert (last.action, last.person_id, last.details) == (
            "access_refused",
            person.id,
            {"why": "own_file"},
        )
        assert [m for m in await messages.to(str(person.phone)) if m.template == "visit_code"] == []


async def test_whose_role_has_no_visits_opens_none(
    portal: Portal, visitor: PageBrowser, clock: Clock
) -> None:
    nadia = await add_officer_account(portal, "nadia", role=Role.AUDITOR)
    family = await settle(portal)
    await sign_in_officer(visitor, nadia, clock)
    await visitor.open(VISITS)
    assert (visitor.status, list(visitor.main.all("form"))) == (200, [])
    own = visitor.form("/sign-out").values
    sent = {"_csrf": own["_csrf"], "person_identifier": family.hassan.identifier, "purpose": "information"}
    await visitor.post(VISITS, sent)
    assert visitor.status == 403
    assert (await audited(portal, nadia))[-1].details == {"why": "not_allowed"}


async def test_the_next_visit_ends_the_one_before(
    desk: PageBrowser, zahra: Person, register: Register, messages: Messages, portal: Portal, clock: Clock
) -> None:
    await open_visit(desk, zahra, messages)
    aicha = await register(given_name_latin="Aïcha")
    await open_visit(desk, aicha, messages)
    assert "Aïcha" in banners(desk)[0]
    assert "Zahra" not in desk.response.text
    async with portal.reads() as session:
        first, second = await session.exec(select(Visit).order_by(Visit.id))
    assert first.ended_at == clock.now
    assert second.ended_at is None


async def test_signing_out_ends_the_visit(
    desk: PageBrowser, zahra: Person, messages: Messages, portal: Portal
) -> None:
    await open_visit(desk, zahra, messages)
    desk.form("/sign-out")
    await desk.submit()
    async with portal.reads() as session:
        assert (await session.exec(select(Visit))).one().ended_at is not None


async def test_a_receipt_is_for_the_officer_of_the_visit(
    desk: PageBrowser, zahra: Person, messages: Messages, browser_of: BrowserOf, portal: Portal, clock: Clock
) -> None:
    await open_visit(desk, zahra, messages)
    reference = await end_visit(desk)
    other = browser_of()
    await sign_in_officer(other, await add_officer_account(portal, "omar"), clock)
    for path in (f"{VISITS}/{reference}", f"{VISITS}/V-UNKNOWN0"):
        assert (await other.open(path)).status == 404


async def test_a_request_made_in_a_visit_names_the_visit(
    desk: PageBrowser, portal: Portal, messages: Messages, amal: OfficerAccount
) -> None:
    family = await settle(portal)
    await open_visit(desk, family.hassan, messages)
    await desk.open("/household/recomputation?line=U35")
    await desk.submit(fact="internet_mad", proposed_value="0", words="Nous n’avons plus d’abonnement.")
    assert desk.path == "/household/recomputation/check"
    desk.form("/household/recomputation")
    await desk.submit()
    async with portal.reads() as session:
        request = (await session.exec(select(RecomputationRequest))).one()
    assert request.visit_id is not None
    assert "request_sent" in [entry.action for entry in await audited(portal, amal)]
