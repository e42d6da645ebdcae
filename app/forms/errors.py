"""What is wrong, in words: one sentence a field and a code, that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_
from identity.people.number_rules import number_rules
from registry.profiles import profile

# Looked up as (field, code), then ("*", code), then ("*", "invalid"). Areas add theirs beside their form models
# with `add_sentences`, so that a field's name, rules and words stay in one file.
SENTENCES: dict[tuple[str, str], str] = {
    ("*", "missing"): N_("Answer this question."),
    ("*", "invalid"): N_("Check this answer: it is not in the form that was expected."),
    ("*", "enum"): N_("Choose one of the answers."),
    ("*", "string_too_long"): N_("Your answer is too long. Use at most %(max_length)s characters."),
    ("*", "string_too_short"): N_("Your answer is too short. Use at least %(min_length)s characters."),
    ("*", "not_a_number"): N_("Write a number, with digits only."),
    ("*", "too_small"): N_("Write a number that is %(least)s or more."),
    ("*", "too_large"): N_("Write a number that is %(most)s or less."),
    ("*", "too_many_decimals"): N_("Write at most two digits after the decimal mark."),
    ("*", "hidden_characters"): N_(
        "Remove the hidden characters: write the answer again, without copying it."
    ),
    ("*", "answered_twice"): N_("Give one answer only."),
    ("form", "unknown_field"): N_("This page has changed. Open it again, and send your answers once more."),
}


def add_sentences(sentences: Mapping[tuple[str, str], str]) -> None:
    """Add an area's sentences. Raises ValueError when two areas would speak for the same field and code."""
    if both := SENTENCES.keys() & sentences.keys():
        raise ValueError(f"These errors already have words: {sorted(both)}")
    SENTENCES.update(sentences)


def sentence(lang: str, field: str, code: str, values: Mapping[str, Any]) -> str:
    """The sentence for what is wrong with a field. A member's `M-7K2M9QXZ.diploma` speaks as `diploma`."""
    field = field.rpartition(".")[2]
    source = SENTENCES.get((field, code)) or SENTENCES.get(("*", code)) or SENTENCES[("*", "invalid")]
    text = gettext(lang, source)
    return text % (_of_the_country() | dict(values)) if "%(" in text else text


def _of_the_country() -> dict[str, Any]:
    """What any sentence may say of the numbers of the country in use."""
    return {"example": profile().phone_example, "digits": number_rules().identifier.digits}
