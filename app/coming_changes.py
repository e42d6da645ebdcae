"""Telling households before the day what they would lose by something approved: some at a time, beside other work."""

from __future__ import annotations

import time
from typing import Final

from app.requests import Portal
from registry.model_life.coming import tell_next

LONGEST_SECONDS: Final = 10.0


async def tell_who_would_lose(portal: Portal) -> int:
    """Short transactions until nobody is left or time is up. Returns how many households were looked at."""
    until, looked_at = time.monotonic() + LONGEST_SECONDS, 0
    while time.monotonic() < until:
        async with portal.writes() as session:
            await portal.shelf.open(session)
            found = await tell_next(session, now=portal.clock())
            await session.commit()
        if not found:
            break
        looked_at += found
    return looked_at
