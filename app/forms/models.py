"""What an officer types to approve or withdraw a version: the authenticator's code, once more."""

from __future__ import annotations

from app.forms import staff  # noqa: F401  the words of its errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import OneTimeCode, text
from app.i18n.catalogues import mark as N_

DIGEST_LENGTH = 64


class LifeAnswers(Answers):
    """`sha256` is that of the text that was read."""

    totp: OneTimeCode
    sha256: text(DIGEST_LENGTH)  # type: ignore[valid-type]


add_sentences(
    {
        ("totp", "staff_wrong"): N_("The code is not right. Wait for the next one and type it."),
        ("totp", "staff_wait"): N_("There were too many tries. Wait %(minutes)s min, then try again."),
    }
)
