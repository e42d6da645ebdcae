"""T-25, forged hosts: production answers under its own name alone, and no link is made from a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from litestar import Litestar

from app import access
from app.main import create_app
from app.requests import Portal
from app.rights import RIGHTS
from app.settings import Mode
from app.static_files import static
from identity.people.tables import Person
from tests.app.access_table import ACCESS
from tests.app.conftest import Messages, Register
from tests.app.journeys import claim_account
from tests.app.pages import PageBrowser
from tests.app.well_formed import switched

OWN = b"tiwizi.example.ma"
Headers = list[tuple[bytes, bytes]]
SHAPES: dict[str, Headers] = {
    "another": [(b"host", b"evil.example")],
    "none, as HTTP/1.0 allows": [],
    "empty": [(b"host", b"")],
    "twice, ours first": [(b"host", OWN), (b"host", b"evil.example")],
    "twice, ours last": [(b"host", b"evil.example"), (b"host", OWN)],
    "another port": [(b"host", OWN + b":8443")],
    "a port that is a name": [(b"host", OWN + b":@evil.example")],
    "a dot at its end": [(b"host", OWN + b".")],
    "a name below": [(b"host", b"www." + OWN)],
    "a name that begins with ours": [(b"host", OWN + b".evil.example")],
    "any letter for the dots": [(b"host", OWN.replace(b".", b"x"))],
    "another, forwarded as ours": [(b"host", b"evil.example"), (b"x-forwarded-host", OWN)],
}
FORWARDED: Headers = [
    (b"x-forwarded-host", b"evil.example"),
    (b"forwarded", b"host=evil.example"),
    (b"x-host", b"evil.example"),
]
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def production(portal: Portal) -> Litestar:
    public = replace(portal.settings, mode=Mode.PRODUCTION, public_url=f"https://{OWN.decode()}")
    return create_app(replace(portal, settings=public))


async def status(app: Litestar, path: str, headers: Headers, method: str = "GET") -> int:
    """What the application answers to exactly these headers: a client would mend them."""
    sent: list[Any] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.0",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [*headers, (b"content-type", b"application/x-www-form-urlencoded")],
        "client": ("192.0.2.10", 1),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)  # type: ignore[arg-type]
    return int(sent[0]["status"])


async def answered(app: Litestar) -> list[str]:
    """Routes that answer somebody who asked for another host."""
    return [
        f"{method} {route}, {shape}"
        for route, methods in RIGHTS.items()
        if route not in access.WATCHED and "/demo" not in route
        for method in methods
        for shape, headers in SHAPES.items()
        if await status(app, _address(route), headers, method) != 400
    ]


def _address(route: str) -> str:
    if route.startswith("!/static/"):
        return static("tiwizi.css")
    path = ACCESS[route].path or route
    return path.removeprefix("!") if path.startswith("!") else f"/fr{path}".rstrip("/")


@only_sqlite
async def test_no_route_answers_under_another_name(
    production: Litestar, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await answered(production) == []
    assert await status(production, "/fr/sign-in", [(b"host", OWN), *FORWARDED]) == 200
    assert await status(production, "/fr/sign-in", [(b"host", OWN.upper() + b":443")]) == 200
    assert await status(production, "/health", [(b"host", b"10.0.0.7")]) == 200
    monkeypatch.setattr("app.access._check_host", lambda request: None)
    assert await answered(production)


@only_sqlite
async def test_no_link_is_made_from_a_request(
    visitor: PageBrowser, register: Register, messages: Messages
) -> None:
    """The demonstration answers under any name of the machine; what it sends and shows never names it."""
    person: Person = await register()
    visitor.http.headers.update(
        {"host": "evil.example", **{name.decode(): value.decode() for name, value in FORWARDED}}
    )
    await claim_account(visitor, person, messages)
    for path in ("/household", "/account", "/messages", "/sign-in?next=/account"):
        await visitor.open(path)
        assert "evil.example" not in visitor.response.text
        assert all(address.startswith("/") for address in switched(visitor.page).values())
    sent = await messages.to(str(person.phone))
    assert len(sent) > 1
    assert not [each for each in sent if "evil" in f"{each.subject} {each.body}"]
