"""Every message the service sends: what it must be told, and by which ways it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from notifications.tables import BOTH, Channel

LANGUAGES: Final = ("ar", "fr", "zgh")

Value = str | date | datetime | Decimal

LONGEST_TEXT: Final = 200

# How long a one-time code lives. The texts of the codes say so, and whoever makes a code uses it.
CODE_MINUTES: Final = 10
# The same for the code with which an officer enrols.
ENROLMENT_HOURS: Final = 24


class Template(StrEnum):
    SIGN_IN_CODE = "sign_in_code"
    CLAIM_CODE = "claim_code"
    RECOVERY_CODE = "recovery_code"
    INVITATION_CODE = "invitation_code"
    VISIT_CODE = "visit_code"
    EMAIL_CODE = "email_code"
    PROOF_CODE = "proof_code"
    PHONE_CODE = "phone_code"
    DESK_PHONE_CODE = "desk_phone_code"
    PHONE_CANCEL_CODE = "phone_cancel_code"
    PHONE_REMOVAL_CODE = "phone_removal_code"
    IDENTIFIER_CLAIMED = "identifier_claimed"
    CLAIM_ATTEMPTED = "claim_attempted"
    SIGNED_IN = "signed_in"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    AUTHENTICATOR_CHANGED = "authenticator_changed"
    PHONE_CHANGED = "phone_changed"
    PHONE_CHANGE_CANCELLED = "phone_change_cancelled"
    PHONE_REMOVED = "phone_removed"
    PHONE_WORN_OUT = "phone_worn_out"
    PHONE_CORRECTED = "phone_corrected"
    STAFF_ENROLMENT = "staff_enrolment"
    INVITATION = "invitation"
    INVITATION_ANSWERED = "invitation_answered"
    DECLARATION_RECEIVED = "declaration_received"
    INDEX_COMPUTED = "index_computed"
    INDEX_RECOMPUTED = "index_recomputed"
    ELIGIBILITY_DECIDED = "eligibility_decided"
    REQUEST_RECEIVED = "request_received"
    REQUEST_DUE_SOON = "request_due_soon"
    REQUEST_ESCALATED = "request_escalated"
    REQUEST_DECIDED = "request_decided"
    RULES_CHANGE = "rules_change"
    STAFF_REQUEST_DUE = "staff_request_due"
    STAFF_REQUEST_ESCALATED = "staff_request_escalated"
    SOURCE_CONTRADICTS = "source_contradicts"
    SOURCE_COUNTED = "source_counted"
    VISIT_OPENED = "visit_opened"
    VISIT_ENDED = "visit_ended"
    PRE_REGISTRATION_CODE = "pre_registration_code"
    NEWCOMER_CODE = "newcomer_code"
    APPOINTMENT_CODE = "appointment_code"
    PRE_REGISTERED = "pre_registered"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CALLED_OFF = "appointment_called_off"
    APPOINTMENT_REMINDER = "appointment_reminder"
    IDENTIFIER_ISSUED = "identifier_issued"


class Kind(StrEnum):
    """How a value is written: text as it is, `DATE` as 21/11/2026, `INSTANT` as 21/11/2026 14:30 in Morocco."""

    TEXT = "text"
    DATE = "date"
    INSTANT = "instant"


@dataclass(frozen=True)
class Message:
    """`values` are named by the caller of `notify`; `secrets` are sealed until sent and never reach the inbox.

    What is told to people who are not in the register yet has no inbox: they have no account to read it in.
    """

    values: Mapping[str, Kind]
    secrets: frozenset[str]
    channels: frozenset[Channel]
    to_an_account: bool = True

    @property
    def is_code(self) -> bool:
        return bool(self.secrets)

    @property
    def has_inbox(self) -> bool:
        return self.to_an_account and not self.is_code and self.channels == BOTH


def _code(*channels: Channel) -> Message:
    return Message(values=MappingProxyType({}), secrets=frozenset({"code"}), channels=frozenset(channels))


def _notice(**values: Kind) -> Message:
    return Message(values=MappingProxyType(values), secrets=frozenset(), channels=BOTH)


def _staff_notice(**values: Kind) -> Message:
    """For officers, who have an address at the centre and no inbox: a reference, and nothing of whose it is."""
    return Message(values=MappingProxyType(values), secrets=frozenset(), channels=frozenset({Channel.EMAIL}))


def _notice_to_newcomers(*channels: Channel, **values: Kind) -> Message:
    return Message(
        values=MappingProxyType(values),
        secrets=frozenset(),
        channels=frozenset(channels) or BOTH,
        to_an_account=False,
    )


MESSAGES: Final[Mapping[Template, Message]] = MappingProxyType(
    {
        Template.SIGN_IN_CODE: _code(Channel.SMS),
        Template.CLAIM_CODE: _code(Channel.SMS),
        Template.RECOVERY_CODE: _code(Channel.SMS, Channel.EMAIL),
        Template.INVITATION_CODE: _code(Channel.SMS),
        Template.VISIT_CODE: _code(Channel.SMS),
        Template.EMAIL_CODE: _code(Channel.EMAIL),
        Template.PROOF_CODE: _code(Channel.SMS),
        Template.PHONE_CODE: _code(Channel.SMS),
        Template.DESK_PHONE_CODE: _code(Channel.SMS),
        Template.PHONE_CANCEL_CODE: _code(Channel.SMS),
        Template.PHONE_REMOVAL_CODE: _code(Channel.SMS),
        Template.STAFF_ENROLMENT: _code(Channel.EMAIL),
        Template.IDENTIFIER_CLAIMED: _notice(identifier=Kind.TEXT),
        Template.CLAIM_ATTEMPTED: _notice(at=Kind.INSTANT),
        Template.SIGNED_IN: _notice(at=Kind.INSTANT),
        Template.PASSWORD_CHANGED: _notice(at=Kind.INSTANT),
        Template.EMAIL_CHANGED: _notice(at=Kind.INSTANT),
        Template.AUTHENTICATOR_CHANGED: _notice(at=Kind.INSTANT),
        Template.PHONE_CHANGED: _notice(reference=Kind.TEXT, at=Kind.INSTANT),
        Template.PHONE_CHANGE_CANCELLED: _notice(reference=Kind.TEXT, at=Kind.INSTANT),
        Template.PHONE_REMOVED: _notice(at=Kind.INSTANT),
        Template.PHONE_WORN_OUT: _notice(at=Kind.INSTANT),
        Template.PHONE_CORRECTED: _notice(reference=Kind.TEXT, at=Kind.INSTANT),
        Template.INVITATION: _notice(reference=Kind.TEXT, until=Kind.DATE),
        Template.INVITATION_ANSWERED: _notice(reference=Kind.TEXT),
        Template.DECLARATION_RECEIVED: _notice(reference=Kind.TEXT, date=Kind.DATE),
        Template.INDEX_COMPUTED: _notice(date=Kind.DATE),
        Template.INDEX_RECOMPUTED: _notice(date=Kind.DATE),
        Template.ELIGIBILITY_DECIDED: _notice(date=Kind.DATE),
        Template.REQUEST_RECEIVED: _notice(reference=Kind.TEXT, date=Kind.DATE, until=Kind.DATE),
        Template.REQUEST_DUE_SOON: _notice(reference=Kind.TEXT, until=Kind.DATE),
        Template.REQUEST_ESCALATED: _notice(reference=Kind.TEXT, until=Kind.DATE),
        Template.STAFF_REQUEST_DUE: _staff_notice(reference=Kind.TEXT, until=Kind.DATE),
        Template.STAFF_REQUEST_ESCALATED: _staff_notice(reference=Kind.TEXT, until=Kind.DATE),
        Template.REQUEST_DECIDED: _notice(reference=Kind.TEXT, date=Kind.DATE),
        Template.RULES_CHANGE: _notice(date=Kind.DATE),
        Template.SOURCE_CONTRADICTS: _notice(date=Kind.DATE),
        Template.SOURCE_COUNTED: _notice(reference=Kind.TEXT, date=Kind.DATE),
        Template.VISIT_OPENED: _notice(reference=Kind.TEXT, at=Kind.INSTANT, until=Kind.INSTANT),
        Template.VISIT_ENDED: _notice(reference=Kind.TEXT, at=Kind.INSTANT),
        Template.PRE_REGISTRATION_CODE: _code(Channel.SMS),
        Template.NEWCOMER_CODE: _code(Channel.SMS),
        Template.APPOINTMENT_CODE: _code(Channel.SMS),
        Template.PRE_REGISTERED: _notice_to_newcomers(reference=Kind.TEXT, until=Kind.DATE),
        Template.APPOINTMENT_BOOKED: _notice_to_newcomers(
            reference=Kind.TEXT, at=Kind.INSTANT, place=Kind.TEXT
        ),
        Template.APPOINTMENT_CANCELLED: _notice_to_newcomers(reference=Kind.TEXT, at=Kind.INSTANT),
        Template.APPOINTMENT_MOVED: _notice_to_newcomers(
            reference=Kind.TEXT, before=Kind.INSTANT, at=Kind.INSTANT, place=Kind.TEXT
        ),
        Template.APPOINTMENT_CALLED_OFF: _notice_to_newcomers(reference=Kind.TEXT, at=Kind.INSTANT),
        Template.APPOINTMENT_REMINDER: _notice_to_newcomers(
            Channel.SMS, reference=Kind.TEXT, at=Kind.INSTANT
        ),
        Template.IDENTIFIER_ISSUED: _notice_to_newcomers(reference=Kind.TEXT),
    }
)


class BadValues(Exception):
    """The values given for a message are not the ones it declares: the caller's mistake, and nothing is kept."""

    code = "bad_values"


