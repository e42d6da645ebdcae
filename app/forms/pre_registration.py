"""What somebody who is not in the register yet is asked at home, and to come back to it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import BeforeValidator, field_validator

from app.forms import birth_dates  # noqa: F401  the words of their errors
from app.forms.base import Answers, Form
from app.forms.errors import add_sentences
from app.forms.fields import (
    BirthDay,
    BirthMonth,
    BirthYear,
    Email,
    Language,
    Phone,
    YesNo,
    birth_date,
    one_of,
    refused,
    text,
    whole_number,
)
from app.forms.names import NameAnswers
from app.i18n.catalogues import mark as N_
from identity.people.numbers import InvalidNumber
from identity.people.partial_date import PartialDate
from identity.people.tables import Gender
from registry.appointments.papers import papers
from registry.appointments.pre_registrations import Applicant, parse_reference
from registry.appointments.tables import Paper

MOST_MEMBERS = 20


def _reference(value: Any) -> str:
    try:
        return parse_reference(str(value))
    except InvalidNumber:
        raise refused("invalid") from None


class ApplicantAnswers(NameAnswers):
    """What is asked of somebody at home and at a centre alike."""

    paper: Annotated[Paper, one_of(papers)]
    birth_date_day: BirthDay | None = None
    birth_date_month: BirthMonth | None = None
    birth_date_year: BirthYear
    gender: Gender
    members: whole_number(1, MOST_MEMBERS)  # type: ignore[valid-type]

    _date_exists = field_validator("birth_date_year")(birth_date)

    @property
    def born(self) -> PartialDate:
        return PartialDate(self.birth_date_year, self.birth_date_month, self.birth_date_day)


class PreRegistrationAnswers(ApplicantAnswers):
    phone: Phone
    sms_language: Language
    email: Email | None = None

    def applicant(self, language: str) -> Applicant:
        return Applicant(
            paper=self.paper,
            name=self.name,
            birth_date=self.born,
            gender=self.gender,
            phone=self.phone,
            email=self.email,
            members=self.members,
            language=language,
            sms_language=self.sms_language,
        )


class NewcomerAnswers(ApplicantAnswers):
    """Typed by an officer for somebody at the counter, who may have no telephone; one language is enough there."""

    phone: Phone | None = None
    language: Language

    @property
    def applicant(self) -> Applicant:
        return Applicant(
            paper=self.paper,
            name=self.name,
            birth_date=self.born,
            gender=self.gender,
            phone=self.phone,
            email=None,
            members=self.members,
            language=self.language,
            sms_language=self.language,
        )


class ReferenceAnswers(Answers):
    """`instead`: an appointment on another day or in another centre is given back."""

    newcomer_reference: Annotated[str, BeforeValidator(_reference)]
    instead: YesNo = False


class ReturnAnswers(Answers):
    pre_registration: Annotated[str, BeforeValidator(_reference)]
    phone: Phone


class BookingAnswers(Answers):
    centre: text(20)  # type: ignore[valid-type]
    at: text(20)  # type: ignore[valid-type]


def check_applicant(form: Form[PreRegistrationAnswers] | Form[NewcomerAnswers], today: dt.date) -> None:
    """What no single field can know: a name in at least one script, and a birth that has happened."""
    if not form.valid:
        return
    if not form.data.name.is_known:
        form.refuse("given_name_ar", "no_name_at_all")
    if form.data.born.first_day > today:
        form.refuse("birth_date_year", "in_the_future")


CHECK_REFERENCE = N_("Check the reference: it begins with B and has ten more letters and digits.")
add_sentences(
    {
        ("paper", "missing"): N_("Say which document you have."),
        ("given_name_ar", "no_name_at_all"): N_(
            "Enter your given name, in Arabic letters or in Latin letters."
        ),
        ("gender", "missing"): N_("Choose female or male."),
        ("members", "missing"): N_("Say how many people will come, yourself included."),
        ("members", "not_a_number"): N_("Enter the number of people in digits, for example 4."),
        ("members", "too_small"): N_("At least one person comes: yourself."),
        ("members", "too_large"): N_(
            "At most %(most)s people can come at once. Call us for a larger family."
        ),
        ("phone", "too_many_of_telephone"): N_(
            "This telephone has made as many pre-registrations as it can for now. Go to a service centre."
        ),
        ("phone", "too_many_at_desk"): N_(
            "This telephone has made as many pre-registrations as it can for now. Leave it out, or give another one."
        ),
        ("newcomer_reference", "missing"): N_("Enter the reference of the person. It begins with B."),
        ("newcomer_reference", "invalid"): CHECK_REFERENCE,
        ("newcomer_reference", "not_found"): N_(
            "No pre-registration has this reference now. Read it again, or prepare one with the person."
        ),
        ("newcomer_reference", "received_elsewhere"): N_(
            "The identity of this person was checked in another centre."
        ),
        ("newcomer_reference", "changed_meanwhile"): N_("A colleague is receiving this person just now."),
        ("instead", "booked_for_later"): N_(
            "This person has another appointment. Say whether it is given back to receive them now."
        ),
        ("pre_registration", "missing"): N_("Enter your reference. It begins with B."),
        ("pre_registration", "invalid"): CHECK_REFERENCE,
        ("pre_registration", "wait"): N_(
            "There were too many tries from here. Try again in an hour, or go to a service centre."
        ),
    }
)
