"""Before one has an account: asking for one's place, coming back to it, and an appointment."""

from __future__ import annotations

from typing import Final

from tests.app.places.place import NOBODY, Place, Step

PRE_REGISTRATION = {
    "paper": "residence_card",
    "given_name_latin": "Mariama",
    "birth_date_year": "1991",
    "gender": "female",
    "phone": "0661234567",
    "members": "2",
    "sms_language": "fr",
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
}
