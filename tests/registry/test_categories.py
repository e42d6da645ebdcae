"""A programme without an index: the situations of people, what they are given, why not otherwise, and until when."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from registry.facts import Facts, HouseholdFacts, MemberFacts, Relation
from registry.rules.categories import NOT_ASKED, CategoriesRule
from registry.rules.eligibility import Decision, Outcome, decide, looks_again_on

BEFORE, AFTER = date(2025, 3, 2), date(2026, 3, 2)
HEAD, SPOUSE, CHILD, PARENT = Relation.HEAD, Relation.SPOUSE, Relation.CHILD, Relation.PARENT
CARD = {"special_needs_card": True, "card_expires_on": date(2027, 5, 31)}
FULL, HALF = CARD | {"card_rate": 100}, CARD | {"card_rate": 50}


def adult(
    relation: Relation = HEAD, born: int = 1980, **declared: Any
) -> tuple[Relation, date, dict[str, Any]]:
    answers: dict[str, Any] = {"national": True, "income": False, "special_needs_card": False}
    answers |= {"chronic_illness": False}
    if relation is HEAD:
        answers |= {"unable_to_work": False, "lives_alone": False, "woman_head_of_family": False}
    elif relation is not SPOUSE:
        answers |= {"spouse_income": False}
    if born <= 1965:
        answers |= {"in_institution": False}
    return relation, date(born, 6, 15), answers | declared


def child(born: int = 2015, **declared: Any) -> tuple[Relation, date, dict[str, Any]]:
    return CHILD, date(born, 6, 15), {"special_needs_card": False} | declared


def household(*members: tuple[Relation, date, dict[str, Any]]) -> Facts:
    return Facts(
        household=HouseholdFacts(commune="16.01"),
        members=tuple(
            MemberFacts(person_id=number, relation=relation, birth_date=born, **declared)
            for number, (relation, born, declared) in enumerate(members, start=1)
        ),
        declared_on=AFTER,
    )


def decided(facts: Facts, on: date = AFTER) -> Decision:
    (decision,) = decide(None, facts, on, "dz")
    return decision


SITUATIONS = [
    ("nobody in need", [adult(), adult(SPOUSE)], None, ()),
    ("head unable to work", [adult(unable_to_work=True), child()], "7000", ("head_unable_to_work",)),
    (
        "alone and unable to work",
        [adult(unable_to_work=True, lives_alone=True)],
        "7000",
        ("alone_unable_to_work",),
    ),
    ("alone, but supported", [adult(unable_to_work=True)], None, ()),
    ("woman head of family", [adult(woman_head_of_family=True), child()], "7000", ("woman_head_of_family",)),
    ("woman of 60", [adult(born=1965, woman_head_of_family=True), child()], "7000", ("aged_sixty",)),
    ("over 60 in an institution", [adult(born=1950, in_institution=True)], None, ()),
    ("chronic illness", [adult(chronic_illness=True)], "7000", ("infirm_or_ill",)),
    ("adult with half a card", [adult(**HALF)], "7000", ("adult_card",)),
    ("adult with a whole card", [adult(**FULL)], "12000", ("adult_card_full",)),
    (
        "ill, over 60, whole card: one amount",
        [adult(born=1950, chronic_illness=True, **FULL)],
        "12000",
        ("adult_card_full",),
    ),
    ("two parents over 60", [adult(), adult(PARENT, 1950), adult(PARENT, 1952)], "14000", ("aged_sixty",)),
    (
        "two dependants with half a card",
        [adult(), child(**HALF), child(2017, **HALF)],
        "14000",
        ("dependant_card",),
    ),
    (
        "two dependants with a whole card",
        [adult(), child(**FULL), child(2017, **FULL)],
        "12000",
        ("dependant_card_full",),
    ),
    ("income of the applicant", [adult(unable_to_work=True, income=True), child()], None, ()),
    ("income of the spouse", [adult(unable_to_work=True), adult(SPOUSE, income=True)], None, ()),
    (
        "income of the spouse, whole card",
        [adult(**FULL), adult(SPOUSE, income=True)],
        "12000",
        ("adult_card_full",),
    ),
    ("income of the spouse, half a card", [adult(**HALF), adult(SPOUSE, income=True)], None, ()),
    ("income of the family, dependant", [adult(), adult(SPOUSE, income=True), child(**HALF)], None, ()),
    ("spouse of a parent has an income", [adult(), adult(PARENT, 1950, spouse_income=True)], None, ()),
    ("another nationality", [adult(national=False, chronic_illness=True)], None, ()),
]


@pytest.mark.parametrize(
    ("members", "monthly", "opened_by"),
    [situation[1:] for situation in SITUATIONS],
    ids=[situation[0] for situation in SITUATIONS],
)
def test_each_situation_gives_what_the_decree_says(
    members: list[tuple[Relation, date, dict[str, Any]]], monthly: str | None, opened_by: tuple[str, ...]
) -> None:
    decision = decided(household(*members))
    assert decision.monthly_mad == (Decimal(monthly) if monthly else None)
    assert decision.opened_by == opened_by
    assert (decision.outcome is Outcome.OPEN) is bool(monthly)


def test_the_amendment_counts_from_its_day() -> None:
    facts = household(adult(**FULL), adult(SPOUSE, income=True))
    assert decided(facts, date(2025, 11, 28)).outcome is Outcome.CLOSED
    assert decided(facts, date(2025, 11, 29)).monthly_mad == 12000
    assert looks_again_on(facts, date(2025, 11, 1), "dz") == date(2025, 11, 29)


@pytest.mark.parametrize(
    ("members", "category", "proviso"),
    [
        ([adult(income=True, chronic_illness=True)], "infirm_or_ill", "no_income"),
        ([adult(chronic_illness=True), adult(SPOUSE, income=True)], "infirm_or_ill", "no_spouse_income"),
        ([adult(national=False, chronic_illness=True)], "infirm_or_ill", "national"),
        ([adult(born=1950, in_institution=True)], "aged_sixty", "not_in_institution"),
        ([adult(**FULL | {"card_expires_on": date(2026, 3, 1)})], "adult_card_full", "card_is_valid"),
        ([adult(income=True), child(**FULL)], "dependant_card_full", "family_without_income"),
        ([adult(), (CHILD, date(2008, 3, 1), FULL)], "adult_card_full", NOT_ASKED),
    ],
)
def test_a_closed_category_says_who_lacks_what(
    members: list[tuple[Relation, date, dict[str, Any]]], category: str, proviso: str
) -> None:
    decision = decided(household(*members))
    (found,) = (each for each in decision.categories if each.code == category)
    assert (found.entitled, [each.proviso for each in found.unmet]) == ((), [proviso])


def test_a_right_ends_with_the_card_and_is_looked_at_on_the_next_day() -> None:
    facts = household(adult(**FULL))
    ends = date(2027, 5, 31)
    (right,) = (right for each in decided(facts).categories for right in each.entitled)
    assert right.until == ends
    assert decided(facts, ends).monthly_mad == 12000
    assert looks_again_on(facts, AFTER, "dz") == date(2027, 6, 1)
    assert decided(facts, date(2027, 6, 1)).outcome is Outcome.CLOSED


def test_a_card_without_an_end_gives_a_right_without_one() -> None:
    facts = household(adult(**FULL | {"card_expires_on": None}))
    (right,) = (right for each in decided(facts).categories for right in each.entitled)
    assert right.until is None
    assert looks_again_on(facts, AFTER, "dz") == date(2040, 6, 15)


def test_a_birthday_is_looked_at_only_where_it_changes_something() -> None:
    assert looks_again_on(household(adult(), child()), AFTER, "dz") == date(2040, 6, 15)
    assert looks_again_on(household(adult(), child(**HALF)), date(2027, 1, 1), "dz") == date(2027, 6, 1)
    endless = HALF | {"card_expires_on": None}
    assert looks_again_on(household(adult(), child(**endless)), AFTER, "dz") == date(2033, 6, 15)


def allowance() -> dict[str, Any]:
    text = (files("registry") / "data/dz/programmes/solidarity-allowance.json").read_text("utf-8")
    rule: dict[str, Any] = json.loads(text)["rules"][-1]
    return rule


def situation(rule: dict[str, Any], **condition: Any) -> None:
    rule["categories"][0]["situation"] = condition


WRONG: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda rule: situation(rule, fact="wealth", at_least=1), "there is no fact 'wealth'"),
    (lambda rule: situation(rule, fact="age", **{"is": True}), "age is a number"),
    (lambda rule: situation(rule, fact="income", at_least=1), "income is a truth"),
    (lambda rule: situation(rule, fact="age"), "exactly one comparison"),
    (lambda rule: situation(rule, fact="age", at_least=1, below=4), "exactly one comparison"),
    (lambda rule: situation(rule, fact="age", at_least="18"), "valid integer"),
    (lambda rule: situation(rule, fact="relation", one_of=["cousin"]), "there are head"),
    (lambda rule: situation(rule, fact="age", at_least=1, code="__import__('os')"), "Extra inputs"),
    (lambda rule: situation(rule, all=[]), "at least 1 item"),
    (
        lambda rule: situation(rule, all=[{"fact": "age", "below": 3}], any=[]),
        "exactly one of: all, any, not, fact",
    ),
    (lambda rule: rule["categories"].append(rule["categories"][0]), "is there twice"),
    (lambda rule: rule["categories"][0]["provided"].append("kind"), "unknown proviso kind"),
    (lambda rule: rule["categories"][0].update(monthly=12000), "exact numbers are written as strings"),
    (lambda rule: rule["categories"][0]["names"].pop("ar"), "an Arabic and a French text"),
    (lambda rule: rule["questions"].pop(0), "national is compared, and nobody is asked"),
    (
        lambda rule: rule["questions"].append({"fact": "schooling"}),
        "schooling is asked, and no category compares it",
    ),
]


@pytest.mark.parametrize(("spoil", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_a_rule_that_cannot_be_meant_is_refused_with_its_reason(
    spoil: Callable[[dict[str, Any]], object], reason: str
) -> None:
    rule = allowance()
    CategoriesRule.model_validate(rule)
    spoil(rule)
    with pytest.raises(ValidationError, match=reason.replace("(", r"\(")):
        CategoriesRule.model_validate(rule)
