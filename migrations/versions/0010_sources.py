"""Facts from administrative sources: what they said, what contradicts a declaration, and who is still to be asked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_LIVE = sa.text("status IN ('open', 'contested')")
IS_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "source_fact",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("fact", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_source_fact_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_fact")),
    )
    op.create_index("ix_source_fact_person", "source_fact", ["person_id", "fact", "id"])
    op.create_table(
        "source_inquiry",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("last_error", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_source_inquiry_household_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_inquiry")),
    )
    op.create_index("uq_source_inquiry", "source_inquiry", ["household_id", "source"], unique=True)
    op.create_index(
        "ix_source_inquiry_due",
        "source_inquiry",
        ["source", "due_at"],
        sqlite_where=IS_DUE,
        postgresql_where=IS_DUE,
    )
    op.create_table(
        "contradiction",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("fact", sa.String(length=60), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("source_value", sa.String(length=40), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("declared_value", sa.String(length=40), nullable=False),
        sa.Column("declaration_id", ID, nullable=False),
        sa.Column("counts", sa.String(length=40), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts_from", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_id", ID, nullable=True),
        sa.Column("declaration_after_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_contradiction_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["declaration_id"], ["declaration.id"], name=op.f("fk_contradiction_declaration_id")
        ),
        sa.ForeignKeyConstraint(
            ["declaration_after_id"], ["declaration.id"], name=op.f("fk_contradiction_declaration_after_id")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["recomputation_request.id"], name=op.f("fk_contradiction_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contradiction")),
        sa.UniqueConstraint("reference", name=op.f("uq_contradiction_reference")),
    )
    op.create_index(
        "uq_contradiction_live",
        "contradiction",
        ["household_id", "fact"],
        unique=True,
        sqlite_where=IS_LIVE,
        postgresql_where=IS_LIVE,
    )
    op.create_index("ix_contradiction_household", "contradiction", ["household_id", "id"])
    op.create_index(
        "ix_contradiction_counts",
        "contradiction",
        ["counts_from"],
        sqlite_where=IS_LIVE,
        postgresql_where=IS_LIVE,
    )
    op.create_index(op.f("ix_contradiction_request_id"), "contradiction", ["request_id"])
    op.create_table(
        "fact_marks",
        sa.Column("household_id", ID, autoincrement=False, nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("open_contradictions", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_fact_marks_household_id")),
        sa.PrimaryKeyConstraint("household_id", name=op.f("pk_fact_marks")),
    )
    _guard_source_facts()


def _guard_source_facts() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER source_fact_no_{change.lower()} BEFORE {change} ON source_fact "
                "BEGIN SELECT RAISE(ABORT, 'what a source said is only added to'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_source_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'what a source said is only added to'; END $$"
    )
    op.execute(
        "CREATE TRIGGER source_fact_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON source_fact "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_source_change()"
    )


def downgrade() -> None:
    """What sources said is forgotten. The versions that they led to stay, as corrections: that is known before."""
    op.execute("UPDATE declaration SET origin = 'correction' WHERE origin = 'source'")
    op.execute("UPDATE index_event SET reason = 'correction' WHERE reason = 'source'")
    for table in ("fact_marks", "contradiction", "source_inquiry", "source_fact"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_source_change()")
