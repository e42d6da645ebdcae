"""Every route of the site map: for whom it is, what travels with its answer, and that looking changes nothing."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import cache
from itertools import cycle
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

import app as portal_package
from app import access as access_rules
from app.i18n.locales import LOCALES
from app.requests import Portal, PortalRequest, language_of
from app.rights import RIGHTS
from app.static_files import static
from tests.app.access_table import ACCESS, ANYBODY, OFFICERS, VISITORS, Access
from tests.app.addresses import handler_of
from tests.app.headers import wrongs_of_headers
from tests.app.pages import read_html
from tests.app.rewinding import changed, rewinding
from tests.app.stage import Stage
from tests.app.standing import Visitors
from tests.app.town import build_town
from tests.app.well_formed import wrongs_of_page

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
ASKED = re.compile(r"""query_params[^"\n]{0,6}"([a-z_]+)"|"([a-z_]+)" in request\.query_params""")
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


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
            if set(row) == {"ok"} and visitor not in ANYBODY:
                continue
            lang = next(languages)
            async with stage.browser(visitor, access, lang).http as http:
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
    """What the answer is in a word of the table. Where htmx asks, the door is named in a header of its own."""
    location = response.headers.get("hx-redirect") or response.headers.get("location", "")
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
            async with stage.browser(visitor, access).http as http:
                named = stage.address(route, "fr")
                reference = next(
                    part for part in named.split("/") if re.fullmatch(r"[A-Z]-[0-9A-Z]{10}", part)
                )
                theirs = await _ask(http, method, named)
                nobodys = await _ask(http, method, named.replace(reference, NOT_THERE))
            if _masked(theirs.text.replace(reference, NOT_THERE)) != _masked(nobodys.text):
                wrong.append(f"{method} {route} for {visitor}")
    assert not wrong, "\n".join(wrong)


def _masked(html: str) -> str:
    return TOKEN.sub("", html)


@only_sqlite
async def test_who_says_that_htmx_asks_has_no_other_rights(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await _let_in_by_htmx(stage, routes()) == []
    own = access_rules._allow_citizen

    def trusting(request: PortalRequest) -> None:
        if "hx-request" not in request.headers:
            own(request)

    monkeypatch.setattr(access_rules, "_allow_citizen", trusting)
    assert await _let_in_by_htmx(stage, [("/household", "GET", ACCESS["/household"])])


async def _let_in_by_htmx(stage: Stage, asked: Iterable[tuple[str, str, Access]]) -> list[str]:
    wrong = []
    for route, method, access in asked:
        row = dict(zip(VISITORS, (access.get if method == "GET" else access.post).split(), strict=True))
        for visitor in (each for each in ("nobody", "other", "officer", "auditor") if row[each] != "ok"):
            async with stage.browser(visitor, access).http as http:
                http.headers["hx-request"] = "true"
                response = await _ask(http, method, stage.address(route, "fr"))
            if (got := outcome(response)) != row[visitor] or (got in ("door", "desk") and response.content):
                wrong.append(f"{method} {route} for {visitor}: {got} and not {row[visitor]}")
    return wrong


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
    """Its parameters, and whatever any page reads from an address."""
    for value in HOSTILE:
        if "{" in route:
            yield re.sub(r"\{[a-z_]+\}", value.replace("%2F", "%252F"), route)
        yield f"{stage.path(route)}?" + "&".join(f"{name}={value}" for name in read_from_addresses())


@cache
def read_from_addresses() -> tuple[str, ...]:
    sources = [path.read_text() for path in Path(portal_package.__file__).parent.rglob("*.py")]
    found = {name for source in sources for names in ASKED.findall(source) for name in names if name}
    return tuple(sorted(found))
