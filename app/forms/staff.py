"""What officers type: signing in, opening a visit, and the words of a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import create_model

from app.forms import passwords  # noqa: F401  the words of its errors
from app.forms.base import Answers
from app.forms.declaration import ANSWER_OF_FACT, ANSWER_OF_MEMBER_FACT, CommuneCode
from app.forms.errors import add_sentences
from app.forms.fields import Email, Identifier, OneTimeCode, Password, text, whole_number
from app.i18n.catalogues import mark as N_
from registry.centres.tables import VisitPurpose
from registry.facts import DISTRICT_LENGTH, ONLY_WITH
from registry.requests.asking import LONGEST_WORDS

# Shorter than this, a citizen learns nothing from the reason of a decision.
SHORTEST_REASON: Final = 20
HIGHEST_VERSION: Final = 1_000_000_000
FREE_FACTS: Final[dict[str, Any]] = {
    "commune": (CommuneCode, ...),
    "district": (text(DISTRICT_LENGTH) | None, None),
}


class StaffSignInAnswers(Answers):
    email: Email
    password: Password
    totp: OneTimeCode


class VisitAnswers(Answers):
    person_identifier: Identifier
    purpose: VisitPurpose


class DecisionAnswers(Answers):
    """`decision_words` is what the citizen reads; `household_version` is that of the facts the officer saw."""

    decision_words: text(LONGEST_WORDS, SHORTEST_REASON)  # type: ignore[valid-type]
    household_version: whole_number(1, HIGHEST_VERSION) = 1  # type: ignore[valid-type]


def correction_answers(names: Sequence[str]) -> type[DecisionAnswers]:
    """The form over some facts, each named as `registry.requests.corrections` says; every one has to be answered."""
    fields: dict[str, Any] = {name: _answer(name) for name in names}
    return create_model("CorrectionAnswers", __base__=DecisionAnswers, **fields)


def _answer(name: str) -> tuple[Any, Any]:
    member, _, fact = name.rpartition(".")
    if member:
        kind = ANSWER_OF_MEMBER_FACT[fact]
        return (kind | None, None) if fact in ONLY_WITH else (kind, ...)
    found: tuple[Any, Any] = FREE_FACTS.get(fact) or (ANSWER_OF_FACT[fact], ...)
    return found


add_sentences(
    {
        ("totp", "missing"): N_("Enter the six digits that your authenticator shows."),
        ("totp", "not_a_number"): N_("The code of the authenticator has digits only."),
        ("totp", "not_six_digits"): N_("The code of the authenticator has six digits."),
        ("email", "staff_wrong"): N_(
            "The e-mail address, the password or the code is not right. Check them and wait for the next code."
        ),
        ("email", "staff_wait"): N_("There were too many tries. Wait %(minutes)s min, then try again."),
        ("purpose", "missing"): N_("Choose what the visit is for."),
        ("decision_words", "missing"): N_("Write the reason of the decision for the citizen."),
        ("decision_words", "string_too_short"): N_(
            "Write the reason so that the citizen understands it: at least %(min_length)s characters."
        ),
        ("form", "nothing_changed"): N_(
            "Nothing is different from the facts on file. Change at least one of them."
        ),
        ("commune", "incomplete_facts"): N_(
            "In this commune other questions are asked, and nobody has answered them. Declare anew with the citizen."
        ),
    }
)
