"""For operators and load balancers: is the process alive, and can it serve?"""

from __future__ import annotations

from litestar import Response, get
from sqlalchemy.exc import SQLAlchemyError

from app.requests import PortalRequest
from app.schema import is_current
from identity.proofs import guards
from notifications.outbox import outbox_age

LATE_SECONDS = 15 * 60


@get("/health", opt={"no_conversation": True})
async def show_health() -> Response[str]:
    return Response(content='{"status": "ok"}', media_type="application/json")


@get("/ready")
async def show_readiness(request: PortalRequest) -> Response[dict[str, object]]:
    """200 when the database answers and is migrated, 503 otherwise.

    The age of the outbox, and whether somebody guesses codes, is told and never takes a process out of service: pages
    can be read while a gateway is down, and a longer code can be entered.
    """
    try:
        migrated = await is_current(request.portal.engine)
        age = await outbox_age(request.db, now=request.now)
        is_guarded = await guards.is_closed(request.db, now=request.now)
    except (SQLAlchemyError, OSError):
        return Response(content={"database": "unavailable"}, status_code=503)
    waiting = int(age.total_seconds())
    content: dict[str, object] = {
        "database": "ok",
        "migrations": "ok" if migrated else "pending",
        "outbox": "late" if waiting >= LATE_SECONDS else "ok",
        "outbox_oldest_seconds": waiting,
        "codes": "guarded" if is_guarded else "ok",
    }
    return Response(content=content, status_code=200 if migrated else 503)


HANDLERS = [show_health, show_readiness]
