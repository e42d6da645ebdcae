"""A request from the queue to the decision that the citizen reads, by filling in the pages."""

from __future__ import annotations

import asyncio
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import text
from sqlmodel import select

from app.i18n.labels import label
from app.requests import Portal
from identity.roles import Role
from identity.tables import AuditEntry
from registry.acts import Act
from registry.requests.documents import clean_document
from registry.tables import Declaration, IndexEvent, RecomputationRequest
from tests.app.conftest import BrowserOf, Clock, Messages
from tests.app.officers import (
    ELSEWHERE,
    OfficerAccount,
    add_officer_account,
    ask,
    audited,
    sign_in_officer,
)
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle
from tests.registry.family import Family

REASON = "Nous avons lu la facture que vous avez jointe : elle dit 60 dirhams."
BEFORE = "9.6012644"


@pytest.fixture
async def amal(portal: Portal) -> OfficerAccount:
    return await add_officer_account(portal)


@pytest.fixture
async def family(portal: Portal) -> Family:
    return await settle(portal)


@pytest.fixture
async def request_path(portal: Portal, family: Family) -> str:
    """The address of Hassan's request about the water bill, 60 dirhams and not 100."""
    return f"/staff/requests/{(await ask(portal, family.hassan)).reference}"


@pytest.fixture
async def desk(visitor: PageBrowser, amal: OfficerAccount, clock: Clock, request_path: str) -> PageBrowser:
    """Amal's browser, signed in."""
    await sign_in_officer(visitor, amal, clock)
    return visitor


async def indexes(portal: Portal) -> list[str]:
    async with portal.reads() as session:
        return [str(each) for each in await session.exec(select(IndexEvent.index).order_by(IndexEvent.id))]


async def the_request(portal: Portal) -> RecomputationRequest:
    async with portal.reads() as session:
        return (await session.exec(select(RecomputationRequest))).one()


def amounts(browser: PageBrowser, title: str) -> list[str]:
    """The amounts on the line of a table whose heading begins so."""
    for line in browser.main.all("tr"):
        if line.first("th").text.startswith(title):
            return [amount.text for cell in line.all("td") for amount in cell.all("bdi")]
    raise AssertionError(f"no line begins with {title!r}")


async def test_opening_shows_all_that_an_officer_compares_and_is_on_the_record(
    desk: PageBrowser, amal: OfficerAccount, family: Family, portal: Portal, request_path: str
) -> None:
    await desk.open("/staff")
    await desk.follow(request_path.rpartition("/")[2])
    assert desk.path == request_path
    for words in ("Hassan Alaoui", family.hassan.identifier, "The bill says 60.", BEFORE):
        assert words in desk.text
    assert amounts(desk, "Eau") == ["100", "60", "100"]
    opened = [entry for entry in await audited(portal, amal) if entry.action == "request_opened"]
    assert {entry.person_id for entry in opened} == {
        person.id for person in (family.hassan, family.fatima, family.yassine, family.salma)
    }
    await desk.open(request_path)
    assert (await audited(portal, amal))[-1].action == "request_viewed"


async def test_what_cannot_be_put_on_the_record_is_not_shown(
    desk: PageBrowser, portal: Portal, request_path: str
) -> None:
    async with portal.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            await connection.execute(
                text(
                    "CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'full'); END"
                )
            )
        else:
            await connection.execute(
                text("ALTER TABLE audit_entry ADD CONSTRAINT full_up CHECK (id < 0) NOT VALID")
            )
    await desk.open(request_path)
    assert desk.status in (500, 503)
    assert "Hassan" not in desk.response.text


async def test_a_correction_is_seen_before_it_counts_and_then_by_the_citizen(
    desk: PageBrowser,
    portal: Portal,
    family: Family,
    messages: Messages,
    browser_of: BrowserOf,
    clock: Clock,
    request_path: str,
) -> None:
    await desk.open(request_path + "/correction")
    assert desk.form().values["water_mad"] == "60"
    desk.fill(decision_words=REASON)
    await desk.submit()
    assert amounts(desk, "Eau") == ["100", "60"]
    (foreseen,) = [element.text for element in desk.main.all("p", class_="figure")]
    assert foreseen != BEFORE
    assert await indexes(portal) == [BEFORE]
    clock.advance(minutes=1)
    await desk.submit()
    assert (desk.status, desk.path) == (200, request_path)
    assert REASON in desk.text
    assert await indexes(portal) == [BEFORE, foreseen]
    decided = await the_request(portal)
    assert (decided.status, decided.decision_words) == ("corrected", REASON)

    assert "request_decided" in [message.template for message in await messages.to(str(family.hassan.phone))]
    hassan = browser_of()
    await come_in(portal, hassan, family.hassan)
    await hassan.open("/household/recomputation")
    assert REASON in hassan.text
    await hassan.open("/household/index")
    assert foreseen in hassan.text
    await desk.open("/staff")
    assert request_path.rpartition("/")[2] not in desk.text


