"""The declaration of a household, step by step."""

from __future__ import annotations

from typing import Final

from tests.app.declaring import ANFA, RURAL, URBAN, URBAN_HEAD
from tests.app.places.place import Place, Step

DECLARATION = "/household/declaration"
DRAFT = Step(f"{DECLARATION}/dwelling", {"rooms": "2"})
DOUBT = {**URBAN["spending"], "butane_mad": "0"}

PLACES: Final[dict[str, Place]] = {
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
}
