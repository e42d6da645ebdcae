"""What travels with every answer of the portal, and what never does: a code that was sent."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx

from app.static_files import files_by_address
from notifications.outbox import NOBODY

FOR_EVERYBODY = ("/favicon.ico", "/robots.txt")
NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}(?:[0-9]{2})?(?![0-9A-Za-z])")
# The codes that left in this test, noted by `noting_codes`.
SENT_CODES: set[str] = set()


def noting_codes(notify: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The function that sends, and beside it the note of what it sent."""
    SENT_CODES.clear()

    async def noted(session: Any, *, recipient: Any, **facts: Any) -> Any:
        if recipient is not NOBODY:
            SENT_CODES.add(facts["secret"]["code"])
        return await notify(session, recipient=recipient, **facts)

    return noted


def wrongs_of_headers(response: httpx.Response) -> Iterator[str]:
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
    public = hashed or (response.status_code == 200 and response.url.path in FOR_EVERYBODY)
    if not public and headers.get("cache-control") != "no-store":
        yield f"may be kept: {headers.get('cache-control')}"
    if hashed and "immutable" not in headers["cache-control"]:
        yield "is loaded again and again"
    if not public and "vary" not in headers:
        yield "does not say what it depends on"


async def check_headers(response: httpx.Response) -> None:
    """For the clients of the tests: every answer of the whole suite is looked at."""
    wrong = list(wrongs_of_headers(response))
    # The telephone of the demonstration shows what it was sent; nothing else does.
    if SENT_CODES and not response.url.path.rstrip("/").endswith(("/demo", "/demo/messages.json")):
        await response.aread()
        # What somebody has just typed may be shown to him again.
        typed = set(NUMBER.findall((await response.request.aread()).decode("utf-8", "replace")))
        if SENT_CODES & set(NUMBER.findall(response.text)) - typed:
            wrong.append("shows a code that was sent")
    assert not wrong, f"{response.request.method} {response.url.path} {', '.join(wrong)}"
