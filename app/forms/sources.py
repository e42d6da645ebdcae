"""Answering a contradiction: what the page showed goes back with the answer."""

from __future__ import annotations

from app.forms.base import Answers
from app.forms.fields import text


class SourceAnswers(Answers):
    """`declaration` is the version of the facts from which the page worked out what would change."""

    declaration: text(20)  # type: ignore[valid-type]
