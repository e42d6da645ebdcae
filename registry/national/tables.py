"""What a recomputation of the whole country keeps: the run, its chunks, and the stage where nothing is visible yet."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, text
from sqlmodel import Field, SQLModel

from notifications.columns import BigId, UtcDateTime, enum_text


class RunStatus(StrEnum):
    """Running: into the stage. Staged: every household is there, and what changed is being published.

    Reported is the end of a dry run."""

    RUNNING = "running"
    STAGED = "staged"
    PUBLISHED = "published"
    REPORTED = "reported"
    ABANDONED = "abandoned"


class ChunkStatus(StrEnum):
    WAITING = "waiting"
    STAGED = "staged"


class StageState(StrEnum):
    """What became of one household.

    Unscorable: the model asks for a fact that it has not declared. Changed: to be published. Overtaken: it has a newer
    index than the one that the run set out from, and keeps it. Looked at: by a dry run, which publishes nothing.
    """

    SAME = "same"
    UNSCORABLE = "unscorable"
    CHANGED = "changed"
    PUBLISHED = "published"
    OVERTAKEN = "overtaken"
    LOOKED_AT = "looked_at"


class RecomputationRun(SQLModel, table=True):
    """One model applied to all that was in force at the cut-off.

    `unfinished` is true until the run ends and empty afterwards: its unique constraint lets one run go on at a time.
    A dry run ends in the stage: nothing of it is ever published.
    `rules` is the digest of the programmes' rules of the day. Messages leave at a `pace` a second, the next one not
    before `next_message_at`.
    """

    __tablename__ = "recomputation_run"

    id: int = Field(default=None, primary_key=True, sa_type=BigId)
    reference: str = Field(max_length=16, unique=True)
    model: str = Field(max_length=60)
    cut_off: datetime = Field(sa_type=UtcDateTime)
    status: RunStatus = Field(default=RunStatus.RUNNING, sa_type=enum_text(RunStatus))
    unfinished: bool | None = Field(default=True, unique=True)
    is_dry_run: bool = False
    rules: str = Field(max_length=64)
    decide_again: bool
    pace: int
    messages: int = 0
    next_message_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_by: str = Field(max_length=60)
    started_at: datetime = Field(sa_type=UtcDateTime)
    staged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


class RecomputationChunk(SQLModel, table=True):
    """The households from `lo` to `hi`, both included: put into the stage in one transaction, or not at all."""

    __tablename__ = "recomputation_chunk"

    run_id: int = Field(primary_key=True, sa_type=BigId, foreign_key="recomputation_run.id")
    lo: int = Field(primary_key=True, sa_type=BigId)
    hi: int = Field(sa_type=BigId)
    status: ChunkStatus = Field(default=ChunkStatus.WAITING, sa_type=enum_text(ChunkStatus))
    households: int = 0


class RecomputationStage(SQLModel, table=True):
    """One household's result. `index` and `previous` are scaled to the decimals of the model.

    It is written in millions and lives until the next run begins: without foreign keys, which would cost more than
    the computation.
    """

    __tablename__ = "recomputation_stage"
    __table_args__ = (
        Index(
            "ix_recomputation_stage_changed",
            "run_id",
            "household_id",
            sqlite_where=text("state = 'changed'"),
            postgresql_where=text("state = 'changed'"),
        ),
    )

    run_id: int = Field(primary_key=True, sa_type=BigId)
    household_id: int = Field(primary_key=True, sa_type=BigId)
    declaration_id: int = Field(sa_type=BigId)
    previous_event_id: int = Field(sa_type=BigId)
    index: int | None = Field(default=None, sa_type=BigId)
    previous: int = Field(sa_type=BigId)
    state: StageState = Field(sa_type=enum_text(StageState))
