"""What the account page lets people change."""

from __future__ import annotations

from typing import Final

from app.forms import claim, passwords  # noqa: F401  the words of their errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Email, Language, Password, Phone, text
from app.i18n.catalogues import mark as N_

# A reference has ten characters; people add spaces.
REFERENCE_LENGTH: Final = 20


class LanguagesAnswers(Answers):
    language: Language
    sms_language: Language


class EmailAnswers(Answers):
    email: Email


class PhoneAnswers(Answers):
    phone: Phone


class CancelAnswers(Answers):
    reference: text(REFERENCE_LENGTH)  # type: ignore[valid-type]


class ProofAnswers(Answers):
    password: Password


add_sentences(
    {
        ("phone", "same"): N_("This is the number of your account already."),
        ("phone", "wait"): N_(
            "There were too many tries from here. Try again in five minutes, or go to a service centre."
        ),
        ("reference", "missing"): N_("Enter the reference that is in the message. It begins with P."),
        ("reference", "wait"): N_(
            "There were too many tries from here. Try again in five minutes, or go to a service centre."
        ),
        ("email", "missing"): N_("Enter your e-mail address."),
        ("password", "proof_wrong"): N_("This password is not right. Try again."),
        ("password", "proof_wait"): N_("There were too many tries. Wait %(minutes)s min, then try again."),
    }
)
