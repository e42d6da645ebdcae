"""T-27, htmx: it keeps nothing in the browser, is answered with no other rights, and its pieces are whole pages too.

That no name becomes an `hx-get` is shown in test_t19_scripts_in_names.py; that nobody gets more by saying that htmx
asks, route by route, in tests/app/test_every_route.py.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import app as portal_package
from app.static_files import static_files
from tests.browser.conftest import AtBrowser
from tests.browser.portal import RunningPortal
from tests.browser.visitors import Visitor, sign_in

# htmx 4.0.1 as its authors published it. A new release is read before its digest is written here.
PINNED = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
TEMPLATES = Path(portal_package.__file__).parent / "templates"
NAVIGATIONS = (
    "/simulator?zone=urban&region=06",
    "/household/declaration/address",
    "/household/recomputation?new=yes",
)
KEPT = "() => [localStorage, sessionStorage].flatMap(each => Object.entries(each))"
IN_PIECES = {
    "/simulator?zone=urban&region=06": "simulator/questions.html",
    "/household/declaration/address?region=06": "declaration/address.html",
    "/household/recomputation?line=U35": "recomputation/questions.html",
}


def kept(visitor: Visitor) -> list[object]:
    found: list[object] = visitor.page.evaluate(KEPT)
    return found


def test_the_library_is_the_one_that_was_read() -> None:
    assert hashlib.sha256(static_files()["htmx.min.js"].content).hexdigest() == PINNED


def test_every_page_in_pieces_is_looked_at() -> None:
    asking = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if "hx-get=" in path.read_text()
    }
    asking |= {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if "hx-post=" in path.read_text()
    }
    assert asking == set(IN_PIECES.values())


def test_nothing_is_kept_in_the_browser(running: RunningPortal, at_browser: AtBrowser) -> None:
    visitor = at_browser(running, "fr")
    sign_in(visitor, running.people["rahma"])
    for path in NAVIGATIONS * 7:
        visitor.open(path)
    visitor.open("/household/declaration/address")
    visitor.page.select_option("[name=region]", "04")
    visitor.page.wait_for_selector("[name=province] option[value='04.421']", state="attached")
    assert kept(visitor) == []
    configuration = json.loads(visitor.page.get_attribute("meta[name=htmx-config]", "content") or "{}")
    assert configuration.get("history") != "localStorage"
    visitor.page.evaluate("localStorage.setItem('htmx-history-cache', document.body.innerHTML)")
    assert kept(visitor)

    _check_pieces(running, visitor)


def _check_pieces(running: RunningPortal, visitor: Visitor) -> None:
    """A piece opened by itself is a whole page. Who only says that htmx asks gets no more: the door, and no content."""
    for path in IN_PIECES:
        whole = visitor.page.request.get(f"/fr{path}").text()
        assert whole.startswith("<!doctype html>"), path
        piece = visitor.page.request.get(f"/fr{path}", headers={"hx-request": "true"}).text()
        assert "<html" not in piece, path
        assert len(piece) < len(whole)
        asked = running.http.get(f"/fr{path}", headers={"hx-request": "true"}, follow_redirects=False)
        if path.startswith("/household"):
            assert (asked.status_code, asked.text) == (204, "")
            assert asked.headers["hx-redirect"].startswith("/fr/sign-in?next=")
