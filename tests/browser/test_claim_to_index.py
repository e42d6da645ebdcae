"""From claim to index on a telephone, in Arabic and with a script: two people, one household."""

from __future__ import annotations

from typing import Any

from registry.facts import Relation
from tests.browser.conftest import AtBrowser
from tests.browser.declaring import (
    AIN_CHOCK,
    CHILD,
    FATHER,
    MOTHER,
    assert_index_explained,
    declare_home,
    describe,
    facts_told,
    receipt_reference,
)
from tests.browser.portal import RunningPortal, betrays
from tests.browser.visitors import Visitor, claim

# As somebody writes who has an Arabic keyboard, or a Persian one.
IN_ARABIC_DIGITS = {
    "spending": {
        "water_mad": "١٠٠",
        "electricity_mad": "٢٠٠٫٠٠",
        "butane_mad": "٨٠",
        "telephone_mad": " ٦٠ ",
        "internet_mad": "۴۰",
    }
}


def test_a_mother_claims_declares_and_learns_the_index(portal: RunningPortal, at_browser: AtBrowser) -> None:
    """The household A1 of the worked examples: 9.6012644, as long as the mother is 42."""
    people = portal.people
    fatima, karim = at_browser(portal, "ar"), at_browser(portal, "ar")
    come_home(fatima, people["fatima"])
    declare_home(fatima, AIN_CHOCK, typed=IN_ARABIC_DIGITS)
    add_children(fatima, 2)
    invite(fatima, people["karim"])
    describe(fatima, MOTHER, CHILD, CHILD, FATHER)
    fatima.answer()
    receipt = receipt_reference(fatima)
    assert fatima.says("Your index will be computed when everybody who was invited has answered.")

    come_home(karim, people["karim"])
    accept(karim)
    facts = facts_told(
        AIN_CHOCK,
        [
            (people["fatima"], Relation.HEAD, MOTHER),
            (people["karim"], Relation.SPOUSE, FATHER),
            (people["salma"], Relation.CHILD, CHILD),
            (people["adam"], Relation.CHILD, CHILD),
        ],
    )
    index = assert_index_explained(fatima, facts)
    assert assert_index_explained(karim, facts) == index

    assert receipt in portal.message_to(people["fatima"].phone, "declaration_received").body
    for template in ("index_computed", "eligibility_decided"):
        for person in (people["fatima"], people["karim"]):
            portal.message_to(person.phone, template)
    for person in (people["fatima"], people["karim"]):
        received = portal.messages_to(person.phone)
        assert {message.language for message in received} == {"ar"}
        assert [betrays(message, index) for message in received] == [[]] * len(received)


def come_home(visitor: Visitor, person: Any) -> None:
    """Claim with the code that came by SMS, keep the recovery code, and stand before one's household."""
    recovery_code = claim(visitor, person, language="ar", sms_language="ar")
    assert len(recovery_code.replace("-", "")) == 16
    visitor.answer()
    visitor.arrive("/household")


def add_children(visitor: Visitor, count: int) -> None:
    """Those that the register knows as hers are offered by name."""
    for _ in range(count):
        visitor.follow("/household/members/children")
        visitor.arrive("/household/members/children?from=declaration")
        visitor.main.locator(".summary-change button").first.click()
        visitor.arrive("/household/declaration/members")


def invite(visitor: Visitor, person: Any) -> None:
    visitor.follow("/household/members/invite")
    visitor.arrive("/household/members/invite?from=declaration")
    visitor.answer(
        {"person_identifier": person.identifier, "birth_year": person.birth_date[:4], "relation": "spouse"}
    )
    visitor.arrive("/household/declaration/members")


def accept(visitor: Visitor) -> None:
    visitor.follow("/household/invitations")
    visitor.arrive("/household/invitations/*")
    visitor.answer({"reply": "accept"})
    visitor.arrive("/household/members")
