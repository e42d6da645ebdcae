"""T-19, scripts in names: whatever a name, a district or a note is made of, a page shows it as text.

A world in which every person, officer, district, note and file is called by sixty attacks at once; Chromium opens every
page of the portal in it. Nothing opens a dialog, nothing is refused by the policy (it is the second belt, and must not
be needed), and no element is there that the templates did not write.
"""

from __future__ import annotations

import ast
import html
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, strategies
from playwright.sync_api import ConsoleMessage, Dialog, Page, Request, Route

from app.i18n.environments import TEMPLATES_DIR, environment
from app.i18n.locales import LOCALES
from tests.app.pages import read_html
from tests.browser.conftest import AtBrowser
from tests.browser.portal import RunningPortal, served
from tests.browser.scene import ANYBODY, Scene
from tests.browser.test_every_page import PLACES, Place
from tests.browser.visitors import Visitor

EVENTS = (
    "onerror",
    "onload",
    "onclick",
    "onfocus autofocus tabindex=1",
    "onmouseover",
    "ontoggle open",
    "onstart",
)
HOLDERS = ("img src=x", "svg", "body", "details", "input", "video src=x", "marquee", "iframe", "math", "a")
PAYLOADS = (
    *(f"<{holder} data-planted {event}=alert(1)>" for holder in HOLDERS[:7] for event in EVENTS[:6]),
    "<script data-planted>alert(1)</script>",
    "</script><script data-planted>alert(1)</script>",
    "</title><script data-planted>alert(1)</script>",
    "</textarea><script data-planted>alert(1)</script>",
    "</option></select><script data-planted>alert(1)</script>",
    "--><script data-planted>alert(1)</script>",
    "]]><script data-planted>alert(1)</script>",
    '"><script data-planted>alert(1)</script>',
    "'><script data-planted>alert(1)</script>",
    '" autofocus onfocus="alert(1)" data-planted="',
    "' autofocus onfocus='alert(1)' data-planted='",
    "` onerror=`alert(1)` data-planted=`",
    '<a data-planted href="javascript:alert(1)">x</a>',
    '<iframe data-planted srcdoc="<script>alert(1)</script>"></iframe>',
    '<base data-planted href="https://evil.example/">',
    '<form data-planted action="https://evil.example/"><button>x</button></form>',
    '<meta data-planted http-equiv="refresh" content="0;url=https://evil.example/">',
    '<link data-planted rel="stylesheet" href="https://evil.example/x.css">',
    "<style data-planted>*{background:url(https://evil.example/)}</style>",
    '<a data-planted hx-get="/fr/planted" hx-trigger="load">x</a>',
    '<p data-planted hx-on:load="alert(1)">x</p>',
    "{{7*7}}{% raw %}${7*7}#{7*7}<%= 7*7 %>{0.__class__}%(name)s",
    "&lt;script data-planted&gt;alert(1)&lt;/script&gt;",
    "\u2028alert(1)\u2029",
    "<ضياء data-planted onclick=alert(1)>",
)
NAME = "Planted " + " ".join(PAYLOADS)
SHORT = "<b data-planted>حي</b><script data-planted>alert(1)</script>"
FIELDS = {
    "person": ("given_name_ar", "family_name_ar", "given_name_latin", "family_name_latin"),
    "staff": ("name_ar", "name_latin"),
    "declaration": ("district",),
    "recomputation_request": ("words", "decision_words"),
    "document": ("name",),
}
# These wait a minute between two codes, and show no name that the others do not show.
SLOW = ("recovering", "recovered")
# Nobody's name is on these, whoever asks.
NAMELESS = ("claiming", "proven", "signing in")
# Their pages are those of the others.
ALIKE = ("newly claimed", "opening a visit", "rahma")
PLANTED = """() => [...document.querySelectorAll(
    "[data-planted], script:not([src^='/static/']), iframe, base, [onload], [onerror], [onclick], [onfocus]"
)].map(each => each.outerHTML.slice(0, 200))"""
REPORT = (
    "addEventListener('securitypolicyviolation', e => console.error('Content Security Policy', e.blockedURI))"
)


