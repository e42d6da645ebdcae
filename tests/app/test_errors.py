"""Every failure is a page in the reader's language that says what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from litestar import Litestar
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession

from app.errors import TEMPLATES, failure_page, is_passing
from app.main import create_app, create_portal
from app.requests import Portal, PortalRequest
from identity.proofs.passwords import PasswordHasher
from tests.app.conftest import BrowserOf, Register
from tests.app.journeys import start_claim
from tests.app.pages import PageBrowser, read_html

LANGUAGES = [("ar", "rtl"), ("fr", "ltr"), ("zgh", "ltr")]


def speaks(browser: PageBrowser, lang: str, direction: str) -> bool:
    html = browser.page.first("html")
    return (html.get("lang"), html.get("dir")) == (lang, direction) and bool(browser.heading)


@pytest.mark.parametrize(("lang", "direction"), LANGUAGES)
async def test_an_address_that_leads_nowhere(browser_of: BrowserOf, lang: str, direction: str) -> None:
    browser = browser_of(lang)
    await browser.open("/nowhere/at/all")
    assert browser.status == 404
    assert speaks(browser, lang, direction)
    assert f"/{lang}/centres" in browser.links


@pytest.mark.parametrize(
    "path", ["!/xx/claim", "!/nowhere", "!/static/nothing.css", "/centres?province=99.999"]
)
async def test_other_addresses_that_lead_nowhere(visitor: PageBrowser, path: str) -> None:
    await visitor.open(path)
    assert visitor.status == 404
    assert visitor.heading


@pytest.mark.parametrize(("lang", "direction"), LANGUAGES)
@pytest.mark.parametrize("path", ["/claim", "/sign-in", "/sign-out", "/recovery"])
async def test_a_post_without_its_token_changes_nothing(
    browser_of: BrowserOf, lang: str, direction: str, path: str
) -> None:
    browser = browser_of(lang)
    await browser.post(path, {"identifier": "0000000001"})
    assert browser.status == 403
    assert speaks(browser, lang, direction)


async def test_a_post_from_another_site_is_refused(visitor: PageBrowser) -> None:
    await visitor.open("/claim")
    tokens = {name: visitor.form().values[name] for name in ("_csrf", "_key")}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        visitor.http.headers.update(headers)
        await visitor.post("/claim", tokens)
        assert visitor.status == 403
        for name in headers:
            del visitor.http.headers[name]


async def test_a_token_of_another_browser_is_refused(visitor: PageBrowser, browser_of: BrowserOf) -> None:
    other = browser_of()
    await visitor.open("/claim")
    await other.open("/claim")
    tokens = {name: other.form().values[name] for name in ("_csrf", "_key")}
    await visitor.post("/claim", tokens)
    assert visitor.status == 403


async def test_a_method_that_the_page_does_not_know(visitor: PageBrowser) -> None:
    visitor.response = await visitor.http.delete("/fr/claim")
    assert visitor.status == 405
    assert "GET" in visitor.response.headers["allow"]


async def test_a_form_that_is_too_large(visitor: PageBrowser) -> None:
    await visitor.open("/claim")
    values = {"_csrf": str(visitor.form().values["_csrf"]), "document_number": "A" * 300_000}
    await visitor.post("/claim", values)
    assert visitor.status == 413
    assert visitor.heading


async def test_a_field_that_was_never_asked_is_refused_in_words(visitor: PageBrowser) -> None:
    await visitor.open("/sign-in")
    visitor.form().values["role"] = "administrator"
    await visitor.submit(identifier="0000000001", password="a long enough one")
    assert visitor.status == 422
    assert visitor.form().values["identifier"] == "0000000001"


@pytest.mark.parametrize("status", [*TEMPLATES, 418, 500])
@pytest.mark.parametrize("lang", ["ar", "fr", "zgh"])
async def test_every_failure_has_its_page(app: Litestar, lang: str, status: int) -> None:
    scope = {
        "type": "http",
        "litestar_app": app,
        "path": f"/{lang}/claim",
        "headers": [],
        "method": "GET",
        "state": {},
    }
    response = failure_page(PortalRequest(scope), status)  # type: ignore[arg-type]
    assert response.status_code == status
    page = read_html(response.content.decode())
    assert page.first("html").get("lang") == lang
    assert page.first("main").first("h1").text


LOST = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.mark.parametrize(("lang", "direction"), LANGUAGES)
async def test_a_database_that_is_gone_is_a_matter_of_waiting(
    portal: Portal, lang: str, direction: str
) -> None:
    await PageBrowser(create_app(portal)).open("/")
    gone = replace(create_portal(replace(portal.settings, database_url=LOST)), shelf=portal.shelf)
    browser = PageBrowser(create_app(gone), lang=lang)
    browser.http.cookies.set("session", "of somebody who was signed in")
    for path in ("/", "/household", "/sign-in"):
        await browser.open(path)
        assert browser.status == 503
        assert speaks(browser, lang, direction)
    browser.http.cookies.clear()
    await browser.open("/sign-in")
    await browser.submit(identifier="0000000001", password="a long enough one")
    assert browser.status == 503
    assert int(browser.response.headers["retry-after"]) > 0
    await browser.close()


PASSING = {
    "statement_timeout": "57014",
    "deadlock": "40P01",
    "lock": "55P03",
    "starting": "57P03",
    "full": "53100",
}


@pytest.mark.parametrize(
    ("state", "passes"), [*((state, True) for state in PASSING.values()), ("22021", False)]
)
def test_what_passes_by_itself_is_told_from_what_does_not(state: str, passes: bool) -> None:
    class OfDriver(Exception):
        sqlstate = state

    assert is_passing(DBAPIError("SELECT 1", {}, OfDriver())) is passes


CANARY = "ZZCANARYSAMIRA"


class Refusing(AsyncSession):
    """A session whose commit fails with what the citizen typed in the words of the error."""

    async def commit(self) -> None:
        raise DBAPIError("INSERT", {"name": CANARY}, ValueError(CANARY))


async def test_what_was_typed_is_in_no_log(
    portal: Portal, register: Register, caplog: pytest.LogCaptureFixture
) -> None:
    sessions = async_sessionmaker(portal.changes.kw["bind"], class_=Refusing, expire_on_commit=False)
    browser = PageBrowser(create_app(replace(portal, changes=sessions)))
    await start_claim(browser, await register())
    assert browser.status == 503
    assert "commit failed" in caplog.text
    assert CANARY not in caplog.text
    await browser.close()


async def test_a_busy_portal_says_when_to_come_back(portal: Portal) -> None:
    full = PasswordHasher(portal.keys, at_once=1, queue=-1)
    browser = PageBrowser(create_app(replace(portal, hasher=full)))
    await browser.open("/sign-in")
    await browser.submit(identifier="0000000001", password="a long enough one")
    assert browser.status == 503
    assert int(browser.response.headers["retry-after"]) > 0
    assert browser.heading
    await browser.close()
