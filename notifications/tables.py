"""What the room keeps: what people were told, what waits to be sent, and what the demonstration "sent"."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from notifications.columns import BigId, UtcDateTime, enum_text


class Channel(StrEnum):
    SMS = "sms"
    EMAIL = "email"


BOTH = frozenset(Channel)


class DeliveryStatus(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"


class Notification(SQLModel, table=True):
    """Something a person was told. `values` never holds a secret; `link` is a path without its language."""

    __tablename__ = "notification"
    __table_args__ = (
        Index(
            "ix_notification_inbox",
            "person_id",
            "id",
            sqlite_where=text("in_inbox = 1"),
            postgresql_where=text("in_inbox"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int | None = Field(default=None, sa_type=BigId)
    template: str = Field(max_length=40)
    language: str = Field(max_length=8)
    values: dict[str, Any] = Field(sa_type=JSON)
    link: str | None = Field(default=None, max_length=200)
    in_inbox: bool
    dedup_key: str | None = Field(default=None, max_length=120, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


# Queries say it in these very words: a database uses a partial index only when it recognises its condition.
WAITING = text("status IN ('queued', 'sending')")


class Delivery(SQLModel, table=True):
    """One notification on its way to one address.

    `reference` is what the provider sees, the same on every try. `available_at` is when it may be taken;
    taking it moves that to the end of the taker's lease, so a taker that dies gives it back by doing nothing.
    `problems` counts the tries that ended in no outcome at all. `sealed` holds the secret values and is wiped
    as soon as the delivery leaves the queue. `last_error` is a code, never a word of message or address.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index(
            "ix_delivery_due",
            "channel",
            "urgent",
            "available_at",
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=40, unique=True)
    notification_id: int = Field(sa_type=BigId, foreign_key="notification.id", index=True)
    channel: Channel = Field(sa_type=enum_text(Channel))
    address: str = Field(max_length=320, repr=False)
    language: str = Field(max_length=8)
    status: DeliveryStatus = Field(default=DeliveryStatus.QUEUED, sa_type=enum_text(DeliveryStatus))
    urgent: bool
    attempts: int = 0
    problems: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    available_at: datetime = Field(sa_type=UtcDateTime)
    locked_by: str | None = Field(default=None, max_length=40)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sealed: bytes | None = Field(default=None, sa_type=LargeBinary, repr=False)
    last_error: str | None = Field(default=None, max_length=60)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provider_reference: str | None = Field(default=None, max_length=200)


class PeriodicJob(SQLModel, table=True):
    """Work that time brings about: who takes it when it is due, and it is due again `every` so often."""

    __tablename__ = "periodic_job"

    name: str = Field(primary_key=True, max_length=40)
    due_at: datetime = Field(sa_type=UtcDateTime)
    ran_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SmsDay(SQLModel, table=True):
    """How many short messages left on one day of the country's calendar: each costs money."""

    __tablename__ = "sms_day"

    day: date = Field(primary_key=True)
    count: int


class DemonstrationMessage(SQLModel, table=True):
    """What the demonstration's provider would have sent. It is in clear: filled in the demonstration only."""

    __tablename__ = "demonstration_message"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    channel: Channel = Field(sa_type=enum_text(Channel))
    recipient: str = Field(max_length=320, index=True)
    language: str = Field(max_length=8)
    template: str = Field(max_length=40)
    subject: str | None = Field(default=None, max_length=300)
    body: str = Field(sa_type=Text)
    reference: str = Field(max_length=40, unique=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
