"""Every route of the site map: for whom it is, what travels with its answer, and that looking changes nothing."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from litestar import Litestar

from app.i18n.locales import LOCALES
from app.requests import Portal, language_of
from app.rights import RIGHTS
from app.static_files import files_by_address, static
from tests.app.access_table import ACCESS, OFFICERS, OTHER, VISITORS, Access
from tests.app.pages import PageBrowser, read_html
from tests.app.places import PLACES, Place, Visitors, handler_of, route_of
from tests.app.rewinding import Rewinding, changed, rewinding
from tests.app.town import build_town
from tests.app.well_formed import switched, wrongs_of_page

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
TOKEN = re.compile(r'name="_(csrf|key)" value="[0-9a-f]+"')
NOT_THERE = "R-00000000"
HOSTILE = (
    "%00",
    "%FF%FE",
    "%E2%80%AE",
    "%27%22%3E%3Csvg%3E",
    "-1",
    "9" * 3000,
    "..%2F..",
)
QUESTIONS = (
    "after",
    "again",
    "before",
    "claimed",
    "from",
    "line",
    "new",
    "next",
    "province",
    "region",
    "zone",
)
# Sent as files, not shown as pages.
FILES = {"/staff/requests/{reference}/documents/{document}"}
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
REFERENCE = re.compile(r"[A-Z]-[0-9A-Z]{8}")
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass
class Stage:
    visitors: Visitors
    database: Rewinding

    def path(self, route: str) -> str:
        named = ACCESS[route].path or route
        return self.visitors.town.fill(named).removeprefix("!")

    async def browser(self, visitor: str, access: Access, lang: str = "fr") -> PageBrowser:
        who = {"nobody": "", "owner": access.owner, "other": OTHER}.get(visitor, visitor)
        return self.visitors.browser(who, lang)

    def address(self, route: str, lang: str) -> str:
        return self.path(route) if route.startswith("!") else f"/{lang}{self.path(route)}".rstrip("/") or "/"


@pytest.fixture
async def stage(portal: Portal, app: Litestar, database: str) -> AsyncIterator[Stage]:
    town = await build_town(portal)
    town.words["stylesheet"] = static("tiwizi.css")
    async with rewinding(database) as rewound:
        yield Stage(Visitors(app, portal, town), rewound)


def routes() -> Iterator[tuple[str, str, Access]]:
    for route, methods in RIGHTS.items():
        for method in methods:
            yield route, method, ACCESS[route]


def test_the_table_covers_every_route() -> None:
    """Whoever adds a route says for whom it is, twice: where it decides, and here."""
    reviewed = {
        route: {method for method, row in (("GET", access.get), ("POST", access.post)) if row}
        for route, access in ACCESS.items()
    }
    assert reviewed == {route: set(methods) for route, methods in RIGHTS.items()}
    assert {len(row.split()) for access in ACCESS.values() for row in (access.get, access.post) if row} == {
        len(VISITORS)
    }


@only_sqlite
async def test_every_route_for_every_visitor(stage: Stage) -> None:
    wrong, languages = [], cycle(LOCALES)
    beginning, before = await stage.database.remember(), await stage.database.contents()
    for route, method, access in routes():
        row = (access.get if method == "GET" else access.post).split()
        for visitor, wanted in zip(VISITORS, row, strict=True):
            lang = next(languages)
            async with (await stage.browser(visitor, access, lang)).http as http:
                response = await _ask(http, method, stage.address(route, lang))
            found = list(_wrongs_of_answer(response, wanted))
            if visitor == "owner" or response.status_code >= 400:
                found += _wrongs_of_html(response)
            found += _traces(
                stage, route, method, visitor, wanted, changed(before, await stage.database.contents())
            )
            wrong += [f"{method} {route} for {visitor} ({lang}): {each}" for each in found]
            await stage.database.rewind(beginning)
    assert not wrong, "\n".join(wrong)


async def _ask(http: httpx.AsyncClient, method: str, address: str) -> httpx.Response:
    http.follow_redirects = False
    if method == "GET":
        return await http.get(address)
    page = read_html((await http.get("/fr/claim")).text)
    token = page.first("input", name="_csrf").get("value")
    return await http.post(address, data={"_csrf": token, "_key": secrets.token_hex(16)})


def outcome(response: httpx.Response) -> str:
    """What the answer is in a word of the table."""
    location = response.headers.get("location", "")
    if "/staff/sign-in?next=" in location:
        return "desk"
    if "/sign-in?next=" in location:
        return "door"
    return {403: "no", 404: "none"}.get(response.status_code, "ok" if response.status_code < 500 else "fails")


def _wrongs_of_answer(response: httpx.Response, wanted: str) -> Iterator[str]:
    if (got := outcome(response)) != wanted:
        yield f"{got} ({response.status_code}) and not {wanted}"
    yield from wrongs_of_headers(response)


def _wrongs_of_html(response: httpx.Response) -> Iterator[str]:
    if response.headers.get("content-type", "").startswith("text/html") and response.content:
        yield from wrongs_of_page(read_html(response.text), response.url.path, language_of(response.url.path))


def wrongs_of_headers(response: httpx.Response) -> Iterator[str]:
    """What travels with every answer: pages, files, errors, redirects."""
    headers = response.headers
    policy = headers.get("content-security-policy", "")
    for needed in ("default-src 'none'", "frame-ancestors 'none'"):
        if needed not in policy:
            yield f"has no {needed} in its policy {policy!r}"
    if "unsafe" in policy or "*" in policy:
        yield f"has the policy {policy!r}"
    if headers.get("x-content-type-options") != "nosniff":
        yield "lets browsers guess its type"
    if headers.get("referrer-policy") not in ("no-referrer", "same-origin"):
        yield f"tells other sites where one was: {headers.get('referrer-policy')}"
    hashed = response.status_code == 200 and response.url.path in files_by_address()
    public = hashed or (response.status_code == 200 and response.url.path in ("/favicon.ico", "/robots.txt"))
    if not public and headers.get("cache-control") != "no-store":
        yield f"may be kept: {headers.get('cache-control')}"
    if hashed and "immutable" not in headers["cache-control"]:
        yield "is loaded again and again"
    if not public and "vary" not in headers:
        yield "does not say what it depends on"


def _traces(
    stage: Stage, route: str, method: str, visitor: str, wanted: str, left: set[str]
) -> Iterator[str]:
    """A GET, and whatever is refused, changes nothing; only the audit says that an officer looked, or tried to."""
    if method == "POST" and wanted == "ok":
        return
    allowed = {"audit_entry"} if visitor in OFFICERS else set()
    if handler_of(stage.visitors.app, route, method).opt.get("writes"):
        allowed.add("recomputation_request")  # The first who opens a request takes it into review.
    if more := left - allowed:
        yield f"changes {sorted(more)}"


@only_sqlite
async def test_what_is_not_yours_is_as_if_it_were_not_there(stage: Stage) -> None:
    """Byte by byte, apart from what every page has anew and the reference that one typed oneself."""
    wrong = []
    for route, method, access in routes():
        row = dict(zip(VISITORS, (access.get if method == "GET" else access.post).split(), strict=True))
        for visitor in (visitor for visitor, wanted in row.items() if wanted == "none"):
            async with (await stage.browser(visitor, access)).http as http:
                named = stage.address(route, "fr")
                reference = next(
                    part for part in named.split("/") if re.fullmatch(r"[A-Z]-[0-9A-Z]{8}", part)
                )
                theirs = await _ask(http, method, named)
                nobodys = await _ask(http, method, named.replace(reference, NOT_THERE))
            if _masked(theirs.text.replace(reference, NOT_THERE)) != _masked(nobodys.text):
                wrong.append(f"{method} {route} for {visitor}")
    assert not wrong, "\n".join(wrong)


def _masked(html: str) -> str:
    return TOKEN.sub("", html)


@only_sqlite
async def test_every_method_that_a_route_does_not_know(stage: Stage) -> None:
    wrong = []
    for (route, known), lang in zip(RIGHTS.items(), cycle(LOCALES), strict=False):
        async with stage.visitors.browser("hassan").http as http:
            for method in METHODS:
                if method in known or (method == "HEAD" and "GET" in known):
                    continue
                response = await http.request(method, stage.address(route, lang))
                found = list(wrongs_of_headers(response))
                if response.status_code != 405 or not set(known) <= set(
                    response.headers["allow"].split(", ")
                ):
                    found.append(f"{response.status_code}, allows {response.headers.get('allow')}")
                elif method != "HEAD":
                    spoken = "ar" if route.startswith("!") else lang
                    found += wrongs_of_page(read_html(response.text), response.url.path, spoken)
                wrong += [f"{method} {route} ({lang}): {each}" for each in found]
    assert not wrong, "\n".join(wrong)


@only_sqlite
async def test_every_route_in_a_language_that_there_is_not(stage: Stage) -> None:
    wrong = []
    async with stage.visitors.browser("hassan").http as http:
        for route, method, _ in routes():
            if not route.startswith("!"):
                for lang in ("en", "AR", "fr-MA", "%61%72%00"):
                    response = await http.request(method, stage.address(route, lang))
                    found = list(wrongs_of_headers(response))
                    if response.status_code != 404:
                        found.append(str(response.status_code))
                    wrong += [f"{method} {route} in {lang}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)


async def test_every_hostile_address(stage: Stage) -> None:
    """What is typed into an address is found or not found, and never a failure."""
    wrong = []
    for route, method, access in routes():
        if method == "GET" and not route.startswith("!"):
            who = "officer" if route.startswith("/staff") else access.owner
            async with stage.visitors.browser(who).http as http:
                for address in _hostile(stage, route):
                    response = await http.get(f"/fr{address}", follow_redirects=False)
                    found = list(wrongs_of_headers(response))
                    if response.status_code >= 500 or "svg" in response.headers.get("location", ""):
                        found.append(f"{response.status_code} {response.headers.get('location', '')}")
                    wrong += [f"{route} as {address[:60]}: {each}" for each in found]
    assert not wrong, "\n".join(wrong)


def _hostile(stage: Stage, route: str) -> Iterator[str]:
    for value in HOSTILE:
        if "{" in route:
            yield re.sub(r"\{[a-z_]+\}", value.replace("%2F", "%252F"), route)
        yield f"{stage.path(route)}?" + "&".join(f"{name}={value}" for name in QUESTIONS)


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
    browser = stage.visitors.browser("officer" if name.startswith("/staff") else ACCESS[name].owner, lang)
    return await browser.open(stage.path(name))


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
