"""What people are told, written in the same transaction as the fact it tells; the worker sends it afterwards."""

import json
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifications.messages import (
    LANGUAGES,
    MESSAGES,
    BadValues,
    Message,
    Template,
    Value,
    check_secrets,
    check_values,
    decode_values,
    encode_values,
)
from notifications.rendering import render_inbox
from notifications.sealing import Sealer
from notifications.tables import BOTH, WAITING, Channel, Delivery, DeliveryStatus, Notification

WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Recipient:
    """Where a person can be reached. `phone` is E.164; `language` is for the inbox and e-mail, SMS has its own."""

    person_id: int | None
    phone: str | None
    email: str | None
    language: str
    sms_language: str


NOBODY = Recipient(None, phone="nobody", email=None, language="ar", sms_language="ar")


@dataclass(frozen=True)
class InboxMessage:
    id: int
    template: Template
    language: str
    title: str
    body: str
    link: str | None
    created_at: datetime
    read_at: datetime | None


async def notify(
    session: AsyncSession,
    *,
    recipient: Recipient,
    template: Template,
    values: Mapping[str, Value],
    now: datetime,
    link: str | None = None,
    in_inbox: bool = True,
    channels: frozenset[Channel] = BOTH,
    secret: Mapping[str, str] | None = None,
    sealer: Sealer | None = None,
    available_at: datetime | None = None,
    expires_at: datetime | None = None,
    dedup_key: str | None = None,
) -> Notification:
    """Keep a message for the inbox and queue it for every channel the person has an address for.

    The values are exactly those `MESSAGES[template]` declares; a code also needs `secret`, `sealer` and `expires_at`.
    Nothing leaves before `available_at`; what waits so long needs `expires_at` too, or it is too old when its day
    comes. A second call with the same `dedup_key` writes nothing and returns the first notification; `withdraw` takes
    back what still waits under it. Raises `BadValues`.
    """
    message = MESSAGES[template]
    check_values(template, values)
    check_secrets(template, secret or {})
    check_languages(recipient)
    if message.is_code and (sealer is None or expires_at is None):
        raise BadValues(f"{template} carries a secret: it needs a sealer and an end")
    notification = Notification(
        person_id=recipient.person_id,
        template=template.value,
        language=recipient.language,
        values=encode_values(values),
        link=link,
        in_inbox=in_inbox and message.has_inbox and recipient.person_id is not None,
        dedup_key=dedup_key,
        created_at=now,
    )
    kept, is_new = await _keep(session, notification)
    if not is_new:
        return kept
    for channel, address, language in ways(recipient, message.channels & channels):
        delivery = _delivery(kept, channel, address, language, message, expires_at)
        delivery.available_at = available_at or delivery.available_at
        if secret and sealer:
            delivery.sealed = sealer.seal(json.dumps(dict(secret)), seal_context(delivery.reference))
        session.add(delivery)
    await session.flush()
    return kept


@asynccontextmanager
async def evenly(session: AsyncSession, *, told: bool) -> AsyncIterator[None]:
    """What is written within is taken back unless somebody is `told`: the work, and with it the time, is the same.

    For answers that must not tell whether a message leaves. Whoever is nobody can be written to as `NOBODY`.
    """
    async with session.begin_nested() as written:
        yield
        if not told:
            await written.rollback()


async def notify_evenly(
    session: AsyncSession,
    *,
    recipient: Recipient | None,
    template: Template,
    values: Mapping[str, Value],
    now: datetime,
    link: str | None = None,
) -> None:
    """As `notify`, by the same work when there is nobody, and whichever of the channels reach somebody."""
    message, whom = MESSAGES[template], recipient or NOBODY
    found = {way[0]: way for way in ways(whom, message.channels)}
    async with evenly(session, told=recipient is not None):
        kept = await notify(
            session,
            recipient=whom,
            template=template,
            values=values,
            link=link,
            channels=frozenset(),
            now=now,
        )
        for channel in sorted(message.channels):
            way = found.get(channel, (channel, "nobody", "ar"))
            async with evenly(session, told=channel in found):
                session.add(_delivery(kept, *way, message, None))
                await session.flush()


