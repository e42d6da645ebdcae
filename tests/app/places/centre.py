"""What a centre does for people without an appointment, and about appointments that it cannot keep."""

from __future__ import annotations

from typing import Final

from tests.app.places.place import Place, Step

NEWCOMER = "+212661234567"
NEWCOMER_ALONE = {
    "paper": "none",
    "given_name_ar": "بريكة",
    "birth_date_year": "1961",
    "gender": "female",
    "members": "1",
    "language": "zgh",
}
NEWCOMER_AT_DESK = Step("/staff/newcomers/new", {**NEWCOMER_ALONE, "phone": "0661234567"})

PLACES: Final[dict[str, Place]] = {
    "another time": Place(
        "officer",
        "/staff/appointments/{appointment}/time",
        {"time": "{free_time}"},
        "/staff/appointments/.+",
    ),
    "called off": Place(
        "officer", "/staff/appointments/{appointment}", {}, "/staff/appointments/.+", "/call-off"
    ),
    "day cleared": Place(
        "officer", "/staff/days/{free_day}", {"part": "whole_day", "handling": "move"}, "/staff/days/.+"
    ),
    "day reopened": Place("proposer", "/staff/days/{closed_day}", {}, "/staff/days/.+", "/reopen"),
    "newcomer with a reference": Place(
        "officer", "/staff/newcomers", {"newcomer_reference": "{returning}"}, "/staff/appointments/.+"
    ),
    "newcomer with an appointment": Place(
        "officer",
        None,
        {"instead": "yes"},
        "/staff/appointments/.+",
        before=(Step("/staff/newcomers", {"newcomer_reference": "{expected}"}),),
    ),
    "newcomer without a telephone": Place(
        "officer", "/staff/newcomers/new", NEWCOMER_ALONE, "/staff/appointments/.+"
    ),
    "newcomer code": Place(
        "officer",
        None,
        {"code": f"{{code:{NEWCOMER}}}"},
        "/staff/appointments/.+",
        before=(NEWCOMER_AT_DESK,),
    ),
    "newcomer code again": Place(
        "officer", None, {}, "/staff/newcomers/code", "/staff/newcomers/code/again", (NEWCOMER_AT_DESK,)
    ),
}
