"""The pages of what decides, through their forms: two people approve what they have read, each by their own code."""

import asyncio
import json
from random import Random

import pytest

from app.model_dry_runs import carry_on, try_what_was_begun
from app.requests import Portal
from identity.roles import Role
from registry.dates import local_date
from registry.model_life.checks import FileRefused, check_file
from registry.model_life.dry_runs import unfinished_dry_run
from registry.model_life.tables import ModelVersion
from registry.model_life.versions import finished_dry_run
from registry.national.runs import unfinished_run
from tests.app.conftest import BrowserOf, Clock
from tests.app.officers import OfficerAccount, add_officer_account, sign_in_officer
from tests.app.pages import PageBrowser
from tests.app.test_model_life import NAME, dearer_model, propose, try_on_all
from tests.registry.national_register import Chance, write_homes
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


PROPOSE = "/staff/models/propose"


def model_file(text: str | bytes) -> tuple[str, bytes, str]:
    return "model.json", text.encode() if isinstance(text, str) else text, "application/json"


async def bring_to_its_end(portal: Portal) -> None:
    """What the worker does beside the pages."""
    stop = asyncio.Event()
    working = asyncio.create_task(try_what_was_begun(portal, stop))
    for _ in range(500):
        await asyncio.sleep(0.02)
        async with portal.reads() as session:
            if await unfinished_run(session) is None:
                break
    stop.set()
    await working


async def test_a_version_is_proposed_and_tried_in_the_pages(
    portal: Portal, browser_of: BrowserOf, clock: Clock, database: str
) -> None:
    staff = await officers(portal)
    await write_homes(database, [Chance(Random(4)).home() for _ in range(20)], model="older", index="9.5")
    browser = await signed_in(browser_of, staff["proposer"], clock)
    await browser.open("/staff/models")
    assert f"/fr{PROPOSE}" in browser.links
    await browser.open(PROPOSE)
    wrong = json.loads(dearer_model())
    wrong["zones"]["urban"]["constant"] = 10.325
    del wrong["zones"]["rural"]["regions"][3], wrong["source"]
    text = json.dumps(wrong)
    with pytest.raises(FileRefused) as refusal:
        check_file(text, today=local_date(clock()))
    await browser.submit(model_file=model_file(text))
    assert browser.status == 422
    assert len(refusal.value.faults) > 2
    for fault in refusal.value.faults:
        assert fault.path in browser.text
        assert fault.words in browser.text
    await browser.submit(model_file=model_file(dearer_model()))
    assert browser.path == PAGE
    assert "10.325" in browser.text
    assert browser.says("It can be approved once it has been tried on all households.")
    await browser.send(browser.form(f"{PAGE}/dry-run"))
    assert browser.path == PAGE
    assert browser.says("It is being tried on all households")
    assert not list(browser.main.all("form")), "it is begun once"
    await bring_to_its_end(portal)
    await browser.open(PAGE)
    assert not browser.says("It is being tried on all households")
    assert browser.says("Households with an index")
    first = await signed_in(browser_of, staff["first"], clock)
    await first.open(PAGE)
    assert f"/fr{PAGE}/approval" in first.links
    await first.open(f"{PAGE}/file")
    assert check_file(first.response.text, today=local_date(clock())).sha256 == checked_digest(
        dearer_model(), clock
    )


def checked_digest(text: str, clock: Clock) -> str:
    return check_file(text, today=local_date(clock())).sha256


async def test_a_draft_of_somebody_else_is_replaced_only_on_purpose(
    portal: Portal, browser_of: BrowserOf, clock: Clock
) -> None:
    staff = await officers(portal)
    await proposed(portal, staff)
    browser = await signed_in(browser_of, staff["first"], clock)
    await browser.open(PROPOSE)
    await browser.submit(model_file=model_file(json.dumps(next_model())))
    assert browser.status == 422
    await browser.submit(model_file=model_file(json.dumps(next_model())), replaces="yes")
    assert browser.path == PAGE
    assert browser.says("It can be approved once it has been tried on all households.")


async def test_what_is_withdrawn_or_proposed_anew_is_tried_no_longer(
    portal: Portal, browser_of: BrowserOf, clock: Clock, database: str
) -> None:
    staff = await officers(portal)
    await write_homes(database, [Chance(Random(4)).home() for _ in range(20)], model="older", index="9.5")
    version = await proposed(portal, staff)
    ids = {name: each.staff_id for name, each in staff.items()}
    browser = await signed_in(browser_of, staff["proposer"], clock)
    for text in (json.dumps(next_model()), dearer_model()):
        await browser.open(PAGE)
        await browser.send(browser.form(f"{PAGE}/dry-run"))
        async with portal.reads() as session:
            begun = await unfinished_dry_run(session)
        assert begun is not None
        version = await propose(portal, ids, text)
        async with portal.reads() as session:
            assert await unfinished_run(session) is None
        await carry_on(portal, begun, staged=lambda *_: None, looked_at=lambda *_: None)
        async with portal.reads() as session:
            assert await finished_dry_run(session, version=version) is None
    await browser.open(PAGE)
    await browser.send(browser.form(f"{PAGE}/dry-run"))
    await browser.open(f"{PAGE}/withdrawal")
    clock.advance(seconds=31)
    await browser.submit(totp=staff["proposer"].code(clock))
    async with portal.reads() as session:
        assert await unfinished_run(session) is None


async def test_hostile_files_are_refused_in_words(
    portal: Portal, browser_of: BrowserOf, clock: Clock
) -> None:
    staff = await officers(portal)
    browser = await signed_in(browser_of, staff["proposer"], clock)
    await browser.open(PROPOSE)
    for content, words in (
        (b"\xff\xfe{}", "this is not UTF-8 text"),
        (b"{" * 300_000, "this is not JSON"),
        (b'{"zones": ' + b"[" * 900 + b"]" * 900 + b"}", "nested more than"),
        (b'{"zones": NaN}', "NaN is no number of JSON"),
        (b'{"zones": ' + b"9" * 5000 + b"}", "this is not JSON"),
        ('{"zones": {}, "name": "\u202e"}'.encode(), "hidden character U+202E"),
        (b'{"zones": {}, "name": "\\ud800"}', "hidden character U+D800"),
        (
            json.dumps({"zones": {}} | {f"k{n}": n for n in range(20_000)}).encode(),
            "is no key of such a file",
        ),
        (b" " * 500_000, "more than 400000 characters"),
    ):
        await browser.submit(model_file=model_file(content))
        assert browser.status == 422, words
        assert words in browser.text
    await browser.submit()
    assert browser.status == 422
    assert browser.says("Choose the file.")
    await browser.submit(model_file=model_file(b" " * 2_000_000))
    assert browser.status == 413
