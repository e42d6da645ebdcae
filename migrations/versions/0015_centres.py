"""People without an appointment or a telephone, appointments that a centre moves, and days on which it is closed."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PHONE, BIG = sa.String(length=20), sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOT_REOPENED = sa.text("reopened_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("pre_registration", schema=None) as batch_op:
        batch_op.alter_column("phone", existing_type=PHONE, nullable=True)
        batch_op.add_column(sa.Column("prepared_by", BIG, nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_pre_registration_prepared_by"), "staff", ["prepared_by"], ["id"]
        )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.alter_column("desk", existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column("ended_by", BIG, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_appointment_ended_by"), "staff", ["ended_by"], ["id"])
    op.create_table(
        "centre_closing",
        sa.Column("id", BIG, nullable=False),
        sa.Column("centre_code", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("closed_by", BIG, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reopened_by", BIG, nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"], name=op.f("fk_centre_closing_closed_by")),
        sa.ForeignKeyConstraint(["reopened_by"], ["staff.id"], name=op.f("fk_centre_closing_reopened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centre_closing")),
    )
    op.create_index(
        "uq_centre_closing",
        "centre_closing",
        ["centre_code", "day", "part"],
        unique=True,
        sqlite_where=NOT_REOPENED,
        postgresql_where=NOT_REOPENED,
    )


def downgrade() -> None:
    """Refused by the database while it holds somebody who came without a telephone or an appointment."""
    op.drop_index(
        "uq_centre_closing",
        table_name="centre_closing",
        sqlite_where=NOT_REOPENED,
        postgresql_where=NOT_REOPENED,
    )
    op.drop_table("centre_closing")
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_appointment_ended_by"), type_="foreignkey")
        batch_op.drop_column("ended_by")
        batch_op.alter_column("desk", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("pre_registration", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_pre_registration_prepared_by"), type_="foreignkey")
        batch_op.drop_column("prepared_by")
        batch_op.alter_column("phone", existing_type=PHONE, nullable=False)
