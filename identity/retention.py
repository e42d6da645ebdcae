"""What is no longer needed goes: codes after a day, sessions after a week, challenges after a month."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.desk_tables import KnownStaffBrowser
from identity.entering.sign_in import BROWSER_KNOWN_FOR
from identity.proofs.tables import Challenge, OneTimeCode
from identity.tables import KnownBrowser, PortalSession, Usage, Wait

CODES_KEPT: Final = timedelta(days=1)
SESSIONS_KEPT: Final = timedelta(days=7)
CHALLENGES_KEPT: Final = timedelta(days=30)


async def forget_expired(session: AsyncSession, *, now: datetime) -> int:
    """Remove what has outlived its use; returns how many rows. The audit stays. Meant to be called once an hour."""
    gone = 0
    for expired in (
        delete(Usage).where(col(Usage.expires_at) <= now),
        delete(Wait).where(col(Wait.expires_at) <= now),
        delete(OneTimeCode).where(col(OneTimeCode.expires_at) <= now - CODES_KEPT),
        delete(Challenge).where(col(Challenge.expires_at) <= now - CHALLENGES_KEPT),
        delete(PortalSession).where(col(PortalSession.ends_at) <= now - SESSIONS_KEPT),
        delete(KnownBrowser).where(col(KnownBrowser.seen_at) <= now - BROWSER_KNOWN_FOR),
        delete(KnownStaffBrowser).where(col(KnownStaffBrowser.seen_at) <= now - BROWSER_KNOWN_FOR),
    ):
        removed = await session.exec(expired.execution_options(synchronize_session=False))
        gone += removed.rowcount
    return gone
