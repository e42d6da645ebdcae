"""The one reviewed table of who may ask for what. A route without an entry stops the start of the portal."""

from __future__ import annotations

import re
from enum import Enum

from litestar import Litestar
from litestar.routes import HTTPRoute


class Audience(Enum):
    """For whom a route is."""

    EVERYBODY = "everybody"
    CITIZEN = "a signed-in citizen, or an officer during that citizen's visit"
    CITIZEN_ALONE = "a signed-in citizen in person: never an officer, not even during a visit"
    STAFF = "a signed-in officer"
    STAFF_DOOR = "everybody on a network of the centres"
    DEMONSTRATION = "everybody, and only while the portal runs as a demonstration"


E, C, A, S, N, D = (
    Audience.EVERYBODY,
    Audience.CITIZEN,
    Audience.CITIZEN_ALONE,
    Audience.STAFF,
    Audience.STAFF_DOOR,
    Audience.DEMONSTRATION,
)

# Paths after the language, except where they begin with "!" (outside any language).
RIGHTS: dict[str, dict[str, Audience]] = {
    "!/": {"GET": E},
    "!/health": {"GET": E},
    "!/ready": {"GET": E},
    "!/static/{file_path}": {"GET": E},
    "!/favicon.ico": {"GET": E},
    "!/robots.txt": {"GET": E},
    "!/national-identity/return": {"GET": E},
    "!/demo": {"GET": D},
    "!/demo/people.json": {"GET": D},
    "!/demo/staff.json": {"GET": D},
    "!/demo/messages.json": {"GET": D},
    "/": {"GET": E},
    "/demo": {"GET": D},
    "/household": {"GET": C},
    "/household/index": {"GET": C},
    "/household/index/comparison": {"GET": C},
    "/household/index/outlook": {"GET": C},
    "/household/index/sum": {"GET": C},
    "/household/coming-changes": {"GET": C},
    "/household/declaration": {"GET": C},
    "/household/declaration/discard": {"GET": C, "POST": C},
    "/household/declaration/address": {"GET": C, "POST": C},
    "/household/declaration/dwelling": {"GET": C, "POST": C},
    "/household/declaration/equipment": {"GET": C, "POST": C},
    "/household/declaration/spending": {"GET": C, "POST": C},
    "/household/declaration/property": {"GET": C, "POST": C},
    "/household/declaration/members": {"GET": C},
    "/household/declaration/members/{key}": {"GET": C, "POST": C},
    "/household/declaration/check": {"GET": C, "POST": C},
    "/household/declaration/receipts/{reference}": {"GET": C},
    "/household/members": {"GET": C},
    "/household/members/children": {"GET": C, "POST": C},
    "/household/members/invite": {"GET": C, "POST": C},
    "/household/members/{reference}/withdraw": {"GET": C, "POST": C},
    "/household/members/{reference}/remove": {"GET": C, "POST": C},
    "/household/leave": {"GET": C, "POST": C},
    "/household/invitations": {"GET": C},
    "/household/invitations/{reference}": {"GET": C, "POST": C},
    "/household/recomputation": {"GET": C, "POST": C},
    "/household/recomputation/check": {"POST": C},
    "/household/recomputation/receipts/{reference}": {"GET": C},
    "/household/sources": {"GET": C},
    "/household/sources/{reference}": {"GET": C, "POST": C},
    "/messages": {"GET": C},
    "/messages/read": {"POST": A},
    "/simulator": {"GET": E, "POST": E},
    "/help": {"GET": E},
    "/help/lost": {"GET": E},
    "/privacy": {"GET": E},
    "/accessibility": {"GET": E},
    "/centres": {"GET": E},
    "/claim": {"GET": E, "POST": E},
    "/claim/code": {"GET": E, "POST": E},
    "/claim/code/again": {"POST": E},
    "/claim/account": {"GET": E, "POST": E},
    "/claim/national-identity": {"GET": E, "POST": E},
    "/claim/national-identity/refused": {"GET": E},
    "/claim/done": {"GET": A, "POST": A},
    "/pre-registration": {"GET": E, "POST": E},
    "/pre-registration/code": {"GET": E, "POST": E},
    "/pre-registration/code/again": {"POST": E},
    "/pre-registration/return": {"GET": E, "POST": E},
    "/pre-registration/return/code": {"GET": E, "POST": E},
    "/pre-registration/return/code/again": {"POST": E},
    "/pre-registration/file": {"GET": E},
    "/pre-registration/leave": {"POST": E},
    "/pre-registration/appointment": {"GET": E, "POST": E},
    "/pre-registration/cancel": {"GET": E, "POST": E},
    "/sign-in": {"GET": E, "POST": E},
    "/sign-in/code": {"GET": E, "POST": E},
    "/sign-in/code/again": {"POST": E},
    "/sign-in/authenticator": {"GET": E, "POST": E},
    "/sign-in/recovery-code": {"GET": E, "POST": E},
    "/not-me": {"GET": E, "POST": E},
    "/not-me/code": {"GET": E, "POST": E},
    "/not-me/code/again": {"POST": E},
    "/not-me/done": {"GET": E},
    "/not-me/change": {"GET": E, "POST": E},
    "/not-me/change/code": {"GET": E, "POST": E},
    "/not-me/change/code/again": {"POST": E},
    "/not-me/change/done": {"GET": E},
    "/sign-out": {"GET": E, "POST": E},
    "/recovery": {"GET": E, "POST": E},
    "/recovery/code": {"GET": E, "POST": E},
    "/recovery/code/again": {"POST": E},
    "/recovery/password": {"GET": E, "POST": E},
    "/recovery/authenticator": {"GET": E, "POST": E},
    "/recovery/centre": {"GET": E, "POST": E},
    "/recovery/centre/code": {"GET": E, "POST": E},
    "/recovery/centre/code/again": {"POST": E},
    "/recovery/centre/password": {"GET": E, "POST": E},
    "/account": {"GET": A},
    "/account/stay": {"POST": A},
    "/account/sessions": {"GET": A},
    "/account/sessions/end-others": {"POST": A},
    "/account/sessions/{reference}/end": {"POST": A},
    "/account/prove": {"GET": A, "POST": A},
    "/account/prove/second": {"GET": A},
    "/account/prove/authenticator": {"GET": A, "POST": A},
    "/account/prove/recovery-code": {"GET": A, "POST": A},
    "/account/prove/telephone": {"POST": A},
    "/account/prove/telephone/code": {"GET": A, "POST": A},
    "/account/prove/telephone/code/again": {"POST": A},
    "/account/authenticator": {"GET": A},
    "/account/authenticator/new": {"GET": A, "POST": A},
    "/account/authenticator/confirm": {"GET": A, "POST": A},
    "/account/authenticator/remove": {"GET": A, "POST": A},
    "/account/password": {"GET": A, "POST": A},
    "/account/phone": {"GET": A, "POST": A},
    "/account/phone/code": {"GET": A, "POST": A},
    "/account/phone/code/again": {"POST": A},
    "/account/languages": {"GET": A, "POST": A},
    "/account/email": {"GET": A, "POST": A},
    "/account/email/remove": {"POST": A},
    "/account/email/code": {"GET": A, "POST": A},
    "/account/email/code/again": {"POST": A},
    "/account/recovery-code": {"GET": A},
    "/account/recovery-code/new": {"GET": A, "POST": A},
    "/account/recovery-code/kept": {"POST": A},
    "/staff/sign-in": {"GET": N, "POST": N},
    "/staff": {"GET": S},
    "/staff/enrol": {"GET": N, "POST": N},
    "/staff/enrol/authenticator": {"GET": N, "POST": N},
    "/staff/audit": {"GET": S},
    "/staff/service": {"GET": S},
    "/staff/people": {"GET": S},
    "/staff/people/new": {"GET": S, "POST": S},
    "/staff/people/proposals/{reference}": {"GET": S, "POST": S},
    "/staff/people/{reference}": {"GET": S, "POST": S},
    "/staff/prove": {"GET": S, "POST": S},
    "/staff/phones": {"GET": S, "POST": S},
    "/staff/phones/code": {"GET": S, "POST": S},
    "/staff/phones/code/again": {"POST": S},
    "/staff/phones/{reference}": {"GET": S},
    "/staff/phones/{reference}/withdraw": {"POST": S},
    "/staff/phones/{reference}/witness": {"GET": S, "POST": S},
    "/staff/requests/{reference}": {"GET": S},
    "/staff/requests/{reference}/correction": {"GET": S, "POST": S},
    "/staff/requests/{reference}/correction/confirm": {"POST": S},
    "/staff/requests/{reference}/refusal": {"GET": S, "POST": S},
    "/staff/requests/{reference}/refusal/confirm": {"POST": S},
    "/staff/requests/{reference}/documents/{document}": {"GET": S},
    "/staff/models": {"GET": S},
    "/staff/models/{name}": {"GET": S},
    "/staff/models/propose": {"GET": S, "POST": S},
    "/staff/models/{name}/dry-run": {"POST": S},
    "/staff/models/{name}/file": {"GET": S},
    "/staff/models/{name}/approval": {"GET": S, "POST": S},
    "/staff/models/{name}/withdrawal": {"GET": S, "POST": S},
    "/staff/appointments": {"GET": S},
    "/staff/appointments/{reference}": {"GET": S},
    "/staff/appointments/{reference}/arrival": {"POST": S},
    "/staff/appointments/{reference}/refusal": {"POST": S},
    "/staff/appointments/{reference}/check": {"GET": S, "POST": S},
    "/staff/appointments/{reference}/time": {"GET": S, "POST": S},
    "/staff/appointments/{reference}/call-off": {"POST": S},
    "/staff/newcomers": {"GET": S, "POST": S},
    "/staff/newcomers/new": {"GET": S, "POST": S},
    "/staff/newcomers/code": {"GET": S, "POST": S},
    "/staff/newcomers/code/again": {"POST": S},
    "/staff/days/{day}": {"GET": S, "POST": S},
    "/staff/days/{day}/reopen": {"POST": S},
    "/staff/identity-checks/{reference}": {"GET": S},
    "/staff/identity-checks/{reference}/second": {"POST": S},
    "/staff/visits": {"GET": S, "POST": S},
    "/staff/visits/code": {"GET": S, "POST": S},
    "/staff/visits/code/again": {"POST": S},
    "/staff/visits/end": {"POST": S},
    "/staff/visits/{reference}": {"GET": S},
}


