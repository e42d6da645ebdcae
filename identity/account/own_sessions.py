"""The sessions of one account, as its owner sees and ends them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.audit import IdentityAction, citizen, record
from identity.sessions import is_running
from identity.tables import Account, PortalSession


@dataclass(frozen=True, slots=True)
class OwnSession:
    """`device` is empty when the browser did not say what it is; `is_here` marks the session that asks."""

    reference: str
    device: str
    created_at: datetime
    seen_at: datetime
    shared_device: bool
    is_here: bool


async def own_sessions(
    session: AsyncSession, *, account_id: int, here: str, now: datetime
) -> tuple[OwnSession, ...]:
    """The running sessions, this one first, then the latest seen. `here` is the hash of this session's token."""
    rows = await session.exec(
        select(PortalSession)
        .where(PortalSession.account_id == account_id, is_running(now))
        .order_by((col(PortalSession.token_hash) == here).desc(), col(PortalSession.seen_at).desc())
    )
    return tuple(
        OwnSession(
            reference=row.reference,
            device=row.device,
            created_at=row.created_at,
            seen_at=row.seen_at,
            shared_device=row.shared_device,
            is_here=row.token_hash == here,
        )
        for row in rows
    )


async def end_own_session(session: AsyncSession, *, account_id: int, reference: str, now: datetime) -> bool:
    """End one session of the account; False when it is not there, of somebody else, or over already."""
    return await _end(session, account_id, col(PortalSession.reference) == reference, now) == 1


async def end_other_sessions(session: AsyncSession, *, account_id: int, here: str, now: datetime) -> int:
    """End every session of the account but the one whose token has the hash `here`; returns how many."""
    return await _end(session, account_id, col(PortalSession.token_hash) != here, now)


async def _end(session: AsyncSession, account_id: int, which: ColumnElement[bool], now: datetime) -> int:
    ended = await session.exec(
        update(PortalSession)
        .where(which, col(PortalSession.account_id) == account_id, is_running(now))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    if ended.rowcount:
        owner = await session.get_one(Account, account_id)
        await record(
            session,
            actor=citizen(owner.person_id),
            action=IdentityAction.SESSIONS_ENDED,
            person_id=owner.person_id,
            details={"sessions": ended.rowcount},
            now=now,
        )
    return ended.rowcount
