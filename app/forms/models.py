"""What an officer gives to propose a version, its file, and to approve or withdraw one, the authenticator's code."""

from __future__ import annotations

from app.forms import staff  # noqa: F401  the words of its errors
from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import OneTimeCode, Upload, YesNo, text
from app.i18n.catalogues import mark as N_

DIGEST_LENGTH = 64


class LifeAnswers(Answers):
    """`sha256` is that of the text that was read."""

    totp: OneTimeCode
    sha256: text(DIGEST_LENGTH)  # type: ignore[valid-type]


class ModelFileAnswers(Answers):
    """`replaces` says that the file takes the place of a draft that somebody else has a part in."""

    model_file: Upload
    replaces: YesNo = False


add_sentences(
    {
        ("model_file", "missing"): N_("Choose the file."),
        ("model_file", "faults"): N_("This file cannot be proposed. What is wrong in it is listed above."),
        ("replaces", "draft_there"): N_(
            "A draft of this name is there already: another officer proposed it, or somebody has approved it. "
            "Tick this box if your file takes its place, choose the file again, and send it."
        ),
        ("totp", "staff_wrong"): N_("The code is not right. Wait for the next one and type it."),
        ("totp", "staff_wait"): N_("There were too many tries. Wait %(minutes)s min, then try again."),
    }
)
