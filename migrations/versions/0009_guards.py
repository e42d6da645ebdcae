"""Longer codes while somebody guesses, the switch for them, and how many short messages a day has cost."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("standing", sa.String(length=40), nullable=False, server_default="anybody")
        )
        batch_op.add_column(sa.Column("digits", sa.Integer(), nullable=False, server_default="6"))
        batch_op.add_column(sa.Column("tries", sa.Integer(), nullable=False, server_default="5"))
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        for column in ("standing", "digits", "tries"):
            batch_op.alter_column(column, server_default=None)
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gate", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("is_sent", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(batch_op.f("ix_one_time_code_issued_at"), ["issued_at"], unique=False)
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.alter_column("is_sent", server_default=None)
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_failures", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.alter_column("phone_failures", server_default=None)
    op.create_table(
        "guard",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_guard")),
    )
    op.create_table(
        "sms_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_sms_day")),
    )


def downgrade() -> None:
    op.drop_table("sms_day")
    op.drop_table("guard")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("phone_failures")
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_code_issued_at"))
        batch_op.drop_column("is_sent")
        batch_op.drop_column("gate")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_column("tries")
        batch_op.drop_column("digits")
        batch_op.drop_column("standing")
