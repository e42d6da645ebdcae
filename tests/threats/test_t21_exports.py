"""T-21, formulas in exports: the portal has no export, and this test fails when it gets one.

Whoever adds a table to download proves first that no cell of it is a formula.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.rights import RIGHTS
from tests.app.access_table import ACCESS
from tests.app.standing import Visitors
from tests.app.town import Town

SHOWN = {"text/html", "application/json", "text/plain", "text/css", "text/javascript", "image/svg+xml"}
# The file that a citizen joined, as it was cleaned: tests/threats/test_t28_uploads.py.
JOINED = {"/staff/requests/{reference}/documents/{document}": {"application/pdf", "image/png", "image/jpeg"}}
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def routes() -> Iterator[str]:
    return (route for route, methods in RIGHTS.items() if "GET" in methods and "{file_path}" not in route)


async def downloads(visitors: Visitors, town: Town) -> dict[str, str]:
    """What is answered by something else than a page, by its route."""
    found = {}
    for route in routes():
        path = town.fill(ACCESS[route].path or route)
        who = "officer" if route.startswith("/staff") else ACCESS[route].owner
        async with visitors.browser(who).http as http:
            answer = await http.get(path.removeprefix("!") if path.startswith("!") else f"/fr{path}")
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if media_type not in SHOWN | JOINED.get(route, set()):
            found[route] = media_type
    return found


@only_sqlite
async def test_there_is_nothing_that_a_spreadsheet_opens(
    visitors: Visitors, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await downloads(visitors, town) == {}
    monkeypatch.setattr("app.pages.HTML", "text/csv")
    assert await downloads(visitors, town)
