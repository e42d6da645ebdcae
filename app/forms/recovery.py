"""What recovering an account asks: the identifier, the code that was printed, and a new password."""

from __future__ import annotations

from typing import Final

from app.forms import passwords, sign_in  # noqa: F401  the words of their errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, Password, RecoveryCode, text
from app.i18n.catalogues import mark as N_
from notifications.tables import Channel

# A reference has twelve characters; people add spaces.
REFERENCE_LENGTH: Final = 20


class RecoveryAnswers(Answers):
    identifier: Identifier
    recovery_code: RecoveryCode
    channel: Channel = Channel.SMS


class RecoveryProofAnswers(Answers):
    recovery_code: RecoveryCode


class DeskRecoveryAnswers(Answers):
    """`binding` is the reference of the receipt that the centre gave."""

    identifier: Identifier
    binding: text(REFERENCE_LENGTH)  # type: ignore[valid-type]


class NewPasswordAnswers(Answers):
    new_password: Password


add_sentences(
    {
        ("binding", "missing"): N_("Enter the reference of the receipt. It begins with T."),
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
