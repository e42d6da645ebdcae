"""An authenticator of one's own, and telephones that change: on hold at first, cancelled from the old one, or none."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("phone_hold_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("authenticator_sealed", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("authenticator_last_step", ID, nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("authenticator_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("phone", existing_type=sa.String(length=20), nullable=True)
        batch_op.create_index(batch_op.f("ix_account_phone"), ["phone"], unique=False)
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.alter_column("authenticator_last_step", existing_type=ID, server_default=None)
    op.create_table(
        "phone_change",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("old_phone", sa.String(length=20), nullable=True),
        sa.Column("new_phone", sa.String(length=20), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_phone_change_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_change")),
        sa.UniqueConstraint("reference", name=op.f("uq_phone_change_reference")),
    )
    with op.batch_alter_table("phone_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_phone_change_account_id"), ["account_id"], unique=False)


def downgrade() -> None:
    """An account without a telephone gets an empty one: no code is ever sent there, and none was before."""
    with op.batch_alter_table("phone_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_phone_change_account_id"))
    op.drop_table("phone_change")
    op.execute("UPDATE account SET phone = '' WHERE phone IS NULL")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_phone"))
        batch_op.alter_column("phone", existing_type=sa.String(length=20), nullable=False)
        batch_op.drop_column("authenticator_since")
        batch_op.drop_column("authenticator_last_step")
        batch_op.drop_column("authenticator_sealed")
        batch_op.drop_column("phone_hold_until")
