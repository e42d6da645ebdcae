"""What a visitor pays for in bytes over the wire, as Chromium counts them: the first page, then the next ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from app.i18n.locales import LOCALES
from benchmarks.serving import served
from tests.chromium import chromium_executable, chromium_options

FIRST = ""
NEXT = ("claim", "sign-in", "centres", "help", "simulator")
SIGNED_IN = ("household", "household/index", "household/declaration", "messages")


@dataclass(frozen=True)
class PageWeight:
    language: str
    path: str
    first_visit: bool
    bytes: int


def measure(url: str, directory: Path, token: str) -> list[PageWeight]:
    with served(url, directory) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_executable(), args=chromium_options())
        try:
            address = f"http://127.0.0.1:{server.port}"
            return [weight for language in LOCALES for weight in _language(browser, address, language, token)]
        finally:
            browser.close()


def _language(browser: Browser, address: str, language: str, token: str) -> list[PageWeight]:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    received = _count_bytes(page)

    def weigh(path: str, *, first_visit: bool = False) -> PageWeight:
        opened = _open(page, received, f"{address}/{language}/{path}")
        return PageWeight(language, path, first_visit, opened)

    weights = [weigh(FIRST, first_visit=True), *map(weigh, NEXT)]
    context.add_cookies([{"name": "session", "value": token, "url": address}])
    weights += map(weigh, SIGNED_IN)
    context.close()
    return weights


def _count_bytes(page: Page) -> list[int]:
    """Headers and bodies as they travelled, compressed; what came from the browser's cache counts nothing."""
    received: list[int] = []
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    return received


def _open(page: Page, received: list[int], address: str) -> int:
    received.clear()
    page.goto(address, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    return sum(received)
