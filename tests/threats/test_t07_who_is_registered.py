"""T-07: whether somebody is registered, read from what the portal answers.

Equal work, counted in hashes and statements: `tests/identity/test_claims.py`, `test_sign_in.py`. The time of an answer:
`tests/app/test_even_answers.py`; a stopwatch is no test.
"""

import datetime as dt
import re

import pytest

from identity.entering import claims
from tests.app.conftest import BrowserOf, Messages, Register
from tests.app.journeys import claim_account, start_claim

MASKED = re.compile(r'value="[^"]*"|\b[0-9]{2}:[0-9]{2}:[0-9]{2}\b|\bC-[0-9A-Z]+\b')
CAUSES = ("matches", "document", "birth_date", "phone", "account", "deceased", "no_number")


async def answers(browser_of: BrowserOf, register: Register, messages: Messages) -> dict[str, str]:
    """What the page says for each cause: where it leads, its status, its cookies' names, its words."""
    found = {}
    for number, cause in enumerate(CAUSES):
        person = await register(
            deceased_on=dt.date(2025, 1, 1) if cause == "deceased" else None,
            phone=None if cause == "no_number" else f"+21261{number * 1000:07}",
        )
        if cause == "account":
            await claim_account(browser_of(address=f"192.0.2.{number + 100}"), person, messages)
        changed = {
            "document": {"document_number": "ZZ999999"},
            "birth_date": {"birth_date_year": "1990"},
            "phone": {"phone": "0655555555"},
            "no_number": {"phone": "0655555556"},
        }
        browser = browser_of(address=f"192.0.2.{number}")
        await start_claim(browser, person, **changed.get(cause, {}))
        names = sorted(browser.http.cookies)
        words = MASKED.sub("", browser.response.text)
        found[cause] = f"{browser.path} {browser.status} {names}\n{words}"
    return found


async def test_a_claim_is_answered_alike_whoever_is_registered(
    browser_of: BrowserOf, register: Register, messages: Messages
) -> None:
    said = await answers(browser_of, register, messages)
    assert {cause for cause, words in said.items() if words != said["matches"]} == set()


async def test_the_same_claims_against_a_page_that_helps(
    browser_of: BrowserOf, register: Register, messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The positive control: whoever is not found is told so."""
    own = claims._match

    async def helpful(*arguments: object, **facts: object) -> object:
        found = await own(*arguments, **facts)  # type: ignore[arg-type]
        if found is None:
            raise claims.ClaimRefused
        return found

    monkeypatch.setattr(claims, "_match", helpful)
    said = await answers(browser_of, register, messages)
    assert {cause for cause, words in said.items() if words != said["matches"]} >= {"document", "phone"}
