"""What the room keeps: the embedded population register, accounts, challenges, sessions, staff, limits, the audit."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from identity.roles import Role
from notifications.columns import BigId, UtcDateTime, enum_text
from notifications.references import new_reference


class DocumentKind(StrEnum):
    """`register_receipt` is what a centre hands to somebody without a card, with a number that nobody can guess."""

    NATIONAL_CARD = "national_card"
    RESIDENCE_CARD = "residence_card"
    REGISTER_RECEIPT = "register_receipt"


class BirthPrecision(StrEnum):
    """How much of a birth date is known. What is not known is stored as 1: 1950 alone is 1950-01-01, `year`."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Gender(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Proofing(StrEnum):
    REGISTER_MATCH = "register_match"
    IN_PERSON = "in_person"
    NATIONAL_IDENTITY_SERVICE = "national_identity_service"


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


class Person(SQLModel, table=True):
    """A line of the population register. Children have no document; a foreign resident has a residence card."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("document_kind", "document_number"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    identifier: str = Field(max_length=18, unique=True)
    document_kind: DocumentKind | None = Field(default=None, sa_type=enum_text(DocumentKind))
    document_number: str | None = Field(default=None, max_length=20, index=True)
    given_name_ar: str = Field(max_length=80)
    family_name_ar: str = Field(max_length=80)
    given_name_latin: str = Field(max_length=80)
    family_name_latin: str = Field(max_length=80)
    birth_date: date = Field(index=True)
    birth_precision: BirthPrecision = Field(default=BirthPrecision.DAY, sa_type=enum_text(BirthPrecision))
    gender: Gender = Field(sa_type=enum_text(Gender))
    phone: str | None = Field(default=None, max_length=20)
    father_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id", index=True)
    mother_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id", index=True)
    deceased_on: date | None = None


class Account(SQLModel, table=True):
    """What a person signs in with: one account a person, whatever two browsers do at once.

    No telephone: the number was somebody else's, and no other has been given yet. Until `phone_hold_until` a new one
    counts for no sensitive act. `phone_failures` are the wrong codes since the last right one. The authenticator's
    secret is sealed, and each of its steps is good once.
    """

    __tablename__ = "account"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id", unique=True)
    password_hash: str = Field(max_length=200)
    recovery_hash: str = Field(max_length=200)
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
    password_hash: str = Field(max_length=200)
    totp_sealed: bytes = Field(sa_type=LargeBinary)
    totp_last_step: int = Field(default=0, sa_type=BigId)
    role: Role = Field(sa_type=enum_text(Role))
    centre_code: str = Field(max_length=40, index=True)
    person_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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


class Guard(SQLModel, table=True):
    """The service-wide switch that a spray of guesses closes. Each time within a day keeps it closed twice as long."""

    __tablename__ = "guard"

    name: str = Field(max_length=20, primary_key=True)
    closed_at: datetime = Field(sa_type=UtcDateTime)
    closed_until: datetime = Field(sa_type=UtcDateTime)
    times: int


class AuditEntry(SQLModel, table=True):
    """Who did what about whom. Rows are only ever added."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_person", "person_id", "id"),)

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


def saved_id(row: Person | Account | Staff) -> int:
    """The id of a row that is in the database."""
    if row.id is None:
        raise ValueError("the row was not flushed")
    return row.id
