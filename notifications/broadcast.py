"""Telling very many people at once: the same rows as `notify` writes, a few statements for all of them."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.messages import MESSAGES, BadValues, Template, Value, check_values, encode_values
from notifications.outbox import Recipient, check_languages, ways
from notifications.tables import BOTH, Delivery, DeliveryStatus, Notification

# A driver keeps the text of each statement that it has prepared: the same few, however many rows there are.
ROWS_A_STATEMENT: Final = 20

# Given how many deliveries there are, the instant from which each of them may leave.
Pace = Callable[[int], Awaitable[Sequence[datetime]]]


@dataclass(frozen=True)
class Notice:
    """One message for one person. Codes are not sent in numbers."""

    recipient: Recipient
    template: Template
    values: Mapping[str, Value]
    link: str | None = None


async def notify_all(session: AsyncSession, notices: Sequence[Notice], *, now: datetime, pace: Pace) -> int:
    """Keep every notice for the inbox now, and queue its deliveries at the pace. Returns how many. Raises BadValues."""
    if not notices:
        return 0
    for notice in notices:
        _check(notice)
    connection = await session.connection()
    kept = await connection.execute(
        insert(Notification).returning(col(Notification.id), sort_by_parameter_order=True),
        [_notification(notice, now) for notice in notices],
        execution_options={"insertmanyvalues_page_size": ROWS_A_STATEMENT},
    )
    deliveries = [
        _delivery(notification_id, *way)
        for notification_id, notice in zip(kept.scalars(), notices, strict=True)
        for way in ways(notice.recipient, MESSAGES[notice.template].channels & BOTH)
    ]
    instants = await pace(len(deliveries))
    if deliveries:
        await connection.execute(
            insert(Delivery),
            [
                delivery | {"created_at": instant, "available_at": instant}
                for delivery, instant in zip(deliveries, instants, strict=True)
            ],
        )
    return len(deliveries)


def _check(notice: Notice) -> None:
    if MESSAGES[notice.template].is_code:
        raise BadValues(f"{notice.template} carries a secret: it goes to one person at a time")
    check_values(notice.template, notice.values)
    check_languages(notice.recipient)


def _notification(notice: Notice, now: datetime) -> dict[str, Any]:
    person_id = notice.recipient.person_id
    return {
        "person_id": person_id,
        "template": notice.template.value,
        "language": notice.recipient.language,
        "values": encode_values(notice.values),
        "link": notice.link,
        "in_inbox": MESSAGES[notice.template].has_inbox and person_id is not None,
        "created_at": now,
    }


def _delivery(notification_id: int | None, channel: str, address: str, language: str) -> dict[str, Any]:
    """Its instant is its beginning too: a delivery that waits for its turn does not grow old meanwhile."""
    return {
        "reference": uuid.uuid4().hex,
        "notification_id": notification_id,
        "channel": channel,
        "address": address,
        "language": language,
        "status": DeliveryStatus.QUEUED,
        "urgent": False,
        "attempts": 0,
        "problems": 0,
    }
