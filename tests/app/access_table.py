"""Who gets what from each route: read beside `app/rights.py`, and changed only by somebody who has thought about it.

A row says for each of the VISITORS what the route answers:
  ok    its page, its file, or wherever its handler leads
  door  303 to the citizens' sign-in          desk  303 to the officers' sign-in
  no    403, with the way out                 none  404, the same as for what does not exist
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# `owner` is the citizen whose file the address names, or any; `other` is a citizen of another household. `officer`
# works in the centre of the request, `elsewhere` in another one. `visiting` is an officer during Hassan's visit.
VISITORS: Final = (
    "nobody",
    "owner",
    "other",
    "officer",
    "elsewhere",
    "visiting",
    "auditor",
    "administrator",
    "locked",
    "dismissed",
)
# Where everybody is answered alike, these say enough.
ANYBODY: Final = frozenset({"nobody", "owner", "visiting", "dismissed"})
OWNER, OTHER = "hassan", "brahim"
OFFICERS: Final = frozenset({"officer", "elsewhere", "visiting", "auditor", "administrator"})

#            nobody owner other officer elsewhere visiting auditor administrator locked dismissed
EVERYBODY = "ok     ok    ok    ok      ok        ok       ok      ok            ok     ok"
CITIZEN = "  door   ok    ok    no      no        ok       no      no            door   door"
OF_HASSAN = "door   ok    none  no      no        ok       no      no            door   door"
OF_OTHERS = "door   ok    none  no      no        none     no      no            door   door"
ALONE = "    door   ok    ok    no      no        no       no      no            door   door"
STAFF = "    desk   desk  desk  ok      ok        ok       ok      ok            desk   desk"
VISITS = "   desk   desk  desk  ok      ok        ok       no      no            desk   desk"
BINDS = "    desk   desk  desk  ok      none      ok       no      no            desk   desk"
WITNESS = "  desk   desk  desk  no      none      ok       no      no            desk   desk"
WITHDRAWS = "desk   desk  desk  ok      none      none     no      no            desk   desk"
PEOPLE = "   desk   desk  desk  no      no        no       no      ok            desk   desk"
AUDITS = "   desk   desk  desk  no      no        no       ok       no            desk   desk"
OWN_VISIT = "desk   desk  desk  ok      none      none     none    none          desk   desk"
READS = "    desk   desk  desk  ok      none      ok       ok      no            desk   desk"
MODELS = "   desk   desk  desk  no      no        no       ok      ok            desk   desk"
APPROVES = " desk   desk  desk  no      no        no       no      ok            desk   desk"
DECIDES = "  desk   desk  desk  ok      none      ok       no      no            desk   desk"

# A centre's day is opened again by its supervisor, who is none of these.
REOPENS = "  desk   desk  desk  no      no        no       no      no            desk   desk"
# The second officer is not the first, who is the one in a visit.
SECONDS = "  desk   desk  desk  ok      none      no       no      no            desk   desk"
RECEIVES = " desk   desk  desk  ok      none      ok       no      no            desk   desk"


@dataclass(frozen=True)
class Access:
    """`path` has the words of the town; `owner` is whose file it is."""

    get: str = ""
    post: str = ""
    path: str = ""
    owner: str = OWNER


ACCESS: Final[dict[str, Access]] = {
    "!/": Access(get=EVERYBODY),
    "!/health": Access(get=EVERYBODY),
    "!/ready": Access(get=EVERYBODY),
    "!/static/{file_path}": Access(get=EVERYBODY, path="{stylesheet}"),
    "!/favicon.ico": Access(get=EVERYBODY),
    "!/robots.txt": Access(get=EVERYBODY),
    "!/national-identity/return": Access(get=EVERYBODY),
    "!/demo": Access(get=EVERYBODY),
    "!/demo/people.json": Access(get=EVERYBODY),
    "!/demo/staff.json": Access(get=EVERYBODY),
    "!/demo/messages.json": Access(get=EVERYBODY),
    "/": Access(get=EVERYBODY),
    "/demo": Access(get=EVERYBODY),
    "/help": Access(get=EVERYBODY),
    "/help/lost": Access(get=EVERYBODY),
    "/privacy": Access(get=EVERYBODY),
    "/accessibility": Access(get=EVERYBODY),
    "/centres": Access(get=EVERYBODY),
    "/simulator": Access(get=EVERYBODY, post=EVERYBODY),
    "/claim": Access(get=EVERYBODY, post=EVERYBODY),
    "/claim/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/claim/code/again": Access(post=EVERYBODY),
    "/claim/account": Access(get=EVERYBODY, post=EVERYBODY),
    "/claim/national-identity": Access(get=EVERYBODY, post=EVERYBODY),
    "/claim/national-identity/refused": Access(get=EVERYBODY),
    "/claim/done": Access(get=ALONE, post=ALONE),
    "/pre-registration": Access(get=EVERYBODY, post=EVERYBODY),
    "/pre-registration/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/pre-registration/code/again": Access(post=EVERYBODY),
    "/pre-registration/return": Access(get=EVERYBODY, post=EVERYBODY),
    "/pre-registration/return/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/pre-registration/return/code/again": Access(post=EVERYBODY),
    "/pre-registration/file": Access(get=EVERYBODY),
    "/pre-registration/leave": Access(post=EVERYBODY),
    "/pre-registration/appointment": Access(get=EVERYBODY, post=EVERYBODY),
    "/pre-registration/cancel": Access(get=EVERYBODY, post=EVERYBODY),
    "/sign-in": Access(get=EVERYBODY, post=EVERYBODY),
    "/sign-in/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/sign-in/code/again": Access(post=EVERYBODY),
    "/sign-in/authenticator": Access(get=EVERYBODY, post=EVERYBODY),
    "/sign-in/recovery-code": Access(get=EVERYBODY, post=EVERYBODY),
    "/not-me": Access(get=EVERYBODY, post=EVERYBODY),
    "/not-me/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/not-me/code/again": Access(post=EVERYBODY),
    "/not-me/done": Access(get=EVERYBODY),
    "/not-me/change": Access(get=EVERYBODY, post=EVERYBODY),
    "/not-me/change/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/not-me/change/code/again": Access(post=EVERYBODY),
    "/not-me/change/done": Access(get=EVERYBODY),
    "/sign-out": Access(get=EVERYBODY, post=EVERYBODY),
    "/recovery": Access(get=EVERYBODY, post=EVERYBODY),
    "/recovery/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/recovery/code/again": Access(post=EVERYBODY),
    "/recovery/password": Access(get=EVERYBODY, post=EVERYBODY),
    "/recovery/authenticator": Access(get=EVERYBODY, post=EVERYBODY),
    "/recovery/centre": Access(get=EVERYBODY, post=EVERYBODY),
    "/recovery/centre/code": Access(get=EVERYBODY, post=EVERYBODY),
    "/recovery/centre/code/again": Access(post=EVERYBODY),
    "/recovery/centre/password": Access(get=EVERYBODY, post=EVERYBODY),
    "/account": Access(get=ALONE),
    "/account/stay": Access(post=ALONE),
    "/account/prove": Access(get=ALONE, post=ALONE),
    "/account/languages": Access(get=ALONE, post=ALONE),
    "/account/email": Access(get=ALONE, post=ALONE),
    "/account/email/remove": Access(post=ALONE),
    "/account/email/code": Access(get=ALONE, post=ALONE),
    "/account/email/code/again": Access(post=ALONE),
    "/account/sessions": Access(get=ALONE),
    "/account/sessions/end-others": Access(post=ALONE),
    # Somebody else's session is not ended, and the answer is the same.
    "/account/sessions/{reference}/end": Access(
        post=ALONE, path="/account/sessions/{session}/end", owner="amal"
    ),
    "/account/recovery-code": Access(get=ALONE),
    "/account/recovery-code/new": Access(get=ALONE, post=ALONE),
    "/account/password": Access(get=ALONE, post=ALONE),
    "/account/phone": Access(get=ALONE, post=ALONE),
    "/account/phone/code": Access(get=ALONE, post=ALONE),
    "/account/phone/code/again": Access(post=ALONE),
    "/account/authenticator": Access(get=ALONE),
    "/account/authenticator/new": Access(get=ALONE, post=ALONE),
    "/account/authenticator/confirm": Access(get=ALONE, post=ALONE),
    "/account/authenticator/remove": Access(get=ALONE, post=ALONE),
    "/account/prove/second": Access(get=ALONE),
    "/account/prove/authenticator": Access(get=ALONE, post=ALONE),
    "/account/prove/recovery-code": Access(get=ALONE, post=ALONE),
    "/account/prove/telephone": Access(post=ALONE),
    "/account/prove/telephone/code": Access(get=ALONE, post=ALONE),
    "/account/prove/telephone/code/again": Access(post=ALONE),
    "/account/recovery-code/kept": Access(post=ALONE),
    "/household": Access(get=CITIZEN),
    "/household/index": Access(get=CITIZEN),
    "/household/index/comparison": Access(get=CITIZEN),
    "/household/index/outlook": Access(get=CITIZEN),
    "/household/index/sum": Access(get=CITIZEN),
    "/household/coming-changes": Access(get=CITIZEN),
    "/household/declaration": Access(get=CITIZEN),
    "/household/declaration/discard": Access(get=CITIZEN, post=CITIZEN),
    "/household/declaration/address": Access(get=CITIZEN, post=CITIZEN),
    "/household/declaration/dwelling": Access(get=CITIZEN, post=CITIZEN),
    "/household/declaration/equipment": Access(get=CITIZEN, post=CITIZEN),
    "/household/declaration/spending": Access(get=CITIZEN, post=CITIZEN),
    "/household/declaration/property": Access(get=CITIZEN, post=CITIZEN),
    "/household/declaration/members": Access(get=CITIZEN),
    "/household/declaration/members/{key}": Access(
        get=OF_HASSAN, post=OF_HASSAN, path="/household/declaration/members/{member}"
    ),
    "/household/declaration/check": Access(get=CITIZEN, post=CITIZEN),
    "/household/declaration/receipts/{reference}": Access(
        get=OF_HASSAN, path="/household/declaration/receipts/{receipt}"
    ),
    "/household/members": Access(get=CITIZEN),
    "/household/members/children": Access(get=CITIZEN, post=CITIZEN),
    "/household/members/invite": Access(get=CITIZEN, post=CITIZEN),
    "/household/members/{reference}/withdraw": Access(
        get=OF_OTHERS, post=OF_OTHERS, path="/household/members/{pending}/withdraw", owner="said"
    ),
    "/household/members/{reference}/remove": Access(
        get=OF_OTHERS, post=OF_OTHERS, path="/household/members/{child}/remove", owner="said"
    ),
    "/household/sources": Access(get=CITIZEN),
    "/household/sources/{reference}": Access(
        get=OF_HASSAN, post=OF_HASSAN, path="/household/sources/{contradiction}"
    ),
    "/household/leave": Access(get=CITIZEN, post=CITIZEN, owner="fatima"),
    "/household/invitations": Access(get=CITIZEN),
    "/household/invitations/{reference}": Access(
        get=OF_OTHERS, post=OF_OTHERS, path="/household/invitations/{pending}", owner="samira"
    ),
    "/household/recomputation": Access(get=CITIZEN, post=CITIZEN),
    "/household/recomputation/check": Access(post=CITIZEN),
    "/household/recomputation/receipts/{reference}": Access(
        get=OF_OTHERS, path="/household/recomputation/receipts/{request}", owner="driss"
    ),
    "/messages": Access(get=CITIZEN),
    "/messages/read": Access(post=ALONE),
    "/staff/sign-in": Access(get=EVERYBODY, post=EVERYBODY),
    "/staff": Access(get=STAFF),
    "/staff/enrol": Access(get=EVERYBODY, post=EVERYBODY),
    "/staff/enrol/authenticator": Access(get=EVERYBODY, post=EVERYBODY),
    "/staff/audit": Access(get=AUDITS),
    "/staff/service": Access(get=PEOPLE),
    "/staff/people": Access(get=PEOPLE),
    "/staff/people/new": Access(get=PEOPLE, post=PEOPLE),
    "/staff/people/proposals/{reference}": Access(
        get=PEOPLE, post=PEOPLE, path="/staff/people/proposals/{proposal}"
    ),
    "/staff/people/{reference}": Access(get=PEOPLE, post=PEOPLE, path="/staff/people/{colleague}"),
    "/staff/prove": Access(get=STAFF, post=STAFF),
    "/staff/phones": Access(get=STAFF, post=VISITS),
    "/staff/phones/code": Access(get=STAFF, post=STAFF),
    "/staff/phones/code/again": Access(post=STAFF),
    "/staff/phones/{reference}": Access(get=BINDS, path="/staff/phones/{binding}"),
    "/staff/phones/{reference}/withdraw": Access(post=WITHDRAWS, path="/staff/phones/{binding}/withdraw"),
    "/staff/phones/{reference}/witness": Access(
        get=BINDS, post=WITNESS, path="/staff/phones/{binding}/witness"
    ),
    "/staff/requests/{reference}": Access(get=READS, path="/staff/requests/{request}"),
    "/staff/requests/{reference}/correction": Access(
        get=DECIDES, post=DECIDES, path="/staff/requests/{request}/correction"
    ),
    "/staff/requests/{reference}/correction/confirm": Access(
        post=STAFF, path="/staff/requests/{request}/correction/confirm"
    ),
    "/staff/requests/{reference}/refusal": Access(
        get=DECIDES, post=DECIDES, path="/staff/requests/{request}/refusal"
    ),
    "/staff/requests/{reference}/refusal/confirm": Access(
        post=STAFF, path="/staff/requests/{request}/refusal/confirm"
    ),
    "/staff/requests/{reference}/documents/{document}": Access(
        get=READS, path="/staff/requests/{request}/documents/{document}"
    ),
    "/staff/models": Access(get=MODELS),
    "/staff/models/{name}": Access(get=MODELS, path="/staff/models/{model}"),
    "/staff/models/propose": Access(get=APPROVES, post=APPROVES),
    "/staff/models/{name}/dry-run": Access(post=APPROVES, path="/staff/models/{model}/dry-run"),
    "/staff/models/{name}/file": Access(get=MODELS, path="/staff/models/{model}/file"),
    "/staff/models/{name}/approval": Access(
        get=APPROVES, post=APPROVES, path="/staff/models/{model}/approval"
    ),
    "/staff/models/{name}/withdrawal": Access(
        get=APPROVES, post=APPROVES, path="/staff/models/{model}/withdrawal"
    ),
    "/staff/appointments": Access(get=VISITS),
    "/staff/appointments/{reference}": Access(get=RECEIVES, path="/staff/appointments/{appointment}"),
    "/staff/appointments/{reference}/arrival": Access(
        post=RECEIVES, path="/staff/appointments/{appointment}/arrival"
    ),
    "/staff/appointments/{reference}/refusal": Access(
        post=RECEIVES, path="/staff/appointments/{appointment}/refusal"
    ),
    "/staff/appointments/{reference}/check": Access(
        get=RECEIVES, post=RECEIVES, path="/staff/appointments/{appointment}/check"
    ),
    "/staff/appointments/{reference}/time": Access(
        get=RECEIVES, post=RECEIVES, path="/staff/appointments/{appointment}/time"
    ),
    "/staff/appointments/{reference}/call-off": Access(
        post=RECEIVES, path="/staff/appointments/{appointment}/call-off"
    ),
    "/staff/newcomers": Access(get=VISITS, post=VISITS),
    "/staff/newcomers/new": Access(get=VISITS, post=VISITS),
    "/staff/newcomers/code": Access(get=STAFF, post=STAFF),
    "/staff/newcomers/code/again": Access(post=STAFF),
    "/staff/days/{day}": Access(get=VISITS, post=VISITS, path="/staff/days/{free_day}"),
    "/staff/days/{day}/reopen": Access(post=REOPENS, path="/staff/days/{closed_day}/reopen"),
    "/staff/identity-checks/{reference}": Access(get=RECEIVES, path="/staff/identity-checks/{check}"),
    "/staff/identity-checks/{reference}/second": Access(
        post=SECONDS, path="/staff/identity-checks/{check}/second"
    ),
    "/staff/visits": Access(get=STAFF, post=VISITS),
    "/staff/visits/code": Access(get=STAFF, post=STAFF),
    "/staff/visits/code/again": Access(post=STAFF),
    "/staff/visits/end": Access(post=STAFF),
    "/staff/visits/{reference}": Access(get=OWN_VISIT, path="/staff/visits/{visit}"),
}