async def test_several_facts_at_once_of_the_home_and_of_a_member(
    desk: PageBrowser, portal: Portal, request_path: str
) -> None:
    await desk.open(request_path + "/correction")
    active = [name for name in desk.form().values if name.endswith(".active")]
    assert len(active) == 2
    desk.fill(water_mad="100", rooms="٢", decision_words=REASON, **{active[1]: "yes"})
    await desk.submit()
    assert [len(list(line.all("th", "td"))) for line in desk.main.first("tbody").all("tr")] == [3, 3]
    desk.form("/correction")
    await desk.submit()
    assert desk.form().values["rooms"] == "2"
    assert desk.form().values[active[1]] == "yes"
    assert desk.form().values["decision_words"] == REASON
    await desk.submit(rooms="3")
    await desk.submit()
    assert desk.path == request_path
    async with portal.reads() as session:
        versions = list(await session.exec(select(Declaration).order_by(Declaration.id)))
    assert (versions[-1].origin, versions[-1].rooms, str(versions[-1].water_mad)) == ("correction", 3, "100")
    assert len(await indexes(portal)) == 2


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"water_mad": "beaucoup"}, "water_mad"),
        ({"rooms": ""}, "rooms"),
        ({"water_mad": "100"}, "form"),
        ({"decision_words": "Trop court."}, "decision_words"),
        ({"decision_words": ""}, "decision_words"),
        ({"water_mad": "\u200f60"}, None),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    desk: PageBrowser, portal: Portal, request_path: str, typed: dict[str, str], field: str | None
) -> None:
    await desk.open(request_path + "/correction")
    answers = {"decision_words": REASON} | typed
    await desk.submit(**answers)
    assert (desk.status, list(desk.errors)) == ((422, [field]) if field else (200, []))
    if field:
        assert desk.form().values["decision_words"] == answers["decision_words"]
    assert await indexes(portal) == [BEFORE]


async def test_a_commune_where_other_questions_are_asked_needs_a_declaration(
    desk: PageBrowser, family: Family, portal: Portal, request_path: str
) -> None:
    await desk.open(request_path + "/correction")
    communes = [option.get("value") for option in desk.main.first("select", name="commune").all("option")]
    assert all(code.startswith("06.141") for code in communes if code)
    desk.form().values["commune"] = "03.061.03.01"
    await desk.submit(decision_words=REASON)
    assert (desk.status, list(desk.errors)) == (422, ["commune"])


async def test_a_refusal_is_read_once_more_and_then_by_the_citizen(
    desk: PageBrowser, portal: Portal, family: Family, browser_of: BrowserOf, request_path: str
) -> None:
    await desk.open(request_path)
    await desk.open(request_path + "/refusal")
    await desk.submit(decision_words="Non.")
    assert (desk.status, list(desk.errors)) == (422, ["decision_words"])
    await desk.submit(decision_words=REASON)
    assert REASON in desk.text
    assert (await the_request(portal)).status == "in_review"
    desk.form("/refusal")
    await desk.submit()
    assert desk.form().values["decision_words"] == REASON
    await desk.submit()
    await desk.submit()
    assert desk.path == request_path
    assert (await the_request(portal)).status == "refused"
    assert await indexes(portal) == [BEFORE]
    hassan = browser_of()
    await come_in(portal, hassan, family.hassan)
    await hassan.open("/household/recomputation")
    assert REASON in hassan.text


async def test_two_officers_decide_at_once_and_one_decision_counts(
    desk: PageBrowser, portal: Portal, browser_of: BrowserOf, clock: Clock, request_path: str
) -> None:
    omar = browser_of()
    await sign_in_officer(omar, await add_officer_account(portal, "omar"), clock)
    await desk.open(request_path + "/correction")
    await desk.submit(decision_words=REASON)
    await omar.open(request_path + "/refusal")
    await omar.submit(decision_words=REASON)
    await asyncio.gather(desk.submit(), omar.submit())
    assert sorted([desk.status, omar.status]) == [200, 409]
    (late,) = [browser for browser in (desk, omar) if browser.status == 409]
    assert f"/fr{request_path}" in late.links
    status = (await the_request(portal)).status
    assert (status, len(await indexes(portal))) == (("corrected", 2) if late is omar else ("refused", 1))
    for path in ("/correction", "/refusal"):
        await late.open(request_path + path)
        assert late.path == request_path


async def test_a_decision_sent_twice_counts_once(
    desk: PageBrowser, portal: Portal, request_path: str
) -> None:
    await desk.open(request_path + "/correction")
    await desk.submit(decision_words=REASON)
    form = desk.form()
    await desk.send(form)
    assert desk.path == request_path
    await desk.send(form)
    assert (desk.status, desk.path) == (200, request_path)
    assert len(await indexes(portal)) == 2


