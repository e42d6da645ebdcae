"""The officers' door and the queue of a centre, by filling in the pages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.main import create_app
from app.requests import Portal
from app.rights import RIGHTS, Audience
from app.routes import staff
from identity.roles import Role
from tests.app.conftest import BrowserOf, Clock
from tests.app.officers import (
    ELSEWHERE,
    PASSWORD,
    OfficerAccount,
    add_officer_account,
    ask,
    sign_in_officer,
)
from tests.app.pages import PageBrowser
from tests.app.settled import come_in, settle

DOOR = "/staff/sign-in"


@pytest.fixture
async def amal(portal: Portal) -> OfficerAccount:
    return await add_officer_account(portal)


def take_cookie(browser: PageBrowser, token: str) -> None:
    """As a thief would who kept an old cookie."""
    browser.http.cookies.clear()
    browser.http.cookies.set("session", token)


async def test_an_officer_comes_in_with_three_secrets_and_is_back_where_one_was(
    visitor: PageBrowser, amal: OfficerAccount, clock: Clock
) -> None:
    await visitor.open("/staff/visits")
    assert visitor.path == DOOR
    await sign_in_officer(visitor, amal, clock)
    assert visitor.path == "/staff/visits"
    assert "Amal Skalli" in visitor.page.text
    await visitor.open(DOOR)
    assert visitor.path == "/staff"


@pytest.mark.parametrize(
    "wrong",
    [{"email": "omar@centre.example"}, {"password": "treize cigognes sur la kasbah"}, {"totp": "000000"}],
    ids=["email", "password", "code"],
)
async def test_whatever_was_wrong_the_answer_is_the_same(
    visitor: PageBrowser, amal: OfficerAccount, clock: Clock, wrong: dict[str, str]
) -> None:
    await sign_in_officer(visitor, amal, clock, **wrong)
    assert (visitor.status, visitor.path, list(visitor.errors)) == (422, DOOR, ["email"])
    assert not re.search(r"\b\d{6}\b", str(visitor.form().values["totp"]))
    assert PASSWORD not in visitor.response.text
    await visitor.open("/staff")
    assert visitor.path == DOOR


async def test_a_code_is_good_once(
    visitor: PageBrowser, amal: OfficerAccount, browser_of: BrowserOf, clock: Clock
) -> None:
    await sign_in_officer(visitor, amal, clock)
    assert visitor.path == "/staff"
    other = browser_of()
    await sign_in_officer(other, amal, clock)
    assert (other.status, other.path) == (422, DOOR)
    clock.advance(seconds=30)
    await sign_in_officer(other, amal, clock)
    assert other.path == "/staff"


async def test_after_five_wrong_tries_even_the_right_one_waits_and_the_page_says_how_long(
    visitor: PageBrowser, amal: OfficerAccount, clock: Clock
) -> None:
    for _ in range(5):
        await sign_in_officer(visitor, amal, clock, totp="000000")
        assert visitor.status == 422
    await sign_in_officer(visitor, amal, clock)
    assert visitor.status == 429
    assert "15" in visitor.errors["email"]
    clock.advance(minutes=15)
    await sign_in_officer(visitor, amal, clock)
    assert (visitor.status, visitor.path) == (200, "/staff")


async def test_one_browser_is_one_person(
    visitor: PageBrowser, amal: OfficerAccount, portal: Portal, clock: Clock
) -> None:
    family = await settle(portal)
    await come_in(portal, visitor, family.hassan)
    citizen = visitor.http.cookies["session"]
    await visitor.open(DOOR)
    await sign_in_officer(visitor, amal, clock)
    assert visitor.path == "/staff"
    take_cookie(visitor, citizen)
    await visitor.open("/household")
    assert visitor.path == "/sign-in"


async def test_signing_out_ends_the_session_on_the_server(
    visitor: PageBrowser, amal: OfficerAccount, clock: Clock
) -> None:
    await sign_in_officer(visitor, amal, clock)
    token = visitor.http.cookies["session"]
    visitor.form("/sign-out")
    await visitor.submit()
    assert visitor.path == "/sign-out"
    take_cookie(visitor, token)
    await visitor.open("/staff")
    assert visitor.path == DOOR


async def test_officers_work_from_the_networks_of_the_centres_only(
    portal: Portal, amal: OfficerAccount, clock: Clock
) -> None:
    limited = replace(
        portal, settings=replace(portal.settings, staff_networks=("192.0.2.0/24", "2001:db8::/32"))
    )
    app = create_app(limited)
    inside, outside = PageBrowser(app, address="192.0.2.10"), PageBrowser(app, address="198.51.100.1")
    assert (await outside.open(DOOR)).status == 403
    await sign_in_officer(inside, amal, clock)
    assert inside.path == "/staff"
    outside.http.cookies.set("session", inside.http.cookies["session"])
    for path in ("/staff", "/staff/visits", "/household"):
        assert (await outside.open(path)).status == 403
    for browser in (inside, outside):
        await browser.close()


STAFF_ROUTES = [
    (path.replace("{reference}", "R-7K2M9QXZ").replace("{document}", "F-7K2M9QXZ"), method)
    for path, methods in RIGHTS.items()
    for method, audience in methods.items()
    if audience is Audience.STAFF
]


async def test_no_page_of_the_staff_opens_to_anybody_else(
    portal: Portal, visitor: PageBrowser, browser_of: BrowserOf
) -> None:
    family = await settle(portal)
    citizen = browser_of()
    await come_in(portal, citizen, family.hassan)
    assert len(STAFF_ROUTES) > 12
    for path, method in STAFF_ROUTES:
        for browser in (visitor, citizen):
            if method == "GET":
                await browser.open(path)
            else:
                await browser.open("/staff/sign-in")
                own = browser.form().values
                await browser.post(path, {"_csrf": own["_csrf"], "_key": own["_key"]})
            assert browser.path == DOOR, (path, method)
    assert set(RIGHTS) >= {"/staff", "/staff/visits"}
    doors = {DOOR, "/staff/enrol", "/staff/enrol/authenticator"}
    assert {path for path in RIGHTS if path.startswith("/staff")} - doors == {
        path for path, methods in RIGHTS.items() if set(methods.values()) == {Audience.STAFF}
    }
    assert doors == {
        path for path, methods in RIGHTS.items() if set(methods.values()) == {Audience.STAFF_DOOR}
    }


def references(browser: PageBrowser) -> list[str]:
    return [row.first("th").text for row in browser.main.first("tbody").all("tr")]


async def test_the_oldest_deadline_comes_first_and_the_next_page_goes_on_from_there(
    portal: Portal, visitor: PageBrowser, amal: OfficerAccount, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "REQUESTS_A_PAGE", 2)
    asked = []
    for _ in range(3):
        family = await settle(portal)
        asked.append((await ask(portal, family.hassan)).reference)
        clock.advance(days=1)
    clock.advance(days=12)
    await sign_in_officer(visitor, amal, clock)
    assert references(visitor) == asked[:2]
    assert "Hassan" not in visitor.text
    first, second = visitor.main.first("tbody").all("tr")
    assert first.first(class_="tag-now").text
    assert "1" in second.first(class_="tag").text
    await visitor.open(next(link for link in visitor.links if "after=" in link).removeprefix("/fr"))
    assert references(visitor) == asked[2:]
    clock.advance(minutes=5)
    await visitor.open("/staff?after=R-UNKNOWN0")
    assert references(visitor) == asked[:2]


async def test_what_is_late_says_by_how_much(
    portal: Portal, visitor: PageBrowser, amal: OfficerAccount, clock: Clock
) -> None:
    family = await settle(portal)
    await ask(portal, family.hassan)
    clock.advance(days=19)
    await sign_in_officer(visitor, amal, clock)
    assert "4" in visitor.main.first(class_="tag-error").text


async def test_each_centre_has_its_own_queue_and_an_administrator_has_none(
    portal: Portal, browser_of: BrowserOf, clock: Clock
) -> None:
    family = await settle(portal)
    reference = (await ask(portal, family.hassan)).reference
    officers = {
        "leila": await add_officer_account(portal, "leila", role=Role.SUPERVISOR),
        "nadia": await add_officer_account(portal, "nadia", role=Role.AUDITOR),
        "hassan": await add_officer_account(portal, "hassan", centre=ELSEWHERE),
        "admin": await add_officer_account(portal, "admin", role=Role.ADMINISTRATOR),
    }
    seen = set()
    for name, officer in officers.items():
        browser = browser_of()
        await sign_in_officer(browser, officer, clock)
        assert (browser.status, browser.path) == (200, "/staff")
        if reference in browser.text:
            seen.add(name)
    assert seen == {"leila", "nadia"}
