"""Asking for recomputation: why, about what, and what the right answer would be."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any

from pydantic import create_model

from app.forms.base import Answers
from app.forms.declaration import ANSWER_OF_FACT, ANSWER_OF_MEMBER_FACT
from app.forms.errors import add_sentences
from app.forms.fields import Upload, WrittenDay, YesNo, text
from app.i18n.catalogues import mark as N_
from registry.requests.asking import LONGEST_WORDS
from registry.tables import RequestReason

LONGEST_NAME = 60


class RecomputationAnswers(Answers):
    """`source` names the contradiction of a source that is said to be wrong.

    `shown_line` is the line whose facts the page asked about; `change` asks for the questions once more.
    """

    reason: RequestReason
    source: text(LONGEST_NAME) | None = None  # type: ignore[valid-type]
    line: text(LONGEST_NAME) | None = None  # type: ignore[valid-type]
    shown_line: text(LONGEST_NAME) | None = None  # type: ignore[valid-type]
    fact: text(LONGEST_NAME) | None = None  # type: ignore[valid-type]
    words: text(LONGEST_WORDS)  # type: ignore[valid-type]
    document: Upload | None = None
    change: YesNo = False
    # The right answer; `recomputation_answers` knows of what kind.
    proposed_value: Any = None


@cache
def recomputation_answers(fact: str | None) -> type[RecomputationAnswers]:
    """The form about a fact, or about no fact in particular."""
    if fact is None:
        return RecomputationAnswers
    kind = (ANSWER_OF_FACT | ANSWER_OF_MEMBER_FACT)[fact]
    return create_model("AboutFactAnswers", __base__=RecomputationAnswers, proposed_value=(kind | None, None))


def kind_of_answer(fact: str) -> str:
    """How the right answer is asked: choice, yes_no, amount, date or number."""
    kind = (ANSWER_OF_FACT | ANSWER_OF_MEMBER_FACT)[fact]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "choice"
    if kind is YesNo:
        return "yes_no"
    if kind is WrittenDay:
        return "date"
    return "amount" if fact.endswith("_mad") else "number"


add_sentences(
    {
        ("reason", "missing"): N_("Choose why you ask."),
        ("line", "missing"): N_("Choose the line that is wrong."),
        ("line", "enum"): N_("Choose the line from the list."),
        ("fact", "missing"): N_("Choose which answer is wrong."),
        ("fact", "enum"): N_("Choose one of these answers."),
        ("words", "missing"): N_("Write what is wrong, in your own words and in any language."),
        ("words", "string_too_long"): N_("This is too long: use at most %(max_length)s characters."),
        ("document", "empty"): N_("This file is empty. Choose another one."),
        ("document", "too_large"): N_(
            "This file is larger than 5 MB. Send a smaller one, or a photograph of less detail."
        ),
        ("document", "type"): N_(
            "This file is no PDF, JPEG or PNG. Choose one of these, or take a photograph."
        ),
        ("document", "name"): N_(
            "The name of this file has hidden characters. Rename it, then choose it again."
        ),
        ("document", "unreadable"): N_("We cannot read this file: it may be damaged. Choose another one."),
        ("document", "too_many_pixels"): N_("This picture is too large. Take it again with a smaller size."),
        ("document", "encrypted"): N_(
            "This PDF is locked with a password. Send one without a password, or a photograph."
        ),
        ("document", "active_content"): N_(
            "This PDF contains a program or attached files. Send a plain one, or a photograph."
        ),
        ("document", "busy"): N_("Many files are being checked just now. Wait a minute, then send it again."),
        ("document", "invalid"): N_("Choose the file again."),
    }
)
