"""What each sensitive act asks for beyond a session: the one reviewed table.

A code by SMS proves who holds the telephone today. So it never suffices alone, and during the 72 hours after a
telephone was changed it does not count at all: what is sensitive then needs the authenticator or the recovery code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from identity.tables import SecondProof

PROOF_LASTS: Final = timedelta(minutes=20)
PROOF_OF_STAFF_LASTS: Final = timedelta(minutes=5)
# Proofs that whoever took the telephone does not have.
APART_FROM_TELEPHONE: Final = frozenset({SecondProof.AUTHENTICATOR, SecondProof.RECOVERY_CODE})


class SensitiveAct(StrEnum):
    CHANGE_PASSWORD = "change_password"
    CHANGE_EMAIL = "change_email"
    CHANGE_PHONE = "change_phone"
    RENEW_RECOVERY_CODE = "renew_recovery_code"
    SET_AUTHENTICATOR = "set_authenticator"
    REMOVE_AUTHENTICATOR = "remove_authenticator"
    SEND_DECLARATION = "send_declaration"
    LEAVE_HOUSEHOLD = "leave_household"


@dataclass(frozen=True)
class Needs:
    """`password` and `second`: proven within `PROOF_LASTS`. `settled`: not while a new telephone is on hold."""

    password: bool
    second: bool
    settled: bool = True


NEEDS: Final[Mapping[SensitiveAct, Needs]] = MappingProxyType(
    {
        SensitiveAct.CHANGE_PASSWORD: Needs(password=True, second=False),
        SensitiveAct.CHANGE_EMAIL: Needs(password=True, second=False),
        SensitiveAct.CHANGE_PHONE: Needs(password=True, second=True),
        SensitiveAct.RENEW_RECOVERY_CODE: Needs(password=True, second=True),
        SensitiveAct.SET_AUTHENTICATOR: Needs(password=True, second=True),
        SensitiveAct.REMOVE_AUTHENTICATOR: Needs(password=True, second=True),
        SensitiveAct.SEND_DECLARATION: Needs(password=False, second=False),
        SensitiveAct.LEAVE_HOUSEHOLD: Needs(password=False, second=False),
    }
)


class Missing(StrEnum):
    """What stands between the citizen and the act, in the order in which it is asked."""

    HOLD = "hold"
    PASSWORD = "password"
    SECOND = "second"


class Standing(Protocol):
    """What a session has proven, and until when its account's telephone is on hold."""

    @property
    def proven_at(self) -> datetime: ...
    @property
    def second_proof(self) -> SecondProof | None: ...
    @property
    def second_at(self) -> datetime | None: ...
    @property
    def phone_hold_until(self) -> datetime | None: ...


def missing(act: SensitiveAct, standing: Standing, *, now: datetime) -> Missing | None:
    """What has to be shown first; None when the act is allowed."""
    needs = NEEDS[act]
    has_second = standing.second_at is not None and _is_recent(standing.second_at, now)
    has_apart = has_second and standing.second_proof in APART_FROM_TELEPHONE
    if needs.settled and is_on_hold(standing, now=now) and not has_apart:
        return Missing.HOLD
    if needs.password and not _is_recent(standing.proven_at, now):
        return Missing.PASSWORD
    return Missing.SECOND if needs.second and not has_second else None


def is_on_hold(standing: Standing, *, now: datetime) -> bool:
    return standing.phone_hold_until is not None and standing.phone_hold_until > now


def staff_proof_missing(standing: Standing, *, now: datetime) -> bool:
    """Whether an officer has to show the authenticator again before what counts for two."""
    return standing.second_at is None or standing.second_at <= now - PROOF_OF_STAFF_LASTS


def _is_recent(proven_at: datetime, now: datetime) -> bool:
    return proven_at > now - PROOF_LASTS
