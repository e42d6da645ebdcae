"""The first steps of nearly every test of a page: to claim an account, and to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from identity.people.tables import Person
from tests.app.pages import PageBrowser

if TYPE_CHECKING:
    from tests.app.conftest import Messages

PASSWORD = "quatre pommes bleues"
READ_AGAIN = (
    "One digit of this identifier looks wrong. Compare it with your message or your paper, digit by digit."
)


async def start_claim(browser: PageBrowser, person: Person, **changed: str) -> None:
    """Give the three facts of the person, with what the test changes."""
    birth = person.birth_date
    facts = {
        "document_kind": str(person.document_kind),
        "document_number": str(person.document_number),
        "birth_date_day": str(birth.day),
        "birth_date_month": str(birth.month),
        "birth_date_year": str(birth.year),
        "phone": str(person.phone),
    }
    await browser.open("/claim")
    await browser.submit(**facts | changed)


async def prove_claim(browser: PageBrowser, person: Person, messages: Messages) -> None:
    await start_claim(browser, person)
    await browser.submit(code=await messages.code_to(str(person.phone)))
    assert browser.path == "/claim/account"


async def claim_account(
    browser: PageBrowser, person: Person, messages: Messages, *, password: str = PASSWORD, **answers: str
) -> str:
    """From the first page to the account. The browser is signed in; the recovery code is returned."""
    await prove_claim(browser, person, messages)
    await browser.submit(new_password=password, **answers)
    assert browser.path == "/claim/done"
    return shown_code(browser)


def shown_code(browser: PageBrowser) -> str:
    """The recovery code that the page shows, below the identifier."""
    return list(browser.main.all(class_="panel-value"))[1].text


async def sign_in(
    browser: PageBrowser, person: Person, messages: Messages, *, password: str = PASSWORD, shared: bool = True
) -> None:
    """With password and code, wherever that leads."""
    await browser.open("/sign-in")
    await give_password(browser, person, password=password, shared=shared)
    await browser.submit(code=await messages.code_to(str(person.phone)))


async def give_password(
    browser: PageBrowser, person: Person, *, password: str = PASSWORD, shared: bool = True
) -> None:
    answers = {
        "identifier": person.identifier,
        "password": password,
        "shared_device": "yes" if shared else "no",
    }
    await browser.submit(**answers)
