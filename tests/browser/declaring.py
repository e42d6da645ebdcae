"""What people of the demonstration answer when they declare, page by page, and the index that follows from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.forms.declaration import facts_of
from app.i18n.formats import format_mad
from app.i18n.locales import LOCALES
from registry.dates import local_date
from registry.facts import BirthPrecision, Facts, HouseholdFacts, MemberFacts, Relation
from registry.rules.eligibility import Outcome, decide
from registry.rules.scoring import model_on
from registry.rules.variables import index_of
from tests.app.declaring import PUPIL, URBAN, URBAN_HEAD, URBAN_SPOUSE
from tests.browser.visitors import Visitor

Answers = Mapping[str, str]
DECLARATION: Final = "/household/declaration"


@dataclass(frozen=True)
class Home:
    """The answers about a household, by page, in the order in which they are asked."""

    address: Answers
    pages: Mapping[str, Answers]


AIN_CHOCK: Final = Home({"region": "06", "province": "06.141", "commune": "06.141.01.41"}, URBAN)
# The same home as somebody alone in Rabat has it.
RABAT: Final = Home(
    {"region": "04", "province": "04.421", "commune": "04.421.01.03"},
    {**URBAN, "equipment": {**URBAN["equipment"], "mobile_phones": "1"}},
)
STUDENT: Final = {
    "education": "higher",
    "diploma": "general",
    "active": "no",
    "occupation": "none",
    "health_cover": "none",
}
MOTHER, FATHER, CHILD = URBAN_HEAD, URBAN_SPOUSE, PUPIL


def declare_home(visitor: Visitor, home: Home, *, typed: Mapping[str, Answers] | None = None) -> None:
    """From the task list to the members. `typed` says otherwise how some pages are written, not what."""
    visitor.open(DECLARATION)
    visitor.follow(f"{DECLARATION}/address")
    visitor.arrive(f"{DECLARATION}/address")
    for name, place in home.address.items():
        visitor.answer({name: place}, press=False)
        if name != "commune" and not visitor.script:
            visitor.answer()
    visitor.answer()
    for step, answers in home.pages.items():
        visitor.arrive(f"{DECLARATION}/{step}")
        visitor.answer((typed or {}).get(step, answers))
    visitor.arrive(f"{DECLARATION}/members")


def describe(visitor: Visitor, *members: Answers) -> None:
    """Every member in the order of the list, each behind the button that goes on; then the check."""
    for answers in members:
        visitor.main.locator(".actions a.button:not(.button-secondary)").click()
        visitor.arrive(f"{DECLARATION}/members/*")
        visitor.answer(answers)
        visitor.arrive(f"{DECLARATION}/members")
    visitor.main.locator(".actions a.button:not(.button-secondary)").click()
    visitor.arrive(f"{DECLARATION}/check")


def facts_told(home: Home, members: Iterable[tuple[Any, Relation, Answers]]) -> Facts:
    """The facts that these answers amount to, if they are declared today."""
    today = local_date(dt.datetime.now(dt.UTC))
    answers: dict[str, str] = {"commune": home.address["commune"]}
    for page in home.pages.values():
        answers |= page
    described = tuple(
        MemberFacts(
            person_id=number,
            relation=relation,
            birth_date=dt.date.fromisoformat(person.birth_date),
            birth_precision=BirthPrecision(person.birth_precision),
            **facts_of(told),
        )
        for number, (person, relation, told) in enumerate(members, start=1)
    )
    return Facts(household=HouseholdFacts(**facts_of(answers)), members=described, declared_on=today)


def assert_index_explained(visitor: Visitor, facts: Facts) -> Decimal:
    """The household page and the index page say what the published rules give, and it adds up; the index."""
    expected = index_of(facts, model_on(facts.declared_on)).index
    decisions = decide(expected, facts, facts.declared_on)
    visitor.open("/household")
    assert shown_index(visitor) == expected
    assert opened_programmes(visitor) == [decision.outcome is Outcome.OPEN for decision in decisions]
    for decision in decisions:
        if decision.monthly_mad:
            amount = format_mad(decision.monthly_mad, LOCALES[visitor.lang]).striptags()
            assert " ".join(amount.split()) in visitor.text
    visitor.follow("/household/index")
    visitor.arrive("/household/index")
    assert shown_index(visitor) == expected
    visitor.follow("/household/index/sum")
    visitor.arrive("/household/index/sum")
    lines = accounted(visitor)
    assert all(value * coefficient == points for value, coefficient, points in lines)
    assert sum(points for _, _, points in lines) == expected
    return expected


def shown_index(visitor: Visitor) -> Decimal:
    return Decimal(visitor.main.locator(".figure").first.inner_text())


def opened_programmes(visitor: Visitor) -> list[bool]:
    return visitor.main.locator(".programme").evaluate_all(
        "all => all.map(each => each.classList.contains('programme-open'))"
    )


def accounted(visitor: Visitor) -> list[tuple[Decimal, Decimal, Decimal]]:
    """The account of the page of the sum: value, coefficient and points of every line."""
    rows = visitor.main.locator(".table-ledger tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent))"
    )
    return [tuple(Decimal(cell.replace("\u2212", "-")) for cell in row) for row in rows]


def receipt_reference(visitor: Visitor) -> str:
    """The reference of the receipt that sending a declaration leads to."""
    visitor.arrive(f"{DECLARATION}/receipts/*")
    reference = visitor.main.locator(".receipt .reference").first.inner_text()
    assert visitor.path.endswith(f"/{reference}")
    return reference