@dataclass
class Watch:
    """What a page did that it should not have."""

    dialogs: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def look(self, page: Page, own: str) -> None:
        page.on("dialog", self._close)
        page.on("console", self._read)
        page.on("request", partial(self._count, own))
        page.add_init_script(REPORT)

    def forget(self) -> None:
        self.dialogs.clear()
        self.reports.clear()
        self.requests.clear()

    def _close(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _read(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.reports.append(message.text)

    def _count(self, own: str, request: Request) -> None:
        if "planted" in request.url or not request.url.startswith((own, "data:")):
            self.requests.append(request.url)


@pytest.fixture(scope="module")
def poisoned(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    data = tmp_path_factory.mktemp("poisoned") / "data"
    shutil.copytree(world, data)
    connection = sqlite3.connect(data / "tiwizi.db")
    with connection:
        for table, columns in FIELDS.items():
            for column in columns:
                planted = SHORT if column == "district" else NAME
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} IS NOT NULL", (planted,))
    connection.close()
    with served(data) as portal:
        yield portal


def _show(visitor: Visitor, place: Place, scene: Scene) -> None:
    visitor.page.goto(f"/{visitor.lang}{place.path.format(**scene.words)}")
    if place.answers is not None:
        visitor.answer(place.answers)
        visitor.page.wait_for_load_state()


def test_every_page_shows_every_name_as_text(poisoned: RunningPortal, at_browser: AtBrowser) -> None:
    assert len(PAYLOADS) >= 60
    watch, shown, wrong = Watch(), set(), []

    def newcomer() -> Visitor:
        visitor = at_browser(poisoned, "ar")
        watch.look(visitor.page, poisoned.url)
        return visitor

    scene = Scene(poisoned, newcomer)
    for place in PLACES:
        if place.who in (*SLOW, *NAMELESS, *ALIKE, ANYBODY):
            continue
        visitor = scene.visitor(place.who)
        _show(visitor, place, scene)
        planted = visitor.page.evaluate(PLANTED)
        if planted or watch.dialogs or watch.reports or watch.requests:
            wrong.append((place.who, place.path, planted, watch))
        if "<script data-planted>" in visitor.page.inner_text("body"):
            shown.add(place.path)
    assert not wrong
    assert len(shown) > 15, sorted(shown)

    def trusting(route: Route, *, policy: bool) -> None:
        answer = route.fetch()
        kept = {
            name: value for name, value in answer.headers.items() if policy or not name.endswith("-policy")
        }
        body = answer.text().replace(html.escape(PAYLOADS[0]), PAYLOADS[0])
        route.fulfill(response=answer, headers=kept, body=body)

    # A portal that trusts a name is caught: by the policy, or without one by what the name does.
    page = scene.visitor("khadija").page
    for policy in (True, False):
        watch.forget()
        page.route("**/account", partial(trusting, policy=policy))
        page.goto("/ar/account")
        assert page.evaluate(PLANTED)
        assert bool(watch.reports) is policy
        assert bool(watch.dialogs) is not policy


SHOWN = """{% from "components/fields.html" import hidden %}
<title>{{ text }}</title><p title="{{ text }}">{{ text }}</p>
<textarea>
{{ text }}</textarea>{{ hidden("text", text) }}"""


def readings(source: str, text: str, lang: str) -> set[str]:
    """How the text is read from an element, two attributes and an answer."""
    page = read_html(environment(lang).from_string(source).render(text=text))
    typed = "".join(map(str, page.first("textarea").children)).removeprefix("\n")
    shown = [page.first("p"), page.first("title")]
    texts = {"".join(map(str, each.children)) for each in shown}
    return texts | {page.first("p").get("title"), page.first("input").get("value"), typed}


@pytest.mark.parametrize("lang", LOCALES)
@given(text=strategies.text())
def test_any_text_is_read_as_it_was_written(lang: str, text: str) -> None:
    assert readings(SHOWN, text, lang) == {text}


def test_a_template_that_trusts_a_text_is_caught() -> None:
    assert readings(SHOWN.replace("<p title", "<p>{{ text|safe }}</p><p title"), "<b>x</b>", "fr") != {
        "<b>x</b>"
    }


def trusted(source: str) -> list[str]:
    """Where code calls something markup that it did not write itself."""
    calls = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Call)]
    marked = [each for each in calls if ast.unparse(each.func).split(".")[-1] == "Markup"]
    return [ast.unparse(each) for each in marked if not isinstance(each.args[0], ast.Constant)]


def test_nothing_is_called_markup_that_was_not_written_here() -> None:
    """One place puts a number that it has just made into a span."""
    app = TEMPLATES_DIR.parent
    found = [each for path in app.rglob("*.py") for each in trusted(path.read_text())]
    assert found == ["Markup(f'<span>{signed}</span>')"]
    doors = re.compile(r"\|\s*safe\b|autoescape\s+false|Markup")
    assert [path.name for path in TEMPLATES_DIR.rglob("*.html") if doors.search(path.read_text())] == []
    assert trusted("Markup(name)")
