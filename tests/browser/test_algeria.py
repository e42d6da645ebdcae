"""The second country on a telephone, in Arabic and with a script: no index, a card with its rate, and its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registry.profiles import use_profile
from tests.browser.conftest import AtBrowser
from tests.browser.pages import overflow
from tests.browser.portal import RunningPortal, made_world, served
from tests.browser.visitors import Visitor, claim, sign_in, sign_in_officer

ALONE = {
    "national": "yes",
    "income": "no",
    "unable_to_work": "no",
    "lives_alone": "no",
    "woman_head_of_family": "no",
    "chronic_illness": "no",
    "special_needs_card": "no",
}
MEMBERS = "/household/declaration/members"


@pytest.fixture(scope="module")
def algeria() -> Iterator[RunningPortal]:
    """The sentences that the tests look for are those of the country, too."""
    use_profile("dz")
    with made_world(TIWIZI_PROFILE="dz") as world, served(world, TIWIZI_PROFILE="dz") as portal:
        yield portal
    use_profile("ma")


def test_a_card_opens_the_allowance_until_it_ends(algeria: RunningPortal, at_browser: AtBrowser) -> None:
    """Wilaya and commune, the son's card at 80 % in Arabic digits, 7,000 dinars, a contest, 12,000 dinars."""
    people = algeria.people
    houria = at_browser(algeria, "ar")
    claim(houria, people["houria"], language="ar", sms_language="ar")
    houria.answer()
    houria.arrive("/household")
    give_address(houria)
    houria.open("/household/members/children")
    add = f'form:has(input[value="{people["yanis"].identifier}"]) button'
    houria.main.locator(add).first.click()
    houria.arrive("/household/members")
    houria.open(f"{MEMBERS}/head")
    houria.answer(ALONE)
    houria.arrive(MEMBERS)
    houria.follow(f"{MEMBERS}/M-")
    houria.answer({"special_needs_card": "yes", "card_expires_on": "31/12/2027"})
    assert houria.says("Write the rate that is on the card.")
    houria.answer({"card_rate": "٨٠"})
    houria.open("/household/declaration/check")
    assert not overflow(houria.page)
    houria.answer()
    houria.arrive("/household/declaration/receipts/*")
    houria.open("/household")
    assert "7 000 دج" in told(houria)
    assert "31 ديسمبر 2027" in told(houria)
    reference = contest(houria)
    correct(algeria, at_browser, reference)
    houria.open("/household")
    assert "12 000 دج" in told(houria)
    assert reference in algeria.message_to(people["houria"].phone, "request_decided").body


def give_address(visitor: Visitor) -> None:
    """With the script the communes of the wilaya come as soon as it is chosen."""
    visitor.open("/household/declaration/address")
    visitor.answer({"province": "16"}, press=False)
    visitor.page.wait_for_selector('[name="commune"] option[value="16.01"]', state="attached")
    visitor.answer({"commune": "16.01"})
    visitor.arrive(MEMBERS)


def told(visitor: Visitor) -> str:
    return visitor.text.replace("\u202f", " ").replace("\xa0", " ")


def contest(visitor: Visitor) -> str:
    visitor.open("/household/recomputation")
    visitor.answer({"reason": "other", "words": "بطاقة يانيس بنسبة 100 %."})
    visitor.page.wait_for_selector('input[type="file"]')
    visitor.answer()
    visitor.arrive("/household/recomputation/receipts/*")
    return visitor.path.rsplit("/", 1)[1]


def correct(portal: RunningPortal, at_browser: AtBrowser, reference: str) -> None:
    officer = at_browser(portal, "fr", width=1100)
    sign_in_officer(officer, "nadir")
    officer.open(f"/staff/requests/{reference}/correction")
    rates = officer.main.locator('[name$=".card_rate"]').all()
    (rate,) = [each.get_attribute("name") for each in rates if each.input_value() == "80"]
    officer.answer({str(rate): "100", "decision_words": "La carte à 100 % est dans votre dossier."})
    officer.page.wait_for_selector('form[action$="/confirm"]')
    officer.answer()
    officer.arrive(f"/staff/requests/{reference}")


def test_a_widow_reads_in_amazigh_what_opened_and_for_whom(
    algeria: RunningPortal, at_browser: AtBrowser
) -> None:
    tassadit = at_browser(algeria, "zgh")
    sign_in(tassadit, algeria.people["tassadit"])
    assert "ⵜⴰⵎⵟⵟⵓⴹⵜ ⵉⴳⴰⵏ ⴰⵏⵙⵙⵉⵅⴼ ⵏ ⵜⵡⴰⵛⵓⵏⵜ" in told(tassadit)
    assert "7 000 ⴰⴷⵉⵏⴰⵔ" in told(tassadit)
    assert not overflow(tassadit.page)
