"""What is asked about each member, and the forms that change who is in the household."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Any, Final

from pydantic import create_model

from app.forms.base import Answers
from app.forms.declaration import ANSWER_OF_MEMBER_FACT, PageAnswers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, whole_number
from app.i18n.catalogues import mark as N_
from registry.facts import Relation

FIRST_BIRTH_YEAR: Final = 1900
LAST_BIRTH_YEAR: Final = 2100


@cache
def member_answers(asked: tuple[str, ...]) -> type[PageAnswers]:
    """The form of one member: every question that it asks has to be answered."""
    fields: dict[str, Any] = {fact: (ANSWER_OF_MEMBER_FACT[fact], ...) for fact in asked}
    return create_model("MemberAnswers", __base__=PageAnswers, **fields)


class Confirmation(Answers):
    """A page that only asks whether one is sure."""


class Reply(StrEnum):
    ACCEPT = "accept"
    REFUSE = "refuse"


class ReplyAnswers(Answers):
    reply: Reply


class ChildAnswers(Answers):
    person_identifier: Identifier


class InviteAnswers(Answers):
    """The birth year keeps a mistyped number from inviting somebody else."""

    person_identifier: Identifier
    # The doubted number that the page asked to read again: sent once more unchanged, it is right.
    read_again: Identifier | None = None
    birth_year: whole_number(FIRST_BIRTH_YEAR, LAST_BIRTH_YEAR)  # type: ignore[valid-type]
    relation: Relation


add_sentences(
    {
        ("schooling", "missing"): N_("Say whether this member goes to school."),
        ("education", "missing"): N_("Choose the level of education."),
        ("diploma", "missing"): N_("Choose the highest diploma."),
        ("literate", "missing"): N_("Say whether this member can read and write."),
        ("active", "missing"): N_("Say whether this member has work that earns money."),
        ("occupation", "missing"): N_("Choose the occupation."),
        ("health_cover", "missing"): N_("Choose the health cover."),
        ("person_identifier", "missing"): N_("Write the identifier of this person."),
        ("person_identifier", "empty"): N_("Write the identifier of this person."),
        ("person_identifier", "not_digits"): N_("An identifier has digits only."),
        ("person_identifier", "too_short"): N_("An identifier has ten digits: this number is too short."),
        ("person_identifier", "too_long"): N_("An identifier has ten digits: this number is too long."),
        ("person_identifier", "child_unavailable"): N_(
            "We could not add this child. Check the identifier. If it is right, ask a service centre for help."
        ),
        ("person_identifier", "already_member"): N_("This person is on the list of your household already."),
        ("person_identifier", "household_full"): N_(
            "The list of your household is full. Ask a service centre for help."
        ),
        ("person_identifier", "too_many_invitations"): N_(
            "You have sent many invitations today. Try again tomorrow."
        ),
        ("birth_year", "missing"): N_("Write the year in which this person was born."),
        ("birth_year", "not_adult"): N_("Only adults are invited. A child is added by a parent."),
        ("relation", "missing"): N_("Choose what this person is to you."),
        ("relation", "bad_relation"): N_(
            "This person cannot have this place in the household. Choose another one."
        ),
        ("reply", "missing"): N_("Choose to accept or to refuse."),
        ("reply", "already_in_household"): N_(
            "You are a member of another household. Leave it first, then accept the invitation."
        ),
        ("form", "head_cannot_leave"): N_(
            "You are the head of this household and others live in it. Ask a service centre to hand it over first."
        ),
    }
)
