"""What one changes of one's own account, and proving once more who one is."""

from __future__ import annotations

from typing import Final

from tests.app.places.place import NEW_PASSWORD, Place, Step

NEW_PHONE = Step("/account/phone", {"phone": "06 98 76 54 32"})
WAYS = Step("/account/prove/second", {}, "/account/prove/telephone")

PLACES: Final[dict[str, Place]] = {
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
}
