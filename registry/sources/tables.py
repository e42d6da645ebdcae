"""What administrative sources said, what contradicts a declaration, and who is still to be asked."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, Connection, Index, Table, event, text
from sqlmodel import Field, SQLModel

from notifications.columns import BigId, UtcDateTime, enum_text


class Outcome(StrEnum):
    """Answered: the source knew something. Silent: it was asked and knows nothing of the household."""

    ANSWERED = "answered"
    SILENT = "silent"


class Counts(StrEnum):
    """Whose word counts while a contradiction is open."""

    DECLARED = "declared"
    SOURCE = "source"


class ContradictionStatus(StrEnum):
    """Used: the citizen said that the source is right. Contested: that it is wrong, and an officer looks at it.

    Decided: the officer has answered. Counted: the source counts meanwhile. Gone: the two agree, or say other things.
    """

    OPEN = "open"
    CONTESTED = "contested"
    USED = "used"
    DECIDED = "decided"
    COUNTED = "counted"
    GONE = "gone"


IS_LIVE = text("status IN ('open', 'contested')")
IS_DUE = text("due_at IS NOT NULL")


class SourceFact(SQLModel, table=True):
    """One thing that a source said of one person, for ever: the database refuses to change or remove the row.

    `as_of` is the day for which the source says it, `reference` the name that it gives to its answer.
    """

    __tablename__ = "source_fact"
    __table_args__ = (Index("ix_source_fact_person", "person_id", "fact", "id"),)

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    person_id: int = Field(sa_type=BigId, foreign_key="person.id")
    source: str = Field(max_length=40)
    fact: str = Field(max_length=40)
    value: str = Field(max_length=40)
    as_of: date
    reference: str = Field(max_length=60)
    told_at: datetime = Field(sa_type=UtcDateTime)


class SourceInquiry(SQLModel, table=True):
    """How far a household is with a source. `due_at` is empty while there is nothing to ask."""

    __tablename__ = "source_inquiry"
    __table_args__ = (
        Index("uq_source_inquiry", "household_id", "source", unique=True),
        Index("ix_source_inquiry_due", "source", "due_at", sqlite_where=IS_DUE, postgresql_where=IS_DUE),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    household_id: int = Field(sa_type=BigId, foreign_key="household.id")
    source: str = Field(max_length=40)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: Outcome | None = Field(default=None, sa_type=enum_text(Outcome))
    last_error: str | None = Field(default=None, max_length=40)


class Contradiction(SQLModel, table=True):
    """A fact that a source states otherwise than the household. `fact` is named as in `registry.requests.corrections`.

    What was found is never changed; only what became of it is added. `counts_from` is empty while nobody was told,
    and where the declared value counts until somebody answers.
    """

    __tablename__ = "contradiction"
    __table_args__ = (
        Index(
            "uq_contradiction_live",
            "household_id",
            "fact",
            unique=True,
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        Index("ix_contradiction_household", "household_id", "id"),
        Index("ix_contradiction_counts", "counts_from", sqlite_where=IS_LIVE, postgresql_where=IS_LIVE),
    )

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    household_id: int = Field(sa_type=BigId, foreign_key="household.id")
    fact: str = Field(max_length=60)
    source: str = Field(max_length=40)
    source_value: str = Field(max_length=40)
    as_of: date
    declared_value: str = Field(max_length=40)
    declaration_id: int = Field(sa_type=BigId, foreign_key="declaration.id")
    counts: Counts = Field(sa_type=enum_text(Counts))
    found_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counts_from: date | None = None
    status: ContradictionStatus = Field(
        default=ContradictionStatus.OPEN, sa_type=enum_text(ContradictionStatus)
    )
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    request_id: int | None = Field(
        default=None, sa_type=BigId, foreign_key="recomputation_request.id", index=True
    )
    declaration_after_id: int | None = Field(default=None, sa_type=BigId, foreign_key="declaration.id")


class FactMarks(SQLModel, table=True):
    """What is known of the origin of a household's facts, worked out when something changes: the page only reads it."""

    __tablename__ = "fact_marks"

    household_id: int = Field(
        primary_key=True, sa_type=BigId, foreign_key="household.id", sa_column_kwargs={"autoincrement": False}
    )
    marks: dict[str, Any] = Field(sa_type=JSON)
    open_contradictions: int


_GUARDS: Final = {
    "sqlite": [
        f"CREATE TRIGGER source_fact_no_{change.lower()} BEFORE {change} ON source_fact "
        "BEGIN SELECT RAISE(ABORT, 'what a source said is only added to'); END"
        for change in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE OR REPLACE FUNCTION refuse_source_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'what a source said is only added to'; END $$""",
        """CREATE TRIGGER source_fact_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON source_fact
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_source_change()""",
    ],
}


@event.listens_for(SQLModel.metadata.tables["source_fact"], "after_create")
def guard_source_facts(_table: Table, connection: Connection, **_options: object) -> None:
    for statement in _GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
