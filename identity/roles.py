"""The one reviewed table of what each role of the staff may do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Duty(StrEnum):
    """Something only staff do. Whether it may be done to *this* file is asked apart: centre, own file, open visit."""

    READ_REQUESTS = "read_requests"
    DECIDE_REQUESTS = "decide_requests"
    OPEN_VISITS = "open_visits"
    CHECK_IDENTITIES = "check_identities"
    CLOSE_DAYS = "close_days"
    BIND_PHONES = "bind_phones"
    READ_AUDIT = "read_audit"
    ENROL_STAFF = "enrol_staff"
    MANAGE_STAFF = "manage_staff"
    WATCH_SERVICE = "watch_service"
    READ_MODELS = "read_models"
    APPROVE_MODELS = "approve_models"


# Nobody who decides about files also manages those who decide, and whoever reads the audit writes nothing. Two enrol a
# colleague, in the own centre or anywhere for who manages the staff, and one of the two does.
DUTIES: Final[Mapping[Role, frozenset[Duty]]] = MappingProxyType(
    {
        Role.AGENT: frozenset(
            {
                Duty.READ_REQUESTS,
                Duty.DECIDE_REQUESTS,
                Duty.OPEN_VISITS,
                Duty.CHECK_IDENTITIES,
                Duty.BIND_PHONES,
            }
        ),
        Role.SUPERVISOR: frozenset(
            {
                Duty.READ_REQUESTS,
                Duty.DECIDE_REQUESTS,
                Duty.OPEN_VISITS,
                Duty.CHECK_IDENTITIES,
                Duty.CLOSE_DAYS,
                Duty.BIND_PHONES,
                Duty.ENROL_STAFF,
                Duty.READ_MODELS,
                Duty.APPROVE_MODELS,
            }
        ),
        Role.AUDITOR: frozenset({Duty.READ_REQUESTS, Duty.READ_AUDIT, Duty.READ_MODELS}),
        Role.ADMINISTRATOR: frozenset(
            {
                Duty.ENROL_STAFF,
                Duty.MANAGE_STAFF,
                Duty.WATCH_SERVICE,
                Duty.READ_MODELS,
                Duty.APPROVE_MODELS,
            }
        ),
    }
)


def may(role: Role, duty: Duty) -> bool:
    return duty in DUTIES[role]
