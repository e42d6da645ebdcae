"""The pages of what decides, through their forms: two people approve what they have read, each by their own code."""

import json

from app.requests import Portal
from identity.roles import Role
from registry.model_life.tables import ModelVersion
from tests.app.conftest import BrowserOf, Clock
from tests.app.officers import OfficerAccount, add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser
from tests.app.test_model_life import NAME, dearer_model, propose, try_on_all
from tests.registry.test_model_files import next_model

PAGE = f"/staff/models/{NAME}"


async def officers(portal: Portal) -> dict[str, OfficerAccount]:
    return {
        name: await add_officer_account(portal, name, role=role)
        for name, role in {
            "proposer": Role.SUPERVISOR,
            "first": Role.SUPERVISOR,
            "second": Role.ADMINISTRATOR,
            "auditor": Role.AUDITOR,
            "agent": Role.AGENT,
        }.items()
    }


async def proposed(portal: Portal, staff: dict[str, OfficerAccount], text: str | None = None) -> ModelVersion:
    ids = {name: officer.staff_id for name, officer in staff.items()}
    version = await propose(portal, ids, text or dearer_model())
    await try_on_all(portal, version.name)
    return version


async def signed_in(browser_of: BrowserOf, officer: OfficerAccount, clock: Clock) -> PageBrowser:
    browser = browser_of()
    await sign_in_officer(browser, officer, clock)
    # The code that opened the door is used.
    clock.advance(seconds=31)
    return browser


async def approve(browser: PageBrowser, officer: OfficerAccount, clock: Clock) -> None:
    await browser.open(f"{PAGE}/approval")
    await browser.submit(totp=officer.code(clock))


async def test_two_people_approve_in_the_pages(portal: Portal, browser_of: BrowserOf, clock: Clock) -> None:
    staff = await officers(portal)
    await proposed(portal, staff)
    first = await signed_in(browser_of, staff["first"], clock)
    await first.open("/staff")
    assert "/fr/staff/models" in first.links
    await first.open(PAGE)
    assert first.says("It can be approved once it has been tried on all households.") is False
    for number in ("9.825", "10.325", "8.695", "8.195"):
        assert number in first.text
    await approve(first, staff["first"], clock)
    assert first.path == PAGE
    assert first.says("You have approved this version. Another person gives the second approval.")
    assert f"/fr{PAGE}/approval" not in first.links
    second = await signed_in(browser_of, staff["second"], clock)
    await approve(second, staff["second"], clock)
    assert second.path == PAGE
    assert "Amal Skalli" in second.text
    assert f"/fr{PAGE}/approval" not in second.links
    assert f"/fr{PAGE}/withdrawal" in second.links
    await second.open(f"{PAGE}/withdrawal")
    clock.advance(seconds=31)
    await second.submit(totp=staff["second"].code(clock))
    assert second.path == PAGE
    assert second.says("Withdrawn")


async def test_the_proposer_and_a_wrong_code_change_nothing(
    portal: Portal, browser_of: BrowserOf, clock: Clock
) -> None:
    staff = await officers(portal)
    await proposed(portal, staff)
    proposer = await signed_in(browser_of, staff["proposer"], clock)
    await proposer.open(PAGE)
    assert proposer.says("You proposed this version. Two other people approve it.")
    await approve(proposer, staff["proposer"], clock)
    assert proposer.status == 409
    first = await signed_in(browser_of, staff["first"], clock)
    await first.open(f"{PAGE}/approval")
    await first.submit(totp="000000")
    assert first.status == 422
    assert first.says("The code is not right. Wait for the next one and type it.")
    for _ in range(5):
        await first.submit(totp="000000")
    assert first.status == 429
    await first.submit(totp=staff["first"].code(clock))
    assert first.status == 429, "a right code does not help during the wait"


async def test_what_was_read_is_what_is_approved(portal: Portal, browser_of: BrowserOf, clock: Clock) -> None:
    staff = await officers(portal)
    await proposed(portal, staff)
    first = await signed_in(browser_of, staff["first"], clock)
    await first.open(f"{PAGE}/approval")
    await proposed(portal, staff, json.dumps(next_model()))
    await first.submit(totp=staff["first"].code(clock))
    assert first.status == 409
    assert first.says("Its text has changed since you read it. Read it again before you decide.")


async def test_auditors_read_and_agents_do_not(portal: Portal, browser_of: BrowserOf, clock: Clock) -> None:
    staff = await officers(portal)
    await proposed(portal, staff)
    auditor = await signed_in(browser_of, staff["auditor"], clock)
    await auditor.open(PAGE)
    assert auditor.status == 200
    assert f"/fr{PAGE}/approval" not in auditor.links
    agent = await signed_in(browser_of, staff["agent"], clock)
    await agent.open("/staff")
    assert "/fr/staff/models" not in agent.links
