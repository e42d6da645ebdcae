"""Which secrets things were made with, room for hashes that are sealed, and the way to the acts of one officer."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HASHES = {
    "account": {"password_hash": False, "recovery_hash": False},
    "staff": {"password_hash": False},
    "staff_enrolment": {"code_hash": True},
}
BY_OFFICERS = sa.text("actor_kind = 'staff'")
SHORT, LONG = sa.String(length=200), sa.String(length=300)


def upgrade() -> None:
    op.create_table(
        "known_secret",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=8), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_known_secret")),
        sa.UniqueConstraint("name", name=op.f("uq_known_secret_name")),
    )
    _change_hashes(SHORT, LONG)
    op.create_index(
        "ix_audit_entry_officer",
        "audit_entry",
        ["actor_id", "id"],
        unique=False,
        sqlite_where=BY_OFFICERS,
        postgresql_where=BY_OFFICERS,
    )


def downgrade() -> None:
    """The code of before cannot read what was sealed since: nobody signs in until it is back."""
    op.drop_index("ix_audit_entry_officer", table_name="audit_entry")
    _change_hashes(LONG, SHORT)
    op.drop_table("known_secret")


def _change_hashes(before: sa.String, after: sa.String) -> None:
    for table, columns in HASHES.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column, nullable in columns.items():
                batch_op.alter_column(column, existing_type=before, type_=after, existing_nullable=nullable)
