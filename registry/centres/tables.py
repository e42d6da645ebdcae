"""Visits at a centre."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from notifications.columns import BigId, UtcDateTime, enum_text


class VisitPurpose(StrEnum):
    DECLARATION = "declaration"
    RECOMPUTATION = "recomputation"
    ACCOUNT = "account"
    INFORMATION = "information"


class Visit(SQLModel, table=True):
    """An officer acting for a person who is present: opened by the person's code, ended by hand or by the clock."""

    __tablename__ = "visit"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    staff_id: int = Field(sa_type=BigId, foreign_key="staff.id", index=True)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id", index=True)
    centre_code: str = Field(max_length=20)
    purpose: VisitPurpose = Field(sa_type=enum_text(VisitPurpose))
    opened_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