PAGES_OF_AN_INDEX = (
    "/simulator",
    "/household/index",
    "/household/coming-changes",
    "/household/sources",
    "/staff/models",
)
PARAMETER_TYPE = re.compile(r":[a-z]+\}")


class RightsMissing(Exception):
    """The rights table and the site map do not say the same."""


def audience(path_template: str, method: str) -> Audience:
    """Raises KeyError for a route that nobody reviewed. Which methods a page knows is no secret."""
    if method == "OPTIONS":
        return Audience.EVERYBODY
    return RIGHTS[route_name(path_template)]["GET" if method == "HEAD" else method]


def check_rights(app: Litestar, *, demonstration: bool, index: bool = True) -> None:
    """Raises `RightsMissing` unless the table covers exactly the routes of the portal.

    The pages of an index are reviewed, and left out where the country computes none.
    """
    routes = {
        (route_name(route.path), method)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method not in ("HEAD", "OPTIONS")
    }
    reviewed = {
        (path, method)
        for path, methods in RIGHTS.items()
        for method, who in methods.items()
        if (demonstration or who is not Audience.DEMONSTRATION)
        and (index or not path.startswith(PAGES_OF_AN_INDEX))
    }
    if unlike := sorted(routes ^ reviewed):
        raise RightsMissing(f"Routes and rights differ: {unlike}")


def route_name(path_template: str) -> str:
    """The path as the table writes it: without the language, and without the types of parameters."""
    path_template = PARAMETER_TYPE.sub("}", path_template)
    prefix = "/{language}"
    if path_template == prefix:
        return "/"
    if path_template.startswith(prefix + "/"):
        return path_template.removeprefix(prefix)
    return "!" + path_template
