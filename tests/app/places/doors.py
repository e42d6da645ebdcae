"""The ways in and out: claiming, signing in, signing out, recovering, and saying that it is not oneself."""

from __future__ import annotations

from typing import Final

from tests.app.places.place import NEW_PASSWORD, NOBODY, Place, Step

CLAIM = {
    "document_kind": "national_card",
    "document_number": "{newcomer_document}",
    "birth_date_day": "27",
    "birth_date_month": "3",
    "birth_date_year": "1984",
    "phone": "{newcomer_phone}",
}
CLAIMED = (Step("/claim", CLAIM), Step(None, {"code": "{code:newcomer}"}))
SIGN_IN = {"identifier": "{amal_identifier}", "password": "{password}", "shared_device": "no"}
RECOVERY = {"identifier": "{amal_identifier}", "recovery_code": "{amal_recovery_code}"}
AT_CENTRE = Step("/recovery/centre", {"identifier": "{touria_identifier}", "binding": "{bound}"})
NEW_OF_TOURIA = "{code:+212676543211}"
NOT_ME = Step("/not-me", {"phone": "{amal_phone}"})
NOT_CHANGED = Step("/not-me/change", {"reference": "{phone_change}"})

PLACES: Final[dict[str, Place]] = {
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
}
