"""Countries without an index: facts of people, computations that have none, longer identifiers."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ANSWERS = (
    "national",
    "income",
    "spouse_income",
    "unable_to_work",
    "lives_alone",
    "woman_head_of_family",
    "in_institution",
    "chronic_illness",
    "special_needs_card",
)
OF_AN_INDEX = {
    "model": sa.String(length=60),
    "zone": sa.String(length=20),
    "region": sa.String(length=20),
    "index": sa.Text(),
}
IDENTIFIERS = {"person": ("identifier", False), "membership": ("invited_identifier", True)}
SHORT, LONG = sa.String(length=10), sa.String(length=18)


def upgrade() -> None:
    with op.batch_alter_table("declared_member", schema=None) as batch_op:
        for answer in ANSWERS:
            batch_op.add_column(sa.Column(answer, sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("card_rate", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("card_expires_on", sa.Date(), nullable=True))
    with op.batch_alter_table("index_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("looks_again_on", sa.Date(), nullable=True))
        for column, kind in OF_AN_INDEX.items():
            batch_op.alter_column(column, existing_type=kind, nullable=True)
        batch_op.create_index(batch_op.f("ix_index_event_looks_again_on"), ["looks_again_on"], unique=False)
    with op.batch_alter_table("eligibility", schema=None) as batch_op:
        batch_op.add_column(sa.Column("categories", sa.JSON(), nullable=True))
    for table, (column, nullable) in IDENTIFIERS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=SHORT, type_=LONG, existing_nullable=nullable)


def downgrade() -> None:
    """Refused by the database while it holds a computation without an index, or longer identifiers."""
    for table, (column, nullable) in IDENTIFIERS.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(column, existing_type=LONG, type_=SHORT, existing_nullable=nullable)
    with op.batch_alter_table("eligibility", schema=None) as batch_op:
        batch_op.drop_column("categories")
    with op.batch_alter_table("index_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_index_event_looks_again_on"))
        for column, kind in OF_AN_INDEX.items():
            batch_op.alter_column(column, existing_type=kind, nullable=False)
        batch_op.drop_column("looks_again_on")
    with op.batch_alter_table("declared_member", schema=None) as batch_op:
        batch_op.drop_column("card_expires_on")
        batch_op.drop_column("card_rate")
        for answer in ANSWERS:
            batch_op.drop_column(answer)
