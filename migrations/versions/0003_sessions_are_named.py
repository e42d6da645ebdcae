"""A session has a name for its owner's list, the device it is on, and what was shown beside the password."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reference", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("device", sa.String(length=40), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("second_proof", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("second_at", sa.DateTime(timezone=True), nullable=True))
    # A session that runs while the portal is upgraded keeps running.
    op.execute("UPDATE portal_session SET reference = 'S-' || upper(substr(token_hash, 1, 16))")
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.alter_column("reference", existing_type=sa.String(length=20), nullable=False)
        batch_op.alter_column("device", existing_type=sa.String(length=40), server_default=None)
        batch_op.create_unique_constraint(batch_op.f("uq_portal_session_reference"), ["reference"])


def downgrade() -> None:
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_portal_session_reference"), type_="unique")
        batch_op.drop_column("second_at")
        batch_op.drop_column("second_proof")
        batch_op.drop_column("device")
        batch_op.drop_column("reference")
