"""Who did what about whom, written in the transaction of the fact. Rows are only ever added.

The database itself refuses to change or remove one: the triggers are created with the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Table, event
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from identity.tables import ActorKind, AuditEntry


class IdentityAction(StrEnum):
    """What this room writes down. Rooms above have enumerations of their own."""

    CLAIM_STARTED = "claim_started"
    CLAIM_ATTEMPTED = "claim_attempted"
    CLAIM_LOST = "claim_lost"
    NATIONAL_IDENTITY_STARTED = "national_identity_started"
    NATIONAL_IDENTITY_REFUSED = "national_identity_refused"
    NATIONAL_IDENTITY_PROVEN = "national_identity_proven"
    IDENTIFIER_ISSUED = "identifier_issued"
    ACCOUNT_OPENED = "account_opened"
    CODE_REFUSED = "code_refused"
    GUARD_CLOSED = "guard_closed"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SESSIONS_ENDED = "sessions_ended"
    RECOVERY_STARTED = "recovery_started"
    PASSWORD_RECOVERED = "password_recovered"
    EMAIL_CONFIRMED = "email_confirmed"
    EMAIL_REMOVED = "email_removed"
    PASSWORD_CHANGED = "password_changed"
    AUTHENTICATOR_SET = "authenticator_set"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    PHONE_CHANGED = "phone_changed"
    PHONE_CHANGE_CANCELLED = "phone_change_cancelled"
    PHONE_REMOVED = "phone_removed"
    PHONE_WORN_OUT = "phone_worn_out"
    LANGUAGES_CHANGED = "languages_changed"
    STAFF_ADDED = "staff_added"
    STAFF_SIGNED_IN = "staff_signed_in"
    STAFF_SIGN_IN_REFUSED = "staff_sign_in_refused"
    STAFF_PROVEN_AGAIN = "staff_proven_again"
    STAFF_PROOF_REFUSED = "staff_proof_refused"
    STAFF_PROPOSED = "staff_proposed"
    STAFF_APPROVED = "staff_approved"
    STAFF_PROPOSAL_REFUSED = "staff_proposal_refused"
    STAFF_ENROLLED = "staff_enrolled"
    STAFF_DISABLED = "staff_disabled"


@dataclass(frozen=True)
class Actor:
    """`id` is the account's person for a citizen, the officer's id for staff."""

    kind: ActorKind
    id: int | None = None
    visit_id: int | None = None


ANONYMOUS: Final = Actor(ActorKind.ANONYMOUS)
SYSTEM: Final = Actor(ActorKind.SYSTEM)


def citizen(person_id: int) -> Actor:
    return Actor(ActorKind.CITIZEN, person_id)


def officer(staff_id: int, *, visit_id: int | None = None) -> Actor:
    return Actor(ActorKind.STAFF, staff_id, visit_id)


def entry(
    *,
    actor: Actor,
    action: StrEnum,
    now: datetime,
    person_id: int | None = None,
    household_id: int | None = None,
    reference: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """One entry, to be added with others. `details` is JSON and holds codes and references, never a secret or a text
    somebody typed.
    """
    return AuditEntry(
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action.value,
        person_id=person_id,
        household_id=household_id,
        reference=reference,
        visit_id=actor.visit_id,
        details=dict(details or {}),
    )


async def record(
    session: AsyncSession,
    *,
    actor: Actor,
    action: StrEnum,
    now: datetime,
    person_id: int | None = None,
    household_id: int | None = None,
    reference: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry."""
    session.add(
        entry(
            actor=actor,
            action=action,
            now=now,
            person_id=person_id,
            household_id=household_id,
            reference=reference,
            details=details,
        )
    )
    await session.flush()


_GUARDS: Final = {
    "sqlite": [
        f"CREATE TRIGGER audit_entry_no_{change.lower()} BEFORE {change} ON audit_entry "
        "BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"
        for change in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        """CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the audit is only added to'; END $$""",
        """CREATE TRIGGER audit_entry_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()""",
    ],
}


@event.listens_for(SQLModel.metadata.tables["audit_entry"], "after_create")
def guard_audit(_table: Table, connection: Connection, **_options: object) -> None:
    """A migration that rebuilds the table calls this again: triggers go with the table they stand on."""
    for statement in _GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
