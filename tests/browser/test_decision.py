"""What an officer decides, as the citizen sees it."""

from __future__ import annotations

from decimal import Decimal

from tests.browser.conftest import AtBrowser
from tests.browser.declaring import accounted, shown_index
from tests.browser.portal import RunningPortal, betrays
from tests.browser.visitors import DESKTOP, Visitor, sign_in, sign_in_officer

REASON = "كان الاشتراك في اسم الجارة كما يظهر في الفاتورة: صححنا مبلغ الأنترنيت."


def test_a_correction_is_seen_by_the_citizen(portal: RunningPortal, at_browser: AtBrowser) -> None:
    person = portal.people["khadija"]
    khadija, officer = at_browser(portal, "ar"), at_browser(portal, "fr", width=DESKTOP)
    sign_in(khadija, person)
    before = shown_index(khadija)
    reference = followed_request(khadija)

    sign_in_officer(officer, "amal")
    foreseen = correct(officer, reference)
    assert foreseen < before

    khadija.open("/household")
    assert shown_index(khadija) == foreseen
    khadija.follow("/household/index")
    assert [Decimal(text) for text in earlier_indexes(khadija)] == [before]
    khadija.open("/household/index/sum")
    assert sum(points for _, _, points in accounted(khadija)) == foreseen
    khadija.open("/household/recomputation")
    shown = khadija.main.locator(".before-after bdi").all_inner_texts()
    assert [Decimal(text.replace("\u2212", "-")) for text in shown] == [before, foreseen, foreseen - before]
    assert REASON in khadija.text

    decided = portal.message_to(person.phone, "request_decided")
    assert decided.language == "ar"
    assert reference in decided.body
    for address in (person.phone, "khadija@example.ma"):
        sent = portal.messages_to(address)
        assert [betrays(message, before, foreseen) for message in sent] == [[]] * len(sent)
    assert_inbox_is_discreet(khadija, reference, before, foreseen)


def followed_request(visitor: Visitor) -> str:
    visitor.follow("/household/recomputation")
    visitor.arrive("/household/recomputation")
    return visitor.main.locator(".reference").first.inner_text()


def correct(officer: Visitor, reference: str) -> Decimal:
    """From the queue to the confirmed correction; the index that was foreseen."""
    officer.follow(f"/staff/requests/{reference}")
    officer.follow(f"/staff/requests/{reference}/correction")
    assert officer.main.locator('[name="internet_mad"]').input_value() == "0"
    officer.answer({"decision_words": REASON})
    assert officer.says("What the citizen will read")
    foreseen = shown_index(officer)
    officer.answer()
    officer.arrive(f"/staff/requests/{reference}")
    assert shown_index(officer) == foreseen
    assert REASON in officer.text
    return foreseen


def earlier_indexes(visitor: Visitor) -> list[str]:
    return visitor.main.locator(".history bdi").all_inner_texts()


def assert_inbox_is_discreet(visitor: Visitor, reference: str, *indexes: Decimal) -> None:
    visitor.open("/messages")
    assert reference in visitor.text
    assert not [index for index in indexes if str(index)[:5] in visitor.text]
