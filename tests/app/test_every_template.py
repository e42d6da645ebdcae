"""Every template in every language, and every block that is sent alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from litestar import Litestar

import app as portal_package
from app.i18n.environments import TEMPLATES_DIR, environment
from app.i18n.locales import LOCALES
from app.requests import Portal
from tests.app.pages import FilledForm, PageBrowser, read_html
from tests.app.places import PLACES
from tests.app.standing import Visitors
from tests.app.town import build_town

APP = Path(portal_package.__file__).parent
TEMPLATES = sorted(path.relative_to(TEMPLATES_DIR).as_posix() for path in TEMPLATES_DIR.rglob("*.html"))
NAME = re.compile(r"""["']((?:[a-z_]+/)+[a-z_]+\.html)["']""")
STEP_PAGE = re.compile(r"declaration/(dwelling|equipment|spending|property)\.html")


@dataclass(frozen=True)
class Alone:
    """How a block is asked for by HTMX: a page with the address that changes it, or the place of its form."""

    who: str
    path: str = ""
    place: str = ""


BLOCKS = {
    ("declaration/address.html", "place"): Alone("amal", path="/household/declaration/address?region=06"),
    ("recomputation/questions.html", "about_line"): Alone("hassan", path="/household/recomputation?line=U35"),
    ("simulator/questions.html", "estimate"): Alone("", place="simulator, urban"),
}


@pytest.mark.parametrize("lang", LOCALES)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles(lang: str, name: str) -> None:
    """Its sentences are resolved now: a wrong variable in a translation shows here."""
    template = environment(lang).get_template(name)
    assert template.name == name


def test_every_template_is_shown_by_something() -> None:
    sources = [path.read_text() for suffix in ("*.py", "*.html") for path in APP.rglob(suffix)]
    named = {name for source in sources for name in NAME.findall(source)}
    unused = {name for name in TEMPLATES if name not in named and not STEP_PAGE.fullmatch(name)}
    assert not unused


def test_every_template_that_is_named_is_there() -> None:
    sources = [path.read_text() for suffix in ("*.py", "*.html") for path in APP.rglob(suffix)]
    assert {name for source in sources for name in NAME.findall(source)} <= set(TEMPLATES)


def test_every_block_that_is_sent_alone_is_known() -> None:
    """A new block for HTMX is asked for below, or this fails."""
    assert set(BLOCKS) == set(_blocks_of_routes())


def _blocks_of_routes() -> Iterator[tuple[str, str]]:
    for path in (APP / "routes").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
                for keyword in node.keywords:
                    if keyword.arg == "block" and isinstance(keyword.value, ast.Constant):
                        yield str(texts[0]), str(keyword.value.value)


@pytest.fixture
async def visitors(portal: Portal, app: Litestar) -> Visitors:
    return Visitors(app, portal, await build_town(portal))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lang", LOCALES)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[1])
async def test_every_block_alone_is_a_part_of_its_page(
    visitors: Visitors, block: tuple[str, str], lang: str
) -> None:
    """What HTMX puts into the page is what the whole page would have shown there."""
    whole = await _ask(visitors, BLOCKS[block], lang)
    alone = await _ask(visitors, BLOCKS[block], lang, **{"hx-request": "true"})
    assert "<html" not in alone
    assert alone.strip()
    assert _without_keys(alone) in _without_keys(whole)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[1])
async def test_no_block_is_kept_or_opened_as_a_page(visitors: Visitors, block: tuple[str, str]) -> None:
    """The same address without HTMX's header is the whole page, and no cache takes one for the other."""
    browser = await _open(visitors, BLOCKS[block], "fr")
    assert browser.page.first("html")
    assert "HX-Request" in browser.response.headers["vary"]
    assert browser.response.headers["cache-control"] == "no-store"


async def _ask(visitors: Visitors, alone: Alone, lang: str, **headers: str) -> str:
    browser = await _open(visitors, alone, lang, **headers)
    assert browser.status == 200
    return browser.response.text


async def _open(visitors: Visitors, alone: Alone, lang: str, **headers: str) -> PageBrowser:
    if alone.path:
        browser = visitors.browser(alone.who, lang)
        browser.http.headers.update(headers)
        browser.response = await browser.http.get(f"/{lang}{alone.path}")
    else:
        browser, form = await visitors.stand(PLACES[alone.place], lang)
        browser.http.headers.update(headers)
        browser.response = await browser.http.post(_address(browser, form), data=dict(form.values))
    browser.page = read_html(browser.response.text)
    await browser.http.aclose()
    return browser


def _address(browser: PageBrowser, form: FilledForm) -> str:
    return str(browser.response.url.join(form.action))


def _without_keys(html: str) -> str:
    return re.sub(r'value="[0-9a-f]{32,}"', "", " ".join(html.split()))
