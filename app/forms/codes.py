"""One-time codes: one field, whatever the code is for."""

from __future__ import annotations

from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import OneTimeCode, SentCode
from app.i18n.catalogues import mark as N_


class CodeAnswers(Answers):
    code: OneTimeCode


class SentCodeAnswers(CodeAnswers):
    """A code that we sent: of six digits, or of eight in careful moments."""

    code: SentCode


class NoAnswers(Answers):
    """A form that is only a button."""


add_sentences(
    {
        ("code", "missing"): N_("Enter the digits of the code."),
        ("code", "not_a_number"): N_("A code has digits only. Look at the message again."),
        ("code", "not_six_digits"): N_("A code has six digits. Look at the message again."),
        ("code", "not_the_digits"): N_(
            "Some digits are missing, or there are too many. Look at the message again."
        ),
        ("code", "not_eight_digits"): N_(
            "This time the code has eight digits. Look at the newest message again."
        ),
        ("code", "longer"): N_("Codes have eight digits now. Ask for a new code below, and enter that one."),
        ("code", "wait_until"): N_(
            "There were too many wrong codes here. You can ask for a new code from %(time)s on."
        ),
        ("code", "wrong"): N_("This code is not the right one. Tries left: %(tries_left)s."),
        ("code", "too_many"): N_(
            "There were too many wrong codes. Go back and start again to receive a new one."
        ),
        ("code", "expired"): N_("This code has expired. Ask for a new one."),
        ("code", "not_current"): N_(
            "This code is not the right one, or it was used already. Wait for the next code of your authenticator."
        ),
        ("code", "wait"): N_(
            "There were too many wrong codes. Wait a quarter of an hour, or choose another way to prove who you are."
        ),
        ("code", "unknown"): N_("This code can no longer be used. Go back and start again."),
    }
)
