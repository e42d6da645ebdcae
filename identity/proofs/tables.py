"""Challenges, their one-time codes, and the switch that closes when somebody guesses all over the service."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from notifications.columns import BigId, UtcDateTime, enum_text


class Purpose(StrEnum):
    """What a one-time code is for. A code sent for one purpose is worth nothing for another.

    `national_identity` has no code: it is the way out to the national identity service, and back.
    """

    CLAIM = "claim"
    SIGN_IN = "sign_in"
    CONFIRM_EMAIL = "confirm_email"
    VISIT = "visit"
    JOIN_HOUSEHOLD = "join_household"
    RECOVERY = "recovery"
    NATIONAL_IDENTITY = "national_identity"
    PROVE = "prove"
    CHANGE_PHONE = "change_phone"
    CANCEL_PHONE = "cancel_phone"
    REMOVE_PHONE = "remove_phone"
    PRE_REGISTRATION = "pre_registration"
    APPOINTMENT = "appointment"
    BIND_PHONE = "bind_phone"
    DESK_RECOVERY = "desk_recovery"
    NEWCOMER = "newcomer"


class Standing(StrEnum):
    """What whoever asks for a code has shown before, from nothing to most. Each has an allowance of its own."""

    ANYBODY = "anybody"
    FIRST_PROOF = "first_proof"
    KNOWN_BROWSER = "known_browser"
    SIGNED_IN = "signed_in"


class Step(StrEnum):
    STARTED = "started"
    PROVEN = "proven"
    USED = "used"


STARTED = text("step = 'started' AND person_id IS NOT NULL")


class Challenge(SQLModel, table=True):
    """A question that one browser has to answer with a one-time code.

    A dummy has no person and no address: nobody is sent anything and no code opens it. A challenge that another browser
    has overtaken becomes one. `subject` is a keyed hash of what was asked, so that asking again from the same browser
    continues the same challenge. `asked_at` is when a code was last asked for, whether or not one could be sent; in the
    future while this browser has to wait. `digits` and `tries` are what a careful moment asks and leaves.
    """

    __tablename__ = "challenge"
    __table_args__ = (
        Index(
            "uq_challenge_open",
            "purpose",
            "person_id",
            unique=True,
            sqlite_where=STARTED,
            postgresql_where=STARTED,
        ),
        Index("ix_challenge_subject", "subject", "browser_hash"),
    )

    id: str = Field(max_length=32, primary_key=True)
    reference: str = Field(max_length=20, unique=True)
    purpose: Purpose = Field(sa_type=enum_text(Purpose))
    subject: str = Field(max_length=64)
    person_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id", index=True)
    account_id: int | None = Field(default=None, sa_type=BigId, foreign_key="account.id")
    staff_id: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    address: str | None = Field(default=None, max_length=320)
    browser_hash: str = Field(max_length=64)
    step: Step = Field(default=Step.STARTED, sa_type=enum_text(Step))
    standing: Standing = Field(default=Standing.ANYBODY, sa_type=enum_text(Standing))
    digits: int = 6
    tries: int = 5
    attempts: int = 0
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    proven_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class OneTimeCode(SQLModel, table=True):
    """`gate` is about the first two digits of a code of eight: a guess that misses them is compared with no code."""

    __tablename__ = "one_time_code"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    challenge_id: str = Field(max_length=32, foreign_key="challenge.id", index=True)
    digest: str = Field(max_length=64)
    gate: str | None = Field(default=None, max_length=64)
    is_sent: bool = False
    issued_at: datetime = Field(sa_type=UtcDateTime, index=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class Guard(SQLModel, table=True):
    """The service-wide switch that a spray of guesses closes. Each time within a day keeps it closed twice as long."""

    __tablename__ = "guard"

    name: str = Field(max_length=20, primary_key=True)
    closed_at: datetime = Field(sa_type=UtcDateTime)
    closed_until: datetime = Field(sa_type=UtcDateTime)
    times: int
