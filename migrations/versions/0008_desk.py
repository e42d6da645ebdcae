"""What two people do at the desk: telephones bound, staff enrolled."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFERENCE_ALPHABET = "0123456789BCDFGHJKMNPQRSTVWXYZ"


def upgrade() -> None:
    _name_officers()
    with op.batch_alter_table("phone_change", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proofing_before", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("proofed_before", sa.DateTime(timezone=True), nullable=True))
    _create_phone_binding()
    _create_staff_enrolment()
    op.create_table(
        "known_staff_browser",
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_known_staff_browser_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "browser_hash", name=op.f("pk_known_staff_browser")),
    )


def _name_officers() -> None:
    """Every officer gets a name that may stand in an address."""
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reference", sa.String(length=20), nullable=True))
    staff = sa.table("staff", sa.column("id", ID), sa.column("reference", sa.String))
    connection = op.get_bind()
    for (staff_id,) in connection.execute(sa.select(staff.c.id)).all():
        name = "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(10))
        connection.execute(staff.update().where(staff.c.id == staff_id).values(reference=f"O-{name}"))
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.alter_column("reference", existing_type=sa.String(length=20), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_staff_reference"), ["reference"])


def _create_phone_binding() -> None:
    op.create_table(
        "phone_binding",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("document_kind", sa.String(length=40), nullable=False),
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("password_lost", sa.Boolean(), nullable=False),
        sa.Column("centre_code", sa.String(length=40), nullable=False),
        sa.Column("asked_by", ID, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("phone_change_id", ID, nullable=True),
        sa.Column("password_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_chosen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_binding_person_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_phone_binding_asked_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_phone_binding_decided_by")),
        sa.ForeignKeyConstraint(
            ["phone_change_id"], ["phone_change.id"], name=op.f("fk_phone_binding_phone_change_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_binding")),
        sa.UniqueConstraint("reference", name=op.f("uq_phone_binding_reference")),
    )
    with op.batch_alter_table("phone_binding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_phone_binding_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_phone_binding_centre", ["centre_code", "status"], unique=False)
        batch_op.create_index(
            "uq_phone_binding_waiting",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("status = 'waiting'"),
            postgresql_where=sa.text("status = 'waiting'"),
        )


def _create_staff_enrolment() -> None:
    op.create_table(
        "staff_enrolment",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name_ar", sa.String(length=160), nullable=False),
        sa.Column("name_latin", sa.String(length=160), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("centre_code", sa.String(length=40), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.String(length=200), nullable=True),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_enrolment_staff_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_staff_enrolment_person_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["staff.id"], name=op.f("fk_staff_enrolment_proposed_by")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_staff_enrolment_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_enrolment")),
        sa.UniqueConstraint("reference", name=op.f("uq_staff_enrolment_reference")),
    )
    with op.batch_alter_table("staff_enrolment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_enrolment_email"), ["email"], unique=False)
        batch_op.create_index(
            "uq_staff_enrolment_open",
            ["email"],
            unique=True,
            sqlite_where=sa.text("status IN ('proposed', 'approved')"),
            postgresql_where=sa.text("status IN ('proposed', 'approved')"),
        )


def downgrade() -> None:
    op.drop_table("known_staff_browser")
    op.drop_table("staff_enrolment")
    op.drop_table("phone_binding")
    with op.batch_alter_table("phone_change", schema=None) as batch_op:
        batch_op.drop_column("proofed_before")
        batch_op.drop_column("proofing_before")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_staff_reference"), type_="unique")
        batch_op.drop_column("reference")