async def test_facts_that_changed_meanwhile_are_looked_at_again(
    desk: PageBrowser, portal: Portal, clock: Clock, request_path: str
) -> None:
    await desk.open(request_path + "/correction")
    await desk.submit(decision_words=REASON)
    async with portal.writes() as session, session.begin():
        await session.exec(text("UPDATE household SET version = version + 1"))
    await desk.submit()
    assert desk.status == 409
    assert (await the_request(portal)).status == "in_review"


async def test_a_file_of_ones_own_family_or_of_another_centre_stays_closed_and_the_try_on_the_record(
    portal: Portal, family: Family, browser_of: BrowserOf, clock: Clock, request_path: str
) -> None:
    refused = {
        await add_officer_account(portal, "hassan", person=family.hassan): ("own_file", 403),
        await add_officer_account(portal, "fatima", person=family.fatima): ("own_file", 403),
        await add_officer_account(portal, "zagora", centre=ELSEWHERE): ("not_found", 404),
        await add_officer_account(portal, "admin", role=Role.ADMINISTRATOR): ("not_allowed", 403),
    }
    for officer, (why, status) in refused.items():
        browser = browser_of()
        await sign_in_officer(browser, officer, clock)
        for path in ("", "/correction", "/refusal", "/documents/F-7K2M9QXZ"):
            await browser.open(request_path + path)
            assert browser.status == status
            assert "The bill" not in browser.response.text
            assert "/fr/staff" in browser.links
            last = (await audited(portal, officer))[-1]
            assert (last.action, last.details) == ("access_refused", {"why": why})
            assert last.person_id == family.hassan.id
    hassan = browser_of()
    await come_in(portal, hassan, family.hassan)
    await hassan.open("/account")
    assert label("fr", Act.ACCESS_REFUSED) in hassan.text


async def test_an_auditor_reads_and_decides_nothing(
    portal: Portal, visitor: PageBrowser, clock: Clock, request_path: str
) -> None:
    nadia = await add_officer_account(portal, "nadia", role=Role.AUDITOR, centre=ELSEWHERE)
    await sign_in_officer(visitor, nadia, clock)
    await visitor.open(request_path)
    assert visitor.status == 200
    assert not [link for link in visitor.links if link.endswith(("/correction", "/refusal"))]
    await visitor.open(request_path + "/correction")
    assert visitor.status == 403
    await visitor.open("/staff")
    own = visitor.form("/sign-out").values
    for path in ("/correction", "/refusal", "/refusal/confirm", "/correction/confirm"):
        sent = {"_csrf": own["_csrf"], "_key": path, "decision_words": REASON, "household_version": "3"}
        if path == "/correction/confirm":
            sent["rooms"] = "9"
        await visitor.post(request_path + path, sent)
        assert visitor.status == 403, path
    assert (await the_request(portal)).status == "received"


async def test_a_document_is_saved_and_can_do_nothing(
    visitor: PageBrowser, portal: Portal, family: Family, amal: OfficerAccount, clock: Clock
) -> None:
    photo = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(photo, "JPEG")
    document = await clean_document(name="فاتورة الماء.jpg", content=photo.getvalue())
    asked = await ask(portal, family.hassan, document=document, sealer=portal.keys.sealer)
    await sign_in_officer(visitor, amal, clock)
    await visitor.open(f"/staff/requests/{asked.reference}")
    await visitor.follow("فاتورة الماء.jpg")
    headers = visitor.response.headers
    assert visitor.response.content == document.content
    assert headers["content-type"] == "image/jpeg"
    assert headers["content-disposition"].startswith('attachment; filename="F-')
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert headers["cache-control"] == "no-store"
    assert (await audited(portal, amal))[-1].action == "document_read"
    for unknown in ("F-7K2M9QXZ", "F" * 300, "%00"):
        await visitor.open(f"/staff/requests/{asked.reference}/documents/{unknown}")
        assert visitor.status == 404


async def test_an_error_page_with_facts_in_it_is_on_the_record_too(
    desk: PageBrowser, portal: Portal, amal: OfficerAccount, request_path: str
) -> None:
    await desk.open("/staff")
    own = desk.form("/sign-out").values
    for path in ("/correction", "/refusal"):
        before = len(await audited(portal, amal))
        await desk.post(request_path + path, {"_csrf": own["_csrf"], "_key": "1"})
        assert desk.status == 422
        assert "Hassan" in desk.text
        seen = (await audited(portal, amal))[before:]
        assert {entry.action for entry in seen} <= {"request_opened", "request_viewed"}
        assert len(seen) == 4


async def test_the_record_has_no_word_that_anybody_wrote(
    desk: PageBrowser, portal: Portal, request_path: str
) -> None:
    await desk.open(request_path + "/refusal")
    await desk.submit(decision_words=REASON)
    await desk.submit()
    async with portal.reads() as session:
        entries = list(await session.exec(select(AuditEntry)))
    assert not [entry for entry in entries if REASON in str(entry.details) or "bill" in str(entry.details)]
