"""The life of a model: drafted, compared, approved, in force; its dry runs, and who is to be told before its day."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_versions()
    _create_dry_runs()
    op.create_table(
        "model_notice",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("looked_at", INSTANT, nullable=True),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        _key("model_notice", "version_id", "model_version.id"),
        _key("model_notice", "household_id", "household.id"),
        sa.PrimaryKeyConstraint("id", name="pk_model_notice"),
        sa.UniqueConstraint("version_id", "household_id", name="uq_model_notice_version_id_household_id"),
    )
    op.create_index("ix_model_notice_looked_at", "model_notice", ["looked_at"])


def _create_versions() -> None:
    op.create_table(
        "model_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by", ID, nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("next_message_at", INSTANT, nullable=True),
        _key("model_version", "proposed_by", "staff.id"),
        _key("model_version", "withdrawn_by", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_model_version"),
        sa.UniqueConstraint("name", name="uq_model_version_name"),
    )
    op.create_index("ix_model_version_status", "model_version", ["status"])
    op.create_table(
        "model_approval",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("approved_at", INSTANT, nullable=False),
        _key("model_approval", "version_id", "model_version.id"),
        _key("model_approval", "staff_id", "staff.id"),
        sa.PrimaryKeyConstraint("id", name="pk_model_approval"),
        sa.UniqueConstraint(
            "version_id", "staff_id", "sha256", name="uq_model_approval_version_id_staff_id_sha256"
        ),
    )
    op.create_index("ix_model_approval_version_id", "model_approval", ["version_id"])


def _create_dry_runs() -> None:
    with op.batch_alter_table("recomputation_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_dry_run", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("recomputation_run", schema=None) as batch_op:
        batch_op.alter_column("is_dry_run", existing_type=sa.Boolean(), server_default=None)
    op.create_table(
        "model_dry_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("version_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("cut_off", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("report", sa.JSON(), nullable=False),
        _key("model_dry_run", "version_id", "model_version.id"),
        _key("model_dry_run", "run_id", "recomputation_run.id"),
        sa.PrimaryKeyConstraint("id", name="pk_model_dry_run"),
        sa.UniqueConstraint("run_id", name="uq_model_dry_run_run_id"),
    )
    op.create_index("ix_model_dry_run_version_id", "model_dry_run", ["version_id"])
    op.create_table(
        "model_crossing",
        sa.Column("dry_run_id", ID, nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("crossing", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("zone", sa.String(length=20), nullable=False),
        sa.Column("household_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("monthly_cents", ID, nullable=False),
        _key("model_crossing", "dry_run_id", "model_dry_run.id"),
        sa.PrimaryKeyConstraint(
            "dry_run_id",
            "programme",
            "crossing",
            "region",
            "zone",
            "household_type",
            "size",
            name="pk_model_crossing",
        ),
    )


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}")


def downgrade() -> None:
    for table in ("model_notice", "model_crossing", "model_dry_run", "model_approval", "model_version"):
        op.drop_table(table)
    with op.batch_alter_table("recomputation_run", schema=None) as batch_op:
        batch_op.drop_column("is_dry_run")
