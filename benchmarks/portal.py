"""The portal as it is served, with one more answer: fixed bytes of a given size, the least that the server can do."""

from __future__ import annotations

from litestar import Litestar, Response, get

from app.main import create_app, create_portal
from app.settings import read_settings

HTML = "text/html; charset=utf-8"


@get("/fixed/{size:int}", opt={"no_conversation": True}, guards=[])
async def answer_fixed(size: int) -> Response[bytes]:
    return Response(content=_fixed(size), media_type=HTML)


def _fixed(size: int, known: dict[int, bytes] = {}) -> bytes:  # noqa: B006 -- kept from one request to the next.
    if size not in known:
        known[size] = b"x" * size
    return known[size]


def application() -> Litestar:
    app = create_app(create_portal(read_settings()))
    # The rights table speaks of the portal's own pages; this answer is open and exists only while measuring.
    answer_fixed_route = Litestar(route_handlers=[answer_fixed], openapi_config=None, logging_config=None)
    return _Beside(app, answer_fixed_route)  # type: ignore[return-value]


class _Beside:
    """Two applications behind one server: `/fixed` is Litestar's least, everything else the portal."""

    def __init__(self, portal: Litestar, fixed: Litestar) -> None:
        self.portal, self.fixed = portal, fixed

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        path = scope.get("path")
        is_fixed = isinstance(path, str) and path.startswith("/fixed/")
        app = self.fixed if is_fixed else self.portal
        await app(scope, receive, send)  # type: ignore[arg-type]
