"""The same journey where no script runs, on PostgreSQL; and a form that is sent twice counts once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.facts import Relation
from tests.browser.conftest import AtBrowser
from tests.browser.declaring import (
    AIN_CHOCK,
    MOTHER,
    RABAT,
    STUDENT,
    assert_index_explained,
    declare_home,
    describe,
    facts_told,
    receipt_reference,
)
from tests.browser.portal import RunningPortal, served
from tests.browser.visitors import Visitor, claim
from tests.databases import PostgresServer


@pytest.fixture(scope="module")
def portal(world: Path, postgres: PostgresServer) -> Iterator[RunningPortal]:
    with postgres.fresh() as database, served(world, database=database) as portal:
        yield portal


def test_a_student_alone_claims_declares_and_learns_the_index(
    portal: RunningPortal, at_browser: AtBrowser
) -> None:
    person = portal.people["yasmine"]
    yasmine = at_browser(portal, "fr", script=False)
    claim(yasmine, person, language="fr", sms_language="fr")
    yasmine.answer()
    yasmine.arrive("/household")
    declare_home(yasmine, RABAT)
    describe(yasmine, STUDENT)
    yasmine.answer()
    receipt = receipt_reference(yasmine)
    assert yasmine.says("Your index is computed.")
    assert_index_explained(yasmine, facts_told(RABAT, [(person, Relation.HEAD, STUDENT)]))
    assert receipt in portal.message_to(person.phone, "declaration_received").body


@pytest.mark.parametrize(("who", "script"), [("fatima", False), ("karim", True)])
def test_a_declaration_is_sent_once_whatever_is_pressed(
    portal: RunningPortal, at_browser: AtBrowser, who: str, script: bool
) -> None:
    visitor, person = at_browser(portal, "ar", script=script), portal.people[who]
    claim(visitor, person, language="ar", sms_language="ar")
    visitor.answer()
    visitor.arrive("/household")
    declare_home(visitor, AIN_CHOCK)
    describe(visitor, MOTHER)
    sent: list[str] = []
    visitor.page.on(
        "request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None
    )
    visitor.main.locator("form[method=post] .button").last.dblclick()
    receipt = receipt_reference(visitor)

    visitor.page.go_back()
    visitor.arrive("/household/declaration/check")
    assert visitor.says("Sent.")
    visitor.follow("/household/declaration/receipts")
    assert receipt_reference(visitor) == receipt
    assert sent_again(visitor, sent[0]).endswith(f"/receipts/{receipt}")
    visitor.open("/messages")
    assert visitor.main.locator('a[href*="/receipts/"]').count() == 1


def sent_again(visitor: Visitor, form: str) -> str:
    """Where the same form leads when it is sent once more, as a browser does that was told to."""
    answer = visitor.page.request.post(
        f"/{visitor.lang}/household/declaration/check",
        data=form,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.ok
    return answer.url
