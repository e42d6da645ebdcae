"""The first shape of the database."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column declared INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "answered_form",
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_answered_form")),
    )
    with op.batch_alter_table("answered_form", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answered_form_sent_at"), ["sent_at"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("household_id", ID, nullable=True),
        sa.Column("reference", sa.String(length=40), nullable=True),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_person", ["person_id", "id"], unique=False)

    op.create_table(
        "demonstration_message",
        sa.Column("id", ID, nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demonstration_message")),
        sa.UniqueConstraint("reference", name=op.f("uq_demonstration_message_reference")),
    )
    with op.batch_alter_table("demonstration_message", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_demonstration_message_recipient"), ["recipient"], unique=False)

    op.create_table(
        "notification",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("link", sa.String(length=200), nullable=True),
        sa.Column("in_inbox", sa.Boolean(), nullable=False),
        sa.Column("dedup_key", sa.String(length=120), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("dedup_key", name=op.f("uq_notification_dedup_key")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notification_inbox",
            ["person_id", "id"],
            unique=False,
            sqlite_where=sa.text("in_inbox = 1"),
            postgresql_where=sa.text("in_inbox"),
        )

    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("identifier", sa.String(length=10), nullable=False),
        sa.Column("document_kind", sa.String(length=40), nullable=True),
        sa.Column("document_number", sa.String(length=20), nullable=True),
        sa.Column("given_name_ar", sa.String(length=80), nullable=False),
        sa.Column("family_name_ar", sa.String(length=80), nullable=False),
        sa.Column("given_name_latin", sa.String(length=80), nullable=False),
        sa.Column("family_name_latin", sa.String(length=80), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("birth_precision", sa.String(length=40), nullable=False),
        sa.Column("gender", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("father_id", ID, nullable=True),
        sa.Column("mother_id", ID, nullable=True),
        sa.Column("deceased_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["father_id"], ["person.id"], name=op.f("fk_person_father_id")),
        sa.ForeignKeyConstraint(["mother_id"], ["person.id"], name=op.f("fk_person_mother_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint(
            "document_kind", "document_number", name=op.f("uq_person_document_kind_document_number")
        ),
        sa.UniqueConstraint("identifier", name=op.f("uq_person_identifier")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_document_number"), ["document_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_father_id"), ["father_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_mother_id"), ["mother_id"], unique=False)

    op.create_table(
        "usage",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_usage")),
    )
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_usage_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "wait",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("open_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_wait")),
    )
    with op.batch_alter_table("wait", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_wait_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "account",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("recovery_hash", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("email_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("sms_language", sa.String(length=8), nullable=False),
        sa.Column("proofing", sa.String(length=40), nullable=False),
        sa.Column("proofed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=40), nullable=False),
        sa.Column("notification_id", ID, nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_by", sa.String(length=40), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last_error", sa.String(length=60), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_reference", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name=op.f("fk_delivery_notification_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("reference", name=op.f("uq_delivery_reference")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_due",
            ["channel", "urgent", "available_at"],
            unique=False,
            sqlite_where=sa.text("status IN ('queued', 'sending')"),
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        )
        batch_op.create_index(batch_op.f("ix_delivery_notification_id"), ["notification_id"], unique=False)

    op.create_table(
        "draft",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draft_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("person_id", name=op.f("uq_draft_person_id")),
    )
    op.create_table(
        "household",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("head_person_id", ID, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current_declaration_id", ID, nullable=True),
        sa.Column("current_index_id", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["head_person_id"], ["person.id"], name=op.f("fk_household_head_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household")),
        sa.UniqueConstraint("reference", name=op.f("uq_household_reference")),
    )
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_household_head_person_id"), ["head_person_id"], unique=False)

    op.create_table(
        "staff",
        sa.Column("id", ID, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name_ar", sa.String(length=160), nullable=False),
        sa.Column("name_latin", sa.String(length=160), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", ID, nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("centre_code", sa.String(length=40), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_staff_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("email", name=op.f("uq_staff_email")),
    )
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_centre_code"), ["centre_code"], unique=False)

    op.create_table(
        "challenge",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("address", sa.String(length=320), nullable=True),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_challenge_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_challenge_person_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_challenge_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
        sa.UniqueConstraint("reference", name=op.f("uq_challenge_reference")),
    )
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_challenge_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_challenge_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_challenge_proven_at"), ["proven_at"], unique=False)
        batch_op.create_index("ix_challenge_subject", ["subject", "browser_hash"], unique=False)
        batch_op.create_index(
            "uq_challenge_open",
            ["purpose", "person_id"],
            unique=True,
            sqlite_where=sa.text("step = 'started' AND person_id IS NOT NULL"),
            postgresql_where=sa.text("step = 'started' AND person_id IS NOT NULL"),
        )

    op.create_table(
        "known_browser",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_known_browser_account_id")),
        sa.PrimaryKeyConstraint("account_id", "browser_hash", name=op.f("pk_known_browser")),
    )
    op.create_table(
        "membership",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("invited_identifier", sa.String(length=10), nullable=True),
        sa.Column("invited_birth_year", sa.Integer(), nullable=True),
        sa.Column("invited_by", ID, nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_membership_household_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_membership_invited_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint("reference", name=op.f("uq_membership_reference")),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(
            "ix_membership_expiry",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("status = 'invited'"),
            postgresql_where=sa.text("status = 'invited'"),
        )
        batch_op.create_index(batch_op.f("ix_membership_household_id"), ["household_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_membership_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_membership_active_person",
            ["person_id"],
            unique=True,
            sqlite_where=sa.text("status = 'active'"),
            postgresql_where=sa.text("status = 'active'"),
        )
        batch_op.create_index(
            "uq_membership_invited",
            ["household_id", "invited_identifier"],
            unique=True,
            sqlite_where=sa.text("status = 'invited'"),
            postgresql_where=sa.text("status = 'invited'"),
        )

    op.create_table(
        "portal_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shared_device", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_portal_session_account_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_portal_session_staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_portal_session")),
    )
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_portal_session_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_portal_session_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_portal_session_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "visit",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("staff_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("centre_code", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_visit_person_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_visit_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("reference", name=op.f("uq_visit_reference")),
    )
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_visit_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_visit_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "declaration",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.Column("declared_by", ID, nullable=False),
        sa.Column("staff_id", ID, nullable=True),
        sa.Column("visit_id", ID, nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts_on", sa.Date(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("commune", sa.String(length=20), nullable=False),
        sa.Column("district", sa.String(length=200), nullable=True),
        sa.Column("dwelling_type", sa.String(length=30), nullable=True),
        sa.Column("rooms", sa.Integer(), nullable=True),
        sa.Column("bath", sa.Boolean(), nullable=True),
        sa.Column("meter", sa.String(length=20), nullable=True),
        sa.Column("several_families", sa.Boolean(), nullable=True),
        sa.Column("satellite_antenna", sa.Boolean(), nullable=True),
        sa.Column("landline", sa.Boolean(), nullable=True),
        sa.Column("computers", sa.Integer(), nullable=True),
        sa.Column("mobile_phones", sa.Integer(), nullable=True),
        sa.Column("cars", sa.Integer(), nullable=True),
        sa.Column("motorcycles", sa.Integer(), nullable=True),
        sa.Column("water_mad", sa.Text(), nullable=True),
        sa.Column("electricity_mad", sa.Text(), nullable=True),
        sa.Column("butane_mad", sa.Text(), nullable=True),
        sa.Column("telephone_mad", sa.Text(), nullable=True),
        sa.Column("internet_mad", sa.Text(), nullable=True),
        sa.Column("loan", sa.Boolean(), nullable=True),
        sa.Column("secondary_dwelling", sa.Boolean(), nullable=True),
        sa.Column("garage", sa.Boolean(), nullable=True),
        sa.Column("professional_premises", sa.Boolean(), nullable=True),
        sa.Column("non_agricultural_land", sa.Boolean(), nullable=True),
        sa.Column("irrigated_land", sa.Boolean(), nullable=True),
        sa.Column("cows", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["declared_by"], ["person.id"], name=op.f("fk_declaration_declared_by")),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_declaration_household_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_declaration_staff_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_declaration_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
        sa.UniqueConstraint("household_id", "number", name="uq_declaration_number"),
        sa.UniqueConstraint("reference", name=op.f("uq_declaration_reference")),
    )
    with op.batch_alter_table("declaration", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_declaration_visit_id"), ["visit_id"], unique=False)

    op.create_table(
        "one_time_code",
        sa.Column("id", ID, nullable=False),
        sa.Column("challenge_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenge.id"], name=op.f("fk_one_time_code_challenge_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
    )
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_code_challenge_id"), ["challenge_id"], unique=False)

    op.create_table(
        "declared_member",
        sa.Column("id", ID, nullable=False),
        sa.Column("declaration_id", ID, nullable=False),
        sa.Column("membership_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("awaiting", sa.Boolean(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("birth_precision", sa.String(length=10), nullable=True),
        sa.Column("schooling", sa.String(length=20), nullable=True),
        sa.Column("education", sa.String(length=20), nullable=True),
        sa.Column("diploma", sa.String(length=20), nullable=True),
        sa.Column("literate", sa.Boolean(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("occupation", sa.String(length=30), nullable=True),
        sa.Column("health_cover", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["declaration_id"], ["declaration.id"], name=op.f("fk_declared_member_declaration_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_declared_member_membership_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_declared_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declared_member")),
        sa.UniqueConstraint("declaration_id", "membership_id", name="uq_declared_member"),
    )
    with op.batch_alter_table("declared_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_declared_member_membership_id"), ["membership_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_declared_member_person_id"), ["person_id"], unique=False)

    op.create_table(
        "index_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("declaration_id", ID, nullable=False),
        sa.Column("model", sa.String(length=60), nullable=False),
        sa.Column("zone", sa.String(length=20), nullable=False),
        sa.Column("region", sa.String(length=20), nullable=False),
        sa.Column("index", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("decisions", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["declaration_id"], ["declaration.id"], name=op.f("fk_index_event_declaration_id")
        ),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_index_event_household_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_event")),
    )
    with op.batch_alter_table("index_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_index_event_declaration_id"), ["declaration_id"], unique=False)
        batch_op.create_index("ix_index_event_household", ["household_id", "id"], unique=False)

    op.create_table(
        "eligibility",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("index_event_id", ID, nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("programme", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("monthly_mad", sa.Text(), nullable=True),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name=op.f("fk_eligibility_household_id")),
        sa.ForeignKeyConstraint(
            ["index_event_id"], ["index_event.id"], name=op.f("fk_eligibility_index_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eligibility")),
        sa.UniqueConstraint("index_event_id", "programme", name="uq_eligibility_programme"),
        sa.UniqueConstraint("reference", name=op.f("uq_eligibility_reference")),
    )
    with op.batch_alter_table("eligibility", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_eligibility_household_id"), ["household_id"], unique=False)

    op.create_table(
        "recomputation_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("household_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("line_code", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("fact", sa.String(length=40), nullable=True),
        sa.Column("proposed_value", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("centre_code", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("opened_by", ID, nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decision_words", sa.Text(), nullable=True),
        sa.Column("index_before_id", ID, nullable=True),
        sa.Column("index_after_id", ID, nullable=True),
        sa.Column("visit_id", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.id"], name=op.f("fk_recomputation_request_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_recomputation_request_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["index_after_id"], ["index_event.id"], name=op.f("fk_recomputation_request_index_after_id")
        ),
        sa.ForeignKeyConstraint(
            ["index_before_id"], ["index_event.id"], name=op.f("fk_recomputation_request_index_before_id")
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["staff.id"], name=op.f("fk_recomputation_request_opened_by")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_recomputation_request_person_id")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_recomputation_request_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recomputation_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_recomputation_request_reference")),
    )
    with op.batch_alter_table("recomputation_request", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recomputation_request_household_id"), ["household_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_recomputation_request_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_recomputation_request_visit_id"), ["visit_id"], unique=False)
        batch_op.create_index(
            "ix_request_queue",
            ["centre_code", "due_on", "id"],
            unique=False,
            sqlite_where=sa.text("status IN ('received', 'in_review')"),
            postgresql_where=sa.text("status IN ('received', 'in_review')"),
        )
        batch_op.create_index(
            "uq_request_open_household",
            ["household_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('received', 'in_review')"),
            postgresql_where=sa.text("status IN ('received', 'in_review')"),
        )

    op.create_table(
        "document",
        sa.Column("id", ID, nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("request_id", ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["recomputation_request.id"], name=op.f("fk_document_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("reference", name=op.f("uq_document_reference")),
    )
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_document_request_id"), ["request_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_document_request_id"))

    op.drop_table("document")
    with op.batch_alter_table("recomputation_request", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_request_open_household",
            sqlite_where=sa.text("status IN ('received', 'in_review')"),
            postgresql_where=sa.text("status IN ('received', 'in_review')"),
        )
        batch_op.drop_index(
            "ix_request_queue",
            sqlite_where=sa.text("status IN ('received', 'in_review')"),
            postgresql_where=sa.text("status IN ('received', 'in_review')"),
        )
        batch_op.drop_index(batch_op.f("ix_recomputation_request_visit_id"))
        batch_op.drop_index(batch_op.f("ix_recomputation_request_person_id"))
        batch_op.drop_index(batch_op.f("ix_recomputation_request_household_id"))

    op.drop_table("recomputation_request")
    with op.batch_alter_table("eligibility", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_eligibility_household_id"))

    op.drop_table("eligibility")
    with op.batch_alter_table("index_event", schema=None) as batch_op:
        batch_op.drop_index("ix_index_event_household")
        batch_op.drop_index(batch_op.f("ix_index_event_declaration_id"))

    op.drop_table("index_event")
    with op.batch_alter_table("declared_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_declared_member_person_id"))
        batch_op.drop_index(batch_op.f("ix_declared_member_membership_id"))

    op.drop_table("declared_member")
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_code_challenge_id"))

    op.drop_table("one_time_code")
    with op.batch_alter_table("declaration", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_declaration_visit_id"))

    op.drop_table("declaration")
    with op.batch_alter_table("visit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visit_staff_id"))
        batch_op.drop_index(batch_op.f("ix_visit_person_id"))

    op.drop_table("visit")
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_portal_session_staff_id"))
        batch_op.drop_index(batch_op.f("ix_portal_session_ends_at"))
        batch_op.drop_index(batch_op.f("ix_portal_session_account_id"))

    op.drop_table("portal_session")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_membership_invited",
            sqlite_where=sa.text("status = 'invited'"),
            postgresql_where=sa.text("status = 'invited'"),
        )
        batch_op.drop_index(
            "uq_membership_active_person",
            sqlite_where=sa.text("status = 'active'"),
            postgresql_where=sa.text("status = 'active'"),
        )
        batch_op.drop_index(batch_op.f("ix_membership_person_id"))
        batch_op.drop_index(batch_op.f("ix_membership_household_id"))
        batch_op.drop_index(
            "ix_membership_expiry",
            sqlite_where=sa.text("status = 'invited'"),
            postgresql_where=sa.text("status = 'invited'"),
        )

    op.drop_table("membership")
    op.drop_table("known_browser")
    with op.batch_alter_table("challenge", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_challenge_open",
            sqlite_where=sa.text("step = 'started' AND person_id IS NOT NULL"),
            postgresql_where=sa.text("step = 'started' AND person_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_challenge_subject")
        batch_op.drop_index(batch_op.f("ix_challenge_proven_at"))
        batch_op.drop_index(batch_op.f("ix_challenge_person_id"))
        batch_op.drop_index(batch_op.f("ix_challenge_expires_at"))

    op.drop_table("challenge")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_centre_code"))

    op.drop_table("staff")
    with op.batch_alter_table("household", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_household_head_person_id"))

    op.drop_table("household")
    op.drop_table("draft")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_notification_id"))
        batch_op.drop_index(
            "ix_delivery_due",
            sqlite_where=sa.text("status IN ('queued', 'sending')"),
            postgresql_where=sa.text("status IN ('queued', 'sending')"),
        )

    op.drop_table("delivery")
    op.drop_table("account")
    with op.batch_alter_table("wait", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_wait_expires_at"))

    op.drop_table("wait")
    with op.batch_alter_table("usage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_usage_expires_at"))

    op.drop_table("usage")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_mother_id"))
        batch_op.drop_index(batch_op.f("ix_person_father_id"))
        batch_op.drop_index(batch_op.f("ix_person_document_number"))

    op.drop_table("person")
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_notification_inbox",
            sqlite_where=sa.text("in_inbox = 1"),
            postgresql_where=sa.text("in_inbox"),
        )

    op.drop_table("notification")
    with op.batch_alter_table("demonstration_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_demonstration_message_recipient"))

    op.drop_table("demonstration_message")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_person")

    op.drop_table("audit_entry")
    with op.batch_alter_table("answered_form", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answered_form_sent_at"))

    op.drop_table("answered_form")