async def withdraw(session: AsyncSession, *, dedup_key: str) -> bool:
    """Send no more of what waits under this key; False when nothing did. What is on its way cannot be called back."""
    told = select(Notification.id).where(Notification.dedup_key == dedup_key)
    taken_back = (
        update(Delivery)
        .where(
            col(Delivery.notification_id).in_(told),
            col(Delivery.status) == DeliveryStatus.QUEUED,
        )
        .values(status=DeliveryStatus.EXPIRED, sealed=None, last_error=WITHDRAWN)
        .execution_options(synchronize_session=False)
    )
    return (await session.exec(taken_back)).rowcount > 0


def seal_context(delivery_reference: str) -> str:
    return f"delivery:{delivery_reference}"


def check_languages(recipient: Recipient) -> None:
    for language in (recipient.language, recipient.sms_language):
        if language not in LANGUAGES:
            raise BadValues(f"no messages are written in {language!r}")


async def _keep(session: AsyncSession, notification: Notification) -> tuple[Notification, bool]:
    """The notification and whether it is new, or the one already written under its key by whatever transaction."""
    if notification.dedup_key is None:
        session.add(notification)
        await session.flush()
        return notification, True
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    written = await session.exec(
        insert(Notification)
        .values(**notification.model_dump(exclude={"id"}))
        .on_conflict_do_nothing(index_elements=["dedup_key"])
        .returning(col(Notification.id))
    )
    is_new = written.one_or_none() is not None
    same_key = select(Notification).where(Notification.dedup_key == notification.dedup_key)
    return (await session.exec(same_key)).one(), is_new


def ways(recipient: Recipient, channels: frozenset[Channel]) -> Iterator[tuple[Channel, str, str]]:
    if Channel.SMS in channels and recipient.phone:
        yield Channel.SMS, recipient.phone, recipient.sms_language
    if Channel.EMAIL in channels and recipient.email:
        yield Channel.EMAIL, recipient.email, recipient.language


def _delivery(
    notification: Notification,
    channel: Channel,
    address: str,
    language: str,
    message: Message,
    expires_at: datetime | None,
) -> Delivery:
    assert notification.id is not None
    return Delivery(
        reference=uuid.uuid4().hex,
        notification_id=notification.id,
        channel=channel,
        address=address,
        language=language,
        urgent=message.is_code,
        created_at=notification.created_at,
        available_at=notification.created_at,
        expires_at=expires_at,
    )


async def inbox(
    session: AsyncSession,
    *,
    person_id: int,
    language: str | None = None,
    before_id: int | None = None,
    limit: int = 20,
) -> list[InboxMessage]:
    """The person's messages, newest first, in the language of the reader or else the one they were written for."""
    found = (
        select(Notification)
        .where(Notification.person_id == person_id, col(Notification.in_inbox))
        .order_by(col(Notification.id).desc())
        .limit(limit)
    )
    if before_id is not None:
        found = found.where(col(Notification.id) < before_id)
    return [_inbox_message(notification, language) for notification in await session.exec(found)]


def _inbox_message(notification: Notification, language: str | None) -> InboxMessage:
    assert notification.id is not None
    template = Template(notification.template)
    shown_in = language or notification.language
    text = render_inbox(template, shown_in, decode_values(notification.values))
    return InboxMessage(
        id=notification.id,
        template=template,
        language=shown_in,
        title=text.subject,
        body=text.body,
        link=notification.link,
        created_at=notification.created_at,
        read_at=notification.read_at,
    )


def _unread(person_id: int) -> tuple[ColumnElement[bool] | Mapped[bool], ...]:
    return (
        col(Notification.person_id) == person_id,
        col(Notification.in_inbox),
        col(Notification.read_at).is_(None),
    )


async def mark_read(session: AsyncSession, *, person_id: int, now: datetime, up_to_id: int) -> None:
    """Mark as read what the person has been shown: nothing that arrived after `up_to_id`."""
    shown = update(Notification).where(*_unread(person_id), col(Notification.id) <= up_to_id)
    await session.exec(shown.values(read_at=now))


async def outbox_age(session: AsyncSession, now: datetime) -> timedelta:
    """How long the delivery that is most overdue has waited to be taken. Zero when the worker keeps up."""
    oldest = select(func.min(Delivery.available_at)).where(WAITING, col(Delivery.available_at) <= now)
    due_since = (await session.exec(oldest)).one()
    return timedelta(0) if due_since is None else now - due_since
