"""What is asked about each member, and the forms that change who is in the household."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal

from pydantic import create_model

from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, YesNo
from app.i18n.catalogues import mark as N_
from registry.facts import Diploma, Education, HealthCover, Occupation, Schooling, Zone
from registry.members import ADULT_AGE, Member
from registry.variables import questions

ANSWER_OF_FACT: Final[Mapping[str, Any]] = {
    "schooling": Schooling,
    "education": Education,
    "diploma": Diploma,
    "literate": YesNo,
    "active": YesNo,
    "occupation": Occupation,
    "health_cover": HealthCover,
}


def asked_of(member: Member, zone: Zone) -> tuple[str, ...]:
    """The facts asked of a member. Of an invited adult the age is not known here before the answer."""
    age = member.person.age if member.person else ADULT_AGE
    return questions(zone).of_member(member.relation, age)


@cache
def member_answers(asked: tuple[str, ...]) -> type[Answers]:
    """The form of one member: every question that it asks has to be answered."""
    fields: dict[str, Any] = {fact: (ANSWER_OF_FACT[fact], ...) for fact in asked}
    return create_model("MemberAnswers", __base__=Answers, **fields)


class Confirmation(Answers):
    """A page that only asks whether one is sure."""


class Reply(StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"


class ReplyAnswers(Answers):
    reply: Reply


class ChildAnswers(Answers):
    identifier: Identifier


add_sentences(
    {
        ("schooling", "missing"): N_("Say whether this member goes to school."),
        ("education", "missing"): N_("Choose the level of education."),
        ("diploma", "missing"): N_("Choose the highest diploma."),
        ("literate", "missing"): N_("Say whether this member can read and write."),
        ("active", "missing"): N_("Say whether this member has work that earns money."),
        ("occupation", "missing"): N_("Choose the occupation."),
        ("health_cover", "missing"): N_("Choose the health cover."),
        ("relation", "missing"): N_("Choose what this person is to you."),
        ("reply", "missing"): N_("Choose to accept or to refuse."),
    }
)
