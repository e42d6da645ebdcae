"""The way into the register through the real pages: a pre-registration, an appointment, and the desk."""

from __future__ import annotations

import re

from tests.app.conftest import Messages
from tests.app.pages import PageBrowser, Value

START = "/pre-registration"
FILE = f"{START}/file"
CHOOSE = f"{START}/appointment"
PHONE = "+212661234567"
CENTRE, PROVINCE = "06.141-1", "06.141"
MARIAMA: dict[str, Value] = {
    "paper": "residence_card",
    "given_name_latin": "Mariama",
    "family_name_latin": "Camara",
    "birth_date_day": "9",
    "birth_date_month": "11",
    "birth_date_year": "1991",
    "gender": "female",
    "phone": "06 61 23 45 67",
    "members": "3",
    "sms_language": "fr",
}


async def pre_register(browser: PageBrowser, messages: Messages, **changed: Value) -> str:
    """Fill in the form, prove the telephone, and give back the reference."""
    answers = MARIAMA | changed
    await browser.open(START)
    await browser.submit(**answers)
    assert browser.path == f"{START}/code", browser.errors
    await browser.submit(code=await messages.code_to(e164(str(answers["phone"]))))
    assert browser.path == FILE
    return reference_on(browser)


def e164(typed: str) -> str:
    return "+212" + typed.replace(" ", "").removeprefix("0")


def reference_on(browser: PageBrowser) -> str:
    found = re.search(r"B-[0-9A-Z]{10}", browser.text)
    assert found is not None, browser.text
    return found.group()


async def choose(browser: PageBrowser, *, centre: str = CENTRE, day: int = 0, time: int = 0) -> str:
    """Walk to a free time of a centre and confirm it; gives back the time as the address had it."""
    await browser.open(f"{CHOOSE}?centre={centre}")
    await _follow_slot(browser, day)
    await _follow_slot(browser, time)
    at = str(browser.form().values["at"])
    await browser.submit()
    return at


async def _follow_slot(browser: PageBrowser, number: int) -> None:
    links = [link.get("href") for link in browser.main.first("ul", class_="slots").all("a")]
    await browser.open("!" + links[number])


async def come(browser: PageBrowser, appointment: str) -> None:
    """An officer, signed in, opens the appointment and notes that the person is here."""
    await browser.open(f"/staff/appointments/{appointment}")
    await browser.submit()
    assert browser.path == f"/staff/appointments/{appointment}"


async def check(browser: PageBrowser, appointment: str, **seen: Value) -> None:
    """Fill in the identity check of somebody who is here, over what was typed at home."""
    await browser.open(f"/staff/appointments/{appointment}/check")
    await browser.submit(**seen)
