"""T-24, open redirects: a link to the portal never ends somewhere else, nor on a page that ends or opens a session."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest

from app.onward import FOR_CITIZENS, onward
from tests.browser.conftest import AtBrowser
from tests.browser.portal import RunningPortal
from tests.browser.visitors import sign_in

SITE = "evil.example"
SLASHES = (
    *("//", "///", "////", "/\\", "\\\\", "\\/", "/\\/", "/%5c", "/%2f", "%2f%2f", "%5c%5c"),
    *("/\t/", "/\n/", "/\r/", "/\x00/", "/ /", "/\u3002/", "/\uff0f", "/.//"),
)
BLANKS = ("\t", "\n", " ", "\r\n", "\x0b", "\u00a0", "\u200b", "\ufeff", "%09", "%0a")
SCHEMES = ("https:", "https:/", "https://", "http://", "//www.", "ftp://", "HTTPS://", "hTTps:\\\\")
SCRIPTS = ("javascript:", "JaVaScRiPt:", "java\tscript:", "\x01javascript:", "vbscript:")
ELSEWHERE = [
    *(f"{slashes}{SITE}" for slashes in SLASHES),
    *(f"{blank}//{SITE}" for blank in BLANKS),
    *(f"{scheme}{SITE}" for scheme in SCHEMES),
    *(f"{scheme}alert(1)" for scheme in SCRIPTS),
    "data:text/html,<script>alert(1)</script>",
    "blob:https://evil.example/1",
    "view-source:https://evil.example",
    *(f"http://{user}@{SITE}/" for user in ("127.0.0.1:8000", "tiwizi", "a:b")),
    f"/household@{SITE}",
    f"/household?x=//{SITE}",
    f"/household#//{SITE}",
    f"/household;//{SITE}",
    f"/household/../../{SITE}",
    f"/household/..//{SITE}",
    f"/household%2f..%2f..%2f%2f{SITE}",
    f"/household\r\nlocation: https://{SITE}",
    f"/household%0d%0alocation:%20https://{SITE}",
    "/household\r\nset-cookie: a=b",
    "//éxample.com",
    "//xn--xample-9ua.com",
    "//[::1]/",
    "//2130706433/",
    "/fr//" + SITE,
    "/fr/../" + SITE,
    ".",
    "..",
    "../..",
    "./household",
    "household",
    "?next=/household",
    "#",
    "",
    " /household",
    "/household ",
    "/household/",
    "/HOUSEHOLD",
    "/household" * 100,
    "/householdx",
    "/nowhere",
    "/national-identity/return",
    "/static/tiwizi.css",
]
# Ours, and yet no place to be led to: they open or end a session, or are for somebody else.
OURS = [
    *("/sign-in", "/sign-out", "/claim/done", "/recovery/password", "/account/prove"),
    *("/staff", "/staff/sign-in", "/demo"),
]


def led_astray(lead: Callable[[str], str]) -> list[str]:
    return [each for each in (*ELSEWHERE, *OURS) if lead(each) != "/account"]


def by_its_first_sign(path: str) -> str:
    """What many portals do: an address that begins like a path of ours is one."""
    return path if path.startswith("/") and not path.startswith("//") else "/account"


def test_only_pages_of_the_portal_are_led_to() -> None:
    assert len(set(ELSEWHERE)) >= 80
    assert led_astray(lambda path: onward(path, fallback="/account", to=FOR_CITIZENS)) == []
    assert len(led_astray(by_its_first_sign)) > 20


# Every page that reads from an address where to lead afterwards, as somebody who is signed in meets it.
GET_PLACES = ("/fr/sign-in", "/ar/sign-in")
LED = """async ([place, all]) => {
    const led = async next => {
        const address = `${place}?next=${encodeURIComponent(next)}`;
        try { return (await fetch(address, { method: "GET" })).url } catch (refused) { return `${address}: ${refused}` }
    };
    const found = [];
    for (const next of all) found.push(await led(next));
    return found;
}"""
STAYED = """async ([all]) => {
    const form = document.querySelector("form[action*='/account/stay']"), found = [];
    for (const next of all) {
        const body = new URLSearchParams(new FormData(form));
        const path = form.action.split("?")[0] + "?next=" + encodeURIComponent(next);
        const led = fetch(path, { method: "POST", body });
        found.push(await led.then(answer => answer.url, refused => `${refused}`));
    }
    return found;
}"""


def test_no_browser_is_led_away(running: RunningPortal, at_browser: AtBrowser) -> None:
    """What Chromium makes of every answer: it is on a page of ours, and on the one that was meant."""
    hamid = at_browser(running, "fr")
    sign_in(hamid, running.people["hamid"])
    for place, home in ((GET_PLACES[0], "/fr/household"), (GET_PLACES[1], "/ar/household")):
        assert set(hamid.page.evaluate(LED, [place, ELSEWHERE])) == {running.url + home}
    hamid.open("/account")
    assert set(hamid.page.evaluate(STAYED, [ELSEWHERE])) == {f"{running.url}/fr/account"}
    hamid.open("/account/languages")
    assert set(hamid.page.evaluate(STAYED, [["/account/languages"]])) == {
        f"{running.url}/fr/account/languages"
    }


@pytest.mark.parametrize("door", ["/sign-in", "/staff/sign-in"])
def test_no_door_repeats_where_it_would_lead(running: RunningPortal, door: str) -> None:
    """Neither in a link of the page nor in a header."""
    for each in ELSEWHERE:
        answer = running.http.get(f"/fr{door}?{urlencode({'next': each})}", follow_redirects=False)
        assert SITE not in answer.text, each
        assert SITE not in str(answer.headers), each
    kept = running.http.get(f"/fr/sign-in?next={quote('/messages')}").text
    assert re.search(r'hreflang="ar"[^>]*href="/ar/sign-in\?next=|href="/ar/sign-in\?next=', kept)
