"""A recomputation of the whole country: its run, chunks and stage, and an index that holds what it compares."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COMPARED = ["declaration_id", "model", "index", "computed_at"]


def upgrade() -> None:
    op.create_table(
        "recomputation_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("unfinished", sa.Boolean(), nullable=True),
        sa.Column("rules", sa.String(length=64), nullable=False),
        sa.Column("decide_again", sa.Boolean(), nullable=False),
        sa.Column("pace", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("next_message_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by", sa.String(length=60), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recomputation_run"),
        sa.UniqueConstraint("reference", name="uq_recomputation_run_reference"),
        sa.UniqueConstraint("unfinished", name="uq_recomputation_run_unfinished"),
    )
    op.create_table(
        "recomputation_chunk",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("lo", ID, nullable=False),
        sa.Column("hi", ID, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["recomputation_run.id"], name="fk_recomputation_chunk_run_id"),
        sa.PrimaryKeyConstraint("run_id", "lo", name="pk_recomputation_chunk"),
    )
    op.create_table(
        "recomputation_stage",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("declaration_id", ID, nullable=False),
        sa.Column("previous_event_id", ID, nullable=False),
        sa.Column("index", ID, nullable=True),
        sa.Column("previous", ID, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "household_id", name="pk_recomputation_stage"),
    )
    op.create_index(
        "ix_recomputation_stage_changed",
        "recomputation_stage",
        ["run_id", "household_id"],
        sqlite_where=sa.text("state = 'changed'"),
        postgresql_where=sa.text("state = 'changed'"),
    )
    _replace_index(COMPARED)


def downgrade() -> None:
    _replace_index(None)
    for table in ("recomputation_stage", "recomputation_chunk", "recomputation_run"):
        op.drop_table(table)


def _replace_index(included: list[str] | None) -> None:
    """PostgreSQL alone keeps other columns beside those that an index is sorted by."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.drop_index("ix_index_event_household", table_name="index_event")
    op.create_index(
        "ix_index_event_household", "index_event", ["household_id", "id"], postgresql_include=included
    )
