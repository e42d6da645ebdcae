"""What recovering an account asks: the identifier, the code that was printed, and a new password."""

from __future__ import annotations

from app.forms import passwords, sign_in  # noqa: F401  the words of their errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, Password, text
from app.i18n.catalogues import mark as N_


class RecoveryAnswers(Answers):
    identifier: Identifier
    recovery_code: text(60)


class NewPasswordAnswers(Answers):
    new_password: Password


add_sentences(
    {
        ("recovery_code", "missing"): N_("Enter the recovery code that you printed or wrote down."),
        ("form", "recovery_refused"): N_("The identifier or the recovery code is not right. Check both, and try again."),
    }
)
