"""T-26, what stays on a shared computer: after signing out neither the way back nor the disk shows who was here."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.portal import RunningPortal
from tests.browser.visitors import PATIENCE_MS, Visitor, sign_in
from tests.chromium import chromium_executable, chromium_options

CANARY = "Naïma"
GZIP = b"\x1f\x8b\x08"
PAGES = ("/household", "/household/index", "/account", "/household/declaration", "/messages")


@contextmanager
def computer(browser: Browser, profile: Path, url: str) -> Iterator[BrowserContext]:
    """A browser that keeps on the disk what browsers keep."""
    context = browser.browser_type.launch_persistent_context(
        profile, executable_path=chromium_executable(), args=chromium_options(), base_url=url
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def on_the_disk(profile: Path, *canaries: str) -> list[str]:
    """Files with one of the canaries, as it is or in an answer that is kept compressed."""
    marks = [canary.encode(encoding) for canary in canaries for encoding in ("utf-8", "utf-16-le")]
    return [
        file.name
        for file in profile.rglob("*")
        if file.is_file() and any(mark in text for text in readings(file.read_bytes()) for mark in marks)
    ]


def readings(content: bytes) -> Iterator[bytes]:
    """What stands in a file, and whatever is compressed in it."""
    yield content
    at = content.find(GZIP)
    while at >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content[at:])
        at = content.find(GZIP, at + 1)


def on_the_way_back(page: Page) -> list[str]:
    """Where the name is shown again, three pages back and three forward."""
    found = []
    for step in (*["history.back()"] * 3, *["history.forward()"] * 3):
        page.evaluate(step)
        page.wait_for_timeout(150)
        page.wait_for_load_state()
        if CANARY in page.content():
            found.append(f"{step} {page.url}")
    return found


def test_nothing_stays_of_who_signed_out(running: RunningPortal, browser: Browser, tmp_path: Path) -> None:
    with computer(browser, tmp_path, running.url) as context:
        visitor, naima = Visitor(context.new_page(), running, "fr"), running.people["naima"]
        sign_in(visitor, naima)
        for path in PAGES:
            visitor.open(path)
        assert CANARY in visitor.page.content()
        visitor.page.locator("form[action$='/sign-out'] button").first.click()
        visitor.arrive("/sign-out")
        assert on_the_way_back(visitor.page) == []
        kept = visitor.page.evaluate("async () => [localStorage.length, (await caches.keys()).length]")
        assert kept == [0, 0]
        assert context.service_workers == []
    # Her identifier, typed as the name of a user, is the browser's own to remember for its manager of passwords.
    assert on_the_disk(tmp_path, CANARY, naima.password, naima.phone) == []


class Forgetful(BaseHTTPRequestHandler):
    """A portal that does not think of the next one at the same computer."""

    def do_GET(self) -> None:
        body = gzip.compress(f"<!doctype html><title>x</title><p>{CANARY} {self.path}".encode())
        self.send_response(200)
        self.send_header("content-encoding", "gzip")
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "max-age=3600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


def test_a_portal_that_lets_pages_be_kept_is_caught(browser: Browser, tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forgetful)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with computer(browser, tmp_path, url) as context:
        page = context.new_page()
        for number in range(4):
            page.goto(f"/{number}")
        server.shutdown()
        server.server_close()
        assert on_the_way_back(page)
    assert on_the_disk(tmp_path, CANARY)
