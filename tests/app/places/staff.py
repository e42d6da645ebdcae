"""What officers do: visits, telephones, decisions, colleagues, models, appointments."""

from __future__ import annotations

import json
from typing import Final

from tests.app.places.place import NOBODY, Place, Step
from tests.registry.test_model_files import next_asd

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

PLACES: Final[dict[str, Place]] = {
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
    "model proposal": Place(
        "administrator",
        "/staff/models/propose",
        {"model_file": ("asd.json", json.dumps(next_asd()).encode(), "application/json")},
        "/staff/models/asd-2027-01-01",
    ),
    "model trial": Place("administrator", "/staff/models/{model}", {}, "/staff/models/{model}", "/dry-run"),
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
        "/staff/appointments/.+",
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
