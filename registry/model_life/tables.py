"""What is kept of a model's life: each version with the very text that is approved, and who approved which text."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from notifications.columns import BigId, UtcDateTime, enum_text
from registry.model_life.checks import ModelKind


class VersionStatus(StrEnum):
    """Whether an approved version is in force, or replaced by a later one, is told by its day alone."""

    DRAFT = "draft"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class Crossing(StrEnum):
    """What happens to a household in a programme: it comes in, goes out, or stays with another amount."""

    OPENED = "opened"
    CLOSED = "closed"
    MORE = "more"
    LESS = "less"


class HouseholdType(StrEnum):
    ALONE = "alone"
    COUPLE = "couple"
    COUPLE_WITH_CHILDREN = "couple_with_children"
    ONE_PARENT = "one_parent"
    OTHER = "other"


class ModelVersion(SQLModel, table=True):
    """One version of an index model or of a programme, as its canonical text and the digest of that.

    A draft may be proposed anew with another text; approvals count for the text that was read. Notices about an
    approved version leave at a pace, the next one not before `next_message_at`.
    """

    __tablename__ = "model_version"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    name: str = Field(max_length=80, unique=True)
    kind: ModelKind = Field(sa_type=enum_text(ModelKind))
    content: str = Field(sa_type=Text)
    sha256: str = Field(max_length=64)
    status: VersionStatus = Field(default=VersionStatus.DRAFT, sa_type=enum_text(VersionStatus), index=True)
    effective_from: date
    proposed_by: int = Field(sa_type=BigId, foreign_key="staff.id")
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: int | None = Field(default=None, sa_type=BigId, foreign_key="staff.id")
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_message_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ModelApproval(SQLModel, table=True):
    """One person's approval of one text."""

    __tablename__ = "model_approval"
    __table_args__ = (UniqueConstraint("version_id", "staff_id", "sha256"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    version_id: int = Field(sa_type=BigId, foreign_key="model_version.id", index=True)
    staff_id: int = Field(sa_type=BigId, foreign_key="staff.id")
    sha256: str = Field(max_length=64)
    approved_at: datetime = Field(sa_type=UtcDateTime)


class DryRun(SQLModel, table=True):
    """What a version's text would change, counted over all households as they were at the cut-off.

    `report` is empty until every household has been looked at.
    """

    __tablename__ = "model_dry_run"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    version_id: int = Field(sa_type=BigId, foreign_key="model_version.id", index=True)
    run_id: int = Field(sa_type=BigId, foreign_key="recomputation_run.id", unique=True)
    sha256: str = Field(max_length=64)
    cut_off: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    report: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class CrossingCount(SQLModel, table=True):
    """How many households of one kind a dry run has found so far for whom one programme changes.

    `monthly_cents` is what they gain together every month, below zero what they lose.
    """

    __tablename__ = "model_crossing"

    dry_run_id: int = Field(primary_key=True, sa_type=BigId, foreign_key="model_dry_run.id")
    programme: str = Field(primary_key=True, max_length=40)
    crossing: Crossing = Field(primary_key=True, sa_type=enum_text(Crossing))
    region: str = Field(primary_key=True, max_length=20)
    zone: str = Field(primary_key=True, max_length=20)
    household_type: HouseholdType = Field(primary_key=True, sa_type=enum_text(HouseholdType))
    size: int = Field(primary_key=True)
    households: int
    monthly_cents: int = Field(sa_type=BigId)


class ModelNotice(SQLModel, table=True):
    """A household that would lose by a version: to be told before its day, once."""

    __tablename__ = "model_notice"
    __table_args__ = (UniqueConstraint("version_id", "household_id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    version_id: int = Field(sa_type=BigId, foreign_key="model_version.id")
    household_id: int = Field(sa_type=BigId, foreign_key="household.id")
    # Looked at again shortly before it is told: whoever loses nothing any more is told nothing.
    looked_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    is_told: bool = False
