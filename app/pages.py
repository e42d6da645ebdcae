"""The two ways to answer: show a page, or go to another one."""

from __future__ import annotations

import gzip
import secrets
from functools import partial
from typing import Any

from jinja2_fragments import render_block
from litestar import Response

from app.access import bound_to, form_token, keep_browser, own_cookie
from app.i18n.environments import environment
from app.onward import shown_at
from app.requests import PortalRequest

HTML = "text/html"
SMALLEST_COMPRESSED = 600


class _OnDemand:
    """A value of the page that costs something, made when the template first writes it."""

    __slots__ = ("_make",)

    def __init__(self, make: Any) -> None:
        self._make = make

    def __str__(self) -> str:
        return str(self._make())

    __html__ = __str__


def page(
    request: PortalRequest,
    template: str,
    *,
    status: int = 200,
    keep: bool = False,
    block: str | None = None,
    **context: Any,
) -> Response[bytes]:
    """Show a template in the visitor's language.

    A page that refuses (status 400 and above) undoes what the request wrote, unless `keep` says that the trace must
    stay (a wrong code counts). With `block`, HTMX gets that block of the same template alone.
    """
    state = request.scope["state"]
    state["keep"] = keep
    marks_browser = "form" in context and request.visitor is None and not request.browser
    if marks_browser:
        state["browser"] = secrets.token_hex(16)
    everything = _common(request) | context
    env = environment(request.lang)
    if block and request.headers.get("hx-request") == "true":
        html = render_block(env, template, block, everything)
    else:
        html = env.get_template(template).render(everything)
    response = _html_response(request, html, status)
    if marks_browser:
        keep_browser(request, response)
    if getattr(context.get("form"), "restored", False):
        response.set_cookie(own_cookie(request, "answers", "", 0))
    return response


def go(request: PortalRequest, path: str) -> Response[bytes]:
    """Go on to another page of the same language with a GET. `path` is ours, never a visitor's."""
    location = f"/{request.lang}{path}"
    request.scope["state"]["location"] = location
    return Response(content=b"", status_code=303, headers={"location": location}, media_type=HTML)


def _common(request: PortalRequest) -> dict[str, Any]:
    visitor, settings = request.visitor, request.portal.settings
    state = request.scope["state"]
    return {
        "path": shown_at(request.path_in_language),
        "visitor": visitor,
        "demonstration": settings.demonstration,
        "neutral_page": settings.neutral_page,
        "hotline": settings.hotline,
        "csrf": _OnDemand(lambda: form_token(request, state.get("browser") or bound_to(request))),
        "form_key": _OnDemand(partial(secrets.token_hex, 16)),
        "now": state["now"],
    }


def _html_response(request: PortalRequest, html: str, status: int) -> Response[bytes]:
    body, headers = html.encode(), {"vary": "Accept-Encoding, Cookie, HX-Request"}
    if len(body) >= SMALLEST_COMPRESSED and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, compresslevel=5, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(content=body, status_code=status, media_type=HTML, headers=headers)
