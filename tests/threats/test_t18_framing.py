"""T-18, clickjacking: no page of the portal is shown inside another site's.

That the header is on every answer is looked at by the clients of all tests (`tests/app/headers.py`); here a real
browser is asked to show the pages in a frame.
"""

from __future__ import annotations

from playwright.sync_api import Page, Route

from tests.browser.conftest import AtBrowser
from tests.browser.portal import RunningPortal

EVIL = "http://evil.test/"
PAGES = ("/ar/", "/fr/sign-in", "/fr/nowhere", "/fr/household", "/static/nothing.css", "/favicon.ico")


FRAME = """src => new Promise(done => {
    const frame = document.createElement("iframe");
    frame.onload = done;
    frame.src = src;
    document.body.append(frame);
    setTimeout(done, 2000);
})"""


def shown_in_a_frame(page: Page, address: str) -> bool:
    """Whether the document itself is there, and not the browser's own page about what it refused."""
    page.goto(EVIL)
    page.evaluate(FRAME, address)
    return any(frame.url == address for frame in page.frames)


def test_no_page_is_shown_in_a_frame(running: RunningPortal, at_browser: AtBrowser) -> None:
    page = at_browser(running, "fr").page
    context = page.context
    context.route(f"{EVIL}**", lambda route: route.fulfill(body="<body>", content_type="text/html"))
    assert [path for path in PAGES if shown_in_a_frame(page, running.url + path)] == []

    def without_the_guard(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        kept = {name: value for name, value in answer.headers.items() if not name.endswith("-policy")}
        route.fulfill(response=answer, headers=kept)

    context.route(f"{running.url}/ar/", without_the_guard)
    assert shown_in_a_frame(page, running.url + "/ar/")
