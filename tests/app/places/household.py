"""Members, sources, questions about the index, messages, and the simulator."""

from __future__ import annotations

from typing import Final

from tests.app.places.declaration import DECLARATION
from tests.app.places.place import NOBODY, Place, Step
from tests.app.town import PDF

RECOMPUTATION = "/household/recomputation"
ASKED = Step(
    f"{RECOMPUTATION}?line=U35",
    {"fact": "internet_mad", "proposed_value": "0", "words": "No subscription since January."},
)
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

PLACES: Final[dict[str, Place]] = {
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
}
