"""Every page of the site map in its three languages, and every link that a visitor is shown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from litestar import Litestar

from app.i18n.locales import LOCALES
from app.requests import Portal
from app.rights import RIGHTS
from tests.app.access_table import ACCESS, APPROVES, AUDITS, MODELS, PEOPLE
from tests.app.addresses import route_of
from tests.app.pages import PageBrowser, read_html
from tests.app.places import PLACES, Place
from tests.app.rewinding import rewinding
from tests.app.stage import Stage
from tests.app.standing import Visitors
from tests.app.town import build_town
from tests.app.well_formed import switched, wrongs_of_page

# Sent as files, not shown as pages.
FILES = {"/staff/requests/{reference}/documents/{document}", "/staff/models/{name}/file"}
CRAWLERS = (
    "",
    "hassan",
    "fatima",
    "said",
    "samira",
    "brahim",
    "driss",
    "amal",
    "officer",
    "auditor",
    "visiting",
)
MOST_OF_A_KIND = 4
FEWEST_PAGES = 10
REFERENCE = re.compile(r"[A-Z]-[0-9A-Z]{10}")
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def stage(portal: Portal, app: Litestar, database: str) -> AsyncIterator[Stage]:
    town = await build_town(portal)
    async with rewinding(database) as rewound:
        yield Stage(Visitors(app, portal, town), rewound)


@only_sqlite
async def test_every_page_of_the_site_map(stage: Stage) -> None:
    """Each is shown to somebody, in three languages, and leads to itself in the other two."""
    shown: set[str] = set()
    wrong = []
    beginning = await stage.database.remember()
    for name, place in [(route, None) for route in ACCESS] + list(PLACES.items()):
        for lang in LOCALES:
            await stage.database.rewind(beginning)
            browser = await _visit(stage, name, place, lang)
            if browser is None:
                continue
            route = route_of(browser.path)
            if browser.status == 200 and route:
                shown.add(route)
            wrong += [f"{name} ({lang}): {each}" for each in _wrongs_of_shown(browser, lang)]
            await browser.close()
    pages = {route for route, methods in RIGHTS.items() if "GET" in methods and not route.startswith("!")}
    assert not wrong, "\n".join(wrong)
    assert shown == pages - FILES


async def _visit(stage: Stage, name: str, place: Place | None, lang: str) -> PageBrowser | None:
    """Somebody who may see the page sees it; None for what is no page of a language."""
    if place is not None:
        browser, _ = await stage.visitors.stand(place, lang)
        return browser
    if name.startswith("!") or "GET" not in RIGHTS[name] or name in FILES:
        return None
    browser = stage.visitors.browser(_reader(name), lang)
    return await browser.open(stage.path(name))


def _reader(name: str) -> str:
    if not name.startswith("/staff"):
        return ACCESS[name].owner
    if ACCESS[name].get == AUDITS:
        return "auditor"
    managed = ACCESS[name].get in (PEOPLE, MODELS, APPROVES)
    return "administrator" if managed else "officer"


def _wrongs_of_shown(browser: PageBrowser, lang: str) -> Iterator[str]:
    if browser.status not in (200, 409):
        yield f"answers {browser.status}"
    yield from wrongs_of_page(browser.page, str(browser.response.url.path), lang)
    others = {other: f"/{other}{browser.path}" for other in LOCALES if other != lang}
    if browser.response.request.method == "GET" and switched(browser.page) != others:
        yield f"is in other languages at {switched(browser.page)}"


@only_sqlite
@pytest.mark.parametrize("who", CRAWLERS)
async def test_every_link_that_is_shown(stage: Stage, who: str) -> None:
    """From the home page on, wherever one may click: every page is there."""
    waiting, seen, wrong = ["/ar/"], Counter[str](), []
    asked = set(waiting)
    async with stage.visitors.browser(who).http as http:
        while waiting:
            address = waiting.pop()
            response = await http.get(address, follow_redirects=False)
            if response.status_code not in (200, 303):
                wrong.append(f"{address}: {response.status_code}")
            for link in _links(response):
                kind = REFERENCE.sub("", urlsplit(link).path)
                if link not in asked and seen[kind] < MOST_OF_A_KIND:
                    seen[kind] += 1
                    asked.add(link)
                    waiting.append(link)
    assert not wrong, "\n".join(wrong)
    assert len(asked) > FEWEST_PAGES


def _links(response: httpx.Response) -> Iterator[str]:
    if location := response.headers.get("location"):
        yield location
    if response.headers.get("content-type", "").startswith("text/html") and response.content:
        here = [link for link in read_html(response.text).all("a") if not link.get("hreflang")]
        for link in here:
            href = urljoin(str(response.url.raw_path.decode()), link.get("href")).partition("#")[0]
            if href.startswith("/"):
                yield href
