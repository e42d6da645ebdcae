"""Ending a session here, and with it what hangs on it."""

from __future__ import annotations

from app.requests import PortalRequest
from identity.entering import sign_in
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
