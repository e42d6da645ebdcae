"""The least that a server of the same make can do: fixed bytes of a given size. It imports nothing of the portal."""

from __future__ import annotations

from litestar import Litestar, Response, get

HTML = "text/html; charset=utf-8"


@get("/fixed/{size:int}")
async def answer_fixed(size: int) -> Response[bytes]:
    return Response(content=_fixed(size), media_type=HTML)


def _fixed(size: int, known: dict[int, bytes] = {}) -> bytes:  # noqa: B006 -- kept from one request to the next.
    if size not in known:
        known[size] = b"x" * size
    return known[size]


def application() -> Litestar:
    return Litestar(route_handlers=[answer_fixed], openapi_config=None, logging_config=None)