def check_values(template: Template, values: Mapping[str, Value]) -> None:
    kinds = MESSAGES[template].values
    if set(values) != set(kinds):
        raise BadValues(f"{template} takes {sorted(kinds)}, not {sorted(values)}")
    for name, value in values.items():
        if not _fits(kinds[name], value):
            raise BadValues(f"{template}: {name} is no {kinds[name]}")


def check_secrets(template: Template, secrets: Mapping[str, str]) -> None:
    wanted = MESSAGES[template].secrets
    if set(secrets) != wanted:
        raise BadValues(f"{template} takes the secrets {sorted(wanted)}, not {sorted(secrets)}")
    if not all(_fits(Kind.TEXT, secret) for secret in secrets.values()):
        raise BadValues(f"{template}: a secret is no text")


def _fits(kind: Kind, value: Value) -> bool:
    match kind:
        case Kind.INSTANT:
            return isinstance(value, datetime) and value.tzinfo is not None
        case Kind.DATE:
            return isinstance(value, date) and getattr(value, "tzinfo", True) is not None
        case Kind.TEXT:
            if isinstance(value, Decimal):
                return value.is_finite()
            return isinstance(value, str) and value.isprintable() and 0 < len(value) <= LONGEST_TEXT


def encode_values(values: Mapping[str, Value]) -> dict[str, str | dict[str, str]]:
    """Values as JSON keeps them: text as text, anything else under the name of its type."""
    return {name: _encode(value) for name, value in values.items()}


def _encode(value: Value) -> str | dict[str, str]:
    match value:
        case str():
            return value
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"decimal": format(value, "f")}


def decode_values(kept: Mapping[str, str | dict[str, str]]) -> dict[str, Value]:
    return {name: _decode(value) for name, value in kept.items()}


def _decode(kept: str | dict[str, str]) -> Value:
    match kept:
        case str():
            return kept
        case {"datetime": written}:
            return datetime.fromisoformat(written)
        case {"date": written}:
            return date.fromisoformat(written)
        case {"decimal": written}:
            return Decimal(written)
        case _:
            raise BadValues("a kept value of no known type")
