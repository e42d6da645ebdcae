"""What is asked about each member, and the forms that change who is in the household."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Any, Final

from pydantic import Field, ValidationInfo, create_model, field_validator

from app.forms.base import Answers
from app.forms.declaration import ANSWER_OF_MEMBER_FACT, PageAnswers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, refused, whole_number
from app.i18n.catalogues import mark as N_
from registry.facts import MAY_STAY_OPEN, ONLY_WITH, Relation

FIRST_BIRTH_YEAR: Final = 1900
LAST_BIRTH_YEAR: Final = 2100


@cache
def member_answers(asked: tuple[str, ...]) -> type[PageAnswers]:
    """The form of one member: every question that it asks has to be answered, save what a "no" makes idle."""
    fields: dict[str, Any] = {
        fact: (ANSWER_OF_MEMBER_FACT[fact], ...) for fact in asked if fact not in ONLY_WITH
    }
    following = [fact for fact in asked if fact in ONLY_WITH]
    fields |= {
        fact: (ANSWER_OF_MEMBER_FACT[fact] | None, Field(default=None, validate_default=True))
        for fact in following
    }
    validators: dict[str, Any] = {f"_{fact}": _only_with(fact) for fact in following}
    return create_model("MemberAnswers", __base__=PageAnswers, __validators__=validators, **fields)


def _only_with(fact: str) -> Any:
    """An answer that belongs to a "yes": forgotten after a "no", and missing after a "yes" where it is needed."""

    def check(value: Any, info: ValidationInfo) -> Any:
        if not info.data.get(ONLY_WITH[fact]):
            return None
        if value is None and fact not in MAY_STAY_OPEN:
            raise refused("missing")
        return value

    return field_validator(fact)(check)


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
        ("national", "missing"): N_("Say whether this person has the nationality of the country."),
        ("income", "missing"): N_("Say whether this person has an income."),
        ("spouse_income", "missing"): N_("Say whether the husband or wife of this person has an income."),
        ("unable_to_work", "missing"): N_("Say whether this person is unable to work."),
        ("lives_alone", "missing"): N_("Say whether this person lives alone, without a family."),
        ("woman_head_of_family", "missing"): N_("Say whether a woman is the head of this family."),
        ("in_institution", "missing"): N_("Say whether this person lives in an institution."),
        ("chronic_illness", "missing"): N_("Say whether this person is infirm or has a disabling illness."),
        ("special_needs_card", "missing"): N_("Say whether this person has the special-needs card."),
        ("card_rate", "missing"): N_("Write the rate that is on the card."),
        ("card_expires_on", "not_a_date"): N_("Write the date as day, month and year, such as 31/12/2027."),
        ("card_expires_on", "no_such_date"): N_("There is no such day. Read the date on the card again."),
        ("person_identifier", "missing"): N_("Write the identifier of this person."),
        ("person_identifier", "empty"): N_("Write the identifier of this person."),
        ("person_identifier", "not_digits"): N_("An identifier has digits only."),
        ("person_identifier", "too_short"): N_(
            "An identifier has %(digits)s digits: this number is too short."
        ),
        ("person_identifier", "too_long"): N_(
            "An identifier has %(digits)s digits: this number is too long."
        ),
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
