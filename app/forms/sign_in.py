"""What signing in asks: who one is, a password, and whether the device is one's own."""

from __future__ import annotations

from app.forms import passwords  # noqa: F401  the words of its errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, Password, YesNo
from app.i18n.catalogues import mark as N_


class SignInAnswers(Answers):
    identifier: Identifier
    password: Password
    shared_device: YesNo


add_sentences(
    {
        ("identifier", "missing"): N_("Enter your identifier."),
        ("identifier", "empty"): N_("Enter your identifier."),
        ("identifier", "not_digits"): N_("An identifier has digits only."),
        ("identifier", "too_short"): N_("An identifier has %(digits)s digits: this number is too short."),
        ("identifier", "too_long"): N_("An identifier has %(digits)s digits: this number is too long."),
        ("shared_device", "missing"): N_("Say whether other people use this device."),
        ("identifier", "sign_in_wrong"): N_(
            "The identifier or the password is not right. Check both, and try again."
        ),
        ("identifier", "sign_in_wait"): N_(
            "There were too many tries. Wait %(minutes)s min, then try again."
        ),
    }
)
