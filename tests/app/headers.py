"""What travels with every answer of the portal: pages, files, errors, redirects."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from app.static_files import files_by_address

FOR_EVERYBODY = ("/favicon.ico", "/robots.txt")


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
    assert not wrong, f"{response.request.method} {response.url.path} {', '.join(wrong)}"
