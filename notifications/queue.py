"""Taking deliveries from the queue and writing down what became of them: short transactions, never across a send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CTE, case, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.tables import WAITING, Channel, Delivery, DeliveryStatus, Notification

# Longer than the longest send: a lease that ends while the message is on its way would send it twice.
LEASE: Final = timedelta(seconds=60)

# Waits after the first, second, … failed try; the last one repeats.
LADDER: Final = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
)
LONGEST_WAIT: Final = timedelta(hours=6)
NOTICES_LIVE: Final = timedelta(hours=72)
PROBLEMS_TO_SET_ASIDE: Final = 8

EXPIRED: Final = "expired"
TOO_OLD: Final = "too_old"
SET_ASIDE: Final = "set_aside"


@dataclass(frozen=True)
class Claimed:
    """A delivery that one worker holds until its lease ends, with what is needed to write and send it."""

    id: int
    attempt: int
    problems: int
    reference: str
    channel: Channel
    address: str
    language: str
    sealed: bytes | None
    created_at: datetime
    expires_at: datetime | None
    template: str
    values: Mapping[str, Any]
    link: str | None
    holder: str

    def is_over(self, now: datetime) -> DeliveryStatus | None:
        """How the delivery ends unsent when its time has passed: at its expiry, or 72 h after a notice without one."""
        if self.expires_at is not None:
            return DeliveryStatus.EXPIRED if now >= self.expires_at else None
        return DeliveryStatus.FAILED if now - self.created_at >= NOTICES_LIVE else None


async def claim_due(
    session: AsyncSession, *, channel: Channel, limit: int, holder: str, now: datetime
) -> list[Claimed]:
    """Take up to `limit` due deliveries for the length of a lease, codes first. The caller commits, then sends."""
    urgent = await _take(session, channel, True, limit, holder, now)
    others = await _take(session, channel, False, limit - len(urgent), holder, now)
    return urgent + others


async def _take(
    session: AsyncSession, channel: Channel, urgent: bool, limit: int, holder: str, now: datetime
) -> list[Claimed]:
    if limit <= 0:
        return []
    due = _due(channel, urgent, limit, now)
    died_with_it = case((col(Delivery.status) == DeliveryStatus.SENDING, 1), else_=0)
    taken = (
        update(Delivery)
        .where(col(Delivery.id).in_(select(due.c.id)))
        .values(
            status=DeliveryStatus.SENDING,
            attempts=col(Delivery.attempts) + 1,
            problems=col(Delivery.problems) + died_with_it,
            available_at=now + LEASE,
            locked_by=holder,
        )
        .returning(col(Delivery.id))
        .execution_options(synchronize_session=False)
    )
    ids = [row.id for row in await session.exec(taken)]
    return await _read(session, ids, holder) if ids else []


def _due(channel: Channel, urgent: bool, limit: int, now: datetime) -> CTE:
    """SQLite has no row locks and needs none: its one writer takes the rows in the same statement that finds them."""
    found = (
        select(col(Delivery.id))
        .where(
            WAITING,
            col(Delivery.channel) == channel,
            col(Delivery.urgent) == urgent,
            col(Delivery.available_at) <= now,
        )
        .order_by(col(Delivery.available_at), col(Delivery.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    # PostgreSQL may run a plain subquery twice and so take more rows than it was asked for.
    return found.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")


async def _read(session: AsyncSession, ids: Sequence[int], holder: str) -> list[Claimed]:
    contents = (
        select(Delivery, Notification)
        .join(Notification, col(Notification.id) == col(Delivery.notification_id))
        .where(col(Delivery.id).in_(ids))
        .order_by(col(Delivery.id))
    )
    return [_as_claimed(delivery, told, holder) for delivery, told in await session.exec(contents)]


def _as_claimed(delivery: Delivery, notification: Notification, holder: str) -> Claimed:
    assert delivery.id is not None
    return Claimed(
        id=delivery.id,
        attempt=delivery.attempts,
        problems=delivery.problems,
        reference=delivery.reference,
        channel=delivery.channel,
        address=delivery.address,
        language=delivery.language,
        sealed=delivery.sealed,
        created_at=delivery.created_at,
        expires_at=delivery.expires_at,
        template=notification.template,
        values=notification.values,
        link=notification.link,
        holder=holder,
    )


async def record_sent(
    session: AsyncSession, claimed: Claimed, *, now: datetime, provider_reference: str | None
) -> bool:
    """False, here and below, when the lease was lost meanwhile: then it is for the new holder to record."""
    return await _change(
        session,
        claimed,
        status=DeliveryStatus.SENT,
        sent_at=now,
        provider_reference=provider_reference,
        sealed=None,
        last_error=None,
    )


async def record_end(session: AsyncSession, claimed: Claimed, *, status: DeliveryStatus, error: str) -> bool:
    return await _change(session, claimed, status=status, sealed=None, last_error=error)


async def put_back(
    session: AsyncSession, claimed: Claimed, *, available_at: datetime, error: str, is_problem: bool
) -> bool:
    return await _change(
        session,
        claimed,
        status=DeliveryStatus.QUEUED,
        available_at=available_at,
        problems=claimed.problems + is_problem,
        last_error=error,
    )


async def _change(session: AsyncSession, claimed: Claimed, **values: Any) -> bool:
    held = (
        update(Delivery)
        .where(
            col(Delivery.id) == claimed.id,
            col(Delivery.status) == DeliveryStatus.SENDING,
            col(Delivery.locked_by) == claimed.holder,
            col(Delivery.attempts) == claimed.attempt,
        )
        .values(locked_by=None, **values)
        .execution_options(synchronize_session=False)
    )
    return (await session.exec(held)).rowcount == 1


async def expire_codes(session: AsyncSession, *, channel: Channel, now: datetime) -> None:
    """End the codes whose time has passed while nothing could be sent, so that no secret outlives its use."""
    overdue = update(Delivery).where(
        WAITING,
        col(Delivery.channel) == channel,
        col(Delivery.urgent),
        col(Delivery.available_at) <= now,
        col(Delivery.expires_at) <= now,
    )
    ended = overdue.values(status=DeliveryStatus.EXPIRED, sealed=None, locked_by=None, last_error=EXPIRED)
    await session.exec(ended.execution_options(synchronize_session=False))


def next_try(claimed: Claimed, *, now: datetime, retry_after: timedelta | None) -> datetime:
    """When a try that failed may be repeated: the ladder's wait, or longer when the provider asks for it."""
    step = LADDER[min(claimed.attempt, len(LADDER)) - 1]
    return now + max(step, min(retry_after or step, LONGEST_WAIT))
