"""The state of the service now, for administrators: every alarm in plain words, with what to do about it."""

from __future__ import annotations

from typing import Final

from litestar import Response, get

from app.explanations.models import content_title
from app.pages import page
from app.requests import PortalRequest
from app.service_state import service_state
from identity.roles import Duty, may

SERVICE: Final = "/staff/service"


@get(SERVICE)
async def show_service(request: PortalRequest) -> Response[bytes]:
    role = request.signed_in.role
    if role is None or not may(role, Duty.WATCH_SERVICE):
        return page(request, "staff/not_for_you.html", status=403, path=SERVICE)
    state = await service_state(request.portal, request.db, now=request.now)
    return page(
        request,
        "staff/service.html",
        state=state,
        at=request.now,
        minutes=int(state.outbox_age.total_seconds()) // 60,
        sources=[(each, each.source.label(request.lang)) for each in state.sources],
        coming=[(known, content_title(known.content, request.lang)) for known in state.coming],
    )


HANDLERS = [show_service]
