"""Every form of the portal as somebody has it open: who, where, and answers that are right.

A new form belongs here: `test_every_form.py` fails for a POST route that no place reaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.app.declaring import ANFA, RURAL, URBAN, URBAN_HEAD
from tests.app.pages import Value
from tests.app.town import PDF

NOBODY: Final = ""
NEW_PASSWORD: Final = "sept figues sous la lune"


@dataclass(frozen=True)
class Step:
    """A form that is filled in on the way. Without a path it is on the page where one is already."""

    path: str | None
    answers: Mapping[str, Value] = field(default_factory=dict)
    action: str | None = None
    # Sent though the page does not offer it, as from a tab that is older than the last change.
    older: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """`to` is where the right answers lead (a pattern), or the status of the page that they are answered with."""

    who: str
    path: str | None
    answers: Mapping[str, Value]
    to: str | int
    action: str | None = None
    before: tuple[Step, ...] = ()
    # The form only asks for the next list of choices: nothing is checked, and nothing kept.
    only_shows: bool = False
    # Fields that are asked, or looked at, only once another one is right.
    follow: frozenset[str] = frozenset()


CLAIM = {
    "document_kind": "national_card",
    "document_number": "{newcomer_document}",
    "birth_date_day": "27",
    "birth_date_month": "3",
    "birth_date_year": "1984",
    "phone": "{newcomer_phone}",
}
PRE_REGISTRATION = {
    "paper": "residence_card",
    "given_name_latin": "Mariama",
    "birth_date_year": "1991",
    "gender": "female",
    "phone": "0661234567",
    "members": "2",
    "sms_language": "fr",
}
CLAIMED = (Step("/claim", CLAIM), Step(None, {"code": "{code:newcomer}"}))
SIGN_IN = {"identifier": "{amal_identifier}", "password": "{password}", "shared_device": "no"}
RECOVERY = {"identifier": "{amal_identifier}", "recovery_code": "{amal_recovery_code}"}
AT_CENTRE = Step("/recovery/centre", {"identifier": "{touria_identifier}", "binding": "{bound}"})
NEW_OF_TOURIA = "{code:+212676543211}"
NEW_PHONE = Step("/account/phone", {"phone": "06 98 76 54 32"})
WAYS = Step("/account/prove/second", {}, "/account/prove/telephone")
NOT_ME = Step("/not-me", {"phone": "{amal_phone}"})
NOT_CHANGED = Step("/not-me/change", {"reference": "{phone_change}"})
DECLARATION = "/household/declaration"
DRAFT = Step(f"{DECLARATION}/dwelling", {"rooms": "2"})
DOUBT = {**URBAN["spending"], "butane_mad": "0"}
RECOMPUTATION = "/household/recomputation"
ASKED = Step(
    f"{RECOMPUTATION}?line=U35",
    {"fact": "internet_mad", "proposed_value": "0", "words": "No subscription since January."},
)
REQUEST = "/staff/requests/{request}"
REASON = "The bill of February says sixty dirhams a month."
CORRECTION = Step(f"{REQUEST}/correction", {"internet_mad": "60", "decision_words": REASON})
REFUSAL = Step(f"{REQUEST}/refusal", {"decision_words": REASON})
VISIT = {"person_identifier": "{amal_identifier}", "purpose": "declaration"}
BINDING = {
    "document_kind": "national_card",
    "document_number": "AB123456",
    "new_phone": "06 98 76 54 33",
    "why": "lost",
    "document_seen": "yes",
}
BOUND = Step("/staff/phones", BINDING)
ENROL = Step("/staff/enrol", {"work_email": "samira@centre.example.ma", "enrolment_code": "{enrolment_code}"})
NEW_STAFF_PASSWORD: Final = "sept figues sous la lune de mai"
STAFF = {"email": "officer@centre.example.ma", "password": "{staff_password}", "totp": "{totp}"}
URBAN_ESTIMATE = {
    "head_age": "42",
    "education": "basic",
    "occupation": "other",
    "spouse": "yes",
    "rooms": "2",
    "meter": "individual",
    "water_mad": "100",
    "electricity_mad": "200.50",
}
RURAL_ESTIMATE = {
    "head_age": "42",
    "education": "none",
    "occupation": "farmer",
    "rooms": "2",
    "dwelling_type": "modern_house",
    "cows": "3",
    "R20": "1",
}

NEWCOMER = "+212661234567"
PRE_REGISTERED = (Step("/pre-registration", PRE_REGISTRATION), Step(None, {"code": f"{{code:{NEWCOMER}}}"}))
RETURN = Step("/pre-registration/return", {"pre_registration": "{appointed}", "phone": "{appointed_phone}"})
RETURNED = (RETURN, Step(None, {"code": "{code:{appointed_phone}}"}))

PLACES: Final[dict[str, Place]] = {
    "pre-registration": Place(NOBODY, "/pre-registration", PRE_REGISTRATION, "/pre-registration/code"),
    "pre-registration code": Place(
        NOBODY,
        None,
        {"code": f"{{code:{NEWCOMER}}}"},
        "/pre-registration/file",
        before=PRE_REGISTERED[:1],
    ),
    "pre-registration code again": Place(
        NOBODY,
        None,
        {},
        "/pre-registration/code",
        "/pre-registration/code/again",
        PRE_REGISTERED[:1],
    ),
    "pre-registration return": Place(NOBODY, RETURN.path, RETURN.answers, "/pre-registration/return/code"),
    "pre-registration return code": Place(
        NOBODY, None, RETURNED[1].answers, "/pre-registration/file", before=(RETURN,)
    ),
    "pre-registration return code again": Place(
        NOBODY,
        None,
        {},
        "/pre-registration/return/code",
        "/pre-registration/return/code/again",
        (RETURN,),
    ),
    "pre-registration leave": Place(
        NOBODY, None, {}, "/pre-registration/return", "/pre-registration/leave", RETURNED
    ),
    "appointment": Place(
        NOBODY,
        "/pre-registration/appointment?centre=06.141-1&at={free_time}",
        {},
        "/pre-registration/file",
        before=RETURNED,
    ),
    "appointment cancel": Place(
        NOBODY, "/pre-registration/cancel", {}, "/pre-registration/file", before=RETURNED
    ),
    "claim": Place(NOBODY, "/claim", CLAIM, "/claim/code"),
    "claim, national identity": Place(NOBODY, "/claim/national-identity", {}, 200),
    "claim code": Place(NOBODY, None, {"code": "{code:newcomer}"}, "/claim/account", before=CLAIMED[:1]),
    "claim code again": Place(NOBODY, None, {}, "/claim/code", "/claim/code/again", CLAIMED[:1]),
    "claim account": Place(
        NOBODY,
        None,
        {"new_password": NEW_PASSWORD, "language": "ar", "sms_language": "fr", "email": "zineb@example.ma"},
        "/claim/done",
        before=CLAIMED,
    ),
    "claim done": Place(
        NOBODY, None, {}, "/household", before=(*CLAIMED, Step(None, {"new_password": NEW_PASSWORD}))
    ),
    "sign in": Place(NOBODY, "/sign-in", SIGN_IN, "/sign-in/code"),
    "sign in, back to a page": Place(NOBODY, "/sign-in?next=/messages", SIGN_IN, "/sign-in/code"),
    "sign in code": Place(
        NOBODY, None, {"code": "{code:amal}"}, "/household", before=(Step("/sign-in", SIGN_IN),)
    ),
    "sign in code again": Place(
        NOBODY, None, {}, "/sign-in/code", "/sign-in/code/again", (Step("/sign-in", SIGN_IN),)
    ),
    "sign out": Place("amal", "/sign-out", {}, "/sign-out"),
    "recovery": Place(NOBODY, "/recovery", RECOVERY, "/recovery/code"),
    "recovery code": Place(
        NOBODY, None, {"code": "{code:amal}"}, "/recovery/password", before=(Step("/recovery", RECOVERY),)
    ),
    "recovery code again": Place(
        NOBODY, None, {}, "/recovery/code", "/recovery/code/again", (Step("/recovery", RECOVERY),)
    ),
    "recovery password": Place(
        NOBODY,
        None,
        {"new_password": NEW_PASSWORD},
        "/account/recovery-code",
        before=(Step("/recovery", RECOVERY), Step(None, {"code": "{code:amal}"})),
    ),
    "recovery by authenticator": Place(
        NOBODY,
        "/recovery/authenticator",
        {"code": "{totp}"},
        "/recovery/password",
        before=(Step("/recovery", RECOVERY),),
    ),
    "recovery, centre": Place(NOBODY, AT_CENTRE.path, AT_CENTRE.answers, "/recovery/centre/code"),
    "recovery, centre code": Place(
        NOBODY, None, {"code": NEW_OF_TOURIA}, "/recovery/centre/password", before=(AT_CENTRE,)
    ),
    "recovery, centre code again": Place(
        NOBODY, None, {}, "/recovery/centre/code", "/recovery/centre/code/again", (AT_CENTRE,)
    ),
    "recovery, centre password": Place(
        NOBODY,
        None,
        {"new_password": NEW_PASSWORD},
        "/household",
        before=(AT_CENTRE, Step(None, {"code": NEW_OF_TOURIA})),
    ),
    "account stay": Place("amal", "/account", {}, "/account", "/account/stay"),
    "account session end": Place("amal", "/account/sessions", {}, "/account/sessions", "/end"),
    "account sessions end": Place("amal", "/account/sessions", {}, "/account/sessions", "/end-others"),
    "account password": Place("amal", "/account/password", {"new_password": NEW_PASSWORD}, "/account"),
    "account phone": Place("amal", "/account/phone", NEW_PHONE.answers, "/account/phone/code"),
    "account phone code": Place(
        "amal", None, {"code": "{code:+212698765432}"}, "/account", before=(NEW_PHONE,)
    ),
    "account phone code again": Place(
        "amal", None, {}, "/account/phone/code", "/account/phone/code/again", (NEW_PHONE,)
    ),
    "account authenticator": Place(
        "amal", "/account/authenticator/new", {}, "/account/authenticator/confirm"
    ),
    "account authenticator confirm": Place(
        "amal",
        None,
        {"code": "{code of the key}"},
        "/account/authenticator",
        before=(Step("/account/authenticator/new"),),
    ),
    "account authenticator remove": Place(
        "amal", "/account/authenticator/remove", {}, "/account/authenticator"
    ),
    "account prove by authenticator": Place(
        "amal", "/account/prove/authenticator", {"code": "{totp}"}, "/account"
    ),
    "account prove by recovery code": Place(
        "amal",
        "/account/prove/recovery-code",
        {"recovery_code": "{amal_recovery_code}"},
        "/account/recovery-code",
    ),
    "account prove by telephone": Place("amal", WAYS.path, {}, "/account/prove/telephone/code", WAYS.action),
    "account prove by telephone, code": Place(
        "amal", None, {"code": "{code:amal}"}, "/account", before=(WAYS,)
    ),
    "account prove by telephone, code again": Place(
        "amal", None, {}, "/account/prove/telephone/code", "/account/prove/telephone/code/again", (WAYS,)
    ),
    "not me": Place(NOBODY, NOT_ME.path, NOT_ME.answers, "/not-me/code"),
    "not me code": Place(NOBODY, None, {"code": "{code:amal}"}, "/not-me/done", before=(NOT_ME,)),
    "not me code again": Place(NOBODY, None, {}, "/not-me/code", "/not-me/code/again", (NOT_ME,)),
    "not me, change": Place(NOBODY, NOT_CHANGED.path, NOT_CHANGED.answers, "/not-me/change/code"),
    "not me, change code": Place(
        NOBODY, None, {"code": "{code:malika}"}, "/not-me/change/done", before=(NOT_CHANGED,)
    ),
    "not me, change code again": Place(
        NOBODY, None, {}, "/not-me/change/code", "/not-me/change/code/again", (NOT_CHANGED,)
    ),
    "sign in by authenticator": Place(
        NOBODY,
        "/sign-in/authenticator",
        {"code": "{totp}"},
        "/household",
        before=(Step("/sign-in", SIGN_IN),),
    ),
    "sign in by recovery code": Place(
        NOBODY,
        "/sign-in/recovery-code",
        {"recovery_code": "{amal_recovery_code}"},
        "/account/recovery-code",
        before=(Step("/sign-in", SIGN_IN),),
    ),
    "account prove": Place("amal", "/account/prove", {"password": "{password}"}, "/account"),
    "account languages": Place(
        "amal", "/account/languages", {"language": "zgh", "sms_language": "ar"}, "/account"
    ),
    "account email": Place("amal", "/account/email", {"email": "amal2@example.ma"}, "/account/email/code"),
    "account email remove": Place("amal", "/account/email", {}, "/account", "/account/email/remove"),
    "account email code": Place(
        "amal",
        None,
        {"code": "{code:amal2@example.ma}"},
        "/account",
        before=(Step("/account/email", {"email": "amal2@example.ma"}),),
    ),
    "account email code again": Place(
        "amal",
        None,
        {},
        "/account/email/code",
        "/account/email/code/again",
        (Step("/account/email", {"email": "amal2@example.ma"}),),
    ),
    "account recovery code": Place("amal", "/account/recovery-code/new", {}, "/account/recovery-code"),
    "account recovery code kept": Place(
        "amal",
        None,
        {},
        "/account",
        "/account/recovery-code/kept",
        (Step("/account/recovery-code/new"),),
    ),
    "address, region": Place("amal", f"{DECLARATION}/address", {"region": "06"}, 200, only_shows=True),
    "address": Place(
        "amal",
        None,
        {"commune": ANFA["commune"], "district": "Derb Omar"},
        f"{DECLARATION}/dwelling",
        follow=frozenset({"province", "commune"}),
        before=(
            Step(f"{DECLARATION}/address", {"region": ANFA["region"]}),
            Step(None, {"province": ANFA["province"]}),
        ),
    ),
    "dwelling, urban": Place("hassan", f"{DECLARATION}/dwelling", URBAN["dwelling"], f"{DECLARATION}/.+"),
    "equipment, urban": Place("hassan", f"{DECLARATION}/equipment", URBAN["equipment"], f"{DECLARATION}/.+"),
    "spending, urban": Place("hassan", f"{DECLARATION}/spending", URBAN["spending"], f"{DECLARATION}/.+"),
    "spending, doubted": Place(
        "hassan",
        None,
        {},
        f"{DECLARATION}/.+",
        before=(Step(f"{DECLARATION}/spending", DOUBT),),
    ),
    "property, urban": Place("hassan", f"{DECLARATION}/property", URBAN["property"], f"{DECLARATION}/.+"),
    "dwelling, rural": Place("brahim", f"{DECLARATION}/dwelling", RURAL["dwelling"], f"{DECLARATION}/.+"),
    "equipment, rural": Place("brahim", f"{DECLARATION}/equipment", RURAL["equipment"], f"{DECLARATION}/.+"),
    "spending, rural": Place("brahim", f"{DECLARATION}/spending", RURAL["spending"], f"{DECLARATION}/.+"),
    "property, rural": Place("brahim", f"{DECLARATION}/property", RURAL["property"], f"{DECLARATION}/.+"),
    "changed in another tab": Place(
        "hassan",
        None,
        {},
        f"{DECLARATION}/.+",
        before=(
            Step(
                f"{DECLARATION}/property",
                {**URBAN["property"], "garage": "yes"},
                older={"seen": "0" * 16},
            ),
        ),
    ),
    "head of household": Place("hassan", f"{DECLARATION}/members/head", URBAN_HEAD, f"{DECLARATION}/members"),
    "member": Place("hassan", f"{DECLARATION}/members/{{member}}", {}, f"{DECLARATION}/members"),
    "check": Place("hassan", f"{DECLARATION}/check", {}, f"{DECLARATION}/receipts/.+", before=(DRAFT,)),
    "check, from a visit": Place(
        "visiting", f"{DECLARATION}/check", {}, f"{DECLARATION}/receipts/.+", before=(DRAFT,)
    ),
    "discard": Place("hassan", f"{DECLARATION}/discard", {}, DECLARATION, before=(DRAFT,)),
    "child": Place(
        "said",
        "/household/members/children",
        {"person_identifier": "{newborn_identifier}"},
        "/household/members",
    ),
    "invite": Place(
        "amal",
        "/household/members/invite",
        {"person_identifier": "{guest_identifier}", "birth_year": "1984", "relation": "spouse"},
        "/household/members",
    ),
    "withdraw": Place("said", "/household/members/{pending}/withdraw", {}, "/household/members"),
    "remove": Place("said", "/household/members/{child}/remove", {}, "/household/members"),
    "source": Place("hassan", "/household/sources", {}, f"{DECLARATION}/receipts/.+"),
    "leave": Place("fatima", "/household/leave", {}, "/household"),
    "invitation": Place(
        "samira", "/household/invitations/{pending}", {"reply": "accept"}, "/household/members"
    ),
    "invitation refused": Place(
        "samira", "/household/invitations/{pending}", {"reply": "refuse"}, "/household"
    ),
    "recomputation": Place(
        "hassan", ASKED.path, ASKED.answers, 200, follow=frozenset({"line", "fact", "proposed_value"})
    ),
    "recomputation, a new fact": Place(
        "hassan",
        RECOMPUTATION,
        {"reason": "new_fact", "words": "My work has ended."},
        200,
        follow=frozenset({"line"}),
    ),
    "recomputation, change": Place("hassan", None, {}, 200, f"{RECOMPUTATION}/check", (ASKED,)),
    "recomputation, send": Place(
        "hassan",
        None,
        {"document": ("bill.pdf", PDF, "application/pdf")},
        f"{RECOMPUTATION}/receipts/.+",
        RECOMPUTATION,
        (ASKED,),
    ),
    "messages read": Place("hassan", "/messages", {}, "/messages", "/messages/read"),
    "simulator, urban": Place(NOBODY, "/simulator?zone=urban&region=06", URBAN_ESTIMATE, 200),
    "simulator, rural": Place("hassan", "/simulator?zone=rural&region=03", RURAL_ESTIMATE, 200),
    "staff sign in": Place(NOBODY, "/staff/sign-in", STAFF, "/staff"),
    "visits": Place("officer", "/staff/visits", VISIT, "/staff/visits/code"),
    "visit code": Place(
        "officer", None, {"code": "{code:amal}"}, "/household", before=(Step("/staff/visits", VISIT),)
    ),
    "visit code again": Place(
        "officer",
        None,
        {},
        "/staff/visits/code",
        "/staff/visits/code/again",
        (Step("/staff/visits", VISIT),),
    ),
    "people, new": Place(
        "administrator",
        "/staff/people/new",
        {
            "work_email": "hind@centre.example.ma",
            "name_ar": "هند",
            "name_latin": "Hind Alaoui",
            "person_identifier": "{newcomer_identifier}",
            "role": "agent",
            "centre_code": "06.141-1",
        },
        "/staff/people/proposals/.+",
    ),
    "people, approve": Place(
        "administrator",
        "/staff/people/proposals/{proposal}",
        {"decision": "approve"},
        "/staff/people/proposals/.+",
    ),
    "people, refuse": Place(
        "administrator",
        "/staff/people/proposals/{proposal}",
        {"decision": "refuse"},
        "/staff/people/proposals/.+",
    ),
    "people, end": Place(
        "administrator", "/staff/people/{colleague}", {"officer_act": "disable"}, "/staff/people/.+"
    ),
    "enrol": Place(NOBODY, ENROL.path, ENROL.answers, "/staff/enrol/authenticator"),
    "enrol, secrets": Place(
        NOBODY,
        None,
        {"new_password": NEW_STAFF_PASSWORD, "totp": "{code of the key}"},
        "/staff/sign-in",
        before=(ENROL,),
    ),
    "staff prove": Place("officer", "/staff/prove", {"code": "{totp}"}, "/staff"),
    "phones": Place("officer", "/staff/phones", BINDING, "/staff/phones/code"),
    "phones code": Place(
        "officer", None, {"code": "{code:+212698765433}"}, "/staff/phones/.+", before=(BOUND,)
    ),
    "phones code again": Place(
        "officer", None, {}, "/staff/phones/code", "/staff/phones/code/again", (BOUND,)
    ),
    "phones withdraw": Place("officer", "/staff/phones/{binding}", {}, "/staff/phones/.+", "/withdraw"),
    "phones witness": Place(
        "visiting",
        "/staff/phones/{binding}/witness",
        {"document_seen": "yes", "confirmation": "confirm"},
        "/staff/phones/.+",
    ),
    "phones witness refuses": Place(
        "visiting", "/staff/phones/{binding}/witness", {"confirmation": "refuse"}, "/staff/phones/.+"
    ),
    "visit end": Place("visiting", "/household", {}, "/staff/visits/.+", "/staff/visits/end"),
    "correction": Place("officer", CORRECTION.path, CORRECTION.answers, 200),
    "correction, confirm": Place("officer", None, {}, REQUEST, "/correction/confirm", (CORRECTION,)),
    "refusal": Place("officer", REFUSAL.path, REFUSAL.answers, 200),
    "refusal, confirm": Place("officer", None, {}, REQUEST, "/refusal/confirm", (REFUSAL,)),
    "model approval": Place(
        "administrator", "/staff/models/{model}/approval", {"totp": "{totp}"}, "/staff/models/{model}"
    ),
    "model withdrawal": Place(
        "administrator", "/staff/models/{model}/withdrawal", {"totp": "{totp}"}, "/staff/models/{model}"
    ),
    "arrival": Place(
        "officer", "/staff/appointments/{appointment}", {}, "/staff/appointments/.+", "/arrival"
    ),
    "turned away": Place(
        "officer",
        "/staff/appointments/{present}",
        {"refusal": "not_proven"},
        "/staff/appointments",
        "/refusal",
    ),
    "identity check": Place(
        "officer",
        "/staff/appointments/{present}/check",
        {"paper_number": "ZR045678", "given_name_ar": "بينتو", "family_name_ar": "كمارا"},
        "/staff/identity-checks/.+",
    ),
    "identity check, second officer": Place(
        "officer",
        "/staff/identity-checks/{check}",
        {"confirmed": "yes"},
        "/staff/identity-checks/.+",
        "/second",
    ),
}
