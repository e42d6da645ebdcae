"""An auditor reads who of the staff looked at and did what; nobody else does, and each look is written down too."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from app.i18n.labels import label
from app.requests import Portal
from app.routes.audit import ACTS_A_PAGE
from identity.audit import officer, record
from identity.people.tables import Person
from identity.roles import Role
from identity.tables import Staff
from registry.acts import Act
from registry.staff_acts import MANY_FILES, Mark
from tests.app.conftest import BrowserOf, Clock, Register
from tests.app.officers import ELSEWHERE, OfficerAccount, add_officer_account, audited, sign_in_officer
from tests.app.pages import PageBrowser
from tests.app.settled import CENTRE

AUDIT = "/staff/audit"


@pytest.fixture
async def auditor(portal: Portal, visitor: PageBrowser, clock: Clock) -> OfficerAccount:
    account = await add_officer_account(portal, "nadia", role=Role.AUDITOR)
    await sign_in_officer(visitor, account, clock)
    return account


async def look(
    portal: Portal,
    by: OfficerAccount,
    person: Person | None = None,
    *,
    at: dt.datetime | None = None,
    **more: str,
) -> None:
    async with portal.writes() as session, session.begin():
        await record(
            session,
            actor=officer(by.staff_id),
            action=Act(more.get("action", Act.FILE_READ)),
            person_id=person.id if person else None,
            reference=more.get("reference"),
            details={"page": "/household/index", "secret": "never shown"},
            now=at or portal.clock(),
        )


def lines(browser: PageBrowser) -> str:
    return browser.response.text.partition("<tbody")[2].partition("</tbody>")[0]


async def test_what_officers_did_is_found_by_each_question(
    portal: Portal, visitor: PageBrowser, auditor: OfficerAccount, register: Register, clock: Clock
) -> None:
    amal, hassan = [
        await add_officer_account(portal, name, centre=centre)
        for name, centre in (("amal", CENTRE), ("hassan", ELSEWHERE))
    ]
    fatima, omar = await register(), await register()
    await look(portal, amal, fatima, reference="R-AAAAAAAA")
    await look(portal, hassan, omar, reference="R-BBBBBBBB", action="request_refused")
    await look(portal, hassan, fatima, reference="R-CCCCCCCC", at=clock.now - dt.timedelta(days=40))
    async with portal.reads() as session:
        reference = (await session.exec(select(Staff.reference).where(Staff.id == amal.staff_id))).one()
    today = clock.now.strftime("%d/%m/%Y")
    for asked, found in (
        ("", "ABC"),
        (f"by={reference.lower()}", "A"),
        ("by=hassan@centre.example", "BC"),
        (f"centre_code={ELSEWHERE}", "BC"),
        (f"person_identifier={fatima.identifier}", "AC"),
        ("kind=looked", "AC"),
        ("kind=changed", "B"),
        (f"since={today}", "AB"),
        (f"until={(clock.now - dt.timedelta(days=1)).date().isoformat()}", "C"),
        (f"kind=looked&by=hassan@centre.example&since={today}", ""),
    ):
        await visitor.open(f"{AUDIT}?{asked}")
        assert visitor.status == 200
        assert {letter for letter in "ABC" if f"R-{letter * 8}" in lines(visitor)} == set(found), asked
    assert "never shown" not in visitor.response.text
    assert "/household/index" not in lines(visitor)


async def test_each_look_at_the_record_is_in_the_record(
    portal: Portal, visitor: PageBrowser, auditor: OfficerAccount, register: Register
) -> None:
    fatima = await register()
    before = len(await audited(portal, auditor))
    await visitor.open(f"{AUDIT}?person_identifier={fatima.identifier}")
    await visitor.open(f"{AUDIT}?person_identifier=x")
    assert visitor.status == 422
    [entry] = (await audited(portal, auditor))[before:]
    assert (entry.action, entry.person_id, entry.details) == ("audit_read", fatima.id, {"asked": ["person"]})
    await visitor.open(AUDIT)
    assert "audit_read" not in visitor.response.text
    assert fatima.identifier in lines(visitor)


async def test_the_record_goes_on_a_page_at_a_time(
    portal: Portal, visitor: PageBrowser, auditor: OfficerAccount
) -> None:
    amal = await add_officer_account(portal)
    for number in range(2 * ACTS_A_PAGE + 1):
        await look(portal, amal, reference=f"R-{number:08}")
    seen: list[str] = []
    path = f"{AUDIT}?kind=looked"
    for _ in range(3):
        await visitor.open(path)
        shown = lines(visitor)
        seen += [f"{number:08}" for number in range(99, -1, -1) if f"R-{number:08}" in shown]
        onward = (
            visitor.response.text.partition("pagination-older")[2].partition('href="')[2].partition('"')[0]
        )
        path = onward.replace("&amp;", "&").removeprefix("/fr")
        if path:
            assert set(parse_qs(urlsplit(path).query)) == {"kind", "before"}
    assert seen == [f"{number:08}" for number in range(2 * ACTS_A_PAGE, -1, -1)]
    await visitor.open(f"{AUDIT}?before=17")
    assert visitor.status == 404


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR])
async def test_nobody_else_reads_it(portal: Portal, browser_of: BrowserOf, clock: Clock, role: Role) -> None:
    browser, other = browser_of(), await add_officer_account(portal, "leila", role=role)
    await sign_in_officer(browser, other, clock)
    await browser.open(AUDIT)
    assert browser.status == 403
    assert "audit_read" not in {entry.action for entry in await audited(portal, other)}


async def test_what_is_worth_a_question_is_marked(
    portal: Portal, visitor: PageBrowser, auditor: OfficerAccount, register: Register, clock: Clock
) -> None:
    own = await register(family_name_ar="الصقلي", document_number="ZZ1")
    namesake, stranger = await register(family_name_ar="الصقلي"), await register(family_name_ar="بناني")
    curious = await add_officer_account(portal, "amal", person=own)
    sunday = clock.now - dt.timedelta(days=clock.now.isoweekday())
    await look(portal, curious, namesake, reference="R-NAMESAKE")
    await look(portal, curious, stranger, reference="R-STRANGER")
    await look(portal, curious, stranger, reference="R-ONSUNDAY", at=sunday)

    async def marked() -> dict[str, str]:
        await visitor.open(f"{AUDIT}?kind=looked&by=amal@centre.example")
        rows = lines(visitor).split("</tr>")
        return {
            name: row.rpartition("<td")[2]
            for name in ("NAMESAKE", "STRANGER", "ONSUNDAY")
            for row in rows
            if f"R-{name}" in row
        }

    found = await marked()
    assert label("fr", Mark.SAME_FAMILY_NAME) in found["NAMESAKE"]
    assert "tag" not in found["STRANGER"]
    assert label("fr", Mark.OUT_OF_HOURS) in found["ONSUNDAY"]
    for _ in range(MANY_FILES):
        await look(portal, curious, await register())
    await visitor.open(f"{AUDIT}?kind=looked&person_identifier={stranger.identifier}")
    assert lines(visitor).count("tag-now") == 2
