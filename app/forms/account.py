"""What the account page lets people change."""

from __future__ import annotations

from app.forms import claim, passwords  # noqa: F401  the words of their errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Email, Language, Password
from app.i18n.catalogues import mark as N_


class LanguagesAnswers(Answers):
    language: Language
    sms_language: Language


class EmailAnswers(Answers):
    email: Email


class ProofAnswers(Answers):
    password: Password


add_sentences(
    {
        ("email", "missing"): N_("Enter your e-mail address."),
        ("password", "proof_wrong"): N_("This password is not right. Try again."),
        ("password", "proof_wait"): N_("There were too many tries. Wait %(minutes)s min, then try again."),
    }
)
