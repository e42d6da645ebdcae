"""Who a person is to a national identity service."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "national_identity",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("acr", sa.String(length=255), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_national_identity_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_identity")),
        sa.UniqueConstraint("issuer", "person_id", name=op.f("uq_national_identity_issuer_person_id")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_national_identity_issuer_subject")),
    )
    with op.batch_alter_table("national_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_national_identity_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("national_identity")
