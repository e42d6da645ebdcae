"""A citizen at the counter: the officer acts with a code that was read out, and what helped is written down."""

from __future__ import annotations

from tests.browser.conftest import AtBrowser
from tests.browser.declaring import DECLARATION, receipt_reference, shown_index
from tests.browser.portal import RunningPortal, betrays
from tests.browser.visitors import DESKTOP, Visitor, sign_in_officer

BANNER = ".bar-visit"


def test_a_visit_is_opened_by_a_code_and_leaves_a_receipt(
    portal: RunningPortal, at_browser: AtBrowser
) -> None:
    rahma, officer = portal.people["rahma"], at_browser(portal, "fr", width=DESKTOP)
    sign_in_officer(officer, "omar")
    officer.follow("/staff/visits")
    officer.answer({"person_identifier": rahma.identifier, "purpose": "declaration"})
    officer.arrive("/staff/visits/code")
    officer.answer({"code": portal.code_to(rahma.phone)})
    officer.arrive("/household")
    assert "Rahma Tazi" in officer.page.locator(BANNER).inner_text()
    before = shown_index(officer)

    officer.open(f"{DECLARATION}/spending")
    officer.answer({"telephone_mad": "70"})
    officer.arrive(f"{DECLARATION}/check")
    foreseen = shown_index(officer)
    officer.answer()
    receipt = receipt_reference(officer)
    assert "Omar Bargach" in officer.main.locator(".receipt").inner_text()
    officer.open("/household")
    assert shown_index(officer) == foreseen > before

    officer.page.locator(BANNER).get_by_role("button").click()
    officer.arrive("/staff/visits/*")
    assert receipt in officer.text
    assert_over(officer)
    for template in ("visit_opened", "visit_ended"):
        assert not betrays(portal.message_to(rahma.phone, template), before, foreseen)


def assert_over(officer: Visitor) -> None:
    """The pages of the citizen are closed, also on the way back."""
    assert officer.page.locator(BANNER).count() == 0
    answer = officer.page.goto(f"/{officer.lang}/household")
    assert answer is not None
    assert answer.status == 403
    assert "Rahma" not in officer.page.content()


def test_an_officer_without_a_visit_reads_no_file(portal: RunningPortal, at_browser: AtBrowser) -> None:
    officer = at_browser(portal, "ar", width=DESKTOP)
    sign_in_officer(officer, "leila")
    for path in ("/household", "/household/index", "/messages", "/account"):
        answer = officer.page.goto(f"/{officer.lang}{path}")
        assert answer is not None
        assert answer.status == 403
