"""What recovering an account asks: the identifier, the code that was printed, and a new password."""

from __future__ import annotations

from app.forms import passwords, sign_in  # noqa: F401  the words of their errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, Password, RecoveryCode
from app.i18n.catalogues import mark as N_


class RecoveryAnswers(Answers):
    identifier: Identifier
    recovery_code: RecoveryCode


class RecoveryProofAnswers(Answers):
    recovery_code: RecoveryCode


class NewPasswordAnswers(Answers):
    new_password: Password


add_sentences(
    {
        ("recovery_code", "proof_wrong"): N_(
            "This recovery code is not right. Read it again from your paper."
        ),
        ("recovery_code", "proof_wait"): N_(
            "There were too many tries. Wait %(minutes)s min, then try again."
        ),
        ("recovery_code", "missing"): N_("Enter the recovery code that you printed or wrote down."),
        ("recovery_code", "empty"): N_("Enter the recovery code that you printed or wrote down."),
        ("recovery_code", "characters"): N_("A recovery code has digits and Latin letters only."),
        ("recovery_code", "too_short"): N_("A recovery code has sixteen characters: this one is too short."),
        ("recovery_code", "too_long"): N_("A recovery code has sixteen characters: this one is too long."),
    }
)
