"""What a centre does about appointments that it cannot keep: another time for one person, or a whole day cleared."""

from __future__ import annotations

from enum import StrEnum

from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import YesNo, text
from app.i18n.catalogues import mark as N_
from registry.appointments.tables import DayPart


class Handling(StrEnum):
    MOVE = "move"
    CALL_OFF = "call_off"


class TimeAnswers(Answers):
    time: text(20)  # type: ignore[valid-type]


class ClearAnswers(Answers):
    part: DayPart
    handling: Handling
    closed: YesNo = False


add_sentences(
    {
        ("time", "missing"): N_("Choose one of the free times."),
        ("time", "slot_taken"): N_("This time has just been taken. Nothing was changed: choose another one."),
        ("time", "not_bookable"): N_("This time can no longer be booked. Choose another one."),
        ("part", "missing"): N_("Choose the whole day, the morning or the afternoon."),
        ("handling", "missing"): N_("Say what becomes of these appointments."),
    }
)
