"""Pre-registrations, appointments at a centre, and the identity checks that bring people into the register."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(length=40)
REFERENCE = sa.String(length=16)
TAKES_A_DESK = sa.text("status IN ('booked', 'arrived')")
OF_THE_APPLICANT = sa.text("is_applicant AND status IN ('awaits_second', 'issued')")
OF_THE_APPLICANT_SQLITE = sa.text("is_applicant = 1 AND status IN ('awaits_second', 'issued')")
NAMES = ("given_name_ar", "family_name_ar", "given_name_latin", "family_name_latin")


def upgrade() -> None:
    op.create_index(op.f("ix_person_birth_date"), "person", ["birth_date"])
    _create_pre_registration()
    _create_appointment()
    _create_identity_check()


def _create_pre_registration() -> None:
    op.create_table(
        "pre_registration",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", REFERENCE, nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("paper", CODE, nullable=False),
        *(sa.Column(name, sa.String(length=80), nullable=False) for name in NAMES),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("birth_precision", CODE, nullable=False),
        sa.Column("gender", CODE, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sms_language", sa.String(length=8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pre_registration")),
        sa.UniqueConstraint("reference", name=op.f("uq_pre_registration_reference")),
    )
    op.create_index(op.f("ix_pre_registration_expires_at"), "pre_registration", ["expires_at"])


def _create_appointment() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", REFERENCE, nullable=False),
        sa.Column("pre_registration_id", ID, nullable=False),
        sa.Column("centre_code", sa.String(length=20), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=False),
        sa.Column("ends_at", INSTANT, nullable=False),
        sa.Column("desk", sa.Integer(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("refusal", CODE, nullable=True),
        sa.Column("booked_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["pre_registration_id"],
            ["pre_registration.id"],
            name=op.f("fk_appointment_pre_registration_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("reference", name=op.f("uq_appointment_reference")),
    )
    op.create_index(op.f("ix_appointment_pre_registration_id"), "appointment", ["pre_registration_id"])
    op.create_index("ix_appointment_day", "appointment", ["centre_code", "starts_at"])
    for name, columns in (
        ("uq_appointment_desk", ["centre_code", "starts_at", "desk"]),
        ("uq_appointment_pre_registration", ["pre_registration_id"]),
    ):
        op.create_index(
            name,
            "appointment",
            columns,
            unique=True,
            sqlite_where=TAKES_A_DESK,
            postgresql_where=TAKES_A_DESK,
        )


def _create_identity_check() -> None:
    op.create_table(
        "identity_check",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", REFERENCE, nullable=False),
        sa.Column("pre_registration_id", ID, nullable=False),
        sa.Column("appointment_id", ID, nullable=False),
        sa.Column("is_applicant", sa.Boolean(), nullable=False),
        sa.Column("status", CODE, nullable=False),
        sa.Column("paper", CODE, nullable=False),
        sa.Column("paper_number", sa.String(length=20), nullable=True),
        sa.Column("witness_one_id", ID, nullable=True),
        sa.Column("witness_two_id", ID, nullable=True),
        *(sa.Column(name, sa.String(length=80), nullable=False) for name in NAMES),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("birth_precision", CODE, nullable=False),
        sa.Column("gender", CODE, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("is_child", sa.Boolean(), nullable=False),
        sa.Column("look_alikes", sa.Integer(), nullable=False),
        sa.Column("checked_by", ID, nullable=False),
        sa.Column("checked_at", INSTANT, nullable=False),
        sa.Column("seconded_by", ID, nullable=True),
        sa.Column("seconded_at", INSTANT, nullable=True),
        sa.Column("person_id", ID, nullable=True),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_identity_check_{column}"))
            for column, table in (
                ("pre_registration_id", "pre_registration"),
                ("appointment_id", "appointment"),
                ("witness_one_id", "person"),
                ("witness_two_id", "person"),
                ("checked_by", "staff"),
                ("seconded_by", "staff"),
                ("person_id", "person"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_check")),
        sa.UniqueConstraint("reference", name=op.f("uq_identity_check_reference")),
        sa.UniqueConstraint("person_id", name=op.f("uq_identity_check_person_id")),
    )
    op.create_index(op.f("ix_identity_check_pre_registration_id"), "identity_check", ["pre_registration_id"])
    op.create_index(op.f("ix_identity_check_appointment_id"), "identity_check", ["appointment_id"])
    op.create_index(
        "uq_identity_check_applicant",
        "identity_check",
        ["pre_registration_id"],
        unique=True,
        sqlite_where=OF_THE_APPLICANT_SQLITE,
        postgresql_where=OF_THE_APPLICANT,
    )


def downgrade() -> None:
    op.drop_table("identity_check")
    op.drop_table("appointment")
    op.drop_table("pre_registration")
    op.drop_index(op.f("ix_person_birth_date"), table_name="person")
