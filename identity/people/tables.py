"""The embedded population register: one line a person."""

from datetime import date
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from notifications.columns import BigId, enum_text


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
