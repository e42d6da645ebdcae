"""What the registry keeps of people who are not in the register yet: who they say they are, when they come, the check.

A pre-registration is what somebody typed at home and proves nothing. An identity check is what an officer saw.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from identity.people.tables import BirthPrecision, Gender
from notifications.columns import BigId, UtcDateTime, enum_text


class Paper(StrEnum):
    """What somebody has to show. Without any, two people of the register who have a national card testify."""

    NATIONAL_CARD = "national_card"
    RESIDENCE_CARD = "residence_card"
    BIRTH_EXTRACT = "birth_extract"
    NONE = "none"


class PreRegistrationStatus(StrEnum):
    OPEN = "open"
    ISSUED = "issued"
    CLOSED = "closed"


class AppointmentStatus(StrEnum):
    """`turned_away`: the person came, and no identity could be established that day."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    SERVED = "served"
    TURNED_AWAY = "turned_away"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Refusal(StrEnum):
    """Why an officer issued nothing."""

    ALREADY_REGISTERED = "already_registered"
    NOT_PROVEN = "not_proven"
    MEMBERS_ABSENT = "members_absent"


class CheckStatus(StrEnum):
    """`awaits_second`: a colleague has to see the same before an identifier is issued."""

    AWAITS_SECOND = "awaits_second"
    ISSUED = "issued"
    REFUSED = "refused"


class PreRegistration(SQLModel, table=True):
    """`phone` was proven by a code, and is missing of somebody who came to a centre without one.

    The e-mail address was not proven: it is told only what a receipt says. `prepared_by` is the officer who typed all
    of it at the desk.
    """

    __tablename__ = "pre_registration"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    status: PreRegistrationStatus = Field(
        default=PreRegistrationStatus.OPEN, sa_type=enum_text(PreRegistrationStatus)
    )
    paper: Paper = Field(sa_type=enum_text(Paper))
    given_name_ar: str = Field(default="", max_length=80)
    family_name_ar: str = Field(default="", max_length=80)
    given_name_latin: str = Field(default="", max_length=80)
    family_name_latin: str = Field(default="", max_length=80)
    birth_date: date
    birth_precision: BirthPrecision = Field(sa_type=enum_text(BirthPrecision))
    gender: Gender = Field(sa_type=enum_text(Gender))
    phone: str | None = Field(default=None, max_length=20)
    email: str | None = Field(default=None, max_length=320)
    members: int
    language: str = Field(max_length=8)
    sms_language: str = Field(max_length=8)
    prepared_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


TAKES_A_DESK = text("status IN ('booked', 'arrived')")


class Appointment(SQLModel, table=True):
    """One desk of one centre for one slot: two constraints say that neither desk nor person is there twice.

    Whoever came without an appointment has been there since `starts_at`, and takes no `desk` of anybody's slot.
    `ended_by` is the officer who moved or cancelled it; without one it was the citizen.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index(
            "uq_appointment_desk",
            "centre_code",
            "starts_at",
            "desk",
            unique=True,
            sqlite_where=TAKES_A_DESK,
            postgresql_where=TAKES_A_DESK,
        ),
        Index(
            "uq_appointment_pre_registration",
            "pre_registration_id",
            unique=True,
            sqlite_where=TAKES_A_DESK,
            postgresql_where=TAKES_A_DESK,
        ),
        Index("ix_appointment_day", "centre_code", "starts_at"),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    pre_registration_id: int = Field(sa_type=BigId, foreign_key="pre_registration.id", index=True)
    centre_code: str = Field(max_length=20)
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    desk: int | None
    status: AppointmentStatus = Field(default=AppointmentStatus.BOOKED, sa_type=enum_text(AppointmentStatus))
    refusal: Refusal | None = Field(default=None, sa_type=enum_text(Refusal))
    booked_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")


class DayPart(StrEnum):
    """What of a day a centre is closed for; the morning ends at noon."""

    WHOLE_DAY = "whole_day"
    MORNING = "morning"
    AFTERNOON = "afternoon"


NOT_REOPENED = text("reopened_at IS NULL")


class CentreClosing(SQLModel, table=True):
    """A day, or half of one, on which a centre takes no appointments: a strike, a power cut."""

    __tablename__ = "centre_closing"
    __table_args__ = (
        Index(
            "uq_centre_closing",
            "centre_code",
            "day",
            "part",
            unique=True,
            sqlite_where=NOT_REOPENED,
            postgresql_where=NOT_REOPENED,
        ),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    centre_code: str = Field(max_length=20)
    day: date
    part: DayPart = Field(sa_type=enum_text(DayPart))
    closed_by: int = Field(sa_type=BigId, foreign_key="staff.id")
    closed_at: datetime = Field(sa_type=UtcDateTime)
    reopened_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    reopened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


OF_THE_APPLICANT = text("is_applicant AND status IN ('awaits_second', 'issued')")
OF_THE_APPLICANT_SQLITE = text("is_applicant = 1 AND status IN ('awaits_second', 'issued')")


class IdentityCheck(SQLModel, table=True):
    """Who an officer saw, by what, and who saw it too. `witness_…` are the two who testify for somebody without papers.

    The first check of an appointment is of the person who registered; members of the family who came follow.
    """

    __tablename__ = "identity_check"
    __table_args__ = (
        UniqueConstraint("person_id"),
        Index(
            "uq_identity_check_applicant",
            "pre_registration_id",
            unique=True,
            sqlite_where=OF_THE_APPLICANT_SQLITE,
            postgresql_where=OF_THE_APPLICANT,
        ),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    pre_registration_id: int = Field(sa_type=BigId, foreign_key="pre_registration.id", index=True)
    appointment_id: int = Field(sa_type=BigId, foreign_key="appointment.id", index=True)
    is_applicant: bool
    status: CheckStatus = Field(sa_type=enum_text(CheckStatus))
    paper: Paper = Field(sa_type=enum_text(Paper))
    paper_number: str | None = Field(default=None, max_length=20)
    witness_one_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id")
    witness_two_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id")
    given_name_ar: str = Field(max_length=80)
    family_name_ar: str = Field(max_length=80)
    given_name_latin: str = Field(max_length=80)
    family_name_latin: str = Field(max_length=80)
    birth_date: date
    birth_precision: BirthPrecision = Field(sa_type=enum_text(BirthPrecision))
    gender: Gender = Field(sa_type=enum_text(Gender))
    phone: str | None = Field(default=None, max_length=20)
    is_child: bool = False
    look_alikes: int = 0
    checked_by: int = Field(sa_type=BigId, foreign_key="staff.id")
    checked_at: datetime = Field(sa_type=UtcDateTime)
    seconded_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    seconded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    person_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id")
