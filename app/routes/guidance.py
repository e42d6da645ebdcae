"""What people may want to know before, while and after they use the service."""

from __future__ import annotations

from litestar import Response, get

from app.explanations.categories import category_lists
from app.pages import page
from app.requests import PortalRequest
from registry.dates import local_date
from registry.delays import delays_on
from registry.rules.index_models import model_in_use


@get("/help")
async def show_help(request: PortalRequest) -> Response[bytes]:
    today = local_date(request.now)
    return page(
        request,
        "guidance/help.html",
        delays=delays_on(today),
        model=model_in_use(today),
        programmes=category_lists(today, request.lang),
    )


@get("/help/lost")
async def show_lost(request: PortalRequest) -> Response[bytes]:
    return page(request, "guidance/lost.html")


@get("/privacy")
async def show_privacy(request: PortalRequest) -> Response[bytes]:
    return page(request, "guidance/privacy.html", delays=delays_on(local_date(request.now)))


@get("/accessibility")
async def show_accessibility(request: PortalRequest) -> Response[bytes]:
    return page(request, "guidance/accessibility.html")


HANDLERS = [show_help, show_lost, show_privacy, show_accessibility]
