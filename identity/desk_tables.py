"""What two people of the staff do together: binding a telephone at the desk, and enrolling a colleague."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from identity.people.tables import DocumentKind
from identity.roles import Role
from notifications.columns import BigId, UtcDateTime, enum_text


class BindingReason(StrEnum):
    """Why the number of today is of no use any more."""

    LOST = "lost"
    CHANGED = "changed"
    TAKEN = "taken"
    NEVER_HAD = "never_had"
    WRONG_ON_FILE = "wrong_on_file"


class BindingStatus(StrEnum):
    """`waiting` ends by itself at `expires_at`; everything else is final."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


WAITING = text("status = 'waiting'")


class PhoneBinding(SQLModel, table=True):
    """A new number that the citizen has shown to hold at the desk, for a second officer to witness.

    `document_number` is what was read from the document that was seen. With `password_lost` the citizen may choose a
    new password until `password_until`, once.
    """

    __tablename__ = "phone_binding"
    __table_args__ = (
        Index(
            "uq_phone_binding_waiting",
            "person_id",
            unique=True,
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
        Index("ix_phone_binding_centre", "centre_code", "status"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=20, unique=True)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id", index=True)
    phone: str = Field(max_length=20)
    document_kind: DocumentKind = Field(sa_type=enum_text(DocumentKind))
    document_number: str = Field(max_length=20)
    reason: BindingReason = Field(sa_type=enum_text(BindingReason))
    password_lost: bool = False
    centre_code: str = Field(max_length=40)
    asked_by: int = Field(sa_type=BigId, foreign_key="staff.id")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    status: BindingStatus = Field(default=BindingStatus.WAITING, sa_type=enum_text(BindingStatus))
    decided_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    phone_change_id: int | None = Field(default=None, sa_type=BigId, foreign_key="phone_change.id")
    password_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    password_chosen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EnrolmentStatus(StrEnum):
    """`approved` waits for the officer, until `code_until`."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ENROLLED = "enrolled"


OPEN = text("status IN ('proposed', 'approved')")


class StaffEnrolment(SQLModel, table=True):
    """An officer to be: proposed by one manager, approved by another, finished by the officer alone.

    `staff_id` is there from the beginning when somebody who is on the staff enrols again: a lost authenticator, or a
    return. The code that was sent by e-mail is kept as a slow hash.
    """

    __tablename__ = "staff_enrolment"
    __table_args__ = (
        Index("uq_staff_enrolment_open", "email", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=20, unique=True)
    staff_id: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    email: str = Field(max_length=320, index=True)
    name_ar: str = Field(max_length=160)
    name_latin: str = Field(max_length=160)
    role: Role = Field(sa_type=enum_text(Role))
    centre_code: str = Field(max_length=40)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id")
    language: str = Field(max_length=8)
    status: EnrolmentStatus = Field(default=EnrolmentStatus.PROPOSED, sa_type=enum_text(EnrolmentStatus))
    proposed_by: int = Field(sa_type=BigId, foreign_key="staff.id")
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code_hash: str | None = Field(default=None, max_length=300)
    code_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    enrolled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class KnownStaffBrowser(SQLModel, table=True):
    """A browser that has signed in as this officer before: its failures are its own."""

    __tablename__ = "known_staff_browser"

    staff_id: int = Field(sa_type=BigId, foreign_key="staff.id", primary_key=True)
    browser_hash: str = Field(max_length=64, primary_key=True)
    seen_at: datetime = Field(sa_type=UtcDateTime)
