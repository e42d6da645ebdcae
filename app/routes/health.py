"""For operators and load balancers: is the process alive, and can it serve?"""

from __future__ import annotations

from litestar import Response, get
from sqlalchemy.exc import SQLAlchemyError

from app.requests import PortalRequest
from app.schema import is_current
from notifications.outbox import outbox_age

OLDEST_WAITING_SECONDS = 15 * 60


@get("/health", opt={"no_conversation": True})
async def show_health() -> Response[str]:
    return Response(content='{"status": "ok"}', media_type="application/json")


@get("/ready")
async def show_readiness(request: PortalRequest) -> Response[dict[str, object]]:
    """200 when the database answers, is migrated, and the outbox moves; 503 with the reason otherwise."""
    try:
        migrated = await is_current(request.portal.engine)
        age = await outbox_age(request.db, now=request.now)
    except (SQLAlchemyError, OSError):
        return Response(content={"database": "unavailable"}, status_code=503)
    waiting = age.total_seconds() if age else 0
    ready = migrated and waiting < OLDEST_WAITING_SECONDS
    content: dict[str, object] = {
        "database": "ok",
        "migrations": "ok" if migrated else "pending",
        "outbox_oldest_seconds": int(waiting),
    }
    return Response(content=content, status_code=200 if ready else 503)


HANDLERS = [show_health, show_readiness]
