"""Which routes are sensitive acts, and which were looked at and are not. A route without an entry stops the start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.rights import RIGHTS, Audience, RightsMissing, route_name
from identity.assurance import SensitiveAct


@dataclass(frozen=True)
class Sensitive:
    """`back` is where one returns to after a proof, when that is not the page itself."""

    act: SensitiveAct
    back: str | None = None


_EMAIL = Sensitive(SensitiveAct.CHANGE_EMAIL, "/account/email")
_PHONE = Sensitive(SensitiveAct.CHANGE_PHONE, "/account/phone")
_RECOVERY_CODE = Sensitive(SensitiveAct.RENEW_RECOVERY_CODE)
_AUTHENTICATOR = Sensitive(SensitiveAct.SET_AUTHENTICATOR, "/account/authenticator/new")

# A page that asks is guarded like the post that it prepares: nobody types what is refused afterwards.
SENSITIVE: Final[dict[tuple[str, str], Sensitive]] = {
    ("/account/email", "GET"): _EMAIL,
    ("/account/email", "POST"): _EMAIL,
    ("/account/email/remove", "POST"): _EMAIL,
    ("/account/email/code", "POST"): _EMAIL,
    ("/account/recovery-code/new", "GET"): _RECOVERY_CODE,
    ("/account/recovery-code/new", "POST"): _RECOVERY_CODE,
    ("/account/authenticator/new", "GET"): _AUTHENTICATOR,
    ("/account/authenticator/new", "POST"): _AUTHENTICATOR,
    ("/account/authenticator/confirm", "POST"): _AUTHENTICATOR,
    ("/account/authenticator/remove", "GET"): Sensitive(SensitiveAct.REMOVE_AUTHENTICATOR),
    ("/account/authenticator/remove", "POST"): Sensitive(SensitiveAct.REMOVE_AUTHENTICATOR),
    ("/account/password", "GET"): Sensitive(SensitiveAct.CHANGE_PASSWORD),
    ("/account/password", "POST"): Sensitive(SensitiveAct.CHANGE_PASSWORD),
    ("/account/phone", "GET"): _PHONE,
    ("/account/phone", "POST"): _PHONE,
    ("/account/phone/code", "POST"): _PHONE,
    ("/household/declaration/check", "POST"): Sensitive(SensitiveAct.SEND_DECLARATION),
    ("/household/sources/{reference}", "POST"): Sensitive(SensitiveAct.SEND_DECLARATION),
    ("/household/leave", "GET"): Sensitive(SensitiveAct.LEAVE_HOUSEHOLD),
    ("/household/leave", "POST"): Sensitive(SensitiveAct.LEAVE_HOUSEHOLD),
}

# What a citizen may change with a session alone: it gives nobody a way in, and can be changed back.
ORDINARY: Final = frozenset(
    {
        "/account/stay",
        "/account/sessions/end-others",
        "/account/sessions/{reference}/end",
        "/account/prove",
        "/account/prove/authenticator",
        "/account/prove/recovery-code",
        "/account/prove/telephone",
        "/account/prove/telephone/code",
        "/account/prove/telephone/code/again",
        "/account/languages",
        "/account/email/code/again",
        "/account/recovery-code/kept",
        "/account/phone/code/again",
        "/claim/done",
        "/messages/read",
        "/household/declaration/discard",
        "/household/declaration/address",
        "/household/declaration/dwelling",
        "/household/declaration/equipment",
        "/household/declaration/spending",
        "/household/declaration/property",
        "/household/declaration/members/{key}",
        "/household/members/children",
        "/household/members/invite",
        "/household/members/{reference}/withdraw",
        "/household/members/{reference}/remove",
        "/household/invitations/{reference}",
        "/household/recomputation",
        "/household/recomputation/check",
    }
)

# What an officer does as one of two people: the authenticator was shown a moment ago. Each post is sent from a page of
# the same address, which is guarded alike, so that a proof leads back to where it was asked.
AS_ONE_OF_TWO: Final = frozenset(
    {
        ("/staff/phones/{reference}/witness", "GET"),
        ("/staff/phones/{reference}/witness", "POST"),
        ("/staff/models/propose", "GET"),
        ("/staff/models/propose", "POST"),
        ("/staff/people/new", "GET"),
        ("/staff/people/new", "POST"),
        ("/staff/people/proposals/{reference}", "GET"),
        ("/staff/people/proposals/{reference}", "POST"),
        ("/staff/people/{reference}", "GET"),
        ("/staff/people/{reference}", "POST"),
    }
)


def as_one_of_two(path_template: str, method: str) -> bool:
    return (route_name(path_template), "GET" if method == "HEAD" else method) in AS_ONE_OF_TWO


def sensitive_route(path_template: str, method: str) -> Sensitive | None:
    return SENSITIVE.get((route_name(path_template), "GET" if method == "HEAD" else method))


def check_sensitive() -> None:
    """Raises `RightsMissing` unless every change that a citizen can make is in exactly one of the two lists."""
    changes = {
        path
        for path, methods in RIGHTS.items()
        if methods.get("POST") in (Audience.CITIZEN, Audience.CITIZEN_ALONE)
    }
    sensitive = {path for path, method in SENSITIVE if method == "POST"}
    if unlike := sorted((changes ^ (sensitive | ORDINARY)) | (sensitive & ORDINARY)):
        raise RightsMissing(f"Nobody has said, or twice, what these changes ask for: {unlike}")
