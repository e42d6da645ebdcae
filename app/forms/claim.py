"""What a claim asks: a document, a birth date and a telephone; then what the account needs."""

from __future__ import annotations

import datetime as dt
from typing import Final

from pydantic import field_validator

from app.forms import birth_dates, passwords  # noqa: F401  the words of their errors
from app.forms.base import Answers, Form
from app.forms.errors import add_sentences
from app.forms.fields import (
    BirthDay,
    BirthMonth,
    BirthYear,
    Document,
    DocumentNumber,
    Email,
    Language,
    Password,
    Phone,
    birth_date,
)
from app.i18n.catalogues import mark as N_
from identity.people.partial_date import PartialDate


class ClaimAnswers(Answers):
    document_kind: Document
    document_number: DocumentNumber
    birth_date_day: BirthDay | None = None
    birth_date_month: BirthMonth | None = None
    birth_date_year: BirthYear
    phone: Phone

    _date_exists = field_validator("birth_date_year")(birth_date)

    @property
    def birth_date(self) -> PartialDate:
        return PartialDate(self.birth_date_year, self.birth_date_month, self.birth_date_day)


class AccountAnswers(Answers):
    new_password: Password
    language: Language
    sms_language: Language
    email: Email | None = None


def refuse_future(form: Form[ClaimAnswers], today: dt.date) -> None:
    if form.valid and form.data.birth_date.first_day > today:
        form.refuse("birth_date_year", "in_the_future")


# What can be wrong with a mobile number, whoever types it.
PHONE_ERRORS: Final = ("not_digits", "too_short", "too_long", "foreign", "not_mobile", "invalid")

add_sentences(
    {
        ("document_kind", "missing"): N_("Choose the document you have."),
        ("document_number", "missing"): N_("Enter the number of your document."),
        ("document_number", "empty"): N_("Enter the number of your document."),
        ("document_number", "characters"): N_("The number of a document has Latin letters and digits only."),
        ("document_number", "invalid"): N_(
            "Check the number: it has letters and digits, as printed on your document."
        ),
        ("document_number", "too_long"): N_("Check the number: it is too long for a document number."),
        ("document_number", "too_many_claims"): N_(
            "There were too many tries from here. Try again in five minutes, or go to a service centre."
        ),
        ("phone", "missing"): N_("Enter your mobile number."),
        ("phone", "empty"): N_("Enter your mobile number."),
        ("phone", "not_digits"): N_("A mobile number has digits only, for example %(example)s."),
        ("phone", "too_short"): N_("This number is too short. Write it whole, for example %(example)s."),
        ("phone", "too_long"): N_("This number is too long. Write one number only, for example %(example)s."),
        ("phone", "foreign"): N_("Enter a mobile number of this country: the code can be sent to no other."),
        ("phone", "not_mobile"): N_(
            "Enter a mobile number, for example %(example)s: the code is sent by SMS."
        ),
        ("phone", "invalid"): N_(
            "Check the mobile number: it is written like this, for example: %(example)s."
        ),
        ("language", "missing"): N_("Choose the language of the pages."),
        ("sms_language", "missing"): N_("Choose the language of the messages on your telephone."),
        ("email", "not_an_email"): N_("Check the e-mail address: it has a name, the sign @ and a domain."),
    }
)
