"""What the room keeps: accounts, staff, sessions, limits, the audit."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from identity.roles import Role
from notifications.columns import BigId, UtcDateTime, enum_text
from notifications.references import new_reference


class Proofing(StrEnum):
    REGISTER_MATCH = "register_match"
    IN_PERSON = "in_person"
    NATIONAL_IDENTITY_SERVICE = "national_identity_service"


class SessionKind(StrEnum):
    CITIZEN = "citizen"
    STAFF = "staff"


class SecondProof(StrEnum):
    """What was shown beside the password. A code by SMS proves the telephone of today, whoever holds it."""

    SMS = "sms"
    AUTHENTICATOR = "authenticator"
    RECOVERY_CODE = "recovery_code"


class ActorKind(StrEnum):
    CITIZEN = "citizen"
    STAFF = "staff"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class Account(SQLModel, table=True):
    """What a person signs in with: one account a person, whatever two browsers do at once.

    No telephone: the number was somebody else's, and no other has been given yet. Until `phone_hold_until` a new one
    counts for no sensitive act. `phone_failures` are the wrong codes since the last right one. The authenticator's
    secret is sealed, and each of its steps is good once.
    """

    __tablename__ = "account"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id", unique=True)
    password_hash: str = Field(max_length=300)
    recovery_hash: str = Field(max_length=300)
    phone: str | None = Field(default=None, max_length=20, index=True)
    phone_hold_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    phone_failures: int = 0
    authenticator_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    authenticator_last_step: int = Field(default=0, sa_type=BigId)
    authenticator_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    email: str | None = Field(default=None, max_length=320)
    email_confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    language: str = Field(max_length=8)
    sms_language: str = Field(max_length=8)
    proofing: Proofing = Field(sa_type=enum_text(Proofing))
    proofed_at: datetime = Field(sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NationalIdentity(SQLModel, table=True):
    """A person as a national identity service knows him: `subject` is its name for him, made for this portal alone.

    `acr` is the level at which the service last saw him, and `proven_at` when.
    """

    __tablename__ = "national_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("issuer", "person_id"))

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id", index=True)
    issuer: str = Field(max_length=255)
    subject: str = Field(max_length=255)
    acr: str = Field(max_length=255)
    proven_at: datetime = Field(sa_type=UtcDateTime)


class PhoneChange(SQLModel, table=True):
    """A telephone that took the place of another, which can cancel that while the new one is on hold.

    `proofing_before` and `proofed_before` are what is true again after cancelling a change made at a centre.
    """

    __tablename__ = "phone_change"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=20, unique=True)
    account_id: int = Field(sa_type=BigId, foreign_key="account.id", index=True)
    old_phone: str | None = Field(default=None, max_length=20)
    new_phone: str = Field(max_length=20)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    hold_until: datetime = Field(sa_type=UtcDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    proofing_before: Proofing | None = Field(default=None, sa_type=enum_text(Proofing))
    proofed_before: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KnownBrowser(SQLModel, table=True):
    """A browser that has signed in to the account before, on a device of one's own."""

    __tablename__ = "known_browser"

    account_id: int = Field(sa_type=BigId, foreign_key="account.id", primary_key=True)
    browser_hash: str = Field(max_length=64, primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class Staff(SQLModel, table=True):
    """An officer. `person_id` is the officer's own line of the register: nobody serves himself."""

    __tablename__ = "staff"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(default_factory=lambda: new_reference("O"), max_length=20, unique=True)
    email: str = Field(max_length=320, unique=True)
    name_ar: str = Field(max_length=160)
    name_latin: str = Field(max_length=160)
    password_hash: str = Field(max_length=300)
    totp_sealed: bytes = Field(sa_type=LargeBinary)
    totp_last_step: int = Field(default=0, sa_type=BigId)
    role: Role = Field(sa_type=enum_text(Role))
    centre_code: str = Field(max_length=40, index=True)
    person_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PortalSession(SQLModel, table=True):
    """`token_hash` is the SHA-256 of the cookie; `ends_at` is the absolute end; `visit_id` names the open visit.

    `reference` names the session on pages, where its hash has no business. `proven_at` is when the password was last
    given, `second_at` when the second proof was.
    """

    __tablename__ = "portal_session"

    token_hash: str = Field(max_length=64, primary_key=True)
    reference: str = Field(max_length=20, unique=True)
    kind: SessionKind = Field(sa_type=enum_text(SessionKind))
    account_id: int | None = Field(default=None, sa_type=BigId, foreign_key="account.id", index=True)
    staff_id: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id", index=True)
    visit_id: int | None = Field(default=None, sa_type=BigId)
    created_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    proven_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    shared_device: bool = True
    device: str = Field(default="", max_length=40)
    second_proof: SecondProof | None = Field(default=None, sa_type=enum_text(SecondProof))
    second_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Usage(SQLModel, table=True):
    """How often something limited was done in the running window; `key` holds a keyed hash of whom it is about."""

    __tablename__ = "usage"

    key: str = Field(max_length=120, primary_key=True)
    count: int
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Wait(SQLModel, table=True):
    """The growing wait before the next try of a secret; forgotten after success or at `expires_at`."""

    __tablename__ = "wait"

    key: str = Field(max_length=120, primary_key=True)
    tries: int
    open_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class KnownSecret(SQLModel, table=True):
    """A secret that things were made with, by the name that they carry; the first is that of things without a name.

    The portal does not start without one that is not retired.
    """

    __tablename__ = "known_secret"

    number: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(max_length=8, unique=True)
    since: datetime = Field(sa_type=UtcDateTime)
    retired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


BY_OFFICERS = text("actor_kind = 'staff'")


class AuditEntry(SQLModel, table=True):
    """Who did what about whom. Rows are only ever added."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_person", "person_id", "id"),
        Index(
            "ix_audit_entry_officer",
            "actor_id",
            "id",
            sqlite_where=BY_OFFICERS,
            postgresql_where=BY_OFFICERS,
        ),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    at: datetime = Field(sa_type=UtcDateTime)
    actor_kind: ActorKind = Field(sa_type=enum_text(ActorKind))
    actor_id: int | None = Field(default=None, sa_type=BigId)
    action: str = Field(max_length=60)
    person_id: int | None = Field(default=None, sa_type=BigId)
    household_id: int | None = Field(default=None, sa_type=BigId)
    reference: str | None = Field(default=None, max_length=40)
    visit_id: int | None = Field(default=None, sa_type=BigId)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class Row(Protocol):
    id: int | None


def saved_id(row: Row) -> int:
    """The id of a row that is in the database."""
    if row.id is None:
        raise ValueError("the row was not flushed")
    return row.id
