"""Ending a session here, and with it what hangs on it; and going on as the only one."""

from __future__ import annotations

from litestar import Response

from app.access import keep_session
from app.requests import PortalRequest
from identity.entering import sign_in
from identity.entering.step_up import renew_token
from identity.staff import sign_in as staff_sign_in
from registry.centres.visits import end_visit


async def leave(request: PortalRequest) -> None:
    """End the visitor's session on the server; an officer's open visit ends first. One browser, one person."""
    visitor = request.visitor
    if visitor is None:
        return
    if visitor.staff_id is None:
        await sign_in.sign_out(
            request.db, token_hash=visitor.token_hash, person_id=visitor.citizen_id, now=request.now
        )
        return
    if visitor.visit is not None:
        await end_visit(
            request.db,
            visit_id=visitor.visit.running.visit_id,
            staff_id=visitor.staff_id,
            now=request.now,
        )
    await staff_sign_in.sign_out_staff(
        request.db, token_hash=visitor.token_hash, staff_id=visitor.staff_id, now=request.now
    )


async def go_on_alone(request: PortalRequest, response: Response[bytes]) -> Response[bytes]:
    """After a change that ends every other session, this one gets a new token: a copy of the old one is over too."""
    token = await renew_token(request.db, request.signed_in.token_hash, now=request.now)
    keep_session(request, response, token)
    return response
