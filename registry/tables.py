"""What the registry keeps. Declarations, indexes and decisions are only ever added, never overwritten.

`id` is None until the row is flushed. What a person may see in an address is the random `reference`.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from notifications.columns import BigId, ExactDecimal, UtcDateTime, enum_text


class HouseholdStatus(StrEnum):
    ACTIVE = "active"
    DISSOLVED = "dissolved"


class MembershipStatus(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    REFUSED = "refused"
    EXPIRED = "expired"
    REMOVED = "removed"
    LEFT = "left"


class Origin(StrEnum):
    """Why the facts have a new version: the citizen declared, a member came or went, an officer corrected, or an
    administrative source counts.
    """

    CITIZEN = "citizen"
    MEMBERSHIP = "membership"
    CORRECTION = "correction"
    SOURCE = "source"


class IndexReason(StrEnum):
    FIRST = "first"
    DECLARATION = "declaration"
    MEMBERSHIP = "membership"
    CORRECTION = "correction"
    SOURCE = "source"
    MODEL = "model"
    TIME = "time"


class RequestReason(StrEnum):
    WRONG_LINE = "wrong_line"
    NEW_FACT = "new_fact"
    OTHER = "other"


class RequestOwner(StrEnum):
    """Who has to answer: the centre about what was declared, a source about what the source said."""

    CENTRE = "centre"
    SOURCE = "source"


class RequestStatus(StrEnum):
    RECEIVED = "received"
    IN_REVIEW = "in_review"
    CORRECTED = "corrected"
    REFUSED = "refused"


IS_ACTIVE = text("status = 'active'")
IS_INVITED = text("status = 'invited'")
IS_OPEN = text("status IN ('received', 'in_review')")


class Household(SQLModel, table=True):
    """`version` grows with every change.

    The two current ids have no constraint: the rows they name refer to the household, and a circle of constraints
    could not be filled in.
    """

    __tablename__ = "household"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    head_person_id: int = Field(sa_type=BigId, foreign_key="person.id", index=True)
    status: HouseholdStatus = Field(default=HouseholdStatus.ACTIVE, sa_type=enum_text(HouseholdStatus))
    version: int = 1
    current_declaration_id: int | None = Field(default=None, sa_type=BigId)
    current_index_id: int | None = Field(default=None, sa_type=BigId)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    """A person's place in a household, from the invitation on.

    `person_id` is empty when an invitation matched nobody: such an invitation lives and expires like any other, so
    that the head cannot tell. The identifier and the birth year are what the head typed.
    """

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_active_person",
            "person_id",
            unique=True,
            sqlite_where=IS_ACTIVE,
            postgresql_where=IS_ACTIVE,
        ),
        Index(
            "uq_membership_invited",
            "household_id",
            "invited_identifier",
            unique=True,
            sqlite_where=IS_INVITED,
            postgresql_where=IS_INVITED,
        ),
        Index("ix_membership_expiry", "expires_at", sqlite_where=IS_INVITED, postgresql_where=IS_INVITED),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    household_id: int = Field(sa_type=BigId, foreign_key="household.id", index=True)
    person_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id", index=True)
    relation: str = Field(max_length=20)
    status: MembershipStatus = Field(sa_type=enum_text(MembershipStatus))
    invited_identifier: str | None = Field(default=None, max_length=18)
    invited_birth_year: int | None = None
    invited_by: int = Field(sa_type=BigId, foreign_key="person.id")
    invited_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Draft(SQLModel, table=True):
    """What a person has typed and not sent. `version` grows with every save."""

    __tablename__ = "draft"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id", unique=True)
    answers: dict[str, Any] = Field(sa_type=JSON)
    saved_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1


class Declaration(SQLModel, table=True):
    """One immutable version of a household's facts.

    `facts_on` is the day on which the citizen stated them: ages are counted on it, in the versions that follow from
    an answered invitation or a correction too. `complete` says that no invited adult is awaited.
    """

    __tablename__ = "declaration"
    __table_args__ = (UniqueConstraint("household_id", "number", name="uq_declaration_number"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    household_id: int = Field(sa_type=BigId, foreign_key="household.id")
    number: int
    origin: Origin = Field(sa_type=enum_text(Origin))
    declared_by: int = Field(sa_type=BigId, foreign_key="person.id")
    staff_id: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    visit_id: int | None = Field(default=None, sa_type=BigId, foreign_key="visit.id", index=True)
    language: str = Field(max_length=8)
    declared_at: datetime = Field(sa_type=UtcDateTime)
    facts_on: date
    complete: bool

    commune: str = Field(max_length=20)
    district: str | None = Field(default=None, max_length=200)
    dwelling_type: str | None = Field(default=None, max_length=30)
    rooms: int | None = None
    bath: bool | None = None
    meter: str | None = Field(default=None, max_length=20)
    several_families: bool | None = None
    satellite_antenna: bool | None = None
    landline: bool | None = None
    computers: int | None = None
    mobile_phones: int | None = None
    cars: int | None = None
    motorcycles: int | None = None
    water_mad: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    electricity_mad: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    butane_mad: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    telephone_mad: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    internet_mad: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    loan: bool | None = None
    secondary_dwelling: bool | None = None
    garage: bool | None = None
    professional_premises: bool | None = None
    non_agricultural_land: bool | None = None
    irrigated_land: bool | None = None
    cows: int | None = None


class DeclaredMember(SQLModel, table=True):
    """What was declared about one member.

    An awaited adult's row names no person and no birth date: it looks the same whether or not the number that the
    head typed exists.
    """

    __tablename__ = "declared_member"
    __table_args__ = (UniqueConstraint("declaration_id", "membership_id", name="uq_declared_member"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    declaration_id: int = Field(sa_type=BigId, foreign_key="declaration.id")
    membership_id: int = Field(sa_type=BigId, foreign_key="membership.id", index=True)
    person_id: int | None = Field(default=None, sa_type=BigId, foreign_key="person.id", index=True)
    awaiting: bool
    relation: str = Field(max_length=20)
    birth_date: date | None = None
    birth_precision: str | None = Field(default=None, max_length=10)
    schooling: str | None = Field(default=None, max_length=20)
    education: str | None = Field(default=None, max_length=20)
    diploma: str | None = Field(default=None, max_length=20)
    literate: bool | None = None
    active: bool | None = None
    occupation: str | None = Field(default=None, max_length=30)
    health_cover: str | None = Field(default=None, max_length=20)
    national: bool | None = None
    income: bool | None = None
    spouse_income: bool | None = None
    unable_to_work: bool | None = None
    lives_alone: bool | None = None
    woman_head_of_family: bool | None = None
    in_institution: bool | None = None
    chronic_illness: bool | None = None
    special_needs_card: bool | None = None
    card_rate: int | None = None
    card_expires_on: date | None = None


class IndexEvent(SQLModel, table=True):
    """One immutable computation.

    A country without an index leaves `model`, `zone`, `region` and `index` empty; whoever reads them serves pages
    that such a country does not have. `looks_again_on` is the first day on which time alone makes the
    decisions others, if there is one.

    `decisions` repeats the eligibility rows as the page shows them: the household page is read far more often than
    anything is computed, and reads one row. The index holds what a recomputation of the country compares, so that it
    never reads the ledgers.
    """

    __tablename__ = "index_event"
    __table_args__ = (
        Index(
            "ix_index_event_household",
            "household_id",
            "id",
            postgresql_include=["declaration_id", "model", "index", "computed_at"],
        ),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    household_id: int = Field(sa_type=BigId, foreign_key="household.id")
    declaration_id: int = Field(sa_type=BigId, foreign_key="declaration.id", index=True)
    model: str = Field(default=None, max_length=60, nullable=True)
    zone: str = Field(default=None, max_length=20, nullable=True)
    region: str = Field(default=None, max_length=20, nullable=True)
    index: Decimal = Field(default=None, sa_type=ExactDecimal, nullable=True)
    lines: list[dict[str, Any]] = Field(sa_type=JSON)
    decisions: list[dict[str, Any]] = Field(sa_type=JSON)
    reason: IndexReason = Field(sa_type=enum_text(IndexReason))
    computed_at: datetime = Field(sa_type=UtcDateTime)
    looks_again_on: date | None = Field(default=None, index=True)


class Eligibility(SQLModel, table=True):
    """What one computation opens, or not, in one programme, with the rule that said so.

    `categories` are the codes of those that opened it, where the rule has categories.
    """

    __tablename__ = "eligibility"
    __table_args__ = (UniqueConstraint("index_event_id", "programme", name="uq_eligibility_programme"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    index_event_id: int = Field(sa_type=BigId, foreign_key="index_event.id")
    household_id: int = Field(sa_type=BigId, foreign_key="household.id", index=True)
    programme: str = Field(max_length=40)
    outcome: str = Field(max_length=20)
    monthly_mad: Decimal | None = Field(default=None, sa_type=ExactDecimal)
    rule: dict[str, Any] = Field(sa_type=JSON)
    categories: list[str] | None = Field(default=None, sa_type=JSON)
    decided_at: datetime = Field(sa_type=UtcDateTime)


class RecomputationRequest(SQLModel, table=True):
    """ "This is wrong": one open request a household, decided once.

    `source` names the administrative source that owns the line, when it is one. A request is reminded of once and
    escalated once; both instants stay when it is decided.
    """

    __tablename__ = "recomputation_request"
    __table_args__ = (
        Index(
            "uq_request_open_household",
            "household_id",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index(
            "ix_request_queue", "centre_code", "due_on", "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
        ),
        Index("ix_request_due", "due_on", "id", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    household_id: int = Field(sa_type=BigId, foreign_key="household.id", index=True)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id", index=True)
    line_code: str | None = Field(default=None, max_length=10)
    reason: RequestReason = Field(sa_type=enum_text(RequestReason))
    words: str = Field(sa_type=Text)
    fact: str | None = Field(default=None, max_length=40)
    proposed_value: str | None = Field(default=None, max_length=200)
    status: RequestStatus = Field(default=RequestStatus.RECEIVED, sa_type=enum_text(RequestStatus))
    owner: RequestOwner = Field(default=RequestOwner.CENTRE, sa_type=enum_text(RequestOwner))
    source: str | None = Field(default=None, max_length=40)
    centre_code: str = Field(max_length=20)
    received_at: datetime = Field(sa_type=UtcDateTime)
    due_on: date
    opened_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    escalated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    decision_words: str | None = Field(default=None, sa_type=Text)
    index_before_id: int | None = Field(default=None, sa_type=BigId, foreign_key="index_event.id")
    index_after_id: int | None = Field(default=None, sa_type=BigId, foreign_key="index_event.id")
    visit_id: int | None = Field(default=None, sa_type=BigId, foreign_key="visit.id", index=True)


class Document(SQLModel, table=True):
    """A file joined to a request, cleaned and sealed; the context of the seal is its reference."""

    __tablename__ = "document"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    request_id: int = Field(sa_type=BigId, foreign_key="recomputation_request.id", index=True)
    name: str = Field(max_length=120)
    media_type: str = Field(max_length=40)
    size: int
    sealed: bytes = Field(sa_type=LargeBinary)
    uploaded_at: datetime = Field(sa_type=UtcDateTime)
